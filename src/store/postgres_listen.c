/* The listening thread. */
#include "store/postgres_listen.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/jose.h"
#include "store/inside.h"

enum {
	ASK_MS = 5000,
	TRIAL_MS = 2000,
	LOOK_EVERY_MS = 3000, /* whether the connection is there */
	FIRST_PAUSE_MS = 50,
	LONGEST_PAUSE_MS = 2000,
};

struct pg_listener {
	const struct pg_target *target;
	struct store *store;
	struct pg *pg; /* NULL: lost */
	int stop;      /* an eventfd: can be read when it is time to stop */
	atomic_bool hears;
	pthread_t thread;
};

static bool listen_on(struct pg *pg)
{
	struct error unused;

	return pg_run(pg, "LISTEN " CHANNEL, NULL, 0, clock_now_ms() + ASK_MS, NULL, &unused) ==
	       PG_DONE;
}

/* Whether a note that is sent on this connection comes back on it. */
static bool hears_itself(struct pg *pg)
{
	int64_t deadline_ms = clock_now_ms() + TRIAL_MS;
	char uuid[UUID_SIZE];
	char note[PG_LONGEST_NOTE] = "";
	struct pg_param param;
	struct error unused;
	bool got = false;

	random_uuid(uuid);
	param = pg_text(text_of(uuid));
	if (pg_run(pg, "SELECT pg_notify('" CHANNEL "', $1)", &param, 1, deadline_ms, NULL,
		   &unused) != PG_DONE)
		return false;
	while (clock_left_ms(deadline_ms) > 0) {
		if (!pg_wait(pg, -1, deadline_ms, &got, note))
			return false;
		if (got && strcmp(note, uuid) == 0)
			return true;
	}
	return false;
}

/* True when it is time to stop. */
static bool pause_ms(const struct pg_listener *l, int64_t ms)
{
	struct pollfd fd = {.fd = l->stop, .events = POLLIN};

	return poll(&fd, 1, (int)ms) > 0;
}

/* A connection that was cut without a sign says nothing, as one does on which nothing happens. */
static bool is_there(struct pg *pg)
{
	struct error unused;

	return pg_run(pg, "SELECT 1", NULL, 0, clock_now_ms() + TRIAL_MS, NULL, &unused) == PG_DONE;
}

/* Tells what comes until the connection is lost, or it is time to stop. */
static void hear(struct pg_listener *l)
{
	int64_t look_ms = clock_now_ms() + LOOK_EVERY_MS;
	char note[PG_LONGEST_NOTE];
	bool got = false;

	while (!pause_ms(l, 0)) {
		if (!pg_wait(l->pg, l->stop, look_ms, &got, note))
			return;
		if (clock_left_ms(look_ms) == 0) {
			if (!is_there(l->pg))
				return;
			look_ms = clock_now_ms() + LOOK_EVERY_MS;
		}
		/* Others' trials are no digests. */
		if (got && strlen(note) == STORE_DIGEST_SIZE - 1)
			store_tell(l->store, note);
	}
}

static void come_back(struct pg_listener *l)
{
	int64_t pause = FIRST_PAUSE_MS;
	struct error unused;

	while (!pause_ms(l, pause)) {
		if (pg_connect(l->target, NULL, &l->pg, &unused)) {
			if (listen_on(l->pg))
				return;
			pg_close(l->pg);
			l->pg = NULL;
		}
		pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
	}
}

static void *listening_main(void *context)
{
	struct pg_listener *l = context;

	while (!pause_ms(l, 0)) {
		hear(l);
		if (pause_ms(l, 0))
			break;
		atomic_store(&l->hears, false);
		pg_close(l->pg);
		l->pg = NULL;
		log_debug("store.deaf", F_STR("why", "the connection that hears of others' changes "
						     "was lost"));
		store_tell(l->store, "");
		come_back(l);
		if (l->pg == NULL)
			break;
		log_debug("store.listens");
		atomic_store(&l->hears, true);
		store_tell(l->store, ""); /* what was sent meanwhile was not heard */
	}
	return NULL;
}

struct pg_listener *pg_listener_open(const struct pg_target *target, struct pg *pg,
				     struct store *store)
{
	struct pg_listener *l;

	if (!listen_on(pg) || !hears_itself(pg)) {
		pg_close(pg);
		return NULL;
	}
	l = heap_alloc(sizeof *l);
	*l = (struct pg_listener){.target = target, .store = store, .pg = pg};
	atomic_init(&l->hears, true);
	l->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->stop < 0 || pthread_create(&l->thread, NULL, listening_main, l) != 0)
		arena_out_of_memory(sizeof *l);
	return l;
}

bool pg_listener_hears(const struct pg_listener *listener)
{
	return atomic_load(&listener->hears);
}

void pg_listener_close(struct pg_listener *listener)
{
	const uint64_t one = 1;

	if (listener == NULL)
		return;
	if (write(listener->stop, &one, sizeof one) != (ssize_t)sizeof one)
		abort(); /* an eventfd takes a one */
	pthread_join(listener->thread, NULL);
	pg_close(listener->pg);
	close(listener->stop);
	free(listener);
}
