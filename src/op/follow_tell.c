/* What a following tells, in which order, and how it ends. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "op/follow_inside.h"

/* ---- ends ---- */

static const struct {
	const char *name;
	bool may_go_on;
	const char *message;
} reasons[FOLLOW_REASONS] = {
	[FOLLOW_RUNNING] = {"running", false, "The cluster runs"},
	[FOLLOW_FAILED] = {"failed", false, "The cluster is in state Error"},
	[FOLLOW_DELETED] = {"deleted", false, "The cluster is deleted"},
	[FOLLOW_SIGNED_OUT] = {"signed-out", false,
			       "Your Palette session is over; sign in to Palette again"},
	[FOLLOW_EXPIRED] = {"expired", true, "Your token has expired; come back with a new one"},
	[FOLLOW_DENIED] = {"denied", false, "You may not see this cluster any more"},
	[FOLLOW_UNREACHABLE] = {"unreachable", true, "Palette has not answered for too long"},
	[FOLLOW_CLOSING] = {"closing", true,
			    "The service is shutting down, or has a new configuration"},
	[FOLLOW_TIME_UP] = {"time-up", true, "The time is up"},
	[FOLLOW_LEFT] = {"left", true, "Nobody listens any more"},
};

const char *follow_reason_name(enum follow_reason reason)
{
	return reasons[reason].name;
}

const char *follow_reason_message(enum follow_reason reason)
{
	return reasons[reason].message;
}

bool follow_may_go_on(enum follow_reason reason)
{
	return reasons[reason].may_go_on;
}

bool following_is_over(const struct following *f)
{
	return f->end->reason != 0;
}

bool following_finish(struct following *f, enum follow_reason reason, const char *message)
{
	if (following_is_over(f))
		return false;
	f->end->reason = reason;
	snprintf(f->end->message, sizeof f->end->message, "%s",
		 message != NULL ? message : reasons[reason].message);
	return false;
}

bool following_finish_cancelled(struct following *f)
{
	bool closing = followers_are_closing(f->call->services->followers);

	return following_finish(f, closing ? FOLLOW_CLOSING : FOLLOW_LEFT, NULL);
}

/* ---- telling ---- */

/* What became of a call of the sink. */
static bool told(struct following *f, bool listens)
{
	f->said_ms = clock_now_ms();
	return listens || following_finish(f, FOLLOW_LEFT, NULL);
}

static void write_id(const struct following *f, char id[FOLLOW_MARK_LONGEST])
{
	struct follow_mark mark;

	follow_seen_mark(&f->seen, &mark);
	follow_mark_write(&mark, id);
}

static bool tell_state(struct following *f, const struct follow_snapshot *now, const char *id)
{
	const struct follow_state state = {.state = now->state, .previous = f->snapshot.state};

	if (state.previous != NULL && strcmp(state.state, state.previous) == 0)
		return true;
	f->calm = 0;
	return f->sink->state == NULL || told(f, f->sink->state(f->sink->context, id, &state));
}

static bool tell_conditions(struct following *f, struct arena *a, const struct follow_snapshot *now,
			    const char *id)
{
	const struct follow_condition **changed;
	size_t count = follow_changed(a, &f->snapshot, now, &changed);

	for (size_t i = 0; i < count; i++) {
		f->calm = 0;
		if (f->sink->condition != NULL &&
		    !told(f, f->sink->condition(f->sink->context, id, changed[i])))
			return false;
	}
	return true;
}

static bool tell_event(struct following *f, const struct follow_event *event)
{
	char id[FOLLOW_MARK_LONGEST];

	if (follow_seen_has(&f->seen, event->known))
		return true;
	follow_seen_add(&f->seen, event->known);
	f->event_ms = clock_now_ms();
	f->calm = 0;
	if (f->sink->component == NULL)
		return true;
	write_id(f, id);
	return told(f, f->sink->component(f->sink->context, id, &event->component));
}

bool following_tell_trouble(struct following *f, const struct error *problem)
{
	return f->sink->trouble == NULL || told(f, f->sink->trouble(f->sink->context, problem));
}

static bool tell_too_many(struct following *f)
{
	struct error problem = {.kind = ERROR_TOO_LARGE};

	error_set(&problem, ERROR_TOO_LARGE,
		  "There are more than %d new component events; the older ones are left out",
		  FOLLOW_MOST_OF_ROUND);
	return following_tell_trouble(f, &problem);
}

bool following_tell(struct following *f, struct arena *a, const struct harvest *h)
{
	char id[FOLLOW_MARK_LONGEST];

	write_id(f, id);
	if (!tell_state(f, &h->snapshot, id) || !tell_conditions(f, a, &h->snapshot, id) ||
	    (h->has_older && !h->is_first && !tell_too_many(f)))
		return false;
	for (size_t i = 0; i < h->count; i++)
		if (!tell_event(f, &h->events[i]))
			return false;
	return true;
}

/* Where Palette has answered with 404 that is told as a state. */
bool following_tell_deleted(struct following *f)
{
	const struct follow_snapshot gone = {.state = "Deleted"};
	char id[FOLLOW_MARK_LONGEST];

	write_id(f, id);
	snprintf(f->end->state, sizeof f->end->state, "%s", gone.state);
	return tell_state(f, &gone, id);
}

/* Without a function that takes it, too: then it counts as told. */
bool following_tell_life(struct following *f)
{
	return told(f, f->sink->quiet == NULL || f->sink->quiet(f->sink->context));
}
