/* Calls of MCP's clients: outcomes, who may call what off, and streams that are kept alive. The
 * table here is the test's own. */
#include "unit/op/services.h"

#include <pthread.h>
#include <stdatomic.h>

#include "op/mcp_host.h"
#include "json/json.h"

enum { QUIET_MS = 15 * 1000 };

/* ---- a table ---- */

static atomic_int waiting;

static bool run_tool(struct call *c, struct result *res, struct error *err)
{
	const char *what = call_string(c, "what");

	if (strcmp(what, "wait") == 0) {
		atomic_fetch_add(&waiting, 1);
		if (http_cancel_wait_ms(c->cancel, 20000))
			return error_set(err, ERROR_CANCELLED, "called off");
	}
	if (strcmp(what, "ambiguous") == 0) {
		error_set(err, ERROR_INPUT, "several are called so");
		err->details = TEXT("{\"candidates\":[\"resource:default/a\",\"b\\u0022\",7]}");
		return false;
	}
	if (strcmp(what, "session") == 0) {
		error_set(err, ERROR_UNAUTHENTICATED, "no session");
		err->reauthenticate = true;
		return false;
	}
	if (strcmp(what, "busy") == 0) {
		error_set(err, ERROR_UNAVAILABLE, "busy");
		err->retry_after_s = 7;
		return false;
	}
	if (strcmp(what, "progress") == 0) {
		c->progress(c->progress_context, 1, 3, "first");
		c->progress(c->progress_context, 1, 3, "again");
		c->progress(c->progress_context, 3, 3, NULL);
	}
	result_json(res, TEXT("{\"said\":\"yes\"}"));
	return true;
}

static const struct field answer[] = {
	{.name = "said", .type = FIELD_STRING, .required = true, .help = "Yes"},
	{.name = NULL},
};
static const struct param inputs[] = {
	ARG_REQUIRED("what", PARAM_NAME, "What to do"),
	{.name = NULL},
};
static const struct op reads = {
	.name = "test.do",
	.summary = "A row",
	TOOL(.name = "do", .title = "Do", .description = "Does", .toolset = "core"),
	.permission = PERMIT_AUTHENTICATED,
	.params = inputs,
	.flags = OP_LOCAL,
	.answer = answer,
	.run = run_tool};
static const struct op writes = {.name = "test.make",
				 .summary = "A row",
				 TOOL(.name = "make", .title = "Make", .description = "Makes",
				      .toolset = "core", .does = TOOL_WRITES),
				 .permission = PERMIT_AUTHENTICATED,
				 .params = inputs,
				 .flags = OP_LOCAL,
				 .answer = answer,
				 .run = run_tool};

/* Stands in for the table, as this program's own objects come before the archive's. */
const struct op *const *op_all(void)
{
	static const struct op *const all[] = {&reads, &writes, NULL};

	return all;
}

/* ---- a scene ---- */

struct scene {
	struct arena arena;
	struct config config;
	struct toolbox *box;
	struct mcp_host *host;
	struct op_services services;
};

static int scene_begin(void **state)
{
	static const char *const toolsets[] = {"core"};
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	arena_init(&s->arena);
	log_open(LOG_OFF, LOG_TEXT);
	atomic_store(&waiting, 0);
	s->config.mcp = (struct config_mcp){.toolsets = toolsets, .toolset_count = 1};
	s->box = toolbox_new(&s->config);
	s->host = mcp_host_new(s->box);
	s->services = (struct op_services){.config = &s->config, .toolbox = s->box, .mcp = s->host};
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	mcp_host_free(s->host);
	mcp_host_free(NULL);
	toolbox_free(s->box);
	arena_fini(&s->arena);
	free(s);
	return 0;
}

/* One call of a tool, as a carrier makes it. */
struct visit {
	struct arena arena;
	struct call call;
	struct mcp_message message;
	struct mcp_run run;
	struct buf answer;
	struct buf sent; /* notifications and signs of life */
};

static void notify(void *context, struct text message)
{
	struct visit *v = context;

	buf_add(&v->sent, message);
	buf_add_char(&v->sent, '\n');
}

static void keep_alive(void *context)
{
	struct visit *v = context;

	buf_add_string(&v->sent, "alive\n");
}

