/* Time: a steady clock for waits, and the calendar for logs. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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

void clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t steady;

	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &steady);
	pthread_condattr_destroy(&steady);
}

bool clock_cond_wait_us(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
	const struct timespec until = {.tv_sec = until_us / 1000000,
				       .tv_nsec = until_us % 1000000 * 1000};

	return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

bool clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
	return clock_cond_wait_us(cond, lock, until_ms * 1000);
}

void clock_format_iso(int64_t calendar_ms, char out[CLOCK_ISO_SIZE])
{
	int64_t ms = (calendar_ms % 1000 + 1000) % 1000; /* also of times before 1970 */
	time_t seconds = (time_t)((calendar_ms - ms) / 1000);
	char wide[64];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	snprintf(wide, sizeof wide, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
		 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)ms);
	snprintf(out, CLOCK_ISO_SIZE, "%.24s", wide);
}

/* Takes digits off the front of *t: a number from least to most. */
static bool take_number(struct text *t, size_t digits, int least, int most, int *number)
{
	int n = 0;

	if (t->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (t->ptr[i] < '0' || t->ptr[i] > '9')
			return false;
		n = n * 10 + (t->ptr[i] - '0');
	}
	*t = text_slice(*t, digits, SIZE_MAX);
	*number = n;
	return n >= least && n <= most;
}

static bool take_char(struct text *t, const char *any_of)
{
	if (t->len == 0 || t->ptr[0] == '\0' || strchr(any_of, t->ptr[0]) == NULL)
		return false;
	*t = text_slice(*t, 1, SIZE_MAX);
	return true;
}

static int take_fraction(struct text *t)
{
	int ms = 0;
	int place = 100;

	for (; t->len > 0 && t->ptr[0] >= '0' && t->ptr[0] <= '9'; place /= 10) {
		ms += (t->ptr[0] - '0') * place;
		*t = text_slice(*t, 1, SIZE_MAX);
	}
	return ms;
}

/* "Z" or "+02:00", and nothing behind it. */
static bool take_offset(struct text t, int *minutes)
{
	bool west = text_starts(t, "-");
	int hour;
	int minute;

	*minutes = 0;
	if (t.len == 1)
		return take_char(&t, "Zz");
	if (!take_char(&t, "+-") || !take_number(&t, 2, 0, 23, &hour) || !take_char(&t, ":") ||
	    !take_number(&t, 2, 0, 59, &minute))
		return false;
	*minutes = (hour * 60 + minute) * (west ? -1 : 1);
	return t.len == 0;
}

/* Days since 1970-01-01 in the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t past = year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] +
	       (leap && month > 2) + day - 1 - 719162;
}

bool clock_parse_iso(struct text time, int64_t *calendar_ms)
{
	int year, month, day, hour, minute, second, offset;
	int ms = 0;

	if (!take_number(&time, 4, 1, 9999, &year) || !take_char(&time, "-") ||
	    !take_number(&time, 2, 1, 12, &month) || !take_char(&time, "-") ||
	    !take_number(&time, 2, 1, 31, &day) || !take_char(&time, "Tt ") ||
	    !take_number(&time, 2, 0, 23, &hour) || !take_char(&time, ":") ||
	    !take_number(&time, 2, 0, 59, &minute) || !take_char(&time, ":") ||
	    !take_number(&time, 2, 0, 60, &second))
		return false;
	if (take_char(&time, ".")) {
		if (time.len == 0 || time.ptr[0] < '0' || time.ptr[0] > '9')
			return false;
		ms = take_fraction(&time);
	}
	if (!take_offset(time, &offset))
		return false;
	*calendar_ms =
		(((days_of(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second) *
			1000 +
		ms;
	return true;
}

/* In words of the language C, whatever the process speaks: nobody sets LC_TIME. */
static bool parse_as(struct text time, const char *form, int64_t *calendar_ms)
{
	char written[64];
	struct tm date = {0};
	const char *end;

	if (time.len >= sizeof written)
		return false;
	if (time.len > 0)
		memcpy(written, time.ptr, time.len);
	written[time.len] = '\0';
	end = strptime(written, form, &date);
	if (end == NULL || *end != '\0')
		return false;
	*calendar_ms = (int64_t)timegm(&date) * 1000;
	return true;
}

bool clock_parse_http(struct text time, int64_t *calendar_ms)
{
	return parse_as(time, "%a, %d %b %Y %H:%M:%S GMT", calendar_ms);
}

bool clock_parse_certificate(struct text time, int64_t *calendar_ms)
{
	return parse_as(time, "%b %d %H:%M:%S %Y GMT", calendar_ms);
}

bool clock_turn(atomic_llong *next_ms, int64_t every_ms)
{
	long long next = atomic_load(next_ms);
	int64_t now = clock_now_ms();

	return next <= now && atomic_compare_exchange_strong(next_ms, &next, now + every_ms);
}
