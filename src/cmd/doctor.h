/*
 * The parts of the command doctor: a table of checks, each of which looks at one thing and says
 * what it tried, what came back and what to do. Nothing that is asked changes anything.
 */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include <pthread.h>

#include "backstage/backstage.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cmd/cmd.h"
#include "http/client.h"
#include "palette/palette.h"

enum {
	DOCTOR_MOST_SHOWN = 5,      /* of the objects that a finding names */
	DOCTOR_ALL_MS = 120 * 1000, /* for everything together */
	DOCTOR_EXPIRY_DAYS = 30,    /* what ends sooner is worth a warning */
};

/* ---- a check, and what it found ---- */

/* From the best to the worst. */
enum doctor_status { DOCTOR_OK, DOCTOR_SKIPPED, DOCTOR_WARNING, DOCTOR_FAULT, DOCTOR_STATUSES };

const char *doctor_status_name(enum doctor_status status);

/* Strings are in the check's arena, or static; NULL where there is nothing to say. */
struct doctor_finding {
	enum doctor_status status;
	const char *summary;
	const char *tried;
	const char *answer;
	const char *advice;
};

/* Under which heading it stands. */
enum doctor_group {
	DOCTOR_CONFIGURATION,
	DOCTOR_PALETTE, /* once for each environment */
	DOCTOR_BACKSTAGE,
	DOCTOR_SERVICE,
	DOCTOR_CATALOG,
	DOCTOR_SESSIONS,
	DOCTOR_GROUPS
};

const char *doctor_group_title(enum doctor_group group);

/* Without which a check is skipped. */
enum doctor_need {
	DOCTOR_NEEDS_BACKSTAGE = 1, /* the configuration says where it is */
	DOCTOR_NEEDS_CALLER = 2,    /* a token that Backstage may take from us */
};

struct doctor_task;

/* One row a check. All strings are static. */
struct doctor_check {
	const char *name; /* as --only takes it; of what is in use by others: never changed */
	const char *title;
	const char *asks;    /* what is looked at, for the page */
	const char *symptom; /* what somebody notices when this is what is wrong */
	enum doctor_group group;
	unsigned needs;    /* enum doctor_need */
	const char *after; /* is skipped where that one is a fault, or was skipped for one; NULL */
	int patience_ms;
	void (*run)(struct doctor_task *task);
};

/* Ends with a row without a name. Those of a group stand together; `after` names an earlier one. */
extern const struct doctor_check doctor_checks[];
/* The row of that name; NULL: there is none. */
const struct doctor_check *doctor_find_check(struct text name);

/* ---- what all checks share ---- */

struct doctor {
	const struct config *config;
	const struct config_notices *notices;
	struct http_client *http;
	struct palette_hosts *hosts;
	struct palette_client *palette;
	struct backstage *backstage; /* NULL: what it needs of the configuration is faulty */
	struct error backstage_fault;
	struct text given_token; /* SPECTROCLOUD_DOCTOR_TOKEN; ptr NULL: none */
	struct principal caller; /* as whom Backstage is asked; kind NONE: as nobody */
	const char *caller_name; /* how a person calls it; NULL: there is none */

	/* doctor_catalog.c: read once, for all checks that want it; under the lock. */
	pthread_mutex_t catalog_lock;
	struct arena catalog_arena;
	bool catalog_read;
	const struct catalog_entity *entities[CATALOG_TYPES];
	size_t entity_counts[CATALOG_TYPES];
};

/* doctor_open.c. Blocks for nothing but files. */
MUST_USE bool doctor_open(struct doctor *doctor, const struct config *config,
			  const struct config_notices *notices, struct error *err);
void doctor_close(struct doctor *doctor);
/* NULL, or why checks with these needs cannot be made; static. */
const char *doctor_lacks(const struct doctor *doctor, unsigned needs);

/* ---- one run of a check ---- */

enum doctor_state { DOCTOR_WAITING, DOCTOR_RUNNING, DOCTOR_ENDED };

struct doctor_task {
	const struct doctor_check *check;
	struct doctor *doctor;
	const struct config_environment *environment; /* of DOCTOR_PALETTE; else NULL */
	struct arena arena;                           /* the thread's while it runs */
	int64_t deadline_ms;                          /* likewise; of clock_now_ms() */
	struct doctor_finding found;                  /* likewise */

