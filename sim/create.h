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

/* ---- inside the rules: create_rules.c, create_places.c ---- */

/* What the checks look at, and what they find. */
struct check {
	struct request *r;
	enum cloud cloud;
	const json_t *spec;
	const json_t *config;
	const json_t *pools;
	json_t *found;
};

void find(struct check *k, const char *about, const char *name, const char *code,
	  const char *format, ...) PRINTF_LIKE(5, 6);
/* "" where there is no string. */
const char *string_of(const json_t *object, const char *key);
/* Whether what lies in that scope may be used by the cluster that is to be made. */
bool usable(const struct check *k, const struct object *o);

void check_account(struct check *k);
/* vSphere: each pool says where its machines go. */
void check_placement(struct check *k, const json_t *pool, const char *name);
void check_vsphere(struct check *k);
void check_virtual(struct check *k);

#endif
