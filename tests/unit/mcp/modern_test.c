/* The modern era: what a request says of itself, the headers that repeat it, and the answers. */
#include "messages.h"

#define KEY(name) "\"io.modelcontextprotocol/" name "\":"
#define MESSAGE(method, params) \
	"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" method "\",\"params\":{" params "}}"
#define META "\"_meta\":{" KEY("protocolVersion") "\"2026-07-28\"," KEY("clientCapabilities") "{}}"
/* With a comma behind what params hold besides. */
#define MODERN(method, params) MESSAGE(method, params META)
#define CALL(params)           MODERN("tools/call", params)

#define INFO                                                                                 \
	"{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"spectro\",\"title\":\"Spectro " \
	"Cloud\","                                                                           \
	"\"version\":\"1.2.3\"}}"
#define HINTS "\"ttlMs\":300000,\"cacheScope\":\"public\""

#define V "2026-07-28"

static const struct row answers[] = {
	{.body = MODERN("server/discover", ""),
	 .version = V,
	 .method = "server/discover",
	 .at = "/result",
	 .value = "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],"
		  "\"capabilities\":{\"tools\":{},\"prompts\":{},\"resources\":{}},"
		  "\"instructions\":\"Ask before you delete.\"," HINTS ",\"_meta\":" INFO "}"},
	{.body = MODERN("tools/list", ""),
	 .version = V,
	 .method = "tools/list",
	 .at = "/result",
	 .value = "{\"resultType\":\"complete\",\"tools\":[{\"name\":\"list\"},  "
		  "{\"name\":\"show\"}]," HINTS ",\"_meta\":" INFO "}"},
	{.body = MODERN("prompts/list", ""),
	 .version = V,
	 .method = "prompts/list",
	 .at = "/result",
	 .value = "{\"resultType\":\"complete\",\"prompts\":[]," HINTS ",\"_meta\":" INFO "}"},
	{.body = MODERN("resources/list", ""),
	 .version = V,
	 .method = "resources/list",
	 .at = "/result/resources",
	 .value = "[]"},
	{.body = MODERN("resources/templates/list", ""),
	 .version = V,
	 .method = "resources/templates/list",
	 .at = "/result/resourceTemplates",
	 .value = "[]",
	 .and_at = "/result/cacheScope",
	 .and_value = "\"public\""},
	/* white space around a header's value is not part of it */
	{.body = MODERN("tools/list", ""), .version = " " V "\t", .method = "\ttools/list  "},
	/* stdio has no headers */
	{.body = MODERN("server/discover", ""), .carrier = MCP_STDIO},
	{.body = MODERN("tools/list", ""), .carrier = MCP_STDIO},
	/* who the client is, it may say */
	{.body = MESSAGE(
		 "tools/list",
		 "\"_meta\":{" KEY("protocolVersion") "\"" V "\"," KEY(
			 "clientCapabilities") "{\"elicitation\":{}}," KEY("clientInfo") "{\"name\""
											 ":\"c\","
											 "\"version"
											 "\":\"1\"}"
											 "," KEY("l"
												 "o"
												 "g"
												 "L"
												 "e"
												 "v"
												 "e"
												 "l") "\"info\"}"),
	 .version = V,
	 .method = "tools/list"},
};

static void methods_are_answered(void **state)
{
	(void)state;
	check_rows(answers, ARRAY_LEN(answers));
}

/* ---- methods that are not there ---- */

#define NO_METHOD(name)                                                                  \
	{                                                                                \
		.body = MODERN(name, ""), .version = V, .method = (name), .status = 404, \
		.code = -32601, .at = "/id", .value = "7"                                \
	}

static const struct row no_methods[] = {
	NO_METHOD("initialize"),
	NO_METHOD("ping"),
	NO_METHOD("logging/setLevel"),
	NO_METHOD("resources/subscribe"),
	NO_METHOD("resources/unsubscribe"),
	NO_METHOD("subscriptions/listen"),
	NO_METHOD("completion/complete"),
	NO_METHOD("unknown/method"),
	{.body = MODERN("initialize", "\"protocolVersion\":\"2025-11-25\","),
	 .carrier = MCP_STDIO,
	 .code = -32601},
};

