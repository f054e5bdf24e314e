/* A DNS server for tests. */
#include "unit/http/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct dns_server {
	dns_handler *handler;
	void *context;
	int udp;
	int tcp;
	int stop;
	unsigned port;
	pthread_t thread;

	/* of the question that is being answered */
	struct sockaddr_in asker;
	int connection;
};

static int bind_to(int type, unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof address;

	getsockname(fd, (struct sockaddr *)&address, &len);
	return ntohs(address.sin_port);
}

/* Both sockets on one port that is free for both. */
static bool bind_both(struct dns_server *s)
{
	for (int i = 0; i < 50; i++) {
		s->udp = bind_to(SOCK_DGRAM, 0);
		if (s->udp < 0)
			return false;
		s->port = port_of(s->udp);
		s->tcp = bind_to(SOCK_STREAM, s->port);
		if (s->tcp >= 0)
			return listen(s->tcp, 16) == 0;
		close(s->udp);
	}
	return false;
}

static bool read_question(const unsigned char *bytes, size_t len, struct dns_question *q)
{
	size_t at = DNS_QUESTION;
	size_t out = 0;

	if (len < DNS_QUESTION + 5)
		return false;
	q->id = (uint16_t)(bytes[0] << 8 | bytes[1]);
	while (at < len && bytes[at] != 0) {
		size_t label = bytes[at++];

		if (label > 63 || at + label > len || out + label + 2 > sizeof q->name)
			return false;
		memcpy(q->name + out, bytes + at, label);
		at += label;
		out += label;
		q->name[out++] = '.';
	}
	q->name[out > 0 ? out - 1 : 0] = '\0';
	return at + 5 == len && bytes[at + 2] == DNS_SRV;
}

static void answer_packet(struct dns_server *s)
{
	struct dns_question q = {.server = s, .tcp = false};
	unsigned char bytes[512];
	socklen_t len = sizeof s->asker;
	ssize_t got = recvfrom(s->udp, bytes, sizeof bytes, 0, (struct sockaddr *)&s->asker, &len);

	if (got > 0 && read_question(bytes, (size_t)got, &q))
		s->handler(s->context, &q);
}

static void answer_connection(struct dns_server *s)
{
	struct dns_question q = {.server = s, .tcp = true};
	struct timeval wait = {.tv_sec = 5};
	unsigned char bytes[512];
	ssize_t got;

	s->connection = accept(s->tcp, NULL, NULL);
	setsockopt(s->connection, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	got = recv(s->connection, bytes, 2, MSG_WAITALL);
	if (got == 2 && (bytes[0] << 8 | bytes[1]) <= (int)sizeof bytes)
		got = recv(s->connection, bytes, (size_t)(bytes[0] << 8 | bytes[1]), MSG_WAITALL);
	if (got > 2 && read_question(bytes, (size_t)got, &q))
		s->handler(s->context, &q);
	close(s->connection);
}

static void *serve(void *server)
{
	struct dns_server *s = server;
	struct pollfd wait[] = {{.fd = s->stop, .events = POLLIN},
				{.fd = s->udp, .events = POLLIN},
				{.fd = s->tcp, .events = POLLIN}};

	while (poll(wait, 3, -1) > 0 && wait[0].revents == 0) {
		if (wait[1].revents != 0)
			answer_packet(s);
		if (wait[2].revents != 0)
			answer_connection(s);
	}
	return NULL;
}

struct dns_server *dns_server_start(dns_handler *handler, void *context)
{
	struct dns_server *s = calloc(1, sizeof *s);

	s->handler = handler;
	s->context = context;
	s->stop = eventfd(0, EFD_CLOEXEC);
	if (!bind_both(s) || pthread_create(&s->thread, NULL, serve, s) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

void dns_server_stop(struct dns_server *s)
{
	eventfd_write(s->stop, 1);
	pthread_join(s->thread, NULL);
	close(s->udp);
	close(s->tcp);
	close(s->stop);
	free(s);
}

unsigned dns_server_port(const struct dns_server *s)
{
	return s->port;
}

static void send_all(int fd, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		bytes += sent;
		len -= (size_t)sent;
	}
}

void dns_send(const struct dns_question *q, struct text message)
{
	const struct dns_server *s = q->server;
	unsigned char frame[2] = {(unsigned char)(message.len >> 8), (unsigned char)message.len};

	if (!q->tcp) {
		sendto(s->udp, message.ptr, message.len, 0, (const struct sockaddr *)&s->asker,
		       sizeof s->asker);
		return;
	}
	send_all(s->connection, frame, sizeof frame);
	send_all(s->connection, (const unsigned char *)message.ptr, message.len);
}
