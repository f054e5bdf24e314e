/* For tests of lists: Palette as rows, and the list that comes of it. */
#ifndef UNIT_PALETTE_LISTS_H
#define UNIT_PALETTE_LISTS_H

#include "unit/palette/fixture.h"
#include "json/json.h"

/* What Palette answers, by path and project. The last row has no path. */
struct row {
	const char *path;
	const char *project; /* NULL: the tenant's scope */
	int status;
	const char *body;
};

/* What is not in the rows is 500, which nobody takes for a part that may be missing. */
static inline void answer_rows(void *context, const struct canned_request *request,
			       struct canned_answer *answer)
{
	answer->status = 500;
	for (const struct row *row = context; row->path != NULL; row++) {
		if (strcmp(row->path, request->path) != 0 ||
		    (row->project == NULL) != (request->project == NULL) ||
		    (row->project != NULL && strcmp(row->project, request->project) != 0))
			continue;
		answer->status = row->status;
		buf_add_string(answer->body, row->body);
		return;
	}
}

static inline struct fixture *fixture_with(const struct row *rows)
{
	struct fixture *f = fixture_new(answer_rows, (void *)(uintptr_t)rows);

	f->config.upstream_attempts = 1;
	return f;
}

static const struct palette_listing paged = {
	.method = "GET",
	.path = "/v1/list",
	.paged = true,
	.items = "items",
	.what = "Things",
};
#define FIRST "/v1/list?limit=50"

/* The list's answer, or NULL after a failure. It lives as long as the fixture. */
static inline const char *finish(struct fixture *f, struct palette_list *list, bool ok)
{
	buf_fini(&f->out);
	if (ok)
		ok = palette_list_finish(list, &f->out, &f->err);
	palette_list_fini(list);
	return ok ? f->out.ptr : NULL;
}

static inline const char *list_scope(struct fixture *f, const struct palette_listing *listing,
				     const char *project)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	return finish(f, &list, palette_list_scope(f->palette, listing, project, &list, &f->err));
}

#define ITEM(uid) "{\"metadata\":{\"uid\":\"" uid "\"}}"

static inline size_t count_things(const char *answer)
{
	struct json_walk walk;
	struct text items;
	struct text item;
	size_t count = 0;

	assert_true(json_member(text_of(answer), "things", &items));
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item))
		count++;
	return count;
}

#endif
