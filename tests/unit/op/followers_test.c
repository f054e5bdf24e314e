/* Those who follow: all who are there are ended, and who comes later, too; from many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "base/clock.h"
#include "op/follow.h"

enum { THREADS = 8, ROUNDS = 500 };

static struct followers *followers;
static atomic_uint entered;

static void closing_ends_who_is_there_and_who_comes(void **state)
{
	struct followers_place places[3] = {{.link = NULL}};
	struct http_cancel *cancels[4];

	(void)state;
	followers = followers_new();
	for (size_t i = 0; i < 4; i++)
		cancels[i] = http_cancel_new();
	for (size_t i = 0; i < 3; i++)
		followers_enter(followers, &places[i], cancels[i]);
	followers_leave(followers, &places[1]);
	followers_leave(followers, &places[1]);
	assert_false(followers_are_closing(followers));
	followers_close(followers);
	followers_close(followers);
	assert_true(followers_are_closing(followers));
	assert_true(http_cancelled(cancels[0]));
	assert_false(http_cancelled(cancels[1]));
	assert_true(http_cancelled(cancels[2]));
	followers_enter(followers, &places[1], cancels[3]);
	assert_true(http_cancelled(cancels[3]));
	for (size_t i = 0; i < 3; i++)
		followers_leave(followers, &places[i]);
	for (size_t i = 0; i < 4; i++)
		http_cancel_free(cancels[i]);
	followers_free(followers);
}

/* Whoever has been told nothing yet is not turned away. */
static void renewing_ends_those_who_have_been_told_something(void **state)
{
	struct followers_place places[3] = {{.link = NULL}};
	struct http_cancel *cancels[3];

	(void)state;
	followers = followers_new();
	for (size_t i = 0; i < 3; i++)
		cancels[i] = http_cancel_new();
	followers_enter(followers, &places[0], cancels[0]);
	followers_enter(followers, &places[1], cancels[1]);
	followers_begun(followers, &places[0]);
	assert_false(http_cancelled(cancels[0]));
	followers_renew(followers);
	assert_true(followers_are_closing(followers));
	assert_true(http_cancelled(cancels[0]));
	assert_false(http_cancelled(cancels[1]));
	followers_enter(followers, &places[2], cancels[2]);
	assert_false(http_cancelled(cancels[2]));
	followers_begun(followers, &places[1]);
	assert_true(http_cancelled(cancels[1]));
	followers_close(followers);
	assert_true(http_cancelled(cancels[2]));
	for (size_t i = 0; i < 3; i++) {
		followers_leave(followers, &places[i]);
		followers_begun(followers, &places[i]);
		http_cancel_free(cancels[i]);
	}
	followers_free(followers);
}

static void without_a_service_nobody_is_counted(void **state)
{
	struct followers_place place = {.link = NULL};
	struct http_cancel *cancel = http_cancel_new();

	(void)state;
	assert_false(followers_are_closing(NULL));
	followers_enter(NULL, &place, cancel);
	followers_begun(NULL, &place);
	followers_leave(NULL, &place);
	followers_free(NULL);
	http_cancel_free(cancel);
}

static void *come_and_go(void *context)
{
	bool *closed = context;

	for (int i = 0; i < ROUNDS && !*closed; i++) {
		struct followers_place place = {.link = NULL};
		struct http_cancel *cancel = http_cancel_new();

		followers_enter(followers, &place, cancel);
		atomic_fetch_add(&entered, 1);
		*closed = http_cancelled(cancel) || followers_are_closing(followers);
		followers_leave(followers, &place);
		http_cancel_free(cancel);
	}
	return NULL;
}

static void many_come_and_go_while_it_closes(void **state)
{
	bool closed[THREADS] = {false};
	pthread_t threads[THREADS];

	(void)state;
	followers = followers_new();
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &closed[i]), 0);
	while (atomic_load(&entered) < THREADS * 10)
		clock_sleep_ms(1);
	followers_close(followers);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	followers_free(followers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_ends_who_is_there_and_who_comes),
		cmocka_unit_test(renewing_ends_those_who_have_been_told_something),
		cmocka_unit_test(without_a_service_nobody_is_counted),
		cmocka_unit_test(many_come_and_go_while_it_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
