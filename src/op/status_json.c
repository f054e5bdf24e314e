/* The status as JSON, and what its members mean. */
#include <string.h>

#include "base/clock.h"
#include "op/status.h"
#include "json/json.h"

/* ---- documentation ---- */

#define INT(n, h)                                                             \
	{                                                                     \
		.name = (n), .type = FIELD_INT, .required = true, .help = (h) \
	}
#define MAYBE_INT(n, h)                                     \
	{                                                   \
		.name = (n), .type = FIELD_INT, .help = (h) \
	}
#define STRING(n, h)                                                             \
	{                                                                        \
		.name = (n), .type = FIELD_STRING, .required = true, .help = (h) \
	}
#define MAYBE_STRING(n, h)                                     \
	{                                                      \
		.name = (n), .type = FIELD_STRING, .help = (h) \
	}
#define BOOL(n, h)                                                             \
	{                                                                      \
		.name = (n), .type = FIELD_BOOL, .required = true, .help = (h) \
	}
#define OBJECT(n, f, h)                                                                         \
	{                                                                                       \
		.name = (n), .type = FIELD_OBJECT, .required = true, .fields = (f), .help = (h) \
	}
#define LIST(n, f, h)                                                                          \
	{                                                                                      \
		.name = (n), .type = FIELD_ARRAY, .required = true, .fields = (f), .help = (h) \
	}
#define END_OF_FIELDS        \
	{                    \
		.name = NULL \
	}

static const struct field notice_fields[] = {
	STRING("level", "warning or bad"),
	STRING("message", "What is wrong"),
	STRING("about", "The part of the page that has more"),
	END_OF_FIELDS,
};

static const struct field minute_fields[] = {
	INT("requests", "In that minute"),
	INT("failures", "Of those, how many failed"),
	MAYBE_INT("medianUs", "Half of them took no longer, in microseconds"),
	MAYBE_INT("p95Us", "95 of 100 took no longer"),
	END_OF_FIELDS,
};

static const struct field load_fields[] = {
	INT("requests", "In the last hour"),
	INT("failures", "Of those, how many failed: no answer, 429 or 5xx"),
	MAYBE_INT("medianUs", "Half of them took no longer, in microseconds; not there where there "
			      "were none"),
	MAYBE_INT("p95Us", "95 of 100 took no longer"),
	LIST("minutes", minute_fields,
	     "The same of each minute, the oldest first; the last is not "
	     "over"),
	END_OF_FIELDS,
};

static const struct field count_fields[] = {
	STRING("name", "What was counted"),
	INT("hour", "In the last hour"),
	INT("total", "Since the start"),
	END_OF_FIELDS,
};

static const struct field budget_fields[] = {
	STRING("path", "Part of Palette's API"),
	INT("left", "Requests that its rate limit has left now"),
	INT("most", "That it can have left"),
	END_OF_FIELDS,
};

static const struct field environment_fields[] = {
	STRING("name", "Its name in the configuration"),
	STRING("state", "answers, fails, does not answer, refuses the apiToken, or not asked"),
	STRING("circuit", "closed, open or half-open"),
	INT("failuresInARow", "Attempts that have failed since the last answer"),
	MAYBE_STRING("silentSince", "Where it does not answer: since when"),
	MAYBE_STRING("tokenRefusedSince", "Where it refuses the apiToken: since when"),
	OBJECT("load", load_fields, "Attempts of requests to Palette"),
	LIST("failures", count_fields, "Of those that failed, by status or word"),
	INT("heldBack", "Not sent in the last hour, as the rate limit left no turn in time"),
	LIST("budget", budget_fields, "What is left of the rate limits of what was asked"),
	MAYBE_STRING("certificateEnds", "When the certificate ends that was seen last"),
	END_OF_FIELDS,
};

static const struct field cache_fields[] = {
	LIST("questions", count_fields, "hit, stale, miss and coalesced"),
	INT("bytes", "What is kept"),
	INT("entries", "How many answers that are"),
	END_OF_FIELDS,
};

static const struct field decision_fields[] = {
	STRING("permission", "Its name"),
	INT("allowed", "In the last hour"),
	INT("denied", "Likewise"),
	INT("unclear", "Denied because nobody could say"),
	END_OF_FIELDS,
};

static const struct field creation_fields[] = {
	STRING("cloud", "The kind of cluster"),
	INT("running", "Creations at work now"),
	INT("succeeded", "In the last hour"),
	INT("failed", "Nothing was created"),
	INT("unknown", "Nobody can say whether it was created"),
	INT("replayed", "Answered with what the same request was answered before"),
	MAYBE_STRING("lastOutcome", "How the last one ended"),
	MAYBE_STRING("lastEnded", "When"),
	END_OF_FIELDS,
};

static const struct field pool_fields[] = {
	STRING("name", "What its threads are for"),
	INT("most", "Threads that may be at work"),
	INT("busy", "Of those, at work"),
	INT("waiting", "Besides, that only wait"),
	MAYBE_INT("queued", "Requests that wait for a thread"),
	END_OF_FIELDS,
};

