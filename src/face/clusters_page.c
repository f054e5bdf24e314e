/* The flat bodies of cluster creation, from the rows of the entities, as a page for people. */
#include <inttypes.h>
#include <string.h>

#include "face/face.h"
#include "palette/entity.h"

enum { LONGEST_PLACE = 1024 };

#define POOLS_AT ".spec.machinepoolconfig[]"

/* ---- cells ---- */

static void put_type(struct buf *out, const struct entity_field *f)
{
	buf_add_string(out, entity_type_name(f->type));
	if (f->shorthand != NULL)
		buf_printf(out, ", or a string: its `%s`", f->shorthand);
}

static void put_choices(struct buf *out, const char *const *choices)
{
	for (const char *const *c = choices; *c != NULL; c++)
		buf_printf(out, "%s`%s`", c == choices ? "" : ", ", **c == '\0' ? "\"\"" : *c);
}

static void put_allowed(struct buf *out, const struct entity_field *f)
{
	switch (f->type) {
	case ENTITY_TEXT:
		if (f->empty_is_absent)
			buf_add_string(out, "empty counts as not given");
		else if (f->may_be_empty)
			buf_add_string(out, "may be empty");
		break;
	case ENTITY_INT:
		buf_printf(out, "%" PRId64 " to %" PRId64, f->min, f->max);
		break;
	case ENTITY_CHOICE:
		put_choices(out, f->choices);
		break;
	case ENTITY_TEXTS:
	case ENTITY_OBJECTS:
	case ENTITY_POOLS:
		if (f->min > 0)
			buf_printf(out, "%" PRId64 " to %" PRId64 " items", f->min, f->max);
		else
			buf_printf(out, "at most %" PRId64 " items", f->max);
		break;
	default:
		break;
	}
}

/* ---- places ---- */

/* "/spec/profiles/0/x" as ".spec.profiles[0].x"; "*" is any item. */
static void add_place(struct buf *out, const char *pointer)
{
	struct text rest = text_slice(text_of(pointer), 1, SIZE_MAX);
	struct text segment;
	int64_t index;

	while (text_next(&rest, '/', &segment)) {
		if (text_is(segment, "*"))
			buf_add_string(out, "[]");
		else if (text_to_int(segment, &index))
			buf_printf(out, "[%" PRId64 "]", index);
		else
			buf_printf(out, ".%.*s", (int)segment.len, segment.ptr);
	}
}

/* base and pointer together, without the dot in front. */
static void put_place(struct buf *out, const char *base, const char *pointer)
{
	struct buf place;

	buf_init(&place, LONGEST_PLACE);
	buf_add_string(&place, base);
	add_place(&place, pointer);
	buf_printf(out, "`%s`", place.ptr + 1);
	buf_fini(&place);
}

static void put_places(struct buf *out, const char *base, const struct entity_field *f)
{
	const char *pointer = f->target != NULL ? f->target : f->goes;

	if (pointer == NULL)
		return;
	put_place(out, base, pointer);
	if (f->also != NULL) {
		buf_add_string(out, ", ");
		put_place(out, base, f->also);
	}
	if (f->implies.pointer != NULL) {
		buf_add_string(out, ", and ");
		put_place(out, base, f->implies.pointer);
		buf_printf(out, ": `%s`", f->implies.json);
	}
	if (f->times > 1)
		buf_printf(out, ", times %" PRId64, f->times);
}

/* ---- rows ---- */

static void put_fields(struct buf *out, const struct entity_field *fields, const char *prefix,
		       const char *base);

static bool has_items(const struct entity_field *f)
{
	return f->type == ENTITY_OBJECTS || f->type == ENTITY_POOLS;
}

static void put_field(struct buf *out, const struct entity_field *f, const char *prefix,
		      const char *base)
{
	buf_printf(out, "| `%s%s` | ", prefix, f->name);
	put_type(out, f);
	buf_printf(out, " | %s | ", f->required ? "yes" : "");
	if (f->fallback != NULL)
		buf_printf(out, "`%s`", f->fallback);
	buf_add_string(out, " | ");
	put_allowed(out, f);
	buf_add_string(out, " | ");
	put_places(out, base, f);
	buf_printf(out, " | %s |\n", f->help);
}

/* What stands in an object or in the items of an array. */
static void put_parts(struct buf *out, const struct entity_field *f, const char *prefix,
		      const char *base)
{
	const char *pointer = f->target != NULL ? f->target : f->goes;
	struct buf name;
	struct buf place;

	buf_init(&name, LONGEST_PLACE);
	buf_init(&place, LONGEST_PLACE);
	buf_printf(&name, "%s%s%s.", prefix, f->name, has_items(f) ? "[]" : "");
	buf_add_string(&place, base);
	if (has_items(f)) {
		add_place(&place, pointer);
		buf_add_string(&place, "[]");
	}
	put_fields(out, f->fields, name.ptr, buf_text(&place).len == 0 ? "" : place.ptr);
	buf_fini(&place);
	buf_fini(&name);
}

static void put_fields(struct buf *out, const struct entity_field *fields, const char *prefix,
		       const char *base)
{
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		put_field(out, f, prefix, base);
		if (f->fields != NULL)
			put_parts(out, f, prefix, base);
	}
}

/* ---- one kind ---- */

static void put_constants(struct buf *out, const struct entity_constant *constants,
			  const char *base)
{
	for (const struct entity_constant *c = constants; c != NULL && c->pointer != NULL; c++) {
		buf_add_string(out, "- ");
		put_place(out, base, c->pointer);
		buf_printf(out, ": `%s`\n", c->json);
	}
}

static void put_kind(struct buf *out, const struct entity_kind *kind)
{
	buf_printf(out,
		   "\n## %s\n\n%s.\n\n"
		   "| field | type | required | default | allowed | in Palette's entity | |\n"
		   "|---|---|---|---|---|---|---|\n",
		   kind->name, kind->summary);
	put_fields(out, kind->fields, "", "");
	buf_add_string(out, "\nBesides, Palette gets, unless a field above says otherwise:\n\n");
	put_constants(out, kind->constants, "");
	put_constants(out, kind->pool_constants, POOLS_AT);
	if (kind->needs_control_plane)
		buf_printf(out,
			   "\nWhere no machine pool is the control plane, `%s` is added: one node, "
			   "like the first pool.\n",
			   kind->added_pool);
	if (kind->managed != NULL)
		buf_printf(out, "\nNo pool can be the control plane: %s.\n", kind->managed);
}

/* ---- all ---- */

void face_clusters_page(struct buf *out)
{
	buf_add_string(
		out, "# Fields of flat cluster bodies\n\n"
		     "What `POST /clusters` takes, by `cloudType`; "
		     "[creating-clusters.md](../creating-clusters.md) has\na worked body for each "
		     "and says what else is checked. This page is made from the rows that read "
		     "the\nbodies, by `./dev docs`.\n\n"
		     "A field that is not here is refused, and so is `null`. Strings must not be "
		     "empty where the table does\nnot say that they may. Names with dots stand "
		     "in objects, `[]` is each item of an array.\n");
	for (const struct entity_kind *kind = entity_kinds; kind->name != NULL; kind++)
		put_kind(out, kind);
}
