/* Dividing Palette's limits among replicas, by what they tell each other in the store. */
#include "palette/budget.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/store.h"

enum {
	EVERY_MS = 1000,
	ANSWER_MS = 1000, /* how long the store may take */
	KEEP_MS = 10 * 1000,
	STACK_BYTES = 512 * 1024,
	WEIGHT_BUSY = 8,
	WEIGHT_QUIET = 1,
	ID_BYTES = 16,
};

#define EVERY_PATH "-" /* stands for the empty prefix */

/* ---- the arithmetic ---- */

void budget_shares_init(struct budget_shares *s, int64_t now_ms)
{
	*s = (struct budget_shares){.heard_ms = now_ms};
	arena_init(&s->arena);
}

void budget_shares_fini(struct budget_shares *s)
{
	arena_fini(&s->arena);
}

static const char *word_of(const char *prefix)
{
	return *prefix == '\0' ? EVERY_PATH : prefix;
}

const char *budget_busy(struct arena *a, const struct pacer_use *uses, size_t count)
{
	const char *words = "";

	for (size_t i = 0; i < count; i++)
		if (uses[i].busy)
			words = arena_printf(a, "%s%s%s", words, *words == '\0' ? "" : " ",
					     word_of(uses[i].prefix));
	return words;
}

static bool has_word(const char *words, const char *word)
{
	struct text rest = text_of(words);
	struct text each;

	while (text_next(&rest, ' ', &each))
		if (text_is(each, word))
			return true;
	return false;
}

static double share_of(const struct pacer_use *use, const char *const *others, size_t count)
{
	const char *word = word_of(use->prefix);
	double own = use->busy ? WEIGHT_BUSY : WEIGHT_QUIET;
	double all = own;

	for (size_t i = 0; i < count; i++)
		all += has_word(others[i], word) ? WEIGHT_BUSY : WEIGHT_QUIET;
	return own / all;
}

/* What it would have had the last time; now, if there was none. */
static double wanted_before(const struct budget_shares *s, const char *prefix, double now)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->rates[i].prefix, prefix) == 0)
			return s->rates[i].wanted;
	return now;
}

void budget_share_out(struct budget_shares *s, const struct pacer_use *uses, size_t count,
		      const char *const *others, size_t other_count, int64_t now_ms)
{
	struct arena arena;
	struct budget_share *rates;

	arena_init(&arena);
	rates = arena_array(&arena, struct budget_share, count);
	for (size_t i = 0; i < count; i++) {
		double wanted = share_of(&uses[i], others, other_count);
		double before = wanted_before(s, uses[i].prefix, wanted);

		rates[i] = (struct budget_share){
			.prefix = arena_copy(&arena, text_of(uses[i].prefix)),
			.wanted = wanted,
			.share = before < wanted ? before : wanted,
		};
	}
	arena_fini(&s->arena);
	*s = (struct budget_shares){.arena = arena,
				    .rates = rates,
				    .count = count,
				    .replicas = other_count + 1,
				    .heard_ms = now_ms};
}

bool budget_is_alone(struct budget_shares *s, unsigned replicas, int64_t now_ms, double *alone)
{
	size_t count = s->replicas > replicas ? s->replicas : replicas;

	if (now_ms - s->heard_ms < KEEP_MS)
		return false;
	/* When the others are heard again, none may take up where it was before. */
	for (size_t i = 0; i < s->count; i++)
		s->rates[i].wanted = 1.0 / (double)count;
	*alone = 1.0 / (double)count;
	return true;
}

/* ---- one host ---- */

struct member {
	const char *origin;
	struct pacer *pacer;
	struct budget_shares shares;
	struct member *next;
};

struct budget {
	struct store *store;
	char id[ID_BYTES * 2 + 1]; /* of this replica, until it ends */
	pthread_t thread;
	atomic_bool stopping;
	pthread_mutex_t lock; /* guards the next three */
	pthread_cond_t changed;
	bool added;             /* somebody, since the last round */
	struct member *members; /* never shorter; a member's own part is the thread's */
	atomic_uint replicas;
	atomic_uint seen; /* replicas, with this one, at the host of most, when they last met */
	unsigned seeing;  /* so far in this round; of the thread, as are the next */
	bool met;         /* the last round */
	bool alone;       /* and it was said */
};

static void tell_alone(struct budget *b, bool alone, const char *why)
{
	if (b->alone == alone)
		return;
	b->alone = alone;
	if (alone)
		log_warn("budget.alone", F_STR("why", why));
	else
		log_info("budget.shared");
}

/* The others know of all hosts, also of those where none of them has been met yet. */
static unsigned at_least(const struct budget *b, unsigned replicas)
{
	unsigned seen = atomic_load(&b->seen);

	return seen > replicas ? seen : replicas;
}

static void apply(const struct member *m)
{
	for (size_t i = 0; i < m->shares.count; i++)
		pacer_set_share(m->pacer, m->shares.rates[i].prefix, m->shares.rates[i].share);
}

/* What was asked of a host since the last round. */
struct used {
	struct member *member;
	struct pacer_use *uses;
	size_t count;
};

static void share_out(struct budget *b, const struct used *used, const struct store_meeting *met,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct member *m = used[i].member;

		budget_share_out(&m->shares, used[i].uses, used[i].count, met[i].others,
				 met[i].other_count, clock_now_ms());
		apply(m);
		if (m->shares.replicas > b->seeing)
			b->seeing = (unsigned)m->shares.replicas;
	}
	tell_alone(b, false, NULL);
}