static const struct field process_fields[] = {
	INT("connections", "Of clients"),          INT("followers", "Clusters that clients follow"),
	INT("memoryBytes", "That it takes"),       INT("openFiles", "Files and sockets"),
	INT("mostFiles", "That it may have open"), END_OF_FIELDS,
};

static const struct field configuration_fields[] = {
	STRING("read", "When the configuration that is in force was read"),
	MAYBE_STRING("reload", "How the last reading again ended: reloaded, unchanged or refused"),
	MAYBE_STRING("reloadEnded", "When that was"),
	MAYBE_STRING("reloadPlace", "What was refused stands there: file, line and column"),
	END_OF_FIELDS,
};

const struct field status_fields[] = {
	STRING("status", "good, warning or bad"),
	STRING("sentence", "What there is to say first"),
	LIST("notices", notice_fields, "What needs a look, the worst first"),
	INT("moreNotices", "That had no room"),
	STRING("time", "When this was so"),
	STRING("version", "Of the program"),
	STRING("replica", "The name of its host"),
	STRING("listen", "Where it listens"),
	INT("uptimeSeconds", "Since it was started"),
	INT("minutes", "Of the last hour that are known, up to 60"),
	STRING("phase", "starting, serving, leaving or stopping"),
	BOOL("ready", "Whether it is ready for requests"),
	MAYBE_STRING("notReady", "Why it is not"),
	LIST("environments", environment_fields, "Of the configuration, in its order"),
	OBJECT("load", load_fields, "Requests to this service; 5xx is a failure"),
	LIST("refused", count_fields, "What never came to an operation, by reason"),
	OBJECT("cache", cache_fields, "What is kept of Palette's answers"),
	LIST("sessions", count_fields,
	     "Looks for sessions by result, dropped ones, and answers that told a user to sign in "
	     "again"),
	INT("storeFailures", "Of the store of sessions, in the last hour"),
	LIST("permissions", decision_fields, "Decisions about callers"),
	LIST("creations", creation_fields, "Clusters that were to be created"),
	LIST("pools", pool_fields, "Threads"),
	OBJECT("process", process_fields, "The process"),
	OBJECT("configuration", configuration_fields, "When it was read"),
	END_OF_FIELDS,
};

/* ---- writing ---- */

static void put_int(struct json_writer *w, const char *name, int64_t value)
{
	json_key(w, name);
	json_put_int(w, value);
}

static void put_count(struct json_writer *w, const char *name, uint64_t value)
{
	put_int(w, name, (int64_t)value);
}

static void put_known(struct json_writer *w, const char *name, int64_t value)
{
	if (value >= 0)
		put_int(w, name, value);
}

static void put_given(struct json_writer *w, const char *name, const char *value)
{
	if (value != NULL)
		json_put_pair(w, name, value);
}

static void put_time(struct json_writer *w, const char *name, int64_t calendar_ms)
{
	char iso[CLOCK_ISO_SIZE];

	if (calendar_ms == 0)
		return;
	clock_format_iso(calendar_ms, iso);
	json_put_pair(w, name, iso);
}

static void begin_list(struct json_writer *w, const char *name)
{
	json_key(w, name);
	json_array_begin(w);
}

static void begin_object(struct json_writer *w, const char *name)
{
	json_key(w, name);
	json_object_begin(w);
}

