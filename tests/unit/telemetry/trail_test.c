/*
 * Where the trail goes: files that are rotated, removed and full while lines are written by many
 * threads; a system's log that comes and goes; and how many refusals of strangers are written.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "telemetry/trail.h"
#include "json/json.h"

enum { LARGEST = 64 * 1024 * 1024 };

struct place {
	char folder[64];
	char file[96];
	char other[96];
	struct trail *trail;
};

static int begin(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	snprintf(p->folder, sizeof p->folder, "/tmp/trail-test-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->file, sizeof p->file, "%s/audit", p->folder);
	snprintf(p->other, sizeof p->other, "%s/other", p->folder);
	log_open(LOG_OFF, LOG_TEXT);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct place *p = *state;

	trail_close(p->trail);
	unlink(p->file);
	unlink(p->other);
	assert_int_equal(rmdir(p->folder), 0);
	free(p);
	return 0;
}

static void open_file(struct place *p)
{
	struct error err = {.message = ""};

	if (!trail_open(TRAIL_FILE, p->file, TRAIL_NOW, &p->trail, &err))
		fail_msg("%s", err.message);
}

/* One with an object. */
static bool put(struct place *p, const char *object)
{
	struct audit_event e = {.id = "test", .status = AUDIT_SUCCEEDED};

	e.values[AUDIT_OBJECT] = text_of(object);
	return trail_write(p->trail, &e);
}

/* The objects in a file, each followed by a blank; arena. */
static const char *objects_in(struct arena *a, const char *path)
{
	const char *objects = "";
	struct text rest;
	struct text piece;
	struct text value;
	struct error err;
	struct buf whole;

	buf_init(&whole, LARGEST);
	if (!file_read(path, &whole, &err))
		return "none";
	rest = arena_copy_text(a, buf_text(&whole));
	buf_fini(&whole);
	while (rest.len > 0 && text_next(&rest, '\n', &piece))
		objects = arena_printf(a, "%s%s ", objects,
				       json_check(piece, &value, &err)
					       ? json_string_at(a, value, "/meta/object", "?")
					       : "torn");
	return objects;
}

static void assert_file(const char *path, const char *wanted)
{
	struct arena a;

	arena_init(&a);
	assert_string_equal(objects_in(&a, path), wanted);
	arena_fini(&a);
}

/* ---- files ---- */

