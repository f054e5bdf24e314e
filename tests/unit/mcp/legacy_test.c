/* The legacy era: initialize, what a client finds there, and what it is refused. */
#include "messages.h"

#define CALL(method, params) \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" method "\",\"params\":{" params "}}"
#define INITIALIZE(version)                                                       \
	CALL("initialize", "\"protocolVersion\":" version ",\"capabilities\":{}," \
			   "\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}")

static const struct row handshakes[] = {
	{.body = INITIALIZE("\"2025-11-25\""),
	 .at = "/result/protocolVersion",
	 .value = "\"2025-11-25\"",
	 .and_at = "/result/serverInfo",
	 .and_value = "{\"name\":\"spectro\",\"title\":\"Spectro Cloud\",\"version\":\"1.2.3\"}"},
	{.body = INITIALIZE("\"2025-06-18\""),
	 .at = "/result/protocolVersion",
	 .value = "\"2025-06-18\"",
	 .and_at = "/result/capabilities",
	 .and_value = "{\"tools\":{},\"prompts\":{},\"resources\":{}}"},
	{.body = INITIALIZE("\"2025-03-26\""),
	 .at = "/result/protocolVersion",
	 .value = "\"2025-03-26\"",
	 .and_at = "/result/instructions",
	 .and_value = "\"Ask before you delete.\""},
	/* a revision that is older, newer, or modern, gets our newest offered */
	{.body = INITIALIZE("\"2024-11-05\""),
	 .carrier = MCP_STDIO,
	 .at = "/result/protocolVersion",
	 .value = "\"2025-11-25\"",
	 .and_at = "/result/_meta"},
	{.body = INITIALIZE("\"2031-01-01\""),
	 .at = "/result/protocolVersion",
	 .value = "\"2025-11-25\"",
	 .and_at = "/result/resultType"},
	{.body = INITIALIZE("\"2026-07-28\""),
	 .at = "/result/protocolVersion",
	 .value = "\"2025-11-25\""},
	{.body = INITIALIZE("\"\""), .at = "/result/protocolVersion", .value = "\"2025-11-25\""},
	/* the header does not matter yet */
	{.body = INITIALIZE("\"2025-06-18\""),
	 .version = "2024-11-05",
	 .at = "/result/protocolVersion",
	 .value = "\"2025-06-18\""},
	{.body = INITIALIZE("7"), .code = -32602, .at = "/id", .value = "7"},
	{.body = INITIALIZE("null"), .code = -32602},
	{.body = CALL("initialize", ""), .code = -32602},
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\"}", .code = -32602},
};

static void a_client_and_we_agree_on_a_revision(void **state)
{
	(void)state;
	check_rows(handshakes, ARRAY_LEN(handshakes));
}

static const struct row answers[] = {
	{.body = CALL("ping", ""), .at = "/result", .value = "{}"},
	{.body = CALL("ping", ""), .version = "2025-06-18", .at = "/result", .value = "{}"},
	{.body = CALL("ping", ""), .carrier = MCP_STDIO, .at = "/result", .value = "{}"},
	{.body = CALL("tools/list", ""),
	 .version = " 2025-11-25\t",
	 .at = "/result",
	 .value = "{\"tools\":[{\"name\":\"list\"},  {\"name\":\"show\"}]}"},
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\"}",
	 .at = "/result/tools/1/name",
	 .value = "\"show\""},
	{.body = CALL("prompts/list", ""), .at = "/result", .value = "{\"prompts\":[]}"},
	{.body = CALL("resources/list", ""), .at = "/result", .value = "{\"resources\":[]}"},
	{.body = CALL("resources/templates/list", ""),
	 .at = "/result",
	 .value = "{\"resourceTemplates\":[]}"},
	/* headers of the modern era mean nothing */
	{.body = CALL("ping", ""),
	 .method = "tools/list",
	 .name = "x",
	 .at = "/result",
	 .value = "{}"},
};

static void methods_are_answered(void **state)
{
	(void)state;
	check_rows(answers, ARRAY_LEN(answers));
}

static const struct row refusals[] = {
	{.body = CALL("server/discover", ""), .code = -32601, .at = "/id", .value = "7"},
	{.body = CALL("logging/setLevel", "\"level\":\"info\""), .code = -32601},
	{.body = CALL("completion/complete", ""), .code = -32601},
	{.body = CALL("resources/subscribe", "\"uri\":\"a:b\""), .code = -32601},
	{.body = CALL("subscriptions/listen", ""), .code = -32601},
	{.body = CALL("tasks/list", ""), .code = -32601},
	{.body = CALL("notifications/initialized", ""), .code = -32601},
	{.body = CALL("Ping", ""), .code = -32601},
	{.body = CALL("tools/list", "\"cursor\":\"x\""), .code = -32602},
	{.body = CALL("tools/list", "\"cursor\":null"), .code = -32602},
	{.body = CALL("prompts/list", "\"cursor\":\"\""), .code = -32602},
	{.body = CALL("resources/templates/list", "\"cursor\":1"), .code = -32602},
	{.body = CALL("prompts/get", "\"name\":\"x\""), .code = -32602},
	{.body = CALL("resources/read", "\"uri\":\"a:b\\u0041\""),
	 .code = -32002,
	 .at = "/error/data/uri",
	 .value = "\"a:b\\u0041\""},
	{.body = CALL("resources/read", ""), .code = -32602},
	/* a revision that the header names and that we do not speak */
	{.body = CALL("ping", ""),
	 .version = "2024-11-05",
	 .status = 400,
	 .code = -32022,
	 .at = "/error/data",
	 .value = "{\"supported\":[\"2026-07-28\",\"2025-11-25\",\"2025-06-18\",\"2025-03-26\"],"
		  "\"requested\":\"2024-11-05\"}",
	 .and_at = "/id",
	 .and_value = "7"},
	{.body = CALL("tools/list", ""), .version = "2031-01-01", .status = 400, .code = -32022},
	{.body = CALL("tools/list", ""), .version = "", .status = 400, .code = -32022},
	{.body = CALL("tools/list", ""),
	 .version = "2025-11-25 and then so much more that nobody should have to read it all again",
	 .status = 400,
	 .code = -32020},
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
	 .version = "2031-01-01",
	 .status = 400,
	 .code = -32022,
	 .at = "/id",
	 .value = "null"},
};

