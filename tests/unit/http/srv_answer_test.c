/* DNS answers about services: what is read out of them, and which target is chosen how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/srv_dns.h"
#include "unit/http/dns_message.h"

enum { ID = 0x1234 };

static const char name[] = "_http._tcp.catalog.example";

static struct dns_message m;
static struct srv_records records;
static struct error err;

static enum srv_reading read_answer(void)
{
	/* Exactly as long as it is, so that a byte read behind it is noticed. */
	char *copy = malloc(m.len + 1);
	enum srv_reading reading;

	memcpy(copy, m.bytes, m.len);
	copy = realloc(copy, m.len == 0 ? 1 : m.len);
	reading = srv_read_answer((struct text){copy, m.len}, ID, name, &records, &err);
	free(copy);
	return reading;
}

static void expect_found(size_t count)
{
	assert_int_equal(read_answer(), SRV_FOUND);
	assert_int_equal(records.count, count);
}

static void expect(enum srv_reading wanted, const char *message)
{
	records = (struct srv_records){NULL, 77};
	assert_int_equal(read_answer(), wanted);
	assert_null(records.items);
	assert_int_equal(records.count, 77);
	if (message == NULL)
		return;
	assert_int_equal(err.kind, ERROR_UPSTREAM);
	assert_string_equal(err.message, message);
}

static void assert_target(size_t i, const char *host, unsigned port, unsigned weight)
{
	assert_string_equal(records.items[i].target.host, host);
	assert_int_equal(records.items[i].target.port, port);
	assert_int_equal(records.items[i].weight, weight);
}

static void the_lowest_priority_is_kept(void **state)
{
	(void)state;
	dns_begin(&m, ID, name);
	dns_add_srv(&m, name, 20, 5, 8080, "c.example");
	dns_add_srv(&m, name, 10, 1, 8081, "a.example");
	dns_add_srv(&m, name, 10, 2, 65535, "b.example");
	dns_add_srv(&m, name, 65535, 0, 1, "d.example");
	expect_found(2);
	assert_target(0, "a.example", 8081, 1);
	assert_target(1, "b.example", 65535, 2);
	srv_records_free(&records);
}

static void names_may_be_compressed_and_in_any_case(void **state)
{
	(void)state;
	dns_begin(&m, ID, "_HTTP._tcp.Catalog.example");
	dns_add_srv(&m, "^12", 0, 0, 80, "a.^23"); /* 23: catalog.example */
	dns_add_srv(&m, "_http._TCP.^23", 0, 0, 81, "^23");
	expect_found(2);
	assert_target(0, "a.Catalog.example", 80, 0);
	assert_target(1, "Catalog.example", 81, 0);
	srv_records_free(&records);
}

static void what_is_about_others_does_not_count(void **state)
{
	(void)state;
	dns_begin(&m, ID, name);
	dns_add_srv(&m, "other.example", 0, 0, 80, "evil.example");
	dns_begin_record(&m, "^12", DNS_A, 4);
	dns_add_u16(&m, 0x7F00);
	dns_add_u16(&m, 1);
	dns_add_srv(&m, "^12", 5, 0, 80, "a.example");
	expect_found(1);
	assert_target(0, "a.example", 80, 0);
	srv_records_free(&records);
}

static void aliases_are_followed(void **state)
{
	(void)state;
	dns_begin(&m, ID, name);
	dns_add_srv(&m, "real.example", 0, 0, 80, "a.example");
	dns_add_cname(&m, "next.example", "real.example");
	dns_add_cname(&m, "^12", "next.example");
	expect_found(1);
	srv_records_free(&records);

	dns_begin(&m, ID, name);
	dns_add_cname(&m, "^12", "next.example");
	dns_add_cname(&m, "next.example", "^12");
	expect(SRV_USELESS,
	       "DNS, asked for the service _http._tcp.catalog.example: the answer makes no sense");
	dns_begin(&m, ID, name);
	dns_add_cname(&m, "^12", "^12");
	expect(SRV_USELESS, NULL);
	dns_begin(&m, ID, name);
	dns_add_cname(&m, "^12", "elsewhere.example");
	expect(SRV_NONE, "DNS has no service records (SRV) for _http._tcp.catalog.example");
}

static void there_may_be_nothing(void **state)
{
	(void)state;
	dns_begin(&m, ID, name);
	expect(SRV_NONE, "DNS has no service records (SRV) for _http._tcp.catalog.example");
	dns_set_code(&m, 3);
	expect(SRV_NONE, "DNS knows no service _http._tcp.catalog.example");
	dns_begin(&m, ID, name);
	dns_add_srv(&m, "^12", 0, 0, 0, ".");
	expect(SRV_NONE, "DNS says that the service _http._tcp.catalog.example is not offered");
	dns_begin(&m, ID, name);
	dns_add_srv(&m, "^12", 0, 0, 80, ".");
	expect(SRV_NONE, "DNS says that the service _http._tcp.catalog.example is not offered");
	dns_begin(&m, ID, name);
	dns_add_srv(&m, "^12", 0, 0, 0, "a.example");
	expect(SRV_NONE, "none of the targets that DNS has for the service "
			 "_http._tcp.catalog.example can be used");
}

