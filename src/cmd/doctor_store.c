/* Checks of where users' Palette sessions are kept. */
#include <string.h>

#include "base/clock.h"
#include "cmd/doctor.h"
#include "store/store.h"

/* The service drops what has ended once a minute; what lies there for longer tells that none does.
 */
enum { DROPPED_AFTER_MS = 10 * 60 * 1000 };

static const char *place_of(struct doctor_task *t)
{
	const struct config_store *c = &t->doctor->config->store;

	switch (c->type) {
	case CONFIG_STORE_SQLITE:
		return arena_printf(&t->arena, "the file %s", c->file);
	case CONFIG_STORE_POSTGRESQL:
		return "the PostgreSQL database";
	default:
		return "spectrocloud.tokenStore";
	}
}

static bool survey(struct doctor_task *t, struct store_survey *found)
{
	struct error err;

	doctor_tried(t, "reading %s", place_of(t));
	if (store_survey(t->doctor->config, t->deadline_ms, found, &err))
		return true;
	doctor_fault(t, "the store of sessions cannot be read");
	doctor_answer(t, "%s", err.message);
	if (t->doctor->config->store.type == CONFIG_STORE_SQLITE)
		doctor_advice(
			t, "look whether another program holds the file, who may read it, and at "
			   "spectrocloud.tokenStore");
	else
		doctor_advice(t, "look whether the database runs and lets this user in, and at "
				 "spectrocloud.tokenStore or backend.database");
	return false;
}

/* ---- the store ---- */

static void judge_memory(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;

	if (c->upstream_replicas > 1) {
		doctor_warn(t, "each of %d replicas keeps sessions for itself, in memory",
			    c->upstream_replicas);
		doctor_answer(t,
			      "spectrocloud.upstream.replicas is %d, and "
			      "spectrocloud.tokenStore.type memory",
			      c->upstream_replicas);
		doctor_advice(t, "set spectrocloud.tokenStore.type: postgresql, or have the load "
				 "balancer bring each user to the same replica");
	} else {
		doctor_ok(t, "sessions are in the service's memory, and end with it");
	}
}

static void judge_keys(struct doctor_task *t, const struct store_survey *s)
{
	if (s->tried == 0) {
		doctor_ok(t, "%s can be read; no session is there to try the key on", place_of(t));
		return;
	}
	if (s->opened == s->tried) {
		doctor_ok(t, "%s can be read, and opened with the key", place_of(t));
		return;
	}
	doctor_answer(t, "%zu of %zu sessions do not open", s->tried - s->opened, s->tried);
	if (s->opened == 0) {
		doctor_fault(t, "the sessions are sealed with another key");
		doctor_advice(t,
			      "set spectrocloud.tokenStore.encryptionKey to the key that the "
			      "service has; if that is this one, a url or name of an environment "
			      "was changed, and users sign in once more");
	} else {
		doctor_warn(t, "some sessions are sealed with another key");
		doctor_advice(t, "keep the former key in the list of "
				 "spectrocloud.tokenStore.encryptionKey until they have ended");
	}
}

void doctor_check_store(struct doctor_task *t)
{
	struct store_survey found;

	if (!survey(t, &found))
		return;
	if (found.out_of_reach)
		judge_memory(t);
	else if (found.missing)
		doctor_ok(t, "%s is there to be made: no service has opened it yet", place_of(t));
	else
		judge_keys(t, &found);
}

/* ---- the sessions ---- */

void doctor_check_sessions(struct doctor_task *t)
{
	struct store_survey s;

	if (!survey(t, &s))
		return;
	if (s.out_of_reach) {
		doctor_skip(t, "they are in the memory of the running service; it answers for one "
			       "address at /api/spectrocloud/session-tokens/EMAIL");
	} else if (s.live + s.expired == 0) {
		doctor_warn(t, "nobody has one");
		doctor_answer(t, s.missing ? "nothing has been made there" : "no row");
		doctor_advice(t,
			      "add backstage/session-bridge to Backstage and sign in to Palette; "
			      "sessions end after 15 minutes unless Palette says otherwise");
	} else if (s.expired > 0 && s.first_end_ms < clock_calendar_ms() - DROPPED_AFTER_MS) {
		doctor_warn(t, "%zu live, and %zu that ended are still there", s.live, s.expired);
		doctor_answer(t, "the oldest ended %s ago",
			      doctor_duration(&t->arena, clock_calendar_ms() - s.first_end_ms));
		doctor_advice(t, "the service drops them once a minute: look whether it runs, with "
				 "this store");
	} else {
		doctor_ok(t, "%zu live, %zu just ended", s.live, s.expired);
	}
}
