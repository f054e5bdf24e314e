/* Lists in pages: their order, cursors that hold while items come and go, filters, fields. */
#include "unit/op/services.h"

#include "crypto/base64.h"
#include "op/agent.h"
#include "op/rows.h"
#include "unit/op/fits.h"

/* ---- a list of the test's own ---- */

static const struct field item_fields[] = {
	{.name = "uid", .type = FIELD_STRING, .required = true, FROM("/metadata/uid")},
	{.name = "name", .type = FIELD_STRING, .required = true, FROM("/metadata/name")},
	{.name = "state", .type = FIELD_STRING, FROM("/status/state")},
	{.name = "size", .type = FIELD_INT, FROM("/size")},
	{.name = NULL},
};

static const struct page_filter filters[] = {
	{.param = "nameContains", .field = "name", .contains = true},
	{.param = "state", .field = "state"},
	{.param = NULL},
};

static const struct field page_answer[] = {
	{.name = "items", .type = FIELD_ARRAY, .required = true, .fields = item_fields},
	PAGE_FIELDS("items"),
	{.name = NULL},
};

/* What Palette has: items as JSON. */
static struct {
	struct arena arena;
	struct text *items;
	size_t count;
	size_t room;
	const char *basis;
	bool masked;
	bool warns;
} world;

static bool list_world(struct call *c, struct result *res, struct error *err)
{
	const struct page page = {.key = "items",
				  .item = item_fields,
				  .filters = filters,
				  .items = world.masked ? PAGE_OF_MASKED : PAGE_OF_FIELDS,
				  .basis = text_of(world.basis)};
	struct palette_list list;

	palette_list_init(&list, c->palette, page.key);
	for (size_t i = 0; i < world.count; i++)
		buf_add(palette_list_item(&list), world.items[i]);
	if (world.warns)
		palette_list_warn(c->palette, &list, "p9", 403, "forbidden");
	return answer_page(c, &page, &list, true, res, err);
}

#define LIST_PARAMS                                                                        \
	PARAMS(ARG_INSTANCE, ARG_PROJECT, ARG_NAME_CONTAINS, ARG("state", PARAM_TEXT, ""), \
	       ARG_FIELDS("fields", item_fields, ""), ARG_LIMIT, ARG_CURSOR)

static const struct tool tool = {.name = "list_items", .title = "", .description = ""};
static const struct op row = {.name = "test.list",
			      .summary = "",
			      .tool = &tool,
			      .permission = PERMIT_VIEW_CLUSTER,
			      .params = LIST_PARAMS,
			      .answer = page_answer,
			      .run = list_world};
static const struct op other_row = {.name = "test.other_list",
				    .summary = "",
				    .tool = &tool,
				    .permission = PERMIT_VIEW_CLUSTER,
				    .params = LIST_PARAMS,
				    .answer = page_answer,
				    .run = list_world};

static bool list_route(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;

	palette_list_init(&list, c->palette, "items");
	for (size_t i = 0; i < world.count; i++)
		buf_add(palette_list_item(&list), world.items[i]);
	if (world.warns)
		palette_list_warn(c->palette, &list, "p9", 403, "forbidden");
	return answer_list(c, &list, true, res, err);
}

static const struct field route_answer[] = {
	{.name = "items", .type = FIELD_ARRAY, .required = true, .fields = palette_object},
	QUERY_PAGE_FIELDS,
	WARNINGS,
	{.name = NULL},
};

#define ROUTE_PARAMS                                                                             \
	PARAMS(BODY_STRINGS("names", ""), QUERY_PROJECT, QUERY_NAME("kind", ""), QUERY_INSTANCE, \
	       QUERY_PAGE)

static const struct op route = {.name = "test.route",
				.summary = "",
				POST("/items"),
				.permission = PERMIT_VIEW_CLUSTER,
				.params = ROUTE_PARAMS,
				.answer = route_answer,
				.run = list_route};
