/*
 * What it costs to count, one thread: nanoseconds of CPU a call, with as many series around as a
 * service has that does all that it can; what all that a request to Palette counts costs together;
 * and what one scrape costs.
 */
#include <stdio.h>
#include <time.h>

#include "telemetry/metrics.h"

enum { ROUNDS = 2000000, OPERATIONS = 90, SCRAPES = 50 };

/* Of the process, so that what else runs does not count. */
static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void report(const char *what, int64_t began_us, int count)
{
	printf("%-44s %10.1f ns\n", what, (double)(cpu_us() - began_us) * 1000 / count);
}

static void fill(void)
{
	static const char *const statuses[] = {"200", "400", "401", "403", "404", "502", "503"};
	char name[64];

	for (int i = 0; i < OPERATIONS; i++) {
		snprintf(name, sizeof name, "operation.number_%d", i);
		metric_observe(METRIC_REQUEST_SECONDS, 1000 * i, name);
		for (size_t s = 0; s < sizeof statuses / sizeof statuses[0]; s++) {
			metric_count(METRIC_REQUESTS, name, statuses[s]);
			metric_count(METRIC_UPSTREAM, "production", name, statuses[s]);
		}
	}
}

static void measure_calls(void)
{
	char status[METRIC_STATUS_SIZE];
	int64_t began_us = cpu_us();

	for (int i = 0; i < ROUNDS; i++)
		metric_count(METRIC_REQUESTS, "operation.number_7", metric_status(200, status));
	report("a count with two labels", began_us, ROUNDS);
	began_us = cpu_us();
	for (int i = 0; i < ROUNDS; i++)
		metric_count(METRIC_UPSTREAM, "production",
			     "/v1/cloudconfigs/{cloud}/{uid}/machinePools/{name}/machines",
			     metric_status(200, status));
	report("a count with three labels", began_us, ROUNDS);
	began_us = cpu_us();
	for (int i = 0; i < ROUNDS; i++)
		metric_observe(METRIC_REQUEST_SECONDS, i, "operation.number_7");
	report("a duration", began_us, ROUNDS);
}

/* As one that asks Palette once: token, permission, cache, upstream, and itself. */
static void measure_request(void)
{
	char status[METRIC_STATUS_SIZE];
	int64_t began_us = cpu_us();

	for (int i = 0; i < ROUNDS; i++) {
		metric_count(METRIC_TOKENS, "user", "recalled");
		metric_count(METRIC_DECISIONS, "spectrocloud.cluster.view-info", "allow");
		metric_count(METRIC_SESSIONS, "hit");
		metric_count(METRIC_CACHE, "miss");
		metric_count(METRIC_UPSTREAM, "production", "/v1/dashboard/spectroclusters/{uid}",
			     metric_status(200, status));
		metric_observe(METRIC_UPSTREAM_SECONDS, i, "production");
		metric_count(METRIC_REQUESTS, "operation.number_7", metric_status(200, status));
		metric_observe(METRIC_REQUEST_SECONDS, i, "operation.number_7");
	}
	report("all that a request to Palette counts", began_us, ROUNDS);
}

static void measure_scrape(void)
{
	int64_t began_us = cpu_us();
	size_t bytes = 0;

	for (int i = 0; i < SCRAPES; i++) {
		struct buf out;

		buf_init(&out, METRICS_LONGEST);
		metrics_write(METRICS_OPENMETRICS, &out);
		bytes = out.len;
		buf_fini(&out);
	}
	printf("%-44s %10.1f us, %zu bytes\n", "a scrape", (double)(cpu_us() - began_us) / SCRAPES,
	       bytes);
}

int main(void)
{
	fill();
	measure_calls();
	measure_request();
	measure_scrape();
	return 0;
}
