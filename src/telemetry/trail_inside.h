/* Inside telemetry/: the two ways out of the process that a trail has besides standard error. */
#ifndef TELEMETRY_TRAIL_INSIDE_H
#define TELEMETRY_TRAIL_INSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"

/* ---- a file: trail_file.c ---- */

struct trail_file {
	const char *path; /* borrowed */
	int fd;           /* -1: it is not open */
	dev_t device;
	ino_t inode;
	bool torn;   /* it ends with a part of a line, which could not be taken back */
	bool absent; /* at the last look there was nothing at its path */
};

/* Opens it, if need be anew. False with errno. */
bool trail_file_open(struct trail_file *f);
void trail_file_close(struct trail_file *f);
/* Whether its path leads to another file by now. What was only renamed stays good until there is
 * another one, or until patience is over: who rotates makes the new one. */
bool trail_file_has_moved(struct trail_file *f, bool patient);
/* A whole line with its end, or nothing of it. False with errno. */
bool trail_file_write(struct trail_file *f, struct text line);

/* ---- the system's log: trail_syslog.c ---- */

/* Connects to its socket; the descriptor, or -1 with errno. */
int trail_syslog_connect(const char *path);
/* One message. False with errno. */
bool trail_syslog_send(int fd, struct text line, bool patient);

#endif
