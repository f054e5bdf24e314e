/* What the library is given to send, and how fast a client has to take it. */
#include <assert.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/front.h"

enum {
	SLOWEST_READER = 16384, /* bytes a second a client must at least take of an answer */
	STREAM_BLOCK = 16384,   /* of a stream that is not sent in chunks */
};

static void no_memory(void)
{
	arena_out_of_memory(sizeof(struct http_response));
}

/* How long a client may take that has taken so many bytes. */
static int64_t patience_ms(const struct http_server *s, size_t bytes)
{
	return s->options.idle_timeout_ms + (int64_t)(bytes / SLOWEST_READER) * 1000;
}

static bool queue(struct http_exchange *x, struct MHD_Response *made)
{
	enum MHD_Result queued;

	if (x->refused || x->server->draining)
		MHD_add_response_header(made, MHD_HTTP_HEADER_CONNECTION, "close");
	queued = MHD_queue_response(x->conn->mhd, (unsigned)x->response.status, made);
	MHD_destroy_response(made);
	return queued == MHD_YES;
}

/* Of a 304 the library sends the length, and asks for nothing. */
static ssize_t read_nothing(void *context, uint64_t at, char *out, size_t max)
{
	(void)context;
	(void)at;
	(void)out;
	(void)max;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_whole(const struct http_response *r, struct text body)
{
	struct MHD_Response *made;

	if (r->status == MHD_HTTP_NOT_MODIFIED)
		made = MHD_create_response_from_callback(r->unsent, 1, read_nothing, NULL, NULL);
	else /* the bytes stay in the exchange, which outlives the sending */
		made = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr,
						       MHD_RESPMEM_PERSISTENT);
	if (made == NULL)
		no_memory();
	return made;
}

/* Counts the answer; where there is no room for it, the one that says so takes its place. */
static bool find_room(struct http_exchange *x)
{
	struct error err;

	if (hold_answer(x, &err))
		return true;
	return exchange_answer_instead(x, &err) && hold_answer(x, &err);
}

static bool send_whole(struct http_exchange *x)
{
	struct conn *c = x->conn;
	const struct http_response *r = &x->response;
	struct MHD_Response *made;
	struct text body;
	bool queued;

	if (!find_room(x))
		return false;
	body = r->body_owned.len > 0 ? buf_text(&r->body_owned) : r->body;
	made = make_whole(r, body);
	for (size_t i = 0; i < r->header_count; i++)
		MHD_add_response_header(made, arena_copy(&x->arena, r->headers[i].name),
					arena_copy(&x->arena, r->headers[i].value));
	if (r->say_empty && r->status == MHD_HTTP_NO_CONTENT) {
		MHD_set_response_options(made, MHD_RF_INSANITY_HEADER_CONTENT_LENGTH, MHD_RO_END);
		MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_LENGTH, "0");
	}
	queued = queue(x, made);
	hold_drop_body(x);
	c->linger = x->refused;
	conn_enter(c, CONN_SENDING, patience_ms(c->server, body.len));
	return queued;
}

/*
 * A stream that is quiet may stay so. While there are bytes to take the client has to take them, as
 * fast as those of any answer, counted from when it had taken all that there was.
 */
static void set_deadline(struct conn *c, enum stream_state state, size_t count)
{
	struct stream *stream = c->x->stream;
	int64_t now = clock_now_ms();
	int64_t until;

	if (state == STREAM_QUIET) {
		stream->behind_since_ms = 0;
		conn_enter(c, CONN_STREAMING, FOREVER);
		return;
	}
	if (stream->behind_since_ms == 0) {
		stream->behind_since_ms = now;
		stream->behind_bytes = 0;
	}
	until = stream->behind_since_ms + patience_ms(c->server, stream->behind_bytes);
	conn_enter(c, CONN_STREAMING, until > now ? until - now : 0);
	stream->behind_bytes += count;
}

/*
 * To be called when the reader is about to say what makes the library close the connection. Closing
 * it inside the reader it only does by half: it releases the connection when it looks at it next,
 * and of those that have the common time-out it looks only at the one that was quiet longest. One
 * with a time-out of its own, and be it none, it looks at in each turn.
 */
static void finish_soon(struct conn *c)
{
	MHD_set_connection_option(c->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
	front_wake(c->server);
}

/* The library wants more, having sent what it had. Its context is the connection, because a stream
 * that was cut off may be released before the library has let go of the connection. */
static ssize_t read_stream(void *context, uint64_t at, char *out, size_t max)
{
	struct conn *c = context;
	enum stream_state state;
	size_t count;

	(void)at;
	if (c->x == NULL || c->ended) { /* a suspended one would not notice its end */
		finish_soon(c);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	state = stream_take(c->x, out, max, &count);
	set_deadline(c, state, count);
	if (state == STREAM_QUIET) /* who wakes it comes to the loop, so after this */
		MHD_suspend_connection(c->mhd);
	if (state == STREAM_BROKEN || (state == STREAM_ENDED && c->x->unchunked))
		finish_soon(c);
	if (state == STREAM_ENDED)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (state == STREAM_BROKEN)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return (ssize_t)count;
}

static bool send_stream(struct http_exchange *x)
{
	struct conn *c = x->conn;
	const struct http_response *r = &x->response;
	struct MHD_Response *made = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, c, NULL);

	if (made == NULL)
		no_memory();
	for (size_t i = 0; i < r->header_count; i++)
		MHD_add_response_header(made, r->headers[i].name.ptr, r->headers[i].value.ptr);
	/* To HEAD, too, the library would send the last chunk. */
	if (strcmp(x->request.method, MHD_HTTP_METHOD_HEAD) == 0)
		MHD_set_response_options(made, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
	conn_enter(c, CONN_STREAMING, patience_ms(c->server, 0));
	return queue(x, made);
}

bool send_answer(struct http_exchange *x)
{
	return x->stream == NULL ? send_whole(x) : send_stream(x);
}

void send_refusal(struct http_exchange *x, const struct error *refused)
{
	struct conn *c = x->conn;
	bool answered = exchange_handle(x, refused);
	struct buf out;

	assert(answered); /* a refusal is answered on the spot */
	(void)answered;
	response_render(&x->response, MHD_get_reason_phrase_for((unsigned)x->response.status),
			&out);
	if (send(c->fd, out.ptr, out.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		c->ended = true;
	buf_fini(&out);
	shutdown(c->fd, SHUT_WR);
	c->linger = true;
	c->x = NULL;
	exchange_free(x);
	conn_enter(c, CONN_SENDING, c->server->options.idle_timeout_ms);
}
