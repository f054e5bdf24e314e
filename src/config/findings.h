/*
 * What is wrong with a configuration (faults stop the program) and what is odd about it (notices do
 * not). All are collected, so that one run names everything there is to repair.
 */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include "config/config.h"
#include "config/tree.h"

struct findings {
	struct arena *arena; /* of the configuration */
	struct config_notice *notices;
	size_t notice_count;
	size_t notice_capacity;
	struct buf *faults; /* a line each; may be NULL */
	unsigned fault_count;
	struct error first;
	const char *const *unread;    /* see struct config_options */
	struct config_findings *kept; /* likewise; may be NULL */
	size_t kept_capacity;
};

/* path may be NULL. The message never holds a secret or anything made by substitution. */
void findings_fault(struct findings *f, struct place place, const char *path, const char *format,
		    ...) PRINTF_LIKE(4, 5);
/* A fault that another function put into words: "file:line:column: what". */
void findings_fault_error(struct findings *f, const char *file, const struct error *err);
void findings_notice(struct findings *f, struct place place, const char *path, const char *format,
		     ...) PRINTF_LIKE(4, 5);

/* Faults before notices. */
void findings_sort(struct config_findings *kept);
/* Adds the notices to the lines of the faults: a misspelt setting is often why another is missing.
 */
void findings_tell_notices(struct findings *f);

/* True if there were no faults; else err tells the first and how many more there are. */
MUST_USE bool findings_none(const struct findings *f, struct error *err);

#endif