static void methods_of_the_other_era_are_gone(void **state)
{
	(void)state;
	check_rows(no_methods, ARRAY_LEN(no_methods));
}

/* ---- params._meta ---- */

#define WITH_META(meta) MESSAGE("tools/list", "\"_meta\":{" meta "}")
#define BAD_META(text)                                                               \
	{                                                                            \
		.body = (text), .version = V, .method = "tools/list", .status = 400, \
		.code = -32602, .at = "/id", .value = "7"                            \
	}

static const struct row bad_metas[] = {
	BAD_META("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\"}"),
	BAD_META(MESSAGE("tools/list", "")),
	BAD_META(WITH_META("")),
	BAD_META(WITH_META(KEY("clientCapabilities") "{}")),
	BAD_META(WITH_META(KEY("protocolVersion") "\"" V "\"")),
	BAD_META(WITH_META(KEY("protocolVersion") "null," KEY("clientCapabilities") "{}")),
	BAD_META(WITH_META(KEY("protocolVersion") "20260728," KEY("clientCapabilities") "{}")),
	BAD_META(WITH_META(KEY("protocolVersion") "\"" V "\"," KEY("clientCapabilities") "[]")),
	BAD_META(WITH_META(KEY("protocolVersion") "\"" V "\"," KEY("clientCapabilities") "null")),
	BAD_META(WITH_META(KEY("protocolVersion") "\"" V "\"," KEY("clientCapabilities") "{}," KEY(
		"clientInfo") "\"c\"")),
	BAD_META(WITH_META(KEY("protocolVersion") "\"2026-07-28 and then so much more that nobody "
						  "should have to read it all again\"," KEY(
							  "clientCapabilities") "{}")),
	/* the header alone says which era it is, so that this one is no handshake */
	{.body = MESSAGE("initialize", "\"protocolVersion\":\"2025-11-25\""),
	 .version = V,
	 .status = 400,
	 .code = -32602},
	{.body = WITH_META(KEY("protocolVersion") "\"" V "\""),
	 .carrier = MCP_STDIO,
	 .code = -32602},
};

static void a_request_describes_itself(void **state)
{
	(void)state;
	check_rows(bad_metas, ARRAY_LEN(bad_metas));
}

/* ---- versions ---- */

#define OF_VERSION(version)                                                                \
	MESSAGE("tools/list", "\"_meta\":{" KEY("protocolVersion") "\"" version "\"," KEY( \
				      "clientCapabilities") "{}}")
#define NO_VERSION(version_)                                                        \
	.status = 400, .code = -32022, .at = "/error/data",                         \
	.value = "{\"supported\":[\"2026-07-28\"],\"requested\":\"" version_ "\"}", \
	.and_at = "/id", .and_value = "7"

static const struct row bad_versions[] = {
	{.body = OF_VERSION("v999.0.0"), .version = "v999.0.0", NO_VERSION("v999.0.0")},
	{.body = OF_VERSION("2031-01-01"), .carrier = MCP_STDIO, NO_VERSION("2031-01-01")},
	/* before anything else that is wrong */
	{.body = OF_VERSION("2031-01-01"), .method = "ping", NO_VERSION("2031-01-01")},
	/* a legacy revision has no messages of this form */
	{.body = OF_VERSION("2025-11-25"), .version = "2025-11-25", NO_VERSION("2025-11-25")},
};

static void a_revision_we_do_not_speak_is_refused(void **state)
{
	(void)state;
	check_rows(bad_versions, ARRAY_LEN(bad_versions));
}

/* ---- headers ---- */

#define MISMATCH .status = 400, .code = -32020, .at = "/id", .value = "7"
#define READ     MODERN("resources/read", "\"uri\":\"a:b\",")
#define PROMPT   MODERN("prompts/get", "\"name\":\"x\",")
#define SHOW     CALL("\"name\":\"show\",\"arguments\":{},")

