/* How long sessions are good, and what is remembered of a store that lies behind a network. The
 * store is the one in memory, with a network put before it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/base64.h"
#include "session/session.h"

/* ---- the network: stands before functions of the store, see meson.build ---- */

/* NOLINTBEGIN(bugprone-reserved-identifier): so the linker calls them */

bool __real_store_is_remote(const struct store *store);
bool __wrap_store_is_remote(const struct store *store);
bool __real_store_put(struct store *store, struct text email, const char *environment,
		      struct text token, int64_t expires_ms, int64_t deadline_ms,
		      struct error *err);
bool __wrap_store_put(struct store *store, struct text email, const char *environment,
		      struct text token, int64_t expires_ms, int64_t deadline_ms,
		      struct error *err);
bool __real_store_get(struct store *store, struct arena *a, struct text email,
		      const char *environment, int64_t deadline_ms, struct session *session,
		      struct error *err);
bool __wrap_store_get(struct store *store, struct arena *a, struct text email,
		      const char *environment, int64_t deadline_ms, struct session *session,
		      struct error *err);

static bool is_remote;
static atomic_bool is_down;
static atomic_int reads;
static atomic_bool held;               /* puts do not end */
static atomic_int inside;              /* puts under way */
static enum error_kind put_fails_with; /* ERROR_KINDS: it does not */
static void (*meanwhile)(void);        /* happens while an answer is on its way */

bool __wrap_store_is_remote(const struct store *store)
{
	return is_remote || __real_store_is_remote(store);
}

bool __wrap_store_put(struct store *store, struct text email, const char *environment,
		      struct text token, int64_t expires_ms, int64_t deadline_ms, struct error *err)
{
	bool late;

	atomic_fetch_add(&inside, 1);
	while (atomic_load(&held) && clock_left_ms(deadline_ms) > 0)
		clock_sleep_ms(1);
	late = atomic_load(&held);
	atomic_fetch_sub(&inside, 1);
	if (late)
		return error_set(err, ERROR_UNAVAILABLE, "host db.test is slow");
	if (put_fails_with != ERROR_KINDS)
		return error_set(err, put_fails_with, "host db.test refuses");
	return __real_store_put(store, email, environment, token, expires_ms, deadline_ms, err);
}

bool __wrap_store_get(struct store *store, struct arena *a, struct text email,
		      const char *environment, int64_t deadline_ms, struct session *session,
		      struct error *err)
{
	bool ok;

