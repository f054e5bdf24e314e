/*
 * Lists: every page of one scope, of many projects, or of all that the caller can see.
 *
 * Paging as Palette documents it: limit and continue are query parameters, on POST too; an empty
 * continue ends the list. Palette's answers are not trusted to end it: a token that comes again or
 * is no text, a page without items while more are promised, and too many pages are errors, never a
 * shorter list. A list that ends before as many items as Palette counts is one with a warning:
 * which of the two is wrong nobody knows, and some may have come or gone between two pages.
 */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "palette/seen.h"
#include "json/json.h"

enum { PAGE_SIZE = 50 }; /* the most that Palette allows */

/* One scope of a list, on its way through the pages. */
struct scope {
	const char *project;         /* NULL: the tenant */
	const char *token;           /* of the next page; NULL: the first */
	struct palette_seen *tokens; /* so far */
	struct palette_seen *uids;   /* so far, also of items that were left out */
	size_t items;                /* how many different ones these are */
	unsigned pages;
	struct palette_request request;
};

static int page_size(const struct palette_listing *listing)
{
	size_t size = listing->page > 0 ? listing->page : PAGE_SIZE;

	return listing->most > 0 && listing->most < size ? (int)listing->most : (int)size;
}

static const char *page_path(const struct palette *p, const struct palette_listing *listing,
			     const struct scope *scope)
{
	const char *glue = strchr(listing->path, '?') == NULL ? "?" : "&";

	if (!listing->paged)
		return listing->path;
	if (scope->token == NULL)
		return arena_printf(p->arena, "%s%slimit=%d", listing->path, glue,
				    page_size(listing));
	return arena_printf(p->arena, "%s%slimit=%d&%s", listing->path, glue, page_size(listing),
			    http_url(p->arena, "continue=%s", scope->token));
}

static void prepare_page(const struct palette *p, const struct palette_listing *listing,
			 struct scope *scope)
{
	scope->request = (struct palette_request){
		.purpose = listing->of_object ? PALETTE_READ : PALETTE_LIST,
		.expect = listing->items == NULL ? PALETTE_ARRAY : PALETTE_OBJECT_OR_ARRAY,
		.form = PALETTE_FORM_LIST,
		.method = listing->method,
		.path = page_path(p, listing, scope),
		.project = scope->project,
		.body = listing->body,
		.what = listing->what,
	};
}

/* The string at pointer, as it stands in item where nothing in it is escaped. Empty: none. */
static struct text name_at(struct palette *p, struct text item, const char *pointer)
{
	struct text name = TEXT("");
	struct text raw;

	if (!json_at(item, pointer, &raw) || json_type_of(raw) != JSON_TYPE_STRING)
		return name;
	if (text_find(raw, '\\') == SIZE_MAX)
		return text_slice(raw, 1, raw.len - 2);
	return json_unescape(p->arena, raw, &name) ? name : TEXT("");
}

static struct text identity_of(struct palette *p, const struct palette_listing *listing,
			       struct text item)
{
	static const char *const usual[] = {"/metadata/uid", NULL};
	const char *const *at = listing->identity != NULL ? listing->identity : usual;
	struct text name = TEXT("");

	for (; *at != NULL && name.len == 0; at++)
		name = name_at(p, item, *at);
	return name;
}

static bool is_full(const struct palette_listing *listing, const struct palette_list *list)
{
	return listing->most > 0 && list->count >= listing->most;
}

/* Adds one item unless it is there already; an item without a uid cannot be told from others. */
static bool add_item(struct palette *p, const struct palette_listing *listing, struct scope *scope,
		     struct palette_list *list, struct text item, struct error *err)
{
	struct text uid = identity_of(p, listing, item);

	if (uid.len == 0 && listing->identity != NULL)
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette listed an item that does not say what it is",
				 listing->what);
	if (uid.len == 0)
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette listed an item without metadata.uid", listing->what);
	if (listing->paged && palette_seen_add(scope->uids, uid))
		scope->items++;
	if (listing->keep != NULL && !listing->keep(listing->context, item))
		return true;
	if (!palette_seen_add(list->seen, uid))
		return true;
	if (is_full(listing, list)) {
		list->more = true;
		return true;
	}
	palette_list_keep(list, item);
	return true;
}

