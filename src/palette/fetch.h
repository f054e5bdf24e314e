/* Inside palette/: one request and its answer, with credential, scope, deadline, retries, errors.
 */
#ifndef PALETTE_FETCH_H
#define PALETTE_FETCH_H

#include <stdatomic.h>

#include "palette/circuit.h"
#include "palette/palette.h"

struct http_fetch;

struct palette {
	struct palette_client *client;
	const struct config *config;
	const struct config_environment *environment;
	size_t environment_index;
	struct places *places; /* those that it has one of, or had before it waited */
	bool has_place;
	bool stepped_out; /* between palette_begin_wait() and palette_end_wait() */
	enum palette_credential credential;
	struct text session; /* PALETTE_SESSION */
	struct arena *arena;
	int64_t deadline_ms;
	uint64_t caller;               /* one of those who take turns */
	struct callers *others;        /* for whom it asks, too; NULL: nobody */
	struct http_cancel *cancel;    /* NULL: none */
	palette_progress_fn *progress; /* NULL: none */
	void *progress_context;
	int64_t parts;  /* of lists that are there: pages and projects */
	bool anew;      /* nothing that was kept, or asked for before, is good enough */
	bool refreshes; /* of the background: nothing that is past its time is good enough */
};

/* The shared HTTP client, and how the environment of p is reached. */
struct http_client *palette_http(const struct palette *p);
const struct http_target *palette_target(const struct palette *p);
/* Around a wait for something else than Palette's answer: the place among the calls at work, and
 * the thread's among the workers, are for others meanwhile. In pairs. */
void palette_begin_wait(struct palette *p);
/* For the wait for answers: one that is slow keeps its place, for as many may be under way, but not
 * its thread's. */
const struct http_patience *palette_patience(const struct palette_client *client);
void palette_end_wait(struct palette *p);
/* Of what is in the environment: it grows with each change that we make, by whatever client. */
uint64_t palette_version(const struct palette *p);
void palette_has_changed(const struct palette *p);
/* Of its host; NULL: nothing is paced. */
struct pacer *palette_pacer(const struct palette *p);
/* Of its environment. */
struct circuit *palette_circuit(const struct palette *p);
/* The last hour of the environment. */
struct tally *palette_tally(const struct palette *p);
/* When the certificate of the environment ends that was seen last, in seconds since 1970; 0: none
 * was. */
atomic_int_fast64_t *palette_certificate(const struct palette *p);
/* Since when the environment refuses the apiToken, in milliseconds since 1970; 0: it took it when
 * it was asked with it last, or was not asked. */
atomic_int_fast64_t *palette_token_refused(const struct palette *p);

/* documents.c: the part of a key that says with which credential p asks; the rest is zero. */
struct kept_key;
void palette_credential_key(const struct palette *p, struct kept_key *key);
/* How long such a document is kept. */
int64_t palette_document_ttl(const struct palette *p, enum palette_document_kind kind);
/* client.c: what it keeps; whether there are threads for refreshes; and one for item, if there is.
 */
struct kept *palette_kept(const struct palette_client *client);
bool palette_refreshes(const struct palette_client *client);
MUST_USE bool palette_start(const struct palette_client *client, void *item);
int64_t palette_request_timeout(const struct palette_client *client);

enum palette_purpose {
	PALETTE_READ,   /* one object, by a uid: 400 about it means there is none */
	PALETTE_LIST,   /* a list; also by POST */
	PALETTE_CREATE, /* never sent again once it may have arrived */
	PALETTE_CHECK,  /* asks about the caller's body, which a refusal is then about too */
	PALETTE_CHANGE, /* of what is there; sent like a create */
};

enum palette_expect {
	PALETTE_OBJECT = 1,
	PALETTE_ARRAY,
	PALETTE_OBJECT_OR_ARRAY,
	PALETTE_BYTES,
	PALETTE_NOTHING, /* what comes with the success is not looked at, unless it is an error */
};

struct palette_request {
	enum palette_purpose purpose;
	enum palette_expect expect;
	enum palette_form form; /* of an answer that is an object */
	const char *method;
	const char *path; /* encoded, with query; made by http_url() */
	const char *project;
	struct text body;
	int64_t patience_ms; /* with one attempt, where that is less than the configuration's; 0:
			      * as configured */
	const char *name;    /* of what is made, for errors; NULL: it has none */
	const char *what;    /* for errors: "Cluster 5f..."; arena or static */

	/* out */
	bool ok;
	struct buf answer;  /* owned by the caller when ok */
	struct error error; /* when not */
	int status;         /* Palette's last; 0: none */
};

/* Runs one; fails as the request did. On success answer is filled. */
MUST_USE bool palette_fetch(struct palette *p, struct palette_request *r, struct error *err);
/* Runs all, a bounded number at a time; each has its own outcome. */
void palette_fetch_all(struct palette *p, struct palette_request *const *requests, size_t count);
/* Whether so many requests for path could have their turns before the deadline: what cannot be done
 * is not begun. Fails with ERROR_UNAVAILABLE. */
MUST_USE bool palette_could_ask(const struct palette *p, const char *path, size_t count,
				const char *what, struct error *err);
