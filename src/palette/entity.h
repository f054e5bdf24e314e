/*
 * What Palette wants to read when a cluster is created: one entity a kind of cluster, made from our
 * flat body or taken as the caller wrote it, with the few repairs that existing frontends need.
 *
 * The fields of the flat body are rows: entity_table.c, and a file for each cloud. Checks,
 * translation and documents come from them. What no row can say (fields that depend on each other)
 * is code in entity_pools.c and in the file of the cloud. Nothing here does I/O; everything handed
 * out lives in the arena.
 *
 * Given a body that json_check() has passed: entity_check_keys(), then entity_form(). A flat body
 * goes on with entity_draft(), entity_declare() for each profile if there are variables, and
 * entity_finish(); Palette's own with entity_repair().
 *
 * Faults of the caller's are collected, so that one answer can name them all.
 */
#ifndef PALETTE_ENTITY_H
#define PALETTE_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"

/* ---- the rows: entity_table.c ---- */

enum entity_type {
	ENTITY_TEXT = 1,
	ENTITY_BOOL,
	ENTITY_INT,     /* from min to max */
	ENTITY_CHOICE,  /* a string of `choices` */
	ENTITY_TEXTS,   /* an array of min to max strings */
	ENTITY_MAP,     /* an object of strings */
	ENTITY_SCALARS, /* an object of strings, numbers and booleans; names in `fields` by their
			   row */
	ENTITY_OBJECT,  /* `fields` */
	ENTITY_OBJECTS, /* an array of min to max objects with `fields` */
	ENTITY_POOLS,   /* the same, a machine pool each */
};

enum { ENTITY_MOST_MEMBERS = 1000 }; /* of ENTITY_MAP and ENTITY_SCALARS */

/* A JSON text at a pointer of Palette's entity. */
struct entity_constant {
	const char *pointer; /* NULL ends a list */
	const char *json;
};

/*
 * One field of the flat body, and where its value goes. Strings are static. Pointers are plain
 * ("/spec/cloudConfig/region"); of the fields of a machine pool or of an ENTITY_OBJECTS item they
 * start at the item.
 */
struct entity_field {
	const char *name; /* NULL ends a list */
	enum entity_type type;
	bool required;
	bool may_be_empty;              /* an empty string passes */
	bool empty_is_absent;           /* an empty string counts as not given */
	const char *target;             /* NULL: code says where it goes */
	const char *goes;               /* what code says, for the documents; "*": any item */
	const char *also;               /* a second place; NULL: none */
	struct entity_constant implies; /* what is set along with it; pointer NULL: nothing */
	int64_t times;                  /* the unit's factor; 0: 1 */
	const char *item_key;           /* each of ENTITY_TEXTS becomes {item_key: text} */
	const char *shorthand;          /* a plain string stands for an object with this field */
	const char *fallback;           /* JSON that stands when it is not given; NULL: nothing */
	const char *example;            /* JSON, for the documents; NULL: examples do without it */
	const char *const *choices;     /* ends with NULL */
	int64_t min;
	int64_t max;
	const struct entity_field *fields;
	const char *help;
};

struct entity_hooks;

struct entity_kind {
	const char *name;       /* the endpoint: "eks"; a flat body's cloudType */
	const char *cloud_type; /* what spec.cloudType says: the same, but "nested" for virtual */
	const char *summary;
	bool needs_control_plane;   /* a pool is added where the caller names none */
	bool takes_interface_pools; /* entity_repair() makes pools of cloudConfig.workerPools */
	const char *managed;        /* why no pool can be its control plane; NULL: one can */
	const char *added_pool;     /* the name of a pool that we may add; NULL: we add none */
	const struct entity_field *fields;            /* of the flat body */
	const struct entity_constant *constants;      /* of every entity */
	const struct entity_constant *pool_constants; /* of every machine pool; NULL: none */
	const struct entity_hooks *hooks;
};

/* All kinds, in the order of the documents; ends with a NULL name. */
extern const struct entity_kind entity_kinds[];

/* Their names; ends with NULL. */
extern const char *const entity_kind_choices[];

/* What a value of that type is called, for people and models: "array of strings". Static. */
const char *entity_type_name(enum entity_type type);

/* Case does not count; "nested" is virtual. NULL: there is none. */
const struct entity_kind *entity_kind_named(struct text cloud_type);

