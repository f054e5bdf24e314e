/* How a check says what it found. */
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/visible.h"
#include "cmd/doctor.h"
#include "json/json.h"

/* ---- findings ---- */

static void set(struct doctor_task *t, enum doctor_status status, const char *format, va_list args)
	PRINTF_LIKE(3, 0);

static void set(struct doctor_task *t, enum doctor_status status, const char *format, va_list args)
{
	t->found.status = status;
	t->found.summary = arena_vprintf(&t->arena, format, args);
}

#define SAYS(name, status)                                        \
	void name(struct doctor_task *t, const char *format, ...) \
	{                                                         \
		va_list args;                                     \
                                                                  \
		va_start(args, format);                           \
		set(t, status, format, args);                     \
		va_end(args);                                     \
	}

SAYS(doctor_ok, DOCTOR_OK)
SAYS(doctor_skip, DOCTOR_SKIPPED)
SAYS(doctor_warn, DOCTOR_WARNING)
SAYS(doctor_fault, DOCTOR_FAULT)

#define ADDS(name, member)                                                \
	void name(struct doctor_task *t, const char *format, ...)         \
	{                                                                 \
		va_list args;                                             \
                                                                          \
		va_start(args, format);                                   \
		t->found.member = arena_vprintf(&t->arena, format, args); \
		va_end(args);                                             \
	}

ADDS(doctor_tried, tried)
ADDS(doctor_answer, answer)
ADDS(doctor_advice, advice)

/* ---- words ---- */

void doctor_name(struct doctor_task *t, struct doctor_names *names, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (names->count++ < DOCTOR_MOST_SHOWN) {
		const char *one = arena_vprintf(&t->arena, format, args);

		names->text =
			names->text == NULL
				? one
				: arena_printf(&t->arena, "%s%s%s", names->text,
					       names->separator == NULL ? ", " : names->separator,
					       one);
	}
	va_end(args);
}

const char *doctor_names_text(struct doctor_task *t, const struct doctor_names *names)
{
	if (names->text == NULL)
		return "";
	if (names->count <= DOCTOR_MOST_SHOWN)
		return names->text;
	return arena_printf(&t->arena, "%s and %zu more", names->text,
			    names->count - DOCTOR_MOST_SHOWN);
}

const char *doctor_duration(struct arena *a, int64_t ms)
{
	long long s = (ms < 0 ? -ms : ms) / 1000;

	if (s < 60)
		return arena_printf(a, "%lld s", s);
	if (s < 60LL * 60)
		return arena_printf(a, "%lld min", s / 60);
	if (s < 48LL * 60 * 60)
		return arena_printf(a, "%lld h", s / 3600);
	return arena_printf(a, "%lld days", s / 86400);
}

const char *doctor_date(struct arena *a, int64_t calendar_ms)
{
	char iso[CLOCK_ISO_SIZE];

	clock_format_iso(calendar_ms, iso);
	return arena_printf(a, "%.10s", iso);
}

const char *doctor_environment(struct arena *a, const struct config_environment *environment)
{
	return environment->name == NULL ? "the environment without a name"
					 : arena_printf(a, "`%s`", environment->name);
}

const char *doctor_setting(struct doctor_task *t, const char *name)
{
	return arena_printf(&t->arena, "spectrocloud.environments[%zu].%s",
			    (size_t)(t->environment - t->doctor->config->environments), name);
}

/* ---- asking Backstage ---- */

struct backstage_call doctor_call(struct doctor_task *t)
{
	return (struct backstage_call){
		.arena = &t->arena, .deadline_ms = t->deadline_ms, .may_wait = true};
}

/* Backstage's errors say who they are: {"error":{"name","message"}}. */
static const char *error_of(struct doctor_task *t, const struct http_fetch *fetch)
{
	struct text body;
	struct error unused;
	const char *name;

	if (!json_check(buf_text(&fetch->answer), &body, &unused))
		return "";
	name = json_string_at(&t->arena, body, "/error/name", NULL);
	return name == NULL ? ""
			    : arena_printf(&t->arena, " %s: %s", name,
					   json_string_at(&t->arena, body, "/error/message", ""));
}

const char *doctor_words_of(struct doctor_task *t, const struct http_fetch *fetch)
{
	if (fetch->end != HTTP_FETCH_DONE)
		return fetch->problem == NULL ? "no answer" : fetch->problem;
	return arena_printf(&t->arena, "%d%s", fetch->status,
			    fetch->status >= 400 ? error_of(t, fetch) : "");
}
