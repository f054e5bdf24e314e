/*
 * The operations: what the product does, one row each. Router, validation, permission, OpenAPI,
 * help, documentation, metric labels and contract tests derive from the row.
 *
 * A row is added in its resource's file, below the function it runs. A column left out means the
 * careful choice: without a permission nobody gets in, without a target the caller names the
 * environment.
 */
#ifndef OP_OP_H
#define OP_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backstage/backstage.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "crypto/jose.h"
#include "http/cancel.h"
#include "http/http.h"
#include "palette/entity.h"
#include "palette/palette.h"
#include "session/session.h"
#include "telemetry/audit.h"

/* ---- parameters ---- */

enum param_in {
	IN_PATH = 1,
	IN_QUERY,
	IN_BODY,       /* a member of the JSON body */
	IN_WHOLE_BODY, /* the JSON body itself; at most one, and no IN_BODY beside it */
	IN_ARGUMENT,   /* a member of what an agent's tool is called with, a JSON object */
	IN_HEADER,     /* a header of the request */
};

enum param_type {
	PARAM_IDENTIFIER =
		1,       /* letters, digits, '-', '_', '.'; 1 to 128; see param_is_identifier */
	PARAM_NAME,      /* the same, but may be a word of Palette's: never part of a path */
	PARAM_TEXT,      /* any printable UTF-8, 1 to 256 characters */
	PARAM_CHOICE,    /* one of `choices` */
	PARAM_FLAG,      /* given without a value or as "true": true; "false": false */
	PARAM_NOT_FALSE, /* true, but for the literal "false" */
	PARAM_STRINGS,   /* a JSON array of 1 to 1,000 non-empty strings */
	PARAM_OBJECT,    /* a JSON object, kept as raw bytes */
	PARAM_EMAIL,     /* an e-mail address: never part of a path of Palette's */
	PARAM_TOKEN,     /* a JSON string that can stand in a header; see session_token_problem() */
	PARAM_TIME,      /* a JSON number: whole milliseconds since 1970, above 0 */
	PARAM_SWITCH,    /* a JSON boolean */
	PARAM_COUNT,     /* a whole number, from min to max */
	PARAM_LINE,      /* as PARAM_TEXT, up to 1,024 characters */
	PARAM_FIELDS,    /* a JSON array of names, each of a field of `fields` */
	PARAM_KEY,       /* 1 to 255 visible ASCII characters, bare or as a string of RFC 8941 */
};

enum {
	PARAM_LONGEST_TEXT = CONFIG_LONGEST_NAME, /* as that of an environment */
	PARAM_LONGEST_LINE = 1024,
	PARAM_LONGEST_KEY = 255,
	PARAM_MOST_STRINGS = 1000,
};

struct field;

/* One input. Strings are static. */
struct param {
	const char *name; /* NULL ends a list */
	enum param_in in;
	enum param_type type;
	bool required;
	const char *fallback;       /* what stands when it is not given; NULL: nothing */
	const char *const *choices; /* for PARAM_CHOICE, ends with NULL */
	const struct field *fields; /* for PARAM_FIELDS */
	int64_t min;                /* of PARAM_COUNT */
	int64_t max;
	const struct entity_kind *kinds; /* the flat forms of a whole body; ends with a NULL name */
	const char *help;
};

enum { MAX_PARAMS = 12 };

#define PATH_IDENTIFIER(n, h)                                                           \
	{                                                                               \
		.name = (n), .in = IN_PATH, .type = PARAM_IDENTIFIER, .required = true, \
		.help = (h)                                                             \
	}
#define PATH_CHOICE(n, c, h)                                                        \
	{                                                                           \
		.name = (n), .in = IN_PATH, .type = PARAM_CHOICE, .required = true, \
		.choices = (c), .help = (h)                                         \
	}
#define PATH_EMAIL(n, h)                                                                       \
	{                                                                                      \
		.name = (n), .in = IN_PATH, .type = PARAM_EMAIL, .required = true, .help = (h) \
	}
#define BODY_TOKEN(n, h)                                                                       \
	{                                                                                      \
		.name = (n), .in = IN_BODY, .type = PARAM_TOKEN, .required = true, .help = (h) \
	}
