/*
 * Following against a Palette of the test's: what is told and when it ends, that a failure is told
 * once, that who leaves is gone at once, and that it takes no more memory with time.
 */
#include "unit/palette/fixture.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
size_t __sanitizer_get_current_allocated_bytes(void);
#else
#define HAS_SANITIZER 0
#endif

#include "op/follow.h"
#include "op/rows.h"

/* ---- Palette ---- */

enum { MOST_SCRIPTED = 64 };

/* What Palette says in each round; the last one holds from then on. */
struct scripted {
	int status; /* 0: 200 */
	const char *state;
	const char *condition; /* status of the only one; NULL: there is none */
	int events;            /* how many there are by then, one a minute */
	int events_status;
	const char *retry_after;
};

static struct scripted script[MOST_SCRIPTED];
static size_t rounds; /* that were asked for */
static int64_t asked_ms[4096];

static const struct scripted *now_scripted(void)
{
	size_t last = 0;

	while (last + 1 < MOST_SCRIPTED &&
	       (script[last + 1].state != NULL || script[last + 1].status != 0))
		last++;
	return &script[rounds - 1 < last ? rounds - 1 : last];
}

static void put_cluster(const struct scripted *s, struct buf *body)
{
	buf_printf(body, "{\"status\":{\"state\":\"%s\",\"conditions\":[", s->state);
	if (s->condition != NULL)
		buf_printf(body, "{\"type\":\"Ready\",\"status\":\"%s\"}", s->condition);
	buf_add_string(body, "]}}");
}

/* The newest first, 50 a page; the page is in the token. */
static void put_events(const struct scripted *s, const char *path, struct buf *body)
{
	const char *token = strstr(path, "continue=");
	int from = token == NULL ? 0 : atoi(token + strlen("continue="));
	int n;

	buf_add_string(body, "{\"items\":[");
	for (n = from; n < s->events && n < from + 50; n++) {
		int event = s->events - 1 - n;

		buf_printf(body,
			   "%s{\"metadata\":{\"uid\":\"e%d\",\"creationTimestamp\":"
			   "\"2020-01-%02dT%02d:%02d:00.000Z\"},\"message\":\"%0200d\"}",
			   n == from ? "" : ",", event, 1 + event / 1440, event / 60 % 24,
			   event % 60, event);
	}
	buf_add_string(body, "],\"listmeta\":{");
	if (n < s->events)
		buf_printf(body, "\"continue\":\"%d\"", n);
	buf_add_string(body, "}}");
}

static void answer_script(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	bool about_events = strstr(request->path, "/events/") != NULL;
	const struct scripted *s;

	(void)context;
	if (!about_events)
		asked_ms[rounds++ % ARRAY_LEN(asked_ms)] = request->at_ms;
	s = now_scripted();
	answer->status = about_events ? s->events_status : s->status;
	if (answer->status == 0)
		answer->status = 200;
	answer->retry_after = s->retry_after;
	if (answer->status != 200)
		buf_add_string(answer->body, "{}");
	else if (about_events)
		put_events(s, request->path, answer->body);
	else
		put_cluster(s, answer->body);
}

/* ---- who is told ---- */

static struct buf heard;
static size_t components;
static atomic_size_t calls;
static size_t leaves_after; /* so many calls; 0: never */
static char last_id[FOLLOW_MARK_LONGEST];

static bool listens(void)
{
	size_t count = atomic_fetch_add(&calls, 1) + 1;

	return leaves_after == 0 || count < leaves_after;
}

static bool hear_state(void *context, const char *id, const struct follow_state *state)
{
	(void)context;
	snprintf(last_id, sizeof last_id, "%s", id);
	buf_printf(&heard, "%s>%s ", state->previous == NULL ? "" : state->previous, state->state);
	return listens();
}

static bool hear_condition(void *context, const char *id, const struct follow_condition *condition)
{
	(void)context;
	(void)id;
	buf_printf(&heard, "%s=%s ", condition->type, condition->status);
	return listens();
}

static bool hear_component(void *context, const char *id, const struct follow_component *component)
{
	(void)context;
	components++;
	snprintf(last_id, sizeof last_id, "%s", id);
	buf_printf(&heard, "%s ", component->uid);
	return listens();
}

