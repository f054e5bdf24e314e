/* Faults and notices, collected. */
#include "config/findings.h"

#include "base/log.h"

#include <stdarg.h>
#include <string.h>

enum {
	MAX_NOTICES = 1000,
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

static void record_fault(struct findings *f, const char *line)
{
	if (f->fault_count++ == 0)
		error_set(&f->first, ERROR_INPUT, "%s", line);
	if (f->faults != NULL)
		buf_printf(f->faults, "%s\n", line);
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
	const char *where = tidy(f->arena, place_print(f->arena, place));
	const char *message;
	va_list args;

	if (path != NULL && is_unread(f, path))
		return;
	va_start(args, format);
	message = tidy(f->arena, arena_vprintf(f->arena, format, args));
	va_end(args);
	if (path == NULL)
		record_fault(f, arena_printf(f->arena, "%s: %s", where, message));
	else
		record_fault(f, arena_printf(f->arena, "%s: %s: %s", where, tidy(f->arena, path),
					     message));
}

void findings_fault_error(struct findings *f, const struct error *err)
{
	record_fault(f, tidy(f->arena, err->message));
}

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
