/* How checks run: beside each other, one after another where a row says so, and without those that
 * do not end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/doctor.h"

enum { MOST = 64, PATIENCE_MS = 20 * 1000 };

struct world {
	struct config config;
	struct config_environment environments[2];
	struct doctor doctor;
	struct doctor_task items[MOST];
	struct doctor_tasks tasks;
	size_t told;
	bool in_order;
};

static int set_up(void **state)
{
	struct world *w = heap_alloc(sizeof *w);

	*w = (struct world){.in_order = true};
	w->doctor.config = &w->config;
	w->tasks.items = w->items;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < w->tasks.count; i++)
		arena_fini(&w->items[i].arena);
	free(w);
	return 0;
}

static void add(struct world *w, const struct doctor_check *check,
		const struct config_environment *environment)
{
	struct doctor_task *t = &w->items[w->tasks.count++];

	*t = (struct doctor_task){.check = check, .doctor = &w->doctor, .environment = environment};
	arena_init(&t->arena);
}

static void told(void *context, const struct doctor_task *task)
{
	struct world *w = context;

	w->in_order = w->in_order && task == &w->items[w->told];
	w->told++;
}

static bool run(struct world *w)
{
	bool all_gone = doctor_run_all(&w->tasks, told, w);

	assert_int_equal(w->told, w->tasks.count);
	assert_true(w->in_order);
	return all_gone;
}

static void assert_found(const struct world *w, size_t at, enum doctor_status status,
			 const char *summary)
{
	assert_int_equal(w->items[at].state, DOCTOR_ENDED);
	assert_int_equal(w->items[at].finding.status, status);
	assert_string_equal(w->items[at].finding.summary, summary);
}

static void is_fine(struct doctor_task *t)
{
	doctor_ok(t, "fine");
}

static void is_faulty(struct doctor_task *t)
{
	doctor_fault(t, "broken");
}

static const struct doctor_check good = {
	.name = "good", .patience_ms = PATIENCE_MS, .run = is_fine};
static const struct doctor_check bad = {
	.name = "bad", .patience_ms = PATIENCE_MS, .run = is_faulty};
static const struct doctor_check second = {
	.name = "second", .after = "bad", .patience_ms = PATIENCE_MS, .run = is_fine};
static const struct doctor_check third = {
	.name = "third", .after = "second", .patience_ms = PATIENCE_MS, .run = is_fine};
static const struct doctor_check needy = {.name = "needy",
					  .after = "good",
					  .needs = DOCTOR_NEEDS_BACKSTAGE,
					  .patience_ms = PATIENCE_MS,
					  .run = is_fine};
static const struct doctor_check after_needy = {
	.name = "after-needy", .after = "needy", .patience_ms = PATIENCE_MS, .run = is_fine};

static void what_comes_after_a_fault_is_skipped(void **state)
{
	struct world *w = *state;

	add(w, &good, NULL);
	add(w, &bad, NULL);
	add(w, &second, NULL);
	add(w, &third, NULL);
	assert_true(run(w));
	assert_found(w, 0, DOCTOR_OK, "fine");
	assert_found(w, 1, DOCTOR_FAULT, "broken");
	assert_found(w, 2, DOCTOR_SKIPPED, "not looked at, as bad is a fault");
	assert_found(w, 3, DOCTOR_SKIPPED, "not looked at, as bad is a fault");
	assert_int_equal(doctor_worst(&w->tasks), DOCTOR_FAULT);
}

static void what_is_not_asked_for_stops_nothing(void **state)
{
	struct world *w = *state;

	add(w, &third, NULL);
	assert_true(run(w));
	assert_found(w, 0, DOCTOR_OK, "fine");
	assert_int_equal(doctor_worst(&w->tasks), DOCTOR_OK);
}

/* Other than a fault, a need that is not met says nothing about what comes after. */
static void what_lacks_something_is_skipped_alone(void **state)
{
	struct world *w = *state;

	add(w, &good, NULL);
	add(w, &needy, NULL);
	add(w, &after_needy, NULL);
	assert_true(run(w));
	assert_int_equal(w->items[1].finding.status, DOCTOR_SKIPPED);
	assert_found(w, 2, DOCTOR_OK, "fine");
}