static void a_file_is_made_and_appended_to(void **state)
{
	struct place *p = *state;
	struct stat info;
	mode_t usual = umask(0022);

	open_file(p);
	umask(usual);
	assert_int_equal(stat(p->file, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_true(put(p, "a"));
	trail_close(p->trail);
	open_file(p);
	assert_true(put(p, "b"));
	assert_file(p->file, "a b ");
	assert_int_equal(trail_counts(p->trail).written, 1);
	assert_int_equal(trail_counts(p->trail).failed, 0);
}

static void what_is_no_file_is_refused(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_false(trail_open(TRAIL_FILE, p->folder, TRAIL_NOW, &p->trail, &err));
	assert_int_equal(err.kind, ERROR_INTERNAL);
	assert_non_null(strstr(err.message, p->folder));
	assert_int_equal(mkfifo(p->file, 0600), 0);
	assert_false(trail_open(TRAIL_FILE, p->file, TRAIL_NOW, &p->trail, &err));
	assert_null(p->trail);
}

static void a_renamed_file_is_left_when_told(void **state)
{
	struct place *p = *state;

	open_file(p);
	assert_true(put(p, "a"));
	assert_int_equal(rename(p->file, p->other), 0);
	/* Who rotates makes the new file, or tells us. */
	assert_true(put(p, "b"));
	trail_reopen(p->trail);
	assert_true(put(p, "c"));
	assert_file(p->other, "a b ");
	assert_file(p->file, "c ");
}

static void a_renamed_file_is_left_without_being_told(void **state)
{
	struct place *p = *state;

	open_file(p);
	assert_true(put(p, "a"));
	assert_int_equal(rename(p->file, p->other), 0);
	trail_look_around(p->trail);
	assert_int_equal(access(p->file, F_OK), -1);
	trail_look_around(p->trail);
	assert_int_equal(access(p->file, F_OK), 0);
	assert_true(put(p, "b"));
	/* Another one in its place is seen at once. */
	assert_int_equal(rename(p->file, p->other), 0);
	close(open(p->file, O_WRONLY | O_CREAT | O_EXCL, 0600));
	assert_true(put(p, "c"));
	assert_file(p->other, "b ");
	assert_file(p->file, "c ");
}

static void a_removed_file_is_made_anew(void **state)
{
	struct place *p = *state;

	open_file(p);
	assert_true(put(p, "a"));
	assert_int_equal(unlink(p->file), 0);
	assert_true(put(p, "b"));
	assert_file(p->file, "b ");
}

/* ---- many threads, and a rotation now and then ---- */

enum { WRITERS = 8, LINES = 400, ROTATIONS = 20 };

struct writer {
	struct place *place;
	unsigned number;
};

static void *write_many(void *argument)
{
	const struct writer *w = argument;
	char object[32];

	for (unsigned i = 0; i < LINES; i++) {
		snprintf(object, sizeof object, "%u-%u", w->number, i);
		if (!put(w->place, object))
			abort();
	}
	return NULL;
}

/* Each line once, and those of a writer in their order. */
static void take_lines(struct arena *a, const char *path, unsigned *next)
{
	struct text rest = text_of(objects_in(a, path));
	struct text piece;

	while (text_next(&rest, ' ', &piece) && piece.len > 0) {
		unsigned writer;
		unsigned line;

		assert_int_equal(sscanf(arena_copy(a, piece), "%u-%u", &writer, &line), 2);
		assert_int_equal(line, next[writer]);
		next[writer]++;
	}
	unlink(path);
}

static void lines_of_many_threads_survive_rotation(void **state)
{
	struct place *p = *state;
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	unsigned next[WRITERS] = {0};
	struct arena a;

	arena_init(&a);
	open_file(p);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){p, i};
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
	}
	for (unsigned i = 0; i < ROTATIONS; i++) {
		char away[128];

		snprintf(away, sizeof away, "%s.%u", p->file, i);
		if (rename(p->file, away) == 0 && i % 3 != 2)
			trail_reopen(p->trail);
		clock_sleep_ms(2);
		trail_look_around(p->trail);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < ROTATIONS; i++) {
		char away[128];

		snprintf(away, sizeof away, "%s.%u", p->file, i);
		if (access(away, F_OK) == 0)
			take_lines(&a, away, next);
	}
	if (access(p->file, F_OK) == 0)
		take_lines(&a, p->file, next);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(next[i], LINES);
	assert_int_equal(trail_counts(p->trail).written, WRITERS * LINES);
	arena_fini(&a);
}

/* ---- a full disk ---- */

static void what_cannot_be_written_is_counted_and_said(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlink("/dev/full", p->file), 0);
	open_file(p);
	assert_false(put(p, "a"));
	assert_false(put(p, "b"));
	assert_int_equal(trail_counts(p->trail).failed, 2);
	assert_int_equal(unlink(p->file), 0);
	close(open(p->file, O_WRONLY | O_CREAT, 0600));
	assert_true(put(p, "c"));
	assert_file(p->file, "c ");
	assert_int_equal(trail_counts(p->trail).written, 1);
}

/* Files may have so many bytes: a line that does not fit leaves no half of itself. */
static void a_line_that_does_not_fit_is_taken_back(void **state)
{
	struct place *p = *state;
	struct rlimit usual;
	struct rlimit small;
	unsigned good = 0;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	small = (struct rlimit){.rlim_cur = 1000, .rlim_max = usual.rlim_max};
	open_file(p);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	while (put(p, "a") && good < 100)
		good++;
	assert_false(put(p, "b"));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
	assert_in_range(good, 1, 5);
	assert_true(put(p, "c"));
	{
		struct arena a;
		const char *objects;

		arena_init(&a);
		objects = objects_in(&a, p->file);
		assert_null(strstr(objects, "torn"));
		assert_null(strstr(objects, "b"));
		assert_int_equal(strlen(objects), 2 * (good + 1));
		arena_fini(&a);
	}
}

/* ---- the system's log ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void assert_message(int fd, const char *object)
{
	char message[AUDIT_LONGEST_LINE + 1];
	ssize_t len = recv(fd, message, sizeof message - 1, 0);
	struct text value;
	struct arena a;
	struct error err;
	char *json;

	assert_true(len > 0);
	message[len] = '\0';
	/* authpriv is 10, info 6 */
	assert_memory_equal(message, "<86>", 4);
	assert_non_null(strstr(message, " spectrocloud-backend["));
	json = strchr(message, '{');
	assert_non_null(json);
	arena_init(&a);
	assert_true(json_check(text_of(json), &value, &err));
	assert_string_equal(json_string_at(&a, value, "/meta/object", ""), object);
	arena_fini(&a);
}

