/* What an attempt says of whether Palette is there at all. */
#include "http/client.h"
#include "palette/circuit.h"
#include "palette/fetch.h"

/* Of a wait that was cut short by the caller's deadline, or that began late because we had no
 * connection free, nothing follows for Palette. */
static bool had_time_to_answer(const struct palette *p, const struct http_fetch *fetch, bool whole)
{
	int64_t timeout_us = (int64_t)p->config->upstream_timeout_ms * 1000;

	return whole && fetch->may_have_arrived && fetch->queued_us <= timeout_us / 10;
}

/* What a proxy in front of Palette says in its place. NULL: Palette's own word. */
static const char *gateway_status(int status)
{
	switch (status) {
	case 502:
		return "status 502";
	case 503:
		return "status 503";
	case 504:
		return "status 504";
	default:
		return NULL;
	}
}

enum circuit_verdict palette_verdict(const struct palette *p, const struct http_fetch *fetch,
				     bool whole, const char **why)
{
	*why = fetch->problem;
	switch (fetch->end) {
	case HTTP_FETCH_DONE:
		*why = gateway_status(fetch->status);
		return *why == NULL ? CIRCUIT_ANSWERED : CIRCUIT_FAILED;
	case HTTP_FETCH_UNREACHABLE:
		return fetch->unsendable ? CIRCUIT_NO_VERDICT : CIRCUIT_UNREACHABLE;
	case HTTP_FETCH_BROKEN:
		return CIRCUIT_FAILED;
	case HTTP_FETCH_TOO_SLOW:
		return had_time_to_answer(p, fetch, whole) ? CIRCUIT_FAILED : CIRCUIT_NO_VERDICT;
	case HTTP_FETCH_TOO_LARGE:
		return CIRCUIT_ANSWERED;
	default:
		return CIRCUIT_NO_VERDICT;
	}
}
