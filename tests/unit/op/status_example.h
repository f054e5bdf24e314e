/* Figures for tests of the status page: three environments and an hour of work, one of them silent
 * for four minutes. */
#ifndef UNIT_OP_STATUS_EXAMPLE_H
#define UNIT_OP_STATUS_EXAMPLE_H

#include "op/status.h"

enum { EXAMPLE_SILENT_MINUTES = 4 };

#define EXAMPLE_NOW_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* Some waves of it; failing: the last minutes, wholly. */
static inline void example_load(struct status_load *load, unsigned seed, unsigned size,
				unsigned failing)
{
	load->median_us = 42000 + seed * 9000;
	load->p95_us = 180000 + seed * 70000;
	for (unsigned m = 0; m < HISTORY_MINUTES; m++) {
		struct status_minute *minute = &load->minutes[m];
		unsigned wave = (m * (7 + seed) + m * m * 3) % 17;

		minute->requests = size + wave * size / 12;
		minute->failures = m + failing >= HISTORY_MINUTES ? minute->requests
				   : wave == 5 && seed > 0        ? 2
								  : 0;
		minute->median_us = load->median_us - 9000 + wave * 1500;
		minute->p95_us = load->p95_us - 60000 + wave * 14000;
		load->requests += minute->requests;
		load->failures += minute->failures;
	}
}

static inline void example_nothing(struct status_load *load)
{
	load->median_us = load->p95_us = -1;
	for (size_t m = 0; m < HISTORY_MINUTES; m++)
		load->minutes[m].median_us = load->minutes[m].p95_us = -1;
}

static inline void example_environments(struct arena *a, struct status *s, const char *third)
{
	struct status_environment *e = arena_array(a, struct status_environment, 3);

	s->environments = e;
	s->environment_count = 3;
	e[0] = (struct status_environment){.name = "production",
					   .answering = STATUS_ANSWERS,
					   .circuit = "closed",
					   .certificate_ends_s =
						   EXAMPLE_NOW_MS / 1000 + 58 * 86400};
	example_load(&e[0].load, 0, 24, 0);
	e[0].budget_count = 2;
	e[0].budget = arena_array(a, struct palette_budget, 2);
	e[0].budget[0] = (struct palette_budget){"/v1/dashboard", 41.7, 50};
	e[0].budget[1] = (struct palette_budget){"/v1/spectroclusters", 31.2, 250};
	e[1] = (struct status_environment){
		.name = "staging",
		.answering = STATUS_SILENT,
		.circuit = "open",
		.failures_in_a_row = 11,
		.silent_since_ms = EXAMPLE_NOW_MS - EXAMPLE_SILENT_MINUTES * 60000,
		.certificate_ends_s = EXAMPLE_NOW_MS / 1000 + 12 * 86400};
	example_load(&e[1].load, 2, 6, EXAMPLE_SILENT_MINUTES + 1);
	e[1].causes.count = 2;
	e[1].causes.items = arena_array(a, struct status_count, 2);
	e[1].causes.items[0] = (struct status_count){"connection", e[1].load.failures - 3, 90};
	e[1].causes.items[1] = (struct status_count){"503", 3, 3};
	e[2] = (struct status_environment){
		.name = third, .answering = STATUS_ANSWERS, .circuit = "closed"};
	example_load(&e[2].load, 1, 2, 0);
}

static inline struct status_counts example_counts(struct arena *a, size_t count,
						  const struct status_count *items)
{
	struct status_counts counts = {.items = arena_array(a, struct status_count, count),
				       .count = count};

	for (size_t i = 0; i < count; i++)
		counts.items[i] = items[i];
	return counts;
}
#define EXAMPLE_COUNTS(a, ...)                                                       \
	example_counts((a), ARRAY_LEN(((const struct status_count[]){__VA_ARGS__})), \
		       (const struct status_count[]){__VA_ARGS__})

static inline void example_rest(struct arena *a, struct status *s)
{
	s->cache = EXAMPLE_COUNTS(a, {"hit", 12840, 90210}, {"stale", 310, 2011},
				  {"miss", 1204, 9120}, {"coalesced", 88, 412});
	s->cache_bytes = 18.4 * 1024 * 1024;
	s->cache_entries = 214;
	s->sessions = EXAMPLE_COUNTS(a, {"hit", 2310, 12000}, {"miss", 41, 300}, {"expired", 2, 9},
				     {"none", 5, 31}, {"lost", 0, 0}, {"dropped", 3, 40},
				     {"reauthentications", 7, 40});
	s->refused = EXAMPLE_COUNTS(a, {"route", 3, 9}, {"queue", 0, 0});
	s->decisions = arena_array(a, struct status_decisions, 2);
	s->decision_count = 2;
	s->decisions[0] =
		(struct status_decisions){"spectrocloud.cluster.download-kubeconfig", 12, 4, 0};
	s->decisions[1] = (struct status_decisions){"spectrocloud.cluster.view-info", 9310, 21, 0};
	s->creations = arena_array(a, struct status_creations, 2);
	s->creation_count = 2;
	s->creations[0] = (struct status_creations){.cloud = "eks",
						    .running = 1,
						    .succeeded = 3,
						    .outcome = "succeeded",
						    .ended_ms = EXAMPLE_NOW_MS - 720000};
	s->creations[1] = (struct status_creations){.cloud = "vsphere"};
	s->pools[0] = (struct status_pool){"requests", 0, 16, 3, 1};
	s->pools[1] = (struct status_pool){"following", -1, 64, 2, 0};
	s->pool_count = 2;
	s->connections = 41;
	s->followers = 2;
	s->memory_bytes = 31.0 * 1024 * 1024;
	s->open_files = 78;
	s->most_files = 65536;
}

/* third: the name of the third environment. */
static inline void example_status(struct arena *a, struct status *s, const char *third)
{
	*s = (struct status){
		.now_ms = EXAMPLE_NOW_MS,
		.version = "1.2.3",
		.replica = "spectrocloud-backend-7d9f",
		.listen = "127.0.0.1:7727",
		.uptime_s = 5 * 86400,
		.minutes = HISTORY_MINUTES,
		.phase = PHASE_SERVING,
		.configuration_read_ms = EXAMPLE_NOW_MS - INT64_C(5) * 86400000,
		.reload = "refused",
		.reload_ms = EXAMPLE_NOW_MS - 1200000,
		.reload_place = "/etc/spectrocloud-backend/app-config.yaml:31:7",
	};
	example_environments(a, s, third);
	example_load(&s->load, 0, 60, 0);
	example_rest(a, s);
}

#endif
