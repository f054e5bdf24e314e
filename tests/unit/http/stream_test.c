/* Answers in pieces, over real sockets: what arrives when, who leaves when, and the stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "front.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

enum { KIB = 1024, MIB = 1024 * 1024, STREAMS = 1000 };

static struct front front;

static void start_default(void)
{
	front_start(&front, front_options(), 5000);
}

static struct http_response event_stream(void)
{
	struct http_response head = {.status = 200};

	http_response_header(&head, "Content-Type", "text/event-stream");
	http_response_header(&head, "X-Empty", "");
	return head;
}

/* Asks for a stream and takes the exchange of it. */
static struct http_exchange *ask(int fd, const char *request)
{
	struct http_exchange *x;

	wire_say(fd, request);
	front_wait_parked(&front, 1);
	pthread_mutex_lock(&front.lock);
	x = front.parked.items[0];
	front.parked.count = 0;
	pthread_mutex_unlock(&front.lock);
	return x;
}

/* The same, and begins it. */
static struct http_exchange *begin(int fd, const char *request)
{
	struct http_exchange *x = ask(fd, request);
	struct http_response head = event_stream();

	http_exchange_stream(x, &head);
	return x;
}

/* Reads on until all that came ends so, or so many bytes are there. */
static void read_until(int fd, const char *end, char out[WIRE_SIZE])
{
	size_t len = 0;

	out[0] = '\0';
	while (!text_ends(text_of(out), end)) {
		ssize_t got = recv(fd, out + len, 1, 0);

		assert_int_equal(1, got);
		out[++len] = '\0';
		assert_true(len + 1 < WIRE_SIZE);
	}
}

static bool connections_are(unsigned count)
{
	return http_server_stats(front.server).connections == count;
}

/* ---- What arrives ---- */

