/* Inside cmd/: what the parts of the command cluster share. */
#ifndef CMD_CLUSTER_H
#define CMD_CLUSTER_H

#include <stdio.h>

#include "app/app.h"
#include "cmd/cmd.h"
#include "cmd/interrupt.h"
#include "config/written.h"
#include "op/op.h"

/* What the command ends with; --help says the same. */
enum {
	CLUSTER_FAULTY = 2,      /* what was given is wrong */
	CLUSTER_UNKNOWN = 3,     /* nobody knows whether it was created */
	CLUSTER_BROKEN = 4,      /* it was waited for, and failed or is gone */
	CLUSTER_TIME_UP = 5,     /* it was waited for, and is not ready yet */
	CLUSTER_UNFOLLOWED = 6,  /* it was waited for, and Palette could not be asked any more */
	CLUSTER_BY_SIGNAL = 128, /* and the signal's number */
	CLUSTER_LONGEST_NAME = 128,
};

struct cluster_options {
	const struct options *common; /* for the line that says how to go on */
	const char *file;             /* "-": standard input */
	const char *project;          /* NULL: the tenant's scope */
	const char *instance;         /* NULL: the first environment */
	bool dry_run;
	bool wait;
	const char *timeout; /* as written; NULL: the usual one */
	int64_t timeout_ms;
	bool json;
	bool verbose;
};

/* A command at work. */
struct cluster_work {
	const struct config *config;
	const struct cluster_options *options;
	struct arena *arena;
	struct app *app;
	struct http_cancel *cancel;
	struct interrupt *interrupt;
};

/* Answer the exit status. uid: of the cluster to wait for. */
int cluster_create(const struct config *config, const struct cluster_options *options);
int cluster_wait(const struct config *config, const struct cluster_options *options,
		 const char *uid);

/* ---- cluster_wait.c ---- */

/* Opens what is needed, and takes over Ctrl-C. cluster_close() in any case. */
MUST_USE bool cluster_open(struct cluster_work *work, struct error *err);
void cluster_close(struct cluster_work *work);
/* A call that is called off by Ctrl-C. */
void cluster_call(const struct cluster_work *work, struct call *call);
/* The row of that name. */
const struct op *cluster_op(const char *name);

/* A cluster to follow. */
struct cluster_followed {
	const char *uid;
	const char *name; /* NULL: not known; the uid stands for it */
	bool is_new;      /* what Palette told about it so far is of interest, too */
	FILE *to;         /* where to tell */
};
int cluster_follow(const struct cluster_work *work, const struct cluster_followed *followed);

/* The command that waits for it, behind the words. What --set said is not repeated: it may be a
 * secret. */
void cluster_say_how_to_wait(FILE *to, const char *words, const struct cluster_options *options,
			     const char *uid);

/* ---- cluster_faults.c ---- */

/*
 * Prints why nothing came of it to standard error: each fault on a line, with its place in the file
 * as far as it is about that. written: NULL: it has not been read. Answers the exit status.
 */
int cluster_complain(const struct cluster_work *work, const struct written *written,
		     struct text body, const struct error *err);
/* "spectrocloud-backend: cluster create: ...", harmless for a terminal. */
void cluster_say(const char *what, const char *message);
/* A line on that stream, harmless for a terminal, of a text behind words of ours. */
void cluster_print(FILE *to, const char *words, const char *text);
/* {"warnings":[{"message"}]}, a line each, to standard error. */
void cluster_warn(struct arena *a, struct text answer);

/* ---- cluster_plan.c ---- */

/* What a dry run answered, for people. */
void cluster_draw_plan(struct buf *out, struct arena *a, const struct cluster_options *options,
		       struct text plan, size_t width);

#endif
