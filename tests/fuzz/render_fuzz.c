/*
 * Any JSON as one of Palette's objects, through every list of fields of every tool's answer: what
 * is written is JSON that fits the fields, also where only some are wanted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/render.h"
#include "unit/op/fits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static struct text render(struct arena *a, const struct field *fields, struct text object,
			  const char *const *chosen)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	render_fields(&w, fields, object, chosen, chosen == NULL ? 0 : 1);
	json_object_end(&w);
	out = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return out;
}

static void check(struct arena *a, const struct field *fields, struct text object)
{
	const char *chosen[] = {fields[0].name};
	struct error err;
	struct text value;
	struct text all = render(a, fields, object, NULL);
	struct text some = render(a, fields, object, chosen);

	must(json_check(all, &value, &err), "it is JSON");
	must(fits_fields(a, fields, value), "it fits");
	must(json_check(some, &value, &err), "a part is JSON");
	must(fits_fields(a, fields, value), "a part fits");
	must(some.len <= all.len, "a part is no more than all");
	for (const struct field *f = fields; f->name != NULL; f++)
		if (f->from != NULL && f->type == FIELD_STRING)
			(void)render_string(a, f, object);
}

/* Each list of fields at any depth of the answers. */
static void check_below(struct arena *a, const struct field *fields, struct text object)
{
	for (const struct field *f = fields; f != NULL && f->name != NULL; f++) {
		if (f->fields == NULL || f->fields->name == NULL)
			continue;
		check(a, f->fields, object);
		check_below(a, f->fields, object);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;
	struct text object;
	struct arena a;

	if (!json_check((struct text){(const char *)data, size}, &object, &err))
		return 0;
	arena_init(&a);
	for (const struct op *const *op = op_all(); *op != NULL; op++)
		if ((*op)->tool != NULL)
			check_below(&a, (*op)->answer, object);
	arena_fini(&a);
	return 0;
}
