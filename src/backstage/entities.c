/*
 * Finding Palette's objects in the catalog, on the caller's behalf.
 *
 * A catalog is asked with a predicate, POST /entities/by-query, in which a value may hold anything.
 * Those from before it was there do not know the method: they are asked with a filter instead, GET
 * /entities/by-query, which has no way to write a comma, or a space at an end, in a value. For such
 * a title all entities of the type are read, and the titles compared here.
 */
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "http/http.h"
#include "json/json.h"

enum {
	PAGE = 200,
	MOST_OF_A_TITLE = 1000,
	MOST_ENTITIES = 10000, /* that one lookup reads */
	LARGEST_PAGE = 16 * 1024 * 1024,
	LARGEST_QUESTION = 64 * 1024,
	LONGEST_VALUE = 200, /* that the catalog can look for; it counts in UTF-16 */
	PLAIN_MS = 5 * 60 * 1000,
};

/* The parts of an entity that are read. Not single annotations: their names have dots in them, and
 * so has the path to them. */
static const char *const fields[] = {"kind",           "metadata.name",        "metadata.namespace",
				     "metadata.title", "metadata.annotations", "spec.type"};
#define FIELDS_QUERY                                                                        \
	"&fields=kind&fields=metadata.name&fields=metadata.namespace&fields=metadata.title" \
	"&fields=metadata.annotations&fields=spec.type"

/* One lookup, page after page. */
struct lookup {
	struct backstage *b;
	const struct backstage_call *call;
	const struct principal *principal;
	struct catalog_filter filter;
	const char *exists; /* an annotation that must be there; NULL: none */
	size_t most;
	bool plain; /* without predicates */
	struct catalog_list list;
	size_t read; /* items so far, of whatever kind */
};

static bool unusable(struct error *err, enum catalog_type type, const char *problem)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "The catalog could not be asked for %s entities (%s)",
			 catalog_type_name(type), problem);
}

/* ---- questions ---- */

/* Whether the filter of a GET can say it: that is cut at commas, and its parts are trimmed. */
static bool fits_in_filter(const char *title)
{
	size_t len = strlen(title);

	return len > 0 && strchr(title, ',') == NULL && (unsigned char)title[0] > ' ' &&
	       (unsigned char)title[len - 1] > ' ' && (unsigned char)title[0] < 0x80 &&
	       (unsigned char)title[len - 1] < 0x80;
}

static bool catalog_selects_title(const struct lookup *l)
{
	const char *title = l->filter.title;

	return title != NULL && strlen(title) <= LONGEST_VALUE &&
	       (!l->plain || fits_in_filter(title));
}

static void put_predicate(struct json_writer *w, const struct lookup *l)
{
	json_key(w, "query");
	json_object_begin(w);
	json_key(w, "kind");
	json_put_cstr(w, "Resource");
	json_key(w, "spec.type");
	json_put_cstr(w, catalog_spec_type(l->filter.type));
	if (l->filter.selected) {
		json_key(w, "metadata.title");
		json_put_cstr(w, l->filter.title);
	}
	if (l->exists != NULL) {
		json_key(w, l->exists);
		json_object_begin(w);
		json_key(w, "$exists");
		json_put_bool(w, true);
		json_object_end(w);
	}
	json_object_end(w);
}

static void put_fields(struct json_writer *w)
{
	json_key(w, "fields");
	json_array_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		json_put_cstr(w, fields[i]);
	json_array_end(w);
}

/* The question for a page, in the arena. */
static struct text body_for(const struct lookup *l, const char *cursor)
{
	struct json_writer w;
	struct text body;
	struct buf out;

	buf_init(&out, LARGEST_QUESTION);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	if (cursor == NULL) {
		put_predicate(&w, l);
	} else {
		json_key(&w, "cursor");
		json_put_cstr(&w, cursor);
	}
	json_key(&w, "limit");
	json_put_int(&w, PAGE);
	put_fields(&w);
	json_object_end(&w);
	body = arena_copy_text(l->call->arena, buf_text(&out));
	buf_fini(&out);
	return body;
}

