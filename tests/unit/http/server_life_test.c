/* The front over time: deadlines, other threads, clients that leave, the stop; and listening. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "front.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct front front;

static void start_default(void)
{
	front_start(&front, front_options(), 5000);
}

/* Deadlines */

static void slow_request_is_ended(void **state)
{
	struct http_server_options options = front_options();
	static const char *const starts[] = {
		"", "GET /e HTTP/1.1\r\n",
		"POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n",
		GET("/e"), /* answered; the next one on the connection drips */
	};

	(void)state;
	options.receive_timeout_ms = 200;
	front_start(&front, options, 5000);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		int fd = wire_connect(&front);
		int64_t began = clock_now_ms();
		char answer[WIRE_SIZE];
		char got;

		wire_say(fd, starts[i]);
		if (i == 3)
			wire_answer(fd, false, answer);
		/* A byte every few milliseconds is no sign of life that counts. */
		while (recv(fd, &got, 1, MSG_DONTWAIT) < 0 && clock_now_ms() - began < 3000) {
			send(fd, "X", 1, MSG_NOSIGNAL);
			clock_sleep_ms(5);
		}
		assert_in_range(clock_now_ms() - began, 150, 1500);
		close(fd);
	}
	assert_true(front_stop(&front));
}

static void idle_connection_is_ended(void **state)
{
	struct http_server_options options = front_options();
	char answer[WIRE_SIZE];
	int64_t began;
	int fresh;
	int used;

	(void)state;
	options.idle_timeout_ms = 200;
	front_start(&front, options, 5000);
	began = clock_now_ms();
	fresh = wire_connect(&front);
	used = wire_connect(&front);
	wire_say(used, GET("/later"));
	wire_answer(used, false, answer);
	assert_int_equal(0, wire_rest(fresh, answer));
	assert_int_equal(0, wire_rest(used, answer));
	assert_in_range(clock_now_ms() - began, 150, 1500);
	close(fresh);
	close(used);
	assert_true(front_stop(&front));
}

static void waiting_for_the_handler_is_not_idle(void **state)
{
	struct http_server_options options = front_options();
	char answer[WIRE_SIZE];
	int fd;

	(void)state;
	options.idle_timeout_ms = 50;
	options.receive_timeout_ms = 50;
	front_start(&front, options, 5000);
	fd = wire_connect(&front);
	wire_say(fd, GET("/park"));
	front_wait_parked(&front, 1);
	clock_sleep_ms(200);
	front_answer_parked(&front);
	wire_answer(fd, false, answer);
	assert_non_null(strstr(answer, "GET /park||"));
	close(fd);
	assert_true(front_stop(&front));
}

/* Connections */

static void connections_are_capped(void **state)
{
	struct http_server_options options = front_options();
	char answer[WIRE_SIZE];
	int fds[4];
	int beyond;

	(void)state;
	options.max_connections = 4;
	front_start(&front, options, 5000);
	for (int i = 0; i < 4; i++)
		fds[i] = wire_connect(&front);
	EVENTUALLY(http_server_stats(front.server).connections == 4);
	beyond = wire_connect(&front);
	assert_int_equal(0, wire_rest(beyond, answer));
	close(beyond);
	for (int i = 0; i < 4; i++) {
		wire_say(fds[i], GET("/e"));
		wire_answer(fds[i], false, answer);
	}
	close(fds[0]);
	EVENTUALLY(http_server_stats(front.server).connections == 3);
	fds[0] = wire_connect(&front);
	wire_say(fds[0], GET("/e"));
	wire_answer(fds[0], false, answer);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	assert_true(front_stop(&front));
}

static void park_many(unsigned count)
{
	int *fds = calloc(count, sizeof *fds);
	char answer[WIRE_SIZE];

	for (unsigned i = 0; i < count; i++) {
		fds[i] = wire_connect(&front);
		wire_say(fds[i], GET("/park"));
	}
	front_wait_parked(&front, count);
	assert_int_equal(count, http_server_stats(front.server).in_flight);
	front_answer_parked(&front);
	for (unsigned i = 0; i < count; i++) {
		wire_answer(fds[i], false, answer);
		assert_non_null(strstr(answer, "GET /park||"));
	}
	/* All become ready at once again. */
	for (unsigned i = 0; i < count; i++)
		wire_say(fds[i], GET("/later"));
	for (unsigned i = 0; i < count; i++) {
		wire_answer(fds[i], false, answer);
		close(fds[i]);
	}
	EVENTUALLY(http_server_stats(front.server).connections == 0);
	assert_int_equal(0, http_server_stats(front.server).in_flight);
	free(fds);
}

