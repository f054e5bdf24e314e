/* Services by name, against a DNS server that does what the name of the service tells it to. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/srv.h"
#include "unit/http/dns_server.h"

enum { TIMEOUT_MS = 5000 };

static struct dns_server *server;
static struct srv_resolver *resolver;
static atomic_uint packets;     /* questions over UDP */
static atomic_uint connections; /* and over TCP */

/* ---- what the server does ---- */

static void send_good(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_add_srv(m, "^12", 10, 0, 8080, "good.example");
	dns_send(q, dns_text(m));
}

static void send_priorities(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_add_srv(m, "^12", 30, 100, 3, "never.example");
	dns_add_srv(m, "^12", 10, 75, 1, "often.example");
	dns_add_srv(m, "^12", 10, 25, 2, "seldom.example");
	dns_send(q, dns_text(m));
}

static void send_truncated(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	if (!q->tcp)
		dns_set_truncated(m);
	for (int i = 0; i < (q->tcp ? 250 : 3); i++)
		dns_add_srv(m, "^12", 1, 1, 443, "one-of-many.example");
	dns_send(q, dns_text(m));
}

static void send_truncated_always(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_set_truncated(m);
	dns_send(q, dns_text(m));
}

/* Over TCP: says nothing, and hangs up. */
static void send_truncated_then_nothing(const struct dns_question *q, struct dns_message *m)
{
	if (!q->tcp)
		send_truncated_always(q, m);
}

static void send_garbage_then_good(const struct dns_question *q, struct dns_message *m)
{
	dns_send(q, TEXT("x"));
	dns_send(q, TEXT("this is no DNS message at all, however long one looks at it"));
	dns_begin(m, (uint16_t)(q->id + 1), q->name);
	dns_add_srv(m, "^12", 0, 0, 666, "forged.example");
	dns_send(q, dns_text(m));
	dns_begin(m, q->id, "other.example");
	dns_add_srv(m, "^12", 0, 0, 666, "forged.example");
	dns_send(q, dns_text(m));
	send_good(q, m);
}

static void send_nonsense(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_begin_record(m, "^12", DNS_SRV, 500);
	dns_send(q, dns_text(m));
}

static void send_no_such_name(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_set_code(m, 3);
	dns_send(q, dns_text(m));
}

static void send_not_offered(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_add_srv(m, "^12", 0, 0, 0, ".");
	dns_send(q, dns_text(m));
}

static void send_server_failure(const struct dns_question *q, struct dns_message *m)
{
	dns_begin(m, q->id, q->name);
	dns_set_code(m, 2);
	dns_send(q, dns_text(m));
}

static void send_good_at_the_second_time(const struct dns_question *q, struct dns_message *m)
{
	static unsigned times;

	if (times++ % 2 == 1)
		send_good(q, m);
}

static void send_nothing(const struct dns_question *q, struct dns_message *m)
{
	(void)q;
	(void)m;
}

static const struct {
	const char *label;
	void (*send)(const struct dns_question *q, struct dns_message *m);
} behaviours[] = {
	{"good", send_good},
	{"priorities", send_priorities},
	{"truncated", send_truncated},
	{"truncated-always", send_truncated_always},
	{"truncated-then-nothing", send_truncated_then_nothing},
	{"garbage", send_garbage_then_good},
	{"nonsense", send_nonsense},
	{"missing", send_no_such_name},
	{"not-offered", send_not_offered},
	{"failing", send_server_failure},
	{"lossy", send_good_at_the_second_time},
	{"silent", send_nothing},
};

static void answer(void *context, const struct dns_question *q)
{
	static struct dns_message m;
	struct text rest = text_of(q->name);
	struct text label;

	(void)context;
	atomic_fetch_add(q->tcp ? &connections : &packets, 1);
	if (!text_next(&rest, '.', &label))
		return;
	for (size_t i = 0; i < ARRAY_LEN(behaviours); i++)
		if (text_is(label, behaviours[i].label))
			behaviours[i].send(q, &m);
}

/* ---- the tests' own ---- */

static uint32_t seeded(void *context, uint32_t below)
{
	uint64_t *seed = context;

	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((*seed >> 33) % below);
}