static void put_counts(struct json_writer *w, const char *name, const struct status_counts *counts)
{
	begin_list(w, name);
	for (size_t i = 0; i < counts->count; i++) {
		json_object_begin(w);
		json_put_pair(w, "name", counts->items[i].name);
		put_count(w, "hour", counts->items[i].hour);
		put_count(w, "total", counts->items[i].total);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_load(struct json_writer *w, const struct status_load *load)
{
	begin_object(w, "load");
	put_count(w, "requests", load->requests);
	put_count(w, "failures", load->failures);
	put_known(w, "medianUs", load->median_us);
	put_known(w, "p95Us", load->p95_us);
	begin_list(w, "minutes");
	for (size_t m = 0; m < HISTORY_MINUTES; m++) {
		json_object_begin(w);
		put_count(w, "requests", load->minutes[m].requests);
		put_count(w, "failures", load->minutes[m].failures);
		put_known(w, "medianUs", load->minutes[m].median_us);
		put_known(w, "p95Us", load->minutes[m].p95_us);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static void put_environment(struct json_writer *w, const struct status_environment *e)
{
	json_object_begin(w);
	json_put_pair(w, "name", e->name);
	json_put_pair(w, "state", status_answering_word(e->answering));
	json_put_pair(w, "circuit", e->circuit);
	put_int(w, "failuresInARow", e->failures_in_a_row);
	put_time(w, "silentSince", e->silent_since_ms);
	put_time(w, "tokenRefusedSince", e->token_refused_ms);
	put_load(w, &e->load);
	put_counts(w, "failures", &e->causes);
	put_count(w, "heldBack", e->held_back);
	begin_list(w, "budget");
	for (size_t i = 0; i < e->budget_count; i++) {
		json_object_begin(w);
		json_put_pair(w, "path", e->budget[i].path);
		put_int(w, "left", (int64_t)e->budget[i].left);
		put_int(w, "most", (int64_t)e->budget[i].most);
		json_object_end(w);
	}
	json_array_end(w);
	put_time(w, "certificateEnds", e->certificate_ends_s * 1000);
	json_object_end(w);
}

static void put_notices(struct json_writer *w, const struct status *s)
{
	begin_list(w, "notices");
	for (size_t i = 0; i < s->notice_count; i++) {
		json_object_begin(w);
		json_put_pair(w, "level", status_level_word(s->notices[i].level));
		json_put_pair(w, "message", s->notices[i].text);
		json_put_pair(w, "about", s->notices[i].about);
		json_object_end(w);
	}
	json_array_end(w);
	put_count(w, "moreNotices", s->more_notices);
}

static void put_service(struct json_writer *w, const struct status *s)
{
	put_time(w, "time", s->now_ms);
	json_put_pair(w, "version", s->version);
	json_put_pair(w, "replica", s->replica);
	json_put_pair(w, "listen", s->listen);
	put_int(w, "uptimeSeconds", s->uptime_s);
	put_count(w, "minutes", s->minutes);
	json_put_pair(w, "phase", status_phase_word(s->phase));
	json_key(w, "ready");
	json_put_bool(w, s->not_ready == NULL);
	put_given(w, "notReady", s->not_ready);
}

static void put_permissions(struct json_writer *w, const struct status *s)
{
	begin_list(w, "permissions");
	for (size_t i = 0; i < s->decision_count; i++) {
		json_object_begin(w);
		json_put_pair(w, "permission", s->decisions[i].permission);
		put_count(w, "allowed", s->decisions[i].allowed);
		put_count(w, "denied", s->decisions[i].denied);
		put_count(w, "unclear", s->decisions[i].unclear);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_creations(struct json_writer *w, const struct status *s)
{
	begin_list(w, "creations");
	for (size_t i = 0; i < s->creation_count; i++) {
		const struct status_creations *c = &s->creations[i];

		json_object_begin(w);
		json_put_pair(w, "cloud", c->cloud);
		put_int(w, "running", c->running);
		put_count(w, "succeeded", c->succeeded);
		put_count(w, "failed", c->failed);
		put_count(w, "unknown", c->unknown);
		put_count(w, "replayed", c->replayed);
		put_given(w, "lastOutcome", c->outcome);
		put_time(w, "lastEnded", c->ended_ms);
		json_object_end(w);
	}
	json_array_end(w);
}

static void put_work(struct json_writer *w, const struct status *s)
{
	begin_list(w, "pools");
	for (size_t i = 0; i < s->pool_count; i++) {
		json_object_begin(w);
		json_put_pair(w, "name", s->pools[i].name);
		put_int(w, "most", (int64_t)s->pools[i].most);
		put_int(w, "busy", (int64_t)s->pools[i].busy);
		put_int(w, "waiting", (int64_t)s->pools[i].waiting);
		put_known(w, "queued", (int64_t)s->pools[i].queued);
		json_object_end(w);
	}
	json_array_end(w);
	begin_object(w, "process");
	put_int(w, "connections", (int64_t)s->connections);
	put_int(w, "followers", (int64_t)s->followers);
	put_int(w, "memoryBytes", (int64_t)s->memory_bytes);
	put_int(w, "openFiles", (int64_t)s->open_files);
	put_int(w, "mostFiles", (int64_t)s->most_files);
	json_object_end(w);
}

static void put_configuration(struct json_writer *w, const struct status *s)
{
	begin_object(w, "configuration");
	put_time(w, "read", s->configuration_read_ms);
	put_given(w, "reload", s->reload);
	put_time(w, "reloadEnded", s->reload_ms);
	if (s->reload_place != NULL && s->reload_place[0] != '\0')
		json_put_pair(w, "reloadPlace", s->reload_place);
	json_object_end(w);
}

void status_write_json(const struct status *s, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_put_pair(&w, "status", status_level_word(s->level));
	json_put_pair(&w, "sentence", s->sentence);
	put_notices(&w, s);
	put_service(&w, s);
	begin_list(&w, "environments");
	for (size_t i = 0; i < s->environment_count; i++)
		put_environment(&w, &s->environments[i]);
	json_array_end(&w);
	put_load(&w, &s->load);
	put_counts(&w, "refused", &s->refused);
	begin_object(&w, "cache");
	put_counts(&w, "questions", &s->cache);
	put_int(&w, "bytes", (int64_t)s->cache_bytes);
	put_int(&w, "entries", (int64_t)s->cache_entries);
	json_object_end(&w);
	put_counts(&w, "sessions", &s->sessions);
	put_count(&w, "storeFailures", s->store_failures);
	put_permissions(&w, s);
	put_creations(&w, s);
	put_work(&w, s);
	put_configuration(&w, s);
	json_object_end(&w);
}