static void a_host_that_is_none_does_not_reach_a_url(void **state)
{
	static const char *const hosts[] = {
		"a@b.example", "a:80", "a/b",  "a b",  "a\nb",
		"a?b",         "a#b",  "a%41", "a\\b", "\xC3\xB6",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		dns_begin(&m, ID, name);
		dns_add_srv(&m, "^12", 0, 0, 80, hosts[i]);
		expect(SRV_NONE, "none of the targets that DNS has for the service "
				 "_http._tcp.catalog.example can be used");
		dns_add_srv(&m, "^12", 1, 0, 80, "good-one_2.example");
		expect_found(1);
		assert_target(0, "good-one_2.example", 80, 0);
		srv_records_free(&records);
	}
}

static void servers_that_cannot_tell(void **state)
{
	(void)state;
	for (unsigned code = 1; code < 16; code++) {
		if (code == 3)
			continue;
		dns_begin(&m, ID, name);
		dns_set_code(&m, code);
		expect(SRV_USELESS, NULL);
		m.len = 12; /* some repeat no question then */
		expect(SRV_USELESS, NULL);
	}
	dns_begin(&m, ID, name);
	dns_set_code(&m, 2);
	expect(SRV_USELESS, "DNS, asked for the service _http._tcp.catalog.example: the server "
			    "failed (SERVFAIL)");
}

static void answers_to_other_questions_are_foreign(void **state)
{
	(void)state;
	dns_begin(&m, ID + 1, name);
	expect(SRV_FOREIGN, NULL);
	dns_begin(&m, ID, "other.example");
	dns_add_srv(&m, name, 0, 0, 80, "a.example");
	expect(SRV_FOREIGN, NULL);
	dns_begin(&m, ID, name);
	m.bytes[m.len - 3] = DNS_A;
	expect(SRV_FOREIGN, NULL);
	dns_begin(&m, ID, name);
	m.bytes[2] &= 0x7F; /* a question */
	expect(SRV_FOREIGN, NULL);
	dns_begin(&m, ID, name);
	m.bytes[2] |= 0x28; /* an update */
	expect(SRV_FOREIGN, NULL);
	dns_begin(&m, ID, name);
	m.bytes[5] = 0; /* no question */
	m.len = 12;
	expect(SRV_FOREIGN, NULL);
	for (m.len = 0; m.len < 12; m.len++)
		expect(SRV_FOREIGN, NULL);
}

static void a_cut_answer_says_so_however_it_is_cut(void **state)
{
	size_t whole;

	(void)state;
	dns_begin(&m, ID, name);
	for (int i = 0; i < 4; i++)
		dns_add_srv(&m, "^12", 0, 0, 80, "a.example");
	whole = m.len;
	dns_set_truncated(&m);
	for (m.len = 12; m.len <= whole; m.len++)
		expect(SRV_TRUNCATED, NULL);
	m.bytes[2] &= (unsigned char)~DNS_TC;
	for (m.len = 12; m.len < whole; m.len++)
		expect(SRV_USELESS, NULL);
}

static void records_that_lie_about_themselves(void **state)
{
	(void)state;
	/* too short for a target */
	for (unsigned len = 0; len < 7; len++) {
		dns_begin(&m, ID, name);
		dns_begin_record(&m, "^12", DNS_SRV, len);
		for (unsigned i = 0; i < len; i++)
			dns_add_u8(&m, 1);
		expect(SRV_USELESS, NULL);
	}
	/* the target ends before the record does, or behind it */
	for (unsigned len = 8; len <= 16; len++) {
		if (len == 9)
			continue;
		dns_begin(&m, ID, name);
		dns_begin_record(&m, "^12", DNS_SRV, len);
		for (unsigned i = 0; i < 6; i++)
			dns_add_u8(&m, 1);
		dns_add_name(&m, "a");
		for (unsigned i = 0; i < 7; i++)
			dns_add_u8(&m, 0);
		m.len = m.len - 16 + len;
		expect(SRV_USELESS, NULL);
	}
	/* pointers in a circle, ahead, and out of the message */
	for (int i = 0; i < 3; i++) {
		char target[16];
		int here;

		dns_begin(&m, ID, name);
		here = (int)m.len + 2 + 10 + 6;
		snprintf(target, sizeof target, "^%d", (const int[]){here, here + 2, 16000}[i]);
		dns_add_srv(&m, "^12", 0, 0, 80, target);
		expect(SRV_USELESS, NULL);
	}
}

