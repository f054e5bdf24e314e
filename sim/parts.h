/* The smaller parts of the simulator: credentials and scope, faults, the log, rate limits, pages.
 */
#ifndef SIM_PARTS_H
#define SIM_PARTS_H

#include "sim.h"
#include "world.h"

/* ---- scope.c: who asks, and what may they see ---- */

struct credential {
	char name[24]; /* "key:0", "session:1": how the log calls it */
	char *value;
	bool session;
	bool admin; /* of the tenant */
	bool revoked;
	int *projects; /* that the user may enter, unless admin */
	int project_count;
	char *projects_text; /* as given, until the world exists */
	char *denied;        /* ",cluster.create,": taken out of the usual permissions */
	int user;            /* number of the user it belongs to */
	int expires_days;    /* of a key: from the start on; 0: never */
};

struct scopes *scopes_new(void);
void scopes_free(struct scopes *s);
/* VALUE[:projects=a,b][:deny=permission,permission][:expires=DAYS]. False: said on standard error.
 */
bool scopes_add(struct scopes *s, bool session, const char *spec);
/* Turns project uids and numbers into indexes. */
bool scopes_resolve(struct scopes *s, const struct world *w);
int scopes_count(const struct scopes *s, bool session);
const struct credential *scopes_at(const struct scopes *s, int i); /* NULL past the end */
bool scopes_revoke(struct scopes *s, const char *name, bool revoked);

/* "key:0", "none", "unknown": never the value. */
const char *scope_credential_name(const struct request *r);
/* Finds r->credential, or refuses. */
bool scope_identify(struct request *r, struct reply *a);
/* Finds r->project from the header, or refuses. */
bool scope_enter(struct request *r, struct reply *a);
/* A permission in a scope: a project's number or SCOPE_TENANT. */
bool scope_may(const struct credential *c, int project, const char *permission);
bool scope_demand(struct request *r, int project, const char *permission, struct reply *a);
/* An object that must lie in the scope the request asks for. NULL: refused. */
struct object *scope_open(struct request *r, const char *uid, enum kind kind,
			  const char *permission, struct reply *a);
/* An object that may lie in any scope the caller sees. NULL: refused. */
struct object *scope_open_visible(struct request *r, const char *uid, enum kind kind,
				  const char *permission, struct reply *a);
/* Whether a list of the request's scope holds what lies in project. */
bool scope_lists(const struct request *r, int project);
json_t *scope_permissions(const struct credential *c, int project);

/* ---- paging.c ---- */

enum { PAGE_MAX = 50 };

struct page {
	int64_t offset;
	int64_t limit;
};
enum page_style { PAGE_GET, PAGE_POST };

/* Reads limit, offset and continue from the query, and from nowhere else. */
bool page_read(struct request *r, enum page_style style, struct page *p, struct reply *a);
typedef void page_put(struct request *r, struct buf *out, const void *item);
/* One page of items, in Palette's envelope. */
void page_reply(struct request *r, enum page_style style, const struct page *p,
		const void *const *items, size_t count, page_put *put, struct reply *a);

/* Pointers to what a list holds, growing. */
struct list {
	const void **items;
	size_t count;
	size_t room;
};
void list_add(struct list *l, const void *item);
void list_free(struct list *l);

/* ---- search.c: Palette's filter language ---- */

/* Clusters of r's scope that the body asks for, sorted. False: refused. */
bool search_clusters(struct request *r, struct list *found, struct reply *a);
/* {eq, ne, contains, beginsWith, ignoreCase}; NULL matches all. */
bool search_string(const json_t *filter, const char *value);

/* ---- faults.c ---- */

struct faults *faults_new(void);
void faults_free(struct faults *f);
/* credential: of whose requests the rules are; NULL: all rules. */
void faults_clear(struct faults *f, const char *credential);
/* Adds one rule, or says why not in message. */
bool faults_add(struct faults *f, const json_t *rule, char *message, size_t size);
json_t *faults_report(struct faults *f);

struct fault; /* one rule's effect on one request */
/* The effect that the first firing rule has; NULL: none. free() it with fault_free. */
struct fault *faults_take(struct faults *f, const struct request *r);
void fault_free(struct fault *t);
/* Before the handler. True: the reply is made already. */
bool fault_before(struct fault *t, struct request *r, struct reply *a);
/* After it: may write to the socket itself. */
void fault_after(struct fault *t, struct request *r, struct reply *a);

/* ---- wire.c: answers that no HTTP library would send ---- */

enum wire {
	WIRE_SLOW_HEADERS,
	WIRE_HANG,
	WIRE_DRIP,
	WIRE_TRUNCATE,
	WIRE_WRONG_LENGTH,
	WIRE_RESET,
	WIRE_STALL,
	WIRE_CUT_CHUNKS,
	WIRE_OVERSIZED,
	WIRE_FLOOD,
};
/* amount: milliseconds or bytes, as the kind has it. Marks the reply as taken. */
void wire_send(struct request *r, struct reply *a, enum wire wire, int64_t amount);

/* ---- record.c: what was asked ---- */

struct record *record_new(int limit);
void record_free(struct record *c);
void record_clear(struct record *c);
void record_begin(struct record *c, struct request *r, int64_t at_ms);
void record_end(struct record *c, const struct request *r, unsigned status);
/* A path that no documented route has, or one that nobody should read. */
void record_stray(struct record *c, const struct request *r);
json_t *record_requests(struct record *c, uint64_t since);
json_t *record_stats(struct record *c);

/* ---- rates.c ---- */

struct rates *rates_new(bool published);
void rates_free(struct rates *t);
void rates_set(struct rates *t, bool published);
/* Takes one token for the source and the path; false: over the limit. */
bool rates_take(struct rates *t, const char *source, const char *path);

/* ---- route.c ---- */

enum route_scope {
	ROUTE_OPEN,   /* no credential */
	ROUTE_SELF,   /* any credential; ProjectUid means nothing */
	ROUTE_TENANT, /* the permission, in the tenant */
	ROUTE_LIST,   /* the permission in the scope that the header names */
	ROUTE_OBJECT, /* the handler opens an object, which checks */
};

struct route {
	const char *method;
	const char *pattern; /* "/v1/users/{uid}" */
	enum route_scope scope;
	const char *permission;
	void (*run)(struct request *r, struct reply *a);
	bool stray; /* nobody has a reason to call it */
};

enum { MAX_ROUTES = 192 };
extern const struct route palette_routes[];
/* The row for the request, and its params; a literal segment wins. NULL: *allowed says which
 * methods the path has, "" if it is no path at all. */
const struct route *route_find(struct request *r, const struct route *routes, char *allowed,
			       size_t size);

#endif
