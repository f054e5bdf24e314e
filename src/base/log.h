/*
 * The log: one event name and its fields a line, on standard error.
 *
 * Thread-safe; a line is written whole. The request id of the thread comes along by itself. There
 * is no field for a struct secret, on purpose.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
	const char *name; /* NULL ends a list */
	enum { LOG_FIELD_TEXT, LOG_FIELD_INT } type;
	struct text text;
	int64_t number;
};

#define F_TEXT(n, t) ((struct log_field){.name = (n), .type = LOG_FIELD_TEXT, .text = (t)})
#define F_STR(n, s)  F_TEXT(n, text_of(s))
#define F_INT(n, i)  ((struct log_field){.name = (n), .type = LOG_FIELD_INT, .number = (int64_t)(i)})

/* A group of events that has a level of its own where the configuration gives it one. */
struct log_module {
	const char *name;   /* NULL ends the table */
	const char *events; /* the first words of their names, with spaces between them */
	const char *help;
};
extern const struct log_module log_modules[];
enum { LOG_MODULES = 11 };

/* By the order of log_modules: 0 for the level of all, else LOG_LEVEL_OF() the module's own. */
struct log_levels {
	unsigned char of[LOG_MODULES];
};
#define LOG_LEVEL_OF(level) ((unsigned char)((level) + 1))

/* What is logged, and how, from now on. Any thread. Modules keep the levels that they have. */
void log_open(enum log_level least, enum log_format format);
/* The modules' own levels from now on. Any thread. */
void log_set_levels(const struct log_levels *levels);
enum log_format log_format_used(void);
/* The id that the thread's lines carry until the next call; NULL: none. Borrowed. */
void log_set_request(const char *id);
/* The same of the trace that the thread's work belongs to: 32 hexadecimal digits. */
void log_set_trace(const char *trace_id);
/* Whether an event may be logged at that level: by its name, or, with NULL, by any. */
bool log_wants(enum log_level level, const char *event);
/* How many lines of that level were written since the start. */
uint64_t log_lines(enum log_level level);
/* event is a fixed name such as "upstream.failed"; fields end with a NULL name. */
bool log_event(enum log_level level, const char *event, const struct log_field *fields);

/* For lines that others put together: a JSON string with its quotes, in which whatever a line of
 * log must not hold as it is is escaped; and the line's way out, with its end. */
void log_add_quoted(struct buf *line, struct text t);
/* Waits for a moment for who reads standard error, and then for a while for nobody: what is not
 * taken is lost, and counted. False: not all of it was taken. */
bool log_write_line(struct text line);

#define LOG_FIELDS(...)       ((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = NULL}})
#define log_debug(event, ...) log_event(LOG_DEBUG, event, LOG_FIELDS(__VA_ARGS__))
#define log_info(event, ...)  log_event(LOG_INFO, event, LOG_FIELDS(__VA_ARGS__))
#define log_warn(event, ...)  log_event(LOG_WARN, event, LOG_FIELDS(__VA_ARGS__))
#define log_error(event, ...) log_event(LOG_ERROR, event, LOG_FIELDS(__VA_ARGS__))

#endif
