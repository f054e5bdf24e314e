/* What clients have the front hold, and who goes when it is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "front.h"

#define LAST_GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define POST_OF(length) \
	"POST /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " length "\r\n\r\n"

enum {
	MIB = 1024 * 1024,
	BODY = 256 * 1024,        /* as POST says */
	PART = 200 * 1024,        /* of it that comes */
	BODIES_BOUND = MIB,       /* of start_bodies() */
	ANSWERS_BOUND = 48 * MIB, /* of start_answers() */
	SLOW_MS = 1100,           /* who is slow for so long may be cut off */
	MOST = 16,
};

static struct front front;
static char bytes[BODY];

static size_t body_bytes(void)
{
	return http_server_stats(front.server).body_bytes;
}

static size_t answer_bytes(void)
{
	return http_server_stats(front.server).answer_bytes;
}

static void start(size_t max_buffered)
{
	struct http_server_options options = front_options();

	options.max_body_bytes = BODY;
	options.max_buffered_bytes = max_buffered;
	memset(bytes, 'b', sizeof bytes);
	front_start(&front, options, 5000);
}

static void start_bodies(void)
{
	start(4 * BODIES_BOUND);
}

/* There is room for two of FRONT_SIZED, but not for three. */
static void start_answers(void)
{
	start(ANSWERS_BOUND / 3 * 4);
}

/* Everything is given back. */
static void stop(void)
{
	EVENTUALLY(http_server_stats(front.server).connections == 0);
	assert_int_equal(0, body_bytes());
	assert_int_equal(0, answer_bytes());
	assert_true(front_stop(&front));
}

/* ---- bodies ---- */

/* Sends so many bytes of a larger body. False if that or another one was refused. */
static bool send_part(int *fd, size_t len)
{
	uint64_t refused = http_server_stats(front.server).refused;
	size_t before = body_bytes();

	*fd = wire_connect(&front);
	wire_say(*fd, POST_OF("262144"));
	wire_send(*fd, bytes, len);
	EVENTUALLY(body_bytes() >= before + len ||
		   http_server_stats(front.server).refused > refused);
	return http_server_stats(front.server).refused == refused;
}

static void assert_refused(int fd)
{
	char answer[WIRE_SIZE];

	wire_rest(fd, answer);
	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 503"));
	assert_non_null(strstr(answer, "Too much is being sent and received at the moment [/e]"));
}

static void assert_echoed(int fd, size_t len)
{
	char answer[WIRE_SIZE];
	size_t got = wire_rest(fd, answer);

	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200"));
	assert_in_range(got, len, len + 1000);
}

static void a_body_without_room_is_refused_in_its_midst(void **state)
{
	int64_t began = clock_now_ms();
	char answer[WIRE_SIZE];
	int fds[MOST];
	int count = 0;
	int idle;

	(void)state;
	start_bodies();
	while (count < MOST && send_part(&fds[count], PART))
		count++;
	assert_in_range(count, 3, 5); /* a buffer may be half as large again */
	assert_true(body_bytes() <= BODIES_BOUND);
	if (clock_now_ms() - began < 1000)
		assert_refused(fds[count]);
	/* What needs no body, or announces one only, is served. */
	idle = wire_connect(&front);
	wire_say(idle, POST_OF("262144"));
	wire_talk(&front, LAST_GET("/e"), sizeof LAST_GET("/e") - 1, answer);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200"));
	/* Who leaves makes room, and who was there in time is not touched. */
	close(fds[0]);
	EVENTUALLY(body_bytes() < BODIES_BOUND - PART);
	wire_send(fds[count - 1], bytes, BODY - PART);
	assert_echoed(fds[count - 1], BODY);
	for (int i = 1; i < count - 1; i++)
		close(fds[i]);
	close(idle);
	stop();
}

/* Opens fresh ones until so many were refused; returns how many are open. */
static int crowd(uint64_t refused, int fds[MOST])
{
	int count = 0;

	while (http_server_stats(front.server).refused < refused) {
		assert_true(count < MOST);
		(void)send_part(&fds[count++], PART);
	}
	return count;
}

static void leave(const int *fds, int count)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