static int set_up(void **state)
{
	static uint64_t seed;
	struct srv_options options = {
		.server = "127.0.0.1", .random = seeded, .random_context = &seed};
	struct error err;

	(void)state;
	seed = 7;
	server = dns_server_start(answer, NULL);
	if (server == NULL)
		return -1;
	options.port = dns_server_port(server);
	atomic_store(&packets, 0);
	atomic_store(&connections, 0);
	return srv_open(&options, &resolver, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	srv_close(resolver);
	dns_server_stop(server);
	return 0;
}

static struct srv_target choose(const char *name)
{
	struct srv_target target;
	struct error err;

	if (!srv_choose(resolver, name, TIMEOUT_MS, &target, &err))
		fail_msg("%s: %s", name, err.message);
	return target;
}

static void expect_failure(const char *name, int timeout_ms, enum error_kind kind,
			   const char *message)
{
	struct srv_target target = {.host = "untouched", .port = 7};
	struct error err;

	assert_false(srv_choose(resolver, name, timeout_ms, &target, &err));
	assert_string_equal(err.message, message);
	assert_int_equal(err.kind, kind);
	assert_string_equal(target.host, "untouched");
	assert_int_equal(target.port, 7);
}

static void the_lowest_priority_by_weight(void **state)
{
	unsigned often = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct srv_target target = choose("priorities.example");

		assert_true(target.port == 1 || target.port == 2);
		assert_string_equal(target.host,
				    target.port == 1 ? "often.example" : "seldom.example");
		often += target.port == 1;
	}
	assert_in_range(often, 7300, 7700);
}

static void an_answer_is_kept_for_a_second(void **state)
{
	int64_t start = clock_now_ms();
	int64_t end;

	(void)state;
	for (int i = 0; i < 100; i++) {
		choose("good.example");
		choose("GOOD.example.");
	}
	if (clock_now_ms() - start < 900)
		assert_int_equal(atomic_load(&packets), 1);
	choose("good.other.example");
	while (clock_now_ms() - start < 1200)
		choose("good.example");
	end = clock_now_ms();
	assert_in_range(atomic_load(&packets), 3, 3 + (end - start) / 1000);
}

static void more_names_than_are_kept(void **state)
{
	char name[64];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "good.n%d.example", i);
		assert_string_equal(choose(name).host, "good.example");
	}
	assert_int_equal(atomic_load(&packets), 200);
}

static void a_truncated_answer_is_asked_for_over_tcp(void **state)
{
	struct srv_target target;

	(void)state;
	target = choose("truncated.example");
	assert_string_equal(target.host, "one-of-many.example");
	assert_int_equal(target.port, 443);
	assert_int_equal(atomic_load(&packets), 1);
	assert_int_equal(atomic_load(&connections), 1);
	expect_failure(
		"truncated-always.example", TIMEOUT_MS, ERROR_UPSTREAM,
		"DNS, asked for the service truncated-always.example: the answer makes no sense");
	expect_failure("truncated-then-nothing.example", TIMEOUT_MS, ERROR_UPSTREAM,
		       "DNS, asked for the service truncated-then-nothing.example: no connection "
		       "to the server");
}

static void garbage_and_forgeries_are_passed_over(void **state)
{
	(void)state;
	assert_string_equal(choose("garbage.example").host, "good.example");
	assert_int_equal(atomic_load(&packets), 1);
}

static void servers_that_do_not_know(void **state)
{
	(void)state;
	expect_failure("missing.example", TIMEOUT_MS, ERROR_UPSTREAM,
		       "DNS knows no service missing.example");
	expect_failure("not-offered.example", TIMEOUT_MS, ERROR_UPSTREAM,
		       "DNS says that the service not-offered.example is not offered");
	assert_int_equal(atomic_load(&packets), 2);
	expect_failure("nonsense.example", TIMEOUT_MS, ERROR_UPSTREAM,
		       "DNS, asked for the service nonsense.example: the answer cannot be read");
	expect_failure("failing.example", TIMEOUT_MS, ERROR_UPSTREAM,
		       "DNS, asked for the service failing.example: the server failed (SERVFAIL)");
	/* these may do better when they are asked again, as may another server */
	assert_int_equal(atomic_load(&packets), 2 + 3 + 3);
}

static void a_lost_packet_is_sent_again(void **state)
{
	struct srv_target target;
	struct error err;

	(void)state;
	assert_true(srv_choose(resolver, "lossy.example", 2400, &target, &err));
	assert_int_equal(atomic_load(&packets), 2);
}

static void silence_ends_at_the_deadline(void **state)
{
	int64_t start = clock_now_ms();

	(void)state;
	expect_failure("silent.example", 300, ERROR_TIMEOUT,
		       "DNS, asked for the service silent.example: no answer in time");
	assert_in_range(clock_now_ms() - start, 290, 3000);
	assert_int_equal(atomic_load(&packets), 3);
	expect_failure("good.example", 0, ERROR_TIMEOUT,
		       "DNS, asked for the service good.example: no answer in time");
	assert_int_equal(atomic_load(&packets), 3);
}

