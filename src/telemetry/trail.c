/* Where the audit trail goes, and what happens when it cannot. */
#include "telemetry/trail.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "telemetry/trail_inside.h"

/* Of refusals of unknown callers, and of what is denied to each known one: so many at once, then
 * one in so many milliseconds. */
enum {
	STRANGERS_AT_ONCE = 60,
	STRANGER_EVERY_MS = 5000,
	SAY_SUPPRESSED_AFTER_MS = 60000,
	DENIED_AT_ONCE = 600,
	DENIED_EVERY_MS = 1000
};

/* So long nobody waits for a system's log that did not take a line. */
enum { IMPATIENT_MS = 5000 };

struct trail {
	enum trail_to to;
	char *path;
	atomic_bool reopen;
	atomic_ullong written;
	atomic_ullong failed;
	atomic_ullong suppressed;

	pthread_mutex_t lock; /* guards all below */
	struct trail_file file;
	int socket; /* -1: not connected */
	int64_t impatient_until_ms;
	uint64_t missing;    /* lines that were not taken since it worked last; 0: all is well */
	int said;            /* why not, as the log has it */
	int64_t stranger_ms; /* when the next refusal of a stranger is due, at the earliest */
	struct denied {
		uint64_t actor; /* hash */
		int64_t due_ms; /* likewise */
	} denied[256];
	uint64_t left_out; /* of which nothing was said yet */
	int64_t say_ms;    /* when to say it */
};

/* Of who has none. */
static struct trail standard_error = {.to = TRAIL_STDERR, .lock = PTHREAD_MUTEX_INITIALIZER};

static struct trail *or_standard_error(struct trail *t)
{
	return t == NULL ? &standard_error : t;
}

/* ---- standard error ---- */

static void put_whole_line(struct buf *line, const struct audit_event *event)
{
	buf_init(line, AUDIT_LONGEST_LINE);
	audit_put_line(line, event, clock_calendar_ms());
	buf_add_char(line, '\n');
}

static bool write_to_log(const struct audit_event *event)
{
	struct buf line;
	bool whole;

	if (log_format_used() != LOG_JSON)
		return audit_log_text(event);
	put_whole_line(&line, event);
	whole = log_write_line(buf_text(&line));
	buf_fini(&line);
	return whole;
}

/* Where the log leaves it out nothing is missing that was to be there. */
static bool write_to_stderr(struct trail *t, const struct audit_event *event)
{
	bool ok;

	if (!log_wants(LOG_INFO, "audit"))
		return false;
	ok = write_to_log(event);
	atomic_fetch_add(ok ? &t->written : &t->failed, 1);
	return ok;
}

/* ---- failures ---- */

static void say_failed(const struct trail *t, int problem)
{
	log_error("telemetry.audit_failed", F_STR("to", t->path),
		  F_STR("problem", strerror(problem)),
		  F_STR("effect", "its lines go to standard error"));
}

/* Whatever the level of the log, unless there is none: this is where the event is now. */
static void take_failure(struct trail *t, struct text line)
{
	int problem = errno;

	if (t->missing++ == 0 || problem != t->said)
		say_failed(t, problem);
	t->said = problem;
	atomic_fetch_add(&t->failed, 1);
	if (log_wants(LOG_ERROR, "audit"))
		log_write_line(line);
}

static void take_success(struct trail *t)
{
	if (t->missing > 0)
		log_info("telemetry.audit_works", F_STR("to", t->path),
			 F_INT("missing", t->missing));
	t->missing = 0;
	atomic_fetch_add(&t->written, 1);
}

/* ---- the file and the system's log ---- */

static bool ready_file(struct trail *t, bool patient)
{
	bool anew = atomic_exchange(&t->reopen, false);

	if (anew || trail_file_has_moved(&t->file, patient))
		return trail_file_open(&t->file);
	return true;
}

static bool ready_socket(struct trail *t)
{
	if (atomic_exchange(&t->reopen, false) && t->socket >= 0) {
		close(t->socket);
		t->socket = -1;
	}
	if (t->socket < 0)
		t->socket = trail_syslog_connect(t->path);
	return t->socket >= 0;
}

/* Where it was waited for in vain, or for an unknown caller's refusal, nobody waits. */
static bool send_message(struct trail *t, struct text message, bool stranger)
{
	bool patient = !stranger && clock_left_ms(t->impatient_until_ms) == 0;

	if (trail_syslog_send(t->socket, message, patient))
		return true;
	if (errno == EAGAIN && patient)
		t->impatient_until_ms = clock_now_ms() + IMPATIENT_MS;
	return false;
}

/* A log that was started anew has another socket. */
static bool send_line(struct trail *t, struct text line, bool stranger)
{
	struct text message = text_slice(line, 0, line.len - 1);

	if (ready_socket(t) && send_message(t, message, stranger))
		return true;
	if (t->socket < 0 || errno == EMSGSIZE || errno == EAGAIN)
		return false;
	close(t->socket);
	t->socket = -1;
	return ready_socket(t) && send_message(t, message, stranger);
}

static bool put(struct trail *t, struct text line, bool stranger)
{
	if (t->to == TRAIL_FILE)
		return ready_file(t, true) && trail_file_write(&t->file, line);
	return send_line(t, line, stranger);
}

