/* What the permission backend says, and all the ways in which it may not say it. */
#include "unit/backstage/host.h"

#include <pthread.h>

static bool ask(struct host *h, const struct principal *principal, enum permit permit,
		struct error *err)
{
	const struct backstage_call call = host_call(h);

	return backstage_authorize(h->b, &call, principal, permit, err);
}

static void a_clear_answer_holds_for_a_while(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct principal bob = host_principal(h, "user:default/bob");
	struct error err;

	for (int i = 0; i < 3; i++)
		assert_true(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 1);
	h->mood = MOOD_DENY;
	assert_true(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_false(ask(h, &ada, PERMIT_CREATE_CLUSTER, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_string_equal(err.message, "The permission spectrocloud.cluster.create is denied to "
					 "user:default/ada");
	assert_false(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
	h->mood = MOOD_ALLOW;
	assert_false(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 3);
	assert_int_equal(backstage_stats(h->b).questions_asked, 3);
	assert_int_equal(backstage_stats(h->b).questions_recalled, 4);
}

static void the_question_is_the_documented_one(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct canned_request *r;
	struct text token;
	struct jose_token parsed;
	struct error err;

	assert_true(ask(h, &ada, PERMIT_CREATE_CLUSTER, &err));
	r = &h->http.requests[0];
	assert_string_equal(r->method, "POST");
	assert_string_equal(r->path, "/api/permission/authorize");
	assert_string_equal(r->content_type, "application/json");
	assert_string_equal(json_string_at(&h->arena, r->body, "/items/0/permission/name", ""),
			    "spectrocloud.cluster.create");
	assert_string_equal(json_string_at(&h->arena, r->body, "/items/0/permission/type", ""),
			    "basic");
	assert_string_equal(
		json_string_at(&h->arena, r->body, "/items/0/permission/attributes/action", ""),
		"create");
	assert_int_equal(strlen(json_string_at(&h->arena, r->body, "/items/0/id", "")), 36);
	/* On the user's own behalf. */
	assert_memory_equal(r->authorization, "Bearer ", 7);
	token = text_of(r->authorization + 7);
	assert_true(jose_token_read(&h->arena, token, &parsed, &err));
	assert_string_equal(parsed.type, TYPE_PLUGIN);
	assert_string_equal(jose_claim_string(&h->arena, &parsed, "sub"), "spectrocloud");
	assert_string_equal(jose_claim_string(&h->arena, &parsed, "aud"), "permission");
	assert_string_equal(jose_claim_string(&h->arena, &parsed, "obo"), ada.on_behalf.ptr);
}

/* Each of them is a refusal, none is remembered, all are counted. */
static void everything_else_is_a_refusal(void **state)
{
	(void)state;
	for (int mood = MOOD_CONDITIONAL; mood < MOODS; mood++) {
		struct principal ada;
		struct error err = {.kind = ERROR_INTERNAL};
		struct host h;

		host_open(&h);
		h.config.permission_cache_ttl_ms = 5000;
		h.mood = (enum permission_mood)mood;
		host_start(&h);
		ada = host_principal(&h, "user:default/ada");
		assert_false(ask(&h, &ada, PERMIT_VIEW_CLUSTER, &err));
		assert_int_equal(err.kind, ERROR_DENIED);
		assert_non_null(strstr(err.message, "could not be checked"));
		assert_int_equal(backstage_stats(h.b).questions_failed, 1);
		assert_int_equal(backstage_stats(h.b).denied, 1);
		h.mood = MOOD_ALLOW;
		clock_sleep_ms(1050);
		backstage_look_around(h.b);
		assert_true(ask(&h, &ada, PERMIT_VIEW_CLUSTER, &err));
		host_close(&h);
	}
}

/* What fails for one is looked at before it is held against all; that question alone is held back
 * at once. */
static void a_look_decides_what_a_failure_means(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct principal bob = host_principal(h, "user:default/bob");
	const struct principal eve = host_principal(h, "user:default/eve");
	struct error err;

	h->mood = MOOD_SLOW;
	for (int i = 0; i < 3; i++)
		assert_false(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 1);
	assert_true(backstage_ready(h->b, &err));
	h->mood = MOOD_ALLOW;
	assert_true(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
	h->mood = MOOD_SLOW;
	assert_false(ask(h, &eve, PERMIT_VIEW_CLUSTER, &err));
	backstage_look_around(h->b);
	assert_false(backstage_ready(h->b, &err));
	assert_non_null(strstr(err.message, "took too long"));
	assert_false(ask(h, &bob, PERMIT_CREATE_CLUSTER, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(h->http.count, 4); /* three questions and a look */
}

/* Nobody but the backend can bring that about, and a look does not see it. */
static void nonsense_shows_in_readiness_until_a_good_answer(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct principal bob = host_principal(h, "user:default/bob");
	struct error err;

	h->mood = MOOD_OTHER_ID;
	assert_false(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_false(backstage_ready(h->b, &err));
	h->mood = MOOD_ALLOW;
	backstage_look_around(h->b);
	assert_false(backstage_ready(h->b, &err));
	assert_true(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
	assert_true(backstage_ready(h->b, &err));
}

/* Who has less time than an answer may take says nothing about the backend. */
static void a_callers_own_haste_is_no_failure(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	struct backstage_call call = host_call(h);
	struct error err;

	h->answer_ms = 30;
	h->mood = MOOD_SLOW;
	call.deadline_ms = clock_now_ms() + 20;
	assert_false(backstage_authorize(h->b, &call, &ada, PERMIT_VIEW_CLUSTER, &err));
	h->mood = MOOD_ALLOW;
	assert_true(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
}

/* Nor is that a caller has left: it is not asked, not counted, and not remembered against others.
 */
static void a_caller_who_leaves_is_no_failure(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	struct backstage_call call = host_call(h);
	struct error err;

	call.cancel = http_cancel_new();
	assert_true(backstage_authorize(h->b, &call, &ada, PERMIT_CREATE_CLUSTER, &err));
	http_cancel_set(call.cancel);
	assert_false(backstage_authorize(h->b, &call, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
	assert_int_equal(h->http.count, 1);
	assert_int_equal(backstage_stats(h->b).questions_failed, 0);
	assert_true(backstage_ready(h->b, &err));
	/* What is known needs no question. */
	assert_true(backstage_authorize(h->b, &call, &ada, PERMIT_CREATE_CLUSTER, &err));
	assert_true(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 2);
	http_cancel_free(call.cancel);
}

static void nobody_is_asked_where_nobody_can_be_reached(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct principal bob = host_principal(h, "user:default/bob");
	struct error err;

	h->mood = MOOD_UNREACHABLE;
	assert_false(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_false(backstage_ready(h->b, &err));
	assert_false(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 1);
}

/* What it says of one caller's token is no reason to distrust it. */
static void a_refused_token_is_its_callers_trouble(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct principal bob = host_principal(h, "user:default/bob");
	struct principal bare = {.kind = PRINCIPAL_USER, .subject = "user:default/x"};
	struct error err;

	h->mood = MOOD_ERROR_401;
	assert_false(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_false(ask(h, &bare, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(h->http.count, 1);
	assert_true(backstage_ready(h->b, &err));
	h->mood = MOOD_UNREACHABLE;
	assert_false(ask(h, &bob, PERMIT_CREATE_CLUSTER, &err));
	clock_sleep_ms(1050);
	assert_false(ask(h, &bare, PERMIT_VIEW_CLUSTER, &err));
	assert_false(backstage_ready(h->b, &err)); /* who was not asked has not answered */
	h->mood = MOOD_ALLOW;
	backstage_look_around(h->b);
	assert_true(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
}

/* Somebody whom it does not know, or about whom its policy fails, is refused, and nobody else. */
static void a_failure_about_one_person_harms_no_other(void **state)
{
	static const enum permission_mood moods[] = {MOOD_ERROR_404, MOOD_ERROR_401,
						     MOOD_ERROR_500};
	struct host *h = *state;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(moods); i++) {
		const struct principal ada =
			host_principal(h, arena_printf(&h->arena, "user:default/ada%zu", i));
		const struct principal bob =
			host_principal(h, arena_printf(&h->arena, "user:default/bob%zu", i));

		h->mood = moods[i];
		assert_false(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
		assert_int_equal(err.kind, ERROR_DENIED);
		assert_true(backstage_ready(h->b, &err));
		h->mood = MOOD_ALLOW;
		assert_true(ask(h, &bob, PERMIT_VIEW_CLUSTER, &err));
	}
}

static void nobody_asks_without_a_token_where_the_policy_is_off(void **state)
{
	const struct principal none = {.kind = PRINCIPAL_NONE};
	struct host *h = *state;
	struct error err;

	assert_false(ask(h, &none, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 0);
	h->config.disable_default_auth_policy = true;
	assert_true(ask(h, &none, PERMIT_CREATE_CLUSTER, &err));
	assert_int_equal(h->http.count, 1);
	assert_null(h->http.requests[0].authorization);
}

static void without_a_cache_every_question_is_asked(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	struct error err;

	h->config.permission_cache_ttl_ms = 0;
	for (int i = 0; i < 3; i++)
		assert_true(ask(h, &ada, PERMIT_VIEW_CLUSTER, &err));
	assert_int_equal(h->http.count, 3);
}

/* ---- many at once ---- */

enum { CALLERS = 16 };

struct caller {
	struct host *h;
	const struct principal *principal;
	pthread_barrier_t *start;
	bool allowed;
	struct error err;
};

static void *ask_once(void *argument)
{
	struct caller *c = argument;
	struct arena arena;
	struct backstage_call call = {
		.arena = &arena, .deadline_ms = clock_now_ms() + 5000, .may_wait = true};

	arena_init(&arena);
	pthread_barrier_wait(c->start);
	c->allowed =
		backstage_authorize(c->h->b, &call, c->principal, PERMIT_VIEW_CLUSTER, &c->err);
	arena_fini(&arena);
	return NULL;
}

static void ask_at_once(struct host *h, const struct principal *principal,
			struct caller callers[CALLERS])
{
	pthread_barrier_t start;
	pthread_t threads[CALLERS];

	pthread_barrier_init(&start, NULL, CALLERS);
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.h = h, .principal = principal, .start = &start};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_once, &callers[i]), 0);
	}
	for (int i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
}

static void the_same_question_is_asked_once(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	struct caller callers[CALLERS];

	h->answer_ms = 100;
	ask_at_once(h, &ada, callers);
	for (int i = 0; i < CALLERS; i++)
		assert_true(callers[i].allowed);
	assert_int_equal(h->http.count, 1);
}

/* Everybody gets the refusal that the one question had. */
static void a_failure_is_shared_too(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	struct caller callers[CALLERS];

	h->answer_ms = 100;
	h->mood = MOOD_NONSENSE;
	ask_at_once(h, &ada, callers);
	for (int i = 0; i < CALLERS; i++) {
		assert_false(callers[i].allowed);
		assert_int_equal(callers[i].err.kind, ERROR_DENIED);
	}
	assert_int_equal(h->http.count, 1);
}

/* ---- whether it works at all ---- */

static void a_look_tells_without_any_question(void **state)
{
	struct host *h = *state;
	struct error err;

	h->mood = MOOD_UNREACHABLE;
	assert_true(backstage_ready(h->b, &err)); /* nothing is known yet */
	backstage_look_around(h->b);
	assert_false(backstage_ready(h->b, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	h->mood = MOOD_ALLOW;
	backstage_look_around(h->b); /* too early */
	assert_false(backstage_ready(h->b, &err));
	clock_sleep_ms(1050);
	backstage_look_around(h->b);
	assert_true(backstage_ready(h->b, &err));
	assert_int_equal(h->http.count, 2);
	backstage_look_around(h->b);
	assert_int_equal(h->http.count, 2);
}

static void nothing_is_looked_at_where_permissions_are_off(void **state)
{
	struct host *h = *state;
	struct error err;

	h->config.permission_enabled = false;
	h->mood = MOOD_UNREACHABLE;
	backstage_look_around(h->b);
	assert_true(backstage_ready(h->b, &err));
	assert_int_equal(h->http.count, 0);
}

/* ---- the answer by itself ---- */

static void answers_to_the_letter(void **state)
{
	static const struct {
		const char *body;
		bool clear;
		enum decision decision;
	} cases[] = {
		{"{\"items\":[{\"id\":\"q\",\"result\":\"ALLOW\"}]}", true, DECISION_ALLOW},
		{"{\"items\":[{\"id\":\"q\",\"result\":\"DENY\"}]}", true, DECISION_DENY},
		{" {\"x\":1,\"items\" : [ {\"result\":\"ALLOW\",\"id\":\"q\",\"y\":[]} ] } ", true,
		 DECISION_ALLOW},
		{"", false, DECISION_DENY},
		{"null", false, DECISION_DENY},
		{"[]", false, DECISION_DENY},
		{"\"ALLOW\"", false, DECISION_DENY},
		{"{\"items\":{\"id\":\"q\",\"result\":\"ALLOW\"}}", false, DECISION_DENY},
		{"{\"items\":[[\"ALLOW\"]]}", false, DECISION_DENY},
		{"{\"items\":[{\"id\":\"q\"}]}", false, DECISION_DENY},
		{"{\"items\":[{\"result\":\"ALLOW\"}]}", false, DECISION_DENY},
		{"{\"items\":[{\"id\":1,\"result\":\"ALLOW\"}]}", false, DECISION_DENY},
		{"{\"items\":[{\"id\":\"q\",\"result\":true}]}", false, DECISION_DENY},
		{"{\"items\":[{\"id\":\"q\",\"result\":[\"ALLOW\"]}]}", false, DECISION_DENY},
		{"{\"items\":[{\"id\":\"q\",\"result\":\"ALLOWED\"}]}", false, DECISION_DENY},
		{"{\"items\":[{\"id\":\"q\",\"result\":\"ALLOW\"}]} x", false, DECISION_DENY},
		{"{\"items\":[{\"id\":\"q\",\"result\":\"DENY\",\"result\":\"ALLOW\"}]}", false,
		 DECISION_DENY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum decision decision = DECISION_DENY;
		const char *problem = NULL;

		assert_int_equal(decision_read(text_of(cases[i].body), "q", &decision, &problem),
				 cases[i].clear);
		assert_int_equal(decision, cases[i].decision);
		assert_true((problem == NULL) == cases[i].clear);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_clear_answer_holds_for_a_while, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(the_question_is_the_documented_one, host_begin,
						host_end),
		cmocka_unit_test(everything_else_is_a_refusal),
		cmocka_unit_test_setup_teardown(a_look_decides_what_a_failure_means, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(nonsense_shows_in_readiness_until_a_good_answer,
						host_begin, host_end),
		cmocka_unit_test_setup_teardown(a_callers_own_haste_is_no_failure, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_caller_who_leaves_is_no_failure, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(nobody_is_asked_where_nobody_can_be_reached,
						host_begin, host_end),
		cmocka_unit_test_setup_teardown(a_refused_token_is_its_callers_trouble, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_failure_about_one_person_harms_no_other,
						host_begin, host_end),
		cmocka_unit_test_setup_teardown(nobody_asks_without_a_token_where_the_policy_is_off,
						host_begin, host_end),
		cmocka_unit_test_setup_teardown(without_a_cache_every_question_is_asked, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(the_same_question_is_asked_once, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_failure_is_shared_too, host_begin, host_end),
		cmocka_unit_test_setup_teardown(a_look_tells_without_any_question, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(nothing_is_looked_at_where_permissions_are_off,
						host_begin, host_end),
		cmocka_unit_test(answers_to_the_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
