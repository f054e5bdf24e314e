/* The log: levels, both formats, what is escaped, and lines that are one line whatever comes. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "json/json.h"

enum { MOST_OUTPUT = 4 * 1024 * 1024 };

/* Standard error while a test runs, in a file. */
static int kept_stderr;
static int caught;
static char output[MOST_OUTPUT];

static void catch_output(void)
{
	char name[] = "/tmp/log-test-XXXXXX";

	caught = mkstemp(name);
	assert_true(caught >= 0);
	unlink(name);
	kept_stderr = dup(STDERR_FILENO);
	dup2(caught, STDERR_FILENO);
}

static const char *take_output(void)
{
	ssize_t len;

	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	len = pread(caught, output, sizeof output - 1, 0);
	assert_true(len >= 0);
	output[len] = '\0';
	close(caught);
	return output;
}

static void levels_below_the_least_are_silent(void **state)
{
	const char *said;

	(void)state;
	log_open(LOG_WARN, LOG_TEXT);
	assert_false(log_wants(LOG_INFO, NULL));
	assert_true(log_wants(LOG_WARN, NULL));
	catch_output();
	log_debug("a.debug");
	log_info("an.info");
	log_warn("a.warning", F_INT("n", -3));
	log_error("an.error");
	said = take_output();
	assert_null(strstr(said, "a.debug"));
	assert_null(strstr(said, "an.info"));
	assert_non_null(strstr(said, " warn  a.warning n=-3\n"));
	assert_non_null(strstr(said, " error an.error\n"));
	log_open(LOG_OFF, LOG_TEXT);
	catch_output();
	log_error("nothing");
	log_event(LOG_OFF, "nothing", LOG_FIELDS());
	assert_string_equal(take_output(), "");
}

static void a_line_of_text_cannot_be_forged(void **state)
{
	const char *said;

	(void)state;
	log_open(LOG_INFO, LOG_TEXT);
	catch_output();
	log_info("request", F_STR("name", "a\n2026 info forged \"x\" \\ \x1B[31m \x7F"),
		 F_TEXT("bytes", TEXT("\xFF\xC3\xA4")), F_STR("umlaut", "\xC3\xA4"),
		 F_STR("none", NULL));
	said = take_output();
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	assert_non_null(strstr(said, "name=\"a\\u000a2026 info forged \\\"x\\\" \\\\ "
				     "\\u001b[31m \\u007f\""));
	assert_non_null(strstr(said, "bytes=\"\\u00ff\\u00c3\\u00a4\""));
	assert_non_null(strstr(said, "umlaut=\"\xC3\xA4\" none=\"\"\n"));
	/* NOLINTBEGIN(misc-misleading-bidirectional): that is what it is about */
	/* What a terminal obeys, turns round, breaks at, or does not show. */
	catch_output();
	log_info("request",
		 F_STR("c1", "a\xC2\x9B"
			     "31m"),
		 F_STR("turned", "\xE2\x80\xAE"
				 "cba"),
		 F_STR("broken", "a\xE2\x80\xA8"
				 "b"),
		 F_STR("isolated", "\xE2\x81\xA6\xE2\x81\xA9"), F_STR("hidden", "a\xE2\x80\x8B"),
		 F_STR("fine", "\xE2\x80\x93\xE2\x82\xAC\xC2\xA0"));
	said = take_output();
	assert_non_null(strstr(said,
			       "c1=\"a\\u009b31m\" turned=\"\\u202ecba\" broken=\"a\\u2028b\" "
			       "isolated=\"\\u2066\\u2069\" hidden=\"a\\u200b\" "
			       "fine=\"\xE2\x80\x93\xE2\x82\xAC\xC2\xA0\"\n"));
	/* NOLINTEND(misc-misleading-bidirectional) */
}

/* Parses the only line there is. */
static json_t *read_json_line(const char *said)
{
	json_t *line = json_loads(said, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(line);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	return line;
}

static void a_line_of_json_is_one_object(void **state)
{
	json_t *line;

	(void)state;
	log_open(LOG_INFO, LOG_JSON);
	log_set_request("req-1");
	catch_output();
	log_warn("upstream.failed", F_STR("path", "/v1/x?a=\"b\"\r\n"), F_INT("ms", INT64_MIN));
	line = read_json_line(take_output());
	log_set_request(NULL);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
	assert_string_equal(json_string_value(json_object_get(line, "event")), "upstream.failed");
	assert_string_equal(json_string_value(json_object_get(line, "requestId")), "req-1");
	assert_string_equal(json_string_value(json_object_get(line, "path")), "/v1/x?a=\"b\"\r\n");
	assert_true(json_integer_value(json_object_get(line, "ms")) == INT64_MIN);
	json_decref(line);
}

static void the_request_is_the_threads_own(void **state)
{
	const char *said;

	(void)state;
	log_open(LOG_INFO, LOG_TEXT);
	catch_output();
	log_set_request("req-7");
	log_info("first");
	log_set_request(NULL);
	log_info("second");
	said = take_output();
	assert_non_null(strstr(said, " info  first request=req-7\n"));
	assert_non_null(strstr(said, " info  second\n"));
}

/* Around the longest line there may be, every line still ends, and JSON stays JSON. */
static void lines_of_every_length_end(void **state)
{
	static char word[20 * 1024];

	(void)state;
	memset(word, 'w', sizeof word);
	for (size_t len = 16 * 1024 - 120; len < 16 * 1024 + 20; len++) {
		json_t *line;

		log_open(LOG_INFO, LOG_JSON);
		catch_output();
		log_info("long", F_TEXT("word", ((struct text){word, len})));
		line = read_json_line(take_output());
		assert_string_equal(json_string_value(json_object_get(line, "event")), "long");
		json_decref(line);
		log_open(LOG_INFO, LOG_TEXT);
		catch_output();
		log_info("long", F_TEXT("word", ((struct text){word, len})));
		take_output();
		assert_int_equal(output[strlen(output) - 1], '\n');
	}
}

static void *write_lines(void *unused)
{
	static char word[2000];

	(void)unused;
	for (int i = 0; i < 50; i++)
		log_info("parallel", F_TEXT("word", ((struct text){word, sizeof word})));
	return NULL;
}

/* What a reader at the other end of a pipe gets, up to its end. */
static void *read_pipe(void *argument)
{
	int fd = *(int *)argument;
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, output + len, sizeof output - 1 - len)) > 0)
		len += (size_t)got;
	output[len] = '\0';
	return NULL;
}