static void go_alone(struct budget *b, const struct used *used, size_t count, const char *why)
{
	unsigned replicas = at_least(b, atomic_load(&b->replicas));

	for (size_t i = 0; i < count; i++) {
		struct member *m = used[i].member;
		double alone;

		if (!budget_is_alone(&m->shares, replicas, clock_now_ms(), &alone))
			continue;
		pacer_set_share(m->pacer, NULL, alone);
		tell_alone(b, true, why);
	}
}

/* From first on, as many hosts as one statement takes; returns the next. */
static struct member *look_after(struct budget *b, struct member *first)
{
	struct store_meeting meetings[STORE_MOST_MEETINGS];
	struct used used[STORE_MOST_MEETINGS];
	struct member *m = first;
	size_t count = 0;
	struct arena a;
	struct error err;

	arena_init(&a);
	for (; m != NULL && count < STORE_MOST_MEETINGS; m = m->next, count++) {
		struct used *u = &used[count];

		*u = (struct used){.member = m};
		pacer_take_uses(m->pacer, &a, &u->uses, &u->count);
		meetings[count] = (struct store_meeting){
			.host = m->origin, .busy = budget_busy(&a, u->uses, u->count)};
	}
	b->met = store_budget_meet(b->store, &a, b->id, meetings, count, clock_now_ms() + ANSWER_MS,
				   &err);
	if (b->met)
		share_out(b, used, meetings, count);
	else
		go_alone(b, used, count, err.message);
	arena_fini(&a);
	return m;
}

/* Each statement may take a second where the store is silent. */
static void look_after_all(struct budget *b, struct member *members)
{
	b->seeing = 0;
	while (members != NULL && !atomic_load(&b->stopping))
		members = look_after(b, members);
	if (b->met)
		atomic_store(&b->seen, b->seeing);
}

/* ---- the thread ---- */

/* Until then, or until there is somebody new, or it is over. */
static void doze(struct budget *b, int64_t until_ms)
{
	while (!atomic_load(&b->stopping) && !b->added && clock_left_ms(until_ms) > 0)
		clock_cond_wait(&b->changed, &b->lock, until_ms);
}

static void *run(void *context)
{
	struct budget *b = context;

	pthread_mutex_lock(&b->lock);
	while (!atomic_load(&b->stopping)) {
		struct member *members = b->members;
		int64_t next_ms = clock_now_ms() + EVERY_MS;

		b->added = false;
		pthread_mutex_unlock(&b->lock);
		look_after_all(b, members);
		pthread_mutex_lock(&b->lock);
		doze(b, next_ms);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void make_id(char id[ID_BYTES * 2 + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[ID_BYTES];

	/* At the start the system may have to gather some first; then it waits. */
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		abort();
	for (size_t i = 0; i < ID_BYTES; i++) {
		id[i * 2] = digits[bytes[i] >> 4];
		id[i * 2 + 1] = digits[bytes[i] & 15];
	}
	id[ID_BYTES * 2] = '\0';
}

static void start_thread(struct budget *b)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (pthread_create(&b->thread, &attributes, run, b) != 0)
		arena_out_of_memory(STACK_BYTES);
	pthread_attr_destroy(&attributes);
}

struct budget *budget_start(struct store *store)
{
	struct budget *b;

	if (store == NULL || !store_can_meet(store))
		return NULL;
	b = heap_alloc(sizeof *b);
	*b = (struct budget){.store = store, .replicas = 1};
	make_id(b->id);
	pthread_mutex_init(&b->lock, NULL);
	clock_cond_init(&b->changed);
	start_thread(b);
	return b;
}

static void take_rows_away(struct budget *b)
{
	struct error err;

	if (b->met && !store_budget_leave(b->store, b->id, clock_now_ms() + ANSWER_MS, &err))
		log_debug("budget.left_behind", F_STR("why", err.message)); /* for seconds */
}

void budget_stop(struct budget *budget)
{
	if (budget == NULL)
		return;
	pthread_mutex_lock(&budget->lock);
	atomic_store(&budget->stopping, true);
	pthread_cond_signal(&budget->changed);
	pthread_mutex_unlock(&budget->lock);
	pthread_join(budget->thread, NULL);
	take_rows_away(budget);
	for (struct member *m = budget->members, *next; m != NULL; m = next) {
		next = m->next;
		budget_shares_fini(&m->shares);
		free(m);
	}
	pthread_cond_destroy(&budget->changed);
	pthread_mutex_destroy(&budget->lock);
	free(budget);
}

void budget_add(struct budget *budget, const char *origin, struct pacer *pacer, unsigned replicas)
{
	struct member *m = heap_alloc(sizeof *m);

	/* The others do not know of this one yet, and who ran here before may have used all. */
	pacer_set_share(pacer, NULL, 1.0 / (at_least(budget, replicas) + 1));
	pacer_begin_low(pacer);
	*m = (struct member){.origin = origin, .pacer = pacer};
	budget_shares_init(&m->shares, clock_now_ms());
	pthread_mutex_lock(&budget->lock);
	m->next = budget->members;
	budget->members = m;
	budget->added = true;
	pthread_cond_signal(&budget->changed);
	pthread_mutex_unlock(&budget->lock);
}

void budget_set_replicas(struct budget *budget, unsigned replicas)
{
	atomic_store(&budget->replicas, replicas);
}