	atomic_fetch_add(&reads, 1);
	if (atomic_load(&is_down))
		return error_set(err, ERROR_UNAVAILABLE, "the network is down");
	ok = __real_store_get(store, a, email, environment, deadline_ms, session, err);
	if (meanwhile != NULL)
		meanwhile();
	return ok;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- a scene ---- */

struct scene {
	struct config config;
	struct config_environment environments[2];
	struct store *store;
	struct sessions *sessions;
	struct arena arena;
	struct error err;
};

static struct scene *current;

static void start(struct scene *s, bool remote)
{
	sessions_free(s->sessions);
	is_remote = remote;
	s->sessions = sessions_new(&s->config, s->store);
	atomic_store(&reads, 0);
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->config.store.type = CONFIG_STORE_MEMORY;
	s->config.workers = 64;
	s->environments[0].name = "prod";
	s->environments[1].name = "staging";
	s->config.environments = s->environments;
	s->config.environment_count = 2;
	arena_init(&s->arena);
	assert_true(store_open(&s->config, &s->store, &s->err));
	atomic_store(&is_down, false);
	atomic_store(&held, false);
	put_fails_with = ERROR_KINDS;
	meanwhile = NULL;
	start(s, false);
	current = s;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	sessions_free(s->sessions);
	store_close(s->store);
	arena_fini(&s->arena);
	free(s);
	return 0;
}

static int64_t soon(void)
{
	return clock_now_ms() + 5000;
}

static bool keep(struct scene *s, const char *email, const char *token, int64_t offered_ms,
		 int64_t *expires_ms)
{
	s->err = (struct error){.message = ""};
	return sessions_keep(s->sessions, &s->arena, text_of(email), text_of(token), offered_ms,
			     soon(), expires_ms, &s->err);
}

static void kept(struct scene *s, const char *email, const char *token)
{
	int64_t unused;

	if (!keep(s, email, token, 0, &unused))
		fail_msg("%s", s->err.message);
}

/* NULL: there is none. */
static const char *find(struct scene *s, const char *email)
{
	struct session session = {.expires_ms = -1};

	sessions_find(s->sessions, &s->arena, text_of(email), soon(), &session);
	return session.token.ptr;
}

/* A token with these claims, as far as anybody looks who does not verify it. */
static const char *token_with(struct scene *s, const char *claims)
{
	struct buf out;
	char *copy;

	buf_init(&out, 64 * 1024);
	base64url_encode(TEXT("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), &out);
	buf_add_char(&out, '.');
	base64url_encode(text_of(claims), &out);
	buf_add_string(&out, ".c2lnbmF0dXJl");
	copy = arena_copy(&s->arena, buf_text(&out));
	buf_fini(&out);
	return copy;
}

/* ---- how long they are good ---- */

static void a_token_without_an_end_lasts_a_quarter_of_an_hour(void **state)
{
	static const char *const claims[] = {
		"{}", "{\"exp\":\"soon\"}", "{\"exp\":null}", "{\"exp\":1e3}", "[]",
	};
	struct scene *s = *state;
	int64_t now = clock_calendar_ms();
	int64_t expires_ms = 0;

	assert_true(keep(s, "a@x", "opaque", 0, &expires_ms));
	assert_in_range(expires_ms - now, SESSION_LASTS_MS, SESSION_LASTS_MS + 2000);
	for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
		assert_true(keep(s, "a@x", token_with(s, claims[i]), 0, &expires_ms));
		assert_in_range(expires_ms - now, SESSION_LASTS_MS, SESSION_LASTS_MS + 2000);
	}
	/* The bridge may say that it ends earlier, and not that it lasts longer. */
	assert_true(keep(s, "a@x", "opaque", now + 60000, &expires_ms));
	assert_int_equal(expires_ms, now + 60000);
	assert_true(keep(s, "a@x", "opaque", now + 3600000, &expires_ms));
	assert_in_range(expires_ms - now, SESSION_LASTS_MS, SESSION_LASTS_MS + 2000);
}

static void the_tokens_own_end_holds(void **state)
{
	struct scene *s = *state;
	int64_t now_s = clock_calendar_ms() / 1000;
	int64_t expires_ms = 0;
	const char *token =
		token_with(s, arena_printf(&s->arena, "{\"exp\":%lld}", (long long)now_s + 7200));

	assert_true(keep(s, "a@x", token, 0, &expires_ms));
	assert_int_equal(expires_ms, (now_s + 7200) * 1000);
	assert_true(keep(s, "a@x", token, (now_s + 86400) * 1000, &expires_ms));
	assert_int_equal(expires_ms, (now_s + 7200) * 1000);
	assert_true(keep(s, "a@x", token, (now_s + 60) * 1000, &expires_ms));
	assert_int_equal(expires_ms, (now_s + 60) * 1000);
	/* Never beyond what can be told, nor a month. */
	assert_true(keep(s, "a@x", token_with(s, "{\"exp\":9223372036854775807}"),
			 (now_s + 60) * 1000, &expires_ms));
	assert_int_equal(expires_ms, (now_s + 60) * 1000);
	assert_true(keep(s, "a@x", token_with(s, "{\"exp\":1700000000000}"), 0, &expires_ms));
	assert_in_range(expires_ms, (now_s + 29 * 86400) * 1000, (now_s + 31 * 86400) * 1000);
	/* A fraction is cut off. */
	token = token_with(s, arena_printf(&s->arena, "{\"exp\":%lld.75}", (long long)now_s + 60));
	assert_true(keep(s, "a@x", token, 0, &expires_ms));
	assert_int_equal(expires_ms, (now_s + 60) * 1000);
	assert_false(keep(s, "a@x", token_with(s, "{\"exp\":1700000000.5}"), 0, &expires_ms));
}

static void what_is_over_is_not_kept(void **state)
{
	struct scene *s = *state;
	int64_t now_ms = clock_calendar_ms();
	int64_t expires_ms = 77;

	kept(s, "a@x", "before");
	assert_false(keep(s, "a@x", token_with(s, "{\"exp\":1}"), 0, &expires_ms));
	assert_int_equal(s->err.kind, ERROR_INPUT);
	assert_non_null(strstr(s->err.message, "exp"));
	assert_false(keep(s, "a@x", token_with(s, "{\"exp\":-5}"), 0, &expires_ms));
	assert_false(keep(s, "a@x", "opaque", now_ms - 1, &expires_ms));
	assert_int_equal(s->err.kind, ERROR_INPUT);
	assert_non_null(strstr(s->err.message, "expiresAt"));
	/* Seconds where milliseconds are wanted. */
	assert_false(keep(s, "a@x", "opaque", now_ms / 1000 + 3600, &expires_ms));
	assert_int_equal(expires_ms, 77);
	assert_string_equal(find(s, "a@x"), "before");
}

static void tokens_that_cannot_stand_in_a_header(void **state)
{
	static char much[SESSION_LONGEST_TOKEN + 1];

	(void)state;
	memset(much, 'x', sizeof much);
	assert_null(session_token_problem(TEXT("a.b-c_~!")));
	assert_null(session_token_problem((struct text){much, SESSION_LONGEST_TOKEN}));
	assert_non_null(session_token_problem((struct text){much, SESSION_LONGEST_TOKEN + 1}));
	assert_non_null(session_token_problem(TEXT("")));
	assert_non_null(session_token_problem(TEXT("a b")));
	assert_non_null(session_token_problem(TEXT("a\r\nX: y")));
	assert_non_null(session_token_problem(TEXT("\xC3\xA4")));
	assert_non_null(session_token_problem(TEXT("a\x7F")));
	assert_non_null(session_token_problem(TEXT("a\0b")));
}

static void looking_and_deleting(void **state)
{
	struct scene *s = *state;
	int64_t expires_ms = -1;
	int64_t seen_ms = -1;
	size_t deleted = 77;

	assert_true(sessions_look(s->sessions, &s->arena, TEXT("a@x"), soon(), &seen_ms, &s->err));
	assert_int_equal(seen_ms, 0);
	assert_true(keep(s, "A@x", "one", 0, &expires_ms));
	assert_true(sessions_look(s->sessions, &s->arena, TEXT("a@X"), soon(), &seen_ms, &s->err));
	assert_int_equal(seen_ms, expires_ms);
	assert_true(sessions_delete(s->sessions, TEXT("a@x"), soon(), &deleted, &s->err));
	assert_int_equal(deleted, 1);
	assert_true(sessions_delete(s->sessions, TEXT("a@x"), soon(), &deleted, &s->err));
	assert_int_equal(deleted, 0);
	assert_null(find(s, "a@x"));
}

static void they_are_of_the_environment_that_is_configured(void **state)
{
	struct scene *s = *state;
	struct session session = {.expires_ms = 0};

	kept(s, "a@x", "for-prod");
	s->config.session_environment = "staging";
	start(s, false);
	assert_null(find(s, "a@x"));
	kept(s, "a@x", "for-staging");
	assert_string_equal(find(s, "a@x"), "for-staging");
	assert_true(__real_store_get(s->store, &s->arena, TEXT("a@x"), "prod", soon(), &session,
				     &s->err));
	assert_string_equal(session.token.ptr, "for-prod");
}

static void what_has_expired_is_dropped_now_and_then(void **state)
{
	struct scene *s = *state;
	int64_t expires_ms;

	assert_true(keep(s, "a@x", "one", clock_calendar_ms() + 20, &expires_ms));
	usleep(30 * 1000);
	assert_null(find(s, "a@x"));
	sessions_look_around(s->sessions);
	assert_int_equal(sessions_stats(s->sessions).expired, 1);
	sessions_look_around(s->sessions);
	assert_int_equal(sessions_stats(s->sessions).expired, 1);
}

/* ---- behind a network ---- */

static void what_is_at_hand_is_not_remembered(void **state)
{
	struct scene *s = *state;

	kept(s, "a@x", "one");
	for (int i = 0; i < 3; i++)
		assert_string_equal(find(s, "a@x"), "one");
	assert_int_equal(atomic_load(&reads), 3);
}

static void an_answer_is_remembered_until_it_changes(void **state)
{
	struct scene *s = *state;
	size_t deleted;

	start(s, true);
	kept(s, "a@x", "one");
	kept(s, "b@x", "other");
	for (int i = 0; i < 3; i++)
		assert_string_equal(find(s, "A@x"), "one");
	assert_int_equal(atomic_load(&reads), 1);
	kept(s, "a@X", "two");
	assert_string_equal(find(s, "a@x"), "two");
	assert_int_equal(atomic_load(&reads), 2);
	assert_true(sessions_delete(s->sessions, TEXT("a@x"), soon(), &deleted, &s->err));
	assert_null(find(s, "a@x"));
	assert_null(find(s, "a@x")); /* that there is none is not */
	assert_int_equal(atomic_load(&reads), 4);
	assert_string_equal(find(s, "b@x"), "other");
	assert_int_equal(sessions_stats(s->sessions).hits, 5);
	assert_int_equal(sessions_stats(s->sessions).misses, 2);
}

static void end_one(void)
{
	size_t deleted;

	meanwhile = NULL;
	assert_true(
		store_delete(current->store, TEXT("a@x"), "prod", soon(), &deleted, &current->err));
}

static void an_answer_that_was_overtaken_is_not_remembered(void **state)
{
	struct scene *s = *state;

	start(s, true);
	kept(s, "a@x", "one");
	meanwhile = end_one;
	assert_string_equal(find(s, "a@x"), "one"); /* it was when it was asked */
	assert_null(find(s, "a@x"));
}

static void what_is_remembered_ends_in_time(void **state)
{
	struct scene *s = *state;
	int64_t expires_ms;

	start(s, true);
	assert_true(keep(s, "a@x", "one", clock_calendar_ms() + 1000, &expires_ms));
	assert_string_equal(find(s, "a@x"), "one");
	usleep(1020 * 1000);
	assert_null(find(s, "a@x"));
}

static void a_refused_one_goes_from_memory_and_store(void **state)
{
	struct scene *s = *state;
	struct session session;

	start(s, true);
	kept(s, "a@x", "one");
	sessions_find(s->sessions, &s->arena, TEXT("a@x"), soon(), &session); /* of the store */
	sessions_find(s->sessions, &s->arena, TEXT("a@x"), soon(), &session); /* of the memory */
	kept(s, "a@x", "two");
	sessions_refused(s->sessions, TEXT("a@x"), &session);
	assert_string_equal(find(s, "a@x"), "two");
	sessions_find(s->sessions, &s->arena, TEXT("a@x"), soon(), &session);
	sessions_refused(s->sessions, TEXT("a@x"), &session);
	assert_null(find(s, "a@x"));
}

static void a_lost_store_is_a_miss_that_costs_nothing(void **state)
{
	struct scene *s = *state;
	int64_t before = clock_now_ms();

	start(s, true);
	kept(s, "a@x", "one");
	atomic_store(&is_down, true);
	for (int i = 0; i < 100; i++)
		assert_null(find(s, "a@x"));
	assert_int_equal(atomic_load(&reads), 1); /* nobody else tries for a second */
	assert_int_equal(sessions_stats(s->sessions).store_failures, 1);
	assert_true(clock_now_ms() - before < 900);
	usleep(1050 * 1000);
	assert_null(find(s, "a@x"));
	assert_int_equal(atomic_load(&reads), 2);
	atomic_store(&is_down, false);
	usleep(1050 * 1000);
	assert_string_equal(find(s, "a@x"), "one");
	assert_string_equal(find(s, "a@x"), "one");
	assert_int_equal(atomic_load(&reads), 3);
}

static void who_cannot_change_may_still_read(void **state)
{
	struct scene *s = *state;
	int64_t expires_ms;

	start(s, true);
	kept(s, "a@x", "one");
	for (int i = 0; i < 2; i++) {
		put_fails_with = i == 0 ? ERROR_INTERNAL : ERROR_UNAVAILABLE;
		assert_false(keep(s, "b@x", "other", 0, &expires_ms));
		assert_int_equal(s->err.kind, put_fails_with);
		assert_null(strstr(s->err.message, "db.test"));
		assert_string_equal(find(s, "a@x"), "one");
	}
	/* Nobody else waits for what does not answer. */
	put_fails_with = ERROR_KINDS;
	assert_false(keep(s, "c@x", "other", 0, &expires_ms));
	assert_int_equal(s->err.kind, ERROR_UNAVAILABLE);
	usleep(1050 * 1000);
	assert_true(keep(s, "c@x", "other", 0, &expires_ms));
}

static void no_address_that_is_too_long_is_anybodys(void **state)
{
	struct scene *s = *state;
	char longest[STORE_LONGEST_EMAIL + 2];

	start(s, true);
	memset(longest, 'a', sizeof longest);
	longest[10] = '@';
	longest[STORE_LONGEST_EMAIL] = '\0';
	kept(s, longest, "one");
	assert_string_equal(find(s, longest), "one");
	longest[STORE_LONGEST_EMAIL] = 'x';
	longest[STORE_LONGEST_EMAIL + 1] = '\0';
	assert_null(find(s, longest));
}

/* ---- threads ---- */

struct late_put {
	const char *email;
	const char *token;
	bool ok;
	struct error err;
};

static atomic_int late_puts_done;

static void *put_late(void *context)
{
	struct late_put *p = context;
	struct arena arena;
	int64_t unused;

	arena_init(&arena);
	p->ok = sessions_keep(current->sessions, &arena, text_of(p->email), text_of(p->token), 0,
			      soon(), &unused, &p->err);
	atomic_fetch_add(&late_puts_done, 1);
	arena_fini(&arena);
	return NULL;
}

static void changes_of_one_address_keep_their_order(void **state)
{
	struct late_put first = {.email = "a@x", .token = "first"};
	struct scene *s = *state;
	struct late_put second = {.email = "A@x", .token = "second"};
	pthread_t thread;
	pthread_t other;

	atomic_store(&held, true);
	assert_int_equal(pthread_create(&thread, NULL, put_late, &first), 0);
	while (atomic_load(&inside) < 1)
		clock_sleep_ms(1);
	assert_int_equal(pthread_create(&other, NULL, put_late, &second), 0);
	clock_sleep_ms(50);
	assert_int_equal(atomic_load(&inside), 1); /* the second waits for the first */
	atomic_store(&held, false);
	pthread_join(thread, NULL);
	pthread_join(other, NULL);
	assert_true(first.ok && second.ok);
	assert_string_equal(find(s, "a@x"), "second");
}

enum { CROWD = 8 };

static void a_slow_store_does_not_take_all_workers(void **state)
{
	static const char *const emails[CROWD] = {"a@x", "b@x", "c@x", "d@x",
						  "e@x", "f@x", "g@x", "h@x"};
	struct late_put puts[CROWD];
	pthread_t threads[CROWD];
	struct scene *s = *state;
	int refused = 0;

	s->config.workers = 16; /* of which a quarter may wait */
	atomic_store(&late_puts_done, 0);
	start(s, false);
	atomic_store(&held, true);
	for (int i = 0; i < CROWD; i++) {
		puts[i] = (struct late_put){.email = emails[i], .token = "t"};
		assert_int_equal(pthread_create(&threads[i], NULL, put_late, &puts[i]), 0);
	}
	while (atomic_load(&inside) < 4 || atomic_load(&late_puts_done) < CROWD - 4)
		clock_sleep_ms(1);
	atomic_store(&held, false);
	for (int i = 0; i < CROWD; i++) {
		pthread_join(threads[i], NULL);
		refused += !puts[i].ok;
		assert_true(puts[i].ok || puts[i].err.kind == ERROR_UNAVAILABLE);
	}
	assert_int_equal(refused, CROWD - 4);
	/* That they were in a hurry says nothing about the store. */
	assert_true(keep(s, "i@x", "t", 0, &(int64_t){0}));
}

enum { THREADS = 8, ROUNDS = 300 };

static void *come_and_go(void *context)
{
	struct scene *s = current;
	int number = *(int *)context;
	struct arena arena;
	char email[16];
	char prefix[16];

	arena_init(&arena);
	snprintf(email, sizeof email, "u%d@x", number % 4);
	snprintf(prefix, sizeof prefix, "t%d-", number % 4);
	for (int i = 0; i < ROUNDS; i++) {
		struct session session;
		struct error err;
		int64_t ms;

		if (number < 4 && !sessions_keep(s->sessions, &arena, text_of(email),
						 text_of(arena_printf(&arena, "%s%d", prefix, i)),
						 0, soon(), &ms, &err))
			abort();
		sessions_find(s->sessions, &arena, text_of(email), soon(), &session);
		/* Nobody's but their own, and what one has put oneself at once. */
		if (session.token.ptr != NULL && !text_starts(session.token, prefix))
			abort();
		if (number < 4 &&
		    (session.token.ptr == NULL || atoi(session.token.ptr + strlen(prefix)) != i))
			abort();
		if (number == 7 && i % 50 == 0)
			sessions_look_around(s->sessions);
	}
	arena_fini(&arena);
	return NULL;
}

static void many_at_once(void **state)
{
	struct scene *s = *state;
	pthread_t threads[THREADS];
	int numbers[THREADS];

	start(s, true);
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENE(a_token_without_an_end_lasts_a_quarter_of_an_hour),
		SCENE(the_tokens_own_end_holds),
		SCENE(what_is_over_is_not_kept),
		SCENE(tokens_that_cannot_stand_in_a_header),
		SCENE(looking_and_deleting),
		SCENE(they_are_of_the_environment_that_is_configured),
		SCENE(what_has_expired_is_dropped_now_and_then),
		SCENE(what_is_at_hand_is_not_remembered),
		SCENE(an_answer_is_remembered_until_it_changes),
		SCENE(an_answer_that_was_overtaken_is_not_remembered),
		SCENE(what_is_remembered_ends_in_time),
		SCENE(a_refused_one_goes_from_memory_and_store),
		SCENE(a_lost_store_is_a_miss_that_costs_nothing),
		SCENE(who_cannot_change_may_still_read),
		SCENE(no_address_that_is_too_long_is_anybodys),
		SCENE(changes_of_one_address_keep_their_order),
		SCENE(a_slow_store_does_not_take_all_workers),
		SCENE(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
