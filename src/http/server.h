/*
 * The front: one thread owns every client socket. It reads until a whole request is in memory, or a
 * limit or a time-out ends it, then calls the handler. The handler answers on the spot or hands the
 * exchange to another thread, which answers later, at once or in pieces. Over libmicrohttpd.
 *
 * Refused here, before the handler sees the body: a missing or repeated Host, two body lengths of
 * any form, transfer codings but "chunked", header names that are no tokens, folded headers, NUL or
 * other control characters in the target or a header, bare line feeds in the head, unknown methods,
 * too many or too large headers, a body over the limit.
 *
 * Not refused: a bare line feed behind a chunk's size or data. The library takes it for CR LF and
 * shows us the body without its framing, so nothing here could see it. Nor NUL and a bare line feed
 * in place of the CR LF of a line of the head: the library writes NUL over line ends, and what was
 * there before nobody can tell then. Proxies refuse NUL.
 *
 * What clients have us hold is bounded by max_buffered_bytes: a quarter of it by the bodies of
 * requests, from their first byte until the answer is sent, whole or not; the rest by answers from
 * when they begin to be sent. So who sends without being known takes no room from answers, nor who
 * does not read from requests. Where there is no room, who is slowest goes first:
 *  - a body: of those that still come, for a second at least and at less than 1 MiB a second, the
 *    one that comes at the lowest rate is refused (ERROR_UNAVAILABLE), until there is room; without
 *    one, the request whose body is too much is refused itself, in its midst.
 *  - an answer: the connection is closed that takes its answer at the lowest rate, likewise;
 * without one, the answer is replaced by what answer_instead makes. One of at most 16 KiB is always
 * sent; one that is larger than all that there may be is sent when there is no other. The rate is
 * what the client has acknowledged by the time since the first byte came or could go; a local
 * socket does not say what was taken, so that there the oldest is the slowest.
 *
 * A body counts with the room its buffer has taken; its declared length reserves nothing. An answer
 * counts with its own bytes and its exchange's arena, where that comes to more than 16 KiB and the
 * head's limit. Bytes that several exchanges share (struct shared) count once for as long as one of
 * them is being sent, though others may keep them, too; they are as fast as the fastest who takes
 * them, and go with all of them. Streams have their own bound, below.
 *
 * The handler hears of a refusal, but for what the library refuses itself: a request line or header
 * that it cannot parse, a broken chunk, a head that is more than 20 KiB over the limit. Those get a
 * short page of the library's (400, 413, 414, 431, 505) or none, and the end of the connection. So
 * does, with no answer, a chunked body that goes on for more than twice the limit.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/shared.h"
#include "http/cancel.h"
#include "http/http.h"

struct http_request {
	const char *method; /* "GET"; NUL-terminated; of a refused request perhaps empty */
	struct text target; /* as sent: path, and query behind '?'; without scheme and host. Of a
			     * refused request: as sent, whatever it is, or "/" */
	struct text path;   /* part of target, still percent-encoded */
	struct text query;  /* part of target without '?'; empty if there is none */
	const struct http_header *headers;
	size_t header_count;
	struct text body;    /* NUL behind it; gone when the answer is sent */
	const char *peer;    /* the client's address without port; "unix" on a local socket */
	const char *id;      /* ours, unique: for logs and the X-Request-Id header */
	int64_t received_us; /* clock_now_us() when its first byte, or its first line, was seen */
	struct arena *arena; /* lives until the answer is sent */
};

enum { HTTP_MAX_RESPONSE_HEADERS = 48 };

/*
 * An answer. Header names and values are borrowed and must live as long as the exchange's arena:
 * they come from it or are static. Content-Length, Date, Connection are the server's. A header with
 * an empty value is not sent. 204 and 304 are sent without a body.
 */
struct http_response {
	int status;
	struct http_header headers[HTTP_MAX_RESPONSE_HEADERS];
	size_t header_count;
	struct text body;      /* arena or static; used when body_owned is empty */
	struct buf body_owned; /* moved in; the server releases it when sent */
	struct shared *shared; /* what body is of, or NULL; likewise */
	size_t unsent;         /* of 304: the length of the body that 200 would have had */
	bool say_empty;        /* Content-Length: 0 also with 204, where HTTP has none: there are
				* browsers that wait for it */
};

