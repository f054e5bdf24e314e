/* Answers of a server, good and bad, one a path. */
#include "misbehave.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static bool answer_plain(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_answer(c, 200, "hello");
}

static bool answer_typed(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c,
			  "HTTP/1.1 503 Busy\r\nContent-Type: Application/JSON ; charset=utf-8\r\n"
			  "Retry-After: 17\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}");
}

/* As if it went on with a header of before, and there is none. */
static bool answer_folded(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 200 OK\r\n and more: of it\r\nContent-Length: 2\r\n\r\n{}");
}

static bool answer_long_values(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c,
			  "HTTP/1.1 200 OK\r\nContent-Type: a/%0100d\r\nRetry-After: %0100d\r\n"
			  "Content-Length: 0\r\n\r\n",
			  1, 1);
}

static bool answer_blank_values(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: \r\nRetry-After: \r\n"
			     "Content-Length: 0\r\n\r\n");
}

/* The request's own head and body. */
static bool answer_echo(struct raw_connection *c, const struct raw_request *r)
{
	return raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
			  strlen(r->head) + r->body_len) &&
	       raw_send(c, r->head, strlen(r->head)) && raw_send(c, r->body, r->body_len);
}

/* The length of the body, or that it would not have come by itself. */
static bool answer_size(struct raw_connection *c, const struct raw_request *r)
{
	char size[32];

	if (strcasestr(r->head, "\r\nExpect:") != NULL)
		return raw_answer(c, 417, "it asks");
	snprintf(size, sizeof size, "%zu", r->body_len);
	return raw_answer(c, 200, size);
}

static bool answer_head(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 123456789012\r\n\r\n");
}

static bool answer_204(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 204 No Content\r\n\r\n");
}

static bool answer_redirect(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 4\r\n\r\n"
			     "over");
}

static bool answer_chunked(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n");
}

static bool answer_bad_chunk(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n");
	return false;
}

static bool answer_cut_chunk(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	return false;
}

static bool answer_slow_head(struct raw_connection *c, const struct raw_request *r)
{
	for (const char *p = "HTTP/1.1 200 OK\r\nX: ..............................\r\n\r\n"; *p;
	     p++)
		if (!raw_send(c, p, 1) || !raw_pause(c, 100))
			return false;
	(void)r;
	return true;
}

static bool answer_drip(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	for (int i = 0; i < 1000; i++)
		if (!raw_send(c, "x", 1) || !raw_pause(c, 50))
			return false;
	return true;
}

static bool answer_never(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_pause(c, 20000);
	return false;
}

static bool answer_cut_body(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
	return false;
}

static bool answer_excess(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n"
			     "Content-Length: 4\r\n\r\nevil");
}

static bool answer_bad_length(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: x3\r\n\r\nabc");
	return false;
}

static bool answer_reset_body(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
	raw_pause(c, 50);
	raw_reset(c);
	return false;
}

static bool answer_reset(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_reset(c);
	return false;
}

static bool answer_close(struct raw_connection *c, const struct raw_request *r)
{
	(void)c, (void)r;
	return false;
}

static bool answer_garbage(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_send(c, "\x15\x03\x03\0\x02\x02\x46 what is this\r\n\r\n", 25);
	return false;
}

static bool answer_interim_only(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
	return false;
}

static bool answer_huge(struct raw_connection *c, const struct raw_request *r)
{
	static const char piece[65536];

	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 1 << 30);
	for (int i = 0; i < (1 << 14); i++)
		if (!raw_send(c, piece, sizeof piece))
			return false;
	return true;
}

static bool answer_endless(struct raw_connection *c, const struct raw_request *r)
{
	static const char piece[4096];

	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (raw_printf(c, "1000\r\n") && raw_send(c, piece, sizeof piece))
		raw_printf(c, "\r\n");
	return false;
}

/* Exactly MISBEHAVE_FULL_BYTES. */
static bool answer_full(struct raw_connection *c, const struct raw_request *r)
{
	static const char piece[MISBEHAVE_FULL_BYTES];

	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", MISBEHAVE_FULL_BYTES);
	return raw_send(c, piece, sizeof piece);
}

static bool answer_many_headers(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_printf(c, "HTTP/1.1 200 OK\r\n");
	while (raw_printf(c, "X-Filler: 0123456789012345678901234567890123456789\r\n"))
		continue;
	return false;
}

static bool answer_long_header(struct raw_connection *c, const struct raw_request *r)
{
	static char filler[8192];

	(void)r;
	memset(filler, 'x', sizeof filler);
	raw_printf(c, "HTTP/1.1 200 OK\r\nX-Filler: ");
	while (raw_send(c, filler, sizeof filler))
		continue;
	return false;
}

