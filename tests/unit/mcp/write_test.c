/* What the host answers: results, failures, errors, progress. */
#include "messages.h"

static const struct mcp_message legacy = {
	.kind = MCP_CALL, .era = MCP_LEGACY, .id = {"\"a\"", 3}, .tool = "show"};
static const struct mcp_message modern = {
	.kind = MCP_CALL, .era = MCP_MODERN, .id = {"7", 1}, .tool = "show"};

#define INFO                                                      \
	"\"_meta\":{\"io.modelcontextprotocol/"                   \
	"serverInfo\":{\"name\":\"spectro\",\"title\":\"Spectro " \
	"Cloud\",\"version\":\"1.2.3\"}}"

static void expect(struct buf *out, const char *expected)
{
	assert_true(buf_complete(out));
	check_form(expected, buf_text(out));
	assert_string_equal(out->ptr, expected);
	buf_fini(out);
}

static void a_result_is_structured_and_text(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	mcp_put_tool_result(&out, &server, &legacy, TEXT("{\"uid\":\"u\\n1\"}"), NULL);
	expect(&out,
	       "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"content\":[{\"type\":\"text\","
	       "\"text\":\"{\\\"uid\\\":\\\"u\\\\n1\\\"}\"}],\"structuredContent\":{\"uid\":"
	       "\"u\\n1\"}}}");
	mcp_put_tool_result(&out, &server, &modern, TEXT("{}"), "Nothing \"there\".");
	expect(&out, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\","
		     "\"content\":[{\"type\":\"text\",\"text\":\"{}\"},{\"type\":\"text\",\"text\":"
		     "\"Nothing \\\"there\\\".\"}],\"structuredContent\":{}," INFO "}}");
}

static void a_result_of_several_lines_is_sent_on_one(void **state)
{
	struct text value;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	mcp_put_tool_result(&out, &server, &modern, TEXT("{\r\n\t\"a\": [\n1]\n}"), NULL);
	check_form("several lines", buf_text(&out));
	assert_true(json_at(buf_text(&out), "/result/structuredContent/a/0", &value));
	assert_true(text_is(value, "1"));
	buf_fini(&out);
	mcp_put_error(&out, (struct text){NULL, 0}, MCP_INTERNAL_ERROR, "two\nlines", TEXT("[\n]"));
	expect(&out, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32603,\"message\":"
		     "\"two\\nlines\",\"data\":[ ]}}");
}

static void a_failure_is_a_result(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	mcp_put_tool_error(&out, &server, &legacy, "clusterUid is missing");
	expect(&out,
	       "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"content\":[{\"type\":\"text\","
	       "\"text\":\"clusterUid is missing\"}],\"isError\":true}}");
	mcp_put_tool_error(&out, &server, &modern, "no");
	expect(&out,
	       "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\","
	       "\"content\":[{\"type\":\"text\",\"text\":\"no\"}],\"isError\":true," INFO "}}");
}

static void a_list_has_hints_in_the_modern_era(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	mcp_put_tools(&out, &server, &legacy, TEXT("[]"));
	expect(&out, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"tools\":[]}}");
}

static void an_error_has_data_if_there_is_some(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	mcp_put_error(&out, modern.id, MCP_INVALID_PARAMS, "no such tool", (struct text){NULL, 0});
	expect(&out, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,\"message\":"
		     "\"no such tool\"}}");
	mcp_put_error(&out, legacy.id, MCP_INVALID_PARAMS, "no such tool", TEXT("{\"a\":1}"));
	expect(&out, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":-32602,\"message\":"
		     "\"no such tool\",\"data\":{\"a\":1}}}");
}

static void progress_is_reported_to_who_asked(void **state)
{
	struct mcp_message call = modern;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_false(mcp_put_progress(&out, &call, 1, 2, "half"));
	assert_int_equal(out.len, 0);
	call.progress_token = TEXT("\"t\"");
	call.progress = -1;
	assert_true(mcp_put_progress(&out, &call, 0, 0, NULL));
	expect(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
		     "\"progressToken\":\"t\",\"progress\":0}}");
	assert_true(mcp_put_progress(&out, &call, 1, 2, "half"));
	expect(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{"
		     "\"progressToken\":\"t\",\"progress\":1,\"total\":2,\"message\":\"half\"}}");
}

static void progress_only_grows(void **state)
{
	static const int64_t done[] = {3, 3, 2, 0, -1};
	const struct row row = {
		.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
			"\"params\":{\"name\":\"a\",\"_meta\":{\"progressToken\":5}}}"};
	struct read_message m;

	(void)state;
	read_row(&row, &m);
	for (size_t i = 0; i < ARRAY_LEN(done); i++)
		assert_int_equal(mcp_put_progress(&m.answer, &m.out, done[i], 4, NULL), i == 0);
	assert_true(mcp_put_progress(&m.answer, &m.out, 4, 4, NULL));
	forget(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_is_structured_and_text),
		cmocka_unit_test(a_result_of_several_lines_is_sent_on_one),
		cmocka_unit_test(a_failure_is_a_result),
		cmocka_unit_test(a_list_has_hints_in_the_modern_era),
		cmocka_unit_test(an_error_has_data_if_there_is_some),
		cmocka_unit_test(progress_is_reported_to_who_asked),
		cmocka_unit_test(progress_only_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
