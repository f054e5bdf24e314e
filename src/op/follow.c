/*
 * Following a cluster, in rounds: Palette is asked for the cluster and for its newest events, what
 * is new or changed is told, then follows a pause.
 *
 * Between two rounds nothing is held but what was read last: no place among Palette's calls, no
 * session. Each round is a call of its own, with memory of its own, so that hours of following take
 * no more of it than minutes; what was read lives until the next good round, so there are two
 * arenas, in turn.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "op/follow_inside.h"
#include "json/json.h"

enum {
	LONGEST_ROUND_MS = 10000, /* but for the first, which has the call's own time */
	LONGEST_PAUSE_MS = 60000, /* also where Palette asks for more */
	CALM_ROUNDS = 24,         /* after so many without news there is twice the time between */
	PAGE_OF_EVENTS = 50,      /* what Palette gives at a time */
};

/* ---- reading ---- */

/* From which of Palette's events on all were told. */
struct reach {
	struct arena *arena;
	const struct follow_seen *seen;
	int64_t now_ms;
	int64_t newer_ms;
};

static bool is_reached(void *context, struct text item)
{
	struct reach *reach = context;

	reach->newer_ms = follow_event_time(reach->arena, item, reach->now_ms, reach->newer_ms);
	return follow_seen_reaches(reach->seen, reach->newer_ms);
}

/* How many of the newest are read: at the start as many as are told, and one more to see whether
 * there are older ones; but no fewer than come at a time anyway. */
static size_t how_many(const struct following *f)
{
	size_t wanted = f->options->backlog + 1;

	if (f->knows_events)
		return FOLLOW_MOST_OF_ROUND;
	return wanted < PAGE_OF_EVENTS ? PAGE_OF_EVENTS : wanted;
}

static bool read_events(struct following *f, struct call *now, struct harvest *h, struct error *err)
{
	const int64_t now_ms = clock_calendar_ms();
	struct reach reach = {now->arena, &f->seen, now_ms, now_ms};
	struct palette_list list;
	struct buf document;
	bool ok;

	palette_list_init(&list, now->palette, "events");
	ok = palette_cluster_events_until(now->palette, f->project, f->uid,
					  f->knows_events ? is_reached : NULL, &reach, how_many(f),
					  &list, err) &&
	     palette_list_finish(&list, &document, err);
	if (ok) {
		h->count = follow_read_events(now->arena, buf_text(&document), now_ms, &h->events);
		h->has_older = list.more;
		buf_fini(&document);
	}
	palette_list_fini(&list);
	return ok;
}

/* What was there before somebody began to follow: of that, only the newest are told. */
static void skip_backlog(struct following *f, struct harvest *h)
{
	struct follow_mark start = {.given = true};
	size_t skipped = h->count > f->options->backlog ? h->count - f->options->backlog : 0;

	if (h->has_older)
		start.floor_ms = h->events[0].known.time_ms;
	follow_seen_begin(&f->seen, &start);
	for (size_t i = 0; i < skipped; i++)
		follow_seen_add(&f->seen, h->events[i].known);
	if (skipped > 0)
		h->events += skipped;
	h->count -= skipped;
	h->is_first = true;
	f->knows_events = true;
}

static bool read_cluster(struct following *f, struct call *now, struct harvest *h,
			 struct error *err)
{
	struct buf object;
	bool ok;

	if (!palette_cluster_object(now->palette, f->project, f->uid, &object, err))
		return false;
	ok = follow_read_cluster(now->arena, text_trim(buf_text(&object)), &h->snapshot, err);
	buf_fini(&object);
	return ok;
}

static bool is_deleted(const struct follow_snapshot *snapshot)
{
	return strcmp(snapshot->state, "Deleted") == 0;
}

/* Of one that is deleted Palette need not know events any more. */
static bool read_round(struct following *f, struct call *now, struct harvest *h, struct error *err)
{
	*h = (struct harvest){.count = 0};
	return read_cluster(f, now, h, err) &&
	       (read_events(f, now, h, err) ||
		(err->kind == ERROR_NOT_FOUND && is_deleted(&h->snapshot)));
}

/* ---- a round ---- */

/*
 * Whether the caller is still who they were, and may. Their token is looked at anew, since it ends
 * some time, and so does what they may. Outcome: false with the end set, or with an error where it
 * cannot be told at the moment.
 */