#define BODY_TIME(n, h)                                                     \
	{                                                                   \
		.name = (n), .in = IN_BODY, .type = PARAM_TIME, .help = (h) \
	}
#define QUERY_IDENTIFIER(n, h)                                                     \
	{                                                                          \
		.name = (n), .in = IN_QUERY, .type = PARAM_IDENTIFIER, .help = (h) \
	}
#define QUERY_NAME(n, h)                                                     \
	{                                                                    \
		.name = (n), .in = IN_QUERY, .type = PARAM_NAME, .help = (h) \
	}
#define QUERY_TEXT_REQUIRED(n, h)                                                              \
	{                                                                                      \
		.name = (n), .in = IN_QUERY, .type = PARAM_TEXT, .required = true, .help = (h) \
	}
#define QUERY_CHOICE(n, c, h)                                                                  \
	{                                                                                      \
		.name = (n), .in = IN_QUERY, .type = PARAM_CHOICE, .choices = (c), .help = (h) \
	}
#define QUERY_NOT_FALSE(n, h)                                                             \
	{                                                                                 \
		.name = (n), .in = IN_QUERY, .type = PARAM_NOT_FALSE, .fallback = "true", \
		.help = (h)                                                               \
	}
#define HEADER_KEY(n, h)                                                     \
	{                                                                    \
		.name = (n), .in = IN_HEADER, .type = PARAM_KEY, .help = (h) \
	}
#define QUERY_FLAG(n, h)                                                     \
	{                                                                    \
		.name = (n), .in = IN_QUERY, .type = PARAM_FLAG, .help = (h) \
	}
#define QUERY_COUNT(n, standard, least, most, h)                                          \
	{                                                                                 \
		.name = (n), .in = IN_QUERY, .type = PARAM_COUNT, .fallback = (standard), \
		.min = (least), .max = (most), .help = (h)                                \
	}
#define BODY_STRINGS(n, h)                                                                       \
	{                                                                                        \
		.name = (n), .in = IN_BODY, .type = PARAM_STRINGS, .required = true, .help = (h) \
	}
#define BODY_OBJECT(n, h)                                                                       \
	{                                                                                       \
		.name = (n), .in = IN_BODY, .type = PARAM_OBJECT, .required = true, .help = (h) \
	}
#define WHOLE_BODY(n, k, h)                                                               \
	{                                                                                 \
		.name = (n), .in = IN_WHOLE_BODY, .type = PARAM_OBJECT, .required = true, \
		.kinds = (k), .help = (h)                                                 \
	}
/* What a tool is called with. */
#define ARG(n, t, h)                                                     \
	{                                                                \
		.name = (n), .in = IN_ARGUMENT, .type = (t), .help = (h) \
	}
#define ARG_REQUIRED(n, t, h)                                                              \
	{                                                                                  \
		.name = (n), .in = IN_ARGUMENT, .type = (t), .required = true, .help = (h) \
	}
#define ARG_CHOICE(n, c, h)                                                                       \
	{                                                                                         \
		.name = (n), .in = IN_ARGUMENT, .type = PARAM_CHOICE, .choices = (c), .help = (h) \
	}
#define ARG_SWITCH(n, standard, h)                                                            \
	{                                                                                     \
		.name = (n), .in = IN_ARGUMENT, .type = PARAM_SWITCH, .fallback = (standard), \
		.help = (h)                                                                   \
	}
#define ARG_COUNT(n, standard, least, most, h)                                               \
	{                                                                                    \
		.name = (n), .in = IN_ARGUMENT, .type = PARAM_COUNT, .fallback = (standard), \
		.min = (least), .max = (most), .help = (h)                                   \
	}
#define ARG_FIELDS(n, f, h)                                                                      \
	{                                                                                        \
		.name = (n), .in = IN_ARGUMENT, .type = PARAM_FIELDS, .fields = (f), .help = (h) \
	}
/* The two that almost every operation takes. */
#define ARG_INSTANCE                    \
	ARG("instanceName", PARAM_TEXT, \
	    "Name of a configured SpectroCloud environment; without it the first is meant")