static const struct op other_route = {.name = "test.other_route",
				      .summary = "",
				      POST("/others"),
				      .permission = PERMIT_VIEW_CLUSTER,
				      .params = ROUTE_PARAMS,
				      .answer = route_answer,
				      .run = list_route};

static void add_json(const char *json)
{
	if (world.count == world.room) {
		struct text *more = arena_array(&world.arena, struct text, world.room * 2 + 64);

		if (world.count > 0)
			memcpy(more, world.items, world.count * sizeof *more);
		world.items = more;
		world.room = world.room * 2 + 64;
	}
	world.items[world.count++] = arena_copy_text(&world.arena, text_of(json));
}

static void add_item(const char *name, const char *uid, const char *state)
{
	add_json(arena_printf(&world.arena,
			      "{\"metadata\":{\"name\":\"%s\",\"uid\":\"%s\"},\"status\":{"
			      "\"state\":\"%s\"},\"size\":%zu,\"password\":\"hidden\"}",
			      name, uid, state, world.count));
}

static void remove_item(size_t at)
{
	world.items[at] = world.items[--world.count];
}

/* ---- calls ---- */

struct scene {
	struct fixture *f;
	struct op_services services;
	struct arena arena;
	struct error err;
};

static void no_answer(void *context, const struct canned_request *request,
		      struct canned_answer *answer)
{
	(void)context;
	(void)request;
	answer->status = 500;
}

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->f = fixture_new(no_answer, NULL);
	services_open(&s->services, s->f);
	arena_init(&s->arena);
	memset(&world, 0, sizeof world);
	arena_init(&world.arena);
	world.basis = "";
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	services_close(&s->services);
	fixture_free(s->f);
	arena_fini(&s->arena);
	arena_fini(&world.arena);
	free(s);
	return 0;
}

/* The answer, NULL where it failed with s->err. sent: the inputs. */
static const char *run_row(struct scene *s, const struct op *op, const struct call *sent)
{
	struct result res = {.status = 0};
	struct call c = *sent;
	const char *body = NULL;
	struct arena a;

	arena_init(&a);
	buf_init(&res.body_owned, 0);
	c.services = &s->services;
	c.arena = &a;
	c.id = "req-1";
	c.started_us = clock_now_us();
	c.deadline_ms = clock_now_ms() + 60000;
	c.local = true;
	if (op_run(op, &c, &res, &s->err))
		body = arena_copy(&s->arena, buf_text(&res.body_owned));
	result_fini(&res);
	arena_fini(&a);
	return body;
}

static const char *ask_row(struct scene *s, const struct op *op, const char *arguments)
{
	const struct call sent = {.arguments = text_of(arguments)};
	const char *body = run_row(s, op, &sent);

	assert_true(body == NULL || world.masked ||
		    fits_fields(&s->arena, page_answer, text_of(body)));
	return body;
}

/* query: "limit=2&cursor=x", as it is. */
static const char *ask_route_for(struct scene *s, const struct op *op, const char *names,
				 const char *query)
{
	struct text rest = text_of(query);
	struct call_input inputs[8];
	struct call sent = {.inputs = inputs};
	struct text pair;

	sent.body = text_of(arena_printf(&s->arena, "{\"names\":%s}", names));
	while (sent.input_count < ARRAY_LEN(inputs) && text_next(&rest, '&', &pair)) {
		size_t at = text_find(pair, '=');

		if (at != SIZE_MAX)
			inputs[sent.input_count++] =
				(struct call_input){.in = IN_QUERY,
						    .name = text_slice(pair, 0, at),
						    .value = text_slice(pair, at + 1, SIZE_MAX)};
	}
	return run_row(s, op, &sent);
}

static const char *ask_route(struct scene *s, const char *query)
{
	return ask_route_for(s, &route, "[\"a\"]", query);
}

static const char *ask(struct scene *s, const char *format, ...) PRINTF_LIKE(2, 3);
static const char *ask(struct scene *s, const char *format, ...)
{
	const char *arguments;
	const char *body;
	va_list args;

	va_start(args, format);
	arguments = arena_vprintf(&s->arena, format, args);
	va_end(args);
	body = ask_row(s, &row, arguments);
	if (body == NULL)
		fail_msg("%s", s->err.message);
	return body;
}