static void there_may_be_many(void **state)
{
	(void)state;
	dns_begin(&m, ID, name);
	for (int i = 0; i < SRV_MAX_RECORDS; i++)
		dns_add_srv(&m, "^12", 5, 0, 80, "a.^23");
	expect_found(SRV_MAX_RECORDS);
	srv_records_free(&records);
	dns_add_srv(&m, "^12", 6, 0, 80, "a.^23");
	expect_found(SRV_MAX_RECORDS);
	srv_records_free(&records);
	dns_add_srv(&m, "^12", 5, 0, 80, "a.^23");
	expect(SRV_NONE, "DNS has more than 256 targets of one priority for the service "
			 "_http._tcp.catalog.example");
	dns_add_srv(&m, "^12", 4, 0, 80, "b.^23");
	expect_found(1);
	assert_target(0, "b.catalog.example", 80, 0);
	srv_records_free(&records);
}

/* ---- choosing ---- */

static uint32_t seeded(void *context, uint32_t below)
{
	uint64_t *seed = context;

	assert_true(below > 0);
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((*seed >> 33) % below);
}

enum { MOST_WEIGHTS = 4, DRAWS = 200000 };

/* How often each is chosen in DRAWS, against what its share is, in thousandths. */
static void assert_shares(const unsigned *weights, size_t count, const unsigned *shares)
{
	struct srv_record items[MOST_WEIGHTS];
	struct srv_records some = {items, count};
	unsigned drawn[MOST_WEIGHTS] = {0};
	uint64_t seed = 42;

	memset(items, 0, sizeof items);
	for (size_t i = 0; i < count; i++)
		items[i].weight = weights[i];
	for (int i = 0; i < DRAWS; i++)
		drawn[srv_pick(&some, seeded, &seed) - items]++;
	for (size_t i = 0; i < count; i++) {
		unsigned share = drawn[i] / (DRAWS / 1000);
		unsigned distance = share > shares[i] ? share - shares[i] : shares[i] - share;

		if (distance > 8)
			fail_msg("%u of 1000, not %u", share, shares[i]);
	}
}

static void weights_are_shares(void **state)
{
	(void)state;
	assert_shares((const unsigned[]){7}, 1, (const unsigned[]){1000});
	assert_shares((const unsigned[]){0}, 1, (const unsigned[]){1000});
	assert_shares((const unsigned[]){1, 1}, 2, (const unsigned[]){500, 500});
	assert_shares((const unsigned[]){10, 30, 60}, 3, (const unsigned[]){100, 300, 600});
	assert_shares((const unsigned[]){65535, 65535, 1}, 3, (const unsigned[]){500, 500, 0});
	assert_shares((const unsigned[]){0, 0, 0, 0}, 4, (const unsigned[]){250, 250, 250, 250});
	/* without weight: together one of sum + 1 */
	assert_shares((const unsigned[]){9, 0}, 2, (const unsigned[]){900, 100});
	assert_shares((const unsigned[]){0, 4, 0, 5}, 4, (const unsigned[]){50, 400, 50, 500});
}

static uint32_t always_least(void *context, uint32_t below)
{
	(void)context;
	(void)below;
	return 0;
}

static uint32_t always_most(void *context, uint32_t below)
{
	(void)context;
	return below - 1;
}

static void the_ends_of_the_range(void **state)
{
	struct srv_record items[] = {{.weight = 3}, {.weight = 0}, {.weight = 4}, {.weight = 0}};
	struct srv_records some = {items, 4};

	(void)state;
	assert_ptr_equal(srv_pick(&some, always_least, NULL), &items[1]);
	assert_ptr_equal(srv_pick(&some, always_most, NULL), &items[2]);
	some.count = 1;
	assert_ptr_equal(srv_pick(&some, always_least, NULL), &items[0]);
	assert_ptr_equal(srv_pick(&some, always_most, NULL), &items[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_priority_is_kept),
		cmocka_unit_test(names_may_be_compressed_and_in_any_case),
		cmocka_unit_test(what_is_about_others_does_not_count),
		cmocka_unit_test(aliases_are_followed),
		cmocka_unit_test(there_may_be_nothing),
		cmocka_unit_test(a_host_that_is_none_does_not_reach_a_url),
		cmocka_unit_test(servers_that_cannot_tell),
		cmocka_unit_test(answers_to_other_questions_are_foreign),
		cmocka_unit_test(a_cut_answer_says_so_however_it_is_cut),
		cmocka_unit_test(records_that_lie_about_themselves),
		cmocka_unit_test(there_may_be_many),
		cmocka_unit_test(weights_are_shares),
		cmocka_unit_test(the_ends_of_the_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
