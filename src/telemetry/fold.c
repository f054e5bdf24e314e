/* What a series is called where there is no room for its own labels: step by step, as its row says.
 */
#include <string.h>

#include "telemetry/inside.h"

static const char other[] = "other";

/* How many of them the row has. */
static size_t fold_count(const struct metric_row *row)
{
	size_t count = 0;

	while (count < METRIC_MOST_LABELS && row->folds[count].label != NULL)
		count++;
	return count;
}

static void fold_label(struct metric_folded *f, const char *label)
{
	const struct metric_row *row = &metric_rows[f->metric];

	for (size_t i = 0; row->labels[i] != NULL; i++)
		if (strcmp(row->labels[i], label) == 0)
			f->values[i] = other;
}

void metric_fold_begin(struct metric_folded *f, enum metric metric, const char *const *labels)
{
	*f = (struct metric_folded){.metric = metric};
	for (size_t i = 0; i < metric_label_count(&metric_rows[metric]); i++)
		f->values[i] = metric_value(labels[i]);
}

bool metric_fold_next(struct metric_folded *f)
{
	const struct metric_row *row = &metric_rows[f->metric];
	size_t folds = fold_count(row);

	if (row->most == 0 || f->level > folds)
		return false;
	if (f->level < folds)
		fold_label(f, row->folds[f->level].label);
	else
		for (size_t i = 0; row->labels[i] != NULL; i++)
			f->values[i] = other;
	f->level++;
	return true;
}

unsigned metric_fold_most(const struct metric_folded *f)
{
	const struct metric_row *row = &metric_rows[f->metric];

	if (f->level == 0 && row->most > 0)
		return row->most;
	return f->level == 0 || f->level > fold_count(row) ? 1 : row->folds[f->level - 1].most;
}