static bool has_member(struct text page, const char *name, struct text *value)
{
	return json_member(page, name, value) && json_type_of(*value) != JSON_TYPE_NULL;
}

/* The array of items in a page; an absent or null member is an empty one. */
static bool find_items(const struct palette_listing *listing, struct text page, struct text *items,
		       struct error *err)
{
	if (json_type_of(page) == JSON_TYPE_ARRAY || json_type_of(page) == JSON_TYPE_NULL) {
		*items = json_type_of(page) == JSON_TYPE_ARRAY ? page : TEXT("[]");
		return true;
	}
	if (!has_member(page, listing->items, items) &&
	    (listing->items_too == NULL || !has_member(page, listing->items_too, items)))
		*items = TEXT("[]");
	if (json_type_of(*items) != JSON_TYPE_ARRAY)
		return error_set(err, ERROR_UPSTREAM, "%s: Palette's `%s` is not a list",
				 listing->what, listing->items);
	return true;
}

/* What a page says about the list. */
struct listmeta {
	const char *token; /* of the next page; "": there is none */
	bool has_total;
	int64_t total; /* -1: it is no number */
};

static bool is_type(struct text value, enum json_type type)
{
	return json_type_of(value) == type || json_type_of(value) == JSON_TYPE_NULL;
}

static bool read_listmeta(struct palette *p, const struct palette_listing *listing,
			  struct text page, struct listmeta *meta, struct error *err)
{
	struct text raw;

	*meta = (struct listmeta){.token = "", .total = -1};
	if (json_type_of(page) != JSON_TYPE_OBJECT || !json_member(page, "listmeta", &raw))
		return true;
	if (!is_type(raw, JSON_TYPE_OBJECT))
		return error_set(err, ERROR_UPSTREAM, "%s: Palette's `listmeta` is no object",
				 listing->what);
	if (json_at(page, "/listmeta/continue", &raw) && !is_type(raw, JSON_TYPE_STRING))
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette's `listmeta.continue` is no text", listing->what);
	meta->token = json_string_at(p->arena, page, "/listmeta/continue", "");
	meta->has_total = json_at(page, "/listmeta/count", &raw);
	if (meta->has_total && !json_int(raw, &meta->total))
		meta->total = -1;
	return true;
}

/* The list of this scope has ended. */
static void warn_of_missing(struct palette *p, const struct palette_listing *listing,
			    const struct scope *scope, int64_t total, size_t items,
			    struct palette_list *list)
{
	if (total <= (int64_t)items)
		return;
	palette_list_warn(p, list, scope->project == NULL ? "" : scope->project,
			  scope->request.status,
			  arena_printf(p->arena, "%s: Palette counts %lld and gave %zu",
				       listing->what, (long long)total, items));
}

/* Decides what comes next: *more, with the scope's token set, or the end. */
static bool next_page(struct palette *p, const struct palette_listing *listing, struct scope *scope,
		      const struct listmeta *meta, size_t page_items, bool *more, struct error *err)
{
	const char *token = meta->token;
	int64_t total = meta->total;

	*more = false;
	scope->pages++;
	if (token[0] == '\0')
		return true;
	if (!listing->paged)
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette has more pages of a list that comes in one piece",
				 listing->what);
	if (total >= 0 && scope->items >= (size_t)total)
		return true;
	if (page_items == 0 && total < 0)
		return true;
	if (page_items == 0)
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette promised %lld items and stopped after %zu",
				 listing->what, (long long)total, scope->items);
	if (scope->tokens == NULL)
		scope->tokens = palette_seen_new();
	if (!palette_seen_add(scope->tokens, text_of(token)))
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette's pages repeat themselves after %zu items",
				 listing->what, scope->items);
	if (scope->pages >= (unsigned)p->config->upstream_max_pages)
		return error_set(err, ERROR_UPSTREAM,
				 "%s: more pages than spectrocloud.upstream.maxPages (%d) allows",
				 listing->what, p->config->upstream_max_pages);
	scope->token = token;
	*more = true;
	return true;
}

static bool is_enough(const struct palette_listing *listing, struct text item)
{
	return listing->enough != NULL && listing->enough(listing->enough_context, item);
}

