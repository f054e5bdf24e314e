/*
 * The two text formats: Prometheus' own, version 0.0.4, and OpenMetrics 1.0. They differ in what a
 * counter and an info are called, in what is escaped, and in a line for the unit and the end.
 */
#include <stdlib.h>
#include <string.h>

#include "telemetry/inside.h"

/* A series or a sample; either has its values. */
struct point {
	enum metric metric;
	const char *const *values;
	const struct metric_series *series; /* NULL: sampled */
	double value;
};

struct points {
	struct point *items; /* owned */
	size_t count;
};

/* ---- putting them in order ---- */

static int compare(const void *one, const void *other)
{
	const struct point *a = one;
	const struct point *b = other;

	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	for (size_t i = 0; i < metric_label_count(&metric_rows[a->metric]); i++) {
		int order = strcmp(a->values[i], b->values[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

/* Series that come meanwhile are in front of the newest one, and are not looked at. */
static void gather(const struct metric_samples *samples, struct points *points)
{
	const struct metric_series *newest = metric_all_series();
	size_t room = samples->count;

	for (const struct metric_series *s = newest; s != NULL; s = s->next)
		room++;
	points->items = heap_alloc((room + 1) * sizeof points->items[0]);
	points->count = 0;
	for (size_t i = 0; i < samples->count; i++)
		points->items[points->count++] = (struct point){.metric = samples->items[i].metric,
								.values = samples->items[i].values,
								.value = samples->items[i].value};
	for (const struct metric_series *s = newest; s != NULL; s = s->next)
		points->items[points->count++] =
			(struct point){.metric = s->metric, .values = s->values, .series = s};
	qsort(points->items, points->count, sizeof points->items[0], compare);
}

/* Those whose labels are known are there before anything has happened. */
static void make_known(void)
{
	for (int m = 0; m < METRICS; m++) {
		const struct metric_row *row = &metric_rows[m];

		if (row->type != METRIC_COUNTER || row->sampled)
			continue;
		if (row->labels[0] == NULL)
			metric_add((enum metric)m, 0, METRIC_LABELS());
		for (const char *const *w = row->words; w != NULL && *w != NULL; w++)
			metric_add((enum metric)m, 0, METRIC_LABELS(*w));
	}
}

/* ---- lines ---- */

static void put_escaped(struct buf *out, const char *s, bool quotes)
{
	for (;;) {
		size_t plain = strcspn(s, quotes ? "\n\\\"" : "\n\\");

		buf_add(out, (struct text){s, plain});
		s += plain;
		if (*s == '\0')
			return;
		buf_add_char(out, '\\');
		buf_add_char(out, *s == '\n' ? 'n' : *s);
		s++;
	}
}

static const char *type_name(enum metric_type type, bool open)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_HISTOGRAM:
		return "histogram";
	case METRIC_INFO:
		return open ? "info" : "gauge";
	default:
		return "gauge";
	}
}

static const char *ending_of(enum metric_type type)
{
	if (type == METRIC_COUNTER)
		return "_total";
	return type == METRIC_INFO ? "_info" : "";
}

/* In OpenMetrics a family's name is without the ending of its type. */
static void put_head(struct buf *out, const struct metric_row *row, bool open)
{
	const char *ending = open ? "" : ending_of(row->type);

	buf_printf(out, "# HELP %s%s ", row->name, ending);
	put_escaped(out, row->help, open);
	buf_printf(out, "\n# TYPE %s%s %s\n", row->name, ending, type_name(row->type, open));
	if (open && row->unit != NULL)
		buf_printf(out, "# UNIT %s %s\n", row->name, row->unit);
}

/* ending: of the name; last: one label more, without escapes, or NULL. */
static void put_name(struct buf *out, const struct point *p, const char *ending, const char *last)
{
	const struct metric_row *row = &metric_rows[p->metric];
	const char *before = "{";

	buf_add_string(out, row->name);
	buf_add_string(out, ending);
	for (size_t i = 0; row->labels[i] != NULL; i++) {
		buf_add_string(out, before);
		buf_add_string(out, row->labels[i]);
		buf_add_string(out, "=\"");
		put_escaped(out, p->values[i], true);
		buf_add_char(out, '"');
		before = ",";
	}
	if (last != NULL)
		buf_printf(out, "%sle=\"%s\"", before, last);
	buf_add_string(out, last != NULL || row->labels[0] != NULL ? "} " : " ");
}

static uint64_t load(const atomic_uint_fast64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

/* The count is what the buckets add up to, so that they agree whatever happens meanwhile. */
static void put_histogram(struct buf *out, const struct point *p)
{
	uint64_t count = 0;
	uint64_t sum_us = load(&p->series->sum);

	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		count += load(&p->series->counts[i]);
		put_name(out, p, "_bucket", metric_buckets[i].most);
		buf_printf(out, "%llu\n", (unsigned long long)count);
	}
	put_name(out, p, "_sum", NULL);
	buf_printf(out, "%llu.%06llu\n", (unsigned long long)(sum_us / 1000000),
		   (unsigned long long)(sum_us % 1000000));
	put_name(out, p, "_count", NULL);
	buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void put_point(struct buf *out, const struct point *p)
{
	enum metric_type type = metric_rows[p->metric].type;

	if (type == METRIC_HISTOGRAM) {
		put_histogram(out, p);
		return;
	}
	put_name(out, p, ending_of(type), NULL);
	if (p->series != NULL)
		buf_printf(out, "%llu\n", (unsigned long long)load(&p->series->sum));
	else
		buf_printf(out, "%.15g\n", p->value);
}

/* ---- the whole ---- */

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS ? METRICS_OPENMETRICS_TYPE
		       "; version=1.0.0; charset=utf-8"
					     : METRICS_TEXT_CONTENT_TYPE;
}

void metrics_write(enum metrics_format format, struct buf *out)
{
	bool open = format == METRICS_OPENMETRICS;
	struct metric_samples samples;
	struct points points;
	size_t at = 0;

	make_known();
	metric_samples_take(&samples);
	gather(&samples, &points);
	for (int m = 0; m < METRICS; m++) {
		put_head(out, &metric_rows[m], open);
		for (; at < points.count && points.items[at].metric == (enum metric)m; at++)
			put_point(out, &points.items[at]);
	}
	if (open)
		buf_add_string(out, "# EOF\n");
	free(points.items);
	metric_samples_fini(&samples);
}