static void no_server_is_noticed_at_once(void **state)
{
	struct srv_options options = {.server = "127.0.0.1", .port = dns_server_port(server)};
	struct srv_resolver *lonely;
	struct srv_target target;
	int64_t start;
	struct error err;

	(void)state;
	dns_server_stop(server);
	assert_true(srv_open(&options, &lonely, &err));
	start = clock_now_ms();
	assert_false(srv_choose(lonely, "good.example", TIMEOUT_MS, &target, &err));
	assert_int_equal(err.kind, ERROR_UPSTREAM);
	assert_true(clock_now_ms() - start < TIMEOUT_MS / 2);
	srv_close(lonely);
	server = dns_server_start(answer, NULL);
	assert_non_null(server);
}

static void names_that_are_none(void **state)
{
	static const char *const names[] = {
		"",
		".",
		"..",
		"a..b",
		".a",
		"a b",
		"a/b",
		"a:80",
		"a@b",
		"a%62",
		"\xC3\xB6.example",
		"a123456789012345678901234567890123456789012345678901234567890123.example",
	};
	struct srv_target target;
	char long_name[300];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_false(srv_choose(resolver, names[i], TIMEOUT_MS, &target, &err));
		assert_int_equal(err.kind, ERROR_INPUT);
	}
	assert_false(srv_choose(resolver, NULL, TIMEOUT_MS, &target, &err));
	memset(long_name, 'a', sizeof long_name);
	for (size_t i = 50; i < sizeof long_name; i += 50)
		long_name[i] = '.';
	long_name[254] = '\0';
	assert_false(srv_choose(resolver, long_name, TIMEOUT_MS, &target, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_int_equal(atomic_load(&packets), 0);
	memcpy(long_name, "good.", 5);
	long_name[253] = '\0';
	choose(long_name);
	assert_int_equal(atomic_load(&packets), 1);
}

static void options(void **state)
{
	struct srv_options bad[] = {{.server = "localhost"},
				    {.server = ""},
				    {.server = "127.0.0.1", .port = 65536},
				    {.server = "::g"}};
	struct srv_options v6 = {.server = "::1", .port = 1};
	struct srv_resolver *r = NULL;
	struct srv_target target;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(srv_open(&bad[i], &r, &err));
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_null(r);
	}
	assert_true(srv_open(&v6, &r, &err));
	assert_false(srv_choose(r, "good.example", 100, &target, &err));
	srv_close(r);
	/* The system's servers are looked up; there is no time to ask them. */
	assert_true(srv_open(NULL, &r, &err));
	assert_false(srv_choose(r, "good.example", 0, &target, &err));
	srv_close(r);
	srv_close(NULL);
}

enum { CHOOSERS = 4 };

static void *choose_on(void *context)
{
	struct srv_resolver *r = context;
	int64_t end = clock_now_ms() + 1300;
	unsigned faults = 0;

	for (unsigned i = 0; clock_now_ms() < end; i++) {
		struct srv_target target;
		struct error err;
		char name[64];

		snprintf(name, sizeof name, "good.t%u.example", i % 80);
		faults += !srv_choose(r, name, TIMEOUT_MS, &target, &err) ||
			  strcmp(target.host, "good.example") != 0;
	}
	return (void *)(uintptr_t)faults;
}

static void many_threads_choose(void **state)
{
	struct srv_options plain = {.server = "127.0.0.1", .port = dns_server_port(server)};
	struct srv_resolver *r;
	pthread_t threads[CHOOSERS];
	struct error err;

	(void)state;
	assert_true(srv_open(&plain, &r, &err));
	for (size_t i = 0; i < CHOOSERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, choose_on, r), 0);
	for (size_t i = 0; i < CHOOSERS; i++) {
		void *faults;

		pthread_join(threads[i], &faults);
		assert_null(faults);
	}
	srv_close(r);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(the_lowest_priority_by_weight),
		WITH_SERVER(an_answer_is_kept_for_a_second),
		WITH_SERVER(more_names_than_are_kept),
		WITH_SERVER(a_truncated_answer_is_asked_for_over_tcp),
		WITH_SERVER(garbage_and_forgeries_are_passed_over),
		WITH_SERVER(servers_that_do_not_know),
		WITH_SERVER(a_lost_packet_is_sent_again),
		WITH_SERVER(silence_ends_at_the_deadline),
		WITH_SERVER(no_server_is_noticed_at_once),
		WITH_SERVER(names_that_are_none),
		WITH_SERVER(options),
		WITH_SERVER(many_threads_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