/* Adds a header; there is room for HTTP_MAX_RESPONSE_HEADERS, more is a defect and asserts. A value
 * with CR, LF or NUL is a defect too. */
void http_response_header(struct http_response *r, const char *name, const char *value);

struct http_exchange;

/*
 * Called on the front thread, once for each request; must not block. refused is NULL for a whole,
 * acceptable request; else the request was turned away at the door for that reason (its headers may
 * be missing, its body is empty) and the handler only puts the refusal into an answer, on the spot.
 * After a refusal the connection is closed.
 */
typedef void http_handler(void *context, struct http_exchange *x, const struct error *refused);

/*
 * Called on the front thread for an exchange that was answered, and for whose answer there is no
 * room: puts why into another answer, on the spot, of at most 16 KiB. The first one is gone. After
 * that the connection is closed.
 */
typedef void http_instead(void *context, struct http_exchange *x, const struct error *why);

/*
 * Called once for each exchange, when it is over and nothing of it or of its answer is needed any
 * more, just before it goes: on whatever thread that is, and of one that was cut off perhaps after
 * http_server_close(). Must not block. One that the handler never
 * had is told, too: its data are NULL.
 */
typedef void http_ended(void *context, struct http_exchange *x);

const struct http_request *http_exchange_request(const struct http_exchange *x);

/*
 * Answers; exactly once for each exchange, from any thread. The exchange and its arena must not be
 * touched afterwards. *response is copied; body_owned and shared move. A HEAD request gets no body,
 * but its length. An exchange that was cut off stays valid until it is answered, even after
 * http_server_close(): then the answer goes nowhere.
 */
void http_exchange_answer(struct http_exchange *x, const struct http_response *response);

/*
 * Answers in pieces, instead of http_exchange_answer(): the head goes out at once, without a length
 * (in chunks; to HTTP/1.0 until the connection is closed). From any thread; then pieces follow,
 * from one thread at a time, and http_stream_end(). Until that the exchange and its arena stay,
 * whatever becomes of the client, the connection and the server.
 * head  copied; a status that has a body, and no body in it.
 *
 * A stream may be quiet for as long as it likes; a client that does not take what there is is ended
 * as with any answer. A drain waits for the end of streams.
 */
void http_exchange_stream(struct http_exchange *x, const struct http_response *head);

/*
 * Sends a piece, which is copied. Does not wait. False, and the piece is not sent, if
 * - the client is gone (http_exchange_gone()), it asked with HEAD, or the drain cut the stream off:
 *   nothing that follows will be sent either;
 * - more than 1 MiB waits for the client to read: the caller decides whether to go on without that
 *   piece. Below that a piece of any size is taken.
 */
MUST_USE bool http_stream_send(struct http_exchange *x, struct text piece);

/*
 * Ends a stream: exactly once; the exchange and its arena must not be touched afterwards. What was
 * sent is still delivered. A stream of which pieces are missing because the client was taken for
 * gone does not end in order, but with its connection.
 * last  one piece more, which is sent however much waits; moved, empty afterwards; complete.
 */
void http_stream_end(struct http_exchange *x);
void http_stream_end_with(struct http_exchange *x, struct buf *last);

/*
 * Sets cancel as soon as the client is gone (see http_exchange_gone()), also if it is already.
 * cancel  borrowed until the exchange is answered, its stream ended, or this is called with another
 *         one or NULL: when those return, the front will not touch it. From any thread; the calls
 *         for one exchange one after the other.
 */
void http_exchange_on_gone(struct http_exchange *x, struct http_cancel *cancel);

/* Room for what the face keeps with an exchange; NULL at first. */
void http_exchange_set_data(struct http_exchange *x, void *data);
void *http_exchange_data(const struct http_exchange *x);

/* The client hung up, or at least will send no more; the answer is still due, but probably nobody
 * will read it. Also once a drain has cut the exchange off. Any thread. */
bool http_exchange_gone(const struct http_exchange *x);