#define ARG_PROJECT                         \
	ARG("projectUid", PARAM_IDENTIFIER, \
	    "UID of the Palette project; without it the tenant's scope is meant")
#define QUERY_INSTANCE                                                                        \
	{                                                                                     \
		.name = "instance", .in = IN_QUERY, .type = PARAM_TEXT,                       \
		.help = "Name of a configured environment; without it the first one is asked" \
	}
#define QUERY_PROJECT                                                                        \
	{                                                                                    \
		.name = "projectUid", .in = IN_QUERY, .type = PARAM_IDENTIFIER,              \
		.help = "UID of the Palette project; without it the tenant's scope is asked" \
	}
#define PARAMS(...) ((const struct param[]){__VA_ARGS__, {.name = NULL}})

/* A checked input. Strings are in the call's arena. */
struct value {
	bool given; /* by the caller, or by the row's fallback */
	const char *string;
	bool boolean;
	int64_t number;
	const char *const *strings;
	size_t count;
	struct text json; /* PARAM_OBJECT: the raw bytes */
};

/* ---- answers ---- */

enum field_type {
	FIELD_STRING = 1,
	FIELD_BOOL,
	FIELD_INT,
	FIELD_OBJECT, /* `fields`, and whatever else Palette puts there */
	FIELD_ARRAY,  /* of objects with `fields`; of strings without */
	FIELD_ANY,    /* whatever Palette puts there */
	FIELD_NUMBER, /* a JSON number, as Palette wrote it */
};

/*
 * One member of an answer's object; a list ends with name NULL. Feeds the documents' schemas. In
 * answers to agents an object with `fields` has no others, which schema_put_fields() says and
 * render_fields() sees to.
 */
struct field {
	const char *name;
	enum field_type type;
	bool required;
	const struct field *fields;
	/* Where Palette's object has it: JSON pointers, the first that holds such a value counts;
	 * ends with NULL. NULL: the function that answers writes it. */
	const char *const *from;
	const char *help;
};
#define FROM(...) .from = ((const char *const[]){__VA_ARGS__, NULL})

/* ---- rows ---- */

enum {
	OP_FRONT = 1 << 0,  /* cheap: answered on the front thread */
	OP_AUDIT = 1 << 1,  /* who did it to what goes into the audit trail */
	OP_SECRET = 1 << 2, /* the answer holds secrets: never stored, never logged */
	OP_LOCAL = 1 << 3,  /* needs no Palette */
	OP_STRICT =
		1 << 5, /* a query parameter that it does not have is a fault, as dryrun=true is */
	OP_LIST = 1 << 4,   /* of all projects: some may be left out, which `warnings` tell */
	OP_ROOT = 1 << 6,   /* its path is the server's own, not below the mount of the plugin */
	OP_ALWAYS = 1 << 7, /* answered while the service starts and stops, too */
	OP_ASIDE = 1 << 8,  /* may wait for a moment, but not behind others: workers may be waiting
			     * for  somebody who waits for this answer. Done by threads of its own */
	OP_LATE = 1 << 9,   /* its function finds out which environment, and opens it with
			     * call_open_environment() */
	OP_CARRIER = 1 << 10,  /* runs another operation, which is recorded in its place */
	OP_RESOURCE = 1 << 11, /* clients find out by themselves where they sign in: its 401 names
				* op_resource_metadata() */
	OP_FOLLOWS = 1 << 12,  /* with its flag `follow` it holds its thread for as long as its
				* client stays: see op_holds_thread() */
};

struct call;
struct result;

/* ---- tools ---- */

/* What a tool does to the world; without any it only reads. */
enum {
	TOOL_WRITES = 1 << 0,
	TOOL_DESTROYS = 1 << 1,   /* takes something away or overwrites it; with TOOL_WRITES */
	TOOL_IDEMPOTENT = 1 << 2, /* a second call with the same input changes nothing more */
	TOOL_SPENDS = 1 << 3,     /* it makes something that costs money; with TOOL_WRITES */
};