static void the_slowest_sender_makes_room(void **state)
{
	int fresh[MOST];
	int count;
	int first;
	int second;
	int least;

	(void)state;
	start_bodies();
	assert_true(send_part(&first, PART));
	clock_sleep_ms(50);
	assert_true(send_part(&second, PART));
	/* It came last, and has sent least. */
	assert_true(send_part(&least, 1000));
	clock_sleep_ms(SLOW_MS);
	/* That frees too little, so that another one goes with it. */
	count = crowd(2, fresh);
	assert_int_equal(2, http_server_stats(front.server).refused);
	assert_refused(least);
	assert_refused(first);
	leave(fresh, count);
	EVENTUALLY(body_bytes() < BODIES_BOUND / 2);
	wire_send(second, bytes, BODY - PART);
	assert_echoed(second, BODY);
	stop();
}

/* ---- answers ---- */

static int ask(const char *request)
{
	int fd = wire_connect(&front);

	wire_say(fd, request);
	return fd;
}

/* Who asks, and does not read. */
static int ask_deaf(const char *request)
{
	size_t before = answer_bytes();
	int fd = ask(request);

	EVENTUALLY(answer_bytes() > before);
	clock_sleep_ms(50);
	return fd;
}

static void assert_served(int fd)
{
	char answer[WIRE_SIZE];
	size_t got = wire_rest(fd, answer);

	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200"));
	assert_in_range(got, FRONT_SIZED, FRONT_SIZED + 1000);
}

static void assert_cut_off(int fd)
{
	char answer[WIRE_SIZE];
	size_t got = wire_rest(fd, answer);

	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200"));
	assert_in_range(got, 1, FRONT_SIZED - 1);
}

static void assert_answered_instead(int fd, const char *target)
{
	char answer[WIRE_SIZE];

	wire_rest(fd, answer);
	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 503"));
	assert_non_null(strstr(answer, "Connection: close"));
	assert_non_null(strstr(answer, "Too much is being sent and received at the moment"));
	assert_non_null(strstr(answer, target));
}

static void the_slowest_reader_makes_room(void **state)
{
	int64_t began = clock_now_ms();
	char answer[WIRE_SIZE];
	int first;
	int second;
	int third;

	(void)state;
	start_answers();
	first = ask_deaf(LAST_GET("/sized"));
	second = ask_deaf(LAST_GET("/sized"));
	third = ask(LAST_GET("/sized"));
	/* At first nobody is slow: the new one has to come again. */
	if (clock_now_ms() - began < 1000)
		assert_answered_instead(third, "[/sized]");
	assert_true(answer_bytes() <= ANSWERS_BOUND);
	/* Small ones are sent. */
	wire_talk(&front, LAST_GET("/e"), sizeof LAST_GET("/e") - 1, answer);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200"));
	clock_sleep_ms(SLOW_MS);
	assert_served(ask(LAST_GET("/sized")));
	assert_cut_off(first);
	assert_served(second);
	stop();
}

static void who_reads_well_is_not_cut_off(void **state)
{
	enum { SOME = 4 * MIB }; /* the rest is too much for the sockets */
	char *some = malloc(SOME);
	char answer[WIRE_SIZE];
	int deaf;
	int fds[2];

	(void)state;
	start_answers();
	for (int i = 0; i < 2; i++) {
		fds[i] = ask_deaf(LAST_GET("/sized"));
		assert_int_equal(SOME, recv(fds[i], some, SOME, MSG_WAITALL));
	}
	free(some);
	clock_sleep_ms(SLOW_MS);
	assert_answered_instead(ask(LAST_GET("/sized")), "[/sized]");
	assert_int_equal(FRONT_SIZED - SOME, wire_rest(fds[0], answer) / MIB * MIB);
	close(fds[0]);
	/* It came later, and is slower. */
	deaf = ask_deaf(LAST_GET("/sized"));
	clock_sleep_ms(SLOW_MS);
	assert_served(ask(LAST_GET("/sized")));
	assert_cut_off(deaf);
	assert_int_equal(FRONT_SIZED - SOME, wire_rest(fds[1], answer) / MIB * MIB);
	close(fds[1]);
	stop();
}

