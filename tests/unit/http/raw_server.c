/* A misbehaving server for tests. */
#include "raw_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"

enum { MAX_CONNECTIONS = 1024, MAX_HEAD = 256 * 1024, MAX_BODY = 8 * 1024 * 1024 };

struct raw_connection {
	struct raw_server *server;
	pthread_t thread;
	int fd;
	SSL *tls;
	char *in; /* received and not yet used */
	size_t in_len, in_room;
};

struct raw_server {
	raw_handler *handle;
	SSL_CTX *tls;
	int listener;
	int port;
	int stop_read, stop_write; /* a pipe; its end of file stops everything */
	pthread_t thread;
	pthread_mutex_t lock;
	struct raw_counts counts;
	unsigned concurrent;
	struct raw_connection *connections[MAX_CONNECTIONS];
};

struct raw_identity {
	EVP_PKEY *key;
	X509 *certificate;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

/* ---- Certificates ---- */

struct raw_identity *raw_identity_new(const char *names, const char *pem_path)
{
	struct raw_identity *id = heap_alloc(sizeof *id);
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_EXTENSION *alternatives, *authority;
	FILE *pem = fopen(pem_path, "w");

	check(pem != NULL, "certificate file");
	id->key = EVP_EC_gen("P-256");
	id->certificate = x;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"raw server",
				   -1, -1, 0);
	X509_set_issuer_name(x, subject);
	X509_set_pubkey(x, id->key);
	alternatives = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	authority = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	check(alternatives != NULL && authority != NULL, "certificate extensions");
	X509_add_ext(x, alternatives, -1);
	X509_add_ext(x, authority, -1);
	X509_EXTENSION_free(alternatives);
	X509_EXTENSION_free(authority);
	check(X509_sign(x, id->key, EVP_sha256()) > 0, "certificate");
	check(PEM_write_X509(pem, x) == 1 && fclose(pem) == 0, "certificate file");
	return id;
}

void raw_identity_free(struct raw_identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->certificate);
	free(id);
}

/* ---- Bytes ---- */

