/*
 * Where the audit trail goes: standard error, a file, or the system's log.
 *
 * A file is opened for appending, and a line is one write. It is opened again after trail_reopen(),
 * and when it was renamed or removed: so nothing is lost while files are rotated, and nothing is
 * written twice. Several processes may write to one file.
 *
 * A line that cannot be written goes to standard error instead, and is counted. Of refusals of
 * unknown callers only so many are written, and of what is denied to each known one, so that nobody
 * can fill the disk with them; how many were left out says an event of its own.
 */
#ifndef TELEMETRY_TRAIL_H
#define TELEMETRY_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "telemetry/audit.h"

enum trail_to { TRAIL_STDERR, TRAIL_FILE, TRAIL_SYSLOG };
enum trail_when {
	TRAIL_NOW,
	TRAIL_LATER, /* with the first line: nothing is made before */
};

struct trail;

/*
 * path   of the file, or of the socket of the system's log; NULL with TRAIL_STDERR. Copied.
 * trail  out, owned: trail_close().
 * Fails with ERROR_INTERNAL where the file is to be opened now and cannot be written: which one,
 * and what the system said. A system's log that does not listen is no failure here: it may come
 * later.
 */
MUST_USE bool trail_open(enum trail_to to, const char *path, enum trail_when when,
			 struct trail **trail, struct error *err);
/* Says what is still to be said. NULL: on standard error, as everywhere below. */
void trail_close(struct trail *t);

/*
 * Writes an event, now. Waits for the disk, or for a moment for the system's log. Any thread.
 * False if it is not in the trail: then it is on standard error. What was left out counts as
 * written.
 */
bool trail_write(struct trail *t, const struct audit_event *event);

/* The file is opened again, or the system's log connected again, before the next line. Any thread;
 * also in a signal handler. NULL is fine. */
void trail_reopen(struct trail *t);
/* Once a second: leaves a file that was renamed or removed, tries again what has failed, and says
 * how many refusals were left out. */
void trail_look_around(struct trail *t);

/* Says how many refusals were left out, at once: for a process that ends while others may still
 * write. */
void trail_say_rest(struct trail *t);

struct trail_counts {
	uint64_t written;
	uint64_t failed;     /* lines that are not in the trail */
	uint64_t suppressed; /* refusals that were left out */
};
/* Any thread. */
struct trail_counts trail_counts(struct trail *t);

#endif
