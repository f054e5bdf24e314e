/* Whether files have changed since they were read, by what the system says of them. */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct watch;

/* Of no files. Owned: watch_free(). Everything of a watch is for one thread. */
struct watch *watch_new(void);
/* NULL is fine. */
void watch_free(struct watch *watch);

/*
 * These files from now on, in the state in which they are; what was watched before is forgotten.
 * Files that are `apart` are left out.
 * begun_ms  of clock_calendar_ms(): when their reading began. Those that have changed since then,
 * or just before, count as changed, as it is not known what was read of them.
 */
void watch_begin(struct watch *watch, const struct config_file *files, size_t count,
		 int64_t begun_ms);
/* And these, unless they are watched already. */
void watch_add(struct watch *watch, const struct config_file *files, size_t count,
	       int64_t begun_ms);

/*
 * Whether they should be read again: one of them has changed, none has for a second, and none that
 * was there is missing, unless for three seconds. True once for a change. To be called about once a
 * second.
 * now_ms  of clock_now_ms()
 */
bool watch_look(struct watch *watch, int64_t now_ms);

#endif
