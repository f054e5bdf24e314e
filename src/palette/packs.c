/* Packs as the registries have them. */
#include "http/http.h"
#include "palette/fetch.h"
#include "json/json.h"

enum { LONGEST_FILTER = 64 * 1024 };

/* "name": ["word"], where a word is given. */
static void put_words(struct json_writer *w, const char *name, const char *word)
{
	if (word == NULL)
		return;
	json_key(w, name);
	json_array_begin(w);
	json_put_cstr(w, word);
	json_array_end(w);
}

static void put_part(struct json_writer *w, const char *name, const char *part)
{
	if (part == NULL)
		return;
	json_key(w, name);
	json_object_begin(w);
	json_key(w, "contains");
	json_put_cstr(w, part);
	json_key(w, "ignoreCase");
	json_put_bool(w, true);
	json_object_end(w);
}

/* The body of the search; the text lives in the arena. False: it would be too long. */
static bool write_filter(struct arena *a, const struct palette_pack_filter *filter,
			 struct text *body)
{
	struct json_writer w;
	struct buf b;
	bool ok;

	buf_init(&b, LONGEST_FILTER);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_key(&w, "filter");
	json_object_begin(&w);
	put_part(&w, "displayName", filter->display_name);
	put_part(&w, "name", filter->name);
	put_words(&w, "layer", filter->layer);
	put_words(&w, "type", filter->type);
	put_words(&w, "environment", filter->cloud_type);
	put_words(&w, "registryUid", filter->registry);
	json_object_end(&w);
	json_key(&w, "sort");
	json_put_raw(&w, TEXT("[{\"field\":\"layer\",\"order\":\"asc\"}]"));
	json_object_end(&w);
	ok = buf_complete(&b);
	if (ok)
		*body = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return ok;
}

bool palette_pack_search(struct palette *p, const char *project,
			 const struct palette_pack_filter *filter, size_t most,
			 struct palette_list *list, struct error *err)
{
	/* The registry's own answer for each of its packs; a name may stand in several. */
	static const char *const identity[] = {"/metadata/uid", "/spec/registries/0/latestPackUid",
					       "/spec/name", NULL};
	struct palette_listing listing = {
		.method = "POST",
		.path = "/v1/packs/search",
		.paged = true,
		.items = "items",
		.identity = identity,
		.most = most,
		.what = "Packs",
	};

	if (!write_filter(p->arena, filter, &listing.body))
		return error_set(err, ERROR_INPUT, "What to look for in packs is too long");
	return palette_list_scope(p, &listing, project, list, err);
}

bool palette_pack(struct palette *p, const char *project, const char *uid, struct buf *out,
		  struct error *err)
{
	return palette_get_object(p, PALETTE_FORM_PACK, project,
				  http_url(p->arena, "/v1/packs/%s", uid),
				  arena_printf(p->arena, "Pack %s", uid), out, err);
}

bool palette_pack_versions(struct palette *p, const char *project, const char *name,
			   const char *registry, struct buf *out, struct error *err)
{
	return palette_get_object(p, PALETTE_FORM_PACK, project,
				  http_url(p->arena, "/v1/packs/%s/registries/%s", name, registry),
				  arena_printf(p->arena, "Pack %s of registry %s", name, registry),
				  out, err);
}