/* Waits until the descriptor is readable; false when the server is being closed. */
static bool wait_readable(struct raw_server *s, int fd)
{
	struct pollfd fds[] = {{.fd = s->stop_read, .events = POLLIN},
			       {.fd = fd, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		check(errno == EINTR, "poll");
	return fds[0].revents == 0;
}

static ssize_t receive(struct raw_connection *c, char *to, size_t room)
{
	if (c->tls != NULL && SSL_pending(c->tls) > 0)
		return SSL_read(c->tls, to, (int)room);
	if (!wait_readable(c->server, c->fd))
		return 0;
	return c->tls != NULL ? SSL_read(c->tls, to, (int)room) : read(c->fd, to, room);
}

bool raw_send(struct raw_connection *c, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent;

		if (c->tls != NULL)
			sent = SSL_write(c->tls, bytes, (int)len);
		else
			sent = send(c->fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

bool raw_printf(struct raw_connection *c, const char *format, ...)
{
	char line[4096];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	check(len >= 0 && (size_t)len < sizeof line, "raw_printf");
	return raw_send(c, line, (size_t)len);
}

bool raw_answer(struct raw_connection *c, int status, const char *body)
{
	return raw_printf(c, "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n\r\n%s", status,
			  strlen(body), body);
}

bool raw_pause(struct raw_connection *c, int ms)
{
	struct pollfd stop = {.fd = c->server->stop_read, .events = POLLIN};

	return poll(&stop, 1, ms) == 0;
}

void raw_reset(struct raw_connection *c)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* ---- Requests ---- */

/* Makes sure that at least so many bytes were received. */
static bool fill(struct raw_connection *c, size_t wanted)
{
	while (c->in_len < wanted) {
		ssize_t got;

		if (c->in_len == c->in_room) {
			c->in_room = c->in_room * 2 + 16 * 1024;
			c->in = heap_resize(c->in, c->in_room);
		}
		got = receive(c, c->in + c->in_len, c->in_room - c->in_len);
		if (got <= 0)
			return false;
		c->in_len += (size_t)got;
	}
	return true;
}

/* The length of the next request's head; 0 if the peer left. */
static size_t read_head(struct raw_connection *c)
{
	const char *end = NULL;

	while (c->in_len == 0 || (end = memmem(c->in, c->in_len, "\r\n\r\n", 4)) == NULL)
		if (c->in_len > MAX_HEAD || !fill(c, c->in_len + 1))
			return 0;
	return (size_t)(end - c->in) + 4;
}

static void count_request(struct raw_server *s, int change)
{
	pthread_mutex_lock(&s->lock);
	s->concurrent += (unsigned)change;
	if (change > 0)
		s->counts.requests++;
	if (s->concurrent > s->counts.most_concurrent)
		s->counts.most_concurrent = s->concurrent;
	pthread_mutex_unlock(&s->lock);
}

static bool serve_request(struct raw_connection *c, unsigned number)
{
	size_t head_len = read_head(c);
	size_t body_len = 0;
	const char *length;
	char *head, *line;
	bool keep;

	if (head_len == 0)
		return false;
	head = strndup(c->in, head_len);
	length = strcasestr(head, "\r\nContent-Length:");
	if (length != NULL)
		body_len = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	if (body_len > MAX_BODY || !fill(c, head_len + body_len)) {
		free(head);
		return false;
	}
	line = strndup(head, strcspn(head, "\r"));
	{
		char *rest = line;
		struct raw_request r = {.method = strsep(&rest, " "), .number = number};

		r.target = strsep(&rest, " ");
		r.head = head;
		r.body = c->in + head_len;
		r.body_len = body_len;
		count_request(c->server, 1);
		keep = r.target != NULL && c->server->handle(c, &r);
		count_request(c->server, -1);
	}
	free(line);
	free(head);
	c->in_len -= head_len + body_len;
	memmove(c->in, c->in + head_len + body_len, c->in_len);
	return keep;
}

static void *serve_connection(void *context)
{
	struct raw_connection *c = context;
	struct raw_server *s = c->server;
	bool open = true;

	if (s->tls != NULL) {
		c->tls = SSL_new(s->tls);
		SSL_set_fd(c->tls, c->fd);
		open = SSL_accept(c->tls) == 1;
	}
	for (unsigned number = 1; open; number++)
		open = serve_request(c, number);
	SSL_free(c->tls);
	pthread_mutex_lock(&s->lock);
	close(c->fd);
	c->fd = -1;
	s->counts.open--;
	pthread_mutex_unlock(&s->lock);
	free(c->in);
	return NULL;
}

static void accept_one(struct raw_server *s)
{
	struct raw_connection *c = heap_alloc(sizeof *c);

	c->server = s;
	c->fd = accept(s->listener, NULL, NULL);
	check(c->fd >= 0, "accept");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	pthread_mutex_lock(&s->lock);
	check(s->counts.connections < MAX_CONNECTIONS, "too many connections");
	s->connections[s->counts.connections++] = c;
	s->counts.open++;
	if (s->counts.open > s->counts.most_open)
		s->counts.most_open = s->counts.open;
	pthread_mutex_unlock(&s->lock);
	check(pthread_create(&c->thread, NULL, serve_connection, c) == 0, "thread");
}

static void *serve(void *context)
{
	struct raw_server *s = context;
	sigset_t pipe_signal;

	/* OpenSSL writes to connections that are gone; the connections' threads inherit this */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	while (wait_readable(s, s->listener))
		accept_one(s);
	return NULL;
}

struct raw_server *raw_server_open(raw_handler *handle, const struct raw_identity *identity)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct raw_server *s = heap_alloc(sizeof *s);
	socklen_t size = sizeof address;
	int stop[2];

	s->handle = handle;
	pthread_mutex_init(&s->lock, NULL);
	check(pipe(stop) == 0, "pipe");
	s->stop_read = stop[0];
	s->stop_write = stop[1];
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	check(bind(s->listener, (struct sockaddr *)&address, size) == 0, "bind");
	check(listen(s->listener, MAX_CONNECTIONS) == 0, "listen");
	check(getsockname(s->listener, (struct sockaddr *)&address, &size) == 0, "getsockname");
	s->port = ntohs(address.sin_port);
	if (identity != NULL) {
		s->tls = SSL_CTX_new(TLS_server_method());
		SSL_CTX_use_certificate(s->tls, identity->certificate);
		SSL_CTX_use_PrivateKey(s->tls, identity->key);
	}
	check(pthread_create(&s->thread, NULL, serve, s) == 0, "thread");
	return s;
}

void raw_server_close(struct raw_server *s)
{
	close(s->stop_write);
	pthread_join(s->thread, NULL);
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < s->counts.connections; i++)
		if (s->connections[i]->fd >= 0)
			shutdown(s->connections[i]->fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->counts.connections; i++) {
		pthread_join(s->connections[i]->thread, NULL);
		free(s->connections[i]);
	}
	close(s->listener);
	close(s->stop_read);
	SSL_CTX_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int raw_server_port(const struct raw_server *s)
{
	return s->port;
}

struct raw_counts raw_server_counts(struct raw_server *s)
{
	struct raw_counts counts;

	pthread_mutex_lock(&s->lock);
	counts = s->counts;
	pthread_mutex_unlock(&s->lock);
	return counts;
}
