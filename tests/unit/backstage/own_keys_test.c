/* Our own keys: published before they sign and after, replaced every hour, or static. */
#include "unit/backstage/host.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "store/store.h"

enum { HOUR_S = 3600, MINUTE_S = 60 };

static struct text jwks(struct host *h, struct own_keys *keys, int64_t at_s)
{
	const struct backstage_call call = host_call(h);

	return own_keys_jwks(keys, &call, at_s);
}

static int keys_in(struct host *h, struct own_keys *keys, int64_t at_s)
{
	struct text document = jwks(h, keys, at_s);
	struct jose_set *set;
	struct error err;
	int count;

	assert_true(jose_set_read(document, &set, &err));
	count = (int)jose_set_size(set);
	jose_set_free(set);
	return count;
}

static struct text sign(struct host *h, struct own_keys *keys, int64_t at_s)
{
	struct text token;
	struct error err;
	struct buf out;

	buf_init(&out, 4096);
	assert_true(own_keys_sign(keys, TYPE_PLUGIN, TEXT("{\"sub\":\"x\"}"), at_s, &out, &err));
	token = arena_copy_text(&h->arena, buf_text(&out));
	buf_fini(&out);
	return token;
}

static bool verifies(struct host *h, struct own_keys *keys, struct text compact, int64_t at_s)
{
	struct text document = jwks(h, keys, at_s);
	struct jose_token token;
	struct jose_set *set;
	struct error err;
	bool good;

	assert_true(jose_token_read(&h->arena, compact, &token, &err));
	assert_true(jose_set_read(document, &set, &err));
	good = jose_verify_with_set(&token, set) == JOSE_GOOD;
	jose_set_free(set);
	return good;
}

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

/* ---- replicas with one store ---- */

struct replicas {
	struct host h;
	struct store *store;
	struct own_keys *a;
	struct own_keys *b;
	int64_t start_s;
};

static struct own_keys *open_replica(struct replicas *r)
{
	struct own_keys *keys;
	struct error err = {.message = ""};

	if (!own_keys_open(&r->h.config, r->store, &keys, &err))
		fail_msg("%s", err.message);
	return keys;
}

static int begin_replicas(void **state)
{
	struct replicas *r = calloc(1, sizeof *r);
	struct error err;

	assert_non_null(r);
	host_open(&r->h);
	assert_true(store_open(&r->h.config, &r->store, &err));
	r->a = open_replica(r);
	r->b = open_replica(r);
	r->start_s = now_s();
	*state = r;
	return 0;
}

static int end_replicas(void **state)
{
	struct replicas *r = *state;

	own_keys_close(r->a);
	own_keys_close(r->b);
	store_close(r->store);
	host_close(&r->h);
	free(r);
	return 0;
}

static const char *signer_of(struct replicas *r, struct own_keys *keys, int64_t at_s)
{
	struct jose_token token;
	struct error err;

	assert_true(jose_token_read(&r->h.arena, sign(&r->h, keys, at_s), &token, &err));
	return token.id;
}

static bool lists(struct replicas *r, struct own_keys *keys, const char *id, int64_t at_s)
{
	struct text document = jwks(&r->h, keys, at_s);

	return strstr(document.ptr, arena_printf(&r->h.arena, "\"kid\":\"%s\"", id)) != NULL;
}

static void each_has_the_keys_of_all(void **state)
{
	struct replicas *r = *state;
	struct text of_a = sign(&r->h, r->a, r->start_s);
	struct text of_b = sign(&r->h, r->b, r->start_s);

	assert_int_equal(keys_in(&r->h, r->a, r->start_s), 2);
	assert_int_equal(keys_in(&r->h, r->b, r->start_s), 2);
	assert_true(verifies(&r->h, r->b, of_a, r->start_s));
	assert_true(verifies(&r->h, r->a, of_b, r->start_s));
	assert_null(strstr(jwks(&r->h, r->a, r->start_s).ptr, "\"d\""));
}