static bool lies_in(struct text part, const struct buf *whole)
{
	return whole->ptr != NULL && part.ptr >= whole->ptr && part.ptr < whole->ptr + whole->len;
}

/* The first answer of a list becomes the list. */
static void adopt_first(struct scope *scope, struct palette_list *list, struct text *items)
{
	if (list->count == 0 && lies_in(*items, &scope->request.answer))
		palette_list_adopt(list, &scope->request.answer, items);
}

/* The items, until it is enough. *count: how many were looked at. */
static bool take_items(struct palette *p, const struct palette_listing *listing,
		       struct scope *scope, struct palette_list *list, struct text items,
		       size_t *count, bool *enough, struct error *err)
{
	struct json_walk walk = json_walk_begin(items);
	struct text item;
	bool ok = true;

	while (ok && !*enough && json_walk_item(&walk, &item)) {
		++*count;
		*enough = is_enough(listing, item);
		ok = *enough || add_item(p, listing, scope, list, item, err);
	}
	palette_list_settle(list);
	return ok;
}

static bool take_page(struct palette *p, const struct palette_listing *listing, struct scope *scope,
		      struct palette_list *list, bool *more, struct error *err)
{
	struct text page = text_trim(buf_text(&scope->request.answer));
	struct listmeta meta;
	struct text items;
	bool enough = false;
	size_t count = 0;

	/* Before the page is taken apart. */
	if (!read_listmeta(p, listing, page, &meta, err) || !find_items(listing, page, &items, err))
		return false;
	if (listing->paged && scope->uids == NULL)
		scope->uids = palette_seen_new();
	adopt_first(scope, list, &items);
	if (!take_items(p, listing, scope, list, items, &count, &enough, err))
		return false;
	if (meta.has_total)
		list->total = meta.total;
	if (!next_page(p, listing, scope, &meta, count, more, err))
		return false;
	if (enough)
		*more = false;
	else if (!*more && !is_full(listing, list))
		warn_of_missing(p, listing, scope, meta.total,
				listing->paged ? scope->items : count, list);
	if (is_full(listing, list)) {
		list->more = list->more || *more;
		*more = false;
	}
	return true;
}

static void add_warning(struct palette *p, struct palette_list *list, const struct scope *scope)
{
	palette_list_warn(p, list, scope->project, scope->request.status,
			  scope->request.status == 404
				  ? "Palette does not find this project; it is left out"
				  : "Palette does not let you see this project; it is left out");
}

static bool is_forbidden(const struct scope *scope)
{
	return scope->project != NULL &&
	       (scope->request.status == 403 || scope->request.status == 404);
}

/*
 * Takes the answers of a round. Scopes with more pages move to the front of active; returns how
 * many, or SIZE_MAX after a failure.
 */
static size_t take_round(struct palette *p, const struct palette_listing *listing,
			 struct scope **active, size_t count, bool may_warn,
			 struct palette_list *list, struct error *err)
{
	bool failed = false;
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		struct scope *scope = active[i];
		bool more = false;

		if (!scope->request.ok) {
			if (may_warn && is_forbidden(scope)) {
				add_warning(p, list, scope);
			} else if (!failed) {
				*err = scope->request.error;
				failed = true;
			}
			continue;
		}
		if (!failed)
			failed = !take_page(p, listing, scope, list, &more, err);
		buf_fini(&scope->request.answer);
		if (more)
			active[left++] = scope;
	}
	return failed ? SIZE_MAX : left;
}

/* done of the parts are there now, and at least left more will come, if that is known. */
static void tell(struct palette *p, const struct palette_listing *listing, size_t done, size_t left,
		 const char *unit)
{
	int64_t total;

	p->parts += (int64_t)done;
	if (p->progress == NULL)
		return;
	total = left == SIZE_MAX ? 0 : p->parts + (int64_t)left;
	p->progress(p->progress_context, p->parts, total,
		    arena_printf(p->arena, "%s: %s", listing->what, unit));
}

/* All pages of the scopes, page after page, the scopes side by side. */
static bool list_scopes(struct palette *p, const struct palette_listing *listing,
			struct scope *scopes, size_t count, bool may_warn,
			struct palette_list *list, struct error *err)
{
	struct palette_request **requests = arena_array(p->arena, struct palette_request *, count);
	struct scope **active = arena_array(p->arena, struct scope *, count);
	size_t left = count;