static const char *filter_of(const struct lookup *l)
{
	struct arena *a = l->call->arena;
	const char *filter =
		arena_printf(a, "kind=resource,spec.type=%s", catalog_spec_type(l->filter.type));

	if (l->exists != NULL)
		filter = arena_printf(a, "%s,%s", filter, l->exists);
	return l->filter.selected ? arena_printf(a, "%s,metadata.title=%s", filter, l->filter.title)
				  : filter;
}

static struct plugin_request question(const struct lookup *l, const char *cursor)
{
	struct arena *a = l->call->arena;
	struct plugin_request request = {
		.plugin = "catalog",
		.method = l->plain ? "GET" : "POST",
		.path = "/entities/by-query",
		.timeout_ms = l->b->config->backstage_timeout_ms,
		.max_bytes = LARGEST_PAGE,
	};

	if (!l->plain)
		request.body = body_for(l, cursor);
	else if (cursor == NULL)
		request.path = http_url(a, "/entities/by-query?filter=%s&limit=%d" FIELDS_QUERY,
					filter_of(l), PAGE);
	else
		request.path = http_url(a, "/entities/by-query?cursor=%s&limit=%d" FIELDS_QUERY,
					cursor, PAGE);
	return request;
}

/* ---- answers ---- */

/* NULL: it is an answer. */
static const char *problem_with(struct arena *a, const struct http_fetch *fetch)
{
	if (fetch->end != HTTP_FETCH_DONE)
		return fetch->problem;
	return fetch->status == 200 ? NULL : arena_printf(a, "it answered with %d", fetch->status);
}

/* What stands for "no such method" in the catalogs that have none. */
static bool knows_no_predicates(const struct http_fetch *fetch)
{
	return fetch->end == HTTP_FETCH_DONE && (fetch->status == 400 || fetch->status == 404 ||
						 fetch->status == 405 || fetch->status == 501);
}

static bool read_answer(struct lookup *l, const struct http_fetch *fetch, struct catalog_page *page,
			struct error *err)
{
	const char *problem = problem_with(l->call->arena, fetch);

	if (problem != NULL || !catalog_read_page(l->call->arena, buf_text(&fetch->answer),
						  &l->filter, &l->list, page, &problem))
		return unusable(err, l->filter.type, problem);
	return true;
}

static bool ask_page(struct lookup *l, const char *cursor, struct catalog_page *page, bool *known,
		     struct error *err)
{
	struct plugin_request request = question(l, cursor);
	struct http_fetch fetch;
	bool ok;

	*known = true;
	ok = catalog_fetch(l->b, l->call, l->principal, &request, &fetch, err);
	if (ok && !l->plain && cursor == NULL && knows_no_predicates(&fetch))
		*known = false;
	else
		ok = ok && read_answer(l, &fetch, page, err);
	http_fetch_fini(&fetch);
	return ok;
}

/* The first page says which way of asking the catalog knows. */
static bool ask_first(struct lookup *l, struct catalog_page *page, struct error *err)
{
	struct catalog_gate *gate = &l->b->catalog_gate;
	bool known;

	l->plain = clock_now_ms() < atomic_load(&gate->plain_until_ms);
	l->filter.selected = catalog_selects_title(l);
	if (!ask_page(l, NULL, page, &known, err))
		return false;
	if (known)
		return true;
	l->plain = true;
	l->filter.selected = catalog_selects_title(l);
	if (!ask_page(l, NULL, page, &known, err))
		return false;
	atomic_store(&gate->plain_until_ms, clock_now_ms() + PLAIN_MS);
	return true;
}

/* Counts a page; false where it must not go on. */
static bool take_page(struct lookup *l, const struct catalog_page *page, const char *last_cursor,
		      struct error *err)
{
	l->read += page->items;
	if (l->list.count > l->most || l->read > MOST_ENTITIES || page->total > MOST_ENTITIES)
		return error_set(err, ERROR_UPSTREAM,
				 "The catalog has more than %zu %s entities%s, which is more than "
				 "one request may read",
				 l->list.count > l->most ? l->most : (size_t)MOST_ENTITIES,
				 catalog_type_name(l->filter.type),
				 l->filter.selected ? " of this title" : "");
	if (page->cursor == NULL)
		return true;
	if (page->items == 0)
		return unusable(err, l->filter.type,
				"a page without entities says that more follow");
	if (last_cursor != NULL && strcmp(page->cursor, last_cursor) == 0)
		return unusable(err, l->filter.type, "its pages do not end");
	return true;
}

