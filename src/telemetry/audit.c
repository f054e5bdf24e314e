/* Events of the audit trail: the fields, and how a line is made of them. */
#include "telemetry/audit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

enum { NAME = 256, LONGEST_SHORTENED = 1024, LONGEST_ESCAPE = 6, MOST_INNER_BYTES = 3 };

#define STRING(n) #n
#define DIGITS(n) STRING(n)
#define SCHEMA    1
_Static_assert(SCHEMA == AUDIT_SCHEMA_VERSION, "the line says which one it is");

/* In the order of a line of text; as JSON each stands in its group. */
const struct audit_row audit_rows[] = {
	{.name = "time",
	 .of = AUDIT_TIME,
	 .longest = 32,
	 .help = "When it ended, UTC: `2026-01-31T10:00:00.000Z`"},
	{.name = "level", .constant = "\"info\"", .help = "Of a line of a log, for who mixes them"},
	{.name = "event", .constant = "\"audit\"", .help = "Likewise"},
	{.name = "message",
	 .of = AUDIT_MESSAGE,
	 .longest = 96,
	 .help = "`spectrocloud.` and the event's id, as Backstage has it"},
	{.name = "eventId", .of = AUDIT_EVENT_ID, .longest = 64, .help = "Of the table above"},
	{.name = "severityLevel",
	 .of = AUDIT_SEVERITY,
	 .longest = 16,
	 .help = "`low`, `medium` or `high`, of the table above"},
	{.name = "status",
	 .of = AUDIT_STATUS,
	 .longest = 16,
	 .help = "`succeeded` or `failed`; `initiated` before it is begun, with "
		 "`spectrocloud.audit.required`"},
	{.name = "isAuditEvent", .constant = "true", .help = "Always `true`"},
	{.name = "schemaVersion",
	 .constant = DIGITS(SCHEMA),
	 .help = "Of these fields. Further fields may come under the same number"},
	{.name = "service", .constant = "\"spectrocloud-backend\"", .help = "Who wrote the line"},
	{.name = "plugin", .constant = "\"spectrocloud\"", .help = "Its plugin in Backstage"},
	{.group = "meta",
	 .name = "operation",
	 .label = "operation",
	 .always = true,
	 .of = AUDIT_OPERATION,
	 .longest = 64,
	 .help = "The operation, as the log and `docs/generated/operations.md` name it"},
	{.group = "actor",
	 .name = "actorId",
	 .label = "principal",
	 .always = true,
	 .of = AUDIT_ACTOR,
	 .longest = NAME,
	 .help = "Who: `user:default/ada`, `plugin:catalog`, the `subject` of an external token, "
		 "at a shell "
		 "`local:NAME` or `operator:NAME`. Missing where nobody knows"},
	{.group = "actor",
	 .name = "plugin",
	 .label = "actor",
	 .always = true,
	 .of = AUDIT_ACTING,
	 .longest = NAME,
	 .help = "The plugin that acted for a user: `plugin:mcp-actions`"},
	{.group = "actor",
	 .name = "kind",
	 .label = "kind",
	 .of = AUDIT_KIND,
	 .longest = 16,
	 .help = "`user`, `service`, `shell`, or `unknown`"},
	{.group = "actor",
	 .name = "ip",
	 .label = "peer",
	 .of = AUDIT_IP,
	 .longest = 64,
	 .help = "The address of the connection, of a proxy if there is one; `unix` on a local "
		 "socket"},
	{.group = "actor",
	 .name = "hostname",
	 .of = AUDIT_HOSTNAME,
	 .longest = NAME,
	 .help = "The host that was asked for, the header `Host`"},
	{.group = "actor",
	 .name = "userAgent",
	 .of = AUDIT_USER_AGENT,
	 .longest = NAME,
	 .help = "What the client calls itself, the header `User-Agent`"},
	{.group = "request",
	 .name = "method",
	 .of = AUDIT_METHOD,
	 .longest = 16,
	 .help = "Of a request over HTTP"},
	{.group = "request",
	 .name = "url",
	 .of = AUDIT_URL,
	 .longest = 1024,
	 .help = "Its path as sent, without the query"},
	{.group = "meta",
	 .name = "tool",
	 .label = "tool",
	 .of = AUDIT_TOOL,
	 .longest = 64,
	 .help = "The tool, if an agent or `action run` called one"},
	{.group = "meta",
	 .name = "door",
	 .of = AUDIT_DOOR,
	 .longest = 16,
	 .help = "Where it was called: `backstage`, `mcp` or `shell`"},
	{.group = "meta",
	 .name = "environment",
	 .label = "environment",
	 .always = true,
	 .of = AUDIT_ENVIRONMENT,
	 .longest = NAME,
	 .help = "Of `spectrocloud.environments`, as soon as it is known"},
	{.group = "meta",
	 .name = "project",
	 .label = "project",
	 .of = AUDIT_PROJECT,
	 .longest = 128,
	 .help = "UID of the Palette project; missing: the tenant's scope"},
	{.group = "meta",
	 .name = "object",
	 .label = "object",
	 .always = true,
	 .of = AUDIT_OBJECT,
	 .longest = NAME,
	 .help = "What it was done to: the UID of a cluster, profile or pack, the e-mail address "
		 "of a session; with `(only tried)` or `(only planned)` where nothing was done"},
	{.group = "meta",
	 .name = "outcome",
	 .label = "outcome",
	 .always = true,
	 .of = AUDIT_OUTCOME,
	 .longest = 16,
	 .help = "`succeeded`; `failed`; `denied`; `unknown`: it may have been done all the same; "
		 "`replayed`: done before, and answered again"},
	{.group = "meta",
	 .name = "objectName",
	 .label = "name",
	 .always = true,
	 .of = AUDIT_OBJECT_NAME,
	 .longest = NAME,
	 .help = "What people call it, of a cluster that is created"},
	{.name = "error",
	 .label = "reason",
	 .always = true,
	 .of = AUDIT_ERROR,
	 .longest = 1024,
	 .help = "Why it did not succeed, the sentence that the caller was told"},
	{.group = "meta",
	 .name = "sessions",
	 .label = "sessions",
	 .number = true,
	 .of = AUDIT_COUNT,
	 .longest = 20,
	 .help = "How many sessions were ended, of `sessions revoke`"},
	{.group = "meta",
	 .name = "suppressed",
	 .label = "suppressed",
	 .number = true,
	 .of = AUDIT_SUPPRESSED,
	 .longest = 20,
	 .help = "How many refusals were left out, of `refusals-suppressed`"},
	{.name = "requestId",
	 .of = AUDIT_REQUEST_ID,
	 .longest = 128,
	 .help = "The answer's `X-Request-Id`, and `requestId` in the log"},
	{.name = "traceId",
	 .of = AUDIT_TRACE_ID,
	 .longest = 32,
	 .help = "The trace that the request belongs to"},
	{.name = NULL},
};

