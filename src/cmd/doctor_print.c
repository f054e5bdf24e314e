/* What the checks found, for people and for programs. */
#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "cmd/doctor.h"
#include "json/json.h"

enum {
	LONGEST = 16 * 1024 * 1024,
	WORD_WIDTH = 7, /* of "warning" */
	NAME_WIDTH = 20,
	INDENT = 2 + WORD_WIDTH + 2,
	LABEL_WIDTH = 6,
	NARROWEST = 40,
	MOST_OF_ONE = 4000, /* bytes of a text that others have a part in */
};

static const char *const colours[DOCTOR_STATUSES] = {
	[DOCTOR_OK] = "\x1b[32m",
	[DOCTOR_SKIPPED] = "\x1b[2m",
	[DOCTOR_WARNING] = "\x1b[33m",
	[DOCTOR_FAULT] = "\x1b[31m",
};

static void add_spaces(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

/* ---- no secret, in no case ---- */

static void hide(struct arena *a, const char **shown, struct text secret)
{
	const char *at;

	/* A short one is in every other word, and opens nothing. */
	while (secret.ptr != NULL && secret.len >= 6 &&
	       (at = strstr(*shown, arena_copy(a, secret))) != NULL)
		*shown = arena_printf(a, "%.*s***%s", (int)(at - *shown), *shown, at + secret.len);
}

static struct text secret_text(const struct secret *s)
{
	return (struct text){s->ptr, s->len};
}

/* Nothing that is shown should have one in it. Should others repeat what they were sent, it ends
 * here. */
static const char *without_secrets(struct arena *a, const struct doctor *d, const char *shown)
{
	for (size_t i = 0; i < d->config->environment_count; i++)
		hide(a, &shown, secret_text(&d->config->environments[i].api_token));
	for (size_t i = 0; i < d->config->external_count; i++)
		hide(a, &shown, secret_text(&d->config->external[i].token));
	hide(a, &shown, secret_text(&d->config->store.postgres.password));
	hide(a, &shown, secret_text(&d->config->store.postgres.connection));
	hide(a, &shown, d->given_token);
	return shown;
}

/* What a server says of itself, such as a header, can be of any length. */
static const char *beginning(struct arena *a, const char *s)
{
	size_t len = strlen(s);
	size_t keep = MOST_OF_ONE;

	if (len <= MOST_OF_ONE)
		return s;
	while (keep > 0 && ((unsigned char)s[keep] & 0xC0) == 0x80)
		keep--;
	return arena_printf(a, "%.*s... (%zu bytes more)", (int)keep, s, len - keep);
}

static const char *shown(struct arena *a, const struct doctor_task *t, const char *s)
{
	return s == NULL ? NULL : beginning(a, without_secrets(a, t->doctor, s));
}

/* ---- text ---- */

/* Broken at spaces, with what follows a break below its beginning. at: columns in use. */
static void add_wrapped(struct buf *out, struct text words, size_t at, size_t indent, size_t width)
{
	struct text word;
	bool first = true;

	while (text_next(&words, ' ', &word)) {
		size_t columns = visible_columns(word);

		if (!first && width > 0 && at + 1 + columns > width) {
			buf_add_char(out, '\n');
			add_spaces(out, indent);
			at = indent;
		} else if (!first) {
			buf_add_char(out, ' ');
			at++;
		}
		buf_add(out, word);
		at += columns;
		first = false;
		if (words.ptr == NULL)
			break;
	}
	buf_add_char(out, '\n');
}

static void add_visible(struct buf *out, const char *s, size_t at, size_t indent, size_t width)
{
	struct buf clean;

	buf_init(&clean, LONGEST);
	visible_add(&clean, text_of(s));
	add_wrapped(out, buf_text(&clean), at, indent, width < NARROWEST ? 0 : width);
	buf_fini(&clean);
}

static void add_detail(struct buf *out, const struct doctor_look *look, const char *label,
		       const char *s)
{
	if (s == NULL)
		return;
	add_spaces(out, INDENT);
	buf_printf(out, "%-*s ", LABEL_WIDTH, label);
	add_visible(out, s, INDENT + LABEL_WIDTH + 1, INDENT + LABEL_WIDTH + 1, look->width);
}

void doctor_draw(struct buf *out, const struct doctor_look *look, const struct doctor_task *t)
{
	const struct doctor_finding *f = &t->finding;
	struct arena a;

	arena_init(&a);
	buf_printf(out, "  %s%-*s%s  %-*s  ", look->coloured ? colours[f->status] : "", WORD_WIDTH,
		   doctor_status_name(f->status), look->coloured ? "\x1b[0m" : "", NAME_WIDTH,
		   t->check->name);
	add_visible(out, shown(&a, t, f->summary), INDENT + NAME_WIDTH + 2, INDENT + NAME_WIDTH + 2,
		    look->width);
	if (f->status >= DOCTOR_WARNING) {
		add_detail(out, look, "tried", shown(&a, t, f->tried));
		add_detail(out, look, "got", shown(&a, t, f->answer));
		add_detail(out, look, "do", shown(&a, t, f->advice));
	}
	arena_fini(&a);
}

static void add_heading(struct buf *out, const struct doctor_look *look,
			const struct doctor_task *t)
{
	buf_printf(out, "%s%s", look->coloured ? "\x1b[1m" : "",
		   doctor_group_title(t->check->group));
	if (t->environment != NULL && t->environment->name != NULL) {
		buf_add_char(out, ' ');
		visible_add(out, text_of(t->environment->name));
	}
	buf_add_string(out, look->coloured ? "\x1b[0m" : "");
	if (t->environment != NULL) {
		buf_add_string(out, " at ");
		visible_add(out, text_of(t->environment->url));
	}
	buf_add_char(out, '\n');
}

static bool begins_group(const struct doctor_task *t, const struct doctor_tasks *tasks)
{
	return t == tasks->items || t[-1].check->group != t->check->group ||
	       t[-1].environment != t->environment;
}

/* ---- JSON ---- */

static void put_task(struct json_writer *w, struct arena *a, const struct doctor_task *t)
{
	json_object_begin(w);
	json_put_pair(w, "name", t->check->name);
	json_put_pair(w, "title", t->check->title);
	json_put_pair(w, "environment", t->environment == NULL ? NULL : t->environment->name);
	json_put_pair(w, "status", doctor_status_name(t->finding.status));
	json_put_pair(w, "summary", shown(a, t, t->finding.summary));
	json_put_pair(w, "tried", shown(a, t, t->finding.tried));
	json_put_pair(w, "answer", shown(a, t, t->finding.answer));
	json_put_pair(w, "advice", shown(a, t, t->finding.advice));
	json_object_end(w);
}

static size_t count_of(const struct doctor_tasks *tasks, enum doctor_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < tasks->count; i++)
		count += tasks->items[i].finding.status == status;
	return count;
}