/* The names of all kinds, "eks, aws, ...". */
const char *entity_kind_names(struct arena *a);

/* ---- faults: entity_fault.c ---- */

struct entity_fault {
	const char *pointer; /* RFC 6901, into the request's body; one too long ends with "..." */
	const char *message; /* goes on after the field's name: "is required" */
};

enum { ENTITY_MOST_FAULTS = 100 };

struct entity_faults {
	struct arena *arena;
	const char *base; /* where the body's JSON stands in the request: "" or "/clusterConfig" */
	struct entity_fault *items; /* arena */
	size_t count;
	size_t left_out; /* beyond ENTITY_MOST_FAULTS */
};

/* arena and base are borrowed for the life of faults. */
void entity_faults_init(struct entity_faults *faults, struct arena *a, const char *base);
/* pointer is below base. */
void entity_fault_at(struct entity_faults *faults, const char *pointer, const char *format, ...)
	PRINTF_LIKE(3, 4);
/*
 * True when there are none. Else fails with ERROR_INPUT: the message names each field, as far as
 * it has room, and says how many more there are; details hold {"faults":[{"pointer","message"}]}.
 */
MUST_USE bool entity_faults_none(const struct entity_faults *faults, struct error *err);

/* ---- both forms: entity.c, entity_keys.c ---- */

/* Adds a fault for each name that stands twice in an object of the document, at any depth. */
void entity_check_keys(struct entity_faults *faults, struct text document);

enum entity_form {
	ENTITY_FLAT,    /* cloudType stands at the top */
	ENTITY_PALETTE, /* there is a spec */
};

/* base: as of entity_faults_init(). Fails with ERROR_INPUT: no cloud type, or none of ours. */
MUST_USE bool entity_form(struct arena *a, struct text body, const char *base,
			  enum entity_form *form, const struct entity_kind **kind,
			  struct error *err);

/* ---- the flat body: entity.c, entity_flat.c, entity_variables.c ---- */

struct entity_node;
struct entity_declaration;

/* A profile of the body, in its order. */
struct entity_profile {
	const char *uid;
	size_t index; /* in profileUids */
	struct entity_node *variables;
	bool is_known; /* entity_declare() told what it declares */
	struct entity_declaration *declarations;
	size_t declaration_count;
};

/* A value of profileVariables or clusterVariables, for every profile that declares its name. */
struct entity_variable {
	struct text name;
	struct text value;               /* a JSON string */
	struct text text;                /* as it reads */
	const char *pointer;             /* where it stands in the body */
	bool is_sensitive;               /* nothing that is told may repeat it */
	struct entity_declaration *uses; /* a list: the declarations of its name */
	struct entity_declaration *last_use;
};

/* A flat body on its way to an entity. */
struct entity_draft {
	struct arena *arena;
	struct entity_node *root;
	struct entity_profile *profiles;
	size_t profile_count;
	struct entity_variable *variables;
	size_t variable_count;
};

/* Reads all of the body; what is wrong is added to faults, and what is right is in the draft. */
void entity_draft(struct arena *a, const struct entity_kind *kind, struct text body,
		  struct entity_faults *faults, struct entity_draft *draft);

/*
 * Tells what variables a profile declares; once for each profile. Nothing is checked before
 * entity_finish(), because one profile may call sensitive what another shows.
 * profile  its place in draft->profiles.
 * answer   Palette's {"variables":[...]}, checked JSON; copied. What is odd in it is passed over: a
 *          declaration without a name is none, a format that is not known is not checked.
 */
void entity_declare(struct entity_draft *draft, size_t profile, struct text answer);

