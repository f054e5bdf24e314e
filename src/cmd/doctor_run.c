/*
 * Runs the checks: a thread each, several at once, so that one that hangs stops no other. What a
 * check waits for ends by its deadline, but for what libraries do by their own clocks, such as
 * looking up a name; a thread that is late is left to itself, and touches nothing that others read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/doctor.h"

enum {
	AT_ONCE = 16,
	LATE_MS = 2000, /* over its deadline */
};

struct doctor_run {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct doctor_tasks *tasks;
	int64_t end_ms; /* of everything */
	size_t running;
	size_t told;    /* tasks, from the first on */
	size_t holders; /* who waits for all of them, and threads that were given up */
};

/* Under the lock, which it gives back. The last one takes all away. */
static void let_go(struct doctor_run *run)
{
	bool last = --run->holders == 0;

	pthread_mutex_unlock(&run->lock);
	if (!last)
		return;
	pthread_cond_destroy(&run->changed);
	pthread_mutex_destroy(&run->lock);
	free(run);
}

/* ---- one task; under the lock ---- */

static void end_task(struct doctor_task *t, const struct doctor_finding *finding)
{
	t->finding = *finding;
	t->state = DOCTOR_ENDED;
	if (t->blocked_by == NULL && finding->status == DOCTOR_FAULT)
		t->blocked_by = t->check->name;
}

static void skip_task(struct doctor_task *t, const char *why)
{
	const struct doctor_finding finding = {.status = DOCTOR_SKIPPED, .summary = why};

	end_task(t, &finding);
}

static void *run_task(void *context)
{
	struct doctor_task *t = context;
	struct doctor_run *run = t->run;

	t->check->run(t);
	pthread_mutex_lock(&run->lock);
	if (t->given_up) {
		let_go(run);
		return NULL;
	}
	end_task(t, &t->found);
	run->running--;
	pthread_cond_signal(&run->changed);
	pthread_mutex_unlock(&run->lock);
	return NULL;
}

static void start_task(struct doctor_run *run, struct doctor_task *t)
{
	int64_t now_ms = clock_now_ms();

	t->deadline_ms = now_ms + t->check->patience_ms;
	if (t->deadline_ms > run->end_ms)
		t->deadline_ms = run->end_ms;
	t->give_up_ms = t->deadline_ms + LATE_MS;
	t->state = DOCTOR_RUNNING;
	run->running++;
	t->started = pthread_create(&t->thread, NULL, run_task, t) == 0;
	if (!t->started) {
		run->running--;
		skip_task(t, "there is no thread for it");
	}
}

/* The task of the row that it comes after: that of its own environment, if it has one. */
static struct doctor_task *task_before(const struct doctor_run *run, const struct doctor_task *t)
{
	for (size_t i = 0; t->check->after != NULL && i < run->tasks->count; i++) {
		struct doctor_task *other = &run->tasks->items[i];

		if (strcmp(other->check->name, t->check->after) == 0 &&
		    (other->environment == NULL || other->environment == t->environment))
			return other;
	}
	return NULL;
}

static void begin_task(struct doctor_run *run, struct doctor_task *t)
{
	const struct doctor_task *before = task_before(run, t);
	const char *lacks = doctor_lacks(t->doctor, t->check->needs);

	if (before != NULL && before->state != DOCTOR_ENDED)
		return;
	if (before != NULL && before->blocked_by != NULL) {
		t->blocked_by = before->blocked_by;
		skip_task(t, arena_printf(&t->arena, "not looked at, as %s is a fault",
					  t->blocked_by));
	} else if (lacks != NULL) {
		skip_task(t, lacks);
	} else if (clock_left_ms(run->end_ms) == 0) {
		skip_task(t, "the time for all checks was over");
	} else if (run->running < AT_ONCE) {
		start_task(run, t);
	}
}

static void give_up_task(struct doctor_run *run, struct doctor_task *t)
{
	/* Not in the arena of a thread that still runs. */
	const struct doctor_finding finding = {
		.status = DOCTOR_FAULT,
		.summary = "no end in the time that the check has",
		.tried = t->check->asks,
		.answer = "nothing",
		.advice = "look whether a firewall drops packets, and at the name servers",
	};

	t->given_up = true;
	run->running--;
	run->holders++;
	end_task(t, &finding);
}

/* ---- all of them ---- */

/* Under the lock. When there is something to do at the latest. */
static int64_t next_ms(const struct doctor_run *run)
{
	int64_t at_ms = INT64_MAX;

	for (size_t i = 0; i < run->tasks->count; i++) {
		const struct doctor_task *t = &run->tasks->items[i];

		if (t->state == DOCTOR_RUNNING && t->give_up_ms < at_ms)
			at_ms = t->give_up_ms;
	}
	return at_ms;
}

/* What has ended may let others begin, or skip, which may let others. */
static void move_on(struct doctor_run *run)
{
	bool ended;

	do {
		ended = false;
		for (size_t i = 0; i < run->tasks->count; i++) {
			struct doctor_task *t = &run->tasks->items[i];

			if (t->state == DOCTOR_WAITING)
				begin_task(run, t);
			else if (t->state == DOCTOR_RUNNING && clock_left_ms(t->give_up_ms) == 0)
				give_up_task(run, t);
			else
				continue;
			ended = ended || t->state == DOCTOR_ENDED;
		}
	} while (ended);
}

/* Nobody changes a task that has ended, so it is told without the lock. */
static void tell(struct doctor_run *run, doctor_ended_fn *ended, void *context)
{
	while (run->told < run->tasks->count &&
	       run->tasks->items[run->told].state == DOCTOR_ENDED) {
		const struct doctor_task *t = &run->tasks->items[run->told++];

		pthread_mutex_unlock(&run->lock);
		ended(context, t);
		pthread_mutex_lock(&run->lock);
	}
}

/* True: all threads have ended. */
static bool join_all(const struct doctor_tasks *tasks)
{
	bool all_gone = true;

	for (size_t i = 0; i < tasks->count; i++) {
		struct doctor_task *t = &tasks->items[i];

		if (t->started && t->given_up)
			pthread_detach(t->thread);
		else if (t->started)
			pthread_join(t->thread, NULL);
		all_gone = all_gone && !t->given_up;
	}
	return all_gone;
}

bool doctor_run_all(struct doctor_tasks *tasks, doctor_ended_fn *ended, void *context)
{
	/* Lives as long as the threads that may be left over. */
	struct doctor_run *run = heap_alloc(sizeof *run);
	bool all_gone;

	*run = (struct doctor_run){
		.tasks = tasks, .end_ms = clock_now_ms() + DOCTOR_ALL_MS, .holders = 1};
	pthread_mutex_init(&run->lock, NULL);
	clock_cond_init(&run->changed);
	for (size_t i = 0; i < tasks->count; i++)
		tasks->items[i].run = run;
	pthread_mutex_lock(&run->lock);
	for (;;) {
		move_on(run);
		tell(run, ended, context);
		if (run->told == tasks->count)
			break;
		if (run->running > 0)
			(void)clock_cond_wait(&run->changed, &run->lock, next_ms(run));
	}
	pthread_mutex_unlock(&run->lock);
	all_gone = join_all(tasks);
	pthread_mutex_lock(&run->lock);
	let_go(run);
	return all_gone;
}
