/*
 * Asking DNS, with a deadline: the C library's own queries wait in whole seconds, and over TCP as
 * long as it takes. What a message looks like is left to the library.
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/srv_dns.h"

enum { ROUNDS = 3 }; /* how often each server is asked, at most */

/* One question, and room for the answer. */
struct talk {
	const char *name;
	uint16_t id;
	size_t query_len;
	unsigned char framed[2 + NS_PACKETSZ]; /* the query behind its length, as TCP wants it */
	char answer[SRV_MAX_MESSAGE];
};

/* ---- servers ---- */

bool srv_server_of(const char *address, unsigned port, struct srv_server *server)
{
	struct srv_server s = {.len = 0};

	if (port == 0)
		port = NS_DEFAULTPORT;
	if (port > UINT16_MAX)
		return false;
	if (inet_pton(AF_INET, address, &s.address.v4.sin_addr) == 1) {
		s.address.v4.sin_family = AF_INET;
		s.address.v4.sin_port = htons((uint16_t)port);
		s.len = sizeof s.address.v4;
	} else if (inet_pton(AF_INET6, address, &s.address.v6.sin6_addr) == 1) {
		s.address.v6.sin6_family = AF_INET6;
		s.address.v6.sin6_port = htons((uint16_t)port);
		s.len = sizeof s.address.v6;
	} else {
		return false;
	}
	*server = s;
	return true;
}

static void add_server(struct srv_servers *servers, const void *address, size_t len)
{
	struct srv_server *s = &servers->list[servers->count++];

	memset(s, 0, sizeof *s);
	memcpy(&s->address, address, len);
	s->len = (socklen_t)len;
}

/* Those of resolv.conf. The library keeps IPv6 addresses beside the list, whose place is then
 * empty. */
static bool system_servers(struct srv_servers *servers, struct error *err)
{
	struct __res_state state = {0};

	if (res_ninit(&state) != 0)
		return error_set(err, ERROR_UPSTREAM,
				 "DNS: the system's resolver cannot be set up");
	servers->count = 0;
	for (int i = 0; i < state.nscount && i < SRV_MAX_SERVERS; i++) {
		const struct sockaddr_in6 *v6 = state._u._ext.nsaddrs[i];

		if (state.nsaddr_list[i].sin_family == AF_INET)
			add_server(servers, &state.nsaddr_list[i], sizeof state.nsaddr_list[i]);
		else if (v6 != NULL && v6->sin6_family == AF_INET6)
			add_server(servers, v6, sizeof *v6);
	}
	res_nclose(&state);
	return servers->count > 0 || error_set(err, ERROR_UPSTREAM, "DNS: there is no server");
}

/* ---- the question ---- */

static bool make_query(struct talk *t, struct error *err)
{
	struct __res_state state = {0};
	int len;

	if (res_ninit(&state) != 0)
		return error_set(err, ERROR_UPSTREAM,
				 "DNS: the system's resolver cannot be set up");
	len = res_nmkquery(&state, ns_o_query, t->name, ns_c_in, ns_t_srv, NULL, 0, NULL,
			   t->framed + 2, NS_PACKETSZ);
	res_nclose(&state);
	if (len < NS_HFIXEDSZ)
		return error_set(err, ERROR_INPUT, "'%s' is no DNS name", t->name);
	t->query_len = (size_t)len;
	t->framed[0] = (unsigned char)(len >> 8);
	t->framed[1] = (unsigned char)len;
	return true;
}

/* A number of its own for each attempt, that nobody else can guess. */
static bool renew_id(struct talk *t, struct error *err)
{
	unsigned char *id = t->framed + 2;

	if (getrandom(id, 2, 0) != 2)
		return error_set(err, ERROR_INTERNAL, "the system gives no random numbers");
	t->id = (uint16_t)(id[0] << 8 | id[1]);
	return true;
}

/* ---- sockets ---- */

