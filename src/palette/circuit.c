/*
 * A count of failures while it is closed; a time until which nothing is sent while it is open. It
 * becomes half-open by that time's passing, so no thread has to see to it.
 */
#include "palette/circuit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "palette/fetch.h"
#include "telemetry/metrics.h"

enum {
	MOST_DOUBLINGS = 6,
	JITTER_PARTS = 4, /* up to one of these more, so that replicas do not probe together */
	PROBED_S = 1,     /* when to ask again while it is half-open */
};

struct circuit {
	pthread_mutex_t lock; /* guards all below */
	char *environment;    /* owned */
	unsigned most_failures;
	int64_t pause_ms;

	uint64_t era;
	unsigned failures;
	uint64_t failed_question; /* the first of these failures */
	bool several;             /* another one has failed, too, or one about the whole */
	bool open;
	bool probing;
	unsigned failed_probes;
	uint64_t failed_probe; /* what the last one asked */
	int64_t until_ms;      /* of the steady clock: when it becomes half-open */
	int64_t opened_ms;     /* of the calendar */
};

struct circuit *circuit_new(const char *environment)
{
	struct circuit *c = heap_alloc(sizeof *c);

	*c = (struct circuit){.environment = heap_copy(text_of(environment))};
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void circuit_free(struct circuit *circuit)
{
	if (circuit == NULL)
		return;
	pthread_mutex_destroy(&circuit->lock);
	free(circuit->environment);
	free(circuit);
}

/* ---- from one state to another; under the lock ---- */

static int64_t with_jitter(int64_t ms)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (uint32_t)clock_now_us();
	return ms + (int64_t)(random % (uint64_t)(ms / JITTER_PARTS + 1));
}

/* Nothing is sent from now on, for a while. */
static void pause_sending(struct circuit *c)
{
	unsigned doublings = c->failed_probes < MOST_DOUBLINGS ? c->failed_probes : MOST_DOUBLINGS;

	c->until_ms = clock_now_ms() + with_jitter(c->pause_ms << doublings);
}

static void open_it(struct circuit *c, const char *why)
{
	c->open = true;
	c->era++;
	c->failed_probes = 0;
	c->opened_ms = clock_calendar_ms();
	pause_sending(c);
	metric_count(METRIC_CIRCUIT_OPENINGS, palette_label(c->environment));
	log_warn("circuit.opened", F_STR("environment", c->environment),
		 F_INT("failures", c->failures), F_STR("problem", why),
		 F_INT("pause_ms", clock_left_ms(c->until_ms)));
}

static void close_it(struct circuit *c)
{
	log_info("circuit.closed", F_STR("environment", c->environment),
		 F_INT("open_ms", clock_calendar_ms() - c->opened_ms));
	c->open = false;
	c->era++;
	c->opened_ms = 0;
	c->failures = 0;
}

void circuit_set(struct circuit *circuit, unsigned failures, int64_t pause_ms)
{
	pthread_mutex_lock(&circuit->lock);
	circuit->most_failures = failures;
	circuit->pause_ms = pause_ms;
	if (failures == 0 && circuit->open)
		close_it(circuit);
	pthread_mutex_unlock(&circuit->lock);
}

/* ---- leave ---- */

static bool refuse(const struct circuit *c, struct error *err)
{
	int64_t left_ms = clock_left_ms(c->until_ms);
	int seconds = left_ms == 0 ? PROBED_S : (int)((left_ms + 999) / 1000);

	error_set(err, ERROR_UNAVAILABLE,
		  "Palette does not answer in environment %s, so nothing is sent there at the "
		  "moment; try again later",
		  c->environment[0] == '\0' ? "(unnamed)" : c->environment);
	err->retry_after_s = seconds;
	return false;
}

/* What has failed as a probe gives others the chance to be the next one: it may be one object that
 * cannot be read, and somebody asks for it all the time. */
static bool may_probe(const struct circuit *c, uint64_t question)
{
	bool again =
		c->failed_probes > 0 && question == c->failed_probe && question != CIRCUIT_WHOLE;

	return clock_left_ms(c->until_ms + (again ? c->pause_ms : 0)) == 0;
}

/* *probe: out, whether it would be the one that tries. */
static bool lets_through(const struct circuit *c, bool is_write, uint64_t question, bool *probe)
{
	*probe = c->open;
	return !c->open || (!is_write && !c->probing && may_probe(c, question));
}

bool circuit_look(struct circuit *circuit, bool is_write, uint64_t question, struct error *err)
{
	bool probe;
	bool ok;

	pthread_mutex_lock(&circuit->lock);
	ok = lets_through(circuit, is_write, question, &probe) || refuse(circuit, err);
	pthread_mutex_unlock(&circuit->lock);
	return ok;
}

bool circuit_enter(struct circuit *circuit, bool is_write, uint64_t question,
		   struct circuit_leave *leave, struct error *err)
{
	bool probe;
	bool ok;

	pthread_mutex_lock(&circuit->lock);
	ok = lets_through(circuit, is_write, question, &probe) || refuse(circuit, err);
	if (ok) {
		circuit->probing = circuit->probing || probe;
		*leave = (struct circuit_leave){
			.era = circuit->era, .probe = probe, .question = question};
	}
	pthread_mutex_unlock(&circuit->lock);
	return ok;
}

/* ---- verdicts; under the lock ---- */

static bool is_failure(enum circuit_verdict verdict)
{
	return verdict == CIRCUIT_FAILED || verdict == CIRCUIT_UNREACHABLE;
}

static void count(struct circuit *c, const struct circuit_leave *leave,
		  enum circuit_verdict verdict, const char *why)
{
	if (verdict == CIRCUIT_ANSWERED)
		c->failures = 0;
	if (!is_failure(verdict))
		return;
	if (c->failures == 0) {
		c->failed_question = leave->question;
		c->several = false;
	}
	c->failures++;
	c->several = c->several || verdict == CIRCUIT_UNREACHABLE || c->most_failures == 1 ||
		     leave->question == CIRCUIT_WHOLE || leave->question != c->failed_question;
	if (c->most_failures > 0 && c->failures >= c->most_failures && c->several)
		open_it(c, why);
}

static void judge_probe(struct circuit *c, const struct circuit_leave *leave,
			enum circuit_verdict verdict)
{
	if (verdict == CIRCUIT_ANSWERED) {
		close_it(c);
	} else if (is_failure(verdict)) {
		c->failures++;
		c->failed_probes++;
		c->failed_probe = leave->question;
		pause_sending(c);
	}
}

void circuit_tell(struct circuit *circuit, const struct circuit_leave *leave,
		  enum circuit_verdict verdict, const char *why)
{
	pthread_mutex_lock(&circuit->lock);
	if (leave->probe)
		circuit->probing = false; /* its place is free, whatever became of it */
	if (leave->era == circuit->era && leave->probe)
		judge_probe(circuit, leave, verdict);
	else if (leave->era == circuit->era)
		count(circuit, leave, verdict, why);
	pthread_mutex_unlock(&circuit->lock);
}

struct circuit_state circuit_state(struct circuit *circuit)
{
	struct circuit_state state;

	pthread_mutex_lock(&circuit->lock);
	state = (struct circuit_state){.failures = circuit->failures,
				       .opened_ms = circuit->opened_ms};
	if (circuit->open)
		state.phase =
			clock_left_ms(circuit->until_ms) == 0 ? CIRCUIT_HALF_OPEN : CIRCUIT_OPEN;
	pthread_mutex_unlock(&circuit->lock);
	return state;
}