static void the_systems_log_may_come_and_go(void **state)
{
	struct place *p = *state;
	struct error err;
	int fd;

	assert_true(trail_open(TRAIL_SYSLOG, p->file, TRAIL_NOW, &p->trail, &err));
	assert_false(put(p, "a"));
	fd = listen_at(p->file);
	assert_true(put(p, "b"));
	assert_message(fd, "b");
	/* It is started anew. */
	close(fd);
	unlink(p->file);
	assert_false(put(p, "c"));
	fd = listen_at(p->file);
	assert_true(put(p, "d"));
	assert_message(fd, "d");
	/* And again, with nothing in between. */
	close(fd);
	unlink(p->file);
	fd = listen_at(p->file);
	assert_true(put(p, "e"));
	assert_message(fd, "e");
	close(fd);
	assert_int_equal(trail_counts(p->trail).failed, 2);
}

/* Nobody reads: lines are not waited for without end, and none is lost unnoticed. */
static void a_log_that_is_stuck_is_a_failure(void **state)
{
	struct place *p = *state;
	struct error err;
	unsigned taken = 0;
	int fd = listen_at(p->file);

	assert_true(trail_open(TRAIL_SYSLOG, p->file, TRAIL_NOW, &p->trail, &err));
	while (taken < 100000 && put(p, "a"))
		taken++;
	assert_in_range(taken, 1, 99999);
	assert_int_equal(trail_counts(p->trail).failed, 1);
	for (unsigned i = 0; i < taken; i++)
		assert_message(fd, "a");
	assert_true(put(p, "b"));
	assert_message(fd, "b");
	close(fd);
}

/* ---- refusals ---- */

static void what_is_denied_to_one_is_bounded(void **state)
{
	struct audit_event ada = {
		.id = "cluster-kubeconfig", .status = AUDIT_FAILED, .denied = true};
	struct audit_event bob = ada;
	struct place *p = *state;
	struct trail_counts counts;

	ada.values[AUDIT_ACTOR] = TEXT("user:default/ada");
	bob.values[AUDIT_ACTOR] = TEXT("user:default/bob");
	open_file(p);
	for (unsigned i = 0; i < 20000; i++)
		assert_true(trail_write(p->trail, &ada));
	counts = trail_counts(p->trail);
	assert_in_range(counts.written, 600, 700);
	assert_int_equal(counts.written + counts.suppressed, 20000);
	/* What is denied to others, and what is not, is written. */
	assert_true(trail_write(p->trail, &bob));
	ada.denied = false;
	assert_true(trail_write(p->trail, &ada));
	assert_int_equal(trail_counts(p->trail).written, counts.written + 2);
}

static void refusals_of_strangers_are_bounded(void **state)
{
	struct audit_event e = {
		.id = "credential-refused", .status = AUDIT_FAILED, .stranger = true};
	struct place *p = *state;
	struct trail_counts counts;

	open_file(p);
	for (unsigned i = 0; i < 100000; i++)
		assert_true(trail_write(p->trail, &e));
	counts = trail_counts(p->trail);
	assert_in_range(counts.written, 60, 100);
	assert_int_equal(counts.written + counts.suppressed, 100000);
	/* Who is known is not held up by them. */
	assert_true(put(p, "a"));
	assert_int_equal(trail_counts(p->trail).written, counts.written + 1);
	/* The end says how many there were. */
	trail_close(p->trail);
	p->trail = NULL;
	{
		struct buf whole;
		char said[64];
		struct error err;

		buf_init(&whole, LARGEST);
		assert_true(file_read(p->file, &whole, &err));
		snprintf(said, sizeof said, "\"suppressed\":%llu}}\n",
			 (unsigned long long)counts.suppressed);
		assert_true(text_ends(buf_text(&whole), said));
		assert_non_null(strstr(whole.ptr, "\"eventId\":\"refusals-suppressed\""));
		buf_fini(&whole);
	}
}

int main(void)
{
#define PLACE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		PLACE(a_file_is_made_and_appended_to),
		PLACE(what_is_no_file_is_refused),
		PLACE(a_renamed_file_is_left_when_told),
		PLACE(a_renamed_file_is_left_without_being_told),
		PLACE(a_removed_file_is_made_anew),
		PLACE(lines_of_many_threads_survive_rotation),
		PLACE(what_cannot_be_written_is_counted_and_said),
		PLACE(a_line_that_does_not_fit_is_taken_back),
		PLACE(the_systems_log_may_come_and_go),
		PLACE(a_log_that_is_stuck_is_a_failure),
		PLACE(what_is_denied_to_one_is_bounded),
		PLACE(refusals_of_strangers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
