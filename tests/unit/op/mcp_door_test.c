/* Who may come in at the MCP endpoint, by the headers alone. */
#include "unit/op/services.h"

#include "op/mcp_door.h"

enum { MOST_HEADERS = 8 };

/* What differs from a good request: "Name: value" each; a name alone takes the header away. */
struct row {
	const char *listen;  /* NULL: 127.0.0.1:7727 */
	const char *base;    /* backend.baseUrl */
	const char *app;     /* app.baseUrl */
	const char *allowed; /* spectrocloud.mcp.allowedOrigins, one */
	const char *headers[MOST_HEADERS];
	int status; /* 200: it comes in */
};

static const char *const good[] = {
	"Host: 127.0.0.1:7727",
	"Content-Type: application/json",
	"Accept: application/json, text/event-stream",
};

static struct http_header parse(const char *line)
{
	size_t colon = text_find(text_of(line), ':');

	return (struct http_header){
		text_slice(text_of(line), 0, colon),
		colon == SIZE_MAX ? TEXT("") : text_slice(text_of(line), colon + 1, SIZE_MAX)};
}

static bool is_named(const struct row *row, struct text name)
{
	for (size_t i = 0; i < MOST_HEADERS && row->headers[i] != NULL; i++)
		if (text_equal_nocase(parse(row->headers[i]).name, name))
			return true;
	return false;
}

static size_t headers_of(const struct row *row, struct http_header *headers)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!is_named(row, parse(good[i]).name))
			headers[count++] = parse(good[i]);
	for (size_t i = 0; i < MOST_HEADERS && row->headers[i] != NULL; i++)
		if (text_find(text_of(row->headers[i]), ':') != SIZE_MAX)
			headers[count++] = parse(row->headers[i]);
	return count;
}

static int admit(const struct row *row, struct mcp_visit *visit)
{
	struct http_header headers[MOST_HEADERS + ARRAY_LEN(good)];
	const struct config config = {
		.listen = row->listen == NULL ? "127.0.0.1:7727" : row->listen,
		.base_url = row->base,
		.app_base_url = row->app,
		.mcp = {.allowed_origins = {&row->allowed, row->allowed == NULL ? 0 : 1}},
	};
	const struct op_services services = {.config = &config};
	struct mcp_refusal refusal = {.status = 0};
	struct arena arena;
	struct call c = {.services = &services, .arena = &arena, .headers = headers};
	int status = 200;

	c.header_count = headers_of(row, headers);
	arena_init(&arena);
	if (!mcp_admit(&c, visit, &refusal)) {
		status = refusal.status;
		assert_non_null(refusal.message);
	}
	arena_fini(&arena);
	return status;
}

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mcp_visit visit;
		int status = admit(&rows[i], &visit);

		if (status != rows[i].status)
			fail_msg("row %zu (%s): %d instead of %d", i,
				 rows[i].headers[0] == NULL ? "" : rows[i].headers[0], status,
				 rows[i].status);
	}
}

#define BS "https://bs.example"

static const struct row hosts[] = {
	{.status = 200},
	{.headers = {"host: localhost"}, .status = 200},
	{.headers = {"Host: LocalHost:99"}, .status = 200},
	{.headers = {"Host: 127.9.9.9:1"}, .status = 200},
	{.headers = {"Host: [::1]:7727"}, .status = 200},
	{.headers = {"Host: [::1"}, .status = 403},
	{.headers = {"Host: [::2]"}, .status = 403},
	{.headers = {"Host: localhost:80x"}, .status = 403},
	{.headers = {"Host: localhost.evil.example"}, .status = 403},
	{.headers = {"Host: 127.evil.example"}, .status = 403},
	{.headers = {"Host: 127.0.0.1.evil.example"}, .status = 403},
	{.headers = {"Host:"}, .status = 403},
	{.headers = {"Host: evil.example"}, .status = 403},
	{.headers = {"Host: evil.example"}, .listen = "localhost:1", .status = 403},
	{.headers = {"Host: evil.example"}, .listen = "[::1]:1", .status = 403},
	{.headers = {"Host: bs.example"}, .status = 403},
	{.headers = {"Host: BS.example:8443"}, .base = BS, .status = 200},
	{.headers = {"Host: bs.example"}, .app = BS "/portal", .status = 200},
	{.headers = {"Host: bs.example.evil"}, .base = BS, .status = 403},
	{.headers = {"Host: s.example"}, .base = BS, .status = 403},
	/* there strangers do not need a browser */
	{.headers = {"Host: any.example"}, .listen = "0.0.0.0:7727", .status = 200},
	{.headers = {"Host: any.example"}, .listen = ":7727", .status = 200},
	{.headers = {"Host: any.example"}, .listen = "7727", .status = 200},
	{.headers = {"Host: any.example"}, .listen = "10.0.0.1:7727", .status = 200},
	{.headers = {"Host: any.example"}, .listen = "unix:/run/localhost", .status = 200},
};

static void the_host_is_ours(void **state)
{
	(void)state;
	check(hosts, ARRAY_LEN(hosts));
}

