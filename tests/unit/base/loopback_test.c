/* Which names of hosts are this machine's own, and which a stranger may have made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loopback.h"

static void authorities(void **state)
{
	static const struct {
		const char *authority;
		bool loopback;
		bool not_rebound;
	} rows[] = {
		{"localhost", true, true},
		{"LocalHost:80", true, true},
		{"127.0.0.1:9464", true, true},
		{"127.9.9.9", true, true},
		{"[::1]:9464", true, true},
		{"[2001:db8::1]", false, true},
		{"192.0.2.7:9464", false, true},
		{"prometheus-host:9464", false, true},
		{"metrics.localhost", false, true},
		{"rebound.example", false, false},
		{"rebound.example:9464", false, false},
		{"127.0.0.1.rebound.example", false, false},
		{"localhost.rebound.example", false, false},
		{"rebound.example.", false, false},
		{"localhost:80@rebound.example", false, false},
		{"localhost:", false, false},
		{"127.0.0.1x", false, false},
		{"[::1", false, false},
		{"[::1]x", false, false},
		{":80", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text authority = text_of(rows[i].authority);

		if (authority_is_loopback(authority) != rows[i].loopback ||
		    authority_cannot_be_rebound(authority) != rows[i].not_rebound)
			fail_msg("%s", rows[i].authority);
	}
}

static void the_name_of_this_machine(void **state)
{
	char name[300];
	char other[320];

	(void)state;
	assert_int_equal(gethostname(name, sizeof name), 0);
	assert_true(authority_cannot_be_rebound(text_of(name)));
	snprintf(other, sizeof other, "%s.rebound.example", name);
	assert_false(authority_cannot_be_rebound(text_of(other)));
}

static void where_we_listen(void **state)
{
	(void)state;
	assert_true(listens_on_loopback("127.0.0.1:7727"));
	assert_true(listens_on_loopback("localhost:7727"));
	assert_true(listens_on_loopback("[::1]:7727"));
	assert_false(listens_on_loopback("0.0.0.0:7727"));
	assert_false(listens_on_loopback(":7727"));
	assert_false(listens_on_loopback("7727"));
	assert_false(listens_on_loopback("unix:/run/socket"));
}

/* What else begins like one of these names is elsewhere, behind a proxy perhaps. */
static void addresses_of_services(void **state)
{
	(void)state;
	assert_true(url_is_loopback("http://localhost"));
	assert_true(url_is_loopback("http://LOCALHOST:4318/v1/traces"));
	assert_true(url_is_loopback("https://127.1.2.3:8443/a?b"));
	assert_true(url_is_loopback("http://[::1]:80/"));
	assert_false(url_is_loopback("https://localhost.example"));
	assert_false(url_is_loopback("https://127.example"));
	assert_false(url_is_loopback("https://127.0.0.1.example/"));
	assert_false(url_is_loopback("https://api.example/?to=http://localhost"));
	assert_false(url_is_loopback("localhost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authorities),
		cmocka_unit_test(the_name_of_this_machine),
		cmocka_unit_test(addresses_of_services),
		cmocka_unit_test(where_we_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
