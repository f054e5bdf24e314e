/*
 * Lists in pages: for agents, whose memory is small and dear, and for who asks a route for them.
 * The order is by name and uid, and a cursor says behind which item the next page begins: what
 * comes and goes meanwhile neither skips nor repeats another item.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/base64.h"
#include "crypto/jose.h"
#include "op/page.h"
#include "op/render.h"
#include "palette/mask.h"

enum {
	LONGEST_KEY = 256, /* of a name or uid; what is behind it does not count for the order */
	MOST_PARTS = 16,   /* of what a cursor is for */
	DIGEST_BYTES = 12, /* of it that are in a cursor */
	LONGEST_CURSOR = 1024,
	USUAL_LIMIT = 100,   /* where only a cursor is given */
	LARGEST_GROWTH = 8,  /* of what is masked: of a value of one byte "***" is left */
	LONGEST_REST = 4096, /* of a page of raw items: what stands around them, but for warnings */
};

struct item {
	struct text name; /* at most LONGEST_KEY bytes, as is uid */
	struct text uid;
	struct text json;
};

struct items {
	struct item *all;
	size_t count;
};

static const struct field *field_of(const struct page *page, const char *name)
{
	const struct field *f = page->item;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	return f;
}

static const struct param *find_param(const struct call *c, const char *name)
{
	for (const struct param *p = c->op->params; p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static bool has_param(const struct call *c, const char *name)
{
	return find_param(c, name) != NULL;
}

/* ---- which ---- */

static bool contains_nocase(struct text text, struct text part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (text_equal_nocase(text_slice(text, i, part.len), part))
			return true;
	return false;
}

static bool passes(struct call *c, const struct page *page, struct text json)
{
	for (const struct page_filter *f = page->filters; f != NULL && f->param != NULL; f++) {
		const char *wanted = call_string(c, f->param);
		struct text value;

		if (wanted == NULL)
			continue;
		value = render_string(c->arena, field_of(page, f->field), json);
		if (f->contains ? !contains_nocase(value, text_of(wanted))
				: !text_equal_nocase(value, text_of(wanted)))
			return false;
	}
	return true;
}

static int compare_text(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct item *a, const struct item *b)
{
	int order = compare_text(a->name, b->name);

	return order != 0 ? order : compare_text(a->uid, b->uid);
}

/* Of those that nothing tells apart, which Palette does not have, the first in its answer is first.
 */
static int compare_any(const void *a, const void *b)
{
	const struct item *one = a;
	const struct item *other = b;
	int order = compare(one, other);

	if (order != 0)
		return order;
	return (one->json.ptr > other->json.ptr) - (one->json.ptr < other->json.ptr);
}

static void collect(struct call *c, const struct page *page, struct text array, size_t most,
		    struct items *items)
{
	const struct field *name = field_of(page, "name");
	const struct field *uid = field_of(page, "uid");
	struct json_walk walk = json_walk_begin(array);
	struct text json;

	items->all = arena_array(c->arena, struct item, most);
	items->count = 0;
	while (items->count < most && json_walk_item(&walk, &json))
		if (passes(c, page, json))
			items->all[items->count++] = (struct item){
				.name = text_slice(render_string(c->arena, name, json), 0,
						   LONGEST_KEY),
				.uid = text_slice(render_string(c->arena, uid, json), 0,
						  LONGEST_KEY),
				.json = json,
			};
	if (items->count > 1)
		qsort(items->all, items->count, sizeof items->all[0], compare_any);
}

/*
 * ---- cursors: a digest of what they are for, and the last item of the page before: its name's
 * length, how many that are like it were answered, the name, the uid ----
 */

static void digest_of_list(struct call *c, const struct page *page, struct digest *digest)
{
	struct text parts[MOST_PARTS] = {text_of(c->op->name), text_of(c->environment->url),
					 text_of(c->environment->name), page->basis};
	size_t count = 4;

	if (has_param(c, "projectUid"))
		parts[count++] = text_of(call_string(c, "projectUid"));
	for (const struct page_filter *f = page->filters; f != NULL && f->param != NULL; f++)
		if (count < MOST_PARTS)
			parts[count++] = text_of(call_string(c, f->param));
	digest_of(parts, count, digest);
}

/* How many before end are like the one before it, with that. */
static size_t count_alike(const struct items *items, size_t end)
{
	size_t first = end - 1;

	while (first > 0 && compare(&items->all[first - 1], &items->all[end - 1]) == 0)
		first--;
	return end - first;
}

static const char *write_cursor(struct call *c, const struct page *page, const struct items *items,
				size_t end)
{
	const struct item *last = &items->all[end - 1];
	struct digest digest;
	struct buf plain;
	struct buf coded;
	const char *cursor;

	digest_of_list(c, page, &digest);
	buf_init(&plain, LONGEST_CURSOR);
	buf_init(&coded, (size_t)LONGEST_CURSOR * 2);
	buf_add(&plain, (struct text){(const char *)digest.bytes, DIGEST_BYTES});
	buf_printf(&plain, "%zu:%zu:", last->name.len, count_alike(items, end));
	buf_add(&plain, last->name);
	buf_add(&plain, last->uid);
	base64url_encode(buf_text(&plain), &coded);
	cursor = arena_copy(c->arena, buf_text(&coded));
	buf_fini(&plain);
	buf_fini(&coded);
	return cursor;
}

static bool next_number(struct text *rest, int64_t *number)
{
	struct text digits;

	return text_next(rest, ':', &digits) && rest->ptr != NULL && text_to_int(digits, number) &&
	       *number >= 0;
}

static bool split_cursor(struct call *c, const struct page *page, struct text plain,
			 struct item *last, int64_t *alike)
{
	struct digest digest;
	struct text rest;
	int64_t len;

	digest_of_list(c, page, &digest);
	if (!text_equal(text_slice(plain, 0, DIGEST_BYTES),
			(struct text){(const char *)digest.bytes, DIGEST_BYTES}))
		return false;
	rest = text_slice(plain, DIGEST_BYTES, SIZE_MAX);
	if (!next_number(&rest, &len) || !next_number(&rest, alike) || (size_t)len > rest.len)
		return false;
	last->name = arena_copy_text(c->arena, text_slice(rest, 0, (size_t)len));
	last->uid = arena_copy_text(c->arena, text_slice(rest, (size_t)len, SIZE_MAX));
	return true;
}

/* Where the page begins. */
static bool find_start(struct call *c, const struct page *page, const struct items *items,
		       size_t *start, struct error *err)
{
	const char *cursor = call_string(c, "cursor");
	int64_t alike = 0;
	struct item last;
	struct buf plain;
	bool ok;

	*start = 0;
	if (cursor == NULL)
		return true;
	buf_init(&plain, LONGEST_CURSOR);
	ok = base64url_decode(text_of(cursor), &plain) &&
	     split_cursor(c, page, buf_text(&plain), &last, &alike);
	buf_fini(&plain);
	if (!ok)
		return call_refuse(c, "cursor",
				   find_param(c, "cursor")->in == IN_ARGUMENT
					   ? "must be nextCursor of an answer to the same call, "
					     "with the same other inputs"
					   : "must be nextCursor of an answer to the same call, "
					     "with the same other parameters",
				   err);
	while (*start < items->count && compare(&items->all[*start], &last) < 0)
		(*start)++;
	for (; alike > 0 && *start < items->count && compare(&items->all[*start], &last) == 0;
	     alike--)
		(*start)++;
	return true;
}

/* ---- the answer ---- */

static void put_item(struct call *c, struct json_writer *w, const struct page *page,
		     const struct item *item)
{
	const char *const *chosen = NULL;
	size_t count = 0;

	if (page->items == PAGE_OF_RAW) {
		json_put_raw(w, item->json);
		return;
	}
	if (page->items == PAGE_OF_MASKED) {
		struct buf masked;

		buf_init(&masked, item->json.len * LARGEST_GROWTH + LARGEST_GROWTH);
		(void)mask_json(item->json, &masked);
		json_put_raw(w, buf_text(&masked));
		buf_fini(&masked);
		return;
	}
	if (has_param(c, "fields"))
		chosen = call_strings(c, "fields", &count);
	json_object_begin(w);
	render_fields(w, page->item, item->json, chosen, count);
	json_object_end(w);
}

static void write_page(struct call *c, const struct page *page, const struct items *items,
		       size_t start, struct text warnings, struct buf *out)
{
	int64_t limit = call_number(c, "limit");
	size_t end = start + (size_t)(limit == 0 ? USUAL_LIMIT : limit);
	struct json_writer w;

	if (end > items->count)
		end = items->count;
	json_writer_init(&w, out);
	json_object_begin(&w);
	if (page->head_key != NULL) {
		json_key(&w, page->head_key);
		json_put_raw(&w, page->head);
	}
	json_key(&w, page->key);
	json_array_begin(&w);
	for (size_t i = start; i < end; i++)
		put_item(c, &w, page, &items->all[i]);
	json_array_end(&w);
	json_key(&w, "total");
	json_put_int(&w, (int64_t)items->count);
	if (end < items->count)
		json_put_pair(&w, "nextCursor", write_cursor(c, page, items, end));
	if (warnings.len > 0) {
		json_key(&w, "warnings");
		json_put_raw(&w, warnings);
	}
	json_object_end(&w);
}

/* Raw items take no more room on a page than in the document. */
static size_t largest_page(const struct call *c, const struct page *page, struct text document)
{
	if (page->items == PAGE_OF_RAW)
		return document.len + LONGEST_REST;
	return (size_t)c->services->config->upstream_max_answer_bytes;
}

bool answer_page_of(struct call *c, const struct page *page, struct text document, size_t most,
		    struct result *res, struct error *err)
{
	struct text warnings = TEXT("");
	struct text array = TEXT("[]");
	struct items items;
	struct buf out;
	size_t start;

	(void)json_member(document, page->document_key != NULL ? page->document_key : page->key,
			  &array);
	(void)json_member(document, "warnings", &warnings);
	collect(c, page, array, most, &items);
	if (!find_start(c, page, &items, &start, err))
		return false;
	buf_init(&out, largest_page(c, page, document));
	write_page(c, page, &items, start, warnings, &out);
	if (!buf_complete(&out)) {
		buf_fini(&out);
		return error_set(err, ERROR_INPUT,
				 "limit (in the input) is too large for what the items hold: ask "
				 "for fewer");
	}
	result_json_owned(res, &out);
	return true;
}

bool answer_page(struct call *c, const struct page *page, struct palette_list *list, bool listed,
		 struct result *res, struct error *err)
{
	size_t most = list->count;
	struct buf document;
	bool ok = false;

	if (listed && palette_list_finish(list, &document, err)) {
		ok = answer_page_of(c, page, buf_text(&document), most, res, err);
		buf_fini(&document);
	}
	palette_list_fini(list);
	return ok;
}

bool answer_page_document(struct call *c, const struct page *page,
			  const struct palette_wanted *wanted, struct result *res,
			  struct error *err)
{
	struct palette_document document;
	bool ok;

	if (!palette_document(c->palette, wanted, &document, err))
		return false;
	ok = answer_page_of(c, page, palette_document_text(&document), document.count, res, err);
	if (ok)
		result_age(res, &document);
	palette_document_fini(&document);
	return ok;
}

/* ---- lists of routes, which are whole unless a page is asked for ---- */

static const struct field raw_item[] = {
	{.name = "uid", .type = FIELD_STRING, FROM("/metadata/uid", "/uid")},
	{.name = "name", .type = FIELD_STRING, FROM("/metadata/name", "/name")},
	{.name = NULL},
};

/* Neither which page it is nor which words name the environment. */
static bool decides_items(const struct param *param)
{
	return strcmp(param->name, "limit") != 0 && strcmp(param->name, "cursor") != 0 &&
	       strcmp(param->name, "instance") != 0;
}

/* The values of all parameters that decide which items there are, as a digest. */
static struct text digest_of_params(struct call *c)
{
	struct digest *digest = arena_alloc(c->arena, sizeof *digest);
	size_t most = MAX_PARAMS * 2 + PARAM_MOST_STRINGS;
	struct text *parts = arena_array(c->arena, struct text, most);
	size_t count = 0;

	for (const struct param *p = c->op->params; p->name != NULL; p++) {
		const char *const *strings;
		size_t string_count;

		if (!decides_items(p))
			continue;
		strings = call_strings(c, p->name, &string_count);
		parts[count++] = text_of(p->name);
		if (string_count == 0)
			parts[count++] = text_of(call_string(c, p->name));
		for (size_t i = 0; i < string_count; i++)
			parts[count++] = text_of(strings[i]);
	}
	digest_of(parts, count, digest);
	return (struct text){(const char *)digest->bytes, sizeof digest->bytes};
}

static bool wants_page(const struct call *c)
{
	return call_number(c, "limit") != 0 || call_string(c, "cursor") != NULL;
}

static struct page page_of_raw(struct call *c)
{
	return (struct page){.key = c->op->answer->name,
			     .item = raw_item,
			     .items = PAGE_OF_RAW,
			     .basis = digest_of_params(c)};
}

bool answer_list_of(struct call *c, struct buf *document, size_t most, struct result *res,
		    struct error *err)
{
	struct page page;
	bool ok;

	if (!wants_page(c)) {
		result_json_owned(res, document);
		return true;
	}
	page = page_of_raw(c);
	ok = answer_page_of(c, &page, buf_text(document), most, res, err);
	buf_fini(document);
	return ok;
}

bool answer_list_document(struct call *c, const struct palette_wanted *wanted, struct result *res,
			  struct error *err)
{
	struct palette_document document;
	struct page page;

	if (wants_page(c)) {
		page = page_of_raw(c);
		return answer_page_document(c, &page, wanted, res, err);
	}
	if (!palette_document(c->palette, wanted, &document, err))
		return false;
	result_document(res, &document);
	return true;
}

bool answer_list(struct call *c, struct palette_list *list, bool listed, struct result *res,
		 struct error *err)
{
	size_t most = list->count;
	struct buf document;
	bool ok = listed && palette_list_finish(list, &document, err);

	palette_list_fini(list);
	return ok && answer_list_of(c, &document, most, res, err);
}
