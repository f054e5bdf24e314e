/*
 * The parts of the front and what they share: server.c has the loop and the library, send.c gives
 * the library what it sends, conn.c has the connections and their deadlines, exchange.c the
 * exchanges and the way back to the loop, stream.c the answers that come in pieces, hold.c counts
 * what all of them take.
 *
 * The loop's thread owns all of it but for what a comment says.
 */
#ifndef HTTP_FRONT_H
#define HTTP_FRONT_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "http/listen.h"
#include "http/server.h"

struct MHD_Connection;
struct MHD_Daemon;

enum conn_state {
	CONN_IDLE,      /* nothing of a request has come */
	CONN_RECEIVING, /* from a request's first byte on */
	CONN_HANDLING,  /* the handler has it; the handler's deadlines hold */
	CONN_SENDING,
	CONN_STREAMING, /* from a stream's head to its end */
	CONN_LINGERING, /* shut down; the library has let go of it */
};

struct conn {
	struct conn *next;
	struct conn **link; /* what points here */
	struct http_server *server;
	struct MHD_Connection *mhd;
	struct http_exchange *x; /* NULL between requests, and once it was cut off */
	int fd;
	enum conn_state state;
	int64_t deadline_ms;
	int64_t first_byte_us;
	bool served; /* has had an answer */
	bool hung_up;
	bool end_shown; /* to the library, which may not have seen it */
	bool ended;     /* shut down by us: its deadline passed, or the drain */
	bool linger;    /* the client may still be sending when we close */
	char peer[INET6_ADDRSTRLEN];
};

enum step {
	STEP_HEAD, /* the request line was read */
	STEP_BODY,
	STEP_HANDLER,
	STEP_ANSWERED,
};

struct piece {
	struct piece *next;
	struct buf bytes;
};

/* An answer in pieces; under the server's lock. */
struct stream {
	struct piece *first;
	struct piece **end;
	size_t first_sent; /* of the first one's bytes */
	size_t waiting;    /* bytes that the library has not taken */
	bool ended;
	bool broken; /* pieces are missing: it must not look whole */
	bool quiet;  /* its connection is suspended until there is more */

	/* the loop's: the client's debt since the stream was quiet */
	int64_t behind_since_ms; /* 0: none */
	size_t behind_bytes;     /* taken since */
};

/* The memory of an answer on its way: one exchange's, or shared by several. The loop's. */
struct held {
	struct held *next;
	struct held **link; /* what points here */
	const struct shared *shared;
	size_t bytes;
	unsigned readers;
	uint64_t speed; /* while the slowest is looked for: of the fastest of its readers */
};

/* An exchange's part in what is held. The loop's. */
struct hold {
	size_t body_bytes;   /* of its request's body, as counted */
	struct held *answer; /* NULL: not counted */
	size_t answer_bytes; /* which go with it, not with the last one who shares the rest */
	int64_t since_ms;
	uint64_t taken_before; /* by the client, over the connection */
};

struct http_exchange {
	struct http_server *server;
	struct conn *conn; /* the loop's */
	struct arena arena;
	struct http_request request;
	struct text raw_target;
	struct buf body;
	size_t body_bytes; /* received, also those that were dropped */
	bool refused;
	bool unchunked; /* of HTTP/1.0: a stream ends with its connection */
	enum step step;
	struct hold hold;
	struct http_response response;
	void *data;
	atomic_bool gone;
	char id[32];

	/* under the server's lock */
	struct http_exchange *next;
	bool answered;               /* or a stream's head is there */
	bool cut;                    /* the connection is gone; whoever answers releases it */
	struct stream *stream;       /* NULL: none */
	struct http_cancel *on_gone; /* borrowed; NULL: none */
};

struct http_server {
	struct http_server_options options;
	struct listener listener;
	struct MHD_Daemon *mhd;
	int epoll;
	int wake; /* eventfd: something was answered, or the stop */
	struct conn *conns;
	struct conn *accepting;  /* handed to the library, which has not taken it yet */
	int64_t sweep_ms;        /* no deadline is earlier */
	int64_t accept_again_ms; /* 0: accepting now */
	int64_t say_paused_ms;   /* before that nothing is logged of a pause */
	bool draining;
	bool cut_off; /* the drain had to end something */
	uint32_t id_prefix;
	uint64_t id_count;

	struct held *held;        /* answers on their way; the newest first */
	atomic_size_t held_bytes; /* of these; changed by the loop alone */
	atomic_size_t body_bytes; /* of requests' bodies */
	unsigned cut_off_readers; /* since that was logged */
	atomic_llong say_full_ms;

