/* Reading the configuration again. */
#include "app/reload.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/notify.h"
#include "app/watch.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "telemetry/lately.h"
#include "telemetry/metrics.h"

enum {
	LOOK_EVERY_MS = 1000,
	END_WITHIN_MS = 500,
	/* How long the keys of Backstage's users are waited for. What is missing then the first
	 * requests fetch. */
	WARM_UP_MS = 3000,
	/* Each has a thread and connections of its own, and ends when its last request does. */
	MOST_WAITING = 4,
	MOST_NAMED = 20, /* of settings, in a line of the log */
	LONGEST_NAMES = 4096,
};

struct reloader {
	struct reloader_options options;
	pthread_t thread;
	sem_t wake; /* the one thing of these that a signal handler may touch */
	atomic_bool asked;
	atomic_bool closing;
	atomic_bool ended;

	/* The thread's: */
	struct watch *watch;
	bool due;        /* files have changed */
	bool waits;      /* it was said that it waits for others to end */
	bool refused;    /* what was read last */
	uint64_t digest; /* of that, and of why */
};

/* One reading. */
struct attempt {
	struct reloader *r;
	struct generation *old; /* the one in force; only this thread replaces it */
	bool asked;             /* by somebody, who waits for an answer in the log */
	int64_t begun_ms;       /* calendar */
	struct config *config;  /* NULL once it is given away */
	struct config_files files;
	struct arena arena;
};

/* ---- what the log says ---- */

static const char *join(struct arena *a, const char *const *names, size_t count)
{
	struct buf out;
	const char *joined;

	buf_init(&out, LONGEST_NAMES);
	for (size_t i = 0; i < count && i < MOST_NAMED; i++)
		buf_printf(&out, "%s%s", i == 0 ? "" : ", ", names[i]);
	if (count > MOST_NAMED)
		buf_printf(&out, " and %zu more", count - MOST_NAMED);
	joined = buf_complete(&out) ? arena_copy(a, buf_text(&out))
				    : arena_printf(a, "%zu settings", count);
	buf_fini(&out);
	return joined;
}

/* "file:line:column" in front of a message; NULL where there is none. */
static const char *place_in(struct arena *a, const char *message)
{
	const char *end = strstr(message, ": ");

	if (end == NULL || end == message || end[-1] < '0' || end[-1] > '9' ||
	    memchr(message, ':', (size_t)(end - message)) == NULL)
		return NULL;
	return arena_copy(a, (struct text){message, (size_t)(end - message)});
}

static uint64_t digest_of_attempt(const struct attempt *t, const char *reason)
{
	uint64_t hash = hash_text(HASH_START, text_of(reason));

	for (size_t i = 0; i < t->files.count; i++)
		hash = hash_text(hash, (struct text){(const char *)&t->files.items[i].digest,
						     sizeof t->files.items[i].digest});
	return hash;
}

static void count_result(const char *result, const char *place)
{
	metric_count(METRIC_RELOADS, result);
	lately_end(LATELY_RELOAD, "", result, place);
}

#define EFFECT "the configuration that was read before stays in force"

/* The same is not said again because somebody has touched a file. */
static void refuse(struct attempt *t, const char *reason)
{
	const char *place = place_in(&t->arena, reason);
	struct log_field fields[4] = {F_STR("reason", reason), F_STR("effect", EFFECT)};
	uint64_t digest = digest_of_attempt(t, reason);
	bool known = t->r->refused && digest == t->r->digest && !t->asked;

	count_result("refused", place);
	if (place != NULL)
		fields[2] = F_STR("place", place);
	log_event(known ? LOG_DEBUG : LOG_WARN, "config.refused", fields);
	t->r->refused = true;
	t->r->digest = digest;
}

static void say_unchanged(struct attempt *t)
{
	count_result("unchanged", NULL);
	/* It is news for who asked, and where what was refused is gone. */
	log_event(t->asked || t->r->refused ? LOG_INFO : LOG_DEBUG, "config.unchanged",
		  LOG_FIELDS(F_STR("trigger", t->asked ? "SIGHUP" : "a file")));
	t->r->refused = false;
}

/* ---- one reading ---- */

static bool load(struct attempt *t, struct config_notices *notices)
{
	struct config_options how = *t->r->options.source;
	struct error err;

	how.read = &t->files;
	t->begun_ms = clock_calendar_ms();
	if (config_load(&how, &t->config, notices, NULL, &err))
		return true;
	refuse(t, err.message);
	return false;
}

/* A file that has lost all that was in it was cut short, by a full disk or half a copy: what it
 * forbade would be allowed. NULL: there is none. */
static const char *emptied_file(const struct attempt *t)
{
	const struct config *old = t->old->config;

	for (size_t i = 0; i < t->files.count; i++)
		for (size_t j = 0; j < old->file_count; j++)
			if (t->files.items[i].there && t->files.items[i].empty &&
			    old->files[j].there && !old->files[j].empty &&
			    strcmp(t->files.items[i].path, old->files[j].path) == 0)
				return old->files[j].path;
	return NULL;
}

/* False: nothing changed, or not in a way that is possible while the service runs. */
static bool may_follow(struct attempt *t, struct config_changes *changes)
{
	const char *emptied = emptied_file(t);

	if (emptied != NULL) {
		refuse(t, arena_printf(&t->arena, "%s: there is nothing in it any more", emptied));
		return false;
	}
	config_compare(&t->arena, t->old->config, t->config, changes);
	if (changes->fixed_count > 0) {
		refuse(t, arena_printf(&t->arena, "this needs a restart: %s",
				       join(&t->arena, changes->fixed, changes->fixed_count)));
		return false;
	}
	if (changes->count > 0)
		return true;
	say_unchanged(t);
	return false;
}