static const char *cursor_of(struct scene *s, const char *body)
{
	return json_string_at(&s->arena, text_of(body), "/nextCursor", NULL);
}

static int64_t total_of(const char *body)
{
	struct text total;
	int64_t number;

	assert_true(json_at(text_of(body), "/total", &total));
	assert_true(json_int(total, &number));
	return number;
}

/* The uids of a page, each behind a blank. */
static const char *uids_of(struct scene *s, const char *body)
{
	struct json_walk walk;
	const char *uids = "";
	struct text items;
	struct text item;

	assert_true(json_at(text_of(body), "/items", &items));
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item))
		uids = arena_printf(&s->arena, "%s %s", uids,
				    json_string_at(&s->arena, item, "/uid", "?"));
	return uids;
}

static void assert_page(struct scene *s, const char *body, const char *uids, int64_t total)
{
	assert_string_equal(uids_of(s, body), uids);
	assert_int_equal(total_of(body), total);
}

/* more: other inputs beside the cursor, with a comma before them. */
static void assert_refused_cursor(struct scene *s, const struct op *op, const char *cursor,
				  const char *more)
{
	assert_null(ask_row(s, op, arena_printf(&s->arena, "{\"cursor\":\"%s\"%s}", cursor, more)));
	assert_int_equal(s->err.kind, ERROR_INPUT);
	if (strncmp(s->err.message, "cursor (in the input) must be", 29) != 0)
		fail_msg("%s", s->err.message);
}

/* ---- tests ---- */

static void an_empty_list(void **state)
{
	assert_string_equal(ask(*state, "{}"), "{\"items\":[],\"total\":0}");
}

static void by_name_then_by_uid(void **state)
{
	struct scene *s = *state;

	add_item("b", "4", "Running");
	add_item("a", "9", "Running");
	add_item("", "5", "Running");
	add_item("b", "10", "Running");
	add_item("B", "7", "Running");
	add_item("ab", "1", "Running");
	add_item("\xC3\xA4", "3", "Running");
	assert_page(s, ask(s, "{}"), " 5 7 9 1 10 4 3", 7);
}

static void pages_of_two(void **state)
{
	struct scene *s = *state;
	const char *body;

	for (int i = 4; i >= 0; i--)
		add_item(arena_printf(&s->arena, "n%d", i), arena_printf(&s->arena, "%d", i), "x");
	body = ask(s, "{\"limit\":2}");
	assert_page(s, body, " 0 1", 5);
	body = ask(s, "{\"limit\":2,\"cursor\":\"%s\"}", cursor_of(s, body));
	assert_page(s, body, " 2 3", 5);
	/* Another limit does not matter to it. */
	body = ask(s, "{\"cursor\":\"%s\"}", cursor_of(s, body));
	assert_page(s, body, " 4", 5);
	assert_null(cursor_of(s, body));
	/* A page that ends with the list has no next one. */
	assert_null(cursor_of(s, ask(s, "{\"limit\":5}")));
}

static void what_comes_and_goes_meanwhile(void **state)
{
	struct scene *s = *state;
	const char *cursor;

	for (int i = 0; i < 8; i++)
		add_item(arena_printf(&s->arena, "n%d", i), arena_printf(&s->arena, "%d", i), "x");
	cursor = cursor_of(s, ask(s, "{\"limit\":3}"));
	/* Gone before and at the cursor; new before and behind it. */
	remove_item(2);
	remove_item(0);
	add_item("n1a", "new-1", "x");
	add_item("n4a", "new-2", "x");
	add_item("n2", "3a", "x");
	assert_page(s, ask(s, "{\"limit\":50,\"cursor\":\"%s\"}", cursor), " 3a 3 4 new-2 5 6 7",
		    9);
	/* All gone. */
	world.count = 0;
	assert_page(s, ask(s, "{\"cursor\":\"%s\"}", cursor), "", 0);
}

