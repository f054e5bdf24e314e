/* Inside op/: what an agent means by a name. */
#ifndef OP_AGENT_FIND_H
#define OP_AGENT_FIND_H

#include "op/op.h"

/* What decides where several have the name. */
#define ARG_ENTITY                                                                              \
	ARG("entityRef", PARAM_TEXT,                                                            \
	    "Decides where several have that title: the catalog's reference of the one meant, " \
	    "such as resource:default/prod-web")
#define ARG_NAMED_PROJECT                   \
	ARG("projectUid", PARAM_IDENTIFIER, \
	    "UID of its Palette project; also decides where several have that name")
#define ARG_NAMED_INSTANCE              \
	ARG("instanceName", PARAM_TEXT, \
	    "Name of its SpectroCloud environment; also decides where several have that name")

/* For find_by_uid_or_name(). */
#define ARG_CLUSTER_NAME               \
	ARG("clusterName", PARAM_TEXT, \
	    "Name of the cluster: the title of its entity. Either this or clusterUid")
#define ARG_CLUSTER_UID                     \
	ARG("clusterUid", PARAM_IDENTIFIER, \
	    "UID of the cluster in Palette. Either this or clusterName")

#define ARG_PROFILE_NAME               \
	ARG("profileName", PARAM_TEXT, \
	    "Name of the profile: the title of its entity. Either this or profileUid")
#define ARG_PROFILE_UID                     \
	ARG("profileUid", PARAM_IDENTIFIER, \
	    "UID of the profile in Palette. Either this or profileName")

/* One object of Palette's that was found, in c->environment. All in the arena. */
struct found {
	const char *uid;
	const char *name;
	const char *project;          /* NULL: the tenant's scope */
	const char *entity_ref;       /* "" where no catalog was asked */
	struct catalog_entity entity; /* its ref is NULL where no catalog was asked */
};

/* What every answer about an object that was found says of it. */
#define FOUND_FIELDS                                                                  \
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "Its name"}, \
		{.name = "uid",                                                       \
		 .type = FIELD_STRING,                                                \
		 .required = true,                                                    \
		 .help = "Its UID in Palette"},                                       \
	{                                                                             \
		.name = "entityRef", .type = FIELD_STRING, .required = true,          \
		.help = "Its entity in the catalog; empty where no catalog was asked" \
	}

/*
 * The object whose name the parameter `name` has, by the title of its entity in Backstage's
 * catalog, which is asked on the caller's behalf; of a person at a shell, and where no catalog is
 * configured, by its name in Palette itself. entityRef, projectUid and instanceName decide where
 * several are found; so the row has those parameters, and OP_LATE. Palette is then open.
 *
 * Fails with ERROR_NOT_FOUND where there is none, with ERROR_INPUT where there are several.
 */
MUST_USE bool find_named(struct call *c, enum catalog_type type, const char *name,
			 struct found *found, struct error *err);

/* The same where the parameter `uid`, if it is given, is the object's uid, in the scope of
 * projectUid; without both of them entityRef says it alone, or it is ERROR_INPUT. */
MUST_USE bool find_by_uid_or_name(struct call *c, enum catalog_type type, const char *uid,
				  const char *name, struct found *found, struct error *err);

/* The entity alone, where there is a catalog; Palette is not open then. */
MUST_USE bool find_entity(struct call *c, enum catalog_type type, const char *name,
			  struct found *found, struct error *err);

/* Whether there is a catalog to ask. */
bool has_catalog(const struct call *c);

/* The document of what was found. document: palette_document_fini() it. */
MUST_USE bool found_document(struct call *c, enum palette_document_kind kind,
			     const struct found *found, struct palette_document *document,
			     struct error *err);

#endif