	atomic_uint references; /* one, and one for each exchange that lost its connection */
	atomic_bool stopping;
	atomic_bool cutting; /* the drain is to end now */
	atomic_uint connections;
	atomic_uint in_flight;
	atomic_uint_fast64_t requests;
	atomic_uint_fast64_t refused;

	pthread_mutex_t lock;
	struct http_exchange *ready; /* have something to send; in that order */
	struct http_exchange **ready_end;
};

/* server.c */

/* Waits for what happens next, not longer than until then, and does what is to be done about it.
 * For who has no thread for http_server_run(). */
void front_turn(struct http_server *s, int64_t until_ms);

/* conn.c */

/* A connection that nothing has come from; it is in the server's list. fd stays the caller's. */
struct conn *conn_new(struct http_server *s, int fd, const struct sockaddr_storage *peer);
/* Out of the list; the descriptor stays. */
void conn_free(struct conn *c);

/* The next state, and how long it may last; FOREVER leaves that to others. */
enum { FOREVER = -1 };
void conn_enter(struct conn *c, enum conn_state state, int64_t timeout_ms);
void conn_first_byte(struct conn *c);
/* What epoll says of the descriptor. May free c. */
void conn_on_event(struct conn *c, uint32_t events);
/* The library sees the end of the connection and closes it in its own time. */
void conn_shut(struct conn *c);
/* The library is done with it and closes the descriptor next. Frees c, at once or later. */
void conn_on_closed(struct conn *c);
void conn_stop_lingering(struct conn *c);
/* Ends the connections that are past their deadlines. */
void conn_sweep(struct http_server *s);

/* Puts a descriptor into the loop's epoll set, and takes it out. */
MUST_USE bool front_watch(struct http_server *s, int fd, uint32_t events, void *what);
void front_unwatch(struct http_server *s, int fd);

/* exchange.c */

struct http_exchange *exchange_new(struct conn *c, const char *target);
void exchange_free(struct http_exchange *x);
/* Calls the handler. False if its answer is to come through the queue. */
bool exchange_handle(struct http_exchange *x, const struct error *refused);
/* Takes the answer back and has another one made of why it cannot be sent. False: there is nobody
 * who makes one. */
bool exchange_answer_instead(struct http_exchange *x, const struct error *why);
/* Those whose suspended connections have something to send since the last call, in that order, by
 * their next. */
struct http_exchange *exchange_take_ready(struct http_server *s);
/* Into that queue. Under the lock; once, until it is taken. */
void exchange_put_ready(struct http_exchange *x);
/* Takes from its connection an exchange that was not answered in time; whoever answers it later
 * releases it. False if it was answered. */
bool exchange_cut_off(struct http_exchange *x);
/* The library is done with it: released, or, if it is a stream that goes on, by whoever ends it. */
void exchange_leave(struct http_exchange *x);
/* The client is gone, or is to be taken for gone: says so to whoever works on it. */
void exchange_hang_up(struct http_exchange *x);

/* stream.c */

enum stream_state {
	STREAM_BYTES, /* here are some */
	STREAM_QUIET, /* none now: the connection is to be suspended */
	STREAM_ENDED,
	STREAM_BROKEN, /* none will come, and some are missing */
};
/* The next bytes, at most max. count: out, with STREAM_BYTES. */
enum stream_state stream_take(struct http_exchange *x, char *out, size_t max, size_t *count);
/* Has a quiet one's connection go on. Under the lock. */
void stream_wake(struct http_exchange *x);
void stream_free_pieces(struct stream *stream);

/* send.c */

/* Has the library send the answer, or the head of a stream and what follows. False if it cannot. */
bool send_answer(struct http_exchange *x);
/*
 * Refuses a request past the library, where that takes no answer or makes a mess of it. What the
 * socket does not take at once is lost with the connection. Frees x. From here on the library can
 * only find that it cannot write.
 */
void send_refusal(struct http_exchange *x, const struct error *refused);

/* hold.c */

/* Counts what x's body takes by now, and cuts off others where that is too much. False, and err is
 * set: there is no room for it. */
bool hold_body(struct http_exchange *x, struct error *err);
/* Counts the answer that is about to be sent, likewise. */
bool hold_answer(struct http_exchange *x, struct error *err);
/* What was asked for is no longer needed. */
void hold_drop_body(struct http_exchange *x);
/* Takes x out of all counts. Where it is of an answer, on the loop's thread. */
void hold_end(struct http_exchange *x);

/* response.c */

/* The bytes of an answer that ends its connection. out: uninitialised, owned: buf_fini(). */
void response_render(const struct http_response *r, const char *reason, struct buf *out);

/* Any thread: makes the loop turn. */
void front_wake(struct http_server *s);
/* Any thread: one reference less; the last one frees the server. */
void front_release(struct http_server *s);

#endif
