/* Our own keys: published before they sign and after, replaced every hour, or static. */
#include "unit/backstage/own_keys.h"

static void keys_are_replaced_and_stay_published(void **state)
{
	int64_t start_s = now_s();
	struct own_keys *keys;
	struct text first;
	struct error err;
	struct host h;

	(void)state;
	host_open(&h);
	assert_true(own_keys_open(&h.config, NULL, &keys, &err));
	first = sign(&h, keys, start_s);
	assert_int_equal(keys_in(&h, keys, start_s), 1);
	sign(&h, keys, start_s + HOUR_S - 60);
	assert_int_equal(keys_in(&h, keys, start_s), 1);
	sign(&h, keys, start_s + HOUR_S + 1);
	assert_int_equal(keys_in(&h, keys, start_s + HOUR_S + 1), 2);
	assert_true(verifies(&h, keys, first, start_s + 2 * HOUR_S));
	for (int hour = 2; hour < 12; hour++) {
		struct text token = sign(&h, keys, start_s + hour * HOUR_S + 10);

		assert_true(verifies(&h, keys, token, start_s + (hour + 2) * HOUR_S));
		assert_true(keys_in(&h, keys, start_s + hour * HOUR_S + 10) <= 4);
	}
	assert_false(verifies(&h, keys, first, start_s + 12 * HOUR_S));
	own_keys_close(keys);
	host_close(&h);
}

static void no_private_part_is_published(void **state)
{
	struct own_keys *keys;
	struct text document;
	struct error err;
	struct host h;

	(void)state;
	host_open(&h);
	assert_true(own_keys_open(&h.config, NULL, &keys, &err));
	document = jwks(&h, keys, now_s());
	assert_null(strstr(document.ptr, "\"d\""));
	assert_string_equal(json_string_at(&h.arena, document, "/keys/0/alg", ""), "ES256");
	assert_string_equal(json_string_at(&h.arena, document, "/keys/0/kty", ""), "EC");
	assert_int_equal(strlen(json_string_at(&h.arena, document, "/keys/0/kid", "")), 36);
	own_keys_close(keys);
	host_close(&h);
}

/* Nobody signed for a while, or nobody looked after the keys. */
static void long_silences_do_no_harm(void **state)
{
	static const int hours[] = {1, 3, 7, 30, 31, 40};
	int64_t start_s = now_s();
	struct own_keys *keys;
	struct error err;
	struct host h;

	(void)state;
	for (int tended = 0; tended < 2; tended++) {
		host_open(&h);
		assert_true(own_keys_open(&h.config, NULL, &keys, &err));
		for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
			int64_t at_s = start_s + hours[i] * HOUR_S;
			struct text token;

			if (tended)
				own_keys_tend(keys, at_s);
			token = sign(&h, keys, at_s);
			assert_true(verifies(&h, keys, token, at_s));
			assert_true(verifies(&h, keys, token, at_s + HOUR_S - 1));
		}
		own_keys_close(keys);
		host_close(&h);
	}
}

/* ---- static keys ---- */

struct files {
	struct arena arena;
	char folder[64];
	const char *public[2];
	const char *private[2];
	struct config_plugin_key keys[2];
};

static void make_pair(struct files *f, int i, const char *algorithm)
{
	char command[800];

	f->private[i] = arena_printf(&f->arena, "%s/%d.pem", f->folder, i);
	f->public[i] = arena_printf(&f->arena, "%s/%d.pub.pem", f->folder, i);
	snprintf(command, sizeof command,
		 "openssl genpkey %s -out %s 2>/dev/null && openssl pkey -in %s -pubout -out %s",
		 strcmp(algorithm, "RS256") == 0 ? "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
						 : "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
		 f->private[i], f -> private[i], f -> public[i]);
	assert_int_equal(system(command), 0);
}

static void make_files(struct files *f, const char *first_algorithm)
{
	arena_init(&f->arena);
	strcpy(f->folder, "/tmp/own-keys-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	make_pair(f, 0, first_algorithm);
	make_pair(f, 1, "ES256");
	f->keys[0] =
		(struct config_plugin_key){"k2", first_algorithm, f->public[0], f -> private[0]};
	f->keys[1] = (struct config_plugin_key){"k1", "ES256", f->public[1], NULL};
}

static void remove_files(struct files *f)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	arena_fini(&f->arena);
}