static void pieces_arrive_as_they_are_sent(void **state)
{
	char got[WIRE_SIZE];
	struct http_exchange *x;
	int64_t began_ms;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	read_until(fd, "\r\n\r\n", got);
	assert_true(text_starts(text_of(got), "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(got, "\r\nContent-Type: text/event-stream\r\n"));
	assert_non_null(strstr(got, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_null(strstr(got, "Content-Length"));
	assert_null(strstr(got, "X-Empty"));
	assert_int_equal(1, http_server_stats(front.server).in_flight);
	began_ms = clock_now_ms();
	for (int i = 0; i < 20; i++) {
		assert_true(http_stream_send(x, TEXT("data: 1\n\n")));
		assert_true(http_stream_send(x, TEXT("")));
		read_until(fd, "9\r\ndata: 1\n\n\r\n", got);
	}
	/* None of them waits for others to share a packet with. */
	assert_in_range(clock_now_ms() - began_ms, 0, 1500);
	http_stream_end(x);
	read_until(fd, "0\r\n\r\n", got);
	assert_string_equal(got, "0\r\n\r\n");
	EVENTUALLY(http_server_stats(front.server).in_flight == 0);
	/* The connection is kept. */
	wire_say(fd, GET("/later"));
	wire_answer(fd, false, got);
	assert_non_null(strstr(got, "GET /later||"));
	close(fd);
	assert_true(front_stop(&front));
}

static void several_streams_follow_each_other(void **state)
{
	char got[WIRE_SIZE];
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	for (int i = 0; i < 10; i++) {
		struct http_exchange *x = begin(fd, GET("/park"));

		if (i % 3 == 1)
			assert_true(http_stream_send(x, TEXT("one")));
		http_stream_end(x);
		read_until(fd, "\r\n0\r\n\r\n", got);
		assert_int_equal(i % 3 == 1, strstr(got, "\r\n3\r\none\r\n0\r\n\r\n") != NULL);
	}
	close(fd);
	assert_true(front_stop(&front));
}

/* On the front's own thread, with a head only; the rest comes from elsewhere. */
static struct http_exchange *begun;

static void begin_at_once(void *context, struct http_exchange *x, const struct error *refused)
{
	struct http_response head = event_stream();

	(void)context;
	(void)refused;
	http_exchange_stream(x, &head);
	pthread_mutex_lock(&front.lock);
	begun = x;
	pthread_mutex_unlock(&front.lock);
}

static struct http_exchange *what_began(void)
{
	struct http_exchange *x;

	pthread_mutex_lock(&front.lock);
	x = begun;
	pthread_mutex_unlock(&front.lock);
	return x;
}

static void the_handler_may_begin_it(void **state)
{
	struct http_server_options options = front_options();
	char got[WIRE_SIZE];
	int fd;

	(void)state;
	options.handle = begin_at_once;
	front_start(&front, options, 5000);
	fd = wire_connect(&front);
	wire_say(fd, GET("/"));
	read_until(fd, "\r\n\r\n", got);
	EVENTUALLY(what_began() != NULL);
	assert_true(http_stream_send(what_began(), TEXT("later")));
	read_until(fd, "5\r\nlater\r\n", got);
	http_stream_end(what_began());
	read_until(fd, "0\r\n\r\n", got);
	close(fd);
	assert_true(front_stop(&front));
}

static void http_1_0_gets_it_without_chunks(void **state)
{
	char got[WIRE_SIZE];
	struct http_exchange *x;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, "GET /park HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	read_until(fd, "\r\n\r\n", got);
	assert_null(strstr(got, "Transfer-Encoding"));
	assert_null(strstr(got, "Content-Length"));
	assert_true(http_stream_send(x, TEXT("one ")));
	read_until(fd, "one ", got);
	assert_string_equal(got, "one ");
	assert_true(http_stream_send(x, TEXT("two")));
	http_stream_end(x);
	wire_rest(fd, got); /* the end is the connection's */
	assert_string_equal(got, "two");
	close(fd);
	assert_true(front_stop(&front));
}

static void head_gets_the_head_only(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	char got[WIRE_SIZE];
	struct http_exchange *x;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, "HEAD /park HTTP/1.1\r\nHost: a\r\n\r\n");
	http_exchange_on_gone(x, cancel);
	read_until(fd, "\r\n\r\n", got);
	assert_true(text_starts(text_of(got), "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(got, "\r\nContent-Type: text/event-stream\r\n"));
	assert_null(strstr(got, "Content-Length"));
	EVENTUALLY(http_cancelled(cancel));
	assert_false(http_stream_send(x, TEXT("one")));
	wire_rest(fd, got);
	assert_string_equal(got, "");
	assert_string_equal("HEAD", http_exchange_request(x)->method);
	http_stream_end(x);
	close(fd);
	assert_true(front_stop(&front));
	http_cancel_free(cancel);
}

/* ---- Large, slow, quiet ---- */

/* The alphabet, again and again. */
static struct buf bytes_of(size_t size)
{
	static char alphabets[26 * KIB];
	struct buf bytes;

	for (size_t i = 0; i < sizeof alphabets; i++)
		alphabets[i] = (char)('a' + i % 26);
	buf_init(&bytes, size);
	buf_reserve(&bytes, size);
	while (bytes.len < size)
		buf_add(&bytes, text_slice((struct text){alphabets, sizeof alphabets}, 0,
					   size - bytes.len));
	return bytes;
}

/* Reads the chunks of a body to its end; how many bytes they hold, which must be the alphabet. */
static size_t read_chunks(int fd)
{
	char line[WIRE_SIZE];
	size_t total = 0;
	bool wrong = false;

	for (;;) {
		size_t left;

		read_until(fd, "\r\n", line);
		left = (size_t)strtoul(line, NULL, 16);
		if (left == 0)
			break;
		while (left > 0) {
			size_t want = left < WIRE_SIZE ? left : WIRE_SIZE;
			ssize_t got = recv(fd, line, want, 0);

			assert_true(got > 0);
			for (ssize_t i = 0; i < got; i++)
				wrong = wrong || line[i] != (char)('a' + total++ % 26);
			left -= (size_t)got;
		}
		read_until(fd, "\r\n", line);
		assert_string_equal(line, "\r\n");
	}
	read_until(fd, "\r\n", line);
	assert_string_equal(line, "\r\n");
	assert_false(wrong);
	return total;
}

static void a_large_last_piece_arrives_whole(void **state)
{
	char got[WIRE_SIZE];
	struct buf bytes = bytes_of(26 * 1000000); /* more than the sockets take */
	struct buf again = bytes_of(26 * 200000);
	struct http_exchange *x;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	assert_true(http_stream_send(x, buf_text(&bytes)));
	/* Most of that waits now: one more is too much, but for the last one. */
	assert_false(http_stream_send(x, TEXT("more")));
	assert_false(http_exchange_gone(x));
	http_stream_end_with(x, &again);
	assert_int_equal(0, again.len);
	read_until(fd, "\r\n\r\n", got);
	assert_int_equal(bytes.len + 26 * 200000, read_chunks(fd));
	buf_fini(&bytes);
	close(fd);
	assert_true(front_stop(&front));
}

static void what_waits_is_bounded(void **state)
{
	char got[WIRE_SIZE];
	struct buf piece = bytes_of(26 * KIB);
	struct http_exchange *x;
	size_t taken = 0;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	/* Until neither the sockets nor we take more. */
	for (int64_t until = clock_now_ms() + 500; clock_left_ms(until) > 0;) {
		if (http_stream_send(x, buf_text(&piece)))
			taken++;
		else
			clock_sleep_ms(1);
	}
	assert_false(http_stream_send(x, buf_text(&piece)));
	assert_in_range(taken * piece.len, MIB, 16 * MIB);
	http_stream_end(x);
	read_until(fd, "\r\n\r\n", got);
	assert_int_equal(taken * piece.len, read_chunks(fd));
	buf_fini(&piece);
	close(fd);
	assert_true(front_stop(&front));
}

static void a_client_that_does_not_read_is_ended(void **state)
{
	struct http_server_options options = front_options();
	struct http_cancel *cancel = http_cancel_new();
	struct buf bytes = bytes_of(26 * MIB);
	struct http_exchange *x;
	int64_t began_ms;
	int fd;

	(void)state;
	options.idle_timeout_ms = 200;
	options.receive_timeout_ms = 200;
	front_start(&front, options, 5000);
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	http_exchange_on_gone(x, cancel);
	began_ms = clock_now_ms();
	assert_true(http_stream_send(x, buf_text(&bytes)));
	/* The patience grows with what was taken, so it is not 200 ms to the point. */
	while (!connections_are(0) && clock_now_ms() - began_ms < 20 * 1000)
		clock_sleep_ms(10);
	assert_true(connections_are(0));
	assert_true(http_exchange_gone(x));
	assert_true(http_cancelled(cancel));
	assert_false(http_stream_send(x, TEXT("more")));
	http_stream_end_with(x, &bytes);
	close(fd);
	assert_true(front_stop(&front));
	http_cancel_free(cancel);
}

static void a_quiet_stream_is_left_alone(void **state)
{
	struct http_server_options options = front_options();
	char got[WIRE_SIZE];
	struct http_exchange *x;
	int fd;

	(void)state;
	options.idle_timeout_ms = 100;
	options.receive_timeout_ms = 100;
	front_start(&front, options, 5000);
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	clock_sleep_ms(2500); /* the library counts whole seconds */
	assert_true(http_stream_send(x, TEXT("one")));
	read_until(fd, "3\r\none\r\n", got);
	clock_sleep_ms(300);
	assert_true(http_stream_send(x, TEXT("two")));
	read_until(fd, "3\r\ntwo\r\n", got);
	http_stream_end(x);
	read_until(fd, "0\r\n\r\n", got);
	close(fd);
	assert_true(front_stop(&front));
}

/* ---- Clients that leave ---- */

static void reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

static void a_client_that_leaves_is_noticed(void **state)
{
	(void)state;
	start_default();
	for (int i = 0; i < 6; i++) {
		struct http_cancel *cancel = http_cancel_new();
		char got[WIRE_SIZE];
		struct http_exchange *x;
		int fd = wire_connect(&front);

		x = begin(fd, GET("/park"));
		http_exchange_on_gone(x, cancel);
		read_until(fd, "\r\n\r\n", got);
		if (i % 3 == 1) {
			assert_true(http_stream_send(x, TEXT("one")));
			read_until(fd, "one\r\n", got);
		} else if (i % 3 == 2) {
			clock_sleep_ms(20);
		}
		assert_false(http_cancelled(cancel));
		if (i < 3)
			close(fd);
		else
			reset(fd);
		EVENTUALLY(http_cancelled(cancel));
		assert_true(http_exchange_gone(x));
		assert_false(http_stream_send(x, TEXT("more")));
		EVENTUALLY(connections_are(0)); /* before the end */
		assert_string_equal("GET", http_exchange_request(x)->method);
		http_stream_end(x);
		http_cancel_free(cancel);
	}
	assert_true(front_stop(&front));
}

/* In the middle of what is sent to it. */
static void a_client_that_leaves_while_it_is_sent_to(void **state)
{
	struct buf bytes = bytes_of(26 * MIB / 2);
	char got[WIRE_SIZE];

	(void)state;
	start_default();
	for (int i = 0; i < 6; i++) {
		int fd = wire_connect(&front);
		struct http_exchange *x = begin(fd, GET("/park"));

		assert_true(http_stream_send(x, buf_text(&bytes)));
		read_until(fd, "\r\n\r\n", got);
		if (i % 2 == 0)
			http_stream_end(x);
		reset(fd);
		EVENTUALLY(connections_are(0));
		if (i % 2 == 1) {
			assert_false(http_stream_send(x, TEXT("more")));
			http_stream_end(x);
		}
	}
	buf_fini(&bytes);
	assert_true(front_stop(&front));
}

/* Pieces that were not taken must not be missing from what looks whole. */
static void a_stream_with_a_gap_has_no_end(void **state)
{
	char got[WIRE_SIZE];
	struct http_exchange *x;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	read_until(fd, "\r\n\r\n", got);
	shutdown(fd, SHUT_WR); /* it still reads */
	EVENTUALLY(http_exchange_gone(x));
	assert_false(http_stream_send(x, TEXT("one")));
	http_stream_end(x);
	wire_rest(fd, got);
	assert_string_equal(got, "");
	close(fd);
	assert_true(front_stop(&front));
}

/* However a stream ends, its connection does not wait for another that is quiet and older. */
static void an_older_connection_keeps_no_other(void **state)
{
	char got[WIRE_SIZE];
	int older;

	(void)state;
	start_default();
	older = wire_connect(&front);
	wire_say(older, GET("/"));
	wire_answer(older, false, got);
	for (int i = 0; i < 12; i++) {
		bool old = i % 4 == 3;
		int fd = wire_connect(&front);
		struct http_exchange *x =
			begin(fd, old ? "GET /park HTTP/1.0\r\n\r\n" : GET("/park"));

		read_until(fd, "\r\n\r\n", got);
		if (i % 4 == 0)
			reset(fd);
		else if (i % 4 == 1)
			close(fd);
		else if (i % 4 == 2)
			shutdown(fd, SHUT_WR);
		if (!old)
			EVENTUALLY(connections_are(1));
		http_stream_end(x);
		if (i % 4 >= 2) {
			wire_rest(fd, got);
			close(fd);
		}
		EVENTUALLY(connections_are(1));
	}
	wire_say(older, GET("/"));
	wire_answer(older, false, got);
	close(older);
	assert_true(front_stop(&front));
}

static void leaving_is_told_before_the_answer_too(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	struct http_response head = event_stream();
	struct http_exchange *x;
	int fd;

	(void)state;
	start_default();
	/* While it waits for a worker, or one works. */
	fd = wire_connect(&front);
	x = ask(fd, GET("/park"));
	http_exchange_on_gone(x, cancel);
	close(fd);
	EVENTUALLY(http_cancelled(cancel));
	http_exchange_answer(x, &(struct http_response){.status = 200, .body = TEXT("late")});
	http_cancel_free(cancel);
	/* Registered when it has left already; a stream that begins then. */
	cancel = http_cancel_new();
	fd = wire_connect(&front);
	x = ask(fd, GET("/park"));
	close(fd);
	EVENTUALLY(http_exchange_gone(x));
	http_exchange_on_gone(x, cancel);
	assert_true(http_cancelled(cancel));
	http_exchange_on_gone(x, NULL);
	http_cancel_free(cancel);
	http_exchange_stream(x, &head);
	assert_false(http_stream_send(x, TEXT("one")));
	http_stream_end(x);
	EVENTUALLY(connections_are(0));
	assert_true(front_stop(&front));
}

/* What was answered, ended or taken back is not told, and the cancel may be gone. */
static void nobody_is_told_afterwards(void **state)
{
	char got[WIRE_SIZE];

	(void)state;
	start_default();
	for (int i = 0; i < 3; i++) {
		struct http_cancel *cancel = http_cancel_new();
		int fd = wire_connect(&front);
		struct http_exchange *x = i == 1 ? begin(fd, GET("/park")) : ask(fd, GET("/park"));

		http_exchange_on_gone(x, cancel);
		if (i == 0)
			http_exchange_answer(x, &(struct http_response){.status = 200});
		else if (i == 1)
			http_stream_end(x);
		else
			http_exchange_on_gone(x, NULL);
		assert_false(http_cancelled(cancel));
		http_cancel_free(cancel);
		if (i < 2)
			read_until(fd, i == 0 ? "\r\n\r\n" : "0\r\n\r\n", got);
		close(fd);
		if (i == 2) {
			EVENTUALLY(http_exchange_gone(x));
			http_exchange_answer(x, &(struct http_response){.status = 200});
		}
		EVENTUALLY(connections_are(0));
	}
	assert_true(front_stop(&front));
}

/* ---- The stop ---- */

static void *end_soon(void *context)
{
	clock_sleep_ms(200);
	if (!http_stream_send(context, TEXT("two")))
		return NULL;
	http_stream_end(context);
	return context;
}

static void a_drain_waits_for_the_end(void **state)
{
	char got[WIRE_SIZE];
	struct http_exchange *x;
	pthread_t thread;
	void *ended;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	x = begin(fd, GET("/park"));
	assert_true(http_stream_send(x, TEXT("one")));
	read_until(fd, "3\r\none\r\n", got);
	pthread_create(&thread, NULL, end_soon, x);
	http_server_stop(front.server);
	wire_rest(fd, got);
	assert_string_equal(got, "3\r\ntwo\r\n0\r\n\r\n");
	pthread_join(thread, &ended);
	assert_non_null(ended);
	assert_true(front_stop(&front));
	close(fd);
}

/* Quiet, begun a moment ago, with more to send than the client takes, and not begun. */
static void a_stop_cuts_streams_off(void **state)
{
	struct buf bytes = bytes_of(26 * MIB);
	struct http_cancel *cancel = http_cancel_new();
	struct http_response head = event_stream();
	struct http_exchange *x[4];
	char got[WIRE_SIZE];
	int fds[4];

	(void)state;
	front_start(&front, front_options(), 200);
	for (int i = 0; i < 4; i++) {
		fds[i] = wire_connect(&front);
		x[i] = i == 3 ? ask(fds[i], GET("/park")) : begin(fds[i], GET("/park"));
	}
	http_exchange_on_gone(x[0], cancel);
	read_until(fds[0], "\r\n\r\n", got);
	assert_true(http_stream_send(x[2], buf_text(&bytes)));
	assert_false(front_drain(&front));
	assert_true(http_cancelled(cancel));
	assert_int_equal(0, wire_rest(fds[0], got)); /* no end in order */
	for (int i = 0; i < 3; i++)
		assert_false(http_stream_send(x[i], TEXT("more")));
	http_stream_end_with(x[0], &bytes);
	http_stream_end(x[1]);
	assert_false(front_stop(&front));
	/* After the close, too. */
	assert_false(http_stream_send(x[2], TEXT("more")));
	assert_string_equal("GET", http_exchange_request(x[2])->method);
	http_stream_end(x[2]);
	http_exchange_stream(x[3], &head);
	assert_false(http_stream_send(x[3], TEXT("more")));
	http_stream_end(x[3]);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	buf_fini(&bytes);
	http_cancel_free(cancel);
}

/* ---- Many ---- */

static void allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= count)
		return;
	limit.rlim_cur = count;
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &limit));
}

static void a_thousand_streams(void **state)
{
	struct http_server_options options = front_options();
	struct http_exchange **x = calloc(STREAMS, sizeof(struct http_exchange *));
	int *fds = calloc(STREAMS, sizeof *fds);
	char got[WIRE_SIZE];

	(void)state;
	allow_descriptors(2 * STREAMS + 100);
	options.max_connections = STREAMS + 10;
	front_start(&front, options, 5000);
	for (int i = 0; i < STREAMS; i++) {
		fds[i] = wire_connect(&front);
		x[i] = begin(fds[i], GET("/park"));
	}
	for (int i = 0; i < STREAMS; i++)
		read_until(fds[i], "\r\n\r\n", got);
	assert_int_equal(STREAMS, http_server_stats(front.server).in_flight);
	/* A third leaves; a third gets its end with the last piece. */
	for (int i = 0; i < STREAMS; i++)
		if (i % 3 == 0)
			close(fds[i]);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < STREAMS; i++)
			if (i % 3 != 0)
				assert_true(http_stream_send(x[i], TEXT("tick")));
	for (int i = 0; i < STREAMS; i++) {
		if (i % 3 == 0)
			EVENTUALLY(http_exchange_gone(x[i]));
		http_stream_end(x[i]);
	}
	for (int i = 0; i < STREAMS; i++) {
		if (i % 3 == 0)
			continue;
		read_until(fds[i], "\r\n0\r\n\r\n", got);
		assert_non_null(strstr(got, "tick"));
		close(fds[i]);
	}
	EVENTUALLY(connections_are(0));
	assert_int_equal(0, http_server_stats(front.server).in_flight);
	assert_true(front_stop(&front));
	free(fds);
	free(x);
}