static bool answer_endless_interim(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	while (raw_printf(c, "HTTP/1.1 100 Continue\r\n\r\n"))
		continue;
	return false;
}

static size_t gzip(const char *plain, size_t len, char *out, size_t room)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)plain,
		      .avail_in = (uInt)len,
		      .next_out = (Bytef *)out,
		      .avail_out = (uInt)room};

	if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return room - z.avail_out;
}

static bool send_gzip(struct raw_connection *c, const char *packed, size_t len)
{
	return raw_printf(c,
			  "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
			  "Content-Length: %zu\r\n\r\n",
			  len) &&
	       raw_send(c, packed, len);
}

static bool answer_gzip(struct raw_connection *c, const struct raw_request *r)
{
	char packed[200];

	(void)r;
	return send_gzip(c, packed, gzip("unpacked", 8, packed, sizeof packed));
}

static bool answer_bomb(struct raw_connection *c, const struct raw_request *r)
{
	enum { PLAIN = 64 * 1024 * 1024, PACKED = 128 * 1024 };
	char *plain = calloc(1, PLAIN);
	char *packed = malloc(PACKED);
	bool ok;

	(void)r;
	if (plain == NULL || packed == NULL)
		abort();
	ok = send_gzip(c, packed, gzip(plain, PLAIN, packed, PACKED));
	free(plain);
	free(packed);
	return ok;
}

static bool answer_bad_gzip(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return send_gzip(c, "this is not compressed", 22);
}

static bool answer_unknown_coding(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	return raw_printf(c, "HTTP/1.1 200 OK\r\nContent-Encoding: strange\r\n"
			     "Content-Length: 3\r\n\r\nabc");
}

/* Answers a connection's first request; the next ones end it without a word. */
static bool answer_first_only(struct raw_connection *c, const struct raw_request *r)
{
	return r->number == 1 && raw_answer(c, 200, "first");
}

static bool answer_20ms(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_pause(c, 20);
	return raw_answer(c, 200, "slept");
}

static bool answer_1s(struct raw_connection *c, const struct raw_request *r)
{
	(void)r;
	raw_pause(c, 1000);
	return raw_answer(c, 200, "slept");
}

/* What a proxy says that does not let anybody through. */
static bool answer_refused_tunnel(struct raw_connection *c)
{
	raw_printf(c, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
	return false;
}

static const struct {
	const char *path;
	raw_handler *handle;
} answers[] = {
	{"/plain", answer_plain},
	{"/typed", answer_typed},
	{"/folded", answer_folded},
	{"/long-values", answer_long_values},
	{"/blank-values", answer_blank_values},
	{"/echo", answer_echo},
	{"/size", answer_size},
	{"/head", answer_head},
	{"/204", answer_204},
	{"/redirect", answer_redirect},
	{"/chunked", answer_chunked},
	{"/bad-chunk", answer_bad_chunk},
	{"/cut-chunk", answer_cut_chunk},
	{"/slow-head", answer_slow_head},
	{"/drip", answer_drip},
	{"/never", answer_never},
	{"/cut-body", answer_cut_body},
	{"/excess", answer_excess},
	{"/bad-length", answer_bad_length},
	{"/reset-body", answer_reset_body},
	{"/reset", answer_reset},
	{"/close", answer_close},
	{"/garbage", answer_garbage},
	{"/interim-only", answer_interim_only},
	{"/huge", answer_huge},
	{"/endless", answer_endless},
	{"/full", answer_full},
	{"/many-headers", answer_many_headers},
	{"/long-header", answer_long_header},
	{"/endless-interim", answer_endless_interim},
	{"/gzip", answer_gzip},
	{"/bomb", answer_bomb},
	{"/bad-gzip", answer_bad_gzip},
	{"/unknown-coding", answer_unknown_coding},
	{"/first-only", answer_first_only},
	{"/20ms", answer_20ms},
	{"/1s", answer_1s},
};

bool misbehave(struct raw_connection *c, const struct raw_request *r)
{
	const char *path = r->target;

	if (strcmp(r->method, "CONNECT") == 0)
		return answer_refused_tunnel(c);
	if (strncmp(path, "http://", 7) == 0) { /* we are the proxy */
		raw_answer(c, 200, "proxied");
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (strcmp(answers[i].path, path) == 0)
			return answers[i].handle(c, r);
	return raw_answer(c, 404, "no such answer");
}