	/* doctor_run.c, under its lock: */
	enum doctor_state state;
	pthread_t thread;
	bool started;
	bool given_up; /* its thread goes on, and nobody listens */
	/* The check whose fault lets this and what comes after it be skipped; NULL: none. Static.
	 */
	const char *blocked_by;
	int64_t give_up_ms;
	struct doctor_finding finding; /* when it has ended */
	struct doctor_run *run;
};

/* Say what was found; the last word of doctor_ok(), doctor_skip(), doctor_warn() and doctor_fault()
 * counts. doctor_tried(), doctor_answer() and doctor_advice() add to it. */
void doctor_ok(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);
void doctor_skip(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);
void doctor_warn(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);
void doctor_fault(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);
void doctor_tried(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);
void doctor_answer(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);
void doctor_advice(struct doctor_task *t, const char *format, ...) PRINTF_LIKE(2, 3);

/* Names, as many as are worth a line: "a, b and 3 more". Of an empty list "". */
struct doctor_names {
	const char *separator; /* NULL: ", " */
	const char *text;      /* arena */
	size_t count;
};
void doctor_name(struct doctor_task *t, struct doctor_names *names, const char *format, ...)
	PRINTF_LIKE(3, 4);
const char *doctor_names_text(struct doctor_task *t, const struct doctor_names *names);

/* "3 d 4 h", "in" which something ends; arena. */
const char *doctor_duration(struct arena *a, int64_t ms);
/* "2026-01-31"; arena. */
const char *doctor_date(struct arena *a, int64_t calendar_ms);
/* How an environment is called in sentences: "`production`", or "the environment without a name".
 */
const char *doctor_environment(struct arena *a, const struct config_environment *environment);
/* Where a setting of it stands: "spectrocloud.environments[1].url". */
const char *doctor_setting(struct doctor_task *t, const char *name);

/* A call of Backstage for this check. */
struct backstage_call doctor_call(struct doctor_task *t);
/* What came of a fetch, in words: "200", "401 AuthenticationError: ...", "nothing answers ...". */
const char *doctor_words_of(struct doctor_task *t, const struct http_fetch *fetch);

/* ---- the checks: doctor_config.c, doctor_network.c and so on ---- */

typedef void doctor_run_fn(struct doctor_task *t);
doctor_run_fn doctor_check_configuration, doctor_check_permission_settings, doctor_check_cors;
doctor_run_fn doctor_check_name, doctor_check_connect, doctor_check_tls, doctor_check_http,
	doctor_check_clock;
doctor_run_fn doctor_check_token, doctor_check_tenant, doctor_check_token_end, doctor_check_rights,
	doctor_check_rate;
doctor_run_fn doctor_check_gateways, doctor_check_ip_pools, doctor_check_accounts,
	doctor_check_profiles;
doctor_run_fn doctor_check_backstage, doctor_check_keys, doctor_check_catalog,
	doctor_check_permission, doctor_check_caller, doctor_check_rbac;
doctor_run_fn doctor_check_route, doctor_check_external, doctor_check_actions;
doctor_run_fn doctor_check_entities, doctor_check_instances, doctor_check_annotations,
	doctor_check_titles;
doctor_run_fn doctor_check_store, doctor_check_sessions;

/* ---- the whole: doctor_run.c, doctor_print.c ---- */

struct doctor_tasks {
	struct doctor_task *items;
	size_t count;
};
/* Told of each task that has ended, in their order, as soon as all before it have. */
typedef void doctor_ended_fn(void *context, const struct doctor_task *task);
/* Runs them all, many at once; each has ended when this returns. True: no thread is left over. */
MUST_USE bool doctor_run_all(struct doctor_tasks *tasks, doctor_ended_fn *ended, void *context);

struct doctor_look {
	bool json;
	bool coloured;
	size_t width; /* of the terminal; 0: none */
};
/* task: the next one of tasks that has ended. */
void doctor_print_task(const struct doctor_look *look, const struct doctor_task *task,
		       const struct doctor_tasks *tasks);
void doctor_print_end(const struct doctor_look *look, const struct doctor_tasks *tasks);
/* The worst of them. */
enum doctor_status doctor_worst(const struct doctor_tasks *tasks);

/* One finding as text, and all of them as one JSON document. */
void doctor_draw(struct buf *out, const struct doctor_look *look, const struct doctor_task *task);
void doctor_put_json(struct buf *out, const struct doctor_tasks *tasks);

/* --list, and the page docs/troubleshooting.md. */
void doctor_list(bool json);
void doctor_page(struct buf *out);

#endif