static const struct row bad_headers[] = {
	{.body = MODERN("tools/list", ""), .method = "tools/list", MISMATCH},
	{.body = MODERN("tools/list", ""),
	 .version = "2025-11-25",
	 .method = "tools/list",
	 MISMATCH},
	{.body = MODERN("tools/list", ""),
	 .version = "2031-01-01",
	 .method = "tools/list",
	 MISMATCH},
	{.body = OF_VERSION("v999.0.0"), .version = V, .method = "tools/list", MISMATCH},
	{.body = MODERN("tools/list", ""), .version = V, MISMATCH},
	{.body = MODERN("tools/list", ""), .version = V, .method = "prompts/list", MISMATCH},
	{.body = MODERN("tools/list", ""), .version = V, .method = "TOOLS/LIST", MISMATCH},
	{.body = MODERN("tools/list", ""), .version = V, .method = "", MISMATCH},
	{.body = MODERN("unknown", ""), .version = V, .method = "tools/list", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "delete", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "Show", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "show show", MISMATCH},
	{.body = READ, .version = V, .method = "resources/read", MISMATCH},
	{.body = READ, .version = V, .method = "resources/read", .name = "a:c", MISMATCH},
	{.body = PROMPT, .version = V, .method = "prompts/get", .name = "y", MISMATCH},
	{.body = CALL(""), .version = V, .method = "tools/call", .name = "show", MISMATCH},
	/* base64 that is none, or of another name, or not marked as such */
	{.body = SHOW,
	 .version = V,
	 .method = "tools/call",
	 .name = "=?base64?c2hvdw=?=",
	 MISMATCH},
	{.body = SHOW,
	 .version = V,
	 .method = "tools/call",
	 .name = "=?base64?c2hv!!dw==?=",
	 MISMATCH},
	{.body = SHOW,
	 .version = V,
	 .method = "tools/call",
	 .name = "=?base64?bGlzdA==?=",
	 MISMATCH},
	{.body = SHOW,
	 .version = V,
	 .method = "tools/call",
	 .name = "=?base64?"
		 "?=",
	 MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "=?base64?=", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "=?base64?c2hvdw==", MISMATCH},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "c2hvdw==", MISMATCH},
	{.body = SHOW,
	 .version = V,
	 .method = "tools/call",
	 .name = "=?BASE64?c2hvdw==?=",
	 MISMATCH},
};

static void headers_repeat_the_body(void **state)
{
	(void)state;
	check_rows(bad_headers, ARRAY_LEN(bad_headers));
}

static const struct row good_names[] = {
	{.body = SHOW, .version = V, .method = "tools/call", .name = "show", .kind = MCP_CALL},
	{.body = SHOW, .version = V, .method = "tools/call", .name = "  show\t", .kind = MCP_CALL},
	{.body = SHOW,
	 .version = V,
	 .method = "tools/call",
	 .name = " =?base64?c2hvdw==?= ",
	 .kind = MCP_CALL},
	{.body = CALL("\"name\":\"sh\\u006fw\","),
	 .version = V,
	 .method = "tools/call",
	 .name = "show",
	 .kind = MCP_CALL},
	{.body = CALL("\"name\":\"k\xC3\xBC\xC3\x9F\","),
	 .version = V,
	 .method = "tools/call",
	 .name = "=?base64?a8O8w58=?=",
	 .kind = MCP_CALL},
	{.body = CALL("\"name\":\"=?base64?x\","),
	 .version = V,
	 .method = "tools/call",
	 .name = "=?base64?x",
	 .kind = MCP_CALL},
	{.body = SHOW, .carrier = MCP_STDIO, .kind = MCP_CALL},
	/* where nothing is named, the header is nobody's */
	{.body = MODERN("tools/list", ""), .version = V, .method = "tools/list", .name = "x"},
};

static void a_name_may_be_written_otherwise(void **state)
{
	(void)state;
	check_rows(good_names, ARRAY_LEN(good_names));
}

/* ---- params ---- */

#define OF_CALL(params) .body = CALL(params), .carrier = MCP_STDIO

