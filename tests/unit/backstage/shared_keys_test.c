/* The keys of all replicas out of a store that is slow, fails, or loses what it had. */
#include "unit/backstage/host.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

/* ---- a store ---- */

enum { MOST = 8, HOUR_S = 3600, CALLERS = 12 };

struct store {
	pthread_mutex_t lock;
	struct {
		char id[64];
		char jwk[512];
	} keys[MOST];
	size_t count;
	atomic_bool broken;
	atomic_bool hangs; /* until the deadline */
	atomic_int answer_ms;
	atomic_uint reads;
	atomic_uint puts;
	atomic_uint reading; /* at this moment */
	atomic_uint most_reading;
};

static bool give_up(struct store *s, int64_t deadline_ms, struct error *err)
{
	if (atomic_load(&s->hangs))
		clock_sleep_ms(clock_left_ms(deadline_ms));
	return error_set(err, ERROR_UNAVAILABLE, "the store does not answer");
}

bool store_put_key(struct store *s, const char *id, struct text jwk, int64_t expires_ms,
		   int64_t deadline_ms, struct error *err)
{
	atomic_fetch_add(&s->puts, 1);
	assert_true(expires_ms > clock_calendar_ms());
	if (atomic_load(&s->broken))
		return give_up(s, deadline_ms, err);
	pthread_mutex_lock(&s->lock);
	assert_true(s->count < MOST);
	snprintf(s->keys[s->count].id, sizeof s->keys[0].id, "%s", id);
	snprintf(s->keys[s->count].jwk, sizeof s->keys[0].jwk, "%.*s", (int)jwk.len, jwk.ptr);
	s->count++;
	pthread_mutex_unlock(&s->lock);
	return true;
}

/* What was there when it began, after a while. */
bool store_keys(struct store *s, struct arena *a, int64_t deadline_ms, struct text **jwks,
		size_t *count, struct error *err)
{
	unsigned now = atomic_fetch_add(&s->reading, 1) + 1;
	bool ok = !atomic_load(&s->broken);

	atomic_fetch_add(&s->reads, 1);
	if (now > atomic_load(&s->most_reading))
		atomic_store(&s->most_reading, now);
	if (ok) {
		pthread_mutex_lock(&s->lock);
		*jwks = arena_array(a, struct text, s->count);
		*count = s->count;
		for (size_t i = 0; i < s->count; i++)
			(*jwks)[i] = arena_copy_text(a, text_of(s->keys[i].jwk));
		pthread_mutex_unlock(&s->lock);
		clock_sleep_ms(atomic_load(&s->answer_ms));
	} else {
		give_up(s, deadline_ms, err);
	}
	atomic_fetch_sub(&s->reading, 1);
	return ok;
}

static void set_broken(struct store *s, bool broken, bool hangs)
{
	atomic_store(&s->hangs, hangs);
	atomic_store(&s->broken, broken);
}

/* ---- a world ---- */

struct world {
	struct host h;
	struct store store;
	struct own_keys *keys;
};

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	host_open(&w->h);
	pthread_mutex_init(&w->store.lock, NULL);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	own_keys_close(w->keys);
	pthread_mutex_destroy(&w->store.lock);
	host_close(&w->h);
	free(w);
	return 0;
}

static void start(struct world *w)
{
	struct error err = {.message = ""};

	if (!own_keys_open(&w->h.config, &w->store, &w->keys, &err))
		fail_msg("%s", err.message);
}

/* Another replica shares a key. */
static void add_foreign(struct world *w, const char *id)
{
	struct error err;
	struct jose_key *key;
	struct buf jwk;

	assert_true(jose_key_generate(&key, &err));
	buf_init(&jwk, 512);
	jose_key_put_public(key, &jwk);
	assert_true(store_put_key(&w->store, id, buf_text(&jwk), INT64_MAX, 0, &err));
	buf_fini(&jwk);
	jose_key_free(key);
}

static int count_keys(struct text document)
{
	struct jose_set *set;
	struct error err;
	int count;

	assert_true(jose_set_read(document, &set, &err));
	count = (int)jose_set_size(set);
	jose_set_free(set);
	return count;
}

static int keys_within(struct world *w, int64_t ms, bool may_wait)
{
	struct backstage_call call = host_call(&w->h);

	call.deadline_ms = clock_now_ms() + ms;
	call.may_wait = may_wait;
	return count_keys(own_keys_jwks(w->keys, &call, now_s()));
}

static int keys_of(struct world *w)
{
	return keys_within(w, 5000, true);
}

/* ---- what is read ---- */

static void each_answer_is_of_a_read_of_its_own(void **state)
{
	struct world *w = *state;

	start(w);
	assert_int_equal(keys_of(w), 1);
	add_foreign(w, "a");
	assert_int_equal(keys_of(w), 2);
	add_foreign(w, "b");
	assert_int_equal(keys_within(w, 5000, false), 2); /* it may not wait */
	assert_int_equal(keys_of(w), 3);
	assert_int_equal(atomic_load(&w->store.reads), 4); /* one at the start */
}

struct caller {
	struct world *w;
	pthread_t thread;
	int after_ms;
	int keys;
};

static void *ask(void *argument)
{
	struct caller *c = argument;
	struct arena arena;
	struct backstage_call call = {.arena = &arena, .may_wait = true};

	arena_init(&arena);
	clock_sleep_ms(c->after_ms);
	call.deadline_ms = clock_now_ms() + 20000;
	c->keys = count_keys(own_keys_jwks(c->w->keys, &call, now_s()));
	arena_fini(&arena);
	return NULL;
}

