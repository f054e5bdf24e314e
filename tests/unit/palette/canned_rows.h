/*
 * For tests of single calls of Palette: answers by method and path, and whether all that was asked
 * for was foreseen.
 */
#ifndef UNIT_PALETTE_CANNED_ROWS_H
#define UNIT_PALETTE_CANNED_ROWS_H

#include "unit/palette/fixture.h"

/* The last row has no path. */
struct canned_row {
	const char *method;
	const char *path;
	int status;
	const char *body;
};

/* The context is an array of rows. What is not in it is 418, which no row should want. */
static inline void answer_canned_rows(void *context, const struct canned_request *request,
				      struct canned_answer *answer)
{
	answer->status = 418;
	for (const struct canned_row *row = context; row->path != NULL; row++) {
		if (strcmp(row->path, request->path) != 0 ||
		    strcmp(row->method, request->method) != 0)
			continue;
		answer->status = row->status;
		buf_add_string(answer->body, row->body);
		return;
	}
}

/* The answer {"things":[...]} of a list function's outcome; NULL after a failure. It lives as long
 * as the fixture. */
static inline const char *canned_finish(struct fixture *f, struct palette_list *list, bool ok)
{
	buf_fini(&f->out);
	if (ok)
		ok = palette_list_finish(list, &f->out, &f->err);
	palette_list_fini(list);
	return ok ? f->out.ptr : NULL;
}

#endif
