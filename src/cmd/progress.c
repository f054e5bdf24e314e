/* How a cluster comes along: what is told, in one of three looks. */
#include "cmd/progress.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/visible.h"
#include "cmd/progress_live.h"
#include "json/json.h"

enum {
	QUIET_MS = 5 * 60 * 1000, /* continuous integration ends what says nothing for long */
	LONGEST_LINE = 64 * 1024,
};

struct progress {
	FILE *to;
	enum progress_look look;
	const char *name;
	struct live *live; /* NULL: not that look */
	char state[FOLLOW_LONGEST_WORD + 1];
};

enum progress_look progress_look_of(FILE *to, bool json)
{
	const char *terminal = getenv("TERM");

	if (json)
		return PROGRESS_JSON;
	if (!isatty(fileno(to)) || terminal == NULL || *terminal == '\0' ||
	    strcmp(terminal, "dumb") == 0)
		return PROGRESS_LINES;
	return PROGRESS_LIVE;
}

struct progress *progress_new(FILE *to, enum progress_look look, const char *name)
{
	struct progress *p = heap_alloc(sizeof *p);

	*p = (struct progress){.to = to, .look = look, .name = name};
	if (look == PROGRESS_LIVE)
		p->live = live_new(to);
	return p;
}

void progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	live_free(p->live);
	free(p);
}

/* ---- lines ---- */

/* On a terminal the clock on the wall, elsewhere what sorts. */
static void add_time(const struct progress *p, struct buf *out)
{
	char iso[CLOCK_ISO_SIZE];
	char wall[16];
	struct tm now;
	time_t seconds = time(NULL);

	if (p->look == PROGRESS_LIVE && localtime_r(&seconds, &now) != NULL &&
	    strftime(wall, sizeof wall, "%H:%M:%S", &now) > 0) {
		buf_printf(out, "%s  ", wall);
		return;
	}
	clock_format_iso(clock_calendar_ms(), iso);
	buf_printf(out, "%s ", iso);
}

/* Texts up to a NULL, as one line; they are made harmless. */
static bool put_line(struct progress *p, const char *const *texts)
{
	struct buf out;

	buf_init(&out, LONGEST_LINE);
	add_time(p, &out);
	for (; *texts != NULL; texts++)
		visible_add(&out, text_of(*texts));
	if (p->live != NULL)
		live_note(p->live, out.ptr);
	else
		fprintf(p->to, "%s\n", out.ptr);
	buf_fini(&out);
	fflush(p->to);
	return ferror(p->to) == 0;
}

#define LINE(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- JSON: the members that the HTTP API's events have ---- */

/* Names and texts by turns, up to a NULL; those that are NULL are left out. */
struct member {
	const char *name;
	const char *value;
};

static bool put_json(struct progress *p, const char *event, const struct member *members)
{
	char now[CLOCK_ISO_SIZE];
	struct json_writer w;
	struct buf shown;
	struct buf out;

	clock_format_iso(clock_calendar_ms(), now);
	buf_init(&out, SIZE_MAX);
	buf_init(&shown, SIZE_MAX);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_put_pair(&w, "event", event);
	json_put_pair(&w, "at", now);
	for (; members->name != NULL; members++)
		if (members->value != NULL)
			json_put_pair(&w, members->name, members->value);
	json_object_end(&w);
	visible_add_json(&shown, buf_text(&out)); /* it may be a terminal */
	fprintf(p->to, "%s\n", shown.ptr);
	buf_fini(&shown);
	buf_fini(&out);
	fflush(p->to);
	return ferror(p->to) == 0;
}

#define MEMBERS(...) ((const struct member[]){__VA_ARGS__, {NULL, NULL}})

/* ---- what is told ---- */

static bool on_state(void *context, const char *id, const struct follow_state *state)
{
	struct progress *p = context;

	(void)id;
	snprintf(p->state, sizeof p->state, "%s", state->state);
	if (p->look == PROGRESS_JSON)
		return put_json(p, "state",
				MEMBERS({"state", state->state}, {"previous", state->previous}));
	if (p->look == PROGRESS_LIVE)
		return put_line(p, LINE(state->state));
	return put_line(p, LINE(p->name, ": ", state->state));
}

static bool on_condition(void *context, const char *id, const struct follow_condition *c)
{
	struct progress *p = context;
	bool is_done = strcasecmp(c->status, "True") == 0;

	(void)id;
	if (p->look == PROGRESS_JSON)
		return put_json(p, "condition",
				MEMBERS({"type", c->type}, {"status", c->status},
					{"reason", c->reason}, {"message", c->message},
					{"lastTransitionTime", c->last_transition}));
	if (p->look == PROGRESS_LIVE) {
		live_condition(p->live, c);
		return ferror(p->to) == 0;
	}
	if (is_done)
		return put_line(p, LINE("  ", c->type, ": done"));
	return put_line(p, LINE("  ", c->type, ": not yet", *c->reason == '\0' ? "" : ", ",
				c->reason, *c->message == '\0' ? "" : ": ", c->message));
}

/* For people only what is no routine. */
static bool on_component(void *context, const char *id, const struct follow_component *c)
{
	struct progress *p = context;

	(void)id;
	if (p->look == PROGRESS_JSON)
		return put_json(p, "component",
				MEMBERS({"uid", c->uid}, {"time", c->time},
					{"severity", c->severity}, {"reason", c->reason},
					{"message", c->message}, {"component", c->component},
					{"host", c->host}));
	if (strcasecmp(c->severity, "Normal") == 0 || *c->severity == '\0')
		return ferror(p->to) == 0;
	return put_line(p, LINE("  ", c->severity, *c->component == '\0' ? "" : " of ",
				c->component, ": ", c->reason,
				*c->reason == '\0' || *c->message == '\0' ? "" : ": ", c->message));
}

static bool on_trouble(void *context, const struct error *problem)
{
	struct progress *p = context;

	if (p->look == PROGRESS_JSON)
		return put_json(p, "trouble", MEMBERS({"message", problem->message}));
	return put_line(p, LINE("  still trying: ", problem->message));
}

static bool on_quiet(void *context)
{
	struct progress *p = context;

	if (p->look == PROGRESS_LINES)
		return put_line(p, LINE("  still ", p->state));
	return true;
}

struct follow_sink progress_sink(struct progress *p)
{
	return (struct follow_sink){
		.context = p,
		.state = on_state,
		.condition = on_condition,
		.component = on_component,
		.trouble = on_trouble,
		.quiet = on_quiet,
	};
}

int64_t progress_quiet_ms(const struct progress *p)
{
	return p->look == PROGRESS_LINES ? QUIET_MS : 0;
}

void progress_end(struct progress *p, const char *uid, const struct follow_end *end, bool went_well,
		  const char *sentence)
{
	struct buf shown;

	if (p->look == PROGRESS_JSON) {
		(void)put_json(p, "end",
			       MEMBERS({"reason", follow_reason_name(end->reason)}, {"uid", uid},
				       {"state", end->state}, {"message", end->message}));
		return;
	}
	if (p->look == PROGRESS_LINES) {
		(void)put_line(p, LINE(sentence));
		return;
	}
	buf_init(&shown, LONGEST_LINE);
	visible_add(&shown, text_of(sentence));
	live_end(p->live, went_well, end->reason == FOLLOW_FAILED || end->reason == FOLLOW_DELETED,
		 shown.ptr);
	buf_fini(&shown);
}