static void items_of_one_name(void **state)
{
	struct scene *s = *state;
	const char *all = "";
	const char *cursor = "";
	int pages = 0;

	for (int i = 10; i < 30; i++)
		add_item("same", arena_printf(&s->arena, "%d", 39 - i), "x");
	for (; cursor != NULL; pages++) {
		const char *body = ask(s, "{\"limit\":3,\"cursor\":\"%s\"}", cursor);

		all = arena_printf(&s->arena, "%s%s", all, uids_of(s, body));
		cursor = cursor_of(s, body);
	}
	assert_int_equal(pages, 7);
	assert_string_equal(all, " 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29");
}

/* Without name or uid, with names and uids longer than a cursor can hold, and some all alike. */
static void odd_items_are_walked_once_each(void **state)
{
	struct scene *s = *state;
	const char *cursor = "";
	size_t seen = 0;
	char *text = arena_alloc(&s->arena, 2001);

	memset(text, 'x', 2000);
	for (int i = 0; i < 9; i++)
		add_json("{}");
	for (int i = 0; i < 4; i++)
		add_json("{\"metadata\":{\"name\":null,\"uid\":[]}}");
	for (int i = 0; i < 9; i++)
		add_item(text, arena_printf(&s->arena, "%s%d", text, i % 3), "x");
	for (int i = 0; i < 3; i++)
		add_item("\xC3\xA4:\\u00e4\\n", "1:2", "x");
	for (int i = 0; cursor != NULL && i < 100; i++) {
		const char *body = ask(s, "{\"limit\":2,\"cursor\":\"%s\"}", cursor);
		struct json_walk walk;
		struct text items;
		struct text item;

		assert_true(json_at(text_of(body), "/items", &items));
		walk = json_walk_begin(items);
		while (json_walk_item(&walk, &item))
			seen++;
		cursor = cursor_of(s, body);
	}
	assert_null(cursor);
	assert_int_equal(seen, world.count);
}

static void a_cursor_is_for_one_list_and_its_inputs(void **state)
{
	static const char *const others[] = {
		",\"instanceName\":\"staging\"",
		",\"projectUid\":\"p1\"",
		",\"nameContains\":\"n\"",
		",\"state\":\"x\"",
	};
	struct scene *s = *state;
	const char *cursor;

	for (int i = 0; i < 4; i++)
		add_item(arena_printf(&s->arena, "n%d", i), arena_printf(&s->arena, "%d", i), "x");
	cursor = cursor_of(s, ask(s, "{\"limit\":2}"));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_refused_cursor(s, &row, cursor, others[i]);
	assert_refused_cursor(s, &other_row, cursor, "");
	world.basis = "other";
	assert_refused_cursor(s, &row, cursor, "");
	world.basis = "";
	/* The same in other words: the first environment by its name, and what is not there. */
	assert_page(s,
		    ask(s, "{\"cursor\":\"%s\",\"instanceName\":\"prod\",\"state\":\"\"}", cursor),
		    " 2 3", 4);
	assert_page(s, ask(s, "{\"cursor\":\"%s\",\"fields\":[\"size\"]}", cursor), " 2 3", 4);
}

static void a_cursor_that_was_changed(void **state)
{
	static const char *const made_up[] = {"x",    "AAAA", "AAAAAAAAAAAAAAAAMTph",
					      "!!!!", "a b",  "="};
	struct scene *s = *state;
	const char *cursor;
	struct buf plain;

	for (int i = 0; i < 4; i++)
		add_item(arena_printf(&s->arena, "n%d", i), arena_printf(&s->arena, "%d", i), "x");
	cursor = cursor_of(s, ask(s, "{\"limit\":2}"));
	for (size_t i = 0; i < ARRAY_LEN(made_up); i++)
		assert_refused_cursor(s, &row, made_up[i], "");
	/* Cut anywhere before the name begins, it is refused. */
	buf_init(&plain, 1024);
	assert_true(base64url_decode(text_of(cursor), &plain));
	for (size_t len = 1; len < 15; len++) {
		struct buf coded;

		buf_init(&coded, 2048);
		base64url_encode(text_slice(buf_text(&plain), 0, len), &coded);
		assert_refused_cursor(s, &row, coded.ptr, "");
		buf_fini(&coded);
	}
	/* As is one whose digest differs in a bit. */
	for (size_t i = 0; i < 12; i++) {
		struct buf coded;

		buf_init(&coded, 2048);
		plain.ptr[i] = (char)(plain.ptr[i] ^ 1);
		base64url_encode(buf_text(&plain), &coded);
		assert_refused_cursor(s, &row, coded.ptr, "");
		plain.ptr[i] = (char)(plain.ptr[i] ^ 1);
		buf_fini(&coded);
	}
	buf_fini(&plain);
}

