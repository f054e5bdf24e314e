/*
 * What the parts of palette-sim share: the options, a request as it came off the wire, and the
 * reply that is being made for it.
 *
 * The simulator is an independent peer of the product: it has its own way to read paths, headers
 * and JSON, so that a mistake on one side is not repeated on the other.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/text.h"

struct world;
struct scopes;
struct faults;
struct record;
struct rates;
struct credential;
struct route;

/* What the command line decides; constant after start. */
struct options {
	const char *listen;
	const char *control;
	const char *tenant;
	uint64_t seed;
	int projects;
	int clusters;
	int virtual_clusters;
	int profiles;
	int cluster_groups;
	int accounts; /* of each type */
	int latency_ms;
	int provision_ms;
	int log_limit;
	bool published_rates;
	bool inherit;      /* lists of a project also hold what the tenant shares with it */
	bool empty_denied; /* a tenant list without permission is empty rather than refused */
	bool die_with_parent;
};

struct sim {
	struct options options;
	struct world *world;
	struct scopes *scopes;
	struct faults *faults;
	struct record *record;
	struct rates *rates;
	int stop_fd; /* an eventfd that stays readable once the program is to end */
	int64_t started_ms;
};

/* Waits ms, or until the client of fd leaves (fd -1: nobody), or until the program ends.
 * False if it was not the time that ended the wait. */
bool sim_wait(const struct sim *sim, int fd, int64_t ms);

/* ---- bytes that several replies may share ---- */

struct blob {
	atomic_int refs;
	size_t len;
	char bytes[]; /* NUL-terminated */
};
struct blob *blob_new(struct text bytes);
/* Compact JSON. Takes the tree. A string "@raw(...)" in it is written without its quotes, for
 * numbers that the tree cannot hold. */
struct blob *blob_of_json(json_t *tree);
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b);
struct text blob_text(const struct blob *b);

/* ---- a request ---- */

enum { MAX_SEGMENTS = 16, MAX_HEADERS = 8 };

/* How a fault bends the next page of a list. */
enum paging_fault { PAGING_HONEST, PAGING_REPEAT_TOKEN, PAGING_EMPTY_PAGE, PAGING_ENDLESS };

struct request {
	struct sim *sim;
	int fd;          /* the client's socket */
	char source[64]; /* its address */
	const char *method;
	const char *target;           /* raw, as received */
	char *path;                   /* raw, without the query */
	const char *query;            /* raw, behind the question mark; "" if none */
	char *segments[MAX_SEGMENTS]; /* decoded once, each by itself, after splitting at '/' */
	size_t segment_count;
	bool malformed_path;   /* a segment did not decode, or there are too many */
	const char *params[4]; /* segments that the route's pattern names, in order */
	struct text body;
	bool body_too_large;
	json_t *json; /* the body as a tree; NULL if there is none */

	/* headers that matter; NULL: not sent */
	const char *api_key;
	const char *authorization;
	const char *cookie_token;
	const char *project_header;
	const char *content_type;

	uint64_t n; /* its number in the log */
	const struct route *route;
	const struct credential *credential;
	int project; /* whose scope it asks for: an index, or SCOPE_TENANT */
	enum paging_fault paging_fault;
};

/* A query parameter, decoded, into the request's memory; NULL: not given. free() it. */
char *request_query(const struct request *r, const char *name);
/* Splits target into path, query and decoded segments. */
void request_parse_target(struct request *r);
void request_release(struct request *r);

/* ---- its reply ---- */

struct reply {
	unsigned status;
	const char *content_type; /* static; NULL: none */
	struct blob *body;        /* owned; NULL: empty */
	struct {
		char name[40];
		char value[512];
	} headers[MAX_HEADERS];
	size_t header_count;
	bool taken; /* the socket was written to directly: close it */
};

void reply_release(struct reply *a);
/* A JSON string of any bytes: those that are no UTF-8 (a message may be cut anywhere) become '?'.
 */
json_t *sim_string(const char *s);
void reply_header(struct reply *a, const char *name, const char *value);
void reply_blob(struct reply *a, unsigned status, const char *content_type, struct blob *body);
/* Takes the tree. */
void reply_json(struct reply *a, unsigned status, json_t *tree);
/* Palette's own error body. */
void reply_error(struct reply *a, unsigned status, const char *code, const char *format, ...)
	PRINTF_LIKE(4, 5);
/* The router's: a numeric code, no ref, no details. */
void reply_router_error(struct reply *a, unsigned status, int code, const char *format, ...)
	PRINTF_LIKE(4, 5);

/* ---- a listening peer: peer.c ---- */

struct peer;
/* Called on the connection's own thread; may block. */
typedef void peer_run(struct request *r, struct reply *a);
/* address  HOST:PORT; port 0 takes a free one. url: out, "http://HOST:PORT". NULL on failure, said
 * on standard error. */
struct peer *peer_open(struct sim *sim, const char *address, peer_run *run, char url[128]);
/* Ends every connection. sim->stop_fd must be readable already. */
void peer_close(struct peer *p);

/* What the two peers run. */
void palette_run(struct request *r, struct reply *a);
void control_run(struct request *r, struct reply *a);

#endif