enum { MAKERS = 4, ROUNDS = 60 };

/* Streams that begin, send and end while their clients leave at any moment. */
static void *make_streams(void *context)
{
	unsigned seed = (unsigned)(uintptr_t)context;

	while (true) {
		struct http_response head = event_stream();
		struct http_cancel *cancel = http_cancel_new();
		struct http_exchange *x = NULL;
		bool closing;

		pthread_mutex_lock(&front.lock);
		closing = front.closing;
		if (front.parked.count > 0)
			x = front.parked.items[--front.parked.count];
		pthread_mutex_unlock(&front.lock);
		if (x == NULL) {
			http_cancel_free(cancel);
			if (closing)
				return NULL;
			clock_sleep_ms(1);
			continue;
		}
		http_exchange_on_gone(x, cancel);
		http_exchange_stream(x, &head);
		for (int i = 0; i < 20 && http_stream_send(x, TEXT("data: tick\n\n")); i++)
			http_cancel_wait_ms(cancel, rand_r(&seed) % 3);
		http_stream_end(x);
		http_cancel_free(cancel);
	}
}

static void *use_streams(void *context)
{
	unsigned seed = (unsigned)(uintptr_t)context;
	char got[256];

	for (int i = 0; i < ROUNDS; i++) {
		int fd = wire_connect(&front);
		int reads = rand_r(&seed) % 12;

		wire_say(fd, GET("/park"));
		while (reads-- > 0 && recv(fd, got, sizeof got, 0) > 0)
			;
		if (i % 2 == 0)
			reset(fd);
		else
			close(fd);
	}
	return NULL;
}

