/* Numbers and states as the status page says them. */
#include "op/status.h"

enum { MS = 1000, MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

const char *status_many(struct arena *a, uint64_t count, const char *one, const char *many)
{
	struct buf out;
	const char *said;

	buf_init(&out, 64);
	html_count(&out, count);
	said = arena_printf(a, "%s %s", out.ptr, count == 1 ? one : many);
	buf_fini(&out);
	return said;
}

/* Rounded down: what has lasted for 119 seconds has done so for 1 minute. */
const char *status_span(struct arena *a, int64_t ms)
{
	uint64_t s = ms < 0 ? 0 : (uint64_t)ms / MS;

	if (s == 0)
		return "a moment";
	if (s < MINUTE)
		return status_many(a, s, "second", "seconds");
	if (s < HOUR)
		return status_many(a, s / MINUTE, "minute", "minutes");
	if (s < 2 * (uint64_t)DAY)
		return status_many(a, s / HOUR, "hour", "hours");
	return status_many(a, s / DAY, "day", "days");
}

const char *status_answering_word(enum status_answering answering)
{
	static const char *const words[] = {
		[STATUS_ANSWERS] = "answers",
		[STATUS_UNASKED] = "not asked",
		[STATUS_REFUSES] = "refuses the apiToken",
		[STATUS_FAILING] = "fails",
		[STATUS_SILENT] = "does not answer",
	};

	return words[answering];
}

const char *status_level_word(enum status_level level)
{
	static const char *const words[] = {
		[STATUS_GOOD] = "good", [STATUS_WARNING] = "warning", [STATUS_BAD] = "bad"};

	return words[level];
}

const char *status_phase_word(enum op_phase phase)
{
	static const char *const words[] = {
		[PHASE_STARTING] = "starting",
		[PHASE_SERVING] = "serving",
		[PHASE_LEAVING] = "leaving",
		[PHASE_STOPPING] = "stopping",
	};

	return words[phase];
}
