/* Workers: everything taken in is done once, a full queue says so, and stopping waits for the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "app/workers.h"
#include "base/clock.h"

/* A door that work waits at until it is opened. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool open;
	atomic_uint waiting;
	atomic_uint done;
};

static void gate_init(struct gate *g)
{
	*g = (struct gate){.open = false};
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->opened, NULL);
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->opened);
	pthread_mutex_unlock(&g->lock);
}

static void gate_fini(struct gate *g)
{
	pthread_cond_destroy(&g->opened);
	pthread_mutex_destroy(&g->lock);
}

static void wait_at_gate(void *context, void *item)
{
	struct gate *g = context;

	(void)item;
	atomic_fetch_add(&g->waiting, 1);
	pthread_mutex_lock(&g->lock);
	while (!g->open)
		pthread_cond_wait(&g->opened, &g->lock);
	pthread_mutex_unlock(&g->lock);
	atomic_fetch_add(&g->done, 1);
}

static void wait_until(const atomic_uint *count, unsigned wanted)
{
	int64_t deadline = clock_now_ms() + 10000;

	while (atomic_load(count) < wanted && clock_left_ms(deadline) > 0)
		clock_sleep_ms(1);
	assert_int_equal(atomic_load(count), wanted);
}

static void a_full_queue_refuses_and_keeps_what_it_has(void **state)
{
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(2, 0, 3, wait_at_gate, &gate, &workers, &err));
	assert_true(workers_submit(workers, NULL));
	assert_true(workers_submit(workers, NULL));
	wait_until(&gate.waiting, 2);
	for (int i = 0; i < 3; i++)
		assert_true(workers_submit(workers, NULL));
	for (int i = 0; i < 3; i++)
		assert_false(workers_submit(workers, NULL));
	gate_open(&gate);
	wait_until(&gate.done, 5);
	assert_true(workers_submit(workers, NULL));
	workers_stop(workers);
	assert_int_equal(atomic_load(&gate.done), 6);
	gate_fini(&gate);
}

static void *open_later(void *argument)
{
	clock_sleep_ms(30);
	gate_open(argument);
	return NULL;
}

static void stopping_waits_for_what_is_queued(void **state)
{
	struct workers *workers;
	pthread_t opener;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(1, 0, 8, wait_at_gate, &gate, &workers, &err));
	for (int i = 0; i < 8; i++)
		assert_true(workers_submit(workers, NULL));
	assert_int_equal(pthread_create(&opener, NULL, open_later, &gate), 0);
	workers_stop(workers);
	assert_int_equal(atomic_load(&gate.done), 8);
	pthread_join(opener, NULL);
	gate_fini(&gate);
}

static void stopping_at_rest_and_stopping_nothing(void **state)
{
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	workers_stop(NULL);
	assert_true(workers_start(8, 0, 1, wait_at_gate, &gate, &workers, &err));
	workers_stop(workers);
	assert_int_equal(atomic_load(&gate.done), 0);
	gate_fini(&gate);
}

/* A queue without room takes nothing, and threads that never had work end. */
static void a_queue_of_no_length(void **state)
{
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(1, 0, 0, wait_at_gate, &gate, &workers, &err));
	assert_false(workers_submit(workers, NULL));
	workers_stop(workers);
	gate_fini(&gate);
}

/* ---- many threads at once ---- */

enum { SUBMITTERS = 4, ITEMS = 2000 };

struct crowd {
	struct workers *workers;
	atomic_uint times[SUBMITTERS * ITEMS];
	atomic_uint next;
};

static void count_item(void *context, void *item)
{
	struct crowd *crowd = context;

	(void)crowd;
	atomic_fetch_add((atomic_uint *)item, 1);
}

static void *submit_items(void *argument)
{
	struct crowd *crowd = argument;
	unsigned at;

	while ((at = atomic_fetch_add(&crowd->next, 1)) < SUBMITTERS * ITEMS)
		while (!workers_submit(crowd->workers, &crowd->times[at]))
			clock_sleep_ms(1);
	return NULL;
}

static void every_item_is_done_exactly_once(void **state)
{
	static struct crowd crowd;
	pthread_t submitters[SUBMITTERS];
	struct error err;

	(void)state;
	assert_true(workers_start(4, 0, 16, count_item, &crowd, &crowd.workers, &err));
	for (int i = 0; i < SUBMITTERS; i++)
		assert_int_equal(pthread_create(&submitters[i], NULL, submit_items, &crowd), 0);
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_join(submitters[i], NULL);
	workers_stop(crowd.workers);
	for (int i = 0; i < SUBMITTERS * ITEMS; i++)
		assert_int_equal(atomic_load(&crowd.times[i]), 1);
}

/* One worker takes them in the order they came, around the ring more than once. */
struct order {
	int seen[100];
	unsigned count;
};

static void note_item(void *context, void *item)
{
	struct order *order = context;

	order->seen[order->count++] = *(int *)item;
}