/*
 * Gives each profile the values of the variables that it declares, checked, and writes the entity,
 * unless there are faults by then, from here or from before. Once, after the entity_declare() of
 * all profiles.
 *
 * A value is checked against every declaration of its name. It has to be
 *   one of the options    of a dropdown
 *   of the format         number: as JSON writes numbers; boolean: true or false; ipv4, ipv6;
 *                         ipv4cidr: an address, "/" and 0 to 32; version: one to three numbers with
 *                         dots, "v" in front allowed, behind them what semantic versions have
 *                         (1.2.3, v1.27, 1.0.0-rc.1+b5); base64: with padding, line breaks allowed;
 *                         anything for string, or what we do not know
 *   found by the regex    as base/regex.h searches; where that gives no answer, the value passes
 * and Palette has the last word. An empty text is no value: for a variable that has to have one and
 * has a default, it is left out; where there is no default, it is a fault; an optional variable
 * gets it unchecked. Defaults are Palette's to fill in and never sent. Hidden variables may be
 * given. An immutable one that has a default keeps it (Palette's interface calls it read-only);
 * without one its value is for the whole life of the cluster.
 *
 * Faults: a value that does not fit a declaration; a variable that has to have a value and has
 * none; one that no profile declares, if all profiles were told of. They say what was found, within
 * bounds, but never a value of a variable that any profile calls sensitive or whose name says so.
 *
 * entity  out, arena. False: there are faults.
 */
MUST_USE bool entity_finish(struct entity_draft *draft, struct entity_faults *faults,
			    struct text *entity);

/* How a virtual cluster is reached where the body does not say it; others are left alone.
 * entity_virtual.c */
void entity_default_endpoint(struct entity_draft *draft, const char *type);

/* ---- Palette's own body: entity_repair.c, entity_required.c ---- */

enum { ENTITY_MOST_REPAIRS = 8 };

/* What was changed, for the caller; static texts. */
struct entity_repairs {
	const char *messages[ENTITY_MOST_REPAIRS];
	size_t count;
};

/*
 * Palette's entity with the repairs that existing frontends need; every other byte stays as it was.
 * After them it has to have all that Palette's published schema requires, with a name like that of
 * a flat body; nothing else of it is looked at. Pointers of the faults are into body.
 *
 * with_group  whether spec.clusterConfig.hostClusterConfig.clusterGroup.uid has to be there.
 * entity      out, borrowed from body or arena. False: a fault was added.
 */
MUST_USE bool entity_repair(struct arena *a, const struct entity_kind *kind, struct text body,
			    bool with_group, struct entity_faults *faults,
			    struct entity_repairs *repairs, struct text *entity);

/* ---- what a body says exists: entity_claims.c ---- */

enum {
	ENTITY_MOST_PROFILES = 64,
	ENTITY_MOST_CLUSTERS = 32, /* compute clusters */
	ENTITY_MOST_PLACED = 256,
};

struct entity_claim {
	const char *value;   /* arena; NULL: the body says nothing of it */
	const char *pointer; /* where it stands, as the caller wrote the body */
};

/* What a machine pool's placement on vSphere names. */
enum entity_thing {
	ENTITY_COMPUTE_CLUSTER,
	ENTITY_RESOURCE_POOL,
	ENTITY_DATASTORE,
	ENTITY_NETWORK,
	ENTITY_IP_POOL,
	ENTITY_THINGS
};

struct entity_placed {
	enum entity_thing thing; /* of a compute cluster */
	size_t cluster;          /* in entity_claims.clusters */
	struct entity_claim claim;
};

/* A size of a virtual cluster in the caller's unit. */
struct entity_amount {
	const char *pointer; /* NULL: the body says nothing of it */
	int64_t value;
	int64_t times; /* the factor from the caller's unit to Palette's: cores, MiB, GiB */
};

/* Each thing once, where it stands first. What is of a wrong type or empty claims nothing. */
struct entity_claims {
	struct entity_claim name;
	struct entity_claim account;
	const char *profiles_at; /* where the list of profiles stands */
	struct entity_claim *profiles;
	size_t profile_count;
	bool has_template; /* profiles come from a cluster template, too */

	/* of vsphere */
	struct entity_claim datacenter;
	struct entity_claim folder;
	struct entity_claim *clusters;
	size_t cluster_count;
	struct entity_placed *placed;
	size_t placed_count;
	struct entity_claim *ip_pools;
	size_t ip_pool_count;

	/* of virtual */
	struct entity_claim group;
	struct entity_claim host;
	struct entity_amount cores;
	struct entity_amount memory;
	struct entity_amount storage;
};

/*
 * Finds them in a body as the caller wrote it. Adds faults where there are more than can be asked
 * about, and where Palette's entity names a profile twice (of a flat body entity_draft() says it).
 */
void entity_find_claims(struct arena *a, const struct entity_kind *kind, enum entity_form form,
			struct text body, struct entity_faults *faults,
			struct entity_claims *claims);

#endif