/* Where *err is that there was no turn: to be tried again when there may be turns for so many. */
void palette_put_off(const struct palette *p, const char *path, size_t count, struct error *err);
/* How many answers may be in memory at a time; many requests are made in batches of so many. */
size_t palette_batch(const struct palette *p);
/* Releases the answers of those that were ok. */
void palette_requests_fini(struct palette_request *requests, size_t count);

/* GET of one answer of that form into out. path is encoded. */
MUST_USE bool palette_get_object(struct palette *p, enum palette_form form, const char *project,
				 const char *path, const char *what, struct buf *out,
				 struct error *err);

/* The same where no identifier of the caller's is in the path: a refusal is not about their input.
 */
MUST_USE bool palette_get_ours(struct palette *p, enum palette_form form, const char *project,
			       const char *path, const char *what, struct buf *out,
			       struct error *err);

/* Asks one question; fails as it did. out: its answer. */
MUST_USE bool palette_answer(struct palette *p, const struct palette_question *question,
			     struct buf *out, struct error *err);

/* endpoints.c: the path of Palette's API without identifiers and query; "other" where it is none
 * that is known. Static. */
const char *palette_endpoint(const char *method, const char *path);
/* How an environment is called in figures. */
static inline const char *palette_label(const char *environment)
{
	return environment == NULL || environment[0] == '\0' ? "(unnamed)" : environment;
}
/* verdict.c: what an attempt says of whether Palette is there. whole: it was given the time that
 * the configuration gives an answer. *why: out, of a failure; static. */
enum circuit_verdict palette_verdict(const struct palette *p, const struct http_fetch *fetch,
				     bool whole, const char **why);
/* form.c: whether an object has what an answer of that form is made of. */
bool palette_has_form(enum palette_form form, struct text object);
/* form.c: whether a value is Palette's error body, {"code","message",...}: no documented answer
 * has these two. */
bool palette_is_error(struct text value);

/* errors.c: adds that a create or a change may have been carried out all the same. */
void palette_say_unknown(const struct palette *p, const struct palette_request *r,
			 struct error *err);
/* errors.c: what an answer that is no success means. */
void palette_status_error(const struct palette *p, const struct palette_request *r, int status,
			  struct text answer, int retry_after_s, struct error *err);

/* ---- pages.c ---- */

/* One list of Palette's, as asked in any scope. */
struct palette_listing {
	const char *method;
	const char *path; /* encoded; with a query of its own or none */
	struct text body;
	bool paged;
	size_t page;       /* items of a page, where few are wanted; 0: as many as Palette allows */
	const char *items; /* where the items are: "items"; NULL: the answer is the array */
	const char *items_too; /* where else they have been seen; NULL: nowhere */
	/* Whether to keep an item; NULL: all. */
	bool (*keep)(const void *context, struct text item);
	const void *context;
	/* Whether no more is wanted from an item on, of a list that Palette has in order; NULL: all
	 * is. */
	bool (*enough)(void *context, struct text item);
	void *enough_context;
	/* Where an item says who it is, the first that it has; ends with NULL. NULL: /metadata/uid.
	 */
	const char *const *identity;
	size_t most;      /* items of the list; 0: all. Palette is asked for no more pages then */
	bool of_object;   /* the path names an object of the caller's: a refusal is about it */
	const char *what; /* "Clusters" */
};

/* Room for one more item in list->json, with the comma before it. */
struct buf *palette_list_item(struct palette_list *list);
/*
 * Makes an answer's buffer that of the list, which is empty still: so the answer is not in memory
 * twice. Until palette_list_settle(), palette_list_keep() moves items to the front of it, in the
 * order in which they stand there; whatever is behind the last one that was looked at stays as it
 * is, up to the end of the array.
 *
 * answer  moved, empty afterwards.
 * items   in: the array in it. Out: where it is now.
 */
void palette_list_adopt(struct palette_list *list, struct buf *answer, struct text *items);
/* One more item, of the adopted answer or, where nothing is adopted, of anywhere else. */
void palette_list_keep(struct palette_list *list, struct text item);
/* All items of the adopted answer were looked at. */
void palette_list_settle(struct palette_list *list);
/* Names a project that was left out; "" is the tenant itself. */
void palette_list_warn(struct palette *p, struct palette_list *list, const char *project,
		       int status, const char *message);

/* All pages of one scope; its refusal is an error. */
MUST_USE bool palette_list_scope(struct palette *p, const struct palette_listing *listing,
				 const char *project, struct palette_list *list, struct error *err);
/* All pages of many projects at once; those that Palette forbids end in list->warnings. */
MUST_USE bool palette_list_projects(struct palette *p, const struct palette_listing *listing,
				    const char *const *projects, size_t count,
				    struct palette_list *list, struct error *err);
/* All that the caller can see: the tenant's list where one of tenant_permissions is theirs, then
 * the projects it did not cover. */
MUST_USE bool palette_list_everywhere(struct palette *p, const struct palette_listing *listing,
				      const char *const *tenant_permissions,
				      struct palette_list *list, struct error *err);

#endif
