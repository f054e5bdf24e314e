/*
 * Inside op/: creating a cluster, step by step. The operations, and the tools that agents have for
 * it, take the same steps in this order. Each fails without anything having been created, but for
 * the last one, of which err->maybe_done tells; creation_say_outcome() says it to the caller.
 *
 *   creation_read()   what can be said without Palette        create_read.c
 *   creation_check()  what Palette knows: does all of it exist, and does it fit?   create_check.c
 *   creation_plan()   what a dry run answers                   create_plan.c
 *   or creation_send()                                         create_send.c
 *
 * creation_make() takes them all, but for the first and the plan.      create_make.c
 */
#ifndef OP_CREATE_H
#define OP_CREATE_H

#include "op/op.h"
#include "palette/entity.h"
#include "json/json.h"

/* What somebody said that does not stop the creation, in the answer's warnings. */
struct creation_warnings {
	const char **messages; /* arena */
	size_t count;
	size_t room;
};

/* A cluster that somebody wants. Everything lives in the call's arena. */
struct creation {
	const struct entity_kind *kind;
	bool flat;        /* the body was flat: draft is filled, entity only by
			   * creation_check() */
	const char *base; /* where the body stands in the request: "" or "/clusterConfig" */
	struct text body; /* of either form */
	struct entity_draft draft;   /* of a flat one */
	struct text entity;          /* what Palette is to get */
	struct entity_claims claims; /* what the body says exists */
	const char *name;            /* of the cluster */
	struct creation_warnings warnings;
};

void creation_warn(struct call *c, struct creation *creation, const char *message);

/* Reads a body of either form, the value of that parameter of the row. Fails with ERROR_INPUT, all
 * faults at once; nothing was asked. */
MUST_USE bool creation_read(struct call *c, const char *param, struct creation *creation,
			    struct error *err);
/* Palette's own body of a virtual cluster. */
MUST_USE bool creation_read_virtual(struct call *c, const char *param, struct creation *creation,
				    struct error *err);

/* Asks Palette. Fails with ERROR_INPUT, the faults of all checks at once, or as Palette's calls do.
 * Then creation->entity is there. */
MUST_USE bool creation_check(struct call *c, struct creation *creation, struct error *err);

/*
 * Has Palette look at the entity, too, and say what it would cost. plan: out, arena:
 * {"kind","entity","price","warnings"}; without a price where Palette gives none, with a warning
 * unless that is so for all of the kind. Fails with ERROR_UNPROCESSABLE, or as Palette's calls do.
 */
MUST_USE bool creation_plan(struct call *c, struct creation *creation, struct text *plan,
			    struct error *err);

/* Has Palette create it; sent once. uid: out, arena. Fails as palette_create_cluster() does. */
MUST_USE bool creation_send(struct call *c, const struct creation *creation, const char **uid,
			    struct error *err);

/*
 * To an error of any of these: whether there is a cluster now. Details get
 * {"outcome":"unknown","clusterName"} or {"outcome":"not created","clusterName"}; the sentence says
 * the latter where that cannot be seen from the kind.
 */
void creation_say_outcome(struct call *c, const struct creation *creation, struct error *err);

/* How a creation is made. */
struct creation_manner {
	const char *key_name; /* what the caller calls the key: "Idempotency-Key" */
	const char *key;      /* see op/create_once.h; NULL: none */
	/* Looks at the entity, once it is there. NULL: nothing to look at. */
	bool (*approve)(struct call *c, const struct creation *creation, struct error *err);
	/* A JSON object with the member uid; arena. */
	struct text (*answer)(struct call *c, const struct creation *creation, const char *uid);
};

/* From what was read to the answer; with a key, once. Fails as the steps and the key do, and says
 * what became of the cluster. */
MUST_USE bool creation_make(struct call *c, struct creation *creation,
			    const struct creation_manner *manner, struct result *res,
			    struct error *err);

/* All that the caller has sent: the body, or what a tool was called with. */
struct text creation_request(const struct call *c);

/* "warnings":[{"message"}], if there are any. */
void creation_put_warnings(struct json_writer *w, const struct creation *creation);

#endif
