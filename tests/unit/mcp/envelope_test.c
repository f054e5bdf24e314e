/* The JSON-RPC envelope: what is a message, whose id is repeated, and what is none. */
#include "messages.h"

#include <stdio.h>
#include <stdlib.h>

#define PING(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define LONG_64  "0123456789012345678901234567890123456789012345678901234567890123"

/* ---- ids ---- */

static const struct row ids[] = {
	{.body = PING("7"), .at = "/id", .value = "7"},
	{.body = PING("-9223372036854775808"), .at = "/id", .value = "-9223372036854775808"},
	{.body = PING("-0"), .at = "/id", .value = "0"},
	{.body = PING("\"a b\""), .at = "/id", .value = "\"a b\""},
	{.body = PING("\"\""), .at = "/id", .value = "\"\""},
	{.body = PING("\"\\u0061\\n\""), .at = "/id", .value = "\"a\\n\""},
	{.body = PING("\"" LONG_64 LONG_64 LONG_64
		      "01234567890123456789012345678901234567890123456789"
		      "0123\""),
	 .at = "/id",
	 .value = "\"" LONG_64 LONG_64 LONG_64 "01234567890123456789012345678901234567890123456789"
		  "0123\""},
	/* no ids, so none is repeated */
	{.body = PING("null"), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("1.5"), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("1e3"), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("9223372036854775808"),
	 .status = 400,
	 .code = -32600,
	 .at = "/id",
	 .value = "null"},
	{.body = PING("true"), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("{}"), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("[1]"), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("\"a\\u0000\""), .status = 400, .code = -32600, .at = "/id", .value = "null"},
	{.body = PING("\"" LONG_64 LONG_64 LONG_64 LONG_64 "\""),
	 .status = 400,
	 .code = -32600,
	 .at = "/id",
	 .value = "null"},
};

static void an_id_is_repeated_if_it_is_one(void **state)
{
	(void)state;
	check_rows(ids, ARRAY_LEN(ids));
}

/* ---- shapes ---- */

#define WRONG(text, echoed)                                                                   \
	{                                                                                     \
		.body = (text), .status = 400, .code = -32600, .at = "/id", .value = (echoed) \
	}

static const struct row shapes[] = {
	WRONG("[" PING("1") "]", "null"),
	WRONG("[]", "null"),
	WRONG("7", "null"),
	WRONG("null", "null"),
	WRONG("\"ping\"", "null"),
	WRONG("{}", "null"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1}", "null"),
	WRONG("{\"id\":1,\"method\":\"ping\"}", "1"),
	WRONG("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", "1"),
	WRONG("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\\u0000\"}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":null}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":7}}", "1"),
	/* two messages in one */
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"result\":{}}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"error\":{}}", "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", "null"),
	/* what others on the way may have read otherwise */
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", "null"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"m\\u0065thod\":\"x\"}", "null"),
	WRONG("{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "null"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\","
	      "\"name\":\"b\"}}",
	      "1"),
	WRONG("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\","
	      "\"_meta\":{\"progressToken\":1,\"progressToken\":2}}}",
	      "1"),
};

static void what_is_no_message_is_refused(void **state)
{
	(void)state;
	check_rows(shapes, ARRAY_LEN(shapes));
}

static const struct row unknown_members[] = {
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"trace\":1,\"trace\":2}"},
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"_meta\":{"
		 "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"}}}"},
	{.body = " \r\n{ \"method\" : \"ping\", \"id\" : 1 , \"jsonrpc\" : \"2.0\" }\n"},
};

static void what_nobody_knows_is_passed_over(void **state)
{
	(void)state;
	check_rows(unknown_members, ARRAY_LEN(unknown_members));
}

/* ---- not JSON ---- */

#define BROKEN(text)                                                                        \
	{                                                                                   \
		.body = (text), .status = 400, .code = -32700, .at = "/id", .value = "null" \
	}

static const struct row broken[] = {
	BROKEN(""),
	BROKEN("   "),
	BROKEN("{"),
	BROKEN("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x"),
	BROKEN("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",}"),
	BROKEN("{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"ping\"}"),
	BROKEN("\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"),
	BROKEN("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xFFng\"}"),
};

static void what_is_not_json_is_refused_over_both_carriers(void **state)
{
	(void)state;
	check_rows(broken, ARRAY_LEN(broken));
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct row row = broken[i];

		row.carrier = MCP_STDIO;
		check_row(&row);
	}
}

static void a_message_that_is_too_deep_is_refused(void **state)
{
	char body[1200] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":";
	const struct row row = {
		.body = body, .status = 400, .code = -32700, .at = "/id", .value = "null"};

	(void)state;
	for (unsigned i = 0; i < JSON_MAX_DEPTH; i++)
		strcat(body, "[");
	for (unsigned i = 0; i < JSON_MAX_DEPTH; i++)
		strcat(body, "]");
	strcat(body, "}");
	check_row(&row);
}

