/*
 * W3C's Trace Context, level 1: https://www.w3.org/TR/trace-context-1/. The sections that are named
 * below are that document's.
 */
#include "telemetry/trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	MOST_MEMBERS = 32,
	LONGEST_KEY = 256,
	LONGEST_TENANT = 241,
	LONGEST_SYSTEM = 14,
	LONGEST_VALUE = 256,
	SAMPLED = 1,
};

/* ---- traceparent: 3.2 ---- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* So many lower-case hexadecimal digits at the beginning of rest, which moves behind them. */
static bool take_digits(struct text *rest, size_t count, struct text *digits)
{
	if (rest->len < count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (digit(rest->ptr[i]) < 0)
			return false;
	*digits = text_slice(*rest, 0, count);
	*rest = text_slice(*rest, count, SIZE_MAX);
	return true;
}

static bool take_dash(struct text *rest)
{
	if (rest->len == 0 || rest->ptr[0] != '-')
		return false;
	*rest = text_slice(*rest, 1, SIZE_MAX);
	return true;
}

static bool is_zero(struct text digits)
{
	for (size_t i = 0; i < digits.len; i++)
		if (digits.ptr[i] != '0')
			return false;
	return true;
}

bool trace_read_parent(struct text header, struct trace *trace)
{
	struct text version;
	struct text parent;
	struct text flags;
	struct text id;

	if (!take_digits(&header, 2, &version) || text_is(version, "ff") || !take_dash(&header) ||
	    !take_digits(&header, TRACE_ID_DIGITS, &id) || !take_dash(&header) ||
	    !take_digits(&header, SPAN_ID_DIGITS, &parent) || !take_dash(&header) ||
	    !take_digits(&header, 2, &flags) || is_zero(id) || is_zero(parent))
		return false;
	/* Later versions may have more behind another dash. */
	if (header.len > 0 && (text_is(version, "00") || header.ptr[0] != '-'))
		return false;
	memcpy(trace->id, id.ptr, TRACE_ID_DIGITS);
	trace->id[TRACE_ID_DIGITS] = '\0';
	memcpy(trace->parent_id, parent.ptr, SPAN_ID_DIGITS);
	trace->parent_id[SPAN_ID_DIGITS] = '\0';
	trace->sampled = (digit(flags.ptr[1]) & SAMPLED) != 0;
	return true;
}

/* ---- tracestate: 3.3 ---- */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_decimal(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_of_key(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_lower(t.ptr[i]) && !is_decimal(t.ptr[i]) &&
		    (t.ptr[i] == '\0' || strchr("_-*/", t.ptr[i]) == NULL))
			return false;
	return t.len > 0;
}

static bool is_key(struct text key)
{
	size_t at = text_find(key, '@');
	struct text tenant = text_slice(key, 0, at);
	struct text system;

	if (at == SIZE_MAX)
		return is_of_key(key) && is_lower(key.ptr[0]) && key.len <= LONGEST_KEY;
	system = text_slice(key, at + 1, SIZE_MAX);
	return is_of_key(tenant) && tenant.len <= LONGEST_TENANT && is_of_key(system) &&
	       is_lower(system.ptr[0]) && system.len <= LONGEST_SYSTEM &&
	       (is_lower(tenant.ptr[0]) || is_decimal(tenant.ptr[0]));
}

static bool is_value(struct text value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < ' ' || value.ptr[i] > '~' || value.ptr[i] == ',' ||
		    value.ptr[i] == '=')
			return false;
	return value.len > 0 && value.len <= LONGEST_VALUE && value.ptr[value.len - 1] != ' ';
}

static bool is_among(const struct text *keys, size_t count, struct text key)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(keys[i], key))
			return true;
	return false;
}

/* Blanks and tabs around a member are not part of it. */
static struct text without_blanks(struct text t)
{
	while (t.len > 0 && (t.ptr[0] == ' ' || t.ptr[0] == '\t'))
		t = text_slice(t, 1, SIZE_MAX);
	while (t.len > 0 && (t.ptr[t.len - 1] == ' ' || t.ptr[t.len - 1] == '\t'))
		t.len--;
	return t;
}

bool trace_is_state(struct text header)
{
	struct text keys[MOST_MEMBERS];
	struct text member;
	size_t count = 0;

	while (text_next(&header, ',', &member)) {
		size_t equals;

		member = without_blanks(member);
		if (member.len == 0)
			continue;
		equals = text_find(member, '=');
		if (equals == SIZE_MAX || count == MOST_MEMBERS ||
		    !is_key(text_slice(member, 0, equals)) ||
		    !is_value(text_slice(member, equals + 1, SIZE_MAX)) ||
		    is_among(keys, count, text_slice(member, 0, equals)))
			return false;
		keys[count++] = text_slice(member, 0, equals);
	}
	return count > 0;
}

/* ---- ids ---- */

/* Never all zeros. */
static void make_id(char *out, size_t digits)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[TRACE_ID_DIGITS / 2];
	size_t count = digits / 2;

	/* What it answers at once is enough here: nothing is guarded by it. */
	if (getrandom(bytes, count, GRND_NONBLOCK) != (ssize_t)count)
		for (size_t i = 0; i < count; i++)
			bytes[i] = (unsigned char)((uint64_t)clock_now_us() >> (i % 8 * 5));
	if (bytes[0] == 0)
		bytes[0] = 1;
	for (size_t i = 0; i < count; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 0xF];
	}
	out[digits] = '\0';
}

void trace_make_span_id(char id[SPAN_ID_DIGITS + 1])
{
	make_id(id, SPAN_ID_DIGITS);
}

void trace_put_parent(const struct trace *trace, const char *span_id,
		      char out[TRACE_PARENT_LENGTH + 1])
{
	snprintf(out, TRACE_PARENT_LENGTH + 1, "00-%s-%s-%s", trace->id, span_id,
		 trace->sampled ? "01" : "00");
}

/* By the last digits of the id, so that all who see the trace and have this ratio agree. */
static bool is_in_ratio(const char *id, double ratio)
{
	uint64_t number = 0;

	for (size_t i = TRACE_ID_DIGITS - 14; i < TRACE_ID_DIGITS; i++)
		number = number << 4 | (uint64_t)digit(id[i]);
	return (double)number < ratio * (double)(UINT64_C(1) << 56);
}

void trace_begin(struct trace *trace, struct text parent, struct text state, double ratio)
{
	*trace = (struct trace){.sampled = false};
	if (parent.ptr != NULL && trace_read_parent(parent, trace)) {
		if (state.len > 0 && state.len <= TRACE_LONGEST_STATE && trace_is_state(state))
			trace->state = state;
	} else {
		make_id(trace->id, TRACE_ID_DIGITS);
		trace->sampled = is_in_ratio(trace->id, ratio);
	}
	trace_make_span_id(trace->span_id);
}

/* ---- of a thread ---- */

static _Thread_local const struct trace *current;

void trace_enter(const struct trace *trace)
{
	current = trace;
	log_set_trace(trace == NULL ? NULL : trace->id);
}

const struct trace *trace_current(void)
{
	return current;
}
