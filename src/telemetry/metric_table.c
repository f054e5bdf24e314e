/* Every metric, one row each. Both formats, the page about them and the tests follow from it. */
#include "telemetry/inside.h"

/* Statuses that there can be: HTTP's of three digits, and our words. */
enum { STATUSES = 1024 };

/* What the labels may be, where that is known. */
#define WORDS(...) .words = ((const char *const[]){__VA_ARGS__, NULL})

const struct metric_bucket metric_buckets[METRIC_BUCKETS] = {
	{1000, "0.001"},    {2500, "0.0025"},   {5000, "0.005"},    {10000, "0.01"},
	{25000, "0.025"},   {50000, "0.05"},    {100000, "0.1"},    {250000, "0.25"},
	{500000, "0.5"},    {1000000, "1.0"},   {2500000, "2.5"},   {5000000, "5.0"},
	{10000000, "10.0"}, {30000000, "30.0"}, {60000000, "60.0"}, {INT64_MAX, "+Inf"},
};

const struct metric_row metric_rows[METRICS] = {
	/* ---- requests ---- */
	[METRIC_REQUESTS] =
		{
			.name = "spectrocloud_requests",
			.type = METRIC_COUNTER,
			.labels = {"operation", "status"},
			.most = 1024,
			.folds = {{"operation", 64}},
			.help = "Requests and calls of tools, by operation and HTTP status.",
		},
	[METRIC_REQUEST_SECONDS] =
		{
			.name = "spectrocloud_request_duration_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = {"operation"},
			.most = 256,
			.help = "From the first byte of a request until its answer was made. "
				"Answers in "
				"pieces, which last as long as their clients stay, are left out.",
		},
	[METRIC_REFUSED] =
		{
			.name = "spectrocloud_requests_refused",
			.type = METRIC_COUNTER,
			.labels = {"reason"},
			.most = 16,
			WORDS("connections", "malformed", "header", "route", "method", "queue",
			      "strangers", "followers", "starting", "stopping", "late", "gone",
			      "memory", "unread"),
			.help = "What never came to an operation: connections beyond the limit, "
				"requests "
				"that are malformed, have a header that must come once twice, or "
				"no route, a full "
				"queue, too many of unknown senders, too many who follow, the "
				"service "
				"starting or stopping, the turn coming too late, the client gone "
				"by then, no memory for a body or an answer. And clients that were "
				"cut off, as they read too slowly when others needed the memory "
				"(unread).",
		},
	[METRIC_CONNECTIONS] =
		{
			.name = "spectrocloud_connections",
			.type = METRIC_GAUGE,
			.help = "Open connections of clients.",
		},
	[METRIC_BUFFERED] =
		{
			.name = "spectrocloud_buffered_bytes",
			.type = METRIC_GAUGE,
			.unit = "bytes",
			.labels = {"what"},
			.most = 2,
			WORDS("bodies", "answers"),
			.help = "Memory for clients: bodies of requests that have come, whole or "
				"not, and answers on their way to who reads them.",
		},
	[METRIC_QUEUE] =
		{
			.name = "spectrocloud_queue_length",
			.type = METRIC_GAUGE,
			.labels = {"pool"},
			.most = 8,
			WORDS("requests", "aside"),
			.help = "Requests that wait for a thread of the pool.",
		},
	[METRIC_WORKERS] =
		{
			.name = "spectrocloud_workers",
			.type = METRIC_GAUGE,
			.labels = {"pool"},
			.most = 8,
			WORDS("requests", "aside", "following", "refreshing"),
			.help = "Threads of the pool that may be at work at a time: on requests, "
				"on our "
				"public keys, on what is followed, on what is asked again.",
		},
	[METRIC_WORKERS_BUSY] =
		{
			.name = "spectrocloud_workers_busy",
			.type = METRIC_GAUGE,
			.labels = {"pool"},
			.most = 8,
			WORDS("requests", "aside", "following", "refreshing"),
			.help = "Of those, how many are at work.",
		},
	[METRIC_WORKERS_WAITING] =
		{
			.name = "spectrocloud_workers_waiting",
			.type = METRIC_GAUGE,
			.labels = {"pool"},
			.most = 8,
			WORDS("requests", "aside", "following", "refreshing"),
			.help = "Threads besides that only wait, for a turn within Palette's rate "
				"limits, "
				"a place or another's answer.",
		},
	[METRIC_FOLLOWERS] =
		{
			.name = "spectrocloud_followers",
			.type = METRIC_GAUGE,
			.help = "Clusters that clients follow.",
		},

	/* ---- Palette ---- */
	[METRIC_UPSTREAM] =
		{
			.name = "spectrocloud_upstream_requests",
			.type = METRIC_COUNTER,
			.labels = {"environment", "endpoint", "status"},
			.most = 2048,
			.folds = {{"endpoint", 8 * METRIC_MOST_ENVIRONMENTS},
				  {"environment", STATUSES}},
			.help = "Requests to Palette, each attempt. Where there was no whole "
				"answer the status "
				"is a word: dns, connection, tls, proxy, timeout, broken, "
				"too_large, "
				"cancelled or unsent.",
		},
	[METRIC_UPSTREAM_SECONDS] =
		{
			.name = "spectrocloud_upstream_request_duration_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "How long they took, waiting for a free connection included.",
		},
	[METRIC_RETRIES] =
		{
			.name = "spectrocloud_upstream_retries",
			.type = METRIC_COUNTER,
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "Requests to Palette that were made again after an attempt failed.",
		},
	[METRIC_PACED_SECONDS] =
		{
			.name = "spectrocloud_pacer_wait_seconds",
			.type = METRIC_HISTOGRAM,
			.unit = "seconds",
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "Waits for a turn within Palette's rate limits, of those that had "
				"to.",
		},
	[METRIC_PACED_REFUSALS] =
		{
			.name = "spectrocloud_pacer_refusals",
			.type = METRIC_COUNTER,
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "Requests to Palette that were not made because no turn would have "
				"come in "
				"time.",
		},
	[METRIC_BUDGET] =
		{
			.name = "spectrocloud_pacer_budget_requests",
			.type = METRIC_GAUGE,
			.unit = "requests",
			.labels = {"environment", "path"},
			.most = 2048,
			.folds = {{"path", METRIC_MOST_ENVIRONMENTS}},
			.least_is_worst = true,
			.help = "Requests that Palette's rate limit has left at the moment, by "
				"part of its "
				"API; of the parts that were asked.",
		},
	[METRIC_CIRCUIT] =
		{
			.name = "spectrocloud_circuit_state",
			.type = METRIC_GAUGE,
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "0: requests are sent. 1: one tries whether Palette answers again. "
				"2: "
				"nothing is sent.",
		},
	[METRIC_CIRCUIT_OPENINGS] =
		{
			.name = "spectrocloud_circuit_openings",
			.type = METRIC_COUNTER,
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "How often it was found that Palette does not answer.",
		},
	[METRIC_CERTIFICATE] =
		{
			.name = "spectrocloud_upstream_certificate_expiry_timestamp_seconds",
			.type = METRIC_GAUGE,
			.unit = "seconds",
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.least_is_worst = true,
			.help = "When the TLS certificate ends that Palette showed at the last "
				"handshake; "
				"seconds since 1970.",
		},
	[METRIC_TOKEN_REFUSED] =
		{
			.name = "spectrocloud_upstream_token_refused",
			.type = METRIC_GAUGE,
			.labels = {"environment"},
			.most = METRIC_MOST_ENVIRONMENTS,
			.help = "1: Palette has refused the apiToken, and not taken it since. 0: "
				"it "
				"has not.",
		},
	[METRIC_CREATIONS] =
		{
			.name = "spectrocloud_cluster_creations",
			.type = METRIC_COUNTER,
			.labels = {"cloud", "outcome"},
			.most = 64,
			.folds = {{"cloud", 8}},
			.help = "Clusters that were to be created. The outcome is succeeded, "
				"failed, unknown, or "
				"replayed where the answer was there already.",
		},

	/* ---- what is kept ---- */
	[METRIC_CACHE] =
		{
			.name = "spectrocloud_cache_requests",
			.type = METRIC_COUNTER,
			.labels = {"result"},
			.most = 8,
			WORDS("hit", "stale", "miss", "coalesced"),
			.help = "Questions to Palette that may be answered with what is kept: it "
				"was "
				"(hit), past its time (stale), Palette was asked (miss), another's "
				"answer "
				"was waited for (coalesced).",
		},
	[METRIC_CACHE_BYTES] =
		{
			.name = "spectrocloud_cache_bytes",
			.type = METRIC_GAUGE,
			.unit = "bytes",
			.help = "What is kept of Palette's answers.",
		},
	[METRIC_CACHE_ENTRIES] =
		{
			.name = "spectrocloud_cache_entries",
			.type = METRIC_GAUGE,
			.help = "How many answers that are.",
		},
	[METRIC_SESSIONS] =
		{
			.name = "spectrocloud_session_lookups",
			.type = METRIC_COUNTER,
			.labels = {"result"},
			.most = 8,
			WORDS("hit", "miss", "expired", "none", "lost"),
			.help = "Looks for a user's Palette session: it was remembered (hit), the "
				"store had "
				"it (miss), what was remembered had ended and the store has none "
				"(expired), there is none, "
				"or the store did not answer (lost).",
		},
	[METRIC_SESSIONS_EXPIRED] =
		{
			.name = "spectrocloud_sessions_expired",
			.type = METRIC_COUNTER,
			.help = "Sessions that were dropped from the store because they had ended.",
		},
	[METRIC_STORE_FAILURES] =
		{
			.name = "spectrocloud_store_failures",
			.type = METRIC_COUNTER,
			.labels = {"store"},
			.most = 4,
			WORDS("memory", "sqlite", "postgresql"),
			.help = "What the store of sessions, keys and creations could not do.",
		},

	/* ---- callers, and Backstage ---- */
	[METRIC_TOKENS] =
		{
			.name = "spectrocloud_token_verifications",
			.type = METRIC_COUNTER,
			.labels = {"kind", "result"},
			.most = 64,
			.folds = {{"kind", 8}},
			.help = "Credentials of requests. The kind is none, malformed, static, "
				"user, plugin or external; the result is verified, recalled (it "
				"was verified before), refused, or unclear where keys could not "
				"be had.",
		},
	[METRIC_DECISIONS] =
		{
			.name = "spectrocloud_permission_decisions",
			.type = METRIC_COUNTER,
			.labels = {"permission", "result"},
			.most = 64,
			.folds = {{"permission", 8}},
			.help = "Whether callers may: allow, deny, or unclear where nobody could "
				"say, which "
				"counts as deny.",
		},
	[METRIC_REAUTHENTICATIONS] =
		{
			.name = "spectrocloud_reauthentications",
			.type = METRIC_COUNTER,
			.help = "Answers that told a user to sign in to Palette again.",
		},
	[METRIC_BACKSTAGE] =
		{
			.name = "spectrocloud_backstage_requests",
			.type = METRIC_COUNTER,
			.labels = {"plugin", "status"},
			.most = 256,
			.folds = {{"plugin", STATUSES}},
			.help = "Requests to Backstage's plugins, and for keys of tokens; "
				"`external` are "
				"those of other issuers. A word for the status as with Palette.",
		},

	/* ---- the process ---- */
	[METRIC_RELOADS] =
		{
			.name = "spectrocloud_configuration_reloads",
			.type = METRIC_COUNTER,
			.labels = {"result"},
			.most = 4,
			WORDS("reloaded", "unchanged", "refused"),
			.help = "Configurations that were read again.",
		},
	[METRIC_LOG_LINES] =
		{
			.name = "spectrocloud_log_lines",
			.type = METRIC_COUNTER,
			.labels = {"level"},
			.most = 4,
			.sampled = true,
			WORDS("debug", "info", "warn", "error"),
			.help = "Lines of the log that were written.",
		},
	[METRIC_AUDIT_LINES] =
		{
			.name = "spectrocloud_audit_lines",
			.type = METRIC_COUNTER,
			.labels = {"result"},
			.most = 4,
			WORDS("written", "missing", "suppressed"),
			.sampled = true,
			.help = "Lines of the audit trail: in it; not in it, but on standard "
				"error, if that took them; and refusals that were too many to "
				"write down.",
		},
	[METRIC_SPANS_DROPPED] =
		{
			.name = "spectrocloud_spans_dropped",
			.type = METRIC_COUNTER,
			.sampled = true,
			.help = "Spans that the collector has not got: it was away for too long, "
				"or refused them.",
		},
	[METRIC_BUILD] =
		{
			.name = "spectrocloud_build",
			.type = METRIC_INFO,
			.labels = {"version"},
			.most = 1,
			.help = "Which program this is; the value is 1.",
		},
	[METRIC_PROCESS_CPU] =
		{
			.name = "process_cpu_seconds",
			.type = METRIC_COUNTER,
			.unit = "seconds",
			.sampled = true,
			.help = "Processor time of the process, its own and the kernel's for it.",
		},
	[METRIC_PROCESS_RESIDENT] =
		{
			.name = "process_resident_memory_bytes",
			.type = METRIC_GAUGE,
			.unit = "bytes",
			.help = "Memory that it takes.",
		},
	[METRIC_PROCESS_VIRTUAL] =
		{
			.name = "process_virtual_memory_bytes",
			.type = METRIC_GAUGE,
			.unit = "bytes",
			.help = "Addresses that it uses.",
		},
	[METRIC_PROCESS_FILES] =
		{
			.name = "process_open_fds",
			.type = METRIC_GAUGE,
			.help = "Files and sockets that it has open.",
		},
	[METRIC_PROCESS_MOST_FILES] =
		{
			.name = "process_max_fds",
			.type = METRIC_GAUGE,
			.help = "How many it may have open.",
		},
	[METRIC_PROCESS_START] =
		{
			.name = "process_start_time_seconds",
			.type = METRIC_GAUGE,
			.unit = "seconds",
			.help = "When it was started; seconds since 1970.",
		},
	[METRIC_PROCESS_THREADS] =
		{
			.name = "process_threads",
			.type = METRIC_GAUGE,
			.help = "Its threads.",
		},
};

const char *const *metric_words(enum metric metric)
{
	return metric_rows[metric].words;
}
