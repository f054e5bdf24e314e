/* What must not be done twice, as tests that run against each kind of store; store_suite.h lists
 * them. */
#ifndef UNIT_STORE_STORE_ONCE_SUITE_H
#define UNIT_STORE_STORE_ONCE_SUITE_H

#include "unit/store/store_world.h"

static inline struct store_once a_deed(const char *name, const char *note, int64_t expires_ms)
{
	struct store_once deed = {
		.note = text_of(note), .until_ms = in_ms(MINUTE_MS), .expires_ms = expires_ms};
	const struct text part = text_of(name);

	digest_of(&part, 1, &deed.id);
	return deed;
}

/* Whether it is ours to do; if not, found has what is there. */
static inline bool begin_in(struct world *w, struct store *store, struct store_once *deed,
			    struct store_once *found)
{
	struct error err;
	bool begun = false;

	if (!store_once_begin(store, &w->arena, deed, soon(), &begun, found, &err))
		fail_msg("%s", err.message);
	return begun;
}

static inline struct store_once look_in(struct world *w, struct store *store, const char *name)
{
	struct store_once deed = a_deed(name, "", 0);
	struct store_once found = {.stage = STORE_UNKNOWN};
	struct error err;

	if (!store_once_look(store, &w->arena, &deed.id, soon(), &found, &err))
		fail_msg("%s", err.message);
	return found;
}

static inline void a_deed_begins_once(void **state)
{
	struct world *w = *state;
	struct store_once deed = a_deed("one", "the first", in_ms(MINUTE_MS));
	struct store_once second = a_deed("one", "the second", in_ms(2 * MINUTE_MS));
	struct store_once other = a_deed("other", "another", in_ms(MINUTE_MS));
	struct store_once found;
	struct error err;

	assert_int_equal(look_in(w, w->store, "one").stage, STORE_NOT_BEGUN);
	assert_true(begin_in(w, w->store, &deed, &found));
	assert_false(begin_in(w, w->store, &second, &found));
	assert_int_equal(found.stage, STORE_BEGUN);
	assert_true(text_is(found.note, "the first"));
	assert_true(found.until_ms == deed.until_ms);
	assert_true(found.expires_ms == deed.expires_ms);
	assert_true(begin_in(w, w->store, &other, &found));
	deed.stage = STORE_DONE;
	deed.note = TEXT("what became of it");
	assert_true(store_once_settle(w->store, &deed, soon(), &err));
	found = look_in(w, w->store, "one");
	assert_int_equal(found.stage, STORE_DONE);
	assert_true(text_is(found.note, "what became of it"));
	assert_false(begin_in(w, w->store, &second, &found));
	assert_int_equal(found.stage, STORE_DONE);
	other.stage = STORE_UNKNOWN;
	assert_true(store_once_settle(w->store, &other, soon(), &err));
	found = look_in(w, w->store, "other");
	assert_int_equal(found.stage, STORE_UNKNOWN);
	assert_true(text_is(found.note, "another"));
}

