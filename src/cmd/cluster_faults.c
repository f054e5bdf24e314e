/* cluster: why nothing came of it, each fault on a line with its place in the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cmd/cluster.h"
#include "json/json.h"

enum { MOST_LINES = 400, LONGEST_LINE = 64 * 1024 };

struct line {
	struct place place; /* line 0: none in the file */
	size_t order;
	struct buf text;
};

struct complaint {
	const struct written *written;
	struct text body;
	struct arena *arena;
	struct line *lines;
	size_t count;
	size_t in_file;
};

/* ---- lines ---- */

void cluster_print(FILE *to, const char *words, const char *text)
{
	fputs(words, to);
	visible_print(to, text_of(text));
	fputc('\n', to);
}

void cluster_say(const char *what, const char *message)
{
	fprintf(stderr, "spectrocloud-backend: cluster %s: ", what);
	cluster_print(stderr, "", message);
}

/* Begins one; NULL: there are enough. */
static struct buf *add_line(struct complaint *c, struct place place)
{
	struct line *line;

	if (c->count == MOST_LINES)
		return NULL;
	line = &c->lines[c->count];
	*line = (struct line){.place = place, .order = c->count++};
	buf_init(&line->text, LONGEST_LINE);
	c->in_file += place.line > 0;
	return &line->text;
}

