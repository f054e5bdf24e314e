/* Time: a steady clock for waits, and the calendar for logs. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_calendar_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_now_ms();

	return left > 0 ? left : 0;
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

	while (ms > 0 && nanosleep(&wait, &wait) != 0 && errno == EINTR)
		;
}

void clock_format_iso(int64_t calendar_ms, char out[CLOCK_ISO_SIZE])
{
	time_t seconds = (time_t)(calendar_ms / 1000);
	char wide[64];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	snprintf(wide, sizeof wide, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
		 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		 (int)(calendar_ms % 1000));
	snprintf(out, CLOCK_ISO_SIZE, "%.24s", wide);
}

bool clock_turn(atomic_llong *next_ms, int64_t every_ms)
{
	long long next = atomic_load(next_ms);
	int64_t now = clock_now_ms();

	return next <= now && atomic_compare_exchange_strong(next_ms, &next, now + every_ms);
}