static void the_rest_is_refused(void **state)
{
	(void)state;
	check_rows(refusals, ARRAY_LEN(refusals));
}

/* ---- tools/call ---- */

static const struct {
	const char *params;
	const char *tool; /* NULL: -32602 */
	const char *arguments;
	const char *token;
} calls[] = {
	{"\"name\":\"show\",\"arguments\":{\"uid\":\"u1\"}", "show", "{\"uid\":\"u1\"}", NULL},
	{"\"name\":\"sh\\u006fw\"", "show", "{}", NULL},
	{"\"name\":\"no such tool\",\"arguments\":{}", "no such tool", "{}", NULL},
	{"\"name\":\"show\",\"_meta\":{\"progressToken\":\"\\u0061\"}", "show", "{}", "\"a\""},
	{"\"name\":\"show\",\"_meta\":{\"progressToken\":12}", "show", "{}", "12"},
	/* of the modern era */
	{"\"name\":\"show\",\"inputResponses\":7,\"requestState\":7", "show", "{}", NULL},
	{"", NULL, NULL, NULL},
	{"\"name\":\"\"", NULL, NULL, NULL},
	{"\"name\":7", NULL, NULL, NULL},
	{"\"name\":\"show\\u0000\"", NULL, NULL, NULL},
	{"\"name\":\"show\",\"arguments\":[]", NULL, NULL, NULL},
	{"\"name\":\"show\",\"arguments\":null", NULL, NULL, NULL},
	{"\"name\":\"show\",\"arguments\":\"{}\"", NULL, NULL, NULL},
	{"\"name\":\"show\",\"_meta\":{\"progressToken\":null}", NULL, NULL, NULL},
	{"\"name\":\"show\",\"_meta\":{\"progressToken\":1.5}", NULL, NULL, NULL},
};

static void check_call(size_t i, enum mcp_carrier carrier)
{
	char body[500];
	const struct row row = {.body = body, .carrier = carrier};
	struct read_message m;

	snprintf(body, sizeof body, CALL("tools/call", "%s"), calls[i].params);
	read_row(&row, &m);
	if (calls[i].tool == NULL) {
		assert_int_equal(m.out.kind, MCP_ANSWER);
		assert_int_equal(m.out.code, -32602);
		check_value(body, buf_text(&m.answer), "/id", "7");
	} else {
		if (m.out.kind != MCP_CALL)
			fail_msg("%s: kind %d", body, (int)m.out.kind);
		assert_string_equal(m.out.tool, calls[i].tool);
		assert_true(text_is(m.out.arguments, calls[i].arguments));
		assert_true(text_is(m.out.progress_token,
				    calls[i].token == NULL ? "" : calls[i].token));
		assert_int_equal(m.answer.len, 0);
	}
	assert_int_equal(m.out.status, 200);
	assert_true(text_is(m.out.id, "7"));
	assert_string_equal(m.out.method, "tools/call");
	forget(&m);
}

static void a_call_is_handed_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		check_call(i, MCP_HTTP);
		check_call(i, MCP_STDIO);
	}
}

/* ---- what is remembered of a message ---- */

static const struct {
	struct row row;
	const char *version;
	const char *method;
} remembered[] = {
	{{.body = CALL("ping", "")}, "2025-03-26", "ping"},
	{{.body = CALL("ping", ""), .version = "2025-06-18"}, "2025-06-18", "ping"},
	{{.body = CALL("ping", ""), .carrier = MCP_STDIO}, "2025-11-25", "ping"},
	{{.body = INITIALIZE("\"2025-06-18\"")}, "2025-06-18", "initialize"},
	{{.body = CALL("secret/method", "")}, "2025-03-26", NULL},
	{{.body = "no JSON"}, "2025-11-25", NULL},
};

static void a_message_says_what_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(remembered); i++) {
		struct read_message m;

		read_row(&remembered[i].row, &m);
		assert_int_equal(m.out.era, MCP_LEGACY);
		assert_string_equal(m.out.version, remembered[i].version);
		if (remembered[i].method == NULL)
			assert_null(m.out.method);
		else
			assert_string_equal(m.out.method, remembered[i].method);
		forget(&m);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_and_we_agree_on_a_revision),
		cmocka_unit_test(methods_are_answered),
		cmocka_unit_test(the_rest_is_refused),
		cmocka_unit_test(a_call_is_handed_out),
		cmocka_unit_test(a_message_says_what_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