const char *const audit_groups[AUDIT_GROUPS] = {NULL, "actor", "request", "meta"};

const char *audit_severity_name(enum audit_severity severity)
{
	static const char *const names[] = {"low", "medium", "high"};

	return names[severity];
}

const char *audit_status_name(enum audit_state status)
{
	static const char *const names[] = {"initiated", "succeeded", "failed"};

	return names[status];
}

/* ---- as JSON ---- */

/* Of a character of UTF-8, one behind the first. */
static bool is_inner_byte(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Its longest beginning of at most so many bytes that ends between two characters. Where there are
 * more bytes in the middle of one than UTF-8 has, they are none. */
static struct text beginning(struct text t, size_t len)
{
	size_t end = len;

	if (len >= t.len)
		return t;
	while (end > 0 && len - end <= MOST_INNER_BYTES && is_inner_byte(t.ptr[end]))
		end--;
	return text_slice(t, 0, is_inner_byte(t.ptr[end]) ? len : end);
}

/* The string; false if not all of it is there. */
static bool put_bounded(struct buf *out, struct text t, size_t longest)
{
	struct text shown = beginning(t, longest);
	struct buf quoted;

	buf_init(&quoted, LONGEST_ESCAPE * longest + 2);
	log_add_quoted(&quoted, shown);
	while (quoted.len > longest + 2) {
		/* Escapes made it longer. */
		shown = beginning(shown, shown.len / 2);
		buf_truncate(&quoted, 0);
		log_add_quoted(&quoted, shown);
	}
	buf_add(out, buf_text(&quoted));
	buf_fini(&quoted);
	return shown.len == t.len;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && text_is(text_of(a), b));
}

