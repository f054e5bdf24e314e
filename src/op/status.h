/*
 * The status page: what an operator wants to see first, of this process and the last hour.
 * status_gather.c collects it, status_judge.c says what of it is bad, and it is written as a page
 * (status_page.c and the files beside it) or as JSON (status_json.c). Any thread; nothing here
 * waits.
 */
#ifndef OP_STATUS_H
#define OP_STATUS_H

#include "op/op.h"
#include "telemetry/history.h"

/* ---- what there is; strings and arrays are in an arena, or live as long as the process ---- */

enum status_level { STATUS_GOOD, STATUS_WARNING, STATUS_BAD };

enum status_answering {
	STATUS_ANSWERS,
	STATUS_UNASKED, /* nothing was asked in the last hour */
	STATUS_REFUSES, /* the apiToken */
	STATUS_FAILING, /* what was asked last has failed */
	STATUS_SILENT,  /* its circuit is open */
};

struct status_minute {
	uint64_t requests;
	uint64_t failures;
	int64_t median_us; /* -1: there were none */
	int64_t p95_us;
};

/* Requests of the last hour. */
struct status_load {
	uint64_t requests;
	uint64_t failures;
	int64_t median_us; /* -1: there were none */
	int64_t p95_us;
	struct status_minute minutes[HISTORY_MINUTES]; /* the oldest first; the last is not over */
};

/* Something that is counted: in the last hour, and since the process began. */
struct status_count {
	const char *name;
	uint64_t hour;
	uint64_t total;
};
struct status_counts {
	struct status_count *items;
	size_t count;
};

struct status_environment {
	const char *name;
	enum status_answering answering;
	const char *circuit; /* "closed", "open", "half-open" */
	unsigned failures_in_a_row;
	int64_t silent_since_ms;  /* calendar; 0: it is not */
	int64_t token_refused_ms; /* calendar, since when; 0: it is not */
	struct status_load load;
	struct status_counts causes; /* of failures, by status; the most frequent first */
	uint64_t held_back; /* in the last hour: not sent, as no turn would have come in time */
	struct palette_budget *budget;
	size_t budget_count;
	int64_t certificate_ends_s; /* since 1970; 0: none was seen */
};

/* Of Backstage, and "external": other issuers of tokens. */
struct status_plugin {
	const char *name;
	uint64_t requests, failures; /* in the last hour */
	bool failing;                /* what was asked last has failed */
	struct status_counts causes;
};

struct status_decisions {
	const char *permission;
	uint64_t allowed, denied, unclear; /* in the last hour */
};

struct status_creations {
	const char *cloud;
	unsigned running;
	uint64_t succeeded, failed, unknown, replayed; /* in the last hour */
	const char *outcome;                           /* the last one; NULL: none */
	int64_t ended_ms;
};

struct status_pool {
	const char *name;
	double queued; /* -1: it has no queue */
	double most, busy, waiting;
};

/* Something that wants a look. about: the id of the part of the page that has more. */
struct status_notice {
	enum status_level level;
	const char *text;
	const char *about;
};

enum { STATUS_MOST_NOTICES = 64, STATUS_POOLS = 4 };

struct status {
	/* what status_judge() says */
	enum status_level level;
	const char *sentence;
	struct status_notice *notices; /* the worst first */
	size_t notice_count;
	size_t more_notices; /* that had no room */

	int64_t now_ms; /* calendar */
	const char *version;
	const char *replica; /* the name of the host */
	const char *listen;
	int64_t uptime_s;
	size_t minutes; /* of the last hour that are known */
	enum op_phase phase;
	const char *not_ready; /* why; NULL: it is ready */

	struct status_environment *environments;
	size_t environment_count;
	struct status_plugin *plugins; /* those that were asked */
	size_t plugin_count;
	struct status_load load; /* of this service's own requests */
	struct status_counts refused;
	struct status_counts cache;
	double cache_bytes, cache_entries;
	struct status_counts sessions;
	uint64_t store_failures; /* in the last hour */
	struct status_decisions *decisions;
	size_t decision_count;
	struct status_creations *creations;
	size_t creation_count;
	struct status_pool pools[STATUS_POOLS];
	size_t pool_count;
	double connections, followers;
	double memory_bytes, open_files, most_files;
	int64_t configuration_read_ms; /* of the one that is in force */
	const char *reload;            /* how the last reading again ended; NULL: none was */
	int64_t reload_ms;
	const char *reload_place;
};

/* ---- how it is made ---- */

void status_gather(const struct op_services *services, struct arena *a, struct status *out);
/* Sets level, sentence and notices, from all the others. */
void status_judge(struct arena *a, struct status *s);

/* More than a page can be: 1,000 environments that were asked in each minute take 19 MB. */
enum { STATUS_LONGEST = 32 * 1024 * 1024 };
void status_write_page(const struct status *s, struct buf *out);
void status_write_json(const struct status *s, struct buf *out);

#define STATUS_PAGE_TYPE "text/html; charset=utf-8"
#define STATUS_JSON_TYPE "application/json; charset=utf-8"
/* The Content-Security-Policy that fits the page: its own style and nothing else. Static. */
const char *status_policy(void);

/* What is sent: all of the above, as those headers want it. */
struct status_answer {
	struct buf body; /* owned */
	const char *content_type;
};
MUST_USE bool status_answer(const struct op_services *services, struct arena *a,
			    const struct http_header *headers, size_t header_count,
			    struct status_answer *answer, struct error *err);

/* Whether a page may be given to who shows no credential: the peer is on this machine, the name
 * it asked for is this machine's, and no proxy has passed it on for somebody else. */
bool status_is_local(const char *peer, const struct http_header *headers, size_t header_count);

/* ---- inside ---- */

/* The members of the JSON form. */
extern const struct field status_fields[];

/* status_style.c: the style sheet, as it stands in the page. */
extern const char status_style[];

/* status_say.c: without a full stop. */
const char *status_say(struct arena *a, const struct status *s);

/* status_words.c */
const char *status_span(struct arena *a, int64_t ms);               /* "4 minutes" */
const char *status_answering_word(enum status_answering answering); /* "answers" */
const char *status_level_word(enum status_level level);             /* "warning" */
const char *status_phase_word(enum op_phase phase);                 /* "serving" */
/* "1 request", "3,204 requests" */
const char *status_many(struct arena *a, uint64_t count, const char *one, const char *many);

/* status_html.c: into a page. */
void html_text(struct buf *out, const char *text); /* escaped */
void html_name(struct buf *out, const char *name); /* the same; a line may end behind "." and "/" */
void html_count(struct buf *out, uint64_t count);  /* "12,345" */
void html_duration(struct buf *out, int64_t us);   /* "84 ms"; -1: a dash */
void html_bytes(struct buf *out, double bytes);    /* "1.2 MiB" */
void html_time(struct buf *out, int64_t calendar_ms);
void html_day(struct buf *out, int64_t calendar_ms);
void html_icon(struct buf *out, enum status_level level);

/* status_graph.c: requests, failures and durations by minute. id: unique on the page; what: of
 * whom, for who does not see it. */
void status_graph(struct buf *out, const char *id, const char *what,
		  const struct status_load *load);
/* A bar of so much of so much. */
void status_bar(struct buf *out, double value, double most, enum status_level level);

/* status_cards.c, status_tables.c: parts of the page. */
void status_put_load(struct buf *out, const char *id, const char *what,
		     const struct status_load *load);
void status_put_environments(struct buf *out, const struct status *s);
void status_put_tables(struct buf *out, const struct status *s);

#endif
