/*
 * A server on a thread of this process, and raw bytes to talk to it. Its handler echoes what it
 * was asked; some paths do otherwise:
 *   /park   keeps the exchange until front_answer_parked()
 *   /later  is answered by another thread, as soon as it can
 *   /none   204      /same  304      /big  FRONT_BIG bytes      /huge  FRONT_HUGE bytes
 *   /sized  FRONT_SIZED bytes        /shared  as many, which all who ask share
 * A refused request is answered with the status of its kind, the message and [the target].
 */
#ifndef TEST_FRONT_H
#define TEST_FRONT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "http/server.h"

enum {
	FRONT_MAX_BODY = 1000,
	FRONT_MAX_HEADER = 40 * 1024,
	FRONT_PARKED = 512,
	FRONT_BIG = 3 * 1024 * 1024,
	FRONT_HUGE = 64 * 1024 * 1024,
	FRONT_SIZED = 16 * 1024 * 1024, /* which no socket takes by itself */
	FRONT_MAX_BUFFERED = 512 * 1024 * 1024,
	WIRE_SIZE = 16 * 1024,
};

struct front_queue {
	struct http_exchange *items[FRONT_PARKED];
	unsigned count;
};

struct front {
	struct http_server *server;
	int drain_ms;
	bool drained; /* what http_server_run() said */
	pthread_t loop;
	pthread_t worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct front_queue parked;
	struct front_queue later;
	bool closing;
	struct shared *shared; /* the loop's; NULL: not asked for yet */
	atomic_uint handled;   /* exchanges */
	atomic_uint ended;     /* of those */
};

/* Modest limits on a free port of 127.0.0.1; a test changes what it is about. */
struct http_server_options front_options(void);
void front_start(struct front *f, struct http_server_options options, int drain_ms);
/* Stops and waits for the loop's end, but leaves the server open. */
bool front_drain(struct front *f);
/* Drains if that was not done, then closes. What http_server_run() said. */
bool front_stop(struct front *f);

/* Waits until so many exchanges are parked. */
void front_wait_parked(struct front *f, unsigned count);
/* Answers them all from the calling thread. */
void front_answer_parked(struct front *f);

/* Waits until what holds, or the test fails. */
#define EVENTUALLY(what)                                    \
	do {                                                \
		int64_t until = clock_now_ms() + 5000;      \
		while (!(what) && clock_left_ms(until) > 0) \
			clock_sleep_ms(2);                  \
		assert_true(what);                          \
	} while (0)

/* A connection that fails the test rather than wait for ever. */
int wire_connect(const struct front *f);
void wire_send(int fd, const char *bytes, size_t len);
void wire_say(int fd, const char *text);
/* One answer by its Content-Length, NUL-terminated; without a body if head_only. */
void wire_answer(int fd, bool head_only, char out[WIRE_SIZE]);
/* All until the other side closes. How many bytes there were; out keeps the first WIRE_SIZE - 1. */
size_t wire_rest(int fd, char out[WIRE_SIZE]);
/* Sends on a connection of its own and returns all that comes until it is closed. */
void wire_talk(const struct front *f, const char *bytes, size_t len, char out[WIRE_SIZE]);

#endif
