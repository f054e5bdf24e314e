/* action run: what is typed, as the JSON that the tool takes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/action.h"
#include "json/json.h"

/* ---- --input ---- */

static bool read_stream(FILE *from, struct buf *out, struct error *err)
{
	char piece[16 * 1024];
	size_t n;

	while ((n = fread(piece, 1, sizeof piece, from)) > 0) {
		buf_add(out, (struct text){piece, n});
		if (!buf_complete(out))
			return error_set(err, ERROR_TOO_LARGE, "larger than %zu bytes",
					 out->max_bytes);
	}
	if (ferror(from))
		return error_set(err, ERROR_INPUT, "%s", strerror(errno));
	return true;
}

/* Pipes are fine here, as a shell makes them of <(...): whoever waits too long has an interrupt
 * key. */
bool action_read(const char *path, struct buf *out, struct error *err)
{
	FILE *file;
	bool ok;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, out, err);
	file = fopen(path, "re");
	if (file == NULL)
		return error_set(err, ERROR_INPUT, "%s", strerror(errno));
	ok = read_stream(file, out, err);
	fclose(file);
	return ok;
}

/* ---- --arg ---- */

static bool split(const char *argument, struct text *name, struct text *value)
{
	struct text all = text_of(argument);
	size_t at = text_find(all, '=');

	if (at == SIZE_MAX || at == 0)
		return false;
	*name = text_slice(all, 0, at);
	*value = text_slice(all, at + 1, all.len);
	return true;
}

bool action_has_argument(const struct repeated *arguments, struct text wanted)
{
	struct text name;
	struct text value;

	for (size_t i = 0; i < arguments->count; i++)
		if (split(arguments->items[i], &name, &value) && text_equal(name, wanted))
			return true;
	return false;
}

static bool check_arguments(const struct repeated *arguments, struct error *err)
{
	struct text name;
	struct text value;

	for (size_t i = 0; i < arguments->count; i++) {
		if (!split(arguments->items[i], &name, &value))
			return error_set(err, ERROR_INPUT, "--arg wants NAME=VALUE");
		if (!text_is_utf8(text_of(arguments->items[i])))
			return error_set(err, ERROR_INPUT, "--arg wants UTF-8");
	}
	return true;
}

static const struct param *find_param(const struct op *op, struct text name)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (p->in == IN_ARGUMENT && text_is(name, p->name))
			return p;
	return NULL;
}

static bool is_list(const struct param *p)
{
	return p != NULL && (p->type == PARAM_STRINGS || p->type == PARAM_FIELDS);
}

static bool is_json(struct text value, enum json_type type, struct text *json)
{
	struct error err;

	return json_check(value, json, &err) && json_type_of(*json) == type;
}

/* "a,b", or an array for items that have a comma in them. */
static void put_items(struct json_writer *w, struct text value)
{
	struct json_walk walk;
	struct text json;
	struct text item;

	if (is_json(value, JSON_TYPE_ARRAY, &json)) {
		walk = json_walk_begin(json);
		while (json_walk_item(&walk, &item))
			json_put_raw(w, item);
		return;
	}
	while (text_next(&value, ',', &item))
		json_put_text(w, text_trim(item));
}

static void put_list(struct json_writer *w, const struct repeated *arguments, struct text wanted)
{
	struct text name;
	struct text value;

	json_array_begin(w);
	for (size_t i = 0; i < arguments->count; i++)
		if (split(arguments->items[i], &name, &value) && text_equal(name, wanted))
			put_items(w, value);
	json_array_end(w);
}

static void put_value(struct json_writer *w, const struct param *p, struct text value)
{
	enum param_type type = p == NULL ? PARAM_TEXT : p->type;
	struct text json;
	int64_t number;

	if (type == PARAM_SWITCH && (text_is(value, "true") || text_is(value, "false")))
		json_put_bool(w, text_is(value, "true"));
	else if ((type == PARAM_COUNT || type == PARAM_TIME) && text_to_int(value, &number))
		json_put_int(w, number);
	else if (type == PARAM_OBJECT && is_json(value, JSON_TYPE_OBJECT, &json))
		json_put_raw(w, json);
	else
		json_put_text(w, value);
}

static bool is_first(const struct repeated *arguments, size_t at, struct text wanted)
{
	struct text name;
	struct text value;

	for (size_t i = 0; i < at; i++)
		if (split(arguments->items[i], &name, &value) && text_equal(name, wanted))
			return false;
	return true;
}

static void put_arguments(struct json_writer *w, struct arena *a, const struct op *op,
			  const struct repeated *arguments)
{
	struct text name;
	struct text value;

	for (size_t i = 0; i < arguments->count; i++) {
		const struct param *p;

		if (!split(arguments->items[i], &name, &value))
			continue;
		p = find_param(op, name);
		if (is_list(p) && !is_first(arguments, i, name))
			continue;
		json_key(w, arena_copy(a, name));
		if (is_list(p))
			put_list(w, arguments, name);
		else
			put_value(w, p, value);
	}
}

static void put_object(struct json_writer *w, struct arena *a, const struct repeated *arguments,
		       struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	struct text value;
	struct text name;
	struct text key;

	while (json_walk_member(&walk, &key, &value)) {
		/* A name with a NUL in it is none of a tool: refused by another one that is not. */
		if (!json_unescape(a, key, &name))
			name = TEXT("\\u0000");
		if (action_has_argument(arguments, name))
			continue;
		json_key(w, name.ptr);
		json_put_raw(w, value);
	}
}

bool action_input(struct arena *a, const struct op *op, const struct repeated *arguments,
		  struct text object, struct text *input, struct error *err)
{
	struct json_writer w;
	struct text whole;
	struct buf out;

	if (!check_arguments(arguments, err))
		return false;
	buf_init(&out, SIZE_MAX);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	put_object(&w, a, arguments, object);
	put_arguments(&w, a, op, arguments);
	json_object_end(&w);
	whole = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	/* What was put together may be deeper than its parts. */
	return json_check(whole, input, err);
}