static bool hear_trouble(void *context, const struct error *problem)
{
	(void)context;
	buf_printf(&heard, "trouble%s ", problem->kind == ERROR_TOO_LARGE ? "(many)" : "");
	return listens();
}

static bool hear_quiet(void *context)
{
	(void)context;
	buf_add_string(&heard, ". ");
	return listens();
}

static const struct follow_sink sink = {
	.state = hear_state,
	.condition = hear_condition,
	.component = hear_component,
	.trouble = hear_trouble,
	.quiet = hear_quiet,
};

/* ---- a call ---- */

static struct fixture *f;
static struct op_services services;
static struct follow_options options;
static struct follow_end end;
static struct http_cancel *cancel;

static int set_up(void **state)
{
	(void)state;
	memset(script, 0, sizeof script);
	rounds = components = leaves_after = 0;
	atomic_store(&calls, 0);
	f = fixture_new(answer_script, NULL);
	f->config.upstream_attempts = 1;
	f->config.follow = (struct config_follow){.interval_ms = 1,
						  .most = 64,
						  .keep_alive_ms = 15000,
						  .recheck_ms = 60000,
						  .patience_ms = 60000};
	services = (struct op_services){.config = &f->config, .palette = f->client};
	options = (struct follow_options){.backlog = 100};
	end = (struct follow_end){.reason = 0};
	cancel = http_cancel_new();
	buf_init(&heard, 64 * 1024 * 1024);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&heard);
	http_cancel_free(cancel);
	fixture_free(f);
	return 0;
}

/* Of a person at a shell: nobody is asked whether they may. */
static bool go(void)
{
	struct call c = {
		.services = &services,
		.arena = &f->arena,
		.deadline_ms = clock_now_ms() + 10000,
		.local = true,
		.principal = {.kind = PRINCIPAL_SERVICE, .subject = "local:tests"},
		.op = &cluster_event_ops[0],
		.environment = &f->environments[0],
		.cancel = cancel,
	};

	return follow_cluster(&c, "p1", "c1", &options, &sink, &end, &f->err);
}

static const char *all_heard(void)
{
	return heard.ptr == NULL ? "" : heard.ptr;
}

static void assert_end(enum follow_reason reason, const char *state, const char *expected)
{
	assert_string_equal(all_heard(), expected);
	assert_string_equal(follow_reason_name(end.reason), follow_reason_name(reason));
	assert_string_equal(end.state, state);
	assert_true(end.message[0] != '\0');
}

/* ---- lives ---- */

static void a_life_is_told_once_and_in_order(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending", .events = 1};
	script[1] = (struct scripted){.state = "Pending", .condition = "False", .events = 1};
	script[2] = (struct scripted){.state = "Provisioning", .condition = "False", .events = 3};
	script[3] = script[2];
	script[4] = (struct scripted){.state = "Running", .condition = "True", .events = 4};
	assert_true(go());
	assert_end(FOLLOW_RUNNING, "Running",
		   ">Pending e0 Ready=False Pending>Provisioning e1 e2 "
		   "Provisioning>Running Ready=True e3 ");
	assert_int_equal(f->http.count, 10);
	assert_string_equal(f->http.requests[0].path, "/v1/spectroclusters/c1");
	assert_string_equal(f->http.requests[0].project, "p1");
}

static void other_ends(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Error", .condition = "False"};
	assert_true(go());
	assert_end(FOLLOW_FAILED, "Error", ">Error Ready=False ");

	buf_truncate(&heard, 0);
	rounds = 0;
	script[0] = (struct scripted){.state = "Deleted", .events_status = 404};
	assert_true(go());
	assert_end(FOLLOW_DELETED, "Deleted", ">Deleted ");

	buf_truncate(&heard, 0);
	rounds = 0;
	script[0] = (struct scripted){.state = "Deleting"};
	script[1] = (struct scripted){.status = 404};
	assert_true(go());
	assert_end(FOLLOW_DELETED, "Deleted", ">Deleting Deleting>Deleted ");
}

static void only_the_newest_of_what_was_there(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending", .events = 500};
	script[1] = (struct scripted){.state = "Running", .events = 502};
	options.backlog = 2;
	assert_true(go());
	assert_end(FOLLOW_RUNNING, "Running", ">Pending e498 e499 Pending>Running e500 e501 ");
	assert_int_equal(f->http.count, 4);
}