static void visit_begin(struct scene *s, struct visit *v, const char *tool, const char *what)
{
	memset(v, 0, sizeof *v);
	arena_init(&v->arena);
	buf_init(&v->answer, 1024 * 1024);
	buf_init(&v->sent, 1024 * 1024);
	v->call = (struct call){.services = &s->services,
				.arena = &v->arena,
				.local = true,
				.principal = {.kind = PRINCIPAL_SERVICE, .subject = "external:a"},
				.peer = "10.0.0.1",
				.authorization = TEXT("Bearer t"),
				.deadline_ms = clock_now_ms() + 60000,
				.cancel = http_cancel_new()};
	v->message = (struct mcp_message){
		.kind = MCP_CALL,
		.era = MCP_LEGACY,
		.version = "2025-11-25",
		.id = TEXT("1"),
		.tool = tool,
		.arguments = text_of(arena_printf(&v->arena, "{\"what\":\"%s\"}", what)),
		.progress = -1,
	};
	v->run = (struct mcp_run){.call = &v->call,
				  .message = &v->message,
				  .by_id = true,
				  .notify = notify,
				  .keep_alive = keep_alive,
				  .context = v};
	mcp_run_begin(s->host, &v->run);
}

static void visit_end(struct visit *v)
{
	mcp_run_end(&v->run);
	http_cancel_free(v->call.cancel);
	buf_fini(&v->answer);
	buf_fini(&v->sent);
	arena_fini(&v->arena);
}

static const char *run_visit(struct visit *v)
{
	mcp_run(&v->run, &v->answer);
	assert_true(buf_complete(&v->answer));
	return v->answer.ptr;
}

/* Runs the tool; what the model reads. */
static void says(struct scene *s, const char *what, const char *text)
{
	struct visit v;

	visit_begin(s, &v, "do", what);
	run_visit(&v);
	assert_non_null(strstr(v.answer.ptr, "\"isError\":true"));
	assert_string_equal(
		json_string_at(&v.arena, buf_text(&v.answer), "/result/content/0/text", ""), text);
	visit_end(&v);
}

/* ---- outcomes ---- */

static void the_model_is_told_what_writes(void **state)
{
	struct scene *s = *state;
	const struct mcp_server *server = mcp_host_server(s->host);

	assert_non_null(strstr(server->instructions, "change something: make; all others only"));
	assert_true(text_starts(server->tools, "[{\"name\":\"do\""));
	assert_string_equal(server->version, PROJECT_VERSION);
}

static void answers(void **state)
{
	struct scene *s = *state;
	struct visit v;

	visit_begin(s, &v, "do", "it");
	assert_string_equal(run_visit(&v),
			    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":"
			    "\"text\",\"text\":\"{\\\"said\\\":\\\"yes\\\"}\"}],"
			    "\"structuredContent\":{\"said\":\"yes\"}}}");
	visit_end(&v);
	visit_begin(s, &v, "undo", "it");
	assert_non_null(strstr(run_visit(&v), "\"code\":-32602"));
	visit_end(&v);
}

static void failures_say_what_to_do(void **state)
{
	struct scene *s = *state;

	says(s, "a b",
	     "what (in the input) must be an identifier: 1 to 128 letters, digits, '-', '_' or "
	     "'.'");
	says(s, "ambiguous", "several are called so\nCandidates: resource:default/a, b\"");
	says(s, "busy", "busy\nTry again in 7 seconds.");
	says(s, "session", "no session");
}

static void progress_is_reported(void **state)
{
	struct scene *s = *state;
	struct visit v;

	visit_begin(s, &v, "do", "progress");
	v.message.progress_token = TEXT("\"p\"");
	run_visit(&v);
	assert_string_equal(
		v.sent.ptr,
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
		"\"progressToken\":\"p\",\"progress\":1,\"total\":3,\"message\":\"first\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
		"\"progressToken\":\"p\",\"progress\":3,\"total\":3}}\n");
	visit_end(&v);
}

/* ---- calling off ---- */

static bool is_off(const struct visit *v)
{
	return http_cancelled(v->call.cancel);
}

