/* Inside the entity files: places in the caller's body, nodes of the entity, and the work on one.
 */
#ifndef PALETTE_ENTITY_WORK_H
#define PALETTE_ENTITY_WORK_H

#include "base/buf.h"
#include "base/regex.h"
#include "palette/entity.h"
#include "json/json.h"

/* ---- places: entity_fault.c ---- */

/* Where a value stands in the body: a chain on the stack, made into a pointer only for a fault. */
struct entity_place {
	const struct entity_place *up; /* NULL: the body itself */
	struct text name;              /* ptr NULL: an item of an array */
	size_t index;
};

#define PLACE_MEMBER(p, n) ((struct entity_place){.up = (p), .name = (n)})
#define PLACE_ITEM(p, i)   ((struct entity_place){.up = (p), .index = (i)})

/* Arena. */
const char *entity_pointer(struct arena *a, const struct entity_place *place);
void entity_fault(struct entity_faults *faults, const struct entity_place *place,
		  const char *format, ...) PRINTF_LIKE(3, 4);

/* Whether more faults are only counted. */
bool entity_faults_full(const struct entity_faults *faults);

/* ---- nodes: entity_node.c ---- */

/* A value of the entity that is being made: raw JSON, or a container of more of them. */
struct entity_node {
	const char *key; /* of a member */
	struct text raw; /* when type is NODE_RAW: borrowed, one JSON value */
	enum { NODE_OBJECT, NODE_ARRAY, NODE_RAW } type;
	struct entity_node *first;
	struct entity_node *last;
	struct entity_node *next;
};

struct entity_node *node_object(struct arena *a);
/* The node at a plain pointer below an object, made where it is not there yet. A segment "0" is the
 * first item of an array. */
struct entity_node *node_at(struct arena *a, struct entity_node *root, const char *pointer);
/* NULL if it is not there. */
struct entity_node *node_find(struct entity_node *root, const char *pointer);
/* Sets the value at pointer, instead of what was there. */
void node_set(struct arena *a, struct entity_node *root, const char *pointer, struct text raw);
void node_set_json(struct arena *a, struct entity_node *root, const char *pointer,
		   const char *json);
void node_set_all(struct arena *a, struct entity_node *root,
		  const struct entity_constant *constants);
/* A member of an object node by its name, which may be any text. */
void node_set_member(struct arena *a, struct entity_node *object, const char *key, struct text raw);
bool node_has_member(const struct entity_node *object, const char *key);
/* Makes node an array, if it is none yet, and puts item behind its last. */
void node_append(struct entity_node *array, struct entity_node *item);
void node_make_array(struct entity_node *node);
/* The same value once more, sharing nothing that could be changed. */
struct entity_node *node_copy(struct arena *a, const struct entity_node *node);
/* As compact JSON, arena. False if it passes max_bytes. */
MUST_USE bool node_write(struct arena *a, const struct entity_node *node, size_t max_bytes,
			 struct text *out);

/* ---- the work: entity_flat.c ---- */

/* One flat body on its way. */
struct entity_work {
	struct arena *arena;
	const struct entity_kind *kind;
	struct text body;
	struct entity_faults *faults;
	struct entity_node *root;
};

/* Reads every field of source by its row, and names those that have none. */
void entity_read_fields(struct entity_work *work, const struct entity_field *fields,
			struct text source, const struct entity_place *place,
			struct entity_node *node);
/* Reads one value. */
void entity_read_value(struct entity_work *work, const struct entity_field *field,
		       struct text value, const struct entity_place *place,
		       struct entity_node *node);
/* Whether value is an array of the size that the row allows; else a fault says so. */
bool entity_is_array_of(struct entity_work *work, const struct entity_field *field,
			struct text value, const struct entity_place *place, size_t *count);
const struct entity_field *entity_field_named(const struct entity_field *fields, struct text name);

/* Readers that find nothing in what is not there, empty or of another type. */
bool entity_text_at(struct text source, const char *pointer, struct text *raw);
/* Not given, or an empty string. */
bool entity_is_absent(struct text source, const char *pointer);
bool entity_is_true(struct text source, const char *pointer);
bool entity_has(struct text source, const char *name);
/* NULL if it is no string. */
const char *entity_string_of(const struct entity_work *work, struct text source,
			     const char *pointer);