static bool ask_again(struct following *f, struct call *now, struct error *err)
{
	const struct backstage_call how = call_asking(now, true);

	if (now->local)
		return true;
	if (now->principal.expires_s != 0 && clock_calendar_ms() / 1000 >= now->principal.expires_s)
		return following_finish(f, FOLLOW_EXPIRED, NULL);
	if (clock_now_ms() - f->asked_ms < f->config->recheck_ms)
		return true;
	now->identified = false;
	if (now->op->permission != PERMIT_ANYONE && op_identify(now, true, err) != IDENTITY_KNOWN) {
		if (err->kind == ERROR_UNAUTHENTICATED)
			following_finish(f, FOLLOW_EXPIRED, NULL);
		else if (err->kind == ERROR_DENIED)
			following_finish(f, FOLLOW_DENIED, err->message);
		return false;
	}
	if (!backstage_authorize(now->services->backstage, &how, &now->principal,
				 now->op->permission, err)) {
		/* Then it may be a yes again soon. */
		if (err->unclear)
			err->kind = ERROR_UNAVAILABLE;
		else if (err->kind == ERROR_DENIED)
			following_finish(f, FOLLOW_DENIED, err->message);
		return false;
	}
	f->asked_ms = clock_now_ms();
	return true;
}

/*
 * Whoever began with a session of their own does not go on with the rights of others. Where it is
 * not found any more it is over, unless the store is away: then nobody knows.
 */
static bool keeps_session(struct following *f, const struct call *now, struct error *err)
{
	int64_t expires_ms = 0;

	if (now->session.token.ptr != NULL) {
		f->has_session = true;
		return true;
	}
	if (!f->has_session)
		return true;
	if (now->session_email.ptr != NULL &&
	    !sessions_look(now->services->sessions, now->arena, now->session_email,
			   now->deadline_ms, &expires_ms, err))
		return false;
	if (expires_ms != 0)
		return error_set(err, ERROR_UNAVAILABLE, "Your Palette session cannot be read");
	error_set(err, ERROR_UNAUTHENTICATED, "%s", follow_reason_message(FOLLOW_SIGNED_OUT));
	err->reauthenticate = true;
	return false;
}

/* Opens Palette, reads, closes. */
static bool run_round(struct following *f, struct call *now, struct harvest *h, struct error *err)
{
	bool opened = call_open_environment(now, err);
	bool ok;

	/* It may be for want of the session that it was not opened. */
	ok = (opened || now->session_email.ptr != NULL) && keeps_session(f, now, err) && opened &&
	     read_round(f, now, h, err);
	palette_close(now->palette);
	if (!ok && err->reauthenticate)
		call_drop_session(now);
	return ok;
}

static struct call call_of_round(const struct following *f, struct arena *a, int64_t deadline_ms)
{
	struct call now = *f->call;

	now.arena = a;
	now.deadline_ms = deadline_ms;
	now.palette = NULL;
	now.session = (struct session){.expires_ms = 0};
	now.session_email = (struct text){NULL, 0};
	now.progress = NULL;
	now.follows = true;
	return now;
}

/* Tells what a good round has brought, and keeps it for the next. */
static void take(struct following *f, struct arena *a, struct harvest *h)
{
	const char *state = h->snapshot.state;

	if (!f->knows_events)
		skip_backlog(f, h);
	f->calm++;
	f->in_trouble = false;
	f->at_least_ms = 0;
	snprintf(f->end->state, sizeof f->end->state, "%s", state);
	if (following_tell(f, a, h)) {
		if (strcmp(state, "Running") == 0)
			following_finish(f, FOLLOW_RUNNING, NULL);
		else if (strcmp(state, "Error") == 0)
			following_finish(f, FOLLOW_FAILED, NULL);
		else if (is_deleted(&h->snapshot))
			following_finish(f, FOLLOW_DELETED, NULL);
	}
	/* Among those that were not read may be some of the same moment as the oldest that was. */
	if (h->is_first && h->has_older)
		f->seen.floor_whole = true;
	follow_seen_trim(&f->seen);
	if (clock_now_ms() - f->event_ms >= FOLLOW_SLACK_MS)
		follow_seen_settle(&f->seen, clock_calendar_ms());
	f->snapshot = h->snapshot;
	f->good_ms = clock_now_ms();
	f->turn = !f->turn;
	arena_fini(&f->arenas[!f->turn]);
}

static void take_trouble(struct following *f, const struct error *err)
{
	if (clock_now_ms() - f->good_ms >= f->config->patience_ms) {
		following_finish(f, FOLLOW_UNREACHABLE, err->message);
		return;
	}
	f->at_least_ms = (int64_t)err->retry_after_s * 1000;
	if (!f->in_trouble)
		following_tell_trouble(f, err);
	f->in_trouble = true;
}

/* A round that was not good: is it the end? */
static void take_failure(struct following *f, const struct error *err)
{
	if (following_is_over(f))
		return;
	if (err->kind == ERROR_CANCELLED || http_cancelled(f->call->cancel))
		following_finish_cancelled(f);
	else if (err->kind == ERROR_UNAUTHENTICATED)
		following_finish(f, FOLLOW_SIGNED_OUT, err->message);
	else if (err->kind == ERROR_DENIED)
		following_finish(f, FOLLOW_DENIED, err->message);
	else if (err->kind == ERROR_NOT_FOUND && following_tell_deleted(f))
		following_finish(f, FOLLOW_DELETED, NULL);
	else if (err->kind != ERROR_NOT_FOUND)
		take_trouble(f, err);
}