static void whoever_comes_back_gets_what_they_missed(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending", .events = 10};
	options.backlog = 1;
	leaves_after = 2;
	assert_true(go());
	assert_end(FOLLOW_LEFT, "Pending", ">Pending e9 ");

	buf_truncate(&heard, 0);
	rounds = leaves_after = components = 0;
	assert_true(follow_mark_read(text_of(last_id), &options.since));
	script[0] = (struct scripted){.state = "Running", .events = 130};
	assert_true(go());
	assert_int_equal(components, 120);
	assert_non_null(strstr(all_heard(), ">Running e10 e11 "));
	assert_true(text_ends(buf_text(&heard), " e128 e129 "));
}

static void more_than_a_round_reads_is_said(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending", .events = 10};
	script[1] = (struct scripted){.state = "Running", .events = 1500};
	assert_true(go());
	assert_int_equal(components, 1010);
	assert_non_null(strstr(all_heard(), "Pending>Running trouble(many) e500 e501 "));
}

/* ---- failures ---- */

static void what_fails_first_is_an_error(void **state)
{
	static const struct {
		int status;
		int events_status;
		enum error_kind kind;
	} cases[] = {{404, 0, ERROR_NOT_FOUND},   {503, 0, ERROR_UPSTREAM},
		     {429, 0, ERROR_UNAVAILABLE}, {0, 500, ERROR_UPSTREAM},
		     {0, 404, ERROR_NOT_FOUND},   {403, 0, ERROR_UPSTREAM}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rounds = 0;
		script[0] = (struct scripted){.status = cases[i].status,
					      .state = "Pending",
					      .events_status = cases[i].events_status};
		assert_false(go());
		assert_int_equal(f->err.kind, cases[i].kind);
		assert_int_equal(rounds, 1);
	}
	assert_string_equal(all_heard(), "");
	assert_int_equal(end.reason, 0);
}

static void trouble_is_told_once_until_it_is_over(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	script[1] = script[2] = script[3] = (struct scripted){.status = 502};
	script[4] = (struct scripted){.state = "Pending", .events = 1};
	script[5] = (struct scripted){.state = "Pending", .events_status = 500};
	script[6] = (struct scripted){.state = "Running", .events = 2};
	assert_true(go());
	assert_end(FOLLOW_RUNNING, "Running", ">Pending trouble e0 trouble Pending>Running e1 ");
}

static void patience_ends(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	script[1] = (struct scripted){.status = 502};
	f->config.follow.patience_ms = 50;
	assert_true(go());
	assert_end(FOLLOW_UNREACHABLE, "Pending", ">Pending trouble ");
	assert_true(rounds > 2);
}

static void palette_says_how_long_to_wait(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	script[1] = (struct scripted){.status = 429, .retry_after = "1"};
	script[2] = (struct scripted){.state = "Running"};
	assert_true(go());
	assert_int_equal(rounds, 3);
	assert_true(asked_ms[1] - asked_ms[0] < 900);
	assert_true(asked_ms[2] - asked_ms[1] >= 900);
}

static void after_a_while_without_news_there_is_more_time_between(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	f->config.follow.interval_ms = 20;
	options.deadline_ms = clock_now_ms() + 1500;
	assert_true(go());
	assert_true(rounds > 30 && rounds < 60); /* 75 without that */
	assert_true(asked_ms[10] - asked_ms[9] >= 20);
	assert_true(asked_ms[29] - asked_ms[28] >= 40);
}

/* ---- ends from outside ---- */

static void the_time_is_up(void **state)
{
	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	f->config.follow.interval_ms = 20;
	options.deadline_ms = clock_now_ms() + 150;
	assert_true(go());
	assert_end(FOLLOW_TIME_UP, "Pending", ">Pending ");
	assert_true(clock_now_ms() - options.deadline_ms < 1000);
}

static void signs_of_life_come_while_it_is_quiet(void **state)
{
	size_t before;

	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	f->config.follow.interval_ms = 60000;
	options.quiet_ms = 20;
	options.deadline_ms = clock_now_ms() + 150;
	assert_true(go());
	before = atomic_load(&calls);
	assert_true(before >= 4 && before <= 9); /* the state, and a sign every 20 ms of 150 */
	assert_int_equal(rounds, 1);
}

