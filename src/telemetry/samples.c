/* What is not counted but looked up, each time somebody asks. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry/inside.h"

static struct {
	pthread_mutex_t lock; /* guards the others; held while samplers are called */
	struct {
		metric_sampler_fn *sampler;
		void *context;
	} items[METRIC_MOST_SAMPLERS];
	size_t count;
} samplers = {.lock = PTHREAD_MUTEX_INITIALIZER};

void metric_sample_by(metric_sampler_fn *sampler, void *context)
{
	pthread_mutex_lock(&samplers.lock);
	if (samplers.count < METRIC_MOST_SAMPLERS) {
		samplers.items[samplers.count].sampler = sampler;
		samplers.items[samplers.count].context = context;
		samplers.count++;
	}
	pthread_mutex_unlock(&samplers.lock);
}

void metric_sample_no_more(metric_sampler_fn *sampler, void *context)
{
	size_t left = 0;

	pthread_mutex_lock(&samplers.lock);
	for (size_t i = 0; i < samplers.count; i++)
		if (samplers.items[i].sampler != sampler || samplers.items[i].context != context)
			samplers.items[left++] = samplers.items[i];
	samplers.count = left;
	pthread_mutex_unlock(&samplers.lock);
}

static bool has_labels(const struct metric_sampled *sampled, const char *const *labels)
{
	for (size_t i = 0; i < metric_label_count(&metric_rows[sampled->metric]); i++)
		if (strcmp(sampled->values[i], metric_value(labels[i])) != 0)
			return false;
	return true;
}

/* NULL: there is none. */
static struct metric_sampled *find_sampled(const struct metric_samples *samples, enum metric metric,
					   const char *const *labels)
{
	for (size_t i = samples->count; i > 0; i--)
		if (samples->items[i - 1].metric == metric &&
		    has_labels(&samples->items[i - 1], labels))
			return &samples->items[i - 1];
	return NULL;
}

static void add(struct metric_samples *samples, enum metric metric, double value,
		const char *const *labels)
{
	struct metric_sampled *to;

	if (samples->count == samples->room) {
		samples->room = samples->room * 2 + 64;
		samples->items =
			heap_resize(samples->items, samples->room * sizeof samples->items[0]);
	}
	to = &samples->items[samples->count++];
	*to = (struct metric_sampled){.metric = metric, .value = value};
	for (size_t i = 0; i < metric_label_count(&metric_rows[metric]); i++)
		to->values[i] = arena_copy(&samples->arena, text_of(metric_value(labels[i])));
}

/* Into one that is told for several. */
static void add_to(struct metric_sampled *s, double value)
{
	const struct metric_row *row = &metric_rows[s->metric];

	if (row->type == METRIC_COUNTER)
		s->value += value;
	else if (row->least_is_worst ? value < s->value : value > s->value)
		s->value = value;
}

void metric_sample_add(struct metric_samples *samples, enum metric metric, double value,
		       const char *const *labels)
{
	struct metric_folded f;

	metric_fold_begin(&f, metric, labels);
	do {
		struct metric_sampled *s =
			f.level == 0 ? NULL : find_sampled(samples, metric, f.values);

		if (s != NULL) {
			add_to(s, value);
			return;
		}
		if (samples->counts[metric][f.level] < metric_fold_most(&f)) {
			samples->counts[metric][f.level]++;
			add(samples, metric, value, f.values);
			return;
		}
	} while (metric_fold_next(&f));
}

void metric_samples_take(struct metric_samples *samples)
{
	*samples = (struct metric_samples){.count = 0};
	arena_init(&samples->arena);
	metric_sample_process(samples);
	pthread_mutex_lock(&samplers.lock);
	for (size_t i = 0; i < samplers.count; i++)
		samplers.items[i].sampler(samplers.items[i].context, samples);
	pthread_mutex_unlock(&samplers.lock);
}

void metric_samples_fini(struct metric_samples *samples)
{
	free(samples->items);
	arena_fini(&samples->arena);
}

/* ---- for others ---- */

struct metric_samples *metric_look(void)
{
	struct metric_samples *samples = heap_alloc(sizeof *samples);

	metric_samples_take(samples);
	return samples;
}

double metric_seen(const struct metric_samples *samples, enum metric metric,
		   const char *const *labels, double fallback)
{
	const struct metric_sampled *s = find_sampled(samples, metric, labels);

	return s == NULL ? fallback : s->value;
}

void metric_look_end(struct metric_samples *samples)
{
	metric_samples_fini(samples);
	free(samples);
}
