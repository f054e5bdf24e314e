/* The audit trail, as the configuration has it. */
#include "app/app.h"
#include "base/log.h"
#include "telemetry/trail.h"

static bool open_trail(const struct config *c, enum trail_when when, struct trail **trail,
		       struct error *err)
{
	return trail_open(c->audit.to, c->audit.to == TRAIL_FILE ? c->audit.file : c->audit.socket,
			  when, trail, err);
}

bool app_open_trail(const struct config *c, struct trail **trail, struct error *err)
{
	if (c->audit.to == TRAIL_STDERR || open_trail(c, TRAIL_NOW, trail, err))
		return true;
	if (c->audit.required)
		return false;
	log_warn("telemetry.audit_failed", F_STR("problem", err->message),
		 F_STR("effect", "its lines go to standard error"));
	return open_trail(c, TRAIL_LATER, trail, err);
}

bool app_open_trail_alone(const struct config *c, struct trail **trail, struct error *err)
{
	return c->audit.to == TRAIL_STDERR || open_trail(c, TRAIL_LATER, trail, err);
}
