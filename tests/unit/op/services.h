/* What calls need, with a Backstage that says nothing and a service that has started. */
#ifndef UNIT_OP_SERVICES_H
#define UNIT_OP_SERVICES_H

#include "op/op.h"
#include "unit/palette/fixture.h"

/* In memory. */
static struct store *services_store;

static inline void services_open(struct op_services *s, struct fixture *f)
{
	struct error err = {.message = ""};

	*s = (struct op_services){
		.config = &f->config, .palette = f->client, .life = op_life_new()};
	if (!store_open(&f->config, &services_store, &err))
		fail_msg("%s", err.message);
	s->store = services_store;
	s->sessions = sessions_new(&f->config, services_store);
	if (!backstage_open(&f->config, &f->http, NULL, &s->backstage, &err))
		fail_msg("%s", err.message);
	op_life_enter(s->life, PHASE_SERVING);
}

static inline void services_close(struct op_services *s)
{
	sessions_free(s->sessions);
	backstage_close(s->backstage);
	store_close(services_store);
	op_life_free(s->life);
}

#endif