static void many_exchanges_wait_at_once(void **state)
{
	(void)state;
	start_default();
	park_many(127);
	park_many(128);
	park_many(200);
	park_many(256);
	assert_true(front_stop(&front));
}

static void client_that_leaves_is_noticed(void **state)
{
	struct http_exchange *x;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	wire_say(fd, GET("/park"));
	front_wait_parked(&front, 1);
	x = front.parked.items[0];
	assert_false(http_exchange_gone(x));
	close(fd);
	EVENTUALLY(http_exchange_gone(x));
	front_answer_parked(&front);
	EVENTUALLY(http_server_stats(front.server).connections == 0);
	assert_true(front_stop(&front));
}

/* Half a request and the end of the stream in one packet, and a whole one. None of them waits until
 * something has taken too long. */
static void client_that_stops_sending_is_ended(void **state)
{
	static const char *const requests[] = {
		"GET /e HTTP/1.1\r\nHost",
		"POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
		GET("/e"),
		GET("/later") GET("/e") "GET /",
	};
	enum { ROUNDS = 10 };
	int64_t began = clock_now_ms();
	char answer[WIRE_SIZE];

	(void)state;
	start_default();
	for (size_t i = 0; i < ROUNDS * ARRAY_LEN(requests); i++) {
		size_t which = i % ARRAY_LEN(requests);
		int fd = wire_connect(&front);

		wire_say(fd, requests[which]);
		shutdown(fd, SHUT_WR);
		wire_rest(fd, answer);
		close(fd);
		assert_int_equal(which >= 2, strstr(answer, "GET /e||") != NULL);
	}
	/* A quarter of a second each, of which there are many. */
	assert_in_range(clock_now_ms() - began, 0, 10 * 1000);
	assert_true(front_stop(&front));
}

static void client_that_does_not_read_is_ended(void **state)
{
	struct http_server_options options = front_options();
	char answer[WIRE_SIZE];
	int fd;

	(void)state;
	options.idle_timeout_ms = 100;
	options.receive_timeout_ms = 100;
	front_start(&front, options, 5000);
	fd = wire_connect(&front);
	wire_say(fd, GET("/huge"));
	assert_int_equal(1, recv(fd, answer, 1, 0));
	EVENTUALLY(http_server_stats(front.server).connections == 0);
	close(fd);
	assert_true(front_stop(&front));
}

static void stop_does_not_wait_for_a_client_that_does_not_read(void **state)
{
	char answer[WIRE_SIZE];
	int fd;

	(void)state;
	front_start(&front, front_options(), 200);
	fd = wire_connect(&front);
	wire_say(fd, GET("/huge"));
	assert_int_equal(1, recv(fd, answer, 1, 0));
	assert_false(front_stop(&front));
	close(fd);
}

static void ids_are_unique(void **state)
{
	const struct http_request *r;
	int other;
	int fd;

	(void)state;
	start_default();
	fd = wire_connect(&front);
	wire_say(fd, GET("/park"));
	front_wait_parked(&front, 1);
	r = http_exchange_request(front.parked.items[0]);
	assert_string_equal("127.0.0.1", r->peer);
	assert_true(strlen(r->id) >= 10);
	assert_in_range(clock_now_us() - r->received_us, 0, 5 * 1000 * 1000);
	http_exchange_set_data(front.parked.items[0], &front);
	assert_ptr_equal(&front, http_exchange_data(front.parked.items[0]));
	other = wire_connect(&front);
	wire_say(other, GET("/park"));
	front_wait_parked(&front, 2);
	assert_string_not_equal(r->id, http_exchange_request(front.parked.items[1])->id);
	front_answer_parked(&front);
	close(fd);
	close(other);
	assert_true(front_stop(&front));
}

/* The stop */

static void *answer_soon(void *context)
{
	(void)context;
	clock_sleep_ms(200);
	front_answer_parked(&front);
	return NULL;
}

static void stop_lets_requests_finish(void **state)
{
	char answer[WIRE_SIZE];
	pthread_t thread;
	int waiting;
	int idle;

	(void)state;
	start_default();
	idle = wire_connect(&front);
	waiting = wire_connect(&front);
	wire_say(waiting, GET("/park"));
	front_wait_parked(&front, 1);
	pthread_create(&thread, NULL, answer_soon, NULL);
	http_server_stop(front.server);
	assert_int_equal(0, wire_rest(idle, answer));
	wire_rest(waiting, answer);
	assert_non_null(strstr(answer, "Connection: close"));
	assert_non_null(strstr(answer, "GET /park||"));
	pthread_join(thread, NULL);
	assert_true(front_stop(&front));
	close(idle);
	close(waiting);
}

