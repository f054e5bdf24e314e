/* Rows of the table in table.c: where the audit trail goes. */
/* clang-format off */
	{
		.path = "spectrocloud.audit.to",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, audit.to),
		.fallback = "stderr",
		.choices = audit_places,
		.narrows = true,
		.fixed = true,
		.help = "Where the audit trail goes. `stderr`: into the log, as its event `audit`; "
			"`file`: a line of JSON for each event, at the end of "
			"`spectrocloud.audit.file`; `syslog`: the same line as a message of the "
			"facility `authpriv` to the system's log, journald's included. "
			"[audit.md](audit.md) has the events and fields.",
	},
	{
		.path = "spectrocloud.audit.file",
		.type = SETTING_STRING,
		.into = offsetof(struct config, audit.file),
		.needed = audits_to_file,
		.accepts = accepts_absolute_path,
		.wants = "an absolute path such as /var/log/spectrocloud-backend/audit.jsonl",
		.fixed = true,
		.help = "Needed with `file`, otherwise not read. It is made with mode 0640 if it is "
			"missing, in a folder that has to be there; and opened again on SIGHUP and "
			"when it was renamed or removed.",
	},
	{
		.path = "spectrocloud.audit.socket",
		.type = SETTING_STRING,
		.into = offsetof(struct config, audit.socket),
		.fallback = "/dev/log",
		.accepts = accepts_absolute_path,
		.wants = "an absolute path",
		.fixed = true,
		.help = "Where the system's log listens, with `syslog`.",
	},
	{
		.path = "spectrocloud.audit.required",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, audit.required),
		.fallback = "false",
		.narrows = true,
		.help = "Whether what is audited is done only if the trail takes it: it is written down "
			"before it is done (`initiated`) as well as afterwards, and where the first "
			"cannot be written it is answered with 503 and not done.",
	},
