/* Our own keys where replicas share them: each has those of all, and no more than those. */
#include "unit/backstage/own_keys.h"

#include <pthread.h>

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

#define REPLICAS(test) cmocka_unit_test_setup_teardown(test, begin_replicas, end_replicas)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLICAS(each_has_the_keys_of_all),
		REPLICAS(a_restart_keeps_the_old_key),
		REPLICAS(a_key_is_there_before_it_signs),
		REPLICAS(a_key_that_comes_late_waits),
		REPLICAS(what_is_not_shared_signs_last),
		REPLICAS(garbage_in_the_store_is_left_out),
		REPLICAS(not_more_than_there_may_be),
		REPLICAS(many_threads_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