/* What was cut off may be answered whenever its worker gets to it, even after the close. */
static void stop_cuts_off_what_takes_too_long(void **state)
{
	struct http_exchange *parked[3];
	struct http_response response = {.status = 200, .body = TEXT("late")};
	char answer[WIRE_SIZE];
	int fds[3];

	(void)state;
	front_start(&front, front_options(), 100);
	for (int i = 0; i < 3; i++) {
		fds[i] = wire_connect(&front);
		wire_say(fds[i], GET("/park"));
	}
	front_wait_parked(&front, 3);
	memcpy(parked, front.parked.items, sizeof parked);
	assert_false(front_drain(&front));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(0, wire_rest(fds[i], answer));
		close(fds[i]);
		assert_true(http_exchange_gone(parked[i]));
	}
	http_exchange_answer(parked[0], &response);
	assert_false(front_stop(&front));
	assert_string_equal("GET", http_exchange_request(parked[1])->method);
	http_exchange_answer(parked[1], &response);
	http_exchange_answer(parked[2], &response);
}

/* A drain that would last for long ends at once when somebody asks for it. */
static void stop_can_be_cut_short(void **state)
{
	struct http_response response = {.status = 200, .body = TEXT("late")};
	int64_t began = clock_now_ms();
	struct http_exchange *parked;
	char answer[WIRE_SIZE];
	int idle;
	int fd;

	(void)state;
	front_start(&front, front_options(), 60 * 1000);
	idle = wire_connect(&front);
	fd = wire_connect(&front);
	wire_say(fd, GET("/park"));
	front_wait_parked(&front, 1);
	parked = front.parked.items[0];
	http_server_stop(front.server);
	assert_int_equal(0, wire_rest(idle, answer)); /* it drains now */
	assert_int_equal(-1, recv(fd, answer, 1, MSG_DONTWAIT));
	http_server_cut_off(front.server);
	assert_int_equal(0, wire_rest(fd, answer));
	assert_false(front_stop(&front));
	assert_in_range(clock_now_ms() - began, 0, 5000);
	http_exchange_answer(parked, &response);
	close(idle);
	close(fd);

	/* Where nothing runs, nothing is cut off. */
	start_default();
	http_server_cut_off(front.server);
	assert_true(front_stop(&front));
}

static void *keep_asking(void *context)
{
	int *answered = context;
	char answer[WIRE_SIZE];

	int fd = wire_connect(&front);

	while (*answered < 400 &&
	       send(fd, GET("/later"), strlen(GET("/later")), MSG_NOSIGNAL) > 0 &&
	       recv(fd, answer, 1, MSG_PEEK) == 1) {
		wire_answer(fd, false, answer);
		(*answered)++;
	}
	close(fd);
	return NULL;
}

static void stop_under_load(void **state)
{
	int answered[4] = {0};
	pthread_t threads[4];

	(void)state;
	start_default();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, keep_asking, &answered[i]);
	EVENTUALLY(http_server_stats(front.server).requests > 100);
	http_server_stop(front.server);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(front_stop(&front));
}

/* Listening */

static bool opens(const char *address, struct error *err)
{
	struct http_server_options options = front_options();
	struct http_server *server;

	options.listen = address;
	if (!http_server_open(&options, &server, err))
		return false;
	http_server_close(server);
	return true;
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"host",
		"127.0.0.1:",
		"127.0.0.1:x",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:+1",
		"::1:80",
		"[::1]",
		"unix:",
		"unix:/no/such/folder/socket",
		"999.1.1.1:0",
		"no-such-host.invalid:0",
	};
	static const char *const good[] = {"0", ":0", "127.0.0.1:0", "localhost:0"};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (opens(bad[i], &err))
			fail_msg("%s opened", bad[i]);
		assert_int_equal(ERROR_INTERNAL, err.kind);
		assert_true(text_starts(text_of(err.message), "listen on "));
		assert_non_null(strstr(err.message, bad[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!opens(good[i], &err))
			fail_msg("%s", err.message);
}

static void address_in_use_is_said(void **state)
{
	char address[64];
	struct error err;

	(void)state;
	start_default();
	assert_true(http_server_port(front.server) > 0);
	snprintf(address, sizeof address, "127.0.0.1:%d", http_server_port(front.server));
	assert_false(opens(address, &err));
	assert_non_null(strstr(err.message, address));
	assert_non_null(strstr(err.message, "Address already in use"));
	assert_true(front_stop(&front));
}

static int connect_local(const char *path)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(strlen(path) < sizeof local.sun_path);
	strcpy(local.sun_path, path);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&local, sizeof local));
	return fd;
}

