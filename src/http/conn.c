/*
 * The front's connections: what state each is in, how long that may last, and how it ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/front.h"

enum {
	SWEEP_EVERY_MS = 20, /* how exactly deadlines are kept */
	HUNG_UP_MS = 1000,   /* how long to look for a whole request after the client hung up */
	LINGER_MS = 1000,    /* how long to swallow what a refused client still sends */
};

/* Not later than this; the sweep has to know. */
static void limit_deadline(struct conn *c, int64_t deadline_ms)
{
	if (deadline_ms < c->deadline_ms)
		c->deadline_ms = deadline_ms;
	if (c->deadline_ms < c->server->sweep_ms)
		c->server->sweep_ms = c->deadline_ms;
}

static bool waits_for_bytes(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_RECEIVING;
}

/* The library may not see the end of a stream that came together with bytes before it: once it has
 * had these, the end is shown again. What those bytes asked for is still answered. */
static void limit_if_hung_up(struct conn *c)
{
	if (c->hung_up && waits_for_bytes(c))
		limit_deadline(c, clock_now_ms() + (c->end_shown ? HUNG_UP_MS : 0));
}

/* No bytes are lost by that, and the library's epoll set has a new event. */
static void show_end(struct conn *c)
{
	c->end_shown = true;
	shutdown(c->fd, SHUT_RD);
	c->deadline_ms = INT64_MAX;
	limit_if_hung_up(c);
}

void conn_enter(struct conn *c, enum conn_state state, int64_t timeout_ms)
{
	c->state = state;
	c->deadline_ms = INT64_MAX;
	if (timeout_ms != FOREVER)
		limit_deadline(c, clock_now_ms() + timeout_ms);
	limit_if_hung_up(c);
}

void conn_first_byte(struct conn *c)
{
	c->first_byte_us = clock_now_us();
	conn_enter(c, CONN_RECEIVING, c->server->options.receive_timeout_ms);
}

void conn_shut(struct conn *c)
{
	c->ended = true;
	c->deadline_ms = INT64_MAX;
	shutdown(c->fd, SHUT_RDWR);
}

static void describe_peer(const struct sockaddr_storage *address, char peer[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	strcpy(peer, "unix");
	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, peer, INET6_ADDRSTRLEN);
	else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], peer, INET6_ADDRSTRLEN);
	else if (address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, peer, INET6_ADDRSTRLEN);
}

struct conn *conn_new(struct http_server *s, int fd, const struct sockaddr_storage *peer)
{
	struct conn *c = heap_alloc(sizeof *c);

	c->server = s;
	c->fd = fd;
	describe_peer(peer, c->peer);
	c->next = s->conns;
	c->link = &s->conns;
	if (c->next != NULL)
		c->next->link = &c->next;
	s->conns = c;
	atomic_fetch_add(&s->connections, 1);
	/* Bytes that come at once go to the library unseen: a request may have begun already. */
	conn_enter(c, CONN_IDLE,
		   s->options.idle_timeout_ms < s->options.receive_timeout_ms
			   ? s->options.idle_timeout_ms
			   : s->options.receive_timeout_ms);
	return c;
}

void conn_free(struct conn *c)
{
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	atomic_fetch_sub(&c->server->connections, 1);
	free(c);
}

bool front_watch(struct http_server *s, int fd, uint32_t events, void *what)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void front_unwatch(struct http_server *s, int fd)
{
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/*
 * The library is about to close a socket into which the client may still be sending; that would
 * reset the connection, and the client might never see the answer. A second descriptor keeps it
 * open until the client is done.
 */
static bool conn_start_lingering(struct conn *c)
{
	int fd = dup(c->fd);

	if (fd < 0)
		return false;
	if (!front_watch(c->server, fd, EPOLLIN, c)) {
		close(fd);
		return false;
	}
	shutdown(fd, SHUT_WR);
	c->fd = fd;
	c->mhd = NULL;
	conn_enter(c, CONN_LINGERING, LINGER_MS);
	return true;
}

void conn_stop_lingering(struct conn *c)
{
	front_unwatch(c->server, c->fd);
	close(c->fd);
	conn_free(c);
}

static void conn_swallow(struct conn *c)
{
	char scrap[16384];
	ssize_t got = read(c->fd, scrap, sizeof scrap);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		conn_stop_lingering(c);
}

void conn_on_event(struct conn *c, uint32_t events)
{
	if (c->state == CONN_LINGERING) {
		conn_swallow(c);
		return;
	}
	if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
		c->hung_up = true;
		if (c->x != NULL)
			exchange_hang_up(c->x);
	}
	if (c->state == CONN_IDLE && (events & EPOLLIN) != 0)
		conn_first_byte(c);
	limit_if_hung_up(c);
}

/* A request had begun, or must have, when the library closed the connection of its own accord. */
static bool refused_by_library(const struct conn *c)
{
	char byte;

	if (c->hung_up || c->ended)
		return false;
	if (c->state == CONN_IDLE) /* bytes that we did not see, or an end that we did not see */
		return !c->served && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
	return c->state == CONN_RECEIVING;
}

void conn_on_closed(struct conn *c)
{
	bool refused = refused_by_library(c);

	front_unwatch(c->server, c->fd);
	if (refused)
		atomic_fetch_add(&c->server->refused, 1);
	if ((refused || c->linger) && !c->hung_up && !c->ended && conn_start_lingering(c))
		return;
	conn_free(c);
}

void conn_sweep(struct http_server *s)
{
	int64_t now = clock_now_ms();
	struct conn *next;

	if (now < s->sweep_ms)
		return;
	s->sweep_ms = INT64_MAX;
	for (struct conn *c = s->conns; c != NULL; c = next) {
		next = c->next;
		if (c->deadline_ms > now) {
			if (c->deadline_ms < s->sweep_ms)
				s->sweep_ms = c->deadline_ms;
		} else if (c->state == CONN_LINGERING) {
			conn_stop_lingering(c);
		} else if (c->hung_up && !c->end_shown && waits_for_bytes(c)) {
			show_end(c);
		} else {
			conn_shut(c);
		}
	}
	if (s->sweep_ms < now + SWEEP_EVERY_MS)
		s->sweep_ms = now + SWEEP_EVERY_MS;
}