static void what_is_shared_counts_once(void **state)
{
	int fds[MOST];
	int own;

	(void)state;
	start_answers();
	fds[0] = ask_deaf(LAST_GET("/shared"));
	for (int i = 1; i < MOST; i++)
		fds[i] = ask(LAST_GET("/shared"));
	EVENTUALLY(http_server_stats(front.server).requests == MOST);
	own = ask_deaf(LAST_GET("/sized"));
	assert_in_range(answer_bytes(), 2 * FRONT_SIZED, 2 * FRONT_SIZED + 2 * MIB);
	clock_sleep_ms(SLOW_MS);
	/* One of them reads: what they have stays, and the one beside goes. */
	assert_served(fds[0]);
	fds[0] = ask(LAST_GET("/shared"));
	assert_served(ask(LAST_GET("/sized")));
	assert_cut_off(own);
	/* None of them does: all go. */
	clock_sleep_ms(SLOW_MS);
	own = ask_deaf(LAST_GET("/sized"));
	assert_served(ask(LAST_GET("/sized")));
	for (int i = 0; i < MOST; i++)
		assert_cut_off(fds[i]);
	assert_served(own);
	stop();
}

/* Larger than all that there may be: it is the only one, or not sent. */
static void too_large_an_answer_is_sent_alone(void **state)
{
	char answer[WIRE_SIZE];
	int deaf;
	int fd;

	(void)state;
	start(FRONT_SIZED);
	fd = ask(LAST_GET("/sized"));
	assert_served(fd);
	deaf = ask_deaf(LAST_GET("/sized"));
	assert_answered_instead(ask(LAST_GET("/big")), "[/big]");
	clock_sleep_ms(SLOW_MS);
	fd = ask(LAST_GET("/big"));
	assert_in_range(wire_rest(fd, answer), FRONT_BIG, FRONT_BIG + 1000);
	close(fd);
	assert_cut_off(deaf);
	stop();
}

/* What was asked is not kept for as long as the answer waits. */
static void a_body_goes_when_its_answer_is_sent(void **state)
{
	char request[WIRE_SIZE] = "POST /sized HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
				  "Content-Length: 10000\r\n\r\n";
	size_t head = strlen(request);
	int fd;

	(void)state;
	start_answers();
	memset(request + head, 'b', 10000);
	fd = ask_deaf(request);
	assert_int_equal(0, body_bytes());
	assert_served(fd);
	fd = ask("POST /park HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
		 "Content-Length: 3\r\n\r\nabc");
	front_wait_parked(&front, 1);
	assert_int_equal(256, body_bytes());
	front_answer_parked(&front);
	assert_echoed(fd, 3);
	stop();
}

/* Of a local socket nobody knows what was taken. */
static int connect_locally(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	wire_say(fd, LAST_GET("/sized"));
	return fd;
}

static void of_local_clients_the_oldest_makes_room(void **state)
{
	struct http_server_options options = front_options();
	char folder[] = "/tmp/hold-test-XXXXXX";
	char path[64];
	char listen[72];
	int fds[2];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/s", folder);
	snprintf(listen, sizeof listen, "unix:%s", path);
	options.listen = listen;
	options.max_buffered_bytes = ANSWERS_BOUND / 3 * 4;
	front_start(&front, options, 5000);
	for (int i = 0; i < 2; i++) {
		fds[i] = connect_locally(path);
		EVENTUALLY(answer_bytes() > (size_t)(i + 1) * FRONT_SIZED);
	}
	assert_answered_instead(connect_locally(path), "[/sized]");
	clock_sleep_ms(SLOW_MS);
	assert_served(connect_locally(path));
	assert_cut_off(fds[0]);
	assert_served(fds[1]);
	stop();
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_without_room_is_refused_in_its_midst),
		cmocka_unit_test(the_slowest_sender_makes_room),
		cmocka_unit_test(the_slowest_reader_makes_room),
		cmocka_unit_test(who_reads_well_is_not_cut_off),
		cmocka_unit_test(what_is_shared_counts_once),
		cmocka_unit_test(too_large_an_answer_is_sent_alone),
		cmocka_unit_test(a_body_goes_when_its_answer_is_sent),
		cmocka_unit_test(of_local_clients_the_oldest_makes_room),
	};

	return cmocka_run_group_tests_name("http/hold", tests, NULL, NULL);
}
