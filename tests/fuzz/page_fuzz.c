/*
 * Lists in pages: the first line is taken for a cursor, the second for a part of names, the rest
 * for the items. A cursor that is none is refused; whoever follows the cursors has every item once
 * and in order, however small the pages are.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/page.h"
#include "unit/op/fits.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ITEMS = 64, MOST_PAGES = 2 * MOST_ITEMS };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static const struct field item_fields[] = {
	{.name = "uid", .type = FIELD_STRING, FROM("/metadata/uid"), .help = "Its UID"},
	{.name = "name", .type = FIELD_STRING, FROM("/metadata/name"), .help = "Its name"},
	{.name = NULL},
};
static const struct field answer_fields[] = {
	{.name = "things", .type = FIELD_ARRAY, .required = true, .fields = item_fields},
	PAGE_FIELDS("things"),
	{.name = NULL},
};
static const struct page_filter filters[] = {
	{"nameContains", "name", true},
	{NULL, NULL, false},
};
static const struct op listing = {
	.name = "fuzz.list",
	.params = PARAMS(ARG_LIMIT, ARG_CURSOR, ARG_NAME_CONTAINS),
	.answer = answer_fields,
};
static const struct page page = {.key = "things", .item = item_fields, .filters = filters};

static struct config_environment environment = {.name = "test", .url = "http://palette.test"};
static const struct config config = {.environments = &environment,
				     .environment_count = 1,
				     .upstream_max_answer_bytes = 1024 * 1024};
static const struct op_services services = {.config = &config};

struct answer {
	struct text items; /* ptr NULL: it was refused */
	int64_t total;
	const char *next; /* NULL: it is the last */
};

static struct answer ask(struct arena *a, struct text document, int limit, const char *cursor,
			 const char *part)
{
	struct result res = {.status = 200, .body = TEXT("")};
	struct answer answer = {.items = {NULL, 0}};
	struct call c = {.op = &listing,
			 .arena = a,
			 .services = &services,
			 .environment = &config.environments[0]};
	struct error err = {.message = ""};
	struct json_writer w;
	struct text body;
	struct buf out;

	buf_init(&res.body_owned, 0);
	buf_init(&out, 1024 * 1024);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "limit");
	json_put_int(&w, limit);
	if (cursor != NULL)
		json_put_pair(&w, "cursor", cursor);
	if (part != NULL)
		json_put_pair(&w, "nameContains", part);
	json_object_end(&w);
	c.arguments = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	if (!call_read_params(&c, &listing, &err) ||
	    !answer_page_of(&c, &page, document, MOST_ITEMS, &res, &err)) {
		must(err.kind == ERROR_INPUT && err.message[0] != '\0', "a refusal says why");
		result_fini(&res);
		return answer;
	}
	body = arena_copy_text(a, res.body_owned.len > 0 ? buf_text(&res.body_owned) : res.body);
	result_fini(&res);
	must(json_check(body, &body, &err) && fits_fields(a, answer_fields, body), "it fits");
	must(json_member(body, "things", &answer.items) &&
		     json_count_items(answer.items) <= (size_t)limit,
	     "a page is no longer than it may be");
	answer.next = json_string_at(a, body, "/nextCursor", NULL);
	must(json_at(body, "/total", &body) && json_int(body, &answer.total), "it has a total");
	return answer;
}

static const char *next_of(struct arena *a, struct text document, int limit, const char *cursor,
			   const char *part, struct buf *all, int64_t *total)
{
	struct answer answer = ask(a, document, limit, cursor, part);
	struct json_walk walk = json_walk_begin(answer.items);
	struct text item;

	must(answer.items.ptr != NULL, "a cursor of ours is good");
	while (json_walk_item(&walk, &item)) {
		buf_add(all, item);
		buf_add_char(all, '\n');
	}
	*total = answer.total;
	return answer.next;
}

static size_t pages_of(struct arena *a, struct text document, int limit, const char *part,
		       struct buf *all)
{
	const char *cursor = NULL;
	size_t pages = 0;
	int64_t total;

	do {
		must(pages++ < MOST_PAGES, "there is a last page");
		cursor = next_of(a, document, limit, cursor, part, all, &total);
	} while (cursor != NULL);
	return (size_t)total;
}

/* With uids that tell them apart, as Palette's items have. */
static bool is_list(struct arena *a, struct text items)
{
	struct json_walk walk = json_walk_begin(items);
	const char *uids[MOST_ITEMS];
	size_t count = 0;
	struct text item;

	if (json_type_of(items) != JSON_TYPE_ARRAY)
		return false;
	while (json_walk_item(&walk, &item)) {
		if (count == MOST_ITEMS)
			return false;
		uids[count] = json_string_at(a, item, "/metadata/uid", "");
		for (size_t i = 0; i < count; i++)
			if (strcmp(uids[i], uids[count]) == 0)
				return false;
		if (strlen(uids[count++]) > 200)
			return false;
	}
	return true;
}

static size_t count_lines(const struct buf *b)
{
	size_t lines = 0;

	for (size_t i = 0; i < b->len; i++)
		lines += b->ptr[i] == '\n';
	return lines;
}

static void check_pages(struct arena *a, struct text items, const char *part)
{
	struct text document =
		text_of(arena_printf(a, "{\"things\":%.*s}", (int)items.len, items.ptr));
	struct buf whole;
	struct buf ones;
	size_t total;

	buf_init(&whole, 1024 * 1024);
	buf_init(&ones, 1024 * 1024);
	if (ask(a, document, 500, NULL, part).items.ptr != NULL) {
		total = pages_of(a, document, 500, part, &whole);
		must(pages_of(a, document, 2, part, &ones) == total, "pages know the same total");
		must(text_equal(buf_text(&whole), buf_text(&ones)), "and hold the same items");
		must(count_lines(&whole) == total, "as many as they say");
	}
	buf_fini(&whole);
	buf_fini(&ones);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct text some =
		TEXT("{\"things\":[{\"metadata\":{\"uid\":\"1\",\"name\":\"a\"}}]}");
	struct text rest = {(const char *)data, size};
	struct text cursor = TEXT("");
	struct text part = TEXT("");
	struct arena a = {0};
	struct error err;
	struct text items;

	(void)text_next(&rest, '\n', &cursor);
	(void)text_next(&rest, '\n', &part);
	if (text_is_utf8(cursor))
		(void)ask(&a, some, 1, arena_copy(&a, cursor), NULL);
	if (rest.len > 0 && json_check(rest, &items, &err) && is_list(&a, items) &&
	    text_is_utf8(part))
		check_pages(&a, items, part.len == 0 ? NULL : arena_copy(&a, part));
	arena_fini(&a);
	return 0;
}
