/*
 * What every kind of store does, as tests that run against each of them. A program that includes
 * this says with world_config() which kind, and lists STORE_TESTS, and if what it keeps outlives it
 * STORE_TESTS_OF_KEPT.
 */
#ifndef UNIT_STORE_STORE_SUITE_H
#define UNIT_STORE_STORE_SUITE_H

#include "unit/store/store_once_suite.h"
#include "unit/store/store_world.h"

/* ---- what is kept ---- */

static inline void a_session_is_found_again(void **state)
{
	struct world *w = *state;
	struct session session = {.expires_ms = -1};
	int64_t expires_ms = in_ms(MINUTE_MS);
	struct error err;

	assert_null(get(w, "a@b.test", "prod"));
	put(w, "a@b.test", "prod", "token one", expires_ms);
	assert_true(
		store_get(w->store, &w->arena, TEXT("a@b.test"), "prod", soon(), &session, &err));
	assert_string_equal(session.token.ptr, "token one");
	assert_int_equal(session.token.len, strlen("token one"));
	assert_true(session.expires_ms == expires_ms);
	assert_null(get(w, "a@b.tes", "prod"));
	assert_int_equal(count(w), 1);
}

static inline void a_later_one_takes_its_place(void **state)
{
	struct world *w = *state;

	put(w, "a@b.test", "prod", "old", in_ms(MINUTE_MS));
	put(w, "a@b.test", "prod", "new", in_ms(2 * MINUTE_MS));
	assert_string_equal(get(w, "a@b.test", "prod"), "new");
	assert_int_equal(count(w), 1);
	put(w, "a@b.test", "prod", "ended", in_ms(-1));
	assert_null(get(w, "a@b.test", "prod"));
	assert_int_equal(count(w), 0);
}

static inline void case_does_not_count(void **state)
{
	struct world *w = *state;

	put(w, "Ada.Lovelace@B.Test", "prod", "hers", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "ada.lovelace@b.test", "prod"), "hers");
	assert_string_equal(get(w, "ADA.LOVELACE@B.TEST", "prod"), "hers");
	assert_null(get(w, "ada.lovelace@b.test", "PROD"));
	assert_int_equal(drop(w, "ADA.lovelace@b.test", "prod"), 1);
	assert_int_equal(count(w), 0);
}

static inline void environments_are_apart(void **state)
{
	struct world *w = *state;

	put(w, "a@b.test", "prod", "of prod", in_ms(MINUTE_MS));
	put(w, "a@b.test", "dev", "of dev", in_ms(MINUTE_MS));
	put(w, "a@b.test", "", "of none", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@b.test", "prod"), "of prod");
	assert_string_equal(get(w, "a@b.test", "dev"), "of dev");
	assert_string_equal(get(w, "a@b.test", ""), "of none");
	assert_int_equal(drop(w, "a@b.test", ""), 1);
	assert_int_equal(drop(w, "a@b.test", ""), 0);
	assert_string_equal(get(w, "a@b.test", "dev"), "of dev");
}

static inline void deleting_all_of_somebody(void **state)
{
	struct world *w = *state;
	char email[32];
	char environment[16];

	for (int i = 0; i < 60; i++) {
		snprintf(email, sizeof email, "user%d@b.test", i % 3);
		snprintf(environment, sizeof environment, "e%d", i);
		put(w, email, environment, "t", in_ms(MINUTE_MS + (i * 37) % 60 * 1000));
	}
	assert_int_equal(drop(w, "User1@b.test", NULL), 20);
	assert_int_equal(drop(w, "user1@b.test", NULL), 0);
	assert_int_equal(count(w), 40);
	assert_non_null(get(w, "user0@b.test", "e0"));
	assert_null(get(w, "user1@b.test", "e1"));
}

static inline void what_has_expired_is_gone(void **state)
{
	struct world *w = *state;

	put(w, "past@b.test", "prod", "t", in_ms(-1));
	put(w, "zero@b.test", "prod", "t", 0);
	put(w, "now@b.test", "prod", "t", in_ms(60));
	put(w, "later@b.test", "prod", "t", in_ms(MINUTE_MS));
	assert_null(get(w, "past@b.test", "prod"));
	clock_sleep_ms(100);
	assert_null(get(w, "now@b.test", "prod"));
	assert_int_equal(purge(w), 3);
	assert_int_equal(purge(w), 0);
	assert_int_equal(count(w), 1);
	assert_non_null(get(w, "later@b.test", "prod"));
}

static inline void the_list_is_ordered_and_bounded(void **state)
{
	static const char *const emails[] = {"c@x", "a@x", "b@x", "a.b@x", "\xc3\xa4@x", "Z@x"};
	static const char *const ordered[] = {"a.b@x", "a@x", "b@x", "c@x", "z@x", "\xc3\xa4@x"};
	struct world *w = *state;
	struct session_row *rows = NULL;
	struct error err;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(emails); i++)
		put(w, emails[i], "prod", "t", in_ms(MINUTE_MS) + (int64_t)i * 1000);
	put(w, "a@x", "dev", "t", in_ms(MINUTE_MS));
	put(w, "gone@x", "dev", "t", in_ms(-1));
	assert_true(store_list(w->store, &w->arena, 100, soon(), &rows, &n, &err));
	assert_int_equal(n, 7);
	assert_string_equal(rows[1].email, "a@x");
	assert_string_equal(rows[1].environment, "dev");
	for (size_t i = 0; i < ARRAY_LEN(ordered); i++)
		assert_string_equal(rows[i + (i > 0)].email, ordered[i]);
	assert_true(rows[0].expires_ms > in_ms(0));
	assert_true(store_list(w->store, &w->arena, 2, soon(), &rows, &n, &err));
	assert_int_equal(n, 2);
	assert_true(store_list(w->store, &w->arena, 0, soon(), &rows, &n, &err));
	assert_int_equal(n, 0);
}