static void limits(void **state)
{
	struct scene *s = *state;
	const char *body;

	for (int i = 0; i < 600; i++)
		add_item(arena_printf(&s->arena, "n%03d", i), arena_printf(&s->arena, "%d", i),
			 "x");
	body = ask(s, "{}");
	assert_non_null(cursor_of(s, body));
	assert_non_null(strstr(body, "\"n099\""));
	assert_null(strstr(body, "\"n100\""));
	assert_int_equal(total_of(body), 600);
	body = ask(s, "{\"limit\":500}");
	assert_non_null(strstr(body, "\"n499\""));
	assert_null(strstr(body, "\"n500\""));
	assert_null(ask_row(s, &row, "{\"limit\":501}"));
	assert_null(ask_row(s, &row, "{\"limit\":0}"));
	assert_null(ask_row(s, &row, "{\"limit\":-1}"));
	assert_null(ask_row(s, &row, "{\"limit\":1.5}"));
	assert_null(ask_row(s, &row, "{\"limit\":\"5\"}"));
}

static void filters_choose_and_the_total_is_of_what_they_leave(void **state)
{
	struct scene *s = *state;

	add_item("prod-eu", "1", "Running");
	add_item("PROD-us", "2", "Error");
	add_item("test", "3", "Running");
	add_item("preprod", "4", "running");
	add_json("{\"metadata\":{\"uid\":\"5\",\"name\":null},\"status\":{\"state\":7}}");
	assert_page(s, ask(s, "{\"nameContains\":\"prod\"}"), " 2 4 1", 3);
	assert_page(s, ask(s, "{\"nameContains\":\"PROD-\"}"), " 2 1", 2);
	assert_page(s, ask(s, "{\"state\":\"RUNNING\"}"), " 4 1 3", 3);
	assert_page(s, ask(s, "{\"state\":\"Run\"}"), "", 0);
	assert_page(s, ask(s, "{\"state\":\"7\"}"), " 5", 1);
	assert_page(s, ask(s, "{\"nameContains\":\"prod\",\"state\":\"Error\"}"), " 2", 1);
	assert_page(s, ask(s, "{\"nameContains\":\"\"}"), " 5 2 4 1 3", 5);
	assert_page(s, ask(s, "{\"nameContains\":\"a-name-longer-than-any\"}"), "", 0);
}

static void the_fields_that_are_asked_for(void **state)
{
	struct scene *s = *state;

	add_item("a", "1", "Running");
	assert_string_equal(ask(s, "{}"), "{\"items\":[{\"uid\":\"1\",\"name\":\"a\",\"state\":"
					  "\"Running\",\"size\":0}],\"total\":1}");
	assert_string_equal(ask(s, "{\"fields\":[\"size\"]}"),
			    "{\"items\":[{\"uid\":\"1\",\"name\":\"a\",\"size\":0}],\"total\":1}");
	assert_string_equal(ask(s, "{\"fields\":[\"uid\",\"uid\"]}"),
			    "{\"items\":[{\"uid\":\"1\",\"name\":\"a\"}],\"total\":1}");
	assert_null(ask_row(s, &row, "{\"fields\":[\"password\"]}"));
	assert_string_equal(s->err.message, "fields (in the input) must be an array of names out "
					    "of: uid, name, state, size");
	assert_null(ask_row(s, &row, "{\"fields\":[]}"));
}