static void static_keys_sign_and_never_change(void **state)
{
	static const char *const algorithms[] = {"ES256", "RS256"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct own_keys *keys;
		struct files f;
		struct error err = {.message = ""};
		struct host h;
		struct text token;

		host_open(&h);
		make_files(&f, algorithms[i]);
		h.config.plugin_keys = f.keys;
		h.config.plugin_key_count = 2;
		if (!own_keys_open(&h.config, NULL, &keys, &err))
			fail_msg("%s", err.message);
		token = sign(&h, keys, now_s() + 100 * HOUR_S);
		assert_true(verifies(&h, keys, token, now_s() + 200 * HOUR_S));
		assert_int_equal(keys_in(&h, keys, now_s() + 200 * HOUR_S), 2);
		assert_string_equal(json_string_at(&h.arena, jwks(&h, keys, 0), "/keys/0/kid", ""),
				    "k2");
		own_keys_close(keys);
		remove_files(&f);
		host_close(&h);
	}
}

static void refused(struct host *h, struct files *f, const char *why)
{
	struct own_keys *keys;
	struct error err;

	h->config.plugin_keys = f->keys;
	h->config.plugin_key_count = 2;
	assert_false(own_keys_open(&h->config, NULL, &keys, &err));
	assert_non_null(strstr(err.message, "backend.auth.pluginKeyStore.static.keys[0]"));
	if (strstr(err.message, why) == NULL)
		fail_msg("got '%s', wanted '%s'", err.message, why);
	assert_null(strstr(err.message, "PRIVATE"));
}

static void static_keys_that_do_not_do(void **state)
{
	struct files f;
	struct host h;

	(void)state;
	host_open(&h);
	make_files(&f, "ES256");
	f.keys[0].algorithm = "RS256";
	refused(&h, &f, "not one for RS256");
	f.keys[0].algorithm = "ES384";
	refused(&h, &f, "not one for ES384");
	f.keys[0].algorithm = "HS256";
	refused(&h, &f, "no algorithm HS256");
	f.keys[0].algorithm = "ES256";
	f.keys[0].public_key_file = f.public[1];
	refused(&h, &f, "do not belong together");
	f.keys[0].public_key_file = f.private[0];
	refused(&h, &f, "SPKI");
	f.keys[0].public_key_file = f.public[0];
	f.keys[0].private_key_file = f.public[0];
	refused(&h, &f, "PKCS#8");
	f.keys[0].private_key_file = "/nowhere/at/all.pem";
	refused(&h, &f, "/nowhere/at/all.pem");
	remove_files(&f);
	host_close(&h);
}

static void static_keys_stay_out_of_the_store(void **state)
{
	struct own_keys *keys;
	struct store *store;
	struct text *jwk;
	struct error err;
	struct files f;
	struct host h;
	size_t count;

	(void)state;
	host_open(&h);
	make_files(&f, "ES256");
	h.config.plugin_keys = f.keys;
	h.config.plugin_key_count = 2;
	assert_true(store_open(&h.config, &store, &err));
	assert_true(store_put_key(store, "x", TEXT("{" POINT ",\"kid\":\"x\"}"),
				  clock_calendar_ms() + 60000, clock_now_ms() + 1000, &err));
	assert_true(own_keys_open(&h.config, store, &keys, &err));
	own_keys_tend(keys, now_s() + HOUR_S);
	assert_int_equal(keys_in(&h, keys, now_s()), 2);
	assert_true(store_keys(store, &h.arena, clock_now_ms() + 1000, &jwk, &count, &err));
	assert_int_equal(count, 1);
	own_keys_close(keys);
	store_close(store);
	remove_files(&f);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_replaced_and_stay_published),
		cmocka_unit_test(long_silences_do_no_harm),
		cmocka_unit_test(no_private_part_is_published),
		cmocka_unit_test(static_keys_stay_out_of_the_store),
		cmocka_unit_test(static_keys_sign_and_never_change),
		cmocka_unit_test(static_keys_that_do_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
