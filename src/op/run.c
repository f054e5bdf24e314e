/* The one pipeline: who asks, may they, what do they ask, of which Palette, and then the work. */
#include "base/clock.h"
#include "base/log.h"
#include "op/audit.h"
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
	audit_after(c, op, ok, err);
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
	     audit_before(c, op, err) &&                   /* can it be said?      503 */
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