static void whole_items_without_their_secrets(void **state)
{
	struct scene *s = *state;

	world.masked = true;
	add_item("a", "1", "Running");
	assert_string_equal(
		ask(s, "{}"),
		"{\"items\":[{\"metadata\":{\"name\":\"a\",\"uid\":\"1\"},\"status\":{"
		"\"state\":\"Running\"},\"size\":0,\"password\":\"***\"}],\"total\":1}");
}

static void parts_that_palette_forbids_are_named_on_each_page(void **state)
{
	struct scene *s = *state;
	const char *body;

	world.warns = true;
	for (int i = 0; i < 4; i++)
		add_item(arena_printf(&s->arena, "n%d", i), arena_printf(&s->arena, "%d", i), "x");
	body = ask(s, "{\"limit\":2}");
	assert_non_null(strstr(body, "\"p9\""));
	body = ask(s, "{\"limit\":2,\"cursor\":\"%s\"}", cursor_of(s, body));
	assert_non_null(strstr(body, "\"p9\""));
}

/* ---- routes ---- */

static void a_route_is_whole_unless_a_page_is_asked_for(void **state)
{
	static const char whole[] =
		"{\"items\":[{\"metadata\":{\"name\":\"b\"}},{ \"uid\" : \"7\" , "
		"\"name\":\"\\u0061\",\"password\":1.50e+1 }]}";
	struct scene *s = *state;

	add_json("{\"metadata\":{\"name\":\"b\"}}");
	add_json("{ \"uid\" : \"7\" , \"name\":\"\\u0061\",\"password\":1.50e+1 }");
	assert_string_equal(ask_route(s, ""), whole);
	assert_string_equal(ask_route(s, "limit=&cursor="), whole);
	/* Each item to the byte, in the order of names. */
	assert_string_equal(
		ask_route(s, "limit=9"),
		"{\"items\":[{ \"uid\" : \"7\" , \"name\":\"\\u0061\",\"password\":1.50e+1 },"
		"{\"metadata\":{\"name\":\"b\"}}],\"total\":2}");
}

static void pages_of_a_route(void **state)
{
	struct scene *s = *state;
	const char *body;
	size_t seen = 0;

	for (int i = 0; i < 230; i++)
		add_item(arena_printf(&s->arena, "n%03d", 229 - i),
			 arena_printf(&s->arena, "%d", i), "x");
	world.warns = true;
	body = ask_route(s, "limit=1");
	assert_non_null(strstr(body, "\"n000\""));
	assert_non_null(strstr(body, "\"p9\""));
	/* Only with a cursor a page is of a hundred. */
	for (const char *cursor = cursor_of(s, body); cursor != NULL; cursor = cursor_of(s, body)) {
		struct json_walk walk;
		struct text items;
		struct text item;

		body = ask_route(s, arena_printf(&s->arena, "cursor=%s", cursor));
		assert_int_equal(total_of(body), 230);
		assert_non_null(strstr(body, "\"p9\""));
		assert_true(json_at(text_of(body), "/items", &items));
		walk = json_walk_begin(items);
		while (json_walk_item(&walk, &item)) {
			const char *name = json_string_at(&s->arena, item, "/metadata/name", "");

			assert_string_equal(name, arena_printf(&s->arena, "n%03zu", ++seen));
		}
		assert_true(seen == 100 || seen == 200 || seen == 229);
	}
	assert_int_equal(seen, 229);
}

/* A whole list may be larger than one of Palette's answers, and so may a page of it. */
static void a_page_of_a_route_may_be_as_large_as_the_list(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 30; i++)
		add_item(arena_printf(&s->arena, "n%02d", i), arena_printf(&s->arena, "%d", i),
			 "x");
	s->f->config.upstream_max_answer_bytes = 1024;
	assert_int_equal(total_of(ask_route(s, "limit=30")), 30);
	assert_non_null(cursor_of(s, ask_route(s, "limit=29")));
}

