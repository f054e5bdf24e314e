/* How objects of the world read in Palette's answers. All with the world's lock held. */
#ifndef SIM_RENDER_H
#define SIM_RENDER_H

#include "world.h"

/* Never set, as Palette writes it. */
#define NO_TIME "0001-01-01T00:00:00.000Z"

json_t *render_time(int64_t calendar_ms);
/* ObjectMeta. labels may be NULL and are not taken; description NULL: no such annotation. */
json_t *render_meta(const struct world *w, const struct object *o, const json_t *labels,
		    const char *description);
/* Members that no client knows, with numbers that are easily damaged. */
json_t *render_unknown(void);
enum { GROUP_CORES = 8, GROUP_MEMORY_MIB = 16384, GROUP_STORAGE_GIB = 50 };
json_t *render_limits(const struct group *g);
/* Up to NULL. */
json_t *render_names(const char *const *names);
json_t *render_reference(const char *kind, const char *name, const char *uid);

/* Kept by the cluster until it changes; borrowed. */
struct text render_cluster(struct world *w, struct cluster *c, enum view view);
json_t *render_cluster_object(struct world *w, const struct cluster *c);
/* The n-th machine of a cluster's pool, as others name it. */
void machine_uid(const struct world *w, const struct cluster *c, int pool, int n,
		 char uid[UID_SIZE]);
void machine_name(const struct cluster *c, int pool, int n, char *name, size_t size);
json_t *render_kube_version(const struct cluster *c);

json_t *render_packs(const struct world *w, int profile, const struct cluster *of, int slot);
/* A profile as an object refers to it. */
typedef json_t *render_profile_as(const struct world *w, int profile, bool packs);
render_profile_as render_template; /* on the dashboard: with its scope */
render_profile_as render_content;  /* elsewhere: with its version's name */
/* The number that Palette gives a version beside its name. */
int render_version_number(const struct profile *p);
json_t *render_profile(const struct world *w, const struct profile *p);
json_t *render_family(const struct world *w, const struct family *f);
/* The uid of a version of a pack in a registry; false if there is none. */
bool registry_pack_uid(const struct world *w, const char *name, const char *version,
		       char uid[UID_SIZE]);
/* The values that a cluster has for the variables of one of its profiles. */
json_t *render_cluster_variables(const struct cluster *c, const struct world *w, int profile);
/* {"variables": [...]}, and the array alone. */
json_t *render_variables(const struct world *w, int profile);
json_t *render_variable_list(const struct world *w, int profile);
/* The n-th variable that a profile declares; false past the end. */
bool profile_variable(const struct world *w, int profile, size_t n, const char **name,
		      bool *needs_value);
/* Whether a profile's variable of that name takes the value. */
bool profile_takes(const struct world *w, int profile, const char *name, const char *value);
/* The version of a family that its list item stands for. */
const struct profile *family_head(const struct world *w, const struct family *f);

#endif
