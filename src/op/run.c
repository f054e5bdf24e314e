/* The one pipeline: who asks, may they, what do they ask, of which Palette, and then the work. */
#include "base/clock.h"
#include "base/log.h"
#include "op/op.h"
#include "telemetry/metrics.h"

struct backstage_call call_asking(const struct call *c, bool may_wait)
{
	return (struct backstage_call){.arena = c->arena,
				       .deadline_ms = c->deadline_ms,
				       .may_wait = may_wait,
				       .cancel = c->cancel};
}

enum identity op_identify(struct call *c, bool may_wait, struct error *err)
{
	const struct backstage_call how = call_asking(c, may_wait);
	enum identity identity;

	if (c->identified || c->local)
		return IDENTITY_KNOWN;
	identity = backstage_identify(c->services->backstage, &how, c->authorization, &c->principal,
				      err);
	c->identified = identity == IDENTITY_KNOWN;
	return identity;
}

static bool call_identify(struct call *c, const struct op *op, struct error *err)
{
	return op->permission == PERMIT_ANYONE || op_identify(c, true, err) == IDENTITY_KNOWN;
}

static bool call_permit(const struct call *c, const struct op *op, struct error *err)
{
	const struct backstage_call how = call_asking(c, true);

	return c->local || backstage_authorize(c->services->backstage, &how, &c->principal,
					       op->permission, err);
}

/*
 * What was acted on, for the audit trail: what the handler says, else the path's first parameter,
 * if it is an identifier. A refusal comes before the parameters are read, so it is the input
 * itself.
 */
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

static void call_audit(const struct call *c, const struct op *op, bool ok, const struct error *err)
{
	const char *environment = c->environment == NULL ? NULL : c->environment->name;
	const char *outcome = c->outcome == NULL ? "succeeded" : c->outcome;

	if (!ok)
		outcome = err->maybe_done ? "unknown" : "failed";
	log_info("audit", F_STR("operation", op->name), F_STR("principal", c->principal.subject),
		 F_STR("actor", c->principal.actor), F_STR("environment", environment),
		 F_TEXT("object", object_of(c)), F_STR("outcome", outcome),
		 F_STR("name", c->object_name), F_STR("reason", ok ? "" : err->message));
}

/* Of an answer in pieces; else it ends the list of fields. */
static struct log_field how_it_ended(const struct call *c)
{
	static const struct log_field none = {.name = NULL};

	if (c->ended == NULL)
		return none;
	return F_STR("ended", c->ended);
}

/* An answer in pieces lasts as long as its client stays, which says nothing. */
static void call_measure(const struct call *c, const struct op *op, int status)
{
	char room[METRIC_STATUS_SIZE];

	metric_count(METRIC_REQUESTS, op->name, metric_status(status, room));
	if (c->ended == NULL)
		metric_observe(METRIC_REQUEST_SECONDS, clock_now_us() - c->started_us, op->name);
}

static void call_record(const struct call *c, const struct op *op, const struct result *res,
			bool ok, struct error *err)
{
	int status = ok && res != NULL ? res->status : error_face(err->kind)->http_status;

	if (op->flags & OP_CARRIER && (ok || err->recorded))
		return;
	if (!ok)
		err->recorded = true;
	call_measure(c, op, status);
	if (op->flags & OP_AUDIT || (!ok && err->kind == ERROR_DENIED))
		call_audit(c, op, ok, err);
	if (op->flags & (OP_FRONT | OP_ASIDE) && ok) {
		log_debug("request", F_STR("operation", op->name), F_INT("status", status));
		return;
	}
	log_info("request", F_STR("operation", op->name), F_INT("status", status),
		 F_STR("error", ok ? "" : err->message), F_STR("principal", c->principal.subject),
		 F_INT("ms", (clock_now_us() - c->started_us) / 1000), how_it_ended(c));
}

enum op_admission op_admit(const struct op *op, struct call *c, struct error *err)
{
	enum identity identity =
		op->permission == PERMIT_ANYONE ? IDENTITY_KNOWN : op_identify(c, false, err);

	c->op = op;
	if (identity == IDENTITY_UNDECIDED ||
	    (identity == IDENTITY_KNOWN && !c->local &&
	     !backstage_decides_at_once(c->services->backstage, &c->principal, op->permission)))
		return OP_UNDECIDED;
	c->admitted = identity == IDENTITY_KNOWN && call_permit(c, op, err);
	if (!c->admitted)
		call_record(c, op, NULL, false, err);
	return c->admitted ? OP_ADMITTED : OP_REFUSED;
}

enum op_admission op_admit_waiting(const struct op *op, struct call *c, struct error *err)
{
	c->op = op;
	c->admitted = call_identify(c, op, err) && call_permit(c, op, err);
	if (!c->admitted)
		call_record(c, op, NULL, false, err);
	return c->admitted ? OP_ADMITTED : OP_REFUSED;
}

/* The whole life of a request, for every face. Read this first. */
bool op_run(const struct op *op, struct call *c, struct result *res, struct error *err)
{
	bool ok;

	c->op = op;
	res->status = op->success_status != 0 ? op->success_status : 200;
	ok = (c->admitted || (call_identify(c, op, err) && /* who asks?            401 */
			      call_permit(c, op, err))) && /* may they?            403 */
	     call_read_params(c, op, err) &&               /* what do they ask?    400 */
	     call_open_palette(c, op, err) &&              /* which Palette/token? 503 */
	     op->run(c, res, err);                         /* upstream, transform  404, 502, 504 */

	palette_close(c->palette);
	c->palette = NULL;
	if (!ok)
		result_fini(res);
	if (!ok && err->reauthenticate) {
		c->reauthenticate = true;
		call_drop_session(c);
	}
	call_record(c, op, res, ok, err); /* audit, metrics, one log line: always */
	return ok;
}
