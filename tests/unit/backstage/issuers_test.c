/* Whose keys verify a token: when they are fetched, and when not; and all of it from many threads
 * while the keys change. */
#include "unit/backstage/host.h"

#include <pthread.h>

static const char url[] = "http://backstage.test/api/relay/.backstage/auth/v1/jwks.json";

static enum issuer_verdict verify_at(struct host *h, const char *at, struct text compact)
{
	struct jose_token token;
	struct error err;

	assert_true(jose_token_read(&h->arena, compact, &token, &err));
	return issuers_verify(h->b->issuers, &(struct issuer_address){.name = at, .url = at},
			      &token, clock_now_ms() + 2000);
}

static struct text signed_by(struct host *h, const struct jose_key *key)
{
	return host_sign(h, key, TYPE_PLUGIN, "{'sub':'relay'}");
}

static void a_set_is_fetched_once(void **state)
{
	struct host *h = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	assert_int_equal(h->http.count, 1);
	assert_true(h->http.requests[0].max_bytes <= 256 * 1024);
}

/* Ten times a minute an unknown key is a reason to look again. */
static void forced_fetches_have_a_budget(void **state)
{
	struct host *h = *state;

	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	for (int i = 0; i < 30; i++) {
		struct jose_key *unknown;
		struct error err;

		assert_true(jose_key_generate(&unknown, &err));
		/* After that it is not said that the key is unknown: it may be new. */
		assert_int_equal(verify_at(h, url, signed_by(h, unknown)),
				 i < 10 ? ISSUER_REFUSED : ISSUER_BUSY);
		jose_key_free(unknown);
	}
	assert_int_equal(h->http.count, 11);
	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
}

static void a_new_key_is_found(void **state)
{
	struct host *h = *state;
	struct jose_key *first = h->plugin_key;
	struct error err;

	assert_int_equal(verify_at(h, url, signed_by(h, first)), ISSUER_GOOD);
	assert_true(jose_key_generate(&h->plugin_key, &err));
	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	assert_int_equal(h->http.count, 2);
	/* And the old one is gone with its set. */
	assert_int_equal(verify_at(h, url, signed_by(h, first)), ISSUER_REFUSED);
	jose_key_free(first);
}

/* A fetch that fails does not take away the keys that are there. */
static void a_failed_reload_harms_nobody(void **state)
{
	struct host *h = *state;
	struct jose_key *unknown;
	struct error err;

	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	assert_true(jose_key_generate(&unknown, &err));
	h->keys_status = 500;
	assert_int_equal(verify_at(h, url, signed_by(h, unknown)), ISSUER_REFUSED);
	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	jose_key_free(unknown);
}

static void what_is_no_key_set(void **state)
{
	static const char *const bodies[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"keys\":{}}",
		"<html>",
		"{\"keys\":[}",
		"{\"keys\":[1,null]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct host h;

		host_open(&h);
		host_start(&h);
		h.keys_body = bodies[i];
		assert_int_not_equal(verify_at(&h, url, signed_by(&h, h.plugin_key)), ISSUER_GOOD);
		host_close(&h);
	}
}

static void statuses(void **state)
{
	static const struct {
		int status;
		enum issuer_verdict verdict;
	} cases[] = {
		{404, ISSUER_NO_ENDPOINT},
		{500, ISSUER_UNREACHABLE},
		{302, ISSUER_UNREACHABLE},
		{0, ISSUER_UNREACHABLE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host h;

		host_open(&h);
		host_start(&h);
		h.keys_status = cases[i].status;
		assert_int_equal(verify_at(&h, url, signed_by(&h, h.plugin_key)), cases[i].verdict);
		host_close(&h);
	}
}

/* Who names ever new plugins makes us ask for few of them, and harms none that is known. */
static void strangers_have_a_budget(void **state)
{
	struct host *h = *state;

	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	for (int i = 0; i < 500; i++) {
		const char *other = arena_printf(
			&h->arena, "http://backstage.test/api/missing/%d/jwks.json", i);

		assert_int_not_equal(verify_at(h, other, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	}
	assert_int_equal(h->http.count, 20);
	assert_int_equal(verify_at(h, url, signed_by(h, h->plugin_key)), ISSUER_GOOD);
	assert_int_equal(h->http.count, 20);
}

/* ---- many at once ---- */

enum { THREADS = 8, ROUNDS = 60 };

struct load {
	struct host *h;
	struct text good[2]; /* by either key */
	atomic_int refused;
	atomic_bool over;
};

/* Under rotation a token of the key that is published is good; the other one may be. */
static void *verify_many(void *argument)
{
	const struct issuer_address relay = {.name = url, .url = url};
	struct load *load = argument;

	for (int i = 0; i < ROUNDS; i++) {
		struct arena arena;
		struct jose_token token;
		struct error err;

		arena_init(&arena);
		if (!jose_token_read(&arena, load->good[i % 2], &token, &err) ||
		    issuers_verify(load->h->b->issuers, &relay, &token, clock_now_ms() + 2000) !=
			    ISSUER_GOOD)
			atomic_fetch_add(&load->refused, 1);
		arena_fini(&arena);
	}
	return NULL;
}

static void *rotate(void *argument)
{
	struct load *load = argument;
	struct jose_key *keys[2] = {load->h->plugin_key, load->h->published};

	for (int i = 0; !atomic_load(&load->over); i++) {
		pthread_mutex_lock(&load->h->http.lock);
		load->h->plugin_key = keys[i % 2];
		pthread_mutex_unlock(&load->h->http.lock);
		clock_sleep_ms(1);
	}
	pthread_mutex_lock(&load->h->http.lock);
	load->h->plugin_key = keys[0];
	pthread_mutex_unlock(&load->h->http.lock);
	return NULL;
}

static void many_threads_and_a_rotation(void **state)
{
	struct host *h = *state;
	struct load load = {.h = h};
	pthread_t threads[THREADS];
	pthread_t rotation;

	load.good[0] = signed_by(h, h->plugin_key);
	load.good[1] = signed_by(h, h->published);
	pthread_create(&rotation, NULL, rotate, &load);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, verify_many, &load);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&load.over, true);
	pthread_join(rotation, NULL);
	/* One fetch, and what the budget allows; half of the tokens have the key of either. */
	assert_true(h->http.count >= 1 && h->http.count <= 11);
	assert_true(atomic_load(&load.refused) < THREADS * ROUNDS);
}

static void one_flight_at_a_time(void **state)
{
	struct host *h = *state;
	struct load load = {.h = h};
	pthread_t threads[THREADS];

	h->answer_ms = 50;
	load.good[0] = load.good[1] = signed_by(h, h->plugin_key);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, verify_many, &load);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&load.refused), 0);
	assert_int_equal(h->http.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_set_is_fetched_once, host_begin, host_end),
		cmocka_unit_test_setup_teardown(forced_fetches_have_a_budget, host_begin, host_end),
		cmocka_unit_test_setup_teardown(a_new_key_is_found, host_begin, host_end),
		cmocka_unit_test_setup_teardown(a_failed_reload_harms_nobody, host_begin, host_end),
		cmocka_unit_test(what_is_no_key_set),
		cmocka_unit_test(statuses),
		cmocka_unit_test_setup_teardown(strangers_have_a_budget, host_begin, host_end),
		cmocka_unit_test_setup_teardown(many_threads_and_a_rotation, host_begin, host_end),
		cmocka_unit_test_setup_teardown(one_flight_at_a_time, host_begin, host_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