static bool look_up(struct lookup *l, struct error *err)
{
	const char *last_cursor = NULL;
	struct catalog_page page = {.items = 0};
	bool known;

	if (!ask_first(l, &page, err) || !take_page(l, &page, NULL, err))
		return false;
	while (page.cursor != NULL) {
		last_cursor = page.cursor;
		if (!ask_page(l, last_cursor, &page, &known, err) ||
		    !take_page(l, &page, last_cursor, err))
			return false;
	}
	return true;
}

/* ---- the lookups ---- */

bool backstage_entities(struct backstage *b, const struct backstage_call *call,
			const struct principal *principal, enum catalog_type type,
			const char *title, const struct catalog_entity **found, size_t *count,
			struct error *err)
{
	struct lookup l = {
		.b = b,
		.call = call,
		.principal = principal,
		.filter = {.type = type, .prefix = b->config->annotation_prefix, .title = title},
		.most = MOST_OF_A_TITLE,
	};

	if (!look_up(&l, err))
		return false;
	catalog_prefer_exact(&l.list, title);
	*found = l.list.items;
	*count = l.list.count;
	return true;
}

bool backstage_all_entities(struct backstage *b, const struct backstage_call *call,
			    const struct principal *principal, enum catalog_type type,
			    const struct catalog_entity **found, size_t *count, struct error *err)
{
	struct lookup l = {
		.b = b,
		.call = call,
		.principal = principal,
		.filter = {.type = type, .prefix = b->config->annotation_prefix},
		.most = MOST_ENTITIES,
	};

	if (!look_up(&l, err))
		return false;
	*found = l.list.items;
	*count = l.list.count;
	return true;
}

bool backstage_profile_users(struct backstage *b, const struct backstage_call *call,
			     const struct principal *principal, enum catalog_type type,
			     const struct catalog_entity **found, size_t *count, struct error *err)
{
	struct lookup l = {
		.b = b,
		.call = call,
		.principal = principal,
		.filter = {.type = type, .prefix = b->config->annotation_prefix},
		.exists = arena_printf(call->arena, "metadata.annotations.%s/cluster-profile-refs",
				       b->config->annotation_prefix),
		.most = MOST_ENTITIES,
	};

	if (!look_up(&l, err))
		return false;
	*found = l.list.items;
	*count = l.list.count;
	return true;
}

static struct text body_for_ref(struct arena *a, const char *ref)
{
	struct json_writer w;
	struct text body;
	struct buf out;

	buf_init(&out, LARGEST_QUESTION);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "entityRefs");
	json_array_begin(&w);
	json_put_cstr(&w, ref);
	json_array_end(&w);
	put_fields(&w);
	json_object_end(&w);
	body = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	return body;
}

bool backstage_entity(struct backstage *b, const struct backstage_call *call,
		      const struct principal *principal, enum catalog_type type, const char *ref,
		      struct catalog_entity *found, struct error *err)
{
	struct plugin_request request = {
		.plugin = "catalog",
		.method = "POST",
		.path = "/entities/by-refs",
		.timeout_ms = b->config->backstage_timeout_ms,
		.max_bytes = LARGEST_PAGE,
	};
	const struct catalog_filter filter = {type, b->config->annotation_prefix, NULL, false};
	struct http_fetch fetch;
	const char *problem;
	const char *full;
	bool ok;

	if (!catalog_ref_read(call->arena, ref, &full, err))
		return false;
	request.body = body_for_ref(call->arena, full);
	ok = catalog_fetch(b, call, principal, &request, &fetch, err);
	if (ok) {
		problem = problem_with(call->arena, &fetch);
		ok = problem == NULL && catalog_read_one(call->arena, buf_text(&fetch.answer),
							 &filter, found, &problem);
		if (!ok)
			(void)unusable(err, type, problem);
	}
	http_fetch_fini(&fetch);
	return ok;
}