/* A deadline that is not behind that of the following. */
static int64_t within(const struct following *f, int64_t deadline_ms)
{
	int64_t last_ms = f->options->deadline_ms;

	return last_ms != 0 && last_ms < deadline_ms ? last_ms : deadline_ms;
}

static bool begin(struct following *f, struct error *err)
{
	struct arena *a = &f->arenas[!f->turn];
	struct call now = call_of_round(f, a, within(f, f->call->deadline_ms));
	struct harvest h;
	bool ok = run_round(f, &now, &h, err);

	/* The head of the answer says it, which goes out with the first event. */
	f->call->reauthenticate = now.reauthenticate;
	if (ok) {
		take(f, a, &h);
		return true;
	}
	if (err->kind == ERROR_CANCELLED && followers_are_closing(f->call->services->followers))
		error_set(err, ERROR_UNAVAILABLE, "%s", follow_reason_message(FOLLOW_CLOSING));
	err->details = arena_copy_text(f->call->arena, err->details);
	return false;
}

static void go_on(struct following *f)
{
	struct arena *a = &f->arenas[!f->turn];
	struct call now = call_of_round(f, a, within(f, clock_now_ms() + LONGEST_ROUND_MS));
	struct error err = {.kind = ERROR_INTERNAL};
	struct harvest h;

	if (ask_again(f, &now, &err) && run_round(f, &now, &h, &err)) {
		take(f, a, &h);
		return;
	}
	take_failure(f, &err);
	arena_fini(a);
}

/* ---- pauses ---- */

static int64_t pause_ms(const struct following *f)
{
	int64_t ms = (int64_t)f->config->interval_ms * (f->calm >= CALM_ROUNDS ? 2 : 1);

	if (ms < f->at_least_ms)
		ms = f->at_least_ms;
	return ms < LONGEST_PAUSE_MS ? ms : LONGEST_PAUSE_MS;
}

/* Shows that the following lives if nothing will have been said for too long in ms from now. */
static void show_life(struct following *f, int64_t ms)
{
	int64_t quiet_ms = f->options->quiet_ms;

	if (quiet_ms != 0 && clock_now_ms() + ms >= f->said_ms + quiet_ms)
		following_tell_life(f);
}

/* How long to wait at a time, of what is left. */
static int64_t slice(const struct following *f, int64_t left_ms)
{
	int64_t quiet_ms = clock_left_ms(f->said_ms + f->options->quiet_ms);
	int64_t ms = left_ms;

	if (f->options->quiet_ms != 0 && quiet_ms < ms)
		ms = quiet_ms;
	if (f->options->deadline_ms != 0 && clock_left_ms(f->options->deadline_ms) < ms)
		ms = clock_left_ms(f->options->deadline_ms);
	return ms;
}

static void check_time(struct following *f)
{
	if (f->options->deadline_ms != 0 && clock_left_ms(f->options->deadline_ms) == 0)
		following_finish(f, FOLLOW_TIME_UP, NULL);
}

static void rest(struct following *f)
{
	int64_t until_ms = clock_now_ms() + pause_ms(f);

	while (!following_is_over(f) && clock_left_ms(until_ms) > 0) {
		if (http_cancel_wait_ms(f->call->cancel, slice(f, clock_left_ms(until_ms)))) {
			following_finish_cancelled(f);
			return;
		}
		check_time(f);
		if (!following_is_over(f))
			show_life(f, 0);
	}
	/* While Palette is waited for nothing can be said. */
	if (!following_is_over(f))
		show_life(f, LONGEST_ROUND_MS);
}

bool follow_cluster(struct call *c, const char *project, const char *uid,
		    const struct follow_options *options, const struct follow_sink *sink,
		    struct follow_end *end, struct error *err)
{
	struct followers_place place = {.link = NULL};
	struct follow_end ending = {.reason = 0};
	struct following f = {
		.call = c,
		.project = project,
		.uid = uid,
		.options = options,
		.sink = sink,
		.end = &ending,
		.config = &c->services->config->follow,
		.asked_ms = clock_now_ms(),
		.event_ms = clock_now_ms(),
		.knows_events = options->since.given,
	};
	bool ok;

	arena_init(&f.arenas[0]);
	arena_init(&f.arenas[1]);
	follow_seen_begin(&f.seen, &options->since);
	followers_enter(c->services->followers, &place, c->cancel);
	ok = begin(&f, err);
	followers_begun(c->services->followers, &place);
	while (ok && !following_is_over(&f)) {
		rest(&f);
		if (!following_is_over(&f))
			go_on(&f);
	}
	followers_leave(c->services->followers, &place);
	follow_seen_fini(&f.seen);
	arena_fini(&f.arenas[0]);
	arena_fini(&f.arenas[1]);
	if (ok)
		*end = ending;
	return ok;
}