/* ---- machine pools: entity_pools.c ---- */

struct entity_pool {
	struct text source; /* the caller's object */
	const struct entity_place *place;
	struct entity_node *node;
	bool is_control_plane;
};

/* problem goes on after the field's name. */
void entity_pool_fault(struct entity_work *work, const struct entity_pool *pool, const char *field,
		       const char *problem);

void entity_read_pools(struct entity_work *work, const struct entity_field *field,
		       struct text value, const struct entity_place *place);

/* {az: subnet} of the source as /cloudConfig/azs and /cloudConfig/subnets. */
void entity_put_subnets(struct entity_work *work, struct entity_node *pool, struct text subnets);

/* ---- names, and what Palette requires: entity.c, entity_required.c ---- */

/* Of a cluster, as it reads. */
void entity_check_name(struct entity_faults *faults, const char *pointer, struct text name);

/* An entity of the caller's, after the repairs. */
struct entity_required {
	const struct entity_kind *kind;
	bool with_group;        /* a virtual cluster has to name its cluster group */
	bool pools_are_ours;    /* made from something else that the caller wrote */
	const char *pools_name; /* what the caller calls machinepoolconfig */
	struct entity_faults *faults;
};

/* Adds a fault for each field that Palette's schema requires and that is missing or of another
 * type. */
void entity_check_required(const struct entity_required *required, struct text entity);
/* Where a pool's machines are on vSphere: the pool's own word, else that of the whole cluster. */
struct entity_placement_part {
	const char *own;       /* below the pool */
	const char *common;    /* below the body */
	const char *target;    /* below one of Palette's placements */
	const char *otherwise; /* NULL: required, and a fault says so elsewhere */
};
extern const struct entity_placement_part entity_placement_parts[ENTITY_THINGS];

/* ---- what differs from cloud to cloud: entity_amazon.c and so on ---- */

struct entity_hooks {
	/* Looks at one pool after its fields were read. NULL: nothing to look at. */
	void (*pool)(struct entity_work *work, struct entity_pool *pool);
	/* Looks at all pools before a control plane is added. */
	void (*pools)(struct entity_work *work, struct entity_pool *pools, size_t count,
		      const struct entity_place *place);
	/* Looks at the whole body, last. */
	void (*body)(struct entity_work *work);
	/* What an added control-plane pool takes over from the first worker: pointers, up to NULL.
	 */
	const char *const *placement;
};

extern const struct entity_hooks entity_eks_hooks;
extern const struct entity_hooks entity_aws_hooks;
extern const struct entity_hooks entity_aks_hooks;
extern const struct entity_hooks entity_azure_hooks;
extern const struct entity_hooks entity_vsphere_hooks;
extern const struct entity_hooks entity_virtual_hooks;

/* ---- variables: entity_variables.c, entity_values.c ---- */

/* The rows of clusterVariables that are settings of the cluster rather than variables. */
extern const struct entity_field entity_cluster_settings[];

/* Reads profileVariables and clusterVariables. */
void entity_read_variables(struct entity_work *work, struct entity_draft *draft);

/* What one profile says of a variable. */
struct entity_rule {
	struct text declaration; /* Palette's object */
	bool is_sensitive;       /* its options are not told */
};

/*
 * Whether text may be the value.
 * expected  out, arena, if not: goes on after "must".
 */
MUST_USE bool entity_value_fits(struct arena *a, const struct entity_rule *rule, struct text text,
				struct regex_work *work, const char **expected);
/* What a value would have to be, arena: "a number such as 3 or 1.5". */
const char *entity_value_expected(struct arena *a, const struct entity_rule *rule);
/* Whether Palette has a value for it when nobody gives one. */
bool entity_value_has_default(struct text declaration);

/* A text of others as a fault may tell it, arena: what disturbs is escaped, what is longer than
 * most bytes then ends with "...". */
const char *entity_shown(struct arena *a, struct text text, size_t most);

/* "a, b and 3 more": as many as have room. */
struct entity_list {
	struct arena *arena;
	const char *told;
	size_t told_count;
	size_t more;
};
void entity_list_add(struct entity_list *list, struct text item);
/* Arena. */
const char *entity_list_end(const struct entity_list *list);

/* A JSON string, arena. */
struct text entity_json_string(struct arena *a, struct text s);

#endif