static void a_restart_keeps_the_old_key(void **state)
{
	struct replicas *r = *state;
	struct text before = sign(&r->h, r->a, r->start_s);

	own_keys_close(r->a);
	r->a = open_replica(r);
	assert_int_equal(keys_in(&r->h, r->a, r->start_s), 3);
	assert_true(verifies(&r->h, r->a, before, r->start_s));
	assert_true(verifies(&r->h, r->b, before, r->start_s));
}

static void a_key_is_there_before_it_signs(void **state)
{
	struct replicas *r = *state;
	const char *first = signer_of(r, r->a, r->start_s);
	const char *next;
	int64_t at_s = r->start_s + HOUR_S - 6 * MINUTE_S;

	own_keys_tend(r->a, at_s);
	assert_int_equal(keys_in(&r->h, r->b, at_s), 2);
	at_s += 2 * MINUTE_S;
	own_keys_tend(r->a, at_s);
	assert_int_equal(keys_in(&r->h, r->b, at_s), 3);
	assert_string_equal(signer_of(r, r->a, at_s), first);
	at_s = r->start_s + HOUR_S + 1;
	next = signer_of(r, r->a, at_s);
	assert_string_not_equal(next, first);
	assert_true(lists(r, r->b, next, at_s));
	assert_true(lists(r, r->b, first, at_s));
	own_keys_tend(r->a, at_s);
	assert_int_equal(keys_in(&r->h, r->b, at_s), 3);
}

/* Others have had the time to fetch it before it signs, also where it is made late. */
static void a_key_that_comes_late_waits(void **state)
{
	struct replicas *r = *state;
	const char *first = signer_of(r, r->a, r->start_s);
	int64_t at_s = r->start_s + HOUR_S + 10;

	assert_string_equal(signer_of(r, r->a, at_s), first);
	own_keys_tend(r->a, at_s);
	assert_string_equal(signer_of(r, r->a, at_s + 10), first);
	assert_string_not_equal(signer_of(r, r->a, at_s + MINUTE_S), first);
}

/* Nobody tends: the keys that signing makes are not in the store. */
static void what_is_not_shared_signs_last(void **state)
{
	struct replicas *r = *state;
	const char *first = signer_of(r, r->a, r->start_s);
	const char *later;

	assert_string_equal(signer_of(r, r->a, r->start_s + 2 * HOUR_S - MINUTE_S), first);
	later = signer_of(r, r->a, r->start_s + 2 * HOUR_S + MINUTE_S);
	assert_string_not_equal(later, first);
	assert_true(lists(r, r->a, later, r->start_s + 2 * HOUR_S));
	assert_false(lists(r, r->b, later, r->start_s + 2 * HOUR_S));
	own_keys_tend(r->a, r->start_s + 2 * HOUR_S + 2 * MINUTE_S);
	assert_true(lists(r, r->b, later, r->start_s + 2 * HOUR_S));
}

static void put_foreign(struct replicas *r, const char *id, const char *jwk)
{
	struct error err;

	assert_true(store_put_key(r->store, id, text_of(jwk), clock_calendar_ms() + 60000,
				  clock_now_ms() + 1000, &err));
}

#define POINT                                                    \
	"\"kty\":\"EC\",\"crv\":\"P-256\","                      \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static void garbage_in_the_store_is_left_out(void **state)
{
	struct replicas *r = *state;
	const char *mine = signer_of(r, r->a, r->start_s);
	const char *document;

	put_foreign(r, "1", "no JSON");
	put_foreign(r, "2", "{}");
	put_foreign(r, "3", "[1,2]");
	put_foreign(r, "4",
		    "{\"kty\":\"oct\",\"kid\":\"secret\",\"k\":\"AAAA\",\"alg\":\"HS256\"}");
	put_foreign(r, "5", "{" POINT "}");
	put_foreign(r, "6", "{" POINT ",\"kid\":\"\"}");
	put_foreign(r, "7", "{" POINT ",\"kid\":\"other-alg\",\"alg\":\"RS256\"}");
	put_foreign(r, "8",
		    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"no-point\",\"x\":\"AQ\",\"y\":"
		    "\"AQ\"}");
	put_foreign(r, "9", arena_printf(&r->h.arena, "{" POINT ",\"kid\":\"%s\"}", mine));
	put_foreign(r, "10",
		    "{" POINT ",\"kid\":\"good\",\"alg\":\"ES256\","
		    "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\",\"x5u\":\"http://x\"}");
	put_foreign(r, "11", "{" POINT ",\"kid\":\"good\"}");
	assert_int_equal(keys_in(&r->h, r->a, r->start_s), 3);
	document = jwks(&r->h, r->a, r->start_s).ptr;
	assert_non_null(strstr(document, "{" POINT ",\"kid\":\"good\",\"alg\":\"ES256\"}"));
	/* An own key is not replaced by another one of its name. */
	assert_true(verifies(&r->h, r->a, sign(&r->h, r->a, r->start_s), r->start_s));
}