enum doctor_status doctor_worst(const struct doctor_tasks *tasks)
{
	if (count_of(tasks, DOCTOR_FAULT) > 0)
		return DOCTOR_FAULT;
	return count_of(tasks, DOCTOR_WARNING) > 0 ? DOCTOR_WARNING : DOCTOR_OK;
}

void doctor_put_json(struct buf *out, const struct doctor_tasks *tasks)
{
	struct json_writer w;
	struct arena a;

	arena_init(&a);
	json_writer_init(&w, out);
	json_object_begin(&w);
	json_put_pair(&w, "version", PROJECT_VERSION);
	json_put_pair(&w, "status", doctor_status_name(doctor_worst(tasks)));
	json_key(&w, "counts");
	json_object_begin(&w);
	for (int i = 0; i < DOCTOR_STATUSES; i++) {
		json_key(&w, doctor_status_name((enum doctor_status)i));
		json_put_int(&w, (int64_t)count_of(tasks, (enum doctor_status)i));
	}
	json_object_end(&w);
	json_key(&w, "checks");
	json_array_begin(&w);
	for (size_t i = 0; i < tasks->count; i++)
		put_task(&w, &a, &tasks->items[i]);
	json_array_end(&w);
	json_object_end(&w);
	arena_fini(&a);
}

/* ---- the whole ---- */

static void print(struct buf *out)
{
	fwrite(out->ptr, 1, out->len, stdout);
	fflush(stdout);
	buf_fini(out);
}

static void put_list_row(struct json_writer *w, const struct doctor_check *c)
{
	json_object_begin(w);
	json_put_pair(w, "name", c->name);
	json_put_pair(w, "title", c->title);
	json_put_pair(w, "group", doctor_group_title(c->group));
	json_key(w, "eachEnvironment");
	json_put_bool(w, c->group == DOCTOR_PALETTE);
	json_object_end(w);
}

void doctor_list(bool json)
{
	struct json_writer w;
	struct buf out;

	buf_init(&out, LONGEST);
	json_writer_init(&w, &out);
	if (json)
		json_array_begin(&w);
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++) {
		if (json)
			put_list_row(&w, c);
		else
			buf_printf(&out, "%-*s  %s\n", NAME_WIDTH, c->name, c->title);
	}
	if (json) {
		json_array_end(&w);
		buf_add_char(&out, '\n');
	}
	print(&out);
}

void doctor_print_task(const struct doctor_look *look, const struct doctor_task *t,
		       const struct doctor_tasks *tasks)
{
	struct buf out;

	if (look->json)
		return;
	buf_init(&out, LONGEST);
	if (begins_group(t, tasks)) {
		if (t != tasks->items)
			buf_add_char(&out, '\n');
		add_heading(&out, look, t);
	}
	doctor_draw(&out, look, t);
	print(&out);
}

static void add_sum(struct buf *out, const struct doctor_look *look,
		    const struct doctor_tasks *tasks)
{
	static const char *const plural[DOCTOR_STATUSES] = {"ok", "skipped", "warnings", "faults"};
	static const enum doctor_status order[] = {DOCTOR_FAULT, DOCTOR_WARNING, DOCTOR_SKIPPED,
						   DOCTOR_OK};
	bool first = true;

	buf_printf(out, "\n%zu check%s: ", tasks->count, tasks->count == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		size_t count = count_of(tasks, order[i]);

		if (count == 0)
			continue;
		buf_printf(out, "%s%s%zu %s%s", first ? "" : ", ",
			   look->coloured ? colours[order[i]] : "", count,
			   count == 1 ? doctor_status_name(order[i]) : plural[order[i]],
			   look->coloured ? "\x1b[0m" : "");
		first = false;
	}
	buf_add_string(out, "\n");
}

/* It may go to a terminal, and names in it come from elsewhere. */
static void print_json(struct buf *out)
{
	struct buf shown;

	buf_init(&shown, SIZE_MAX / 2);
	visible_add_json(&shown, buf_text(out));
	buf_add_char(&shown, '\n');
	print(&shown);
	buf_fini(out);
}

void doctor_print_end(const struct doctor_look *look, const struct doctor_tasks *tasks)
{
	struct buf out;

	buf_init(&out, LONGEST);
	if (look->json) {
		doctor_put_json(&out, tasks);
		print_json(&out);
	} else {
		add_sum(&out, look, tasks);
		print(&out);
	}
}