	for (size_t i = 0; i < count; i++)
		active[i] = &scopes[i];
	while (left > 0 && left != SIZE_MAX) {
		for (size_t i = 0; i < left; i++) {
			prepare_page(p, listing, active[i]);
			requests[i] = &active[i]->request;
		}
		palette_fetch_all(p, requests, left);
		left = take_round(p, listing, active, left, may_warn, list, err);
		if (count == 1 && left == 1)
			tell(p, listing, 1, SIZE_MAX, "reading pages");
	}
	for (size_t i = 0; i < count; i++) {
		palette_seen_free(scopes[i].tokens);
		palette_seen_free(scopes[i].uids);
	}
	return left == 0;
}

bool palette_list_scope(struct palette *p, const struct palette_listing *listing,
			const char *project, struct palette_list *list, struct error *err)
{
	struct scope scope = {.project = project};

	return list_scopes(p, listing, &scope, 1, false, list, err);
}

/* In batches, so that a large tenant's answers are not all in memory before they are merged. */
bool palette_list_projects(struct palette *p, const struct palette_listing *listing,
			   const char *const *projects, size_t count, struct palette_list *list,
			   struct error *err)
{
	struct scope *scopes = arena_array(p->arena, struct scope, count);
	size_t batch = palette_batch(p);
	bool ok = true;
	size_t some;

	for (size_t i = 0; i < count; i++)
		scopes[i].project = projects[i];
	if (!palette_could_ask(p, listing->path, count, listing->what, err))
		return false;
	tell(p, listing, 0, count, "asking projects");
	for (size_t at = 0; ok && at < count; at += some) {
		some = count - at < batch ? count - at : batch;
		ok = list_scopes(p, listing, scopes + at, some, true, list, err);
		if (ok)
			tell(p, listing, some, count - at - some, "asking projects");
		else
			palette_put_off(p, listing->path, count, err);
	}
	return ok;
}

/* ---- all that the caller can see ---- */

static bool has_any(const struct palette_me *me, const char *const *wanted)
{
	for (; *wanted != NULL; wanted++)
		for (size_t i = 0; i < me->tenant_permission_count; i++)
			if (strcmp(me->tenant_permissions[i], *wanted) == 0)
				return true;
	return false;
}

/* The projects that own an item of the list. */
static struct palette_seen *covered_projects(struct palette *p, const struct palette_list *list)
{
	struct palette_seen *covered = palette_seen_new();
	struct json_walk walk;
	struct text item;

	walk = json_walk_begin(text_slice(buf_text(&list->json), list->items_at, SIZE_MAX));
	while (json_walk_item(&walk, &item))
		palette_seen_add(covered, name_at(p, item, "/metadata/annotations/projectUid"));
	return covered;
}

static size_t without_covered(struct palette *p, const struct palette_me *me,
			      const struct palette_list *list, const char **rest)
{
	struct palette_seen *covered = covered_projects(p, list);
	size_t count = 0;

	for (size_t i = 0; i < me->project_count; i++)
		if (!palette_seen_has(covered, text_of(me->projects[i])))
			rest[count++] = me->projects[i];
	palette_seen_free(covered);
	return count;
}

/* The tenant's list. A refusal of it says nothing about the projects: they are asked one by one. */
static bool list_tenant(struct palette *p, const struct palette_listing *listing,
			struct palette_list *list, struct error *err)
{
	if (palette_list_scope(p, listing, NULL, list, err))
		return true;
	if (err->upstream_status != 403)
		return false;
	palette_list_reset(list);
	palette_list_warn(p, list, "", 403,
			  "Palette does not let you list what belongs to the tenant itself; it is "
			  "left out");
	return true;
}

bool palette_list_everywhere(struct palette *p, const struct palette_listing *listing,
			     const char *const *tenant_permissions, struct palette_list *list,
			     struct error *err)
{
	const char **rest;
	struct palette_me me;
	size_t count;

	if (!palette_me(p, &me, err))
		return false;
	if (has_any(&me, tenant_permissions) && !list_tenant(p, listing, list, err))
		return false;
	rest = arena_array(p->arena, const char *, me.project_count);
	count = without_covered(p, &me, list, rest);
	return palette_list_projects(p, listing, rest, count, list, err);
}