static void a_cursor_of_a_route_is_for_its_parameters(void **state)
{
	static const struct {
		const struct op *op;
		const char *names;
		const char *more;
	} others[] = {
		{&other_route, "[\"a\"]", ""},
		{&route, "[\"b\"]", ""},
		{&route, "[\"a\",\"b\"]", ""},
		{&route, "[\"a\"]", "&projectUid=p1"},
		{&route, "[\"a\"]", "&kind=aws"},
		{&route, "[\"a\"]", "&kind=projectUid"},
		{&route, "[\"a\"]", "&instance=staging"},
	};
	struct scene *s = *state;
	const char *query;

	for (int i = 0; i < 4; i++)
		add_item(arena_printf(&s->arena, "n%d", i), arena_printf(&s->arena, "%d", i), "x");
	query = arena_printf(&s->arena, "cursor=%s", cursor_of(s, ask_route(s, "limit=2")));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_null(ask_route_for(s, others[i].op, others[i].names,
					  arena_printf(&s->arena, "%s%s", query, others[i].more)));
		assert_int_equal(s->err.kind, ERROR_INPUT);
		assert_string_equal(s->err.message,
				    "cursor (in the query) must be nextCursor of an answer to the "
				    "same call, with the same other parameters");
	}
	/* The environment by its name is the same, and another limit does not matter. */
	assert_non_null(
		strstr(ask_route(s, arena_printf(&s->arena, "%s&instance=prod&limit=1", query)),
		       "\"n2\""));
	assert_null(ask_route(s, "cursor=AAAA&limit=2"));
	assert_null(ask_route(s, "limit=0"));
	assert_string_equal(s->err.message,
			    "limit (in the query) must be a whole number from 1 to 500");
	assert_null(ask_route(s, "limit=501"));
	assert_null(ask_route(s, "limit=-1"));
	assert_null(ask_route(s, "limit=abc"));
}

/* ---- large lists ---- */

static void make_many(struct scene *s, int count)
{
	for (int i = 0; i < count; i++)
		add_item(arena_printf(&s->arena, "cluster-%d", (int)((i * 7919LL) % count)),
			 arena_printf(&s->arena, "uid-%d", i), "Running");
}

static int64_t time_of_pages(struct scene *s)
{
	int64_t started = clock_now_ms();
	const char *body = ask(s, "{\"limit\":500}");

	for (int i = 0; i < 4; i++)
		body = ask(s, "{\"limit\":500,\"nameContains\":\"\",\"cursor\":\"%s\"}",
			   cursor_of(s, body));
	assert_int_equal(total_of(body), world.count);
	return clock_now_ms() - started;
}

/* Ten times as many take about ten times as long; a list that is searched for each item a hundred
 * times. */
static void fifty_thousand_items(void **state)
{
	struct scene *s = *state;
	int64_t few;
	int64_t many;

	make_many(s, 5000);
	few = time_of_pages(s);
	world.count = 0;
	make_many(s, 50000);
	many = time_of_pages(s);
	if (many > 2000 + 40 * few)
		fail_msg("5,000: %d ms; 50,000: %d ms", (int)few, (int)many);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_list),
		TEST(by_name_then_by_uid),
		TEST(pages_of_two),
		TEST(what_comes_and_goes_meanwhile),
		TEST(items_of_one_name),
		TEST(odd_items_are_walked_once_each),
		TEST(a_cursor_is_for_one_list_and_its_inputs),
		TEST(a_cursor_that_was_changed),
		TEST(limits),
		TEST(filters_choose_and_the_total_is_of_what_they_leave),
		TEST(the_fields_that_are_asked_for),
		TEST(whole_items_without_their_secrets),
		TEST(parts_that_palette_forbids_are_named_on_each_page),
		TEST(a_route_is_whole_unless_a_page_is_asked_for),
		TEST(pages_of_a_route),
		TEST(a_page_of_a_route_may_be_as_large_as_the_list),
		TEST(a_cursor_of_a_route_is_for_its_parameters),
		TEST(fifty_thousand_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
