/* Faults and notices, collected. */
#include "config/findings.h"

#include "base/log.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

enum {
	MAX_NOTICES = 1000,
	MAX_KEPT = 10000,   /* faults and notices together */
	LONGEST_PART = 500, /* of a message or a path; both may quote names from the files */
};

/* Makes text fit for a terminal and a log: no control characters, and no more than one can read. */
static const char *tidy(struct arena *a, const char *text)
{
	size_t len = strlen(text);
	size_t keep = len > LONGEST_PART ? LONGEST_PART : len;
	char *out;

	while (keep < len && keep > 0 && ((unsigned char)text[keep] & 0xC0) == 0x80)
		keep--;
	out = arena_printf(a, "%.*s%s", (int)keep, text, keep < len ? "..." : "");
	for (char *c = out; *c != '\0'; c++) {
		bool is_c1 = (unsigned char)c[0] == 0xC2 && (unsigned char)c[1] >= 0x80 &&
			     (unsigned char)c[1] < 0xA0;

		if ((unsigned char)*c < 0x20 || *c == 0x7f || is_c1)
			*c = '?';
		if (is_c1)
			*++c = '?';
	}
	return out;
}

/* ---- for programs ---- */

static const char *copy_or_null(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_copy(a, text_of(s));
}

static void keep(struct findings *f, struct config_finding finding)
{
	struct config_findings *kept = f->kept;

	if (kept == NULL || kept->count == MAX_KEPT)
		return;
	if (kept->count == f->kept_capacity) {
		size_t capacity = f->kept_capacity == 0 ? 8 : f->kept_capacity * 2;
		struct config_finding *items =
			arena_array(&kept->arena, struct config_finding, capacity);

		if (kept->count > 0)
			memcpy(items, kept->items, kept->count * sizeof *items);
		kept->items = items;
		f->kept_capacity = capacity;
	}
	finding.file = copy_or_null(&kept->arena, finding.file);
	finding.path = copy_or_null(&kept->arena, finding.path);
	finding.message = copy_or_null(&kept->arena, finding.message);
	kept->items[kept->count++] = finding;
}

void findings_sort(struct config_findings *kept)
{
	struct config_finding *sorted =
		arena_array(&kept->arena, struct config_finding, kept->count);
	size_t n = 0;

	for (size_t i = 0; i < kept->count; i++)
		if (kept->items[i].is_fault)
			sorted[n++] = kept->items[i];
	for (size_t i = 0; i < kept->count; i++)
		if (!kept->items[i].is_fault)
			sorted[n++] = kept->items[i];
	kept->items = sorted;
}

void config_findings_fini(struct config_findings *findings)
{
	arena_fini(&findings->arena);
	findings->items = NULL;
	findings->count = 0;
}

/* ---- faults ---- */

/* Of a fault at a place: what is tidy already. */
static void record_fault(struct findings *f, struct config_finding finding)
{
	const struct place place = {finding.file, finding.line, finding.column};
	const char *line = arena_printf(f->arena, "%s: %s%s%s", place_print(f->arena, place),
					finding.path == NULL ? "" : finding.path,
					finding.path == NULL ? "" : ": ", finding.message);

	if (f->fault_count++ == 0)
		error_set(&f->first, ERROR_INPUT, "%s", line);
	if (f->faults != NULL)
		buf_printf(f->faults, "%s\n", line);
	finding.is_fault = true;
	keep(f, finding);
}

static bool is_unread(const struct findings *f, const char *path)
{
	for (const char *const *p = f->unread; p != NULL && *p != NULL; p++) {
		size_t len = strlen(*p);

		if (strncmp(path, *p, len) == 0 && (path[len] == '\0' || strchr(".[", path[len])))
			return true;
	}
	return false;
}

void findings_fault(struct findings *f, struct place place, const char *path, const char *format,
		    ...)
{
	struct config_finding finding = {
		.file = tidy(f->arena, place.file),
		.line = place.line,
		.column = place.column,
		.path = path == NULL ? NULL : tidy(f->arena, path),
	};
	va_list args;

	if (path != NULL && is_unread(f, path))
		return;
	va_start(args, format);
	finding.message = tidy(f->arena, arena_vprintf(f->arena, format, args));
	va_end(args);
	record_fault(f, finding);
}

/* Takes "12:" from the front; false: there is none. */
static bool take_number(struct text *t, unsigned *out)
{
	size_t colon = text_find(*t, ':');
	int64_t number;

	if (colon == SIZE_MAX || !text_to_int(text_slice(*t, 0, colon), &number) || number < 1 ||
	    number > UINT_MAX)
		return false;
	*out = (unsigned)number;
	*t = text_slice(*t, colon + 1, t->len);
	return true;
}

void findings_fault_error(struct findings *f, const char *file, const struct error *err)
{
	struct config_finding finding = {.file = tidy(f->arena, file)};
	struct text rest = text_of(err->message);

	if (text_starts(rest, arena_printf(f->arena, "%s:", file))) {
		rest = text_slice(rest, strlen(file) + 1, rest.len);
		if (!take_number(&rest, &finding.line) || !take_number(&rest, &finding.column))
			finding.line = finding.column = 0;
		rest = text_trim(rest);
	}
	finding.message = tidy(f->arena, arena_copy(f->arena, rest));
	record_fault(f, finding);
}

/* ---- notices ---- */

static void add_notice(struct findings *f, struct config_notice notice)
{
	if (f->notice_count == f->notice_capacity) {
		size_t capacity = f->notice_capacity == 0 ? 8 : f->notice_capacity * 2;
		struct config_notice *items = arena_array(f->arena, struct config_notice, capacity);

		if (f->notice_count > 0)
			memcpy(items, f->notices, f->notice_count * sizeof *items);
		f->notices = items;
		f->notice_capacity = capacity;
	}
	f->notices[f->notice_count++] = notice;
}

void findings_notice(struct findings *f, struct place place, const char *path, const char *format,
		     ...)
{
	struct config_notice notice = {
		.where = tidy(f->arena, place_print(f->arena, place)),
		.path = tidy(f->arena, path),
		.message = "further remarks are left out from here",
	};
	va_list args;

	if (f->notice_count > MAX_NOTICES)
		return;
	if (f->notice_count < MAX_NOTICES) {
		va_start(args, format);
		notice.message = tidy(f->arena, arena_vprintf(f->arena, format, args));
		va_end(args);
	}
	add_notice(f, notice);
	keep(f, (struct config_finding){.file = tidy(f->arena, place.file),
					.line = place.line,
					.column = place.column,
					.path = notice.path,
					.message = notice.message});
}

void findings_tell_notices(struct findings *f)
{
	for (size_t i = 0; i < f->notice_count && f->faults != NULL; i++)
		buf_printf(f->faults, "warning: %s: %s: %s\n", f->notices[i].where,
			   f->notices[i].path, f->notices[i].message);
}

bool findings_none(const struct findings *f, struct error *err)
{
	if (f->fault_count == 0)
		return true;
	*err = f->first;
	if (f->fault_count > 1)
		return error_set(err, ERROR_INPUT, "%.900s (and %u more)", f->first.message,
				 f->fault_count - 1);
	return false;
}

void config_log_notices(const struct config_notices *notices)
{
	for (size_t i = 0; i < notices->count; i++)
		log_warn("config.notice", F_STR("place", notices->items[i].where),
			 F_STR("setting", notices->items[i].path),
			 F_STR("message", notices->items[i].message));
}
