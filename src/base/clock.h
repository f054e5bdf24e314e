/* Time: a steady clock in milliseconds for waits and deadlines, and the calendar for logs. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Milliseconds of the steady clock; only differences mean anything. */
int64_t clock_now_ms(void);
/* The same in microseconds, for measuring. */
int64_t clock_now_us(void);
/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_calendar_ms(void);

/* What is left until deadline_ms (of clock_now_ms), never below 0. */
int64_t clock_left_ms(int64_t deadline_ms);
/* Waits, at most until the deadline. */
void clock_sleep_ms(int64_t ms);

/* A condition whose waits go by the steady clock. */
void clock_cond_init(pthread_cond_t *cond);
/* Waits for it, with the lock held, at most until then (of clock_now_ms()); as all such waits, it
 * may end for nothing. False: the time has come. */
bool clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms);
/* The same with clock_now_us(). */
bool clock_cond_wait_us(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

/* Whether it is the caller's turn: one of all who ask gets it, once in every_ms. *next_ms: when the
 * next one may, of clock_now_ms(); 0 at first. Any thread. */
bool clock_turn(atomic_llong *next_ms, int64_t every_ms);

enum { CLOCK_ISO_SIZE = 25 };
/* "2026-01-31T10:00:00.000Z" of calendar milliseconds. */
void clock_format_iso(int64_t calendar_ms, char out[CLOCK_ISO_SIZE]);
/* Calendar milliseconds of an RFC 3339 time from the year 1 on, with "Z" or an offset; of a
 * fraction of a second, three digits count. False, and *calendar_ms untouched, for anything else.
 */
bool clock_parse_iso(struct text time, int64_t *calendar_ms);
/* The same of a header's "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, the form that is sent). */
bool clock_parse_http(struct text time, int64_t *calendar_ms);
/* And of a certificate's "Nov  6 08:49:37 1994 GMT", as OpenSSL prints it. */
bool clock_parse_certificate(struct text time, int64_t *calendar_ms);

#endif
