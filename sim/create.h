/* Cluster creation in three steps: what the schema wants, what Palette's own rules want, the deed.
 */
#ifndef SIM_CREATE_H
#define SIM_CREATE_H

#include "parts.h"

/* The members that the cloud's entity must have, and their types. False: refused with a 422 that
 * names the member. */
bool create_check_schema(struct request *r, enum cloud cloud, struct reply *a);

/*
 * What is wrong with a body that fits the schema: an array of {about, name, code, message}, where
 * about is "pool", "profile" or "spec", and name is the pool's name or the profile's uid.
 */
json_t *create_findings(struct request *r, enum cloud cloud);

#endif
