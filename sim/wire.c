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

enum { SEND_TIMEOUT_MS = 30000, HANG_MS = 600000 };

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

static void put_head(struct buf *out, const struct reply *a, size_t length)
{
	buf_printf(out, "HTTP/1.1 %u Simulated\r\nConnection: close\r\n", a->status);
	if (a->content_type != NULL)
		buf_printf(out, "Content-Type: %s\r\n", a->content_type);
	for (size_t i = 0; i < a->header_count; i++)
		buf_printf(out, "%s: %s\r\n", a->headers[i].name, a->headers[i].value);
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

	if (wire == WIRE_TRUNCATE || wire == WIRE_RESET)
		sent = amount < (int64_t)body.len ? (size_t)amount : body.len;
	if (wire == WIRE_TRUNCATE && sent == body.len)
		claimed = body.len + 1; /* cut off even if there is less than asked for */
	if (wire == WIRE_WRONG_LENGTH)
		claimed = body.len > (size_t)amount ? body.len - (size_t)amount : 0;
	buf_init(&head, 16384);
	put_head(&head, a, claimed);
	if (send_all(r, buf_text(&head))) {
		if (wire == WIRE_DRIP)
			drip(r, body, amount);
		else
			send_all(r, text_slice(body, 0, sent));
	}
	buf_fini(&head);
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
	/* A reset without a body comes before any answer. */
	if (wire != WIRE_RESET || amount > 0)
		send_body(r, a, wire, amount);
	if (wire == WIRE_RESET)
		reset(r->fd);
}
