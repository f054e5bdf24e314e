/* sessions list: a table for people, fields between tabs or JSON for programs. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/visible.h"
#include "cmd/sessions.h"
#include "json/json.h"

/* ---- times ---- */

static void add_date(struct buf *out, const struct tm *t)
{
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", t->tm_year + 1900, t->tm_mon + 1,
		   t->tm_mday, t->tm_hour, t->tm_min, t->tm_sec);
}

static void add_utc(struct buf *out, int64_t calendar_ms)
{
	const time_t seconds = calendar_ms / 1000;
	struct tm t = {.tm_sec = 0};

	gmtime_r(&seconds, &t);
	add_date(out, &t);
	buf_add_char(out, 'Z');
}

static void add_local(struct buf *out, int64_t calendar_ms)
{
	const time_t seconds = calendar_ms / 1000;
	struct tm t = {.tm_sec = 0};
	long minutes;

	localtime_r(&seconds, &t);
	minutes = (t.tm_gmtoff < 0 ? -t.tm_gmtoff : t.tm_gmtoff) / 60;
	add_date(out, &t);
	buf_printf(out, "%c%02ld:%02ld", t.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static void add_left(struct buf *out, int64_t ms)
{
	long long s = ms / 1000;

	if (s < 60)
		buf_printf(out, "in %lld s", s < 0 ? 0 : s);
	else if (s < 60LL * 60)
		buf_printf(out, "in %lld min", s / 60);
	else if (s < 24LL * 60 * 60)
		buf_printf(out, "in %lld h %lld min", s / 3600, s / 60 % 60);
	else
		buf_printf(out, "in %lld d %lld h", s / 86400, s / 3600 % 24);
}

/* ---- a table ---- */

static const char *const headings[] = {"ADDRESS", "ENVIRONMENT", "ENDS"};

static const char *environment_in_table(const struct session_row *row)
{
	return *row->environment == '\0' ? "(no name)" : row->environment;
}

/* What is shown of a text; line is only lent. */
static struct text shown(struct buf *line, const char *of)
{
	buf_truncate(line, 0);
	visible_add(line, text_of(of));
	return buf_text(line);
}

static void widen(size_t *width, struct text t)
{
	size_t columns = visible_columns(t);

	if (columns > *width)
		*width = columns;
}

static void print_cell(struct text t, size_t width)
{
	size_t columns = visible_columns(t);

	printf("%.*s%*s", (int)t.len, t.ptr, (int)(width - columns) + 2, "");
}

static void print_table(const struct session_row *rows, size_t count, struct buf *line)
{
	size_t widths[2] = {visible_columns(text_of(headings[0])),
			    visible_columns(text_of(headings[1]))};
	int64_t now_ms = clock_calendar_ms();

	for (size_t i = 0; i < count; i++) {
		widen(&widths[0], shown(line, rows[i].email));
		widen(&widths[1], shown(line, environment_in_table(&rows[i])));
	}
	print_cell(text_of(headings[0]), widths[0]);
	print_cell(text_of(headings[1]), widths[1]);
	puts(headings[2]);
	for (size_t i = 0; i < count; i++) {
		print_cell(shown(line, rows[i].email), widths[0]);
		print_cell(shown(line, environment_in_table(&rows[i])), widths[1]);
		buf_truncate(line, 0);
		add_local(line, rows[i].expires_ms);
		buf_add_string(line, "  ");
		add_left(line, rows[i].expires_ms - now_ms);
		puts(line->ptr);
	}
}

/* ---- for programs ---- */

static void print_fields(const struct session_row *rows, size_t count, struct buf *line)
{
	for (size_t i = 0; i < count; i++) {
		buf_truncate(line, 0);
		visible_add(line, text_of(rows[i].email));
		buf_add_char(line, '\t');
		visible_add(line, text_of(rows[i].environment));
		buf_add_char(line, '\t');
		add_utc(line, rows[i].expires_ms);
		puts(line->ptr);
	}
}

static void add_object(struct buf *out, const struct session_row *row)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "email");
	json_put_cstr(&w, row->email);
	json_key(&w, "environment");
	json_put_cstr(&w, row->environment);
	json_key(&w, "expiresAt");
	json_put_int(&w, row->expires_ms);
	json_object_end(&w);
}

static void print_json(const struct session_row *rows, size_t count, struct buf *line)
{
	struct buf object;

	buf_init(&object, SESSIONS_LONGEST_SHOWN);
	putchar('[');
	for (size_t i = 0; i < count; i++) {
		buf_truncate(&object, 0);
		buf_truncate(line, 0);
		add_object(&object, &rows[i]);
		visible_add_json(line, buf_text(&object));
		printf("%s\n%s", i == 0 ? "" : ",", line->ptr);
	}
	puts(count == 0 ? "]" : "\n]");
	buf_fini(&object);
}

/* ---- list ---- */

static void print(const struct sessions_listing *how, const struct session_row *rows, size_t count)
{
	struct buf line;

	buf_init(&line, SESSIONS_LONGEST_SHOWN);
	if (how->json)
		print_json(rows, count, &line);
	else if (count > 0 && isatty(STDOUT_FILENO))
		print_table(rows, count, &line);
	else
		print_fields(rows, count, &line);
	buf_fini(&line);
}

/* They may be more or fewer by now; that is none of the reader's business. */
static int tell_of_more(struct store *store, size_t listed)
{
	struct error err;
	size_t all;

	if (!store_count(store, sessions_deadline(), &all, &err))
		return sessions_failed(&err);
	fflush(stdout);
	if (all > listed)
		fprintf(stderr, "These are %zu of %zu sessions; --limit N lists more.\n", listed,
			all);
	return 0;
}

int sessions_list(struct store *store, const struct sessions_listing *how)
{
	struct session_row *rows = NULL;
	struct arena arena;
	struct error err;
	size_t count = 0;
	int status = 0;

	arena_init(&arena);
	if (store_list(store, &arena, how->most, sessions_deadline(), &rows, &count, &err)) {
		print(how, rows, count);
		if (count == 0)
			fputs("There are no sessions.\n", stderr);
		else if (count == how->most)
			status = tell_of_more(store, count);
	} else {
		status = sessions_failed(&err);
	}
	arena_fini(&arena);
	return status;
}