static void not_more_than_there_may_be(void **state)
{
	struct replicas *r = *state;
	struct text document;

	for (int i = 0; i < STORE_MOST_KEYS + 10; i++) {
		char id[32];

		snprintf(id, sizeof id, "k%d", i);
		put_foreign(r, id, arena_printf(&r->h.arena, "{" POINT ",\"kid\":\"%s\"}", id));
	}
	document = jwks(&r->h, r->a, r->start_s);
	assert_true(document.len < 256 * 1024);
	assert_true(lists(r, r->a, signer_of(r, r->a, r->start_s), r->start_s));
	assert_non_null(json_string_at(&r->h.arena, document, "/keys/255/kid", NULL));
	assert_null(json_string_at(&r->h.arena, document, "/keys/257/kid", NULL));
}

/* ---- many threads ---- */

struct crowd {
	struct replicas *r;
	struct own_keys *keys;
	int hours;
};

static void *tend_and_sign(void *argument)
{
	struct crowd *c = argument;
	struct arena arena;
	struct error err;
	struct buf out;

	arena_init(&arena);
	for (int i = 0; i < 60; i++) {
		const struct backstage_call call = {
			.arena = &arena, .deadline_ms = clock_now_ms() + 10000, .may_wait = true};
		int64_t at_s = c->r->start_s + i * 5L * MINUTE_S;

		if (c->hours == 0)
			own_keys_tend(c->keys, at_s);
		buf_init(&out, 4096);
		assert_true(own_keys_sign(c->keys, TYPE_PLUGIN, TEXT("{}"), at_s, &out, &err));
		buf_fini(&out);
		assert_true(own_keys_jwks(c->keys, &call, at_s).len > 100);
	}
	arena_fini(&arena);
	return NULL;
}

static void many_threads_at_once(void **state)
{
	enum { THREADS = 6 };
	struct replicas *r = *state;
	struct crowd crowd[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){r, i % 2 == 0 ? r->a : r->b, i / 2};
		assert_int_equal(pthread_create(&threads[i], NULL, tend_and_sign, &crowd[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(verifies(&r->h, r->b, sign(&r->h, r->a, r->start_s + 5 * HOUR_S),
			     r->start_s + 5 * HOUR_S));
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

#define REPLICAS(test) cmocka_unit_test_setup_teardown(test, begin_replicas, end_replicas)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_replaced_and_stay_published),
		cmocka_unit_test(long_silences_do_no_harm),
		cmocka_unit_test(no_private_part_is_published),
		REPLICAS(each_has_the_keys_of_all),
		REPLICAS(a_restart_keeps_the_old_key),
		REPLICAS(a_key_is_there_before_it_signs),
		REPLICAS(a_key_that_comes_late_waits),
		REPLICAS(what_is_not_shared_signs_last),
		REPLICAS(garbage_in_the_store_is_left_out),
		REPLICAS(not_more_than_there_may_be),
		REPLICAS(many_threads_at_once),
		cmocka_unit_test(static_keys_stay_out_of_the_store),
		cmocka_unit_test(static_keys_sign_and_never_change),
		cmocka_unit_test(static_keys_that_do_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
