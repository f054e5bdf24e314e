/*
 * Answers that no HTTP library would send: late, piecemeal, cut off, lying about their length. They
 * are written to the socket by hand; libmicrohttpd then only closes it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "parts.h"

enum { SEND_TIMEOUT_MS = 30000, HANG_MS = 600000, PIECE = 64 << 10 };

/* All of it, waiting for a slow reader; false if the reader is gone. */
static bool send_all(const struct request *r, struct text bytes)
{
	int64_t deadline = clock_now_ms() + SEND_TIMEOUT_MS;

	while (bytes.len > 0) {
		ssize_t n = send(r->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
		struct pollfd room[2] = {{.fd = r->fd, .events = POLLOUT},
					 {.fd = r->sim->stop_fd, .events = POLLIN}};

		if (n > 0) {
			bytes = text_slice(bytes, (size_t)n, bytes.len);
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (poll(room, 2, (int)clock_left_ms(deadline)) <= 0 || room[1].revents != 0)
			return false;
	}
	return true;
}

enum framing { FRAMING_LENGTH, FRAMING_CHUNKS };

/* length: of FRAMING_LENGTH. */
static void put_head(struct buf *out, const struct reply *a, enum framing framing, size_t length)
{
	buf_printf(out, "HTTP/1.1 %u Simulated\r\nConnection: close\r\n", a->status);
	if (a->content_type != NULL)
		buf_printf(out, "Content-Type: %s\r\n", a->content_type);
	for (size_t i = 0; i < a->header_count; i++)
		buf_printf(out, "%s: %s\r\n", a->headers[i].name, a->headers[i].value);
	if (framing == FRAMING_CHUNKS)
		buf_add_string(out, "Transfer-Encoding: chunked\r\n\r\n");
	else
		buf_printf(out, "Content-Length: %zu\r\n\r\n", length);
}

/* A reset, not a close: dissolving the association makes the kernel send RST at once. */
static void reset(int fd)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	(void)connect(fd, &nowhere, sizeof(nowhere));
}

static void drip(const struct request *r, struct text bytes, int64_t ms_per_byte)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (!send_all(r, text_slice(bytes, i, 1)) || !sim_wait(r->sim, r->fd, ms_per_byte))
			return;
	}
}

/* Headers at once, the body as far as the kind lets it. */
static void send_body(struct request *r, const struct reply *a, enum wire wire, int64_t amount)
{
	struct text body = blob_text(a->body);
	struct buf head;
	size_t sent = body.len;
	size_t claimed = body.len;

	if (wire == WIRE_TRUNCATE || wire == WIRE_RESET || wire == WIRE_STALL)
		sent = amount < (int64_t)body.len ? (size_t)amount : body.len;
	if ((wire == WIRE_TRUNCATE || wire == WIRE_STALL) && sent == body.len)
		claimed = body.len + 1; /* cut off even if there is less than asked for */
	if (wire == WIRE_WRONG_LENGTH)
		claimed = body.len > (size_t)amount ? body.len - (size_t)amount : 0;
	buf_init(&head, 16384);
	put_head(&head, a, FRAMING_LENGTH, claimed);
	if (send_all(r, buf_text(&head))) {
		if (wire == WIRE_DRIP)
			drip(r, body, amount);
		else
			send_all(r, text_slice(body, 0, sent));
	}
	buf_fini(&head);
}

/* The first bytes of the body in one chunk, and no last chunk. */
static void send_cut_chunks(const struct request *r, const struct reply *a, int64_t amount)
{
	struct text body = text_slice(blob_text(a->body), 0, (size_t)amount);
	struct buf out;

	buf_init(&out, body.len + 16384);
	put_head(&out, a, FRAMING_CHUNKS, 0);
	buf_printf(&out, "%zx\r\n", body.len);
	buf_add(&out, body);
	buf_add_string(&out, "\r\n");
	send_all(r, buf_text(&out));
	buf_fini(&out);
}

/* A piece of the body, as a chunk of its own where there are chunks. */
static bool send_piece(const struct request *r, enum framing framing, struct text piece)
{
	char size[32];

	if (framing == FRAMING_LENGTH)
		return send_all(r, piece);
	snprintf(size, sizeof(size), "%zx\r\n", piece.len);
	return send_all(r, text_of(size)) && send_all(r, piece) && send_all(r, TEXT("\r\n"));
}

/* JSON of so many bytes, never whole in memory: a list with one long string. */
static void send_large(const struct request *r, const struct reply *a, enum framing framing,
		       size_t bytes)
{
	static const char begin[] = "{\"items\":[\"";
	static const char end[] = "\"]}";
	size_t around = strlen(begin) + strlen(end);
	size_t left = bytes > around ? bytes - around : 0;
	struct buf head, fill;
	bool ok;

	buf_init(&head, 16384);
	buf_init(&fill, PIECE);
	put_head(&head, a, framing, left + around);
	while (fill.len < PIECE)
		buf_add_char(&fill, 'x');
	ok = send_all(r, buf_text(&head)) && send_piece(r, framing, text_of(begin));
	while (ok && left > 0) {
		struct text piece = text_slice(buf_text(&fill), 0, left);

		ok = send_piece(r, framing, piece);
		left -= piece.len;
	}
	if (ok && send_piece(r, framing, text_of(end)) && framing == FRAMING_CHUNKS)
		send_all(r, TEXT("0\r\n\r\n"));
	buf_fini(&head);
	buf_fini(&fill);
}

void wire_send(struct request *r, struct reply *a, enum wire wire, int64_t amount)
{
	a->taken = true;
	if (wire == WIRE_HANG) {
		sim_wait(r->sim, r->fd, HANG_MS);
		return;
	}
	if (wire == WIRE_SLOW_HEADERS && !sim_wait(r->sim, r->fd, amount))
		return;
	if (wire == WIRE_CUT_CHUNKS)
		send_cut_chunks(r, a, amount);
	else if (wire == WIRE_OVERSIZED || wire == WIRE_FLOOD)
		send_large(r, a, wire == WIRE_FLOOD ? FRAMING_CHUNKS : FRAMING_LENGTH,
			   (size_t)amount);
	else if (wire != WIRE_RESET || amount > 0) /* 0: a reset before any answer */
		send_body(r, a, wire, amount);
	if (wire == WIRE_STALL)
		sim_wait(r->sim, r->fd, HANG_MS);
	if (wire == WIRE_RESET)
		reset(r->fd);
}