/* Longer than a pipe takes at once. Each byte of word is NUL, six bytes in the log. */
static void lines_of_threads_do_not_mix(void **state)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	struct text rest;
	struct text line;
	pthread_t reader;
	int ends[2];
	size_t lines = 0;

	(void)state;
	log_open(LOG_INFO, LOG_JSON);
	assert_int_equal(pipe(ends), 0);
	kept_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(pthread_create(&reader, NULL, read_pipe, &ends[0]), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	pthread_join(reader, NULL);
	close(ends[0]);
	rest = text_of(output);
	while (text_next(&rest, '\n', &line) && line.len > 0) {
		struct text value;
		struct error err;

		assert_true(json_check(line, &value, &err));
		lines++;
	}
	assert_int_equal(lines, THREADS * 50);
}

/* What is in the pipe by now, behind what was taken before. */
static void drain(int from, size_t *len)
{
	ssize_t got;

	while ((got = read(from, output + *len, sizeof output - 1 - *len)) > 0)
		*len += (size_t)got;
	output[*len] = '\0';
}

/* Without a bound the first line that finds no room would never come back. */
static void assert_that_nobody_waits(const int pipes[2], bool tears)
{
	enum { MORE = 50 };
	static char filler[10000];
	int64_t begun_ms;
	size_t whole = 0;
	size_t len = 0;

	memset(filler, 'x', sizeof filler - 1);
	assert_int_equal(fcntl(pipes[0], F_SETFL, O_NONBLOCK), 0);
	kept_stderr = dup(STDERR_FILENO);
	dup2(pipes[1], STDERR_FILENO);
	log_open(LOG_INFO, LOG_TEXT);
	begun_ms = clock_now_ms();
	while (log_info("filler", F_STR("text", filler)))
		whole++;
	for (int i = 1; i < MORE; i++)
		assert_false(log_info("filler", F_STR("text", filler)));
	/* With two seconds for each of them it would be longer. */
	assert_true(clock_now_ms() - begun_ms < MORE * 1000);
	drain(pipes[0], &len);
	assert_true(log_info("again"));
	drain(pipes[0], &len);
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	close(pipes[0]);
	close(pipes[1]);
	assert_true(whole > 0 && whole < 1000);
	/* The one that was cut off does not become the beginning of the next. */
	assert_int_equal(strstr(output, "xxx\n2") != NULL, tears);
	assert_non_null(strstr(output, " info  again\n"));
	assert_non_null(strstr(
		output, " warn  log.lost count=50 because=\"nobody read standard error\"\n"));
	assert_string_equal(strstr(output, " because="),
			    " because=\"nobody read standard error\"\n");
}

static void who_does_not_read_holds_nobody_up(void **state)
{
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_that_nobody_waits(pipes, true);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pipes), 0);
	assert_that_nobody_waits(pipes, false); /* it takes a line or none of it */
}

static void what_a_full_disk_took_not_is_said(void **state)
{
	const char *said;
	int full;

	(void)state;
	log_open(LOG_INFO, LOG_TEXT);
	catch_output();
	full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	dup2(full, STDERR_FILENO);
	close(full);
	assert_false(log_info("lost"));
	assert_false(log_info("lost"));
	dup2(caught, STDERR_FILENO);
	assert_true(log_info("again"));
	said = take_output();
	assert_non_null(
		strstr(said, " warn  log.lost count=2 because=\"No space left on device\"\n"));
	assert_null(strstr(said, " info  lost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_below_the_least_are_silent),
		cmocka_unit_test(a_line_of_text_cannot_be_forged),
		cmocka_unit_test(a_line_of_json_is_one_object),
		cmocka_unit_test(the_request_is_the_threads_own),
		cmocka_unit_test(lines_of_every_length_end),
		cmocka_unit_test(lines_of_threads_do_not_mix),
		cmocka_unit_test(who_does_not_read_holds_nobody_up),
		cmocka_unit_test(what_a_full_disk_took_not_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
