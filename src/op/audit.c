/*
 * The audit trail: which calls go into it, and what is said of them.
 *
 * There are the rows with OP_AUDIT, a look at somebody else's session, every denial, and
 * credentials that were refused. A request without any credential says nothing about anybody, and
 * is in the log alone.
 */
#include "op/audit.h"

#include <stdio.h>
#include <string.h>

#include "http/http.h"
#include "telemetry/trace.h"
#include "telemetry/trail.h"

static const char refused_credential[] = "credential-refused";

void op_audit_id(const struct op *op, char id[OP_AUDIT_ID_SIZE])
{
	snprintf(id, OP_AUDIT_ID_SIZE, "%s", op->name);
	for (char *at = id; *at != '\0'; at++)
		if (*at == '.' || *at == '_')
			*at = '-';
}

static bool changes_something(const struct op *op)
{
	if (op->tool != NULL)
		return (op->tool->does & TOOL_WRITES) != 0;
	return op->method != NULL && strcmp(op->method, "GET") != 0;
}

enum audit_severity op_audit_severity(const struct op *op)
{
	bool audited = (op->flags & OP_AUDIT) != 0;

	return audited && (changes_something(op) || op->permission == PERMIT_DOWNLOAD_KUBECONFIG)
		       ? AUDIT_HIGH
		       : AUDIT_MEDIUM;
}

/* ---- what is said ---- */

static const char *kind_of(const struct call *c)
{
	if (c->local)
		return "shell";
	switch (c->principal.kind) {
	case PRINCIPAL_USER:
		return "user";
	case PRINCIPAL_SERVICE:
		return "service";
	default:
		return "unknown";
	}
}

static const char *door_of(const struct call *c, const struct op *op)
{
	static const char *const names[DOORS] = {"backstage", "mcp", "shell"};

	return op == NULL || op->tool == NULL ? NULL : names[c->door];
}

/* What was acted on: what the handler says, else the path's first parameter, if it is an
 * identifier. A refusal comes before the parameters are read, so it is the input itself. */
static struct text object_of(const struct call *c)
{
	if (c->object != NULL)
		return text_of(c->object);
	for (size_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].in == IN_PATH)
			return param_identifier_problem(c->inputs[i].value) == NULL
				       ? c->inputs[i].value
				       : TEXT("");
	return TEXT("");
}

/* What the handler says, else the parameter of that name, read or not. */
static struct text project_of(const struct call *c, const struct op *op)
{
	const struct param *p = op == NULL ? NULL : op->params;

	if (c->project != NULL)
		return text_of(c->project);
	for (size_t i = 0; p != NULL && p[i].name != NULL; i++)
		if (strcmp(p[i].name, "projectUid") == 0 && c->values[i].string != NULL)
			return text_of(c->values[i].string);
	for (size_t i = 0; i < c->input_count; i++)
		if (text_is(c->inputs[i].name, "projectUid") &&
		    param_identifier_problem(c->inputs[i].value) == NULL)
			return c->inputs[i].value;
	return TEXT("");
}

static struct text header_of(const struct call *c, const char *name)
{
	const struct http_header *h = http_header_find(c->headers, c->header_count, name);

	return h == NULL ? TEXT("") : h->value;
}

/* Who, from where, and what was asked for. */
static void fill(struct audit_event *e, const struct call *c, const struct op *op)
{
	const char *environment = c->environment == NULL ? NULL : c->environment->name;
	const struct trace *trace = trace_current();

	e->values[AUDIT_OPERATION] = text_of(op == NULL ? NULL : op->name);
	e->values[AUDIT_TOOL] = text_of(op == NULL || op->tool == NULL ? NULL : op->tool->name);
	e->values[AUDIT_DOOR] = text_of(door_of(c, op));
	e->values[AUDIT_ACTOR] = text_of(c->principal.subject);
	e->values[AUDIT_KIND] = text_of(kind_of(c));
	e->values[AUDIT_ACTING] = text_of(c->principal.actor);
	e->values[AUDIT_IP] = text_of(c->peer);
	e->values[AUDIT_HOSTNAME] = header_of(c, "Host");
	e->values[AUDIT_USER_AGENT] = header_of(c, "User-Agent");
	e->values[AUDIT_METHOD] = text_of(c->method);
	e->values[AUDIT_URL] = c->url_path;
	e->values[AUDIT_ENVIRONMENT] = text_of(environment);
	e->values[AUDIT_PROJECT] = project_of(c, op);
	e->values[AUDIT_OBJECT] = object_of(c);
	e->values[AUDIT_OBJECT_NAME] = text_of(c->object_name);
	e->values[AUDIT_REQUEST_ID] = text_of(c->id);
	e->values[AUDIT_TRACE_ID] = text_of(trace == NULL ? NULL : trace->id);
}

static const char *outcome_of(const struct call *c, bool ok, const struct error *err)
{
	if (ok)
		return c->outcome == NULL ? "succeeded" : c->outcome;
	if (err->kind == ERROR_DENIED ||
	    (err->kind == ERROR_UNAUTHENTICATED && !c->identified && !c->local))
		return "denied";
	return err->maybe_done ? "unknown" : "failed";
}

static void write_event(const struct call *c, const struct op *op, const char *id, bool ok,
			const struct error *err)
{
	struct audit_event e = {.id = id,
				.severity = op == NULL ? AUDIT_LOW : op_audit_severity(op),
				.status = ok ? AUDIT_SUCCEEDED : AUDIT_FAILED};

	if (id == refused_credential)
		e.severity = AUDIT_LOW;
	e.stranger = !ok && !c->local && c->principal.subject == NULL;
	e.denied = !ok && !c->local && !e.stranger && err->kind == ERROR_DENIED;
	fill(&e, c, op);
	e.values[AUDIT_OUTCOME] = text_of(outcome_of(c, ok, err));
	e.values[AUDIT_ERROR] = text_of(ok ? NULL : err->message);
	(void)trail_write(c->services->trail, &e);
}

/* ---- when ---- */

static bool begin(const struct call *c, const struct op *op, struct error *err)
{
	char id[OP_AUDIT_ID_SIZE];
	struct audit_event e = {
		.id = id, .severity = op_audit_severity(op), .status = AUDIT_INITIATED};

	if (!c->services->config->audit.required)
		return true;
	op_audit_id(op, id);
	fill(&e, c, op);
	return trail_write(c->services->trail, &e) ||
	       error_set(err, ERROR_UNAVAILABLE,
			 "The audit trail cannot be written, and without it this is not done "
			 "(spectrocloud.audit.required)");
}

bool audit_before(struct call *c, const struct op *op, struct error *err)
{
	return (op->flags & OP_AUDIT) == 0 || begin(c, op, err);
}

bool call_audits(struct call *c, struct error *err)
{
	c->audited = true;
	return begin(c, c->op, err);
}

void op_audit_stranger(const struct call *c, const struct op *op, const struct error *err)
{
	if (err->kind == ERROR_DENIED ||
	    (err->kind == ERROR_UNAUTHENTICATED && c->authorization.ptr != NULL))
		write_event(c, op, refused_credential, false, err);
}

void audit_after(const struct call *c, const struct op *op, bool ok, const struct error *err)
{
	bool known = c->identified || c->local || op->permission == PERMIT_ANYONE;
	char id[OP_AUDIT_ID_SIZE];

	op_audit_id(op, id);
	if (!ok && err->kind == ERROR_DENIED)
		write_event(c, op, id, false, err);
	else if (!known)
		op_audit_stranger(c, op, err);
	else if ((op->flags & OP_AUDIT) != 0 || c->audited)
		write_event(c, op, id, ok, err);
}
