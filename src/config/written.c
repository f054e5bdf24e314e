/* Files of YAML or JSON as JSON: reading, converting, and finding again. */
#include "config/written.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"
#include "json/check.h"
#include "json/json.h"

enum {
	MOST_NODES = 200 * 1000, /* aliases counted by what they stand for */
	MOST_FAULTS = 100,
	LONGEST_POINTER = 512,
	LARGEST_FAULTS = MOST_FAULTS * 8 * (LONGEST_POINTER + 256),
};

/* ---- reading ---- */

/* As an editor counts: from 1, columns in characters. */
static struct place place_at(const char *file, struct text bytes, size_t offset)
{
	struct place place = {.file = file, .line = 1, .column = 1};

	for (size_t i = 0; i < offset && i < bytes.len; i++) {
		if (bytes.ptr[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if (((unsigned char)bytes.ptr[i] & 0xC0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

static bool refuse_json(const struct written *w, const struct json_fault *fault, struct error *err)
{
	struct place place = place_at(w->file, w->bytes, fault->offset);

	return error_set(err, ERROR_INPUT, "%s:%u:%u: not JSON: expected %s", w->file, place.line,
			 place.column, fault->expected);
}

static bool read_yaml(struct written *w, struct error *err)
{
	size_t budget = MOST_NODES;
	struct node *root;

	if (!yaml_read_strictly(w->arena, &budget, w->file, w->bytes, &root, err))
		return false;
	w->root = root;
	return true;
}

bool written_read(struct arena *a, const char *file, struct text bytes, struct written *written,
		  struct error *err)
{
	struct written w = {.arena = a, .file = file, .bytes = bytes};
	struct json_fault fault;

	if (!json_check_fault(bytes, &w.value, &fault)) {
		w.value = (struct text){NULL, 0};
		if (text_ends(text_of(file), ".json"))
			return refuse_json(&w, &fault, err);
		if (!read_yaml(&w, err))
			return false;
	}
	*written = w;
	return true;
}

/* ---- converting ---- */

/* The way to a value, from the value up. */
struct step {
	const struct step *up;
	struct text name; /* ptr NULL: index */
	size_t index;
};

struct converter {
	struct buf *out;
	struct buf faults; /* objects, with commas between them */
	size_t fault_count;
};

static void add_pointer(struct buf *b, const struct step *step)
{ // NOLINT(misc-no-recursion)
	if (step == NULL)
		return;
	add_pointer(b, step->up);
	buf_add_char(b, '/');
	if (step->name.ptr == NULL)
		buf_printf(b, "%zu", step->index);
	else
		json_pointer_add(b, step->name);
}

/* One whose name is too long to be told still counts, at the value above it. */
static void add_fault(struct converter *c, const struct step *step, const char *message)
{
	struct buf pointer;

	if (c->fault_count++ >= MOST_FAULTS)
		return;
	buf_init(&pointer, LONGEST_POINTER);
	add_pointer(&pointer, step);
	while (step != NULL && !buf_complete(&pointer)) {
		step = step->up;
		buf_fini(&pointer);
		buf_init(&pointer, LONGEST_POINTER);
		add_pointer(&pointer, step);
	}
	if (c->fault_count > 1)
		buf_add_char(&c->faults, ',');
	buf_add_string(&c->faults, "{\"pointer\":");
	json_put_string(&c->faults, buf_text(&pointer));
	buf_printf(&c->faults, ",\"message\":\"%s\"}", message);
	buf_fini(&pointer);
}

/* ---- numbers ---- */

static const char *put_based(struct buf *out, struct text digits, int base)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.ptr[i];
		uint64_t digit = (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);

		if (value > (UINT64_MAX - digit) / (uint64_t)base)
			return "is a number of more than 64 bits: write it in decimal";
		value = value * (uint64_t)base + digit;
	}
	buf_printf(out, "%" PRIu64, value);
	return NULL;
}

static bool is_digit(struct text t, size_t at)
{
	return at < t.len && t.ptr[at] >= '0' && t.ptr[at] <= '9';
}

/* YAML has a sign "+", and leaves out zeros beside the point; JSON does not. */
static const char *put_decimal(struct buf *out, struct text t)
{
	size_t point;

	if (t.ptr[0] == '-')
		buf_add_char(out, '-');
	if (t.ptr[0] == '-' || t.ptr[0] == '+')
		t = text_slice(t, 1, t.len);
	if (text_starts(t, "0") && is_digit(t, 1))
		return "is a number with leading zeros, which would be lost: put it in quotes, or "
		       "leave them out";
	if (t.ptr[0] == '.')
		buf_add_char(out, '0');
	point = text_find(t, '.');
	if (point == SIZE_MAX || is_digit(t, point + 1)) {
		buf_add(out, t);
	} else {
		buf_add(out, text_slice(t, 0, point));
		buf_add(out, text_slice(t, point + 1, t.len));
	}
	return NULL;
}

/* NULL, or why it is none. text is one as number_read() takes it. */
static const char *put_number(struct buf *out, struct text text)
{
	struct text rest = text_slice(text, 2, text.len);

	if (text_starts(text, "0x"))
		return put_based(out, rest, 16);
	if (text_starts(text, "0o"))
		return put_based(out, rest, 8);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == 'n' || text.ptr[i] == 'N')
			return "must be a finite number: JSON has neither .inf nor .nan";
	return put_decimal(out, text);
}

/* ---- values ---- */

static void put_value(struct converter *c, const struct node *node, const struct step *step);

static void put_collection(struct converter *c, const struct node *node, const struct step *up)
{ // NOLINT(misc-no-recursion)
	bool is_map = node->type == NODE_MAP;

	buf_add_char(c->out, is_map ? '{' : '[');
	/* Nothing more has room: so aliases of aliases take no longer than what they may fill. */
	for (size_t i = 0; i < node->count && buf_complete(c->out); i++) {
		const struct entry *entry = &node->entries[i];
		const struct step step = {
			.up = up, .name = is_map ? entry->key : (struct text){NULL, 0}, .index = i};

		if (i > 0)
			buf_add_char(c->out, ',');
		if (is_map) {
			json_put_string(c->out, entry->key);
			buf_add_char(c->out, ':');
		}
		put_value(c, entry->value, &step);
	}
	buf_add_char(c->out, is_map ? '}' : ']');
}

static void put_value(struct converter *c, const struct node *node, const struct step *step)
{ // NOLINT(misc-no-recursion)
	const char *fault;

	switch (node->type) {
	case NODE_MAP:
	case NODE_LIST:
		put_collection(c, node, step);
		return;
	case NODE_STRING:
		json_put_string(c->out, node->text);
		return;
	case NODE_BOOL:
		buf_add_string(c->out, node->boolean ? "true" : "false");
		return;
	case NODE_NUMBER:
		fault = put_number(c->out, node->text);
		if (fault != NULL)
			add_fault(c, step, fault);
		return;
	default:
		buf_add_string(c->out, "null");
	}
}

static bool report(const struct written *w, const struct converter *c, struct error *err)
{
	const size_t more = c->fault_count > MOST_FAULTS ? c->fault_count - MOST_FAULTS : 0;

	if (c->fault_count == 0)
		return true;
	error_set(err, ERROR_INPUT, "%s: %zu values that JSON does not have", w->file,
		  c->fault_count);
	err->details =
		text_of(more == 0 ? arena_printf(w->arena, "{\"faults\":[%s]}", c->faults.ptr)
				  : arena_printf(w->arena, "{\"faults\":[%s],\"moreFaults\":%zu}",
						 c->faults.ptr, more));
	return false;
}

static bool convert(const struct written *w, struct buf *out, struct text *json, struct error *err)
{
	struct converter c = {.out = out};
	bool ok;

	buf_init(&c.faults, LARGEST_FAULTS);
	put_value(&c, w->root, NULL);
	if (buf_complete(out))
		ok = report(w, &c, err);
	else
		ok = error_set(err, ERROR_TOO_LARGE,
			       "%s: more than %zu bytes as JSON (are aliases piled up?)", w->file,
			       out->max_bytes);
	if (ok)
		*json = arena_copy_text(w->arena, buf_text(out));
	buf_fini(&c.faults);
	return ok;
}

bool written_json(const struct written *w, size_t most_bytes, struct text *json, struct error *err)
{
	struct buf out;
	bool ok;

	if (w->root == NULL) {
		if (w->value.len > most_bytes)
			return error_set(err, ERROR_TOO_LARGE, "%s: larger than %zu bytes", w->file,
					 most_bytes);
		*json = w->value;
		return true;
	}
	buf_init(&out, most_bytes);
	ok = convert(w, &out, json, err);
	buf_fini(&out);
	return ok;
}

/* ---- finding again ---- */

/* The next name of a pointer, as it reads; arena. False at its end. */
static bool next_name(struct arena *a, struct text *pointer, struct text *name)
{
	struct text raw;
	char *read;
	size_t len = 0;

	if (!text_next(pointer, '/', &raw))
		return false;
	read = arena_copy(a, raw);
	for (size_t i = 0; i < raw.len; i++) {
		bool escaped = raw.ptr[i] == '~' && i + 1 < raw.len &&
			       (raw.ptr[i + 1] == '0' || raw.ptr[i + 1] == '1');

		read[len++] = escaped ? (raw.ptr[i + 1] == '0' ? '~' : '/') : raw.ptr[i];
		i += escaped;
	}
	*name = (struct text){read, len};
	return true;
}

static struct place place_in_yaml(const struct written *w, struct text pointer)
{
	const struct node *node = w->root;
	struct place place = node->place;
	struct text name;

	while (next_name(w->arena, &pointer, &name)) {
		const struct entry *found = NULL;
		int64_t index;

		for (size_t i = 0; node->type == NODE_MAP && i < node->count; i++)
			if (text_equal(node->entries[i].key, name))
				found = &node->entries[i];
		if (node->type == NODE_LIST && text_to_int(name, &index) && index >= 0 &&
		    (uint64_t)index < node->count)
			found = &node->entries[index];
		if (found == NULL)
			break;
		place = found->place;
		node = found->value;
	}
	return place;
}

/* What is called so in a JSON object, the last one if there are more; *at: where its name is. */
static bool find_member(struct arena *a, struct text object, struct text name, struct text *value,
			const char **at)
{
	struct json_walk walk = json_walk_begin(object);
	bool found = false;
	struct text member;
	struct text key;
	struct text read;

	while (json_walk_member(&walk, &key, &member)) {
		if (!json_unescape(a, key, &read) || !text_equal(read, name))
			continue;
		found = true;
		*value = member;
		*at = key.ptr;
	}
	return found;
}

static bool find_item(struct text array, struct text name, struct text *value, const char **at)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;
	int64_t index;

	if (!text_to_int(name, &index))
		return false;
	while (json_walk_item(&walk, &item))
		if (index-- == 0) {
			*value = item;
			*at = text_trim(item).ptr;
			return true;
		}
	return false;
}

static struct place place_in_json(const struct written *w, struct text pointer)
{
	struct text value = w->value;
	const char *at = value.ptr;
	struct text name;

	while (next_name(w->arena, &pointer, &name)) {
		if (!(json_type_of(value) == JSON_TYPE_ARRAY
			      ? find_item(value, name, &value, &at)
			      : find_member(w->arena, value, name, &value, &at)))
			break;
	}
	return place_at(w->file, w->bytes, (size_t)(at - w->bytes.ptr));
}

struct place written_place(const struct written *w, const char *pointer)
{
	struct text rest = text_of(pointer);

	/* What stands before the first '/' is the document itself. */
	rest = rest.len == 0 ? (struct text){NULL, 0} : text_slice(rest, 1, rest.len);
	return w->root == NULL ? place_in_json(w, rest) : place_in_yaml(w, rest);
}