static const struct row origins[] = {
	{.headers = {"Origin: http://localhost:6274"}, .status = 200},
	{.headers = {"Origin: https://127.0.0.1"}, .status = 200},
	{.headers = {"Origin: http://[::1]:1"}, .status = 200},
	{.headers = {"Origin: http://localhost:1"}, .listen = ":7727", .status = 403},
	{.headers = {"Origin: http://localhost:1"}, .listen = "unix:/s", .status = 403},
	{.headers = {"Origin: null"}, .status = 403},
	{.headers = {"Origin:"}, .status = 403},
	{.headers = {"Origin: localhost"}, .status = 403},
	{.headers = {"Origin: file://localhost"}, .status = 403},
	{.headers = {"Origin: http://localhost:80@evil.example"}, .status = 403},
	{.headers = {"Origin: http://localhost/"}, .status = 403},
	{.headers = {"Origin: http://evil.example"}, .status = 403},
	{.headers = {"Origin: http://localhost", "Origin: http://localhost"}, .status = 403},
	{.headers = {"Origin: " BS}, .status = 403},
	{.headers = {"Origin: " BS}, .base = BS "/x", .listen = ":1", .status = 200},
	{.headers = {"Origin: HTTPS://BS.example"}, .app = BS, .listen = ":1", .status = 200},
	{.headers = {"Origin: " BS}, .base = BS ":443", .listen = ":1", .status = 200},
	{.headers = {"Origin: " BS ":443"}, .base = BS, .listen = ":1", .status = 403},
	{.headers = {"Origin: http://bs.example"}, .base = BS, .listen = ":1", .status = 403},
	{.headers = {"Origin: http://bs.example"},
	 .base = "http://bs.example:80",
	 .listen = ":1",
	 .status = 200},
	{.headers = {"Origin: " BS ".evil"}, .base = BS, .listen = ":1", .status = 403},
	{.headers = {"Origin: " BS}, .allowed = BS, .listen = ":1", .status = 200},
	{.headers = {"Origin: " BS ":1"}, .allowed = BS, .listen = ":1", .status = 403},
};

static void the_origin_is_allowed(void **state)
{
	(void)state;
	check(origins, ARRAY_LEN(origins));
}

static const struct row forms[] = {
	{.headers = {"Accept"}, .status = 200},
	{.headers = {"Accept: */*"}, .status = 200},
	{.headers = {"Accept: text/html", "Accept: application/json"}, .status = 200},
	{.headers = {"Accept: text/*"}, .status = 200},
	{.headers = {"Accept: Application/JSON;q=0.5"}, .status = 200},
	{.headers = {"Accept: text/html"}, .status = 406},
	{.headers = {"Accept:"}, .status = 406},
	{.headers = {"Accept: application/jsonx"}, .status = 406},
	{.headers = {"Content-Type"}, .status = 415},
	{.headers = {"Content-Type: text/plain"}, .status = 415},
	{.headers = {"Content-Type: application/json;charset=utf-8"}, .status = 200},
	{.headers = {"Content-Type: application/json", "Content-Type: application/json"},
	 .status = 400},
	{.headers = {"MCP-Protocol-Version: a", "mcp-protocol-version: a"}, .status = 400},
	{.headers = {"Mcp-Method: a", "Mcp-Method: b"}, .status = 400},
	{.headers = {"Mcp-Name: a", "Mcp-Name: a"}, .status = 400},
};

static void it_is_a_message(void **state)
{
	(void)state;
	check(forms, ARRAY_LEN(forms));
}

static void what_it_takes_and_says(void **state)
{
	static const struct row row = {.headers = {"Accept: text/event-stream",
						   "MCP-Protocol-Version:  v ", "Mcp-Name: n",
						   NULL}};
	static const struct row silent = {.headers = {"Accept"}};
	struct mcp_visit visit;

	(void)state;
	assert_int_equal(admit(&row, &visit), 200);
	assert_false(visit.takes_json);
	assert_true(visit.takes_stream);
	assert_true(text_is(visit.headers.version, "v"));
	assert_true(text_is(visit.headers.name, "n"));
	assert_null(visit.headers.method.ptr);
	assert_int_equal(admit(&silent, &visit), 200);
	assert_true(visit.takes_json);
	assert_false(visit.takes_stream);
}

/* ---- where clients sign in ---- */

static void metadata_is_at(const struct config *config, const char *url)
{
	struct arena arena;
	const char *found;

	arena_init(&arena);
	found = op_resource_metadata(config, &arena);
	if (url == NULL)
		assert_null(found);
	else
		assert_string_equal(found, url);
	arena_fini(&arena);
}

static void the_metadata_stand_before_the_path(void **state)
{
	static const char *const ours[] = {"spectrocloud"};
	struct config_endpoint endpoint = {.external = "https://edge.example:1/bs/{{pluginId}}/",
					   .plugins = {ours, 1}};
	struct config config = {.mcp = {.enabled = true}, .base_url = BS};

	(void)state;
	metadata_is_at(&config, NULL);
	config.client_documents = true;
	metadata_is_at(&config, BS "/.well-known/oauth-protected-resource/api/spectrocloud/mcp");
	config.endpoints = &endpoint;
	config.endpoint_count = 1;
	metadata_is_at(&config, "https://edge.example:1/.well-known/oauth-protected-resource/bs/"
				"spectrocloud/mcp");
	endpoint.external = "https://edge.example/\"";
	metadata_is_at(&config, NULL);
	config.endpoint_count = 0;
	config.base_url = NULL;
	metadata_is_at(&config, NULL);
	config.base_url = BS;
	config.mcp.enabled = false;
	metadata_is_at(&config, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_is_ours),
		cmocka_unit_test(the_origin_is_allowed),
		cmocka_unit_test(it_is_a_message),
		cmocka_unit_test(what_it_takes_and_says),
		cmocka_unit_test(the_metadata_stand_before_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