/* With the lock held. */
static bool write_event(struct trail *t, const struct audit_event *event)
{
	struct buf line;
	bool ok;

	if (t->to == TRAIL_STDERR) {
		return write_to_stderr(t, event);
	}
	put_whole_line(&line, event);
	ok = put(t, buf_text(&line), event->stranger);
	if (ok)
		take_success(t);
	else
		take_failure(t, buf_text(&line));
	buf_fini(&line);
	return ok;
}

/* ---- refusals ---- */

/* Of the bucket with this due time. */
static bool takes_one(int64_t *due_ms, int64_t now_ms, int64_t at_once, int64_t every_ms)
{
	int64_t earliest_ms = now_ms - (at_once - 1) * every_ms;

	if (*due_ms < earliest_ms)
		*due_ms = earliest_ms;
	if (*due_ms > now_ms)
		return false;
	*due_ms += every_ms;
	return true;
}

/* Whoever is found in the place of somebody else, who is still being counted, is counted with them.
 */
static bool takes_denied(struct trail *t, struct text actor, int64_t now_ms)
{
	uint64_t hash = hash_text(HASH_START, actor);
	struct denied *d = &t->denied[hash % ARRAY_LEN(t->denied)];

	if (d->actor != hash && d->due_ms <= now_ms - (DENIED_AT_ONCE - 1) * DENIED_EVERY_MS)
		*d = (struct denied){.actor = hash};
	return takes_one(&d->due_ms, now_ms, DENIED_AT_ONCE, DENIED_EVERY_MS);
}

/* Whether one more is written; else it is counted. */
static bool admits(struct trail *t, const struct audit_event *event)
{
	int64_t now_ms = clock_now_ms();

	if (event->stranger
		    ? takes_one(&t->stranger_ms, now_ms, STRANGERS_AT_ONCE, STRANGER_EVERY_MS)
		    : !event->denied || takes_denied(t, event->values[AUDIT_ACTOR], now_ms))
		return true;
	if (t->left_out++ == 0)
		t->say_ms = now_ms + SAY_SUPPRESSED_AFTER_MS;
	atomic_fetch_add(&t->suppressed, 1);
	return false;
}

static void say_left_out(struct trail *t)
{
	char count[24];
	struct audit_event event = {
		.id = "refusals-suppressed", .severity = AUDIT_LOW, .status = AUDIT_FAILED};

	if (t->left_out == 0)
		return;
	snprintf(count, sizeof count, "%llu", (unsigned long long)t->left_out);
	event.values[AUDIT_KIND] = TEXT("unknown");
	event.values[AUDIT_OUTCOME] = TEXT("denied");
	event.values[AUDIT_SUPPRESSED] = text_of(count);
	t->left_out = 0;
	(void)write_event(t, &event);
}

/* ---- for all ---- */

bool trail_open(enum trail_to to, const char *path, enum trail_when when, struct trail **trail,
		struct error *err)
{
	struct trail *t = heap_alloc(sizeof *t);

	*t = (struct trail){.to = to, .socket = -1};
	t->path = heap_copy(text_of(path));
	t->file = (struct trail_file){.path = t->path, .fd = -1};
	pthread_mutex_init(&t->lock, NULL);
	if (to == TRAIL_FILE && when == TRAIL_NOW && !trail_file_open(&t->file)) {
		error_set(err, ERROR_INTERNAL, "the audit trail, %s, cannot be written: %s", path,
			  strerror(errno));
		trail_close(t);
		return false;
	}
	if (to == TRAIL_SYSLOG && when == TRAIL_NOW && !ready_socket(t))
		say_failed(t, errno);
	*trail = t;
	return true;
}

void trail_close(struct trail *t)
{
	trail_say_rest(t);
	if (t == NULL)
		return;
	trail_file_close(&t->file);
	if (t->socket >= 0)
		close(t->socket);
	pthread_mutex_destroy(&t->lock);
	free(t->path);
	free(t);
}

bool trail_write(struct trail *t, const struct audit_event *event)
{
	bool ok = true;

	t = or_standard_error(t);
	pthread_mutex_lock(&t->lock);
	if (admits(t, event))
		ok = write_event(t, event);
	pthread_mutex_unlock(&t->lock);
	return ok;
}

void trail_reopen(struct trail *t)
{
	if (t != NULL)
		atomic_store(&t->reopen, true);
}

void trail_look_around(struct trail *t)
{
	t = or_standard_error(t);
	pthread_mutex_lock(&t->lock);
	/* What cannot be opened now the next line says. */
	if (t->to == TRAIL_FILE)
		(void)ready_file(t, false);
	if (t->left_out > 0 && clock_left_ms(t->say_ms) == 0)
		say_left_out(t);
	pthread_mutex_unlock(&t->lock);
}

void trail_say_rest(struct trail *t)
{
	t = or_standard_error(t);
	pthread_mutex_lock(&t->lock);
	say_left_out(t);
	pthread_mutex_unlock(&t->lock);
}

struct trail_counts trail_counts(struct trail *t)
{
	t = or_standard_error(t);
	return (struct trail_counts){.written = atomic_load(&t->written),
				     .failed = atomic_load(&t->failed),
				     .suppressed = atomic_load(&t->suppressed)};
}
