/* What is wrong with a caller's body: collected, and told in one answer. */
#include <stdarg.h>
#include <string.h>

#include "palette/entity_work.h"

enum { LONGEST_POINTER = 512 };

/* ---- pointers ---- */

/* As deep as JSON may be, which bounds the recursion. */
static void add_place(struct buf *b, const struct entity_place *place)
{
	if (place == NULL)
		return;
	add_place(b, place->up);
	buf_add_char(b, '/');
	if (place->name.ptr == NULL)
		buf_printf(b, "%zu", place->index);
	else
		json_pointer_add(b, place->name);
}

const char *entity_pointer(struct arena *a, const struct entity_place *place)
{
	struct text pointer;
	const char *copy;
	struct buf b;

	buf_init(&b, LONGEST_POINTER);
	add_place(&b, place);
	pointer = buf_text(&b);
	while (pointer.len > 0 && !text_is_utf8(pointer))
		pointer.len--;
	copy = buf_complete(&b) ? arena_copy(a, pointer)
				: arena_printf(a, "%.*s...", (int)pointer.len, pointer.ptr);
	buf_fini(&b);
	return copy;
}

/* ---- collecting ---- */

void entity_faults_init(struct entity_faults *faults, struct arena *a, const char *base)
{
	*faults = (struct entity_faults){.arena = a, .base = base};
}

bool entity_faults_full(const struct entity_faults *faults)
{
	return faults->count == ENTITY_MOST_FAULTS;
}

static void add_fault(struct entity_faults *faults, const char *pointer, const char *message)
{
	if (faults->items == NULL)
		faults->items = arena_array(faults->arena, struct entity_fault, ENTITY_MOST_FAULTS);
	faults->items[faults->count++] = (struct entity_fault){
		.pointer = arena_printf(faults->arena, "%s%s", faults->base, pointer),
		.message = message,
	};
}

void entity_fault_at(struct entity_faults *faults, const char *pointer, const char *format, ...)
{
	va_list args;

	if (entity_faults_full(faults)) {
		faults->left_out++;
		return;
	}
	va_start(args, format);
	add_fault(faults, pointer, arena_vprintf(faults->arena, format, args));
	va_end(args);
}

void entity_fault(struct entity_faults *faults, const struct entity_place *place,
		  const char *format, ...)
{
	va_list args;

	if (entity_faults_full(faults)) {
		faults->left_out++;
		return;
	}
	va_start(args, format);
	add_fault(faults, entity_pointer(faults->arena, place),
		  arena_vprintf(faults->arena, format, args));
	va_end(args);
}

/* ---- telling ---- */

/* A pointer as a person would write the field: cloudConfig.region, machinePoolConfig[0].count. */
static void add_field_name(struct buf *b, const char *pointer)
{
	struct text rest = text_of(pointer);
	struct text segment;
	bool is_first = true;
	int64_t index;

	if (rest.len == 0) {
		buf_add_string(b, "the body");
		return;
	}
	rest = text_slice(rest, 1, SIZE_MAX);
	while (text_next(&rest, '/', &segment)) {
		if (!is_first && text_to_int(segment, &index)) {
			buf_printf(b, "[%.*s]", (int)segment.len, segment.ptr);
			continue;
		}
		if (!is_first)
			buf_add_char(b, '.');
		for (size_t i = 0; i < segment.len; i++)
			buf_add_char(b,
				     (unsigned char)segment.ptr[i] < 0x20 ? ' ' : segment.ptr[i]);
		is_first = false;
	}
}

/* All of them in one sentence, as far as it has room. */
static void say(const struct entity_faults *faults, struct error *err)
{
	enum { ROOM = sizeof err->message - 128 }; /* the rest: how it starts, and how many more */
	size_t told = 0;
	size_t more;
	struct buf b;

	buf_init(&b, ROOM);
	for (; told < faults->count; told++) {
		size_t before = b.len;

		if (told > 0)
			buf_add_string(&b, "; ");
		add_field_name(&b, faults->items[told].pointer);
		buf_printf(&b, " %s", faults->items[told].message);
		if (!buf_complete(&b)) {
			buf_truncate(&b, before);
			break;
		}
	}
	more = faults->count - told + faults->left_out;
	if (more == 0)
		error_set(err, ERROR_INPUT, "Invalid cluster configuration: %s", b.ptr);
	else
		error_set(err, ERROR_INPUT, "Invalid cluster configuration: %s%s%zu more faults",
			  told == 0 ? "" : b.ptr, told == 0 ? "" : "; and ", more);
	buf_fini(&b);
}

static struct text details(const struct entity_faults *faults)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	buf_init(&b, ENTITY_MOST_FAULTS * 8 * (size_t)(LONGEST_POINTER + 512));
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_key(&w, "faults");
	json_array_begin(&w);
	for (size_t i = 0; i < faults->count; i++) {
		json_object_begin(&w);
		json_key(&w, "pointer");
		json_put_cstr(&w, faults->items[i].pointer);
		json_key(&w, "message");
		json_put_cstr(&w, faults->items[i].message);
		json_object_end(&w);
	}
	json_array_end(&w);
	if (faults->left_out > 0) {
		json_key(&w, "moreFaults");
		json_put_int(&w, (int64_t)faults->left_out);
	}
	json_object_end(&w);
	out = arena_copy_text(faults->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

bool entity_faults_none(const struct entity_faults *faults, struct error *err)
{
	if (faults->count == 0)
		return true;
	say(faults, err);
	err->details = details(faults);
	return false;
}