static void say_reloaded(struct attempt *t, const struct config *config,
			 const struct config_changes *changes)
{
	count_result("reloaded", NULL);
	log_info("config.reloaded", F_INT("environments", config->environment_count),
		 F_STR("changed", join(&t->arena, changes->paths, changes->count)));
	t->r->refused = false;
}

static void replace(struct attempt *t, const struct config_changes *changes)
{
	const struct reloader_options *o = &t->r->options;
	struct generation *next;
	struct error err;

	if (!generation_open(o->base, t->config, t->old, &next, &err)) {
		refuse(t, err.message);
		return;
	}
	backstage_warm_up(next->backstage, WARM_UP_MS);
	if (!generations_replace(o->generations, next)) {
		generation_close(next);
		return;
	}
	o->adopt(o->context, t->config);
	say_reloaded(t, t->config, changes);
	generation_own(next, t->config);
	t->config = NULL;
}

/* Also those of the one in force: what is faulty may not name all of them. */
static void watch_files(struct attempt *t, const struct config *in_force)
{
	watch_begin(t->r->watch, t->files.items, t->files.count, t->begun_ms);
	watch_add(t->r->watch, in_force->files, in_force->file_count, t->begun_ms);
}

static void read_again(struct reloader *r, bool asked)
{
	struct attempt t = {
		.r = r, .asked = asked, .old = generations_take(r->options.generations)};
	struct config_notices notices = {.count = 0};
	struct config_changes changes;
	struct generation *now;

	arena_init(&t.arena);
	arena_init(&t.files.arena);
	notify_reloading();
	lately_begin(LATELY_RELOAD, "");
	if (load(&t, &notices)) {
		config_log_notices(&notices);
		if (may_follow(&t, &changes))
			replace(&t, &changes);
	}
	notify_ready();
	now = generations_take(r->options.generations);
	watch_files(&t, now->config);
	generation_drop(now);
	generation_drop(t.old);
	config_free(t.config);
	config_files_fini(&t.files);
	arena_fini(&t.arena);
}

/* ---- the thread ---- */

static void close_ended(struct reloader *r)
{
	struct generation *g;

	while ((g = generations_take_ended(r->options.generations)) != NULL)
		generation_close(g);
}

/* Whether so many are at work with old ones that there must not be another one. */
static bool is_crowded(struct reloader *r)
{
	bool crowded = generations_waiting(r->options.generations) >= MOST_WAITING;

	if (crowded && !r->waits)
		log_info("config.waits", F_STR("for", "requests that began with earlier "
						      "configurations"));
	r->waits = crowded;
	return crowded;
}

static bool watches(struct reloader *r)
{
	struct generation *g = generations_take(r->options.generations);
	bool watches = g->config->watch_config;

	generation_drop(g);
	return watches;
}

static void look(struct reloader *r)
{
	if (watches(r) && watch_look(r->watch, clock_now_ms()))
		r->due = true;
	if ((!atomic_load(&r->asked) && !r->due) || is_crowded(r))
		return;
	r->due = false;
	read_again(r, atomic_exchange(&r->asked, false));
}

/* At most so long; less where something is to be done. */
static void doze(struct reloader *r, int64_t ms)
{
	int64_t until_ms = clock_now_ms() + ms;
	struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

	while (sem_clockwait(&r->wake, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
}

static void *run(void *argument)
{
	struct reloader *r = argument;

	while (!atomic_load(&r->closing)) {
		doze(r, LOOK_EVERY_MS);
		close_ended(r);
		if (!atomic_load(&r->closing) &&
		    op_life_phase(r->options.base->life) == PHASE_SERVING)
			look(r);
		close_ended(r);
	}
	atomic_store(&r->ended, true);
	return NULL;
}

/* A generation_ended_fn. */
static void on_ended(void *context)
{
	struct reloader *r = context;

	sem_post(&r->wake);
}

bool reloader_open(const struct reloader_options *options, struct reloader **reloader,
		   struct error *err)
{
	struct generation *first = generations_take(options->generations);
	struct reloader *r = heap_alloc(sizeof *r);
	int problem;

	r->options = *options;
	sem_init(&r->wake, 0, 0);
	r->watch = watch_new();
	watch_begin(r->watch, first->config->files, first->config->file_count,
		    first->config->read_ms);
	generation_drop(first);
	generations_on_end(options->generations, on_ended, r);
	/* The parts of loading recurse: it has the stack that a program has. */
	problem = pthread_create(&r->thread, NULL, run, r);
	if (problem != 0) {
		generations_on_end(options->generations, NULL, NULL);
		watch_free(r->watch);
		sem_destroy(&r->wake);
		free(r);
		return error_set(err, ERROR_INTERNAL, "could not start a thread: %s",
				 strerror(problem));
	}
	*reloader = r;
	return true;
}

void reloader_ask(struct reloader *r)
{
	int saved = errno;

	atomic_store(&r->asked, true);
	sem_post(&r->wake);
	errno = saved;
}

bool reloader_ends(struct reloader *r)
{
	int64_t until_ms = clock_now_ms() + END_WITHIN_MS;

	if (r == NULL)
		return true;
	atomic_store(&r->closing, true);
	sem_post(&r->wake);
	while (!atomic_load(&r->ended) && clock_left_ms(until_ms) > 0)
		clock_sleep_ms(1);
	return atomic_load(&r->ended);
}

void reloader_close(struct reloader *r)
{
	if (r == NULL)
		return;
	atomic_store(&r->closing, true);
	sem_post(&r->wake);
	pthread_join(r->thread, NULL);
	generations_on_end(r->options.generations, NULL, NULL);
	watch_free(r->watch);
	sem_destroy(&r->wake);
	free(r);
}
