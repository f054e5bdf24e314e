/* The page about the metrics, from their rows. */
#include "telemetry/inside.h"

/* clang-format off */
static const char head[] =
	"# Metrics\n"
	"\n"
	"The service counts what it does, for [Prometheus](https://prometheus.io) and whatever else reads\n"
	"its text format. This page is made from the program's table of metrics by `./dev docs`.\n"
	"\n"
	"## Scrape it\n"
	"\n"
	"**With a token**, at `/metrics` of the address that the service listens on, beside\n"
	"`/api/spectrocloud`. Services get it, users and strangers do not. Give Prometheus a token of its\n"
	"own that is good for nothing else:\n"
	"\n"
	"```yaml\n"
	"backend:\n"
	"  auth:\n"
	"    externalAccess:\n"
	"      - type: static\n"
	"        options: { token: \"${PROMETHEUS_TOKEN}\", subject: prometheus }\n"
	"        accessRestrictions:\n"
	"          - plugin: spectrocloud\n"
	"            permission: spectrocloud.metrics.view\n"
	"```\n"
	"\n"
	"and in Prometheus' configuration:\n"
	"\n"
	"```yaml\n"
	"scrape_configs:\n"
	"  - job_name: spectrocloud-backend\n"
	"    authorization:\n"
	"      credentials_file: /etc/prometheus/spectrocloud-token\n"
	"    static_configs:\n"
	"      - targets: [127.0.0.1:7727]\n"
	"rule_files:\n"
	"  - /etc/prometheus/spectrocloud-backend.rules.yaml   # packaging/prometheus/ has it\n"
	"```\n"
	"\n"
	"**Without one**, at an address of its own, which a firewall or the network has to keep to those who\n"
	"may see it:\n"
	"\n"
	"```yaml\n"
	"spectrocloud:\n"
	"  telemetry:\n"
	"    listen: 127.0.0.1:9727\n"
	"```\n"
	"\n"
	"It has a thread of its own and answers while the service starts, while all\n"
	"workers are busy, and until what was under way is finished. A change of it needs a restart. On a\n"
	"loopback address the header `Host` has to be an address, a name without dots or the name of the\n"
	"machine: no page in a browser there can read the figures under a name of its own. The\n"
	"[status page](operations.md) is there, too, for who is on the machine itself.\n"
	"\n"
	"Both have OpenMetrics 1.0 for who asks with `Accept: application/openmetrics-text`, which Prometheus\n"
	"does, and Prometheus' text format 0.0.4 for everybody else. Of several replicas each has figures of\n"
	"its own.\n"
	"\n"
	"`packaging/prometheus/spectrocloud-backend.rules.yaml` has alerts, and\n"
	"`packaging/grafana/spectrocloud-backend.json` a dashboard for Grafana. Both select the job\n"
	"`spectrocloud-backend`. [operations.md](operations.md) says of each alert what to do,\n"
	"[observability.md](observability.md#the-dashboard) what the dashboard looks like.\n"
	"\n"
	"## What is never in it\n"
	"\n"
	"Labels are names of environments, operations and permissions, statuses and words. There is no uid,\n"
	"no e-mail address, no name of a user, a cluster or a project, and no token; of Palette's paths the\n"
	"identifiers are left out (`/v1/spectroclusters/{uid}`). What may not happen for long is there as 0\n"
	"from the start, the rest from the first time on.\n"
	"\n"
	"## When there are too many\n"
	"\n"
	"Each metric has a bound on its series, which stay until the process ends. What comes beyond it gives\n"
	"up a label, which then says `other`, and after so many series more another one, in the order that the\n"
	"table has; each step has places of its own. A status, a result or an outcome is never given up, so\n"
	"that sums by it are right whatever happens, and so are sums by environment and status as long as the\n"
	"environment stands there. Of a gauge the worst is shown. Metrics by environment have room for each of\n"
	"the 1,000 that a configuration may have, and the [status page](operations.md) has figures of all of\n"
	"them besides, which do not come from the series.\n"
	"\n"
	"## The metrics\n"
	"\n"
	"Histograms have the buckets";
/* clang-format on */

static const char *type_of(const struct metric_row *row)
{
	static const char *const names[] = {[METRIC_COUNTER] = "counter",
					    [METRIC_GAUGE] = "gauge",
					    [METRIC_HISTOGRAM] = "histogram",
					    [METRIC_INFO] = "info"};

	return names[row->type];
}

static const char *ending_of(const struct metric_row *row)
{
	if (row->type == METRIC_COUNTER)
		return "_total";
	return row->type == METRIC_INFO ? "_info" : "";
}

/* What becomes of the labels where there are many series. */
static void put_folds(struct buf *out, const struct metric_row *row)
{
	unsigned most = row->most;

	for (size_t i = 0; i < METRIC_MOST_LABELS && row->folds[i].label != NULL; i++) {
		buf_printf(out, "%s%u series %s`%s`", i == 0 ? " Beyond " : ", beyond ", most,
			   i == 0 ? "without " : "more without ", row->folds[i].label);
		most = row->folds[i].most;
	}
	if (row->folds[0].label != NULL)
		buf_add_char(out, '.');
}

static void put_row(struct buf *out, const struct metric_row *row)
{
	buf_printf(out, "| `%s%s` | %s |", row->name, ending_of(row), type_of(row));
	for (size_t i = 0; row->labels[i] != NULL; i++)
		buf_printf(out, "%s `%s`", i == 0 ? "" : ",", row->labels[i]);
	for (const char *const *w = row->words; w != NULL && *w != NULL; w++)
		buf_printf(out, "%s `%s`", w == row->words ? ":" : ",", *w);
	buf_printf(out, " | %s", row->help);
	put_folds(out, row);
	buf_add_string(out, " |\n");
}

void metrics_page(struct buf *out)
{
	buf_add_string(out, head);
	for (size_t i = 0; i + 1 < METRIC_BUCKETS; i++)
		buf_printf(out, "%s %s", i == 0 ? "" : ",", metric_buckets[i].most);
	buf_add_string(out, " and +Inf seconds.\n\n"
			    "| metric | type | labels | |\n|---|---|---|---|\n");
	for (int m = 0; m < METRICS; m++)
		put_row(out, &metric_rows[m]);
}