static void who_calls_off_is_who_called(void **state)
{
	static const struct http_header agents[] = {
		{TEXT("User-Agent"), TEXT("one")},
		{TEXT("User-Agent"), TEXT("two")},
	};
	struct scene *s = *state;
	struct visit v;
	struct call other;

	visit_begin(s, &v, "do", "it");
	v.call.headers = agents;
	v.call.header_count = 1;
	other = v.call;
	mcp_host_cancel(s->host, &other, TEXT("2"));
	mcp_host_cancel(s->host, &other, TEXT("\"1\""));
	other.principal.subject = "external:b";
	mcp_host_cancel(s->host, &other, TEXT("1"));
	other = v.call;
	other.principal.actor = "plugin:catalog";
	mcp_host_cancel(s->host, &other, TEXT("1"));
	other = v.call;
	other.peer = "10.0.0.2";
	mcp_host_cancel(s->host, &other, TEXT("1"));
	other = v.call;
	other.authorization = TEXT("Bearer u");
	mcp_host_cancel(s->host, &other, TEXT("1"));
	other = v.call;
	other.headers = &agents[1];
	mcp_host_cancel(s->host, &other, TEXT("1"));
	assert_false(is_off(&v));
	other = v.call;
	mcp_host_cancel(s->host, &other, TEXT("1"));
	assert_true(is_off(&v));
	visit_end(&v);
	mcp_host_cancel(s->host, &other, TEXT("1"));
}

/* What began before goes on, and is found by who comes later. */
static void one_in_the_place_of_another_knows_its_calls(void **state)
{
	struct scene *s = *state;
	struct mcp_host *next = mcp_host_new_after(s->host, s->box);
	struct visit one;
	struct visit two;

	visit_begin(s, &one, "do", "it");
	assert_true(mcp_host_is_busy(next));
	mcp_host_cancel(next, &one.call, TEXT("1"));
	assert_true(is_off(&one));
	visit_end(&one);
	assert_false(mcp_host_is_busy(next));
	mcp_host_free(s->host);
	s->host = next;
	visit_begin(s, &two, "do", "it");
	mcp_host_cancel(next, &two.call, TEXT("1"));
	assert_true(is_off(&two));
	visit_end(&two);
}

static void of_two_that_are_alike_neither(void **state)
{
	struct scene *s = *state;
	struct visit one;
	struct visit two;
	struct visit three;

	visit_begin(s, &one, "do", "it");
	visit_begin(s, &two, "do", "it");
	visit_begin(s, &three, "do", "it");
	three.run.by_id = false;
	mcp_host_cancel(s->host, &one.call, TEXT("1"));
	assert_false(is_off(&one) || is_off(&two) || is_off(&three));
	visit_end(&one);
	mcp_host_cancel(s->host, &two.call, TEXT("1"));
	assert_true(is_off(&two));
	assert_false(is_off(&three));
	mcp_host_cancel_all(s->host);
	assert_true(is_off(&three));
	visit_end(&three);
	visit_end(&two);
}

/* ---- signs of life ---- */

static void quiet_streams_show_that_they_live(void **state)
{
	struct scene *s = *state;
	struct visit quiet;
	struct visit busy;
	struct visit whole;

	visit_begin(s, &quiet, "do", "it");
	visit_begin(s, &busy, "do", "it");
	visit_begin(s, &whole, "do", "it");
	whole.run.keep_alive = NULL;
	quiet.run.said_ms -= QUIET_MS;
	busy.run.said_ms -= QUIET_MS - 5000;
	whole.run.said_ms -= QUIET_MS;
	mcp_host_look_around(s->host);
	mcp_host_look_around(s->host);
	assert_string_equal(quiet.sent.ptr, "alive\n");
	assert_int_equal(busy.sent.len, 0);
	assert_int_equal(whole.sent.len, 0);
	visit_end(&whole);
	visit_end(&busy);
	visit_end(&quiet);
}

/* ---- threads ---- */

enum { CALLERS = 4, ROUNDS = 50 };

static void *call_again_and_again(void *context)
{
	struct scene *s = context;

	for (int i = 0; i < ROUNDS; i++) {
		struct visit v;

		visit_begin(s, &v, "do", i % 2 == 0 ? "progress" : "wait");
		v.message.progress_token = TEXT("1");
		mcp_run(&v.run, &v.answer);
		visit_end(&v);
	}
	return NULL;
}

static void many_at_once(void **state)
{
	struct scene *s = *state;
	pthread_t callers[CALLERS];

	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&callers[i], NULL, call_again_and_again, s), 0);
	while (atomic_load(&waiting) < CALLERS * ROUNDS / 2) {
		mcp_host_look_around(s->host);
		mcp_host_cancel_all(s->host);
		clock_sleep_ms(1);
	}
	mcp_host_cancel_all(s->host);
	for (int i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		TEST(the_model_is_told_what_writes),
		TEST(answers),
		TEST(failures_say_what_to_do),
		TEST(progress_is_reported),
		TEST(who_calls_off_is_who_called),
		TEST(one_in_the_place_of_another_knows_its_calls),
		TEST(of_two_that_are_alike_neither),
		TEST(quiet_streams_show_that_they_live),
		TEST(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