static void *cancel_soon(void *context)
{
	while (atomic_load(&calls) == 0)
		clock_sleep_ms(1);
	clock_sleep_ms(30);
	*(int64_t *)context = clock_now_ms();
	http_cancel_set(cancel);
	return NULL;
}

static void who_leaves_is_gone_at_once(void **state)
{
	pthread_t thread;
	int64_t at_ms = 0;

	(void)state;
	script[0] = (struct scripted){.state = "Pending"};
	f->config.follow.interval_ms = 60000;
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &at_ms), 0);
	assert_true(go());
	pthread_join(thread, NULL);
	assert_end(FOLLOW_LEFT, "Pending", ">Pending ");
	assert_true(clock_now_ms() - at_ms < 500);
}

static void *close_soon(void *context)
{
	while (atomic_load(&calls) == 0)
		clock_sleep_ms(1);
	followers_close(context);
	return NULL;
}

static void a_service_that_stops_ends_all(void **state)
{
	struct followers *followers = followers_new();
	pthread_t thread;

	(void)state;
	services.followers = followers;
	script[0] = (struct scripted){.state = "Pending"};
	f->config.follow.interval_ms = 60000;
	assert_int_equal(pthread_create(&thread, NULL, close_soon, followers), 0);
	assert_true(go());
	pthread_join(thread, NULL);
	assert_end(FOLLOW_CLOSING, "Pending", ">Pending ");

	/* And those that begin later. */
	buf_truncate(&heard, 0);
	http_cancel_free(cancel);
	cancel = http_cancel_new();
	if (go())
		assert_int_equal(end.reason, FOLLOW_CLOSING);
	else
		assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	followers_free(followers);
}

/* ---- memory ---- */

static size_t allocated(void)
{
#if HAS_SANITIZER
	return __sanitizer_get_current_allocated_bytes();
#else
	return mallinfo2().uordblks;
#endif
}

static size_t early_bytes;
static size_t late_bytes;

/* A condition changes with every round, and an event comes. */
static bool count_rounds(void *context, const char *id, const struct follow_component *component)
{
	(void)context;
	(void)id;
	(void)component;
	components++;
	canned_http_forget(&f->http);
	arena_fini(&f->http.arena); /* what was asked */
	for (size_t i = 0; i < MOST_SCRIPTED; i++)
		script[i].state = NULL;
	script[0] = (struct scripted){.state = "Pending",
				      .condition = components % 2 == 0 ? "True" : "False",
				      .events = (int)components + 1};
	if (components == 200)
		early_bytes = allocated();
	if (components == 1000)
		late_bytes = allocated();
	return components < 1000;
}

static void an_hour_takes_no_more_memory_than_a_minute(void **state)
{
	struct follow_sink counting = {.component = count_rounds};
	struct call c = {
		.services = &services,
		.arena = &f->arena,
		.deadline_ms = clock_now_ms() + 10000,
		.local = true,
		.principal = {.kind = PRINCIPAL_SERVICE, .subject = "local:tests"},
		.op = &cluster_event_ops[0],
		.environment = &f->environments[0],
		.cancel = cancel,
	};
	size_t taken = f->arena.taken;

	(void)state;
	script[0] = (struct scripted){.state = "Pending", .events = 1};
	assert_true(follow_cluster(&c, "p1", "c1", &options, &counting, &end, &f->err));
	assert_int_equal(end.reason, FOLLOW_LEFT);
	assert_int_equal(f->arena.taken, taken);
	if (late_bytes > early_bytes + 64 * 1024)
		fail_msg("%zu bytes became %zu", early_bytes, late_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_life_is_told_once_and_in_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(other_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_the_newest_of_what_was_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(whoever_comes_back_gets_what_they_missed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(more_than_a_round_reads_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_fails_first_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trouble_is_told_once_until_it_is_over, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(patience_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(palette_says_how_long_to_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			after_a_while_without_news_there_is_more_time_between, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_time_is_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(signs_of_life_come_while_it_is_quiet, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_is_gone_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_service_that_stops_ends_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_hour_takes_no_more_memory_than_a_minute, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