/* A socket that its server left behind. */
static void leave_stale(const char *path)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(local.sun_path, path);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&local, sizeof local));
	close(fd);
}

static void local_socket(void **state)
{
	struct http_server_options options = front_options();
	char folder[] = "/tmp/front-XXXXXX";
	char answer[WIRE_SIZE];
	char address[64];
	struct stat info;
	struct error err;
	const char *path;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof address, "unix:%s/s", folder);
	path = address + strlen("unix:");
	leave_stale(path);
	options.listen = address;
	front_start(&front, options, 5000);
	assert_int_equal(0, http_server_port(front.server));
	assert_int_equal(0, stat(path, &info));
	assert_int_equal(S_IFSOCK | 0660, info.st_mode);

	fd = connect_local(path);
	wire_say(fd, GET("/park"));
	front_wait_parked(&front, 1);
	assert_string_equal("unix", http_exchange_request(front.parked.items[0])->peer);
	assert_false(opens(address, &err)); /* a live server is not pushed aside */
	assert_non_null(strstr(err.message, "already"));
	front_answer_parked(&front);
	wire_answer(fd, false, answer);
	close(fd);
	assert_true(front_stop(&front));
	assert_int_equal(-1, access(path, F_OK));

	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_false(opens(address, &err)); /* nor is a file */
	assert_int_equal(0, unlink(path));
	assert_int_equal(0, rmdir(folder));
}

static void who_connects_before_there_is_a_server_waits_for_it(void **state)
{
	struct http_server_options options = front_options();
	char folder[] = "/tmp/server_test.XXXXXX";
	struct http_listener *listener;
	char answer[WIRE_SIZE];
	char address[64];
	struct error err;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof address, "unix:%s/s", folder);
	assert_true(http_listener_open(address, &listener, &err));
	assert_true(http_listener_give(listener, getuid(), getgid(), &err));
	fd = connect_local(address + strlen("unix:"));
	wire_say(fd, GET("/a"));

	options.listen = address;
	options.listener = listener;
	front_start(&front, options, 5000);
	wire_answer(fd, false, answer);
	assert_non_null(strstr(answer, " 200 "));
	close(fd);
	http_listener_close(listener); /* has nothing any more */
	assert_int_equal(0, access(address + strlen("unix:"), F_OK));
	assert_true(front_stop(&front));
	assert_int_equal(0, rmdir(folder));

	assert_false(http_listener_open("127.0.0.1:x", &listener, &err));
	http_listener_close(NULL);
}

static void a_listener_that_no_server_takes_is_taken_down(void **state)
{
	char folder[] = "/tmp/server_test.XXXXXX";
	struct http_listener *listener;
	char address[64];
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof address, "unix:%s/s", folder);
	assert_true(http_listener_open(address, &listener, &err));
	http_listener_close(listener);
	assert_int_equal(0, rmdir(folder));
	assert_true(http_listener_open("127.0.0.1:0", &listener, &err));
	assert_true(http_listener_give(listener, getuid(), getgid(), &err));
	http_listener_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_request_is_ended),
		cmocka_unit_test(idle_connection_is_ended),
		cmocka_unit_test(waiting_for_the_handler_is_not_idle),
		cmocka_unit_test(connections_are_capped),
		cmocka_unit_test(many_exchanges_wait_at_once),
		cmocka_unit_test(client_that_leaves_is_noticed),
		cmocka_unit_test(client_that_stops_sending_is_ended),
		cmocka_unit_test(client_that_does_not_read_is_ended),
		cmocka_unit_test(stop_does_not_wait_for_a_client_that_does_not_read),
		cmocka_unit_test(ids_are_unique),
		cmocka_unit_test(stop_lets_requests_finish),
		cmocka_unit_test(stop_cuts_off_what_takes_too_long),
		cmocka_unit_test(stop_can_be_cut_short),
		cmocka_unit_test(stop_under_load),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(address_in_use_is_said),
		cmocka_unit_test(local_socket),
		cmocka_unit_test(who_connects_before_there_is_a_server_waits_for_it),
		cmocka_unit_test(a_listener_that_no_server_takes_is_taken_down),
	};

	return cmocka_run_group_tests_name("http/server_life", tests, NULL, NULL);
}