/* The side of an operation that agents see. All strings are static. */
struct tool {
	const char *name;        /* "list_spectrocloud_clusters" */
	const char *title;       /* for people */
	const char *description; /* for models: what it gives, when to use it */
	const char *toolset;     /* see spectrocloud.mcp.toolsets */
	unsigned does;
};
/* Who calls a tool. */
enum tool_door {
	DOOR_BACKSTAGE, /* Backstage's registry of actions; its filter holds, too */
	DOOR_MCP,       /* our own MCP endpoint, and MCP over stdio */
	DOOR_SHELL,     /* a person, by the subcommand action: whatever there is */
	DOORS
};

#define TOOL(...) .tool = (&(const struct tool){__VA_ARGS__})

/* What an operation may answer instead. Strings are static. */
struct op_also {
	int status;
	const char *when; /* "With dryRun" */
	const struct field *answer;
};

struct op {
	const char *name;        /* "cluster.kubeconfig": metric label, log, operationId */
	const char *summary;     /* one line, for documents and help */
	const char *method;      /* "GET" */
	const char *path;        /* "/clusters/:clusterUid/kubeconfig"; of a tool NULL, as method */
	const struct tool *tool; /* NULL: it has a route */
	enum permit permission;
	const struct param *params; /* NULL: none */
	unsigned flags;
	int success_status;         /* 0: 200 */
	const char *content_type;   /* of the answer; NULL: application/json */
	const char *stream_type;    /* of OP_FOLLOWS: of the answer in pieces */
	const char *stream_help;    /* and when, and what comes in it */
	const struct field *answer; /* the JSON object's members; NULL with another content type */
	const struct op_also *also; /* NULL: nothing */
	bool (*run)(struct call *c, struct result *res, struct error *err);
	bool (*exists)(const struct config *config); /* false: as if there were no such route; NULL:
						      * there always is */
};

#define GET(p)    .method = "GET", .path = (p)
#define POST(p)   .method = "POST", .path = (p)
#define PUT(p)    .method = "PUT", .path = (p)
#define DELETE(p) .method = "DELETE", .path = (p)

/* ---- a call ---- */

struct history;
struct op_life;
struct mcp_host;
struct trail;
struct followers;

/* What every call needs and no call owns. */
struct op_services {
	const struct config *config;
	struct backstage *backstage;
	struct op_life *life;
	struct palette_client *palette;
	struct sessions *sessions;
	struct store *store; /* NULL: none, and nothing is kept from one call to the next */
	const struct toolbox *toolbox;
	struct mcp_host *mcp;        /* see op/mcp_host.h; NULL: there is no endpoint */
	struct trail *trail;         /* the audit trail; NULL: standard error */
	struct followers *followers; /* see op/follow.h; NULL: nobody ends them but themselves */
	struct history *history;     /* of the last hour; NULL: none is kept */
	const struct op_constant *openapi; /* the description of the API, made at start */
};

/* One input as a face read it: text, or a raw JSON value. */
struct call_input {
	enum param_in in;
	struct text name;
	struct text value;
};

/*
 * A face that can send an answer in pieces. An operation that has begun so does not fail any more;
 * its result's body_owned is the last piece.
 */
struct call_stream {
	void *context;
	/* The head, with the status 200 and nobody keeping what follows. Once. */
	void (*begin)(void *context, const char *content_type);
	/* False: it was not sent. See http_stream_send(). From one thread at a time. */
	bool (*send)(void *context, struct text piece);
	/* See http_exchange_on_gone(). Also without begin. */
	void (*on_gone)(void *context, struct http_cancel *cancel);
};

/*
 * One request, whatever face it came in by. The face fills the first part; the pipeline the second.
 * Everything is borrowed from the arena or lives as long.
 */
