/*
 * An event of the audit trail: who did what to which object, and how it ended. audit_rows[] has
 * one row a field, from which lines and their documentation are made; the shape is that of the
 * events of Backstage's auditor. There is no field for a body, a token or a secret value.
 */
#ifndef TELEMETRY_AUDIT_H
#define TELEMETRY_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum { AUDIT_SCHEMA_VERSION = 1 };

/* What an event says; by these it is filled. */
enum audit_field {
	AUDIT_OPERATION,
	AUDIT_TOOL,
	AUDIT_DOOR,
	AUDIT_ACTOR,
	AUDIT_KIND,
	AUDIT_ACTING,
	AUDIT_IP,
	AUDIT_HOSTNAME,
	AUDIT_USER_AGENT,
	AUDIT_METHOD,
	AUDIT_URL,
	AUDIT_ENVIRONMENT,
	AUDIT_PROJECT,
	AUDIT_OBJECT,
	AUDIT_OUTCOME,
	AUDIT_OBJECT_NAME,
	AUDIT_ERROR,
	AUDIT_REQUEST_ID,
	AUDIT_TRACE_ID,
	AUDIT_SUPPRESSED,
	AUDIT_COUNT,
	/* These the line itself knows. */
	AUDIT_TIME,
	AUDIT_MESSAGE,
	AUDIT_EVENT_ID,
	AUDIT_SEVERITY,
	AUDIT_STATUS,
	AUDIT_VALUES
};

/* One member of a line. Strings are static. */
struct audit_row {
	const char *group; /* the object that it is in; NULL: the line itself */
	const char *name;
	const char *label;    /* in a line of the log as text; NULL: not there */
	bool always;          /* in a line of text also where it says nothing */
	bool number;          /* the value is one already */
	const char *constant; /* JSON that is the same in every line; then `of` says nothing */
	enum audit_field of;
	size_t longest; /* bytes, as JSON without quotes; longer is cut, and named in `shortened` */
	const char *help;
};
/* Ends with a NULL name. */
extern const struct audit_row audit_rows[];
/* The objects of a line, in their order; the first is NULL, the line itself. */
extern const char *const audit_groups[];
enum { AUDIT_GROUPS = 4 };

enum audit_severity { AUDIT_LOW, AUDIT_MEDIUM, AUDIT_HIGH };
enum audit_state { AUDIT_INITIATED, AUDIT_SUCCEEDED, AUDIT_FAILED };

struct audit_event {
	const char *id; /* "cluster-kubeconfig" */
	enum audit_severity severity;
	enum audit_state status;
	bool stranger; /* a refusal of somebody unknown, of which only so many are written */
	bool denied;   /* one of AUDIT_ACTOR: likewise, but more, and of each so many */
	struct text values[AUDIT_VALUES]; /* empty: it is left out */
};

const char *audit_severity_name(enum audit_severity severity);
const char *audit_status_name(enum audit_state status);

/* No line is longer; what may be long in it has a bound of its own. */
enum { AUDIT_LONGEST_LINE = 8 * 1024 };
/* The line, without its end. time_ms: calendar. */
void audit_put_line(struct buf *out, const struct audit_event *event, int64_t time_ms);
/* As the event `audit` of the log, where lines are text. */
bool audit_log_text(const struct audit_event *event);

#endif