static void faulty_in_the_second(struct doctor_task *t)
{
	if (t->environment->name != NULL)
		doctor_fault(t, "broken");
	else
		doctor_ok(t, "fine");
}

static void an_environment_stops_no_other(void **state)
{
	static const struct doctor_check first = {.name = "bad",
						  .group = DOCTOR_PALETTE,
						  .patience_ms = PATIENCE_MS,
						  .run = faulty_in_the_second};
	struct world *w = *state;

	w->environments[1].name = "two";
	for (size_t i = 0; i < 2; i++) {
		add(w, &first, &w->environments[i]);
		add(w, &second, &w->environments[i]);
	}
	assert_true(run(w));
	assert_found(w, 1, DOCTOR_OK, "fine");
	assert_found(w, 3, DOCTOR_SKIPPED, "not looked at, as bad is a fault");
}

/* ---- at the same time ---- */

static atomic_int waiting;

static void waits_for_the_other(struct doctor_task *t)
{
	atomic_fetch_add(&waiting, 1);
	while (atomic_load(&waiting) < 2 && clock_left_ms(t->deadline_ms) > 0)
		clock_sleep_ms(1);
	if (atomic_load(&waiting) < 2)
		doctor_fault(t, "alone");
	else
		doctor_ok(t, "fine");
}

static void they_run_beside_each_other(void **state)
{
	static const struct doctor_check meets = {
		.name = "meets", .patience_ms = PATIENCE_MS, .run = waits_for_the_other};
	struct world *w = *state;

	atomic_store(&waiting, 0);
	add(w, &meets, NULL);
	add(w, &meets, NULL);
	assert_true(run(w));
	assert_found(w, 0, DOCTOR_OK, "fine");
	assert_found(w, 1, DOCTOR_OK, "fine");
}

static void many_end(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < MOST; i++)
		add(w, &good, NULL);
	assert_true(run(w));
	for (size_t i = 0; i < MOST; i++)
		assert_found(w, i, DOCTOR_OK, "fine");
}

/* ---- what does not end ---- */

static atomic_bool may_end;
static atomic_bool has_ended;

static void hangs(struct doctor_task *t)
{
	while (!atomic_load(&may_end))
		clock_sleep_ms(5);
	doctor_ok(t, "at last");
	atomic_store(&has_ended, true);
}

static void one_that_hangs_is_given_up(void **state)
{
	static const struct doctor_check hanging = {
		.name = "bad", .asks = "waits", .patience_ms = 20, .run = hangs};
	struct world *w = *state;

	atomic_store(&may_end, false);
	atomic_store(&has_ended, false);
	add(w, &hanging, NULL);
	add(w, &good, NULL);
	add(w, &second, NULL);
	assert_false(run(w));
	assert_found(w, 0, DOCTOR_FAULT, "no end in the time that the check has");
	assert_found(w, 1, DOCTOR_OK, "fine");
	assert_found(w, 2, DOCTOR_SKIPPED, "not looked at, as bad is a fault");
	/* What it finds afterwards is nobody's business any more. */
	atomic_store(&may_end, true);
	while (!atomic_load(&has_ended))
		clock_sleep_ms(1);
	clock_sleep_ms(50);
	assert_found(w, 0, DOCTOR_FAULT, "no end in the time that the check has");
}

#define checks_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		checks_test(what_comes_after_a_fault_is_skipped),
		checks_test(what_is_not_asked_for_stops_nothing),
		checks_test(what_lacks_something_is_skipped_alone),
		checks_test(an_environment_stops_no_other),
		checks_test(they_run_beside_each_other),
		checks_test(many_end),
		checks_test(one_that_hangs_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
