/* What can be a connection to PostgreSQL; without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/store.h"

static bool fits(const char *connection, struct error *err)
{
	struct config config = {.store.type = CONFIG_STORE_POSTGRESQL};
	bool ok;

	secret_set(&config.store.postgres.connection, text_of(connection));
	ok = store_check(&config, err);
	secret_wipe(&config.store.postgres.connection);
	return ok;
}

static void what_can_be(void **state)
{
	static const char *const all[] = {
		"postgresql://",
		"postgres://h",
		"postgresql://u@h:5432/d",
		"postgresql://u:p@/d?host=/var/run/postgresql",
		"postgresql://u:p%2Fw%40x%25@h/d?sslmode=verify-full&connect_timeout=3",
		"postgresql://u:p:w!$&'()*+,;=@h/d-1",
		"postgresql://u:p@[::1]:5433,h2.test,[fe80::1%25eth0]:1/d",
		"postgresql://u:p@%2Fvar%2Frun/d?options=-c%20geqo%3Doff",
		"host=h1,h2,/tmp port=1,,65535 user=u password='a b/c@d' dbname='my db'",
		"host=fe80::1%eth0 hostaddr=10.0.0.1 sslmode=disable target_session_attrs=any",
		"service=s",
		"sslcert=/etc/a.crt sslkey=/etc/a.key ssl_min_protocol_version=TLSv1.2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct error err;

		if (!fits(all[i], &err))
			fail_msg("%s: %s", all[i], err.message);
	}
}

static void what_cannot_be_is_not_repeated(void **state)
{
	static const char *const all[][2] = {
		{"postgresql://u:HUSHa/HUSHb@127.0.0.1:5432/db", "percent-encoded"},
		{"postgresql://u:12/HUSHb@127.0.0.1:5432/db", "percent-encoded"},
		{"postgresql://u:12?HUSH=b@127.0.0.1:5432/db", "percent-encoded"},
		{"postgresql://u:HUSHa@HUSHb@127.0.0.1:5432/db", "more than one @"},
		{"postgresql://u:HUSHa@h/d@HUSHb", "more than one @"},
		{"postgresql://u:HUSH#a@h/d", "percent-encoded"},
		{"postgresql://u:HU SH@h/d", "percent-encoded"},
		{"postgresql://u:HUSH\xc3\xa4@h/d", "percent-encoded"},
		{"postgresql://u:HUSH%zz@h/d", "percent-encoded"},
		{"postgresql://u:HUSH%@h/d", "percent-encoded"},
		{"postgresql://u:HUSH", "its port has to be a number from 1 to 65535"},
		{"postgresql://u:p@h:HUSH/d", "its port has to be a number from 1 to 65535"},
		{"postgresql://u:p@h:65536/d", "its port has to be a number from 1 to 65535"},
		{"postgresql://u:p@h:HUSH", "its port has to be a number from 1 to 65535"},
		{"postgresql://u:p@HU^SH/d", "its host or port cannot be"},
		{"postgresql://u:p@h/HUSH/d", "the name of its database cannot be"},
		{"postgresql://u:p@h/d?HUSH", "neither a URL nor keywords"},
		{"postgresql://u:p@h/d?HUSH=1", "neither a URL nor keywords"},
		{"postgresql://u:p@h/d?x=HU SH", "percent-encoded"},
		{"postgresql://u:p@h/d?sslmode=no-verify",
		 "its sslmode has to be one of disable, allow, prefer, require, verify-ca, "
		 "verify-full"},
		{"postgresql://u:p@h/d?connect_timeout=HUSH",
		 "its connect_timeout has to be a whole number"},
		{"postgresql://u:p@h/d?require_auth=HU%20SH", ""},
		{"password=x HUSH=1", "neither a URL nor keywords"},
		{"password=x HUSH", "neither a URL nor keywords"},
		{"password='x HUSH", "neither a URL nor keywords"},
		{"HUSH", "neither a URL nor keywords"},
		{"u:HUSH@h/d", "neither a URL nor keywords"},
		{"http://u:HUSH@h/d", "neither a URL nor keywords"},
		{"host=h port=HUSH", "its port has to be"},
		{"host=h port=1,HUSH", "its port has to be"},
		{"host='HUSH h'", "its host has to be"},
		{"host=@HUSH", "its host has to be"},
		{"host=h:HUSH", "its host has to be"},
		{"hostaddr=HUSH@h", "its hostaddr has to be"},
		{"dbname=postgresql://u:HUSH@h/d", "its dbname has to be a name"},
		{"replication=HUSH", "has a parameter that is not known"},
		{"sslmode=HUSH", "its sslmode has to be one of"},
		{"target_session_attrs=HUSH", "its target_session_attrs has to be one of"},
		{"keepalives_idle=99999999999", "its keepalives_idle has to be"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct error err = {.message = ""};

		if (fits(all[i][0], &err) || err.kind != ERROR_INPUT ||
		    strstr(err.message, all[i][1]) == NULL || strstr(err.message, "HU") != NULL ||
		    strstr(err.message, "SH") != NULL)
			fail_msg("%s: %s", all[i][0], err.message);
	}
}

static void a_nul_is_no_end(void **state)
{
	static const char hidden[] = "host=h\0HUSH";
	struct config config = {.store.type = CONFIG_STORE_POSTGRESQL};
	struct error err;

	(void)state;
	secret_set(&config.store.postgres.connection, (struct text){hidden, sizeof hidden - 1});
	assert_false(store_check(&config, &err));
	secret_wipe(&config.store.postgres.connection);
}

static void what_stands_apart_is_checked_too(void **state)
{
	struct config config = {.store.type = CONFIG_STORE_POSTGRESQL};
	struct config_postgres *pg = &config.store.postgres;
	struct error err;

	(void)state;
	assert_true(store_check(&config, &err));
	pg->host = "/cloudsql/p:r:i";
	pg->port = "5432";
	pg->user = "u@realm";
	pg->database = "my db";
	assert_true(store_check(&config, &err));
	pg->port = "HUSH";
	assert_false(store_check(&config, &err));
	assert_non_null(strstr(err.message, "its port has to be"));
	pg->port = NULL;
	pg->host = "postgresql://u:HUSH@h/d";
	assert_false(store_check(&config, &err));
	assert_non_null(strstr(err.message, "its host has to be"));
	assert_null(strstr(err.message, "HUSH"));
	config.store.type = CONFIG_STORE_SQLITE;
	assert_true(store_check(&config, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be),
		cmocka_unit_test(what_cannot_be_is_not_repeated),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(what_stands_apart_is_checked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
