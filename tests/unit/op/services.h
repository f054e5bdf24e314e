/* What calls need, with a Backstage that says nothing and a service that has started. */
#ifndef UNIT_OP_SERVICES_H
#define UNIT_OP_SERVICES_H

#include "op/op.h"
#include "unit/palette/fixture.h"

static inline void services_open(struct op_services *s, struct fixture *f)
{
	struct error err = {.message = ""};

	*s = (struct op_services){
		.config = &f->config, .palette = f->client, .life = op_life_new()};
	if (!backstage_open(&f->config, &f->http, NULL, &s->backstage, &err))
		fail_msg("%s", err.message);
	op_life_enter(s->life, PHASE_SERVING);
}

static inline void services_close(struct op_services *s)
{
	backstage_close(s->backstage);
	op_life_free(s->life);
}

#endif