static inline void what_cannot_be_is_refused(void **state)
{
	static const char *const emails[] = {"", "a\nb@x", "\xff@x", "\x7f"};
	struct world *w = *state;
	struct session session;
	struct error err;
	size_t n = 77;
	char *much = calloc(1, STORE_LONGEST_TOKEN + 2);

	for (size_t i = 0; i < ARRAY_LEN(emails); i++) {
		assert_false(store_put(w->store, text_of(emails[i]), "prod", TEXT("t"),
				       in_ms(MINUTE_MS), soon(), &err));
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_false(store_get(w->store, &w->arena, text_of(emails[i]), "prod", soon(),
				       &session, &err));
		assert_false(store_delete(w->store, text_of(emails[i]), NULL, soon(), &n, &err));
	}
	assert_int_equal(n, 77);
	assert_false(store_put(w->store, ((struct text){"a\0b", 3}), "prod", TEXT("t"),
			       in_ms(MINUTE_MS), soon(), &err));
	assert_non_null(much);
	memset(much, 'x', STORE_LONGEST_TOKEN + 1);
	assert_false(store_put(w->store, text_of(much), "prod", TEXT("t"), in_ms(MINUTE_MS), soon(),
			       &err));
	assert_false(
		store_put(w->store, TEXT("a@x"), much, TEXT("t"), in_ms(MINUTE_MS), soon(), &err));
	assert_false(store_put(w->store, TEXT("a@x"), "prod", text_of(much), in_ms(MINUTE_MS),
			       soon(), &err));
	assert_false(
		store_put(w->store, TEXT("a@x"), "prod", TEXT(""), in_ms(MINUTE_MS), soon(), &err));
	assert_int_equal(count(w), 0);
	much[STORE_LONGEST_TOKEN] = '\0';
	put(w, "a@x", "prod", much, in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), much);
	free(much);
}

static inline void only_the_one_that_is_meant_goes(void **state)
{
	struct world *w = *state;
	struct session first = {.expires_ms = -1};
	struct session second = {.expires_ms = -1};
	struct error err;
	size_t n = 77;

	put(w, "a@x", "prod", "one", in_ms(MINUTE_MS));
	assert_true(store_get(w->store, &w->arena, TEXT("A@x"), "prod", soon(), &first, &err));
	put(w, "a@x", "prod", "one", in_ms(MINUTE_MS)); /* the same token, put once more */
	assert_true(store_get(w->store, &w->arena, TEXT("a@x"), "prod", soon(), &second, &err));
	assert_false(text_equal(first.mark, second.mark));
	assert_true(
		store_delete_marked(w->store, TEXT("a@x"), "prod", first.mark, soon(), &n, &err));
	assert_int_equal(n, 0);
	assert_string_equal(get(w, "a@x", "prod"), "one");
	assert_true(
		store_delete_marked(w->store, TEXT("a@x"), "other", second.mark, soon(), &n, &err));
	assert_int_equal(n, 0);
	assert_true(
		store_delete_marked(w->store, TEXT("A@X"), "prod", second.mark, soon(), &n, &err));
	assert_int_equal(n, 1);
	assert_null(get(w, "a@x", "prod"));
}