struct call {
	const struct op_services *services;
	struct arena *arena;
	const char *id; /* of the request, for logs */
	int64_t started_us;
	int64_t deadline_ms;
	struct text authorization; /* header values; ptr NULL: not sent */
	struct text palette_token;
	struct text user_email;
	bool anew; /* the caller wants no answer that was kept */
	const struct text *header_names;
	const struct http_header
		*headers; /* as sent, in the same order; they may hold credentials */
	size_t header_count;
	const char *method;               /* of a request over HTTP; NULL: it is none */
	struct text url_path;             /* likewise, as sent, without the query */
	const char *peer;                 /* the sender's address; NULL: not over a network */
	const struct call_stream *stream; /* NULL: answers are whole */
	const struct call_input *inputs;  /* paths and queries, percent-decoded */
	size_t input_count;
	struct text body;
	struct text arguments;         /* of a tool: a checked JSON object; ptr NULL: none */
	struct http_cancel *cancel;    /* once it is set, nobody wants the answer; NULL: never */
	bool follows;                  /* it holds no worker: see palette_open_aside() */
	palette_progress_fn *progress; /* told how far the work is, on the call's thread; or NULL */
	void *progress_context;
	enum tool_door door; /* of a tool: where it was called */
	bool local; /* of a person at a shell who has the configuration: nobody is asked whether
		     * they may, and there is neither a catalog nor sessions: the services
		     * backstage and sessions are NULL. Its principal comes with it, and
		     * palette_token may be the person's own */

	const struct op *op;
	bool identified; /* principal is known */
	bool admitted;   /* op_admit() has let the caller in */
	struct principal principal;
	struct value values[MAX_PARAMS]; /* in the order of op->params */
	const struct config_environment *environment;
	struct palette *palette; /* owned by the pipeline */
	struct text session_email;
	struct session session;  /* the one of that address that is used; token.ptr NULL: none */
	bool reauthenticate;     /* the user should sign in to Palette again */
	const char *object;      /* what was made, for the audit trail; NULL: see the parameters */
	const char *project;     /* whose it is, likewise; NULL: see the parameters */
	const char *object_name; /* what people call it, likewise; NULL: nothing */
	const char *outcome;     /* of what went well, likewise; NULL: "succeeded" */
	const char *tool;        /* that was run on its behalf, for its trace; NULL: none */
	bool audited;            /* it goes into the audit trail, whatever its row says */
	const char *ended;       /* of an answer in pieces: why it ended, for the log; static */
};

/* The value of a parameter of the row; naming one that the row does not have is a defect. */
const char *call_string(const struct call *c, const char *param); /* NULL: not given */
bool call_bool(const struct call *c, const char *param);
int64_t call_number(const struct call *c, const char *param); /* 0: not given */
const char *const *call_strings(const struct call *c, const char *param, size_t *count);
struct text call_json(const struct call *c, const char *param);
/* False, with ERROR_INPUT as call_read_params() would say it of that parameter of the row.
 * problem  "must be ...", for people. */
bool call_refuse(struct call *c, const char *param, const char *problem, struct error *err);

/* An answer that is the same for as long as the process lives, and what is made of it once. */
struct op_constant {
	struct text json;
	struct digest digest; /* digest_of() the one part */
	struct buf gzip;      /* empty: it is not compressed */
};
/* json: borrowed for the constant's life. constant: op_constant_fini() it. */
void op_constant_make(struct op_constant *constant, struct text json, bool compress);
void op_constant_fini(struct op_constant *constant);

/* What an operation answers. body_owned, when it holds anything, goes before body. */
struct result {
	int status;
	const char *content_type;
	const char *file_name; /* makes it a download */
	bool replayed;         /* it was kept from the same request before */
	const char *policy; /* the Content-Security-Policy of a page that browsers show; NULL: that
			     * of all answers. Lives as long as the process */
	struct text body;   /* arena or static */
	struct buf body_owned;
	const struct op_constant *constant; /* what body is, where it is always the same */
	struct shared *shared; /* what body is of, where others have it too; owned. NULL: nothing */
	int age_s;             /* of an answer that was kept: since it came from Palette */
	bool kept;
};

void result_fini(struct result *res);
/* A JSON value in the arena. */
void result_json(struct result *res, struct text json);
/* Borrowed until the answer is sent. */
void result_constant(struct result *res, const struct op_constant *constant);
/* Bytes moved out of *body. */
void result_json_owned(struct result *res, struct buf *body);
/* What Palette answered, for all who ask; moved out of *document. */
void result_document(struct result *res, struct palette_document *document);
/* What was made of it is as old as it is. */
void result_age(struct result *res, const struct palette_document *document);
void result_file(struct result *res, const char *content_type, const char *name, struct buf *body);
/*
 * The finished list; it is released in any case.
 * listed  what the call that filled it returned: where it failed, so does this, with its error.
 */
