/*
 * Following a cluster until it runs, fails or is deleted: what its state and conditions are, each
 * time they change, and what Palette's components tell about it, each event once.
 *
 * Who wants to hear of it gives a struct follow_sink: the HTTP row writes server-sent events
 * (follow_stream.c), a command prints lines. Palette is asked in rounds, see follow.c.
 */
#ifndef OP_FOLLOW_H
#define OP_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "op/follow_mark.h"
#include "op/op.h"

/* ---- what is told ----
 *
 * Texts are NUL-terminated, UTF-8, never NULL ("" where Palette says nothing), and at most so long:
 * what was longer ends with "...". They may hold line feeds and other control characters. All are
 * borrowed for the time of the call of the sink.
 */
enum {
	FOLLOW_LONGEST_WORD = 256,     /* types, states, reasons, times, ... */
	FOLLOW_LONGEST_MESSAGE = 4096, /* messages */
};

struct follow_state {
	const char *state;    /* Palette's word, such as "Provisioning"; "Deleted": it is gone */
	const char *previous; /* NULL: this is the first one that is told */
};

/* One of the cluster's conditions; types are an open set. */
struct follow_condition {
	const char *type;   /* "CloudInfrastructureReady" */
	const char *status; /* "True": done, "False": not, or there is a problem, "Unknown" */
	const char *reason;
	const char *message;
	const char *last_transition; /* a time as Palette writes it */
};

/* What one of Palette's components tells. */
struct follow_component {
	const char *uid;
	const char *time;     /* as Palette writes it */
	const char *severity; /* "Normal", "Warning", "Error" */
	const char *reason;
	const char *message;
	const char *component;
	const char *host;
};

/*
 * Who is told. One call at a time, on the thread of follow_cluster(), in this order: the state (the
 * first call of all), the conditions, the component events, the oldest first; of a later round only
 * what is new or changed. A function may be NULL: that is not told. context is borrowed for the
 * time of follow_cluster(). Where a function returns false, nobody listens any more, and the
 * following ends with FOLLOW_LEFT.
 *
 * id  follow_options.since of a following that takes up behind what was told until then.
 */
struct follow_sink {
	void *context;
	bool (*state)(void *context, const char *id, const struct follow_state *state);
	bool (*condition)(void *context, const char *id, const struct follow_condition *condition);
	bool (*component)(void *context, const char *id, const struct follow_component *component);
	/* Palette cannot be asked, or not everything can be told. Once until a round is good again,
	 * while it is tried again; problem->retry_after_s may be set. */
	bool (*trouble)(void *context, const struct error *problem);
	/* Nothing was told for options.quiet_ms. */
	bool (*quiet)(void *context);
};

struct follow_options {
	struct follow_mark since; /* only component events behind it; zero: see backlog */
	size_t backlog; /* without since: so many of the component events that are there already,
			 * at most FOLLOW_MOST_BACKLOG */
	int64_t deadline_ms; /* of clock_now_ms(): when to end in any case; 0: never */
	int64_t quiet_ms;    /* see follow_sink.quiet; 0: never */
};
enum { FOLLOW_MOST_BACKLOG = 1000 };

/* ---- how it ends ---- */

enum follow_reason {
	FOLLOW_RUNNING = 1, /* the cluster runs */
	FOLLOW_FAILED,      /* its state is Error */
	FOLLOW_DELETED,
	FOLLOW_SIGNED_OUT,  /* the user's Palette session is over */
	FOLLOW_EXPIRED,     /* the caller's own credential is over */
	FOLLOW_DENIED,      /* the caller may not see it any more */
	FOLLOW_UNREACHABLE, /* no good round for spectrocloud.follow.patience */
	FOLLOW_CLOSING,     /* the service stops, or has a new configuration */
	FOLLOW_TIME_UP,     /* options->deadline_ms */
	FOLLOW_LEFT,        /* call->cancel was set, or the sink said so: nobody listens */
	FOLLOW_REASONS
};

struct follow_end {
	enum follow_reason reason;
	char state[FOLLOW_LONGEST_WORD + 1]; /* the last one that was seen */
	char message[1024];                  /* why, in a sentence; never empty */
};

/* "running", "signed-out"; static. */
const char *follow_reason_name(enum follow_reason reason);
/* Whether taking it up again, with the last id, can tell more. */
bool follow_may_go_on(enum follow_reason reason);

/*
 * Blocks until the following ends. Two requests to Palette a round, a round each
 * spectrocloud.follow.interval.
 *
 * c        op (for its permission), services, arena and environment are set; c->palette is not
 *          needed and not touched: each round opens Palette by itself, with the session that the
 *          caller has then, and in memory of its own. c->cancel (NULL: none) ends it within
 *          milliseconds, also a request that is under way.
 * project  the project's UID; NULL: the tenant's scope. Borrowed, as uid, options and sink.
 * end      out, when true is returned.
 *
 * Of a call that is not local, identity and permission are asked again each
 * spectrocloud.follow.recheck.
 *
 * Fails, and then the sink was never called, where the first round does: ERROR_NOT_FOUND, or as
 * Palette's calls do. Any number of threads, each with a call of its own.
 */
MUST_USE bool follow_cluster(struct call *c, const char *project, const char *uid,
			     const struct follow_options *options, const struct follow_sink *sink,
			     struct follow_end *end, struct error *err);

/* ---- those under way: followers.c ---- */

/* Of a service that may stop; see op_services.followers. Owned: followers_free(). */
struct followers *followers_new(void);
/* When nothing is followed any more. NULL is fine. */
void followers_free(struct followers *followers);
/* Ends all with FOLLOW_CLOSING, and each that begins from now on. Does not wait. Any thread. */
void followers_close(struct followers *followers);
/* The same for a service that goes on with another configuration: who begins from now on, and who
 * was beginning, ends so when the first round has been told, so that nobody is turned away. */
void followers_renew(struct followers *followers);
bool followers_are_closing(struct followers *followers); /* either; NULL: never */

/* From now on until followers_leave(), followers_close() sets cancel. place: zero before use, and
 * stays where it is. followers may be NULL. */
struct followers_place {
	struct http_cancel *cancel;
	struct followers_place *next;
	struct followers_place **link; /* what points here; NULL: not among them */
	bool begun;                    /* the first round has been told */
};
void followers_enter(struct followers *followers, struct followers_place *place,
		     struct http_cancel *cancel);
void followers_begun(struct followers *followers, struct followers_place *place);
void followers_leave(struct followers *followers, struct followers_place *place);

#endif