static bool is_there(const struct audit_event *e, const struct audit_row *row)
{
	return row->constant != NULL || e->values[row->of].len > 0;
}

static void put_shortened(struct buf *names, const struct audit_row *row)
{
	buf_printf(names, "%s\"%s%s%s\"", names->len == 0 ? "" : ",",
		   row->group == NULL ? "" : row->group, row->group == NULL ? "" : ".", row->name);
}

static void put_row(struct buf *out, const struct audit_event *e, const struct audit_row *row,
		    struct buf *shortened)
{
	struct text value = row->constant != NULL ? text_of(row->constant) : e->values[row->of];

	buf_printf(out, "\"%s\":", row->name);
	if (row->constant != NULL || row->number)
		buf_add(out, value);
	else if (!put_bounded(out, value, row->longest))
		put_shortened(shortened, row);
}

static void put_group(struct buf *out, const struct audit_event *e, const char *group,
		      struct buf *shortened)
{
	bool first = true;

	for (const struct audit_row *row = audit_rows; row->name != NULL; row++) {
		if (!is_same(row->group, group) || !is_there(e, row))
			continue;
		if (!first)
			buf_add_char(out, ',');
		else if (group != NULL)
			buf_printf(out, ",\"%s\":{", group);
		first = false;
		put_row(out, e, row, shortened);
	}
	if (group != NULL && !first)
		buf_add_char(out, '}');
}

void audit_put_line(struct buf *out, const struct audit_event *event, int64_t time_ms)
{
	struct audit_event e = *event;
	char time[CLOCK_ISO_SIZE];
	struct buf shortened;
	char message[96];

	buf_init(&shortened, LONGEST_SHORTENED);
	clock_format_iso(time_ms, time);
	snprintf(message, sizeof message, "spectrocloud.%s", e.id);
	e.values[AUDIT_TIME] = text_of(time);
	e.values[AUDIT_MESSAGE] = text_of(message);
	e.values[AUDIT_EVENT_ID] = text_of(e.id);
	e.values[AUDIT_SEVERITY] = text_of(audit_severity_name(e.severity));
	e.values[AUDIT_STATUS] = text_of(audit_status_name(e.status));
	buf_add_char(out, '{');
	for (size_t i = 0; i < AUDIT_GROUPS; i++)
		put_group(out, &e, audit_groups[i], &shortened);
	if (shortened.len > 0)
		buf_printf(out, ",\"shortened\":[%s]", shortened.ptr);
	buf_add_char(out, '}');
	buf_fini(&shortened);
}

/* ---- as text ---- */

bool audit_log_text(const struct audit_event *e)
{
	struct log_field fields[AUDIT_VALUES + 3];
	size_t count = 0;

	for (const struct audit_row *row = audit_rows; row->name != NULL; row++)
		if (row->label != NULL && (row->always || is_there(e, row)))
			fields[count++] = F_TEXT(row->label, e->values[row->of]);
	fields[count++] = F_STR("event", e->id);
	if (e->status == AUDIT_INITIATED)
		fields[count++] = F_STR("status", audit_status_name(e->status));
	fields[count] = (struct log_field){.name = NULL};
	return log_event(LOG_INFO, "audit", fields);
}