MUST_USE bool result_list(struct result *res, struct palette_list *list, bool listed,
			  struct error *err);

/* The document of the object that the parameter named uid names, in the scope of the parameter
 * projectUid. document: palette_document_fini() it. */
MUST_USE bool call_document(struct call *c, enum palette_document_kind kind, const char *uid,
			    struct palette_document *document, struct error *err);
/* Answers it. */
MUST_USE bool result_object_document(struct call *c, enum palette_document_kind kind,
				     const char *uid, struct result *res, struct error *err);

/* A call of Palette's for one object by its uid, such as palette_account(). */
typedef bool palette_object_fn(struct palette *p, const char *project, const char *uid,
			       struct buf *out, struct error *err);
/* Answers what it fetches for the parameter named uid, in the scope of the parameter projectUid. */
MUST_USE bool result_object(struct call *c, palette_object_fn *fetch, const char *uid,
			    struct result *res, struct error *err);

/* ---- the table: table.c ---- */

/* Every row, in the order of the documents; ends with NULL. */
const struct op *const *op_all(void);

struct op_match {
	const struct op *op; /* NULL: no row has such a path */
	struct call_input inputs[MAX_PARAMS];
	size_t input_count;
	const char *allow; /* the methods of that path, where only the method was wrong; arena */
};

/*
 * Finds the row for a request. path is percent-encoded, and relative to the mount unless root is
 * true; parameters are decoded once each, after the split; one that does not decode has a value
 * whose ptr is NULL. A literal segment wins over a parameter, whatever the order of rows.
 * config  which rows exist; NULL: all.
 * match   out.
 */
void op_match_path(struct arena *a, const struct config *config, struct text method,
		   struct text path, bool root, struct op_match *match);

/* Checks the rows against each other: names and routes unique, path parameters declared, a
 * permission on each, no two rows that could match the same path at the same rank. */
MUST_USE bool op_check_table(struct error *err);

/* From now on the figures have what may not happen for long, as 0, so that the first time is seen
 * to be one. */
void op_begin_counting(void);

/* ---- the pipeline: run.c, param.c, target.c ---- */

/* The whole life of a request, for every face. */
MUST_USE bool op_run(const struct op *op, struct call *c, struct result *res, struct error *err);

/*
 * The first two steps alone and without waiting, for a face that would not queue a stranger's
 * request: who asks, and may they? A refusal is recorded here as op_run() does it, and is the end
 * of the call.
 */
enum op_admission {
	OP_ADMITTED,
	OP_REFUSED,
	OP_UNDECIDED, /* it takes waiting, which op_run() does; c->identified tells which step */
};
MUST_USE enum op_admission op_admit(const struct op *op, struct call *c, struct error *err);
/* The same, waiting: never OP_UNDECIDED. */
MUST_USE enum op_admission op_admit_waiting(const struct op *op, struct call *c, struct error *err);

/* Whether it is a call of an OP_FOLLOWS row with the flag `follow`, and will hold its thread for as
 * long as its client stays: by its inputs, before they are read. */
bool op_holds_thread(const struct op *op, const struct call *c);

/* Identifies the caller only: for paths that are no operation, so that strangers learn nothing.
 * Waits if it may; IDENTITY_UNDECIDED is only answered if not. */
MUST_USE enum identity op_identify(struct call *c, bool may_wait, struct error *err);

MUST_USE bool call_read_params(struct call *c, const struct op *op, struct error *err);
MUST_USE bool call_open_palette(struct call *c, const struct op *op, struct error *err);
/* How Backstage is asked for this call. */
struct backstage_call call_asking(const struct call *c, bool may_wait);
/* For the function of an OP_LATE row: sets c->environment to the one of that name; NULL: the first.
 * what  what names it, for the error: "instanceName". */
MUST_USE bool call_choose_environment(struct call *c, const char *what, const char *instance,
				      struct error *err);
/* Then opens Palette there, with the caller's token. */
MUST_USE bool call_open_environment(struct call *c, struct error *err);
/* Whether the caller may speak for the user of that address: it is theirs, by the catalog, or they
 * are a service that is trusted. Fails with ERROR_DENIED, or as backstage_user_email() does. */