static void makers_and_clients_come_and_go(void **state)
{
	pthread_t makers[MAKERS];
	pthread_t clients[MAKERS];

	(void)state;
	start_default();
	for (uintptr_t i = 0; i < MAKERS; i++) {
		pthread_create(&makers[i], NULL, make_streams, (void *)(i + 1));
		pthread_create(&clients[i], NULL, use_streams, (void *)(i + 1));
	}
	for (int i = 0; i < MAKERS; i++)
		pthread_join(clients[i], NULL);
	assert_true(front_drain(&front));
	for (int i = 0; i < MAKERS; i++)
		pthread_join(makers[i], NULL);
	assert_int_equal(0, http_server_stats(front.server).in_flight);
	assert_true(front_stop(&front));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_arrive_as_they_are_sent),
		cmocka_unit_test(several_streams_follow_each_other),
		cmocka_unit_test(the_handler_may_begin_it),
		cmocka_unit_test(http_1_0_gets_it_without_chunks),
		cmocka_unit_test(head_gets_the_head_only),
		cmocka_unit_test(a_large_last_piece_arrives_whole),
		cmocka_unit_test(what_waits_is_bounded),
		cmocka_unit_test(a_client_that_does_not_read_is_ended),
		cmocka_unit_test(a_quiet_stream_is_left_alone),
		cmocka_unit_test(a_client_that_leaves_is_noticed),
		cmocka_unit_test(a_client_that_leaves_while_it_is_sent_to),
		cmocka_unit_test(a_stream_with_a_gap_has_no_end),
		cmocka_unit_test(an_older_connection_keeps_no_other),
		cmocka_unit_test(leaving_is_told_before_the_answer_too),
		cmocka_unit_test(nobody_is_told_afterwards),
		cmocka_unit_test(a_drain_waits_for_the_end),
		cmocka_unit_test(a_stop_cuts_streams_off),
		cmocka_unit_test(a_thousand_streams),
		cmocka_unit_test(makers_and_clients_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