static inline void names_are_only_names(void **state)
{
	static const char *const names[] = {
		"o'brien@x", "a\"; DROP TABLE sessions; --@x", "%@x", "_@x", "\\@x", "$1@x",
		"{a}@x"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put(w, names[i], names[i], names[i], in_ms(MINUTE_MS));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(get(w, names[i], names[i]), names[i]);
	assert_int_equal(drop(w, "%@x", NULL), 1);
	assert_int_equal(count(w), ARRAY_LEN(names) - 1);
}

static inline void public_keys(void **state)
{
	struct world *w = *state;
	struct text *jwks = NULL;
	struct error err;
	char id[16];
	size_t n = 77;

	assert_true(store_keys(w->store, &w->arena, soon(), &jwks, &n, &err));
	assert_int_equal(n, 0);
	assert_true(
		store_put_key(w->store, "one", TEXT("{\"a\":1}"), in_ms(MINUTE_MS), soon(), &err));
	assert_true(store_put_key(w->store, "two", TEXT("{\"b\":1}"), in_ms(-1), soon(), &err));
	assert_true(
		store_put_key(w->store, "one", TEXT("{\"a\":2}"), in_ms(MINUTE_MS), soon(), &err));
	assert_true(store_keys(w->store, &w->arena, soon(), &jwks, &n, &err));
	assert_int_equal(n, 1);
	assert_true(text_is(jwks[0], "{\"a\":2}"));
	assert_int_equal(purge(w), 0);
	assert_false(store_put_key(w->store, "", TEXT("{}"), in_ms(MINUTE_MS), soon(), &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "k%d", i);
		assert_true(store_put_key(w->store, id, text_of(id), in_ms(MINUTE_MS * 2) + i,
					  soon(), &err));
	}
	assert_true(store_keys(w->store, &w->arena, soon(), &jwks, &n, &err));
	assert_int_equal(n, 256);
	for (size_t i = 0; i < n; i++)
		assert_false(text_is(jwks[i], "k0")); /* those that end last remain */
}

/* ---- telling of changes ---- */

struct told {
	pthread_mutex_t lock;
	char digest[STORE_DIGEST_SIZE];
	unsigned count;
};

static inline void note(void *context, const char *digest)
{
	struct told *told = context;

	pthread_mutex_lock(&told->lock);
	snprintf(told->digest, sizeof told->digest, "%s", digest);
	told->count++;
	pthread_mutex_unlock(&told->lock);
}

/* Since the last call; a store that listens may tell of one once more, a little later. */
static inline unsigned times_told(struct told *told)
{
	unsigned count;

	pthread_mutex_lock(&told->lock);
	count = told->count;
	told->count = 0;
	pthread_mutex_unlock(&told->lock);
	return count;
}

static inline void own_changes_are_told_at_once(void **state)
{
	struct world *w = *state;
	struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char digest[STORE_DIGEST_SIZE];

	store_digest(TEXT("a@B.test"), digest);
	assert_int_equal(strspn(digest, "0123456789abcdef"), STORE_DIGEST_SIZE - 1);
	store_watch(w->store, note, &told);
	put(w, "A@b.test", "prod", "t", in_ms(MINUTE_MS));
	store_watch(w->store, NULL, NULL);
	assert_true(told.count >= 1);
	assert_string_equal(told.digest, digest);
	told.count = 0;
	put(w, "A@b.test", "prod", "t", in_ms(MINUTE_MS));
	assert_int_equal(told.count, 0);
	store_watch(w->store, note, &told);
	drop(w, "a@b.test", NULL);
	store_watch(w->store, NULL, NULL);
	assert_true(told.count >= 1);
}

/* Another configuration sees the same sessions, but of an environment that lies elsewhere none; and
 * each has its own watcher. */
static inline void a_view_is_the_same_store_with_other_environments(void **state)
{
	struct world *w = *state;
	struct config_environment here = {.name = "prod", .url = "https://here.test"};
	struct config_environment there = {.name = "prod", .url = "https://there.test"};
	const struct config same = {.environments = &here, .environment_count = 1};
	const struct config other = {.environments = &there, .environment_count = 1};
	struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct store *views[2] = {store_view(w->store, &same), NULL};
	struct store *opened = w->store;

	views[1] = store_view(views[0], &other);
	store_watch(views[1], note, &told);
	w->store = views[0];
	put(w, "a@b.test", "prod", "t", in_ms(MINUTE_MS));
	assert_true(times_told(&told) >= 1);
	assert_string_equal(get(w, "a@b.test", "prod"), "t");
	w->store = views[1];
	assert_null(get(w, "a@b.test", "prod"));
	w->store = opened;
	store_close(views[0]);
	(void)times_told(&told);
	put(w, "a@b.test", "else", "t", in_ms(MINUTE_MS));
	assert_true(times_told(&told) >= 1);
	store_close(views[1]);
	put(w, "a@b.test", "else", "t", in_ms(MINUTE_MS));
}

/* ---- many at once ---- */

enum {
	CROWD = 200,
	ROUNDS = 5,
};

struct member {
	struct store *store;
	unsigned index;
	pthread_t thread;
	char fault[160];
};

static inline bool say(struct member *m, const char *what, const char *why)
{
	snprintf(m->fault, sizeof m->fault, "%s: %.100s", what, why);
	return false;
}

/* Writes what is nobody else's, and what two share, and reads both. */
static inline bool one_round(struct member *m, struct arena *a, unsigned round)
{
	struct session session = {.expires_ms = 0};
	struct error err = {.message = ""};
	char email[48];
	char shared[48];
	char token[64];

	snprintf(email, sizeof email, "member%u@b.test", m->index);
	snprintf(shared, sizeof shared, "pair%u@b.test", m->index / 2);
	snprintf(token, sizeof token, "%u of %s", round, email);
	if (!store_put(m->store, text_of(email), "prod", text_of(token), in_ms(MINUTE_MS), soon(),
		       &err) ||
	    !store_put(m->store, text_of(shared), "prod", text_of(shared), in_ms(MINUTE_MS), soon(),
		       &err))
		return say(m, "put", err.message);
	if (!store_get(m->store, a, text_of(email), "prod", soon(), &session, &err))
		return say(m, "get", err.message);
	if (session.token.ptr == NULL || !text_is(session.token, token))
		return say(m, "lost or mixed up",
			   session.token.ptr == NULL ? "none" : session.token.ptr);
	if (!store_get(m->store, a, text_of(shared), "prod", soon(), &session, &err) ||
	    session.token.ptr == NULL || !text_is(session.token, shared))
		return say(m, "shared", err.message);
	return true;
}

static inline void *run_member(void *context)
{
	struct member *m = context;
	struct arena a;

	arena_init(&a);
	for (unsigned round = 0; round < ROUNDS; round++)
		if (!one_round(m, &a, round))
			break;
	arena_fini(&a);
	return NULL;
}

static inline void a_crowd_loses_nothing(void **state)
{
	struct world *w = *state;
	struct member *crowd = calloc(CROWD, sizeof *crowd);
	size_t n;

	assert_non_null(crowd);
	for (unsigned i = 0; i < CROWD; i++) {
		crowd[i].store = w->store;
		crowd[i].index = i;
		assert_int_equal(pthread_create(&crowd[i].thread, NULL, run_member, &crowd[i]), 0);
	}
	for (unsigned i = 0; i < CROWD; i++)
		pthread_join(crowd[i].thread, NULL);
	for (unsigned i = 0; i < CROWD; i++)
		if (crowd[i].fault[0] != '\0')
			fail_msg("member %u: %s", i, crowd[i].fault);
	n = count(w);
	assert_int_equal(n, CROWD + CROWD / 2);
	free(crowd);
}

/* ---- what outlives the process ---- */

static inline void sessions_outlive_a_restart(void **state)
{
	struct world *w = *state;
	struct text *jwks = NULL;
	struct error err;
	size_t n = 0;

	put(w, "a@b.test", "prod", "kept", in_ms(MINUTE_MS));
	assert_true(store_put_key(w->store, "one", TEXT("{}"), in_ms(MINUTE_MS), soon(), &err));
	reopen(w);
	assert_string_equal(get(w, "a@b.test", "prod"), "kept");
	assert_true(store_keys(w->store, &w->arena, soon(), &jwks, &n, &err));
	assert_int_equal(n, 1);
}

static inline void keys_take_turns(void **state)
{
	struct world *w = *state;

	put(w, "old@b.test", "prod", "old", in_ms(MINUTE_MS));
	use_keys(w, KEY_OTHER, KEY_ONE);
	reopen(w);
	assert_string_equal(get(w, "old@b.test", "prod"), "old");
	put(w, "new@b.test", "prod", "new", in_ms(MINUTE_MS));
	use_keys(w, KEY_OTHER, NULL);
	reopen(w);
	assert_string_equal(get(w, "new@b.test", "prod"), "new");
	assert_null(get(w, "old@b.test", "prod"));
	put(w, "old@b.test", "prod", "again", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "old@b.test", "prod"), "again");
}