static int open_socket(const struct srv_server *server, int type)
{
	int fd = socket(server->address.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	/* Connected, so that only this server's packets arrive, and its refusal too. */
	if (connect(fd, &server->address.any, server->len) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

/* False when the time is up. */
static bool wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd wait = {.fd = fd, .events = events};
	int64_t left;

	while ((left = clock_left_ms(until_ms)) > 0) {
		int ready = poll(&wait, 1, left > INT32_MAX ? INT32_MAX : (int)left);

		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
	return false;
}

static bool again(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static enum srv_reading useless(const struct talk *t, enum error_kind kind, const char *why,
				struct error *err)
{
	error_set(err, kind, "DNS, asked for the service %s: %s", t->name, why);
	return SRV_USELESS;
}

static enum srv_reading unreachable(const struct talk *t, struct error *err)
{
	return useless(t, ERROR_UPSTREAM, "no connection to the server", err);
}

static enum srv_reading silent(const struct talk *t, struct error *err)
{
	return useless(t, ERROR_TIMEOUT, "no answer in time", err);
}

/* ---- UDP ---- */

static enum srv_reading receive_packets(struct talk *t, int fd, int64_t until_ms,
					struct srv_records *records, struct error *err)
{
	while (wait_for(fd, POLLIN, until_ms)) {
		ssize_t got = recv(fd, t->answer, sizeof t->answer, 0);
		enum srv_reading reading;

		if (got < 0 && again())
			continue;
		if (got < 0)
			return unreachable(t, err);
		reading = srv_read_answer((struct text){t->answer, (size_t)got}, t->id, t->name,
					  records, err);
		if (reading != SRV_FOREIGN)
			return reading;
	}
	return silent(t, err);
}

static enum srv_reading ask_udp(struct talk *t, const struct srv_server *server, int64_t until_ms,
				struct srv_records *records, struct error *err)
{
	int fd = open_socket(server, SOCK_DGRAM);
	enum srv_reading reading;

	if (fd < 0)
		return unreachable(t, err);
	if (send(fd, t->framed + 2, t->query_len, MSG_NOSIGNAL) == (ssize_t)t->query_len)
		reading = receive_packets(t, fd, until_ms, records, err);
	else
		reading = unreachable(t, err);
	close(fd);
	return reading;
}

/* ---- TCP ---- */

enum transfer { TRANSFER_DONE, TRANSFER_LATE, TRANSFER_BROKEN };

/* Sends or receives all of it. */
static enum transfer transfer(int fd, bool out, void *bytes, size_t len, int64_t until_ms)
{
	char *at = bytes;

	while (len > 0) {
		ssize_t moved;

		if (!wait_for(fd, out ? POLLOUT : POLLIN, until_ms))
			return TRANSFER_LATE;
		moved = out ? send(fd, at, len, MSG_NOSIGNAL) : recv(fd, at, len, 0);
		if (moved < 0 && again())
			continue;
		if (moved <= 0)
			return TRANSFER_BROKEN;
		at += moved;
		len -= (size_t)moved;
	}
	return TRANSFER_DONE;
}

static enum transfer exchange(struct talk *t, int fd, int64_t until_ms, size_t *answer_len)
{
	unsigned char frame[2];
	enum transfer end = transfer(fd, true, t->framed, 2 + t->query_len, until_ms);

	if (end == TRANSFER_DONE)
		end = transfer(fd, false, frame, sizeof frame, until_ms);
	if (end != TRANSFER_DONE)
		return end;
	*answer_len = (size_t)(frame[0] << 8 | frame[1]);
	return transfer(fd, false, t->answer, *answer_len, until_ms);
}

static enum srv_reading ask_tcp(struct talk *t, const struct srv_server *server, int64_t until_ms,
				struct srv_records *records, struct error *err)
{
	int fd = open_socket(server, SOCK_STREAM);
	enum srv_reading reading;
	enum transfer end;
	size_t len = 0;

	if (fd < 0)
		return unreachable(t, err);
	end = exchange(t, fd, until_ms, &len);
	close(fd);
	if (end != TRANSFER_DONE)
		return end == TRANSFER_LATE ? silent(t, err) : unreachable(t, err);
	reading = srv_read_answer((struct text){t->answer, len}, t->id, t->name, records, err);
	if (reading != SRV_FOREIGN && reading != SRV_TRUNCATED)
		return reading;
	return useless(t, ERROR_UPSTREAM, "the answer makes no sense", err);
}

/* ---- all servers ---- */

/* When an attempt ends that leaves as much time for each of those behind it. */
static int64_t fair_end(int64_t deadline_ms, size_t attempts_left)
{
	int64_t left = clock_left_ms(deadline_ms);

	return clock_now_ms() + (left + (int64_t)attempts_left - 1) / (int64_t)attempts_left;
}

static bool ask_in_turn(struct talk *t, const struct srv_servers *servers, int64_t deadline_ms,
			struct srv_records *records, struct error *err)
{
	size_t attempts = servers->count * ROUNDS;

	silent(t, err); /* if there is no time for a first attempt */
	for (size_t i = 0; i < attempts && clock_left_ms(deadline_ms) > 0; i++) {
		const struct srv_server *server = &servers->list[i % servers->count];
		int64_t end = fair_end(deadline_ms, attempts - i);
		enum srv_reading reading;

		if (!renew_id(t, err))
			return false;
		reading = ask_udp(t, server, end, records, err);
		if (reading == SRV_TRUNCATED)
			reading = ask_tcp(t, server, fair_end(deadline_ms, attempts - i), records,
					  err);
		if (reading == SRV_FOUND || reading == SRV_NONE)
			return reading == SRV_FOUND;
	}
	return false;
}

bool srv_ask(const struct srv_servers *servers, const char *name, int64_t deadline_ms,
	     struct srv_records *records, struct error *err)
{
	struct srv_servers system = {.count = 0};
	struct talk *t;
	bool ok;

	if (servers == NULL) {
		if (!system_servers(&system, err))
			return false;
		servers = &system;
	}
	t = heap_alloc(sizeof *t);
	t->name = name;
	ok = make_query(t, err) && ask_in_turn(t, servers, deadline_ms, records, err);
	free(t);
	return ok;
}
