/* Inside op/: a cluster's health as agents read it. */
#ifndef OP_AGENT_HEALTH_H
#define OP_AGENT_HEALTH_H

#include "op/op.h"
#include "json/json.h"

extern const struct field health_fields[];

/* Writes the object of health_fields. cluster: Palette's summary of a cluster, checked JSON. */
void health_put(struct json_writer *w, struct arena *a, struct text cluster);

#endif