MUST_USE bool call_speaks_for(struct call *c, struct text email, struct error *err);
/* Palette has refused the user's own token: a session that is kept goes. */
void call_drop_session(struct call *c);

/* ---- the audit trail: audit.c ---- */

/* The id of the row's events: "cluster-kubeconfig". */
enum { OP_AUDIT_ID_SIZE = 64 };
void op_audit_id(const struct op *op, char id[OP_AUDIT_ID_SIZE]);
enum audit_severity op_audit_severity(const struct op *op);
/* For a function whose row is not audited, where what it is about to do is to be. As
 * spectrocloud.audit.required says, it fails with ERROR_UNAVAILABLE; then it must not be done. */
MUST_USE bool call_audits(struct call *c, struct error *err);
/* Of a caller who was refused by op_identify() alone. op: NULL where there is none. */
void op_audit_stranger(const struct call *c, const struct op *op, const struct error *err);

/* ---- tools: toolbox.c ---- */

struct toolbox;

/* Which tools the configuration offers at which door, and their lists. config: borrowed for the
 * toolbox's life. Owned: toolbox_free(). */
struct toolbox *toolbox_new(const struct config *config);
void toolbox_free(struct toolbox *box);
/* NULL where there is no such tool, or it is not offered at that door. */
const struct op *toolbox_find(const struct toolbox *box, enum tool_door door, struct text name);
/* Those that are offered, in the order of the table; ends with NULL. */
const struct op *const *toolbox_offered(const struct toolbox *box, enum tool_door door);
/* The list as Backstage's registry answers it: {"actions":[...]}. Lives as long as the box. */
const struct op_constant *toolbox_actions(const struct toolbox *box);
/* The list for MCP's tools/list: an array. Lives as long as the box. */
struct text toolbox_tools(const struct toolbox *box);
/* What it does to the world, for people: "reads". Static. */
const char *tool_does(const struct tool *tool);
/* One tool as that list has it: an object. */
void tool_describe(const struct op *op, struct buf *out);

/*
 * Runs a tool for the caller of another operation, whose arena, deadline and identity it has.
 * arguments  a checked JSON object, in the arena.
 * res        out: JSON that fits the row's answer; result_fini() it.
 */
MUST_USE bool tool_run(struct call *caller, enum tool_door door, const struct op *op,
		       struct text arguments, struct result *res, struct error *err);

/*
 * Where clients learn who gives out tokens for the MCP endpoint (RFC 9728), as they see it; arena.
 * NULL where they cannot register in Backstage, or the configuration does not say where it is.
 */
const char *op_resource_metadata(const struct config *config, struct arena *a);

/* ---- the service's own life: life.c ---- */

enum op_phase {
	PHASE_STARTING, /* requests wait */
	PHASE_SERVING,
	PHASE_LEAVING,  /* not ready for new clients, but every request is served */
	PHASE_STOPPING, /* only what was begun is finished */
};

/* life: owned, op_life_free(). It begins with PHASE_STARTING. */
struct op_life *op_life_new(void);
void op_life_free(struct op_life *life);
/* Never goes back. Wakes who waits for it. Any thread. */
void op_life_enter(struct op_life *life, enum op_phase phase);
/* The same without waking anybody, so that a signal handler may do it. */
void op_life_mark(struct op_life *life, enum op_phase phase);
/* Any thread; also in a signal handler. */
enum op_phase op_life_phase(const struct op_life *life);
/* Waits while the service is starting, at most until until_ms of clock_now_ms(). */
enum op_phase op_life_wait_started(struct op_life *life, int64_t until_ms);
/* Whether a request that needs it may be run in that phase; fails with ERROR_UNAVAILABLE. */
MUST_USE bool op_life_admits(enum op_phase phase, struct error *err);

/* The documents' name of a place: "path", "query", "header", "body" or "input". */
const char *param_place(enum param_in in);

/*
 * Letters, digits, '-', '_' and '.', 1 to 128 of them, not "." or ".."; and not a word that names
 * an endpoint of Palette's, since GET /clusters/meta would otherwise reach a list. NULL if it is
 * fine, else what was expected (static).
 */
const char *param_identifier_problem(struct text value);

#endif