static void ask_at_once(struct world *w, struct caller *callers, int first_after_ms)
{
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.w = w, .after_ms = i == 0 ? 0 : first_after_ms};
		assert_int_equal(pthread_create(&callers[i].thread, NULL, ask, &callers[i]), 0);
	}
}

static void join_all(struct caller *callers)
{
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i].thread, NULL);
}

/* Who comes while a read is under way gets the next one, which all of them share. */
static void those_who_come_meanwhile_share_the_next_read(void **state)
{
	struct world *w = *state;
	struct caller callers[CALLERS];

	start(w);
	atomic_store(&w->store.reads, 0);
	atomic_store(&w->store.answer_ms, 400);
	ask_at_once(w, callers, 100);
	clock_sleep_ms(50);
	add_foreign(w, "a"); /* too late for the first read, and before the others ask */
	join_all(callers);
	for (int i = 1; i < CALLERS; i++)
		assert_int_equal(callers[i].keys, 2);
	/* Two, and a third if the machine is so slow that somebody came when the second ran. */
	assert_true(atomic_load(&w->store.reads) <= 3);
	assert_int_equal(atomic_load(&w->store.most_reading), 1);
}

/* ---- a store that fails ---- */

static void without_the_store_the_last_known_are_answered(void **state)
{
	struct world *w = *state;
	int64_t began_ms;

	start(w);
	add_foreign(w, "a");
	assert_int_equal(keys_of(w), 2);
	set_broken(&w->store, true, true);
	began_ms = clock_now_ms();
	assert_int_equal(keys_of(w), 2);
	assert_true(clock_now_ms() - began_ms >= 900);
	/* The next ones do not wait. */
	atomic_store(&w->store.reads, 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(keys_of(w), 2);
	assert_true(atomic_load(&w->store.reads) <= 1);
	set_broken(&w->store, false, false);
	add_foreign(w, "b");
	clock_sleep_ms(1100);
	assert_int_equal(keys_of(w), 3);
}

/* While one tries whether it works again, the others are answered. */
static void one_tries_and_nobody_waits(void **state)
{
	struct world *w = *state;
	struct caller callers[CALLERS];

	start(w);
	set_broken(&w->store, true, false);
	assert_int_equal(keys_of(w), 1);
	set_broken(&w->store, true, true);
	clock_sleep_ms(1100);
	atomic_store(&w->store.reads, 0);
	ask_at_once(w, callers, 200);
	join_all(callers);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(callers[i].keys, 1);
	assert_true(atomic_load(&w->store.reads) <= 2);
}

/* Its end says nothing about the store. */
static void a_caller_in_a_hurry_spoils_nothing(void **state)
{
	struct world *w = *state;

	start(w);
	set_broken(&w->store, true, true);
	assert_int_equal(keys_within(w, 50, true), 1);
	set_broken(&w->store, false, false);
	add_foreign(w, "a");
	assert_int_equal(keys_of(w), 2);
}

static void it_opens_without_the_store_and_shares_later(void **state)
{
	struct world *w = *state;
	struct error err;
	struct buf out;

	set_broken(&w->store, true, false);
	start(w);
	assert_int_equal(w->store.count, 0);
	buf_init(&out, 4096);
	assert_true(own_keys_sign(w->keys, TYPE_PLUGIN, TEXT("{}"), now_s(), &out, &err));
	buf_fini(&out);
	assert_int_equal(keys_of(w), 1);
	own_keys_tend(w->keys, now_s());
	assert_int_equal(w->store.count, 0);
	set_broken(&w->store, false, false);
	own_keys_tend(w->keys, now_s());
	assert_int_equal(w->store.count, 1);
	own_keys_tend(w->keys, now_s());
	assert_int_equal(atomic_load(&w->store.puts), 3);
}

/* Signing does not wait for a store that hangs. */
static void *tend(void *argument)
{
	struct world *w = argument;

	own_keys_tend(w->keys, now_s() + HOUR_S);
	return NULL;
}

static void signing_never_waits_for_the_store(void **state)
{
	struct world *w = *state;
	pthread_t keeper;
	struct error err;
	struct buf out;
	int64_t began_ms;

	start(w);
	set_broken(&w->store, true, true);
	assert_int_equal(pthread_create(&keeper, NULL, tend, w), 0);
	while (atomic_load(&w->store.puts) < 2)
		clock_sleep_ms(1);
	began_ms = clock_now_ms();
	buf_init(&out, 4096);
	assert_true(own_keys_sign(w->keys, TYPE_PLUGIN, TEXT("{}"), now_s() + HOUR_S, &out, &err));
	buf_fini(&out);
	assert_true(clock_now_ms() - began_ms < 800);
	pthread_join(keeper, NULL);
}

/* ---- a store that forgets ---- */

static void what_the_store_has_lost_is_put_there_again(void **state)
{
	struct world *w = *state;

	start(w);
	assert_int_equal(w->store.count, 1);
	own_keys_tend(w->keys, now_s());
	assert_int_equal(atomic_load(&w->store.puts), 1);
	w->store.count = 0;
	clock_sleep_ms(5);
	assert_int_equal(keys_of(w), 1);
	own_keys_tend(w->keys, now_s());
	assert_int_equal(w->store.count, 1);
	assert_int_equal(atomic_load(&w->store.puts), 2);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(each_answer_is_of_a_read_of_its_own),
		WORLD(those_who_come_meanwhile_share_the_next_read),
		WORLD(without_the_store_the_last_known_are_answered),
		WORLD(one_tries_and_nobody_waits),
		WORLD(a_caller_in_a_hurry_spoils_nothing),
		WORLD(it_opens_without_the_store_and_shares_later),
		WORLD(signing_never_waits_for_the_store),
		WORLD(what_the_store_has_lost_is_put_there_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