static const struct row params[] = {
	{.body = CALL(""), .version = V, .method = "tools/call", .code = -32602},
	{OF_CALL("\"name\":7,"), .code = -32602},
	{OF_CALL("\"name\":\"show\",\"arguments\":7,"), .code = -32602},
	{OF_CALL("\"name\":\"show\",\"inputResponses\":null,"), .code = -32602},
	{OF_CALL("\"name\":\"show\",\"inputResponses\":[],"), .code = -32602},
	{OF_CALL("\"name\":\"show\",\"inputResponses\":{\"user\":12345},"), .code = -32602},
	{OF_CALL("\"name\":\"show\",\"requestState\":{},"), .code = -32602},
	{OF_CALL("\"name\":\"show\",\"inputResponses\":{\"a\":{}},\"requestState\":\"s\",\"b\":1,"),
	 .kind = MCP_CALL},
	{.body = MODERN("tools/list", "\"cursor\":\"x\","), .carrier = MCP_STDIO, .code = -32602},
	{.body = READ,
	 .version = V,
	 .method = "resources/read",
	 .name = "a:b",
	 .code = -32602,
	 .at = "/error/data",
	 .value = "{\"uri\":\"a:b\"}"},
	{.body = PROMPT, .version = V, .method = "prompts/get", .name = "x", .code = -32602},
};

static void bad_params_are_refused_by_the_method(void **state)
{
	(void)state;
	check_rows(params, ARRAY_LEN(params));
}

/* ---- notifications and responses ---- */

#define NOTE(meta)                                                                                 \
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7," \
	"\"_meta\":{" meta "}}}"

static const struct row unanswered[] = {
	{.body = NOTE(""), .version = V, .kind = MCP_ACCEPTED},
	{.body = NOTE(""), .version = V, .method = "notifications/cancelled", .kind = MCP_ACCEPTED},
	{.body = NOTE(KEY("protocolVersion") "\"" V "\""), .kind = MCP_ACCEPTED},
	{.body = NOTE(KEY("protocolVersion") "\"" V "\""), .version = V, .kind = MCP_ACCEPTED},
	{.body = NOTE(KEY("protocolVersion") "\"" V "\""),
	 .carrier = MCP_STDIO,
	 .kind = MCP_CANCEL},
	{.body = NOTE(KEY("protocolVersion") "\"" V "\""),
	 .version = "2025-11-25",
	 .status = 400,
	 .code = -32020,
	 .at = "/id",
	 .value = "null"},
	{.body = NOTE(""), .version = V, .method = "tools/call", .status = 400, .code = -32020},
	{.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
	 .version = V,
	 .status = 400,
	 .code = -32600},
};

static void notifications_are_accepted(void **state)
{
	(void)state;
	check_rows(unanswered, ARRAY_LEN(unanswered));
}

/* ---- a list that depends on who asks ---- */

static void a_list_of_the_callers_own_is_private(void **state)
{
	static const struct mcp_server personal = {.name = "s", .version = "1"};
	const struct mcp_headers none = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct mcp_message out;
	struct buf answer;
	struct arena a;

	(void)state;
	arena_init(&a);
	buf_init(&answer, 1000);
	mcp_read(&personal, &a, MCP_STDIO, &none, TEXT(MODERN("tools/list", "")), &answer, &out);
	assert_int_equal(out.kind, MCP_LIST);
	assert_int_equal(out.status, 200);
	assert_int_equal(out.era, MCP_MODERN);
	assert_string_equal(out.version, V);
	assert_int_equal(answer.len, 0);
	mcp_put_tools(&answer, &personal, &out, TEXT("[]"));
	assert_string_equal(
		answer.ptr,
		"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\","
		"\"tools\":[],\"ttlMs\":300000,\"cacheScope\":\"private\",\"_meta\":{"
		"\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}}");
	buf_fini(&answer);
	arena_fini(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_are_answered),
		cmocka_unit_test(methods_of_the_other_era_are_gone),
		cmocka_unit_test(a_request_describes_itself),
		cmocka_unit_test(a_revision_we_do_not_speak_is_refused),
		cmocka_unit_test(headers_repeat_the_body),
		cmocka_unit_test(a_name_may_be_written_otherwise),
		cmocka_unit_test(bad_params_are_refused_by_the_method),
		cmocka_unit_test(notifications_are_accepted),
		cmocka_unit_test(a_list_of_the_callers_own_is_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
