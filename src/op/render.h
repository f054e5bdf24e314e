/* Inside op/: from Palette's objects to what a row's fields say. */
#ifndef OP_RENDER_H
#define OP_RENDER_H

#include "op/op.h"
#include "json/json.h"

/*
 * Writes, into an object that the caller has begun, the fields that say where Palette has them.
 * Whatever Palette sends, what is written fits the fields' schema: a value of another type counts
 * as missing, and what is required and missing is empty ("", 0, false, [] or an object of such).
 *
 * object   checked JSON; of anything but an object everything is missing.
 * chosen   names of the fields wanted besides the required ones; NULL: all.
 */
void render_fields(struct json_writer *w, const struct field *fields, struct text object,
		   const char *const *chosen, size_t chosen_count);

/* The text of a string field of object; "" where it is missing. arena. */
struct text render_string(struct arena *a, const struct field *field, struct text object);

#endif
