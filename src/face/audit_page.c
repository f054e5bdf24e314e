/* The audit trail as a page for people: its events, from the table of operations, and its fields.
 */
#include <string.h>

#include "face/face.h"
#include "telemetry/audit.h"

static const char introduction[] =
	"# Audit trail\n\n"
	"Who did what to which object, and how it ended: a line for each operation that hands out "
	"secrets or\nchanges something, and for each refusal. "
	"[security.md](security.md#audit-trail) "
	"says how it is kept.\nThis page is made from the tables of the program by `./dev "
	"docs`.\n\n"
	"## Where it goes\n\n"
	"`spectrocloud.audit.to` decides; it needs a restart.\n\n"
	"| to | what is written | when it cannot be written |\n|---|---|---|\n"
	"| `stderr` | into the log, as its event `audit` at level `info`: with "
	"`spectrocloud.telemetry.logFormat: json` the line that is described here, with `text` the "
	"fields that have a name there | it is lost, and counted as `missing` in "
	"`spectrocloud_audit_lines_total`; the log says `log.lost` with how many when it goes on. "
	"Whoever does not read it is waited for, two seconds at most, and then for ten seconds "
	"not at all |\n"
	"| `file` | a line of JSON at the end of `spectrocloud.audit.file`, one `write()` each | "
	"the "
	"line goes to standard error instead, and the log says `telemetry.audit_failed` once for "
	"each reason, and "
	"`telemetry.audit_works` with how many are missing when it is over |\n"
	"| `syslog` | the same line as one message, facility `authpriv`, severity `info`, to "
	"`spectrocloud.audit.socket`; `journalctl -t spectrocloud-backend` shows it where journald "
	"listens there | the same. A log that is busy is waited for, a fifth of a second at most, "
	"and then for five seconds not at all "
	"|\n\n"
	"A file that cannot be opened when the service starts is tried again with each line; with "
	"`required` the service\ndoes not start. What root's commands make there belongs to whom "
	"the folder does;\nin a folder that is not root's, a file that is a link is not written by "
	"them.\n\n"
	"With `spectrocloud.audit.required: true` what is audited is written down before it is "
	"done, "
	"as `initiated`, and\nis not done, but answered with 503, where that line cannot be "
	"written. "
	"Denials and refused credentials have\nno such line: nothing is done. If only the line "
	"afterwards cannot be written, it is on standard error.\n\n"
	"### Rotating the file\n\n"
	"Rename it, then send SIGHUP (`systemctl reload`); the next line goes to a new file of the "
	"old name, with mode\n0640 or less, as the process's umask has it. Nothing is lost and "
	"nothing is written twice. Without SIGHUP the\nservice sees within two seconds that its "
	"file "
	"was renamed, and at once that there is another one in its\nplace. Do not copy and "
	"truncate: "
	"what is written in between would be lost. For logrotate, where the\n"
	"Debian package has not brought its own, which is for all `*.jsonl` of\n"
	"`/var/log/spectrocloud-backend`:\n\n"
	"```\n"
	"/var/log/spectrocloud-backend/audit.jsonl {\n"
	"    daily\n"
	"    rotate 90\n"
	"    missingok\n"
	"    notifempty\n"
	"    compress\n"
	"    delaycompress\n"
	"    nocreate\n"
	"    postrotate\n"
	"        systemctl reload spectrocloud-backend\n"
	"    endscript\n"
	"}\n"
	"```\n\n"
	"The folder has to be there, and be the service's: files are made in it. The unit file "
	"for\n"
	"systemd has `LogsDirectory=spectrocloud-backend`, which makes it.\n\n"
	"### A full disk\n\n"
	"A line that does not fit is taken back, so that no half of it stays; where that is not "
	"possible, the next one\nbegins on a line of its own. The trail goes on by itself when "
	"there "
	"is room again.\n\n"
	"### Unknown callers\n\n"
	"Whoever can reach the service can send bad credentials. Of refusals of callers who are "
	"unknown, 60 are written\nat once and then one in five seconds, about 36 MB a day at most; "
	"the others are counted, and an event\n`refusals-suppressed` says within a minute how many "
	"there were. A request without any credential is in the log\nalone. What known callers do "
	"is always written. Of what is denied to each of them 600 are\nwritten at once and then "
	"one a second, the others are counted likewise.\n\n"
	"## Events\n\n"
	"One an operation, its name with `-` for `.` and `_`. Every operation has such an event "
	"when "
	"it is denied, with\nthe severity `medium` or that of the table; those in the table have "
	"one "
	"each time, once the caller is known.\n\n"
	"| event | severity | operation | |\n|---|---|---|---|\n";

static const char other_events[] =
	"| `session-get` | medium | `GET /session-tokens/:email` | only where a service that may "
	"look at all of them asks |\n"
	"| `session-revoke` | high | command `sessions revoke` | for each address |\n"
	"| `credential-refused` | low | any | a credential came, and was not good |\n"
	"| `refusals-suppressed` | low | | see above |\n";

static const char fields[] =
	"\n## Fields\n\n"
	"A line is one JSON object. Members that would be empty are left out. None holds a body, a "
	"token, a header but\nthe two named, or a secret value. What is longer than a field may be "
	"(in bytes of its JSON, without quotes) is\ncut, and `shortened` names the field: so a "
	"line "
	"is never longer than 8 KiB, and is never split.\n\n"
	"| field | longest | as text | |\n|---|---|---|---|\n";

static void put_events(struct buf *out)
{
	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		char id[OP_AUDIT_ID_SIZE];

		if (((*op)->flags & OP_AUDIT) == 0)
			continue;
		op_audit_id(*op, id);
		buf_printf(out, "| `%s` | %s | ", id, audit_severity_name(op_audit_severity(*op)));
		if ((*op)->tool != NULL)
			buf_printf(out, "tool `%s`", (*op)->tool->name);
		else
			buf_printf(out, "`%s %s`", (*op)->method, (*op)->path);
		buf_printf(out, " | %s |\n", (*op)->summary);
	}
}

static void put_field(struct buf *out, const struct audit_row *row)
{
	buf_printf(out, "| `%s%s%s` | ", row->group == NULL ? "" : row->group,
		   row->group == NULL ? "" : ".", row->name);
	if (row->constant == NULL)
		buf_printf(out, "%zu", row->longest);
	buf_add_string(out, " | ");
	if (row->label != NULL)
		buf_printf(out, "`%s`", row->label);
	buf_printf(out, " | %s |\n", row->help);
}

static bool is_of(const struct audit_row *row, const char *group)
{
	return row->group == group ||
	       (row->group != NULL && group != NULL && strcmp(row->group, group) == 0);
}

void face_audit_page(struct buf *out)
{
	buf_add_string(out, introduction);
	put_events(out);
	buf_add_string(out, other_events);
	buf_add_string(out, fields);
	for (size_t i = 0; i < AUDIT_GROUPS; i++)
		for (const struct audit_row *row = audit_rows; row->name != NULL; row++)
			if (is_of(row, audit_groups[i]))
				put_field(out, row);
	buf_add_string(out, "| `shortened` | | | Names of the fields that were cut |\n");
}
