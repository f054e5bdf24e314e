/* Generations: who took one keeps it, whatever replaces it; each is closed once, when nobody holds
 * it; and all of that while threads take and drop them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "app/generation.h"
#include "backstage/backstage.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

enum { THREADS = 4, ROUNDS = 20, TAKES = 2000 };

struct scene {
	struct config *config;
	struct store *store;
	struct op_life *life;
	struct rest_queues queues;
	struct generation_base base;
	struct generations *all;
	atomic_uint ended;
	atomic_bool over;
};

static struct config *load(const char *override)
{
	const char *const overrides[] = {"spectrocloud.environments.0.url=https://palette.test",
					 "spectrocloud.environments.0.tenant=tests",
					 "spectrocloud.environments.0.apiToken=token-of-tests",
					 override};
	const struct config_options options = {.files = (const char *const[]){"/dev/null"},
					       .file_count = 1,
					       .overrides = overrides,
					       .override_count = override == NULL ? 3 : 4};
	struct config *config = NULL;
	struct error err;

	if (!config_load(&options, &config, NULL, NULL, &err))
		fail_msg("%s", err.message);
	return config;
}

static void count_ended(void *context)
{
	struct scene *s = context;

	atomic_fetch_add(&s->ended, 1);
}

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct generation *first;
	struct error err;

	assert_non_null(s);
	log_open(LOG_OFF, LOG_TEXT);
	s->config = load(NULL);
	assert_true(store_open(s->config, &s->store, &err));
	s->life = op_life_new();
	s->base = (struct generation_base){.store = s->store,
					   .hosts = palette_hosts_new(NULL),
					   .life = s->life,
					   .queues = &s->queues};
	assert_true(generation_open(&s->base, s->config, NULL, &first, &err));
	s->all = generations_new(first);
	generations_on_end(s->all, count_ended, s);
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	generations_close(s->all);
	generations_close(NULL);
	generation_close(NULL);
	palette_hosts_free(s->base.hosts);
	store_close(s->store);
	op_life_free(s->life);
	config_free(s->config);
	free(s);
	return 0;
}

static struct generation *replace(struct scene *s, const char *override)
{
	struct generation *before = generations_take(s->all);
	struct config *config = load(override);
	struct generation *next;
	struct error err;

	assert_true(generation_open(&s->base, config, before, &next, &err));
	generation_own(next, config);
	assert_true(generations_replace(s->all, next));
	generation_drop(before);
	return next;
}

static unsigned close_ended(struct scene *s)
{
	unsigned count = 0;
	struct generation *g;

	while ((g = generations_take_ended(s->all)) != NULL) {
		generation_close(g);
		count++;
	}
	return count;
}

static void who_took_one_keeps_it(void **state)
{
	struct scene *s = *state;
	struct generation *one = generations_take(s->all);
	struct generation *two = replace(s, "spectrocloud.server.requestTimeout=7s");
	struct generation *now = generations_take(s->all);

	assert_ptr_equal(now, two);
	assert_int_equal(now->config->request_timeout_ms, 7000);
	assert_int_equal(one->config->request_timeout_ms, 60000);
	assert_ptr_equal(generation_of(&one->rest), one);
	assert_int_equal(generations_waiting(s->all), 1);
	assert_int_equal(close_ended(s), 0);
	generation_drop(now);
	assert_int_equal(atomic_load(&s->ended), 0);
	generation_drop(one);
	assert_int_equal(atomic_load(&s->ended), 1);
	assert_int_equal(generations_waiting(s->all), 0);
	assert_int_equal(close_ended(s), 1);
	assert_int_equal(close_ended(s), 0);
}

static void one_that_nobody_holds_ends_at_once(void **state)
{
	struct scene *s = *state;

	replace(s, NULL);
	assert_int_equal(close_ended(s), 1);
}

/* What was signed before must be good, and what is signed from now on be known to those who asked
 * for our keys before. */
static void our_keys_go_on(void **state)
{
	struct scene *s = *state;
	struct generation *g = generations_take(s->all);
	struct backstage_call call = {.deadline_ms = clock_now_ms() + 10000, .may_wait = true};
	struct arena arena;
	struct text before;

	arena_init(&arena);
	call.arena = &arena;
	before = backstage_jwks(g->backstage, &call);
	generation_drop(g);
	replace(s, NULL);
	assert_int_equal(close_ended(s), 1);
	g = generations_take(s->all);
	assert_true(text_equal(backstage_jwks(g->backstage, &call), before));
	generation_drop(g);
	arena_fini(&arena);
}

static void followers_of_the_old_one_are_told(void **state)
{
	struct scene *s = *state;
	struct generation *old = generations_take(s->all);
	struct generation *next = replace(s, NULL);

	assert_true(followers_are_closing(old->followers));
	assert_false(followers_are_closing(next->followers));
	generation_drop(old);
	generations_leave(s->all);
	assert_true(followers_are_closing(next->followers));
}

static void none_is_replaced_once_the_service_stops(void **state)
{
	struct scene *s = *state;
	struct generation *before = generations_take(s->all);
	struct generation *next;
	struct error err;

	generations_leave(s->all);
	assert_true(generation_open(&s->base, s->config, before, &next, &err));
	assert_false(generations_replace(s->all, next));
	generation_close(next);
	generation_drop(before);
	assert_int_equal(close_ended(s), 0);
}

/* ---- many threads ---- */

static void *take_and_drop(void *argument)
{
	struct scene *s = argument;
	bool whole = true;

	for (unsigned i = 0; i < TAKES || !atomic_load(&s->over); i++) {
		struct generation *g = generations_take(s->all);

		whole = whole && g->services.config == g->config &&
			g->rest.services == &g->services;
		generation_drop(g);
	}
	return whole ? s : NULL;
}

static void none_is_closed_while_somebody_holds_it(void **state)
{
	struct scene *s = *state;
	pthread_t threads[THREADS];
	unsigned closed = 0;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_drop, s), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		char override[64];

		snprintf(override, sizeof override, "spectrocloud.server.requestTimeout=%ums",
			 1000 + i);
		replace(s, override);
		closed += close_ended(s);
	}
	atomic_store(&s->over, true);
	for (size_t i = 0; i < THREADS; i++) {
		void *whole;

		pthread_join(threads[i], &whole);
		assert_non_null(whole);
	}
	closed += close_ended(s);
	assert_int_equal(closed, ROUNDS);
	assert_int_equal(generations_waiting(s->all), 0);
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(who_took_one_keeps_it),
		scene_test(one_that_nobody_holds_ends_at_once),
		scene_test(our_keys_go_on),
		scene_test(followers_of_the_old_one_are_told),
		scene_test(none_is_replaced_once_the_service_stops),
		scene_test(none_is_closed_while_somebody_holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