static inline void what_was_released_may_begin_again(void **state)
{
	struct world *w = *state;
	struct store_once first = a_deed("one", "the first", in_ms(MINUTE_MS));
	struct store_once second = a_deed("one", "the second", in_ms(MINUTE_MS));
	struct store_once found;
	struct error err;

	assert_true(begin_in(w, w->store, &first, &found));
	assert_true(store_once_release(w->store, &first, soon(), &err));
	assert_int_equal(look_in(w, w->store, "one").stage, STORE_NOT_BEGUN);
	assert_true(begin_in(w, w->store, &second, &found));
	/* The first one has no say in it any more. */
	assert_true(store_once_release(w->store, &first, soon(), &err));
	first.stage = STORE_DONE;
	assert_false(store_once_settle(w->store, &first, soon(), &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	found = look_in(w, w->store, "one");
	assert_int_equal(found.stage, STORE_BEGUN);
	assert_true(text_is(found.note, "the second"));
}

/* Long enough for a busy database to write both. */
enum { SOON_OVER_MS = 700 };

static inline void what_has_expired_may_begin_again(void **state)
{
	struct world *w = *state;
	struct store_once short_one = a_deed("one", "short", in_ms(SOON_OVER_MS));
	struct store_once again = a_deed("one", "again", in_ms(MINUTE_MS));
	struct store_once gone = a_deed("gone", "gone", in_ms(SOON_OVER_MS));
	struct store_once found;

	assert_true(begin_in(w, w->store, &short_one, &found));
	assert_true(begin_in(w, w->store, &gone, &found));
	clock_sleep_ms(SOON_OVER_MS + 100);
	assert_int_equal(look_in(w, w->store, "one").stage, STORE_NOT_BEGUN);
	assert_true(begin_in(w, w->store, &again, &found));
	assert_int_equal(purge(w), 0); /* it counts sessions */
	assert_int_equal(look_in(w, w->store, "gone").stage, STORE_NOT_BEGUN);
	assert_true(text_is(look_in(w, w->store, "one").note, "again"));
}

static inline void notes_have_a_length(void **state)
{
	struct world *w = *state;
	struct store_once deed = a_deed("long", "", in_ms(MINUTE_MS));
	struct store_once found;
	struct error err;
	bool begun = false;
	char *much = calloc(1, STORE_LONGEST_NOTE + 2);

	assert_non_null(much);
	assert_false(store_once_begin(w->store, &w->arena, &deed, soon(), &begun, &found, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	memset(much, 'x', STORE_LONGEST_NOTE + 1);
	deed.note = text_of(much);
	assert_false(store_once_begin(w->store, &w->arena, &deed, soon(), &begun, &found, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	deed.note.len--;
	assert_true(begin_in(w, w->store, &deed, &found));
	assert_int_equal(look_in(w, w->store, "long").note.len, STORE_LONGEST_NOTE);
	deed.note.len++;
	assert_false(store_once_settle(w->store, &deed, soon(), &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	free(much);
}

/* One who begins what all the others want, too. */
struct rival {
	struct store *store;
	struct store_once deed;
	pthread_t thread;
	bool begun;
	bool ok;
	enum store_stage seen;
};

static inline void *run_rival(void *context)
{
	struct rival *r = context;
	struct store_once found = {.stage = STORE_NOT_BEGUN};
	struct arena a;
	struct error err;

	arena_init(&a);
	r->ok = store_once_begin(r->store, &a, &r->deed, soon(), &r->begun, &found, &err);
	r->seen = found.stage;
	arena_fini(&a);
	return NULL;
}

enum { RIVALS = 50 };

/* stores: whose, by turns. */
static inline void rivals_begin(struct store *const *stores, size_t count, const char *name)
{
	struct rival *rivals = calloc(RIVALS, sizeof *rivals);
	size_t begun = 0;

	assert_non_null(rivals);
	for (size_t i = 0; i < RIVALS; i++) {
		rivals[i].store = stores[i % count];
		rivals[i].deed = a_deed(name, "mine", in_ms(MINUTE_MS));
		assert_int_equal(pthread_create(&rivals[i].thread, NULL, run_rival, &rivals[i]), 0);
	}
	for (size_t i = 0; i < RIVALS; i++) {
		pthread_join(rivals[i].thread, NULL);
		begun += rivals[i].begun;
	}
	for (size_t i = 0; i < RIVALS; i++) {
		assert_true(rivals[i].ok);
		assert_int_equal(rivals[i].seen, STORE_BEGUN);
	}
	assert_int_equal(begun, 1);
	free(rivals);
}

static inline void of_many_one_begins(void **state)
{
	struct world *w = *state;
	struct store_once deed;
	struct store_once found;

	rivals_begin(&w->store, 1, "fresh");
	deed = a_deed("over", "old", in_ms(30));
	assert_true(begin_in(w, w->store, &deed, &found));
	clock_sleep_ms(60);
	rivals_begin(&w->store, 1, "over");
}

/* ---- what outlives the process ---- */

static inline void of_many_replicas_one_begins(void **state)
{
	struct world *w = *state;
	struct store *const stores[] = {w->store, open_store(w), open_store(w)};

	rivals_begin(stores, ARRAY_LEN(stores), "shared");
	assert_int_equal(look_in(w, stores[2], "shared").stage, STORE_BEGUN);
	store_close(stores[1]);
	store_close(stores[2]);
}

static inline void deeds_outlive_a_restart(void **state)
{
	struct world *w = *state;
	struct store_once deed = a_deed("one", "known", in_ms(MINUTE_MS));
	struct store_once again = a_deed("one", "again", in_ms(MINUTE_MS));
	struct store_once found;
	struct error err;

	assert_true(begin_in(w, w->store, &deed, &found));
	reopen(w);
	assert_false(begin_in(w, w->store, &again, &found));
	assert_int_equal(found.stage, STORE_BEGUN);
	deed.stage = STORE_DONE;
	assert_true(store_once_settle(w->store, &deed, soon(), &err));
	use_keys(w, KEY_OTHER, KEY_ONE);
	reopen(w);
	assert_true(text_is(look_in(w, w->store, "one").note, "known"));
	/* With a key that opens nothing it is there all the same. */
	use_keys(w, KEY_OTHER, NULL);
	reopen(w);
	assert_false(begin_in(w, w->store, &again, &found));
	assert_int_equal(found.stage, STORE_DONE);
	assert_null(found.note.ptr);
}

#endif