static void what_was_sent_is_not_repeated(void **state)
{
	static const struct row secret = {
		.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":s3cret}"};
	struct read_message m;

	(void)state;
	read_row(&secret, &m);
	assert_null(strstr(m.answer.ptr, "s3cret"));
	forget(&m);
}

/* ---- what is not answered ---- */

static const struct row unanswered[] = {
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
	 .kind = MCP_ACCEPTED},
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nobody/knows\",\"params\":{}}",
	 .kind = MCP_ACCEPTED},
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"list\"}}",
	 .kind = MCP_ACCEPTED},
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", .kind = MCP_ACCEPTED},
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"\"}}",
	 .kind = MCP_ACCEPTED},
};

static void notifications_and_responses_are_accepted(void **state)
{
	(void)state;
	check_rows(unanswered, ARRAY_LEN(unanswered));
}

/* ---- cancellation ---- */

#define CANCEL(id)                                         \
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/" \
	"cancelled\",\"params\":{\"requestId\":" id "}}"

static const struct {
	const char *body;
	const char *id; /* NULL: nothing is cancelled */
} cancels[] = {
	{CANCEL("7"), "7"},
	{CANCEL("\"\\u0061\""), "\"a\""},
	{CANCEL("null"), NULL},
	{CANCEL("1.5"), NULL},
	{CANCEL("{}"), NULL},
	{"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}", NULL},
};

static void check_cancels(enum mcp_carrier carrier)
{
	for (size_t i = 0; i < ARRAY_LEN(cancels); i++) {
		const struct row row = {.body = cancels[i].body, .carrier = carrier};
		struct read_message m;

		read_row(&row, &m);
		assert_int_equal(m.out.kind, cancels[i].id == NULL ? MCP_ACCEPTED : MCP_CANCEL);
		if (cancels[i].id != NULL)
			assert_true(text_is(m.out.cancel_id, cancels[i].id));
		assert_int_equal(m.answer.len, 0);
		assert_int_equal(m.out.status, 202);
		forget(&m);
	}
}

static void a_request_is_cancelled(void **state)
{
	(void)state;
	check_cancels(MCP_STDIO);
	check_cancels(MCP_HTTP);
}

static const struct row wrong_notifications[] = {
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{\"_meta\":{"
		 "\"io.modelcontextprotocol/protocolVersion\":\"2031-01-01\"}}}",
	 .carrier = MCP_STDIO,
	 .kind = MCP_ACCEPTED},
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{\"_meta\":{"
		 "\"io.modelcontextprotocol/protocolVersion\":7}}}",
	 .carrier = MCP_STDIO,
	 .kind = MCP_ACCEPTED},
	{.body = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":[]}",
	 .carrier = MCP_STDIO,
	 .kind = MCP_ACCEPTED},
};

static void a_notification_is_never_answered_over_stdio(void **state)
{
	(void)state;
	check_rows(wrong_notifications, ARRAY_LEN(wrong_notifications));
}

/* ---- size ---- */

static void an_answer_that_does_not_fit_is_noticed(void **state)
{
	const struct mcp_headers none = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct mcp_message out;
	struct arena a;
	struct buf answer;

	(void)state;
	arena_init(&a);
	buf_init(&answer, 20);
	mcp_read(&server, &a, MCP_HTTP, &none, TEXT(PING("1")), &answer, &out);
	assert_false(buf_complete(&answer));
	buf_fini(&answer);
	arena_fini(&a);
}

/* Were it not linear, it would not end within the test's time. */
static void many_members_take_their_time_once(void **state)
{
	const struct mcp_headers none = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct mcp_message out;
	struct arena a;
	struct buf answer;
	struct buf body;

	(void)state;
	arena_init(&a);
	buf_init(&answer, 10000);
	buf_init(&body, 100000000);
	buf_add_string(&body, "{");
	for (unsigned i = 0; i < 200000; i++)
		buf_printf(&body, "\"member%u\":[%u],", i, i);
	buf_add_string(&body, "\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
	mcp_read(&server, &a, MCP_HTTP, &none, buf_text(&body), &answer, &out);
	assert_int_equal(out.kind, MCP_ANSWER);
	assert_int_equal(out.code, 0);
	buf_fini(&body);
	buf_fini(&answer);
	arena_fini(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_repeated_if_it_is_one),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(what_nobody_knows_is_passed_over),
		cmocka_unit_test(what_is_not_json_is_refused_over_both_carriers),
		cmocka_unit_test(a_message_that_is_too_deep_is_refused),
		cmocka_unit_test(what_was_sent_is_not_repeated),
		cmocka_unit_test(notifications_and_responses_are_accepted),
		cmocka_unit_test(a_request_is_cancelled),
		cmocka_unit_test(a_notification_is_never_answered_over_stdio),
		cmocka_unit_test(an_answer_that_does_not_fit_is_noticed),
		cmocka_unit_test(many_members_take_their_time_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