static void one_worker_keeps_the_order(void **state)
{
	struct order order = {.count = 0};
	struct workers *workers;
	struct error err;
	int items[100];

	(void)state;
	assert_true(workers_start(1, 0, 3, note_item, &order, &workers, &err));
	for (int i = 0; i < 100; i++) {
		items[i] = i;
		while (!workers_submit(workers, &items[i]))
			clock_sleep_ms(1);
	}
	workers_stop(workers);
	assert_int_equal(order.count, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(order.seen[i], i);
}

/* ---- on demand ---- */

static void each_piece_has_a_thread_up_to_the_most(void **state)
{
	struct workers *workers;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	workers = workers_start_on_demand(3, wait_at_gate, &gate);
	assert_int_equal(workers_count(workers), 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_true(workers_submit(workers, NULL));
		wait_until(&gate.waiting, i);
		assert_int_equal(workers_count(workers), i);
	}
	assert_false(workers_submit(workers, NULL));
	gate_open(&gate);
	wait_until(&gate.done, 3);
	workers_stop(workers);
	gate_fini(&gate);
}

/* All at once, before any thread had time to start. */
static void pieces_at_once_do_not_wait_for_each_other(void **state)
{
	struct workers *workers;
	struct gate gate;

	(void)state;
	for (int round = 0; round < 20; round++) {
		gate_init(&gate);
		workers = workers_start_on_demand(8, wait_at_gate, &gate);
		for (int i = 0; i < 8; i++)
			assert_true(workers_submit(workers, NULL));
		assert_false(workers_submit(workers, NULL));
		wait_until(&gate.waiting, 8);
		gate_open(&gate);
		workers_stop(workers);
		assert_int_equal(atomic_load(&gate.done), 8);
		gate_fini(&gate);
	}
}

static bool submits(struct workers *workers)
{
	int64_t deadline = clock_now_ms() + 10000;

	while (!workers_submit(workers, NULL)) {
		if (clock_left_ms(deadline) == 0)
			return false;
		clock_sleep_ms(1);
	}
	return true;
}

static void a_thread_that_is_free_takes_the_next_piece(void **state)
{
	struct workers *workers;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	gate_open(&gate);
	workers = workers_start_on_demand(2, wait_at_gate, &gate);
	for (unsigned i = 1; i <= 200; i++) {
		assert_true(submits(workers));
		wait_until(&gate.done, i);
	}
	assert_true(workers_count(workers) <= 2);
	workers_stop(workers);
	gate_fini(&gate);
}

static void threads_without_work_end_and_others_start(void **state)
{
	int64_t deadline = clock_now_ms() + 30000;
	struct workers *workers;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	gate_open(&gate);
	workers = workers_start_on_demand(4, wait_at_gate, &gate);
	for (int i = 0; i < 4; i++)
		assert_true(submits(workers));
	wait_until(&gate.done, 4);
	while (workers_count(workers) > 0 && clock_left_ms(deadline) > 0)
		clock_sleep_ms(20);
	assert_int_equal(workers_count(workers), 0);
	for (int i = 0; i < 4; i++)
		assert_true(submits(workers));
	wait_until(&gate.done, 8);
	workers_stop(workers);
	gate_fini(&gate);
}

/* ---- threads that only wait ---- */

/* Items are gates to wait at; without one it is done at once. */
static void wait_for_others(void *context, void *item)
{
	atomic_uint *done = context;

	if (item != NULL) {
		workers_begin_wait();
		wait_at_gate(item, NULL);
		workers_end_wait();
	}
	atomic_fetch_add(done, 1);
}

/* One after the other, so that each has a thread. */
static void have_waiting(struct workers *workers, void *item, atomic_uint *waiting, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		assert_true(workers_submit(workers, item));
		wait_until(waiting, i);
	}
}

static void who_only_waits_leaves_room_for_work(void **state)
{
	atomic_uint done = 0;
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(2, 6, 64, wait_for_others, &done, &workers, &err));
	have_waiting(workers, &gate, &gate.waiting, 6);
	for (int i = 0; i < 20; i++)
		assert_true(workers_submit(workers, NULL));
	wait_until(&done, 20);
	assert_true(workers_count(workers) <= 8);
	gate_open(&gate);
	wait_until(&done, 26);
	workers_stop(workers);
	gate_fini(&gate);
}

/* Each of them has work now and then all the same. */
static void as_many_as_are_not_needed_end(void **state)
{
	int64_t deadline = clock_now_ms() + 40000;
	atomic_uint done = 0;
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(1, 7, 64, wait_for_others, &done, &workers, &err));
	have_waiting(workers, &gate, &gate.waiting, 7);
	gate_open(&gate);
	wait_until(&done, 7);
	assert_true(workers_count(workers) >= 7);
	while (workers_count(workers) > 2 && clock_left_ms(deadline) > 0) {
		assert_true(workers_submit(workers, NULL));
		clock_sleep_ms(5);
	}
	assert_true(workers_count(workers) <= 2);
	workers_stop(workers);
	gate_fini(&gate);
}