/* Top down, as the file is read; those without a place first. */
static int compare_lines(const void *left, const void *right)
{
	const struct line *a = left;
	const struct line *b = right;

	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void print_lines(struct complaint *c)
{
	qsort(c->lines, c->count, sizeof *c->lines, compare_lines);
	for (size_t i = 0; i < c->count; i++) {
		struct line *line = &c->lines[i];
		struct buf place;

		buf_init(&place, LONGEST_LINE);
		if (line->place.line > 0) {
			visible_add(&place, text_of(line->place.file));
			buf_printf(&place, ":%u:%u: ", line->place.line, line->place.column);
		}
		fprintf(stderr, "%s%s\n", place.len == 0 ? "" : place.ptr,
			line->text.len == 0 ? "" : line->text.ptr);
		buf_fini(&place);
		buf_fini(&line->text);
	}
}

/* ---- faults of the caller's ---- */

/* Such as a version, 1.30, that YAML takes for a number. */
static bool wants_quotes(const struct complaint *c, const char *pointer, const char *message)
{
	struct text value;
	enum json_type type;

	if (c->written == NULL || c->written->value.ptr != NULL ||
	    strcmp(message, "must be a string") != 0 || !json_at(c->body, pointer, &value))
		return false;
	type = json_type_of(value);
	return type == JSON_TYPE_NUMBER || type == JSON_TYPE_TRUE || type == JSON_TYPE_FALSE;
}

static void add_pointer_fault(struct complaint *c, const char *pointer, const char *message)
{
	struct place place = {.line = 0};
	struct buf *out;

	if (c->written != NULL)
		place = written_place(c->written, pointer);
	out = add_line(c, place);
	if (out == NULL)
		return;
	visible_add(out, *pointer == '\0' ? TEXT("the body") : text_of(pointer));
	buf_add_char(out, ' ');
	visible_add(out, text_of(message));
	if (wants_quotes(c, pointer, message))
		buf_add_string(out, ": put it into quotes");
}

/* Inputs that are options here. */
static const char *option_of(const char *field)
{
	if (strcmp(field, "projectUid") == 0)
		return "--project";
	return strcmp(field, "instance") == 0 ? "--instance" : field;
}

static void add_field_fault(struct complaint *c, const char *field, const char *message)
{
	struct buf *out = add_line(c, (struct place){.line = 0});

	if (out == NULL)
		return;
	buf_add_string(out, "spectrocloud-backend: ");
	visible_add(out, text_of(option_of(field)));
	buf_add_char(out, ' ');
	visible_add(out, text_of(message));
}

static void add_faults(struct complaint *c, struct text details)
{
	struct text faults = TEXT("[]");
	struct json_walk walk;
	struct text fault;

	(void)json_member(details, "faults", &faults);
	walk = json_walk_begin(faults);
	while (json_walk_item(&walk, &fault)) {
		const char *message = json_string_at(c->arena, fault, "/message", "");
		const char *pointer = json_string_at(c->arena, fault, "/pointer", NULL);

		if (pointer != NULL)
			add_pointer_fault(c, pointer, message);
		else
			add_field_fault(c, json_string_at(c->arena, fault, "/field", ""), message);
	}
}

/* ---- Palette's findings ---- */

/* Where pools and profiles stand in a body of either form, and what they are known by in it. */
static const struct subject {
	const char *member; /* of a finding */
	const char *list;
	const char *name; /* of an item of it; "": the item itself */
} subjects[] = {
	{"/pool", "/machinePoolConfig", "/name"},
	{"/pool", "/spec/machinepoolconfig", "/poolConfig/name"},
	{"/pool", "/spec/machinePoolConfig", "/poolConfig/name"},
	{"/profile", "/profileUids", ""},
	{"/profile", "/spec/profiles", "/uid"},
};

static const char *pointer_of(const struct complaint *c, const struct subject *subject,
			      const char *name)
{
	struct text list;
	struct json_walk walk;
	struct text item;

	if (!json_at(c->body, subject->list, &list))
		return NULL;
	walk = json_walk_begin(list);
	for (size_t i = 0; json_walk_item(&walk, &item); i++)
		if (strcmp(json_string_at(c->arena, item, subject->name, ""), name) == 0)
			return arena_printf(c->arena, "%s/%zu", subject->list, i);
	return NULL;
}

static struct place place_of_finding(const struct complaint *c, struct text finding)
{
	for (size_t i = 0; c->written != NULL && i < ARRAY_LEN(subjects); i++) {
		const char *name = json_string_at(c->arena, finding, subjects[i].member, "");
		const char *pointer = *name == '\0' ? NULL : pointer_of(c, &subjects[i], name);

		if (pointer != NULL)
			return written_place(c->written, pointer);
	}
	return (struct place){.line = 0};
}

static void add_finding(struct complaint *c, struct text finding)
{
	const char *pool = json_string_at(c->arena, finding, "/pool", NULL);
	const char *pack = json_string_at(c->arena, finding, "/pack", "");
	const char *profile = json_string_at(c->arena, finding, "/profile", "");
	struct buf *out = add_line(c, place_of_finding(c, finding));

	if (out == NULL)
		return;
	if (pool != NULL)
		visible_add(out, text_of(arena_printf(c->arena, "machine pool %s: ", pool)));
	else
		visible_add(out, text_of(arena_printf(c->arena, "pack %s of profile %s: ", pack,
						      profile)));
	visible_add(out, text_of(json_string_at(c->arena, finding, "/message", "")));
}

static void add_findings(struct complaint *c, struct text details)
{
	struct text findings = TEXT("[]");
	struct json_walk walk;
	struct text finding;

	(void)json_member(details, "findings", &findings);
	walk = json_walk_begin(findings);
	while (json_walk_item(&walk, &finding))
		add_finding(c, finding);
}

/* ---- all of it ---- */

static int64_t count_more(struct text details)
{
	int64_t more = 0;
	struct text value;

	if (json_member(details, "moreFaults", &value) ||
	    json_member(details, "moreFindings", &value))
		(void)json_int(value, &more);
	return more;
}

/* How many there are, behind the lines; those that the answer left out count. */
static void sum_up(const struct complaint *c, const struct error *err)
{
	int64_t more = count_more(err->details) + (int64_t)(c->count == MOST_LINES);
	const char *file = c->written == NULL || c->in_file == 0 ? NULL : c->written->file;

	fprintf(stderr, "spectrocloud-backend: nothing was created: %s%zu fault%s",
		more > 0 ? "more than " : "", c->count, c->count == 1 ? "" : "s");
	cluster_print(stderr, file == NULL ? "" : " in ", file == NULL ? "" : file);
}

static int status_of(const struct cluster_work *work, const struct error *err)
{
	if (err->maybe_done)
		return CLUSTER_UNKNOWN;
	if (work->interrupt != NULL && interrupt_signal(work->interrupt) != 0)
		return CLUSTER_BY_SIGNAL + interrupt_signal(work->interrupt);
	return error_face(err->kind)->exit_status;
}

static void say_why(const struct error *err)
{
	struct error said = *err;

	if (said.reauthenticate)
		error_in(&said, "SPECTROCLOUD_TOKEN");
	cluster_say("create", said.message);
}

int cluster_complain(const struct cluster_work *work, const struct written *written,
		     struct text body, const struct error *err)
{
	struct complaint c = {
		.written = written,
		.body = body,
		.arena = work->arena,
		.lines = arena_array(work->arena, struct line, MOST_LINES),
	};

	add_faults(&c, err->details);
	add_findings(&c, err->details);
	print_lines(&c);
	if (c.count > 0)
		sum_up(&c, err);
	else
		say_why(err);
	return status_of(work, err);
}

void cluster_warn(struct arena *a, struct text answer)
{
	struct text warnings = TEXT("[]");
	struct json_walk walk;
	struct text warning;

	(void)json_member(answer, "warnings", &warnings);
	walk = json_walk_begin(warnings);
	while (json_walk_item(&walk, &warning))
		cluster_print(stderr, "warning: ", json_string_at(a, warning, "/message", ""));
}