/* A socket that listens before there is a server, for a process that gives up in between what it
 * needs to bind it. */
struct http_listener;

/*
 * Binds and listens as http_server_open() does with the same address; who connects waits.
 * listener  out, owned: http_listener_close().
 * Fails with ERROR_INTERNAL: which address, and what the system said.
 */
MUST_USE bool http_listener_open(const char *address, struct http_listener **listener,
				 struct error *err);

/*
 * The socket that the service manager has opened for this process, if it did: systemd's protocol,
 * the variables LISTEN_PID and LISTEN_FDS, which are removed. Before any thread is started.
 * listener  out, owned: http_listener_close(), which leaves a local socket's path where it is, as
 *           that is the manager's; NULL: there is none.
 * Fails with ERROR_INPUT: there are several, it is not one that listens, a variable is no number.
 */
MUST_USE bool http_listener_inherit(struct http_listener **listener, struct error *err);

/* Where it listens: what it was opened with, or what the system says of one that was inherited, in
 * the same form. Borrowed. */
const char *http_listener_address(const struct http_listener *listener);

/* Makes the path of a local socket theirs; nothing to do for other sockets. Fails with
 * ERROR_INTERNAL. */
MUST_USE bool http_listener_give(const struct http_listener *listener, uid_t user, gid_t group,
				 struct error *err);

/* Also of one that a server has taken: then there is nothing to close. NULL is fine. */
void http_listener_close(struct http_listener *listener);

struct http_server_options {
	/* "HOST:PORT", "[IPV6]:PORT", ":PORT" or "PORT" for all addresses, "unix:PATH". Port 0
	 * takes a free one. */
	const char *listen;
	struct http_listener *listener; /* taken out of it; NULL: one of its own, at `listen` */
	size_t max_body_bytes;
	size_t max_header_bytes;   /* request line and headers together */
	size_t max_buffered_bytes; /* see above; at least four bodies */
	unsigned max_connections;  /* one more is accepted and closed */
	int idle_timeout_ms;       /* between requests of a connection, and of a stalled reader */
	int receive_timeout_ms;    /* from a request's first byte to its last; late: the end */
	bool quiet;                /* the log need not have its end */
	http_handler *handle;
	http_instead *answer_instead; /* NULL: its connection is closed */
	http_ended *ended;            /* NULL: nobody wants to know */
	void *context;
};

struct http_server;

/*
 * Binds and listens; nothing is answered before http_server_run().
 * server  out, owned: http_server_close(). The strings in options are borrowed for the call only.
 * A path of "unix:" that is a stale socket is replaced; the socket gets mode 0660 and is removed at
 * close. From here on the process ignores SIGPIPE.
 * Fails with ERROR_INTERNAL: which address, and what the system said.
 */
MUST_USE bool http_server_open(const struct http_server_options *options,
			       struct http_server **server, struct error *err);

/* The port it listens on; 0 for "unix:". */
int http_server_port(const struct http_server *server);

/* Serves on the calling thread until http_server_stop(); then drains. Returns when every exchange
 * was answered and sent, or drain_timeout_ms after the stop; logs how many there were. True if
 * nothing was cut off. */
bool http_server_run(struct http_server *server, int drain_timeout_ms);

/* Asks the loop to stop: new connections are refused, idle ones closed, running requests finish.
 * From any thread or a signal handler. */
void http_server_stop(struct http_server *server);

/* The same, but running requests are cut off: at once, also in the middle of a drain. */
void http_server_cut_off(struct http_server *server);

/* After http_server_run() has returned. NULL is fine. */
void http_server_close(struct http_server *server);

struct http_server_stats {
	unsigned connections; /* open now */
	unsigned in_flight;   /* handed to the handler and not yet answered, streams to their end */
	uint64_t requests;    /* since the start */
	uint64_t refused;     /* turned away at the door since the start, connections included */
	size_t body_bytes;    /* held for clients now: of bodies that came */
	size_t answer_bytes;  /* and of answers on their way */
};
/* Any thread. */
struct http_server_stats http_server_stats(const struct http_server *server);

#endif