/* All in the queue before anybody begins to wait. */
static void what_was_queued_before_gets_the_room_too(void **state)
{
	(void)state;
	for (int round = 0; round < 50; round++) {
		atomic_uint done = 0;
		struct workers *workers;
		struct error err;
		struct gate gate;

		gate_init(&gate);
		assert_true(workers_start(2, 8, 64, wait_for_others, &done, &workers, &err));
		for (int i = 0; i < 8; i++)
			assert_true(workers_submit(workers, &gate));
		for (int i = 0; i < 10; i++)
			assert_true(workers_submit(workers, NULL));
		wait_until(&done, 10);
		wait_until(&gate.waiting, 8);
		gate_open(&gate);
		workers_stop(workers);
		assert_int_equal(atomic_load(&done), 18);
		gate_fini(&gate);
	}
}

/* Without spare threads they hold theirs, and the queue is for the others. */
static void spare_threads_are_so_many(void **state)
{
	atomic_uint done = 0;
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(1, 2, 8, wait_for_others, &done, &workers, &err));
	for (int i = 0; i < 5; i++)
		assert_true(workers_submit(workers, &gate));
	wait_until(&gate.waiting, 3);
	clock_sleep_ms(50);
	assert_int_equal(atomic_load(&gate.waiting), 3);
	assert_int_equal(workers_count(workers), 3);
	gate_open(&gate);
	wait_until(&done, 5);
	workers_stop(workers);
	gate_fini(&gate);
}

struct at_once {
	struct gate gate;
	atomic_uint now;
	atomic_uint most;
	atomic_uint done;
};

/* Waits together with the others; how many are at work afterwards? */
static void work_after_waiting(void *context, void *item)
{
	struct at_once *seen = context;
	unsigned now;

	if (item != NULL) {
		workers_begin_wait();
		wait_at_gate(&seen->gate, NULL);
		workers_end_wait();
		atomic_fetch_add(&seen->done, 1);
		return;
	}
	now = atomic_fetch_add(&seen->now, 1) + 1;
	for (unsigned most = atomic_load(&seen->most);
	     now > most && !atomic_compare_exchange_weak(&seen->most, &most, now);)
		;
	clock_sleep_ms(1);
	atomic_fetch_sub(&seen->now, 1);
	atomic_fetch_add(&seen->done, 1);
}

static void afterwards_no_more_work_than_usual(void **state)
{
	static struct at_once seen;
	struct workers *workers;
	struct error err;

	(void)state;
	gate_init(&seen.gate);
	assert_true(workers_start(2, 10, 256, work_after_waiting, &seen, &workers, &err));
	have_waiting(workers, &seen, &seen.gate.waiting, 10);
	gate_open(&seen.gate);
	wait_until(&seen.done, 10);
	for (int i = 0; i < 200; i++)
		assert_true(workers_submit(workers, NULL));
	wait_until(&seen.done, 210);
	assert_true(atomic_load(&seen.most) <= 2);
	workers_stop(workers);
	gate_fini(&seen.gate);
}

static void spare_threads_end(void **state)
{
	int64_t deadline = clock_now_ms() + 30000;
	atomic_uint done = 0;
	struct workers *workers;
	struct error err;
	struct gate gate;

	(void)state;
	gate_init(&gate);
	assert_true(workers_start(2, 4, 8, wait_for_others, &done, &workers, &err));
	have_waiting(workers, &gate, &gate.waiting, 5);
	assert_int_equal(workers_count(workers), 5);
	gate_open(&gate);
	wait_until(&done, 5);
	while (workers_count(workers) > 2 && clock_left_ms(deadline) > 0)
		clock_sleep_ms(20);
	assert_int_equal(workers_count(workers), 2);
	workers_stop(workers);
	gate_fini(&gate);
}

static void other_threads_may_say_so_too(void **state)
{
	(void)state;
	workers_begin_wait();
	workers_end_wait();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_refuses_and_keeps_what_it_has),
		cmocka_unit_test(stopping_waits_for_what_is_queued),
		cmocka_unit_test(stopping_at_rest_and_stopping_nothing),
		cmocka_unit_test(a_queue_of_no_length),
		cmocka_unit_test(every_item_is_done_exactly_once),
		cmocka_unit_test(one_worker_keeps_the_order),
		cmocka_unit_test(each_piece_has_a_thread_up_to_the_most),
		cmocka_unit_test(pieces_at_once_do_not_wait_for_each_other),
		cmocka_unit_test(a_thread_that_is_free_takes_the_next_piece),
		cmocka_unit_test(threads_without_work_end_and_others_start),
		cmocka_unit_test(who_only_waits_leaves_room_for_work),
		cmocka_unit_test(as_many_as_are_not_needed_end),
		cmocka_unit_test(what_was_queued_before_gets_the_room_too),
		cmocka_unit_test(spare_threads_are_so_many),
		cmocka_unit_test(afterwards_no_more_work_than_usual),
		cmocka_unit_test(spare_threads_end),
		cmocka_unit_test(other_threads_may_say_so_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