static inline void two_see_each_others_sessions(void **state)
{
	struct world *w = *state;
	struct store *other = open_store(w);

	put(w, "a@b.test", "prod", "one", in_ms(MINUTE_MS));
	assert_string_equal(get_from(w, other, "a@b.test", "prod"), "one");
	put(w, "a@b.test", "prod", "two", in_ms(MINUTE_MS));
	assert_string_equal(get_from(w, other, "a@b.test", "prod"), "two");
	drop(w, "a@b.test", NULL);
	assert_null(get_from(w, other, "a@b.test", "prod"));
	store_close(other);
}

static inline void without_a_key_it_does_not_open(void **state)
{
	struct world *w = *state;
	struct store *store = NULL;
	struct error err;

	w->config.store.key_count = 0;
	assert_false(store_open(&w->config, &store, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_null(store);
}

/* ---- a look at it ---- */

static inline struct store_survey look_at(struct world *w)
{
	struct store_survey found;
	struct error err;

	if (!store_survey(&w->config, soon(), &found, &err))
		fail_msg("%s", err.message);
	return found;
}

static inline void a_look_counts_and_opens(void **state)
{
	struct world *w = *state;
	int64_t first_ms = in_ms(-MINUTE_MS);
	struct store_survey found = look_at(w);

	assert_false(found.missing || found.out_of_reach);
	assert_int_equal(found.live + found.expired + found.tried, 0);
	assert_int_equal(found.first_end_ms, 0);
	put(w, "one@b.test", "prod", "t", in_ms(MINUTE_MS));
	put(w, "two@b.test", "dev", "t", in_ms(MINUTE_MS));
	put(w, "past@b.test", "prod", "t", first_ms);
	found = look_at(w);
	assert_int_equal(found.live, 2);
	assert_int_equal(found.expired, 1);
	assert_int_equal(found.first_end_ms, first_ms);
	assert_int_equal(found.tried, 2);
	assert_int_equal(found.opened, 2);
	use_keys(w, KEY_OTHER, NULL);
	put(w, "new@b.test", "prod", "t", in_ms(MINUTE_MS)); /* the store goes on with its key */
	found = look_at(w);
	assert_int_equal(found.tried, 3);
	assert_int_equal(found.opened, 0);
	use_keys(w, KEY_OTHER, KEY_ONE);
	assert_int_equal(look_at(w).opened, 3);
	w->config.store.key_count = 0;
	assert_false(store_survey(&w->config, soon(), &found, &(struct error){.kind = 0}));
	use_keys(w, KEY_ONE, NULL);
}

#define store_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#define STORE_TESTS                                                                            \
	store_test(a_session_is_found_again), store_test(a_later_one_takes_its_place),         \
		store_test(case_does_not_count), store_test(environments_are_apart),           \
		store_test(deleting_all_of_somebody), store_test(what_has_expired_is_gone),    \
		store_test(the_list_is_ordered_and_bounded),                                   \
		store_test(what_cannot_be_is_refused), store_test(names_are_only_names),       \
		store_test(only_the_one_that_is_meant_goes), store_test(public_keys),          \
		store_test(own_changes_are_told_at_once),                                      \
		store_test(a_view_is_the_same_store_with_other_environments),                  \
		store_test(a_crowd_loses_nothing), store_test(a_deed_begins_once),             \
		store_test(what_was_released_may_begin_again),                                 \
		store_test(what_has_expired_may_begin_again), store_test(notes_have_a_length), \
		store_test(of_many_one_begins)

#define STORE_TESTS_OF_KEPT                                                                    \
	store_test(sessions_outlive_a_restart), store_test(keys_take_turns),                   \
		store_test(two_see_each_others_sessions), store_test(a_look_counts_and_opens), \
		store_test(without_a_key_it_does_not_open),                                    \
		store_test(of_many_replicas_one_begins), store_test(deeds_outlive_a_restart)

#endif
