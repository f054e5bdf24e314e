/* The figures of this process, for Prometheus and its kin. */
#include "op/metrics.h"

#include "http/fields.h"
#include "op/rows.h"

enum metrics_format metrics_format_for(const struct http_header *headers, size_t count)
{
	int open = http_wants(headers, count, METRICS_OPENMETRICS_TYPE);

	return open > 0 && open >= http_wants(headers, count, METRICS_TEXT_TYPE)
		       ? METRICS_OPENMETRICS
		       : METRICS_TEXT;
}

static bool service_metrics(struct call *c, struct result *res, struct error *err)
{
	enum metrics_format format = metrics_format_for(c->headers, c->header_count);
	struct buf out;

	buf_init(&out, METRICS_LONGEST);
	metrics_write(format, &out);
	if (!buf_complete(&out)) {
		buf_fini(&out);
		return error_set(err, ERROR_INTERNAL, "there are more figures than fit");
	}
	res->content_type = metrics_content_type(format);
	res->body_owned = out;
	return true;
}

const struct op metrics_ops[] = {
	{
		.name = "service.metrics",
		.summary = "Give the figures of this process, for Prometheus",
		GET("/metrics"),
		.permission = PERMIT_OPERATORS,
		.flags = OP_FRONT | OP_LOCAL | OP_ROOT | OP_ALWAYS,
		.content_type = METRICS_TEXT_CONTENT_TYPE,
		.run = service_metrics,
	},
	{.name = NULL},
};
