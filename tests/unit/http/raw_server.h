/*
 * A small server on raw sockets for tests of the HTTP client: it reads requests itself and lets the
 * test answer with any bytes it likes, slowly, in part, or not at all. One thread a connection.
 */
#ifndef RAW_SERVER_H
#define RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct raw_server;
struct raw_connection;

struct raw_request {
	const char *method;
	const char *target;
	const char *head; /* request line and headers as received */
	const char *body;
	size_t body_len;
	unsigned number; /* 1 for the connection's first request */
};

/* Answers one request; false closes the connection. On the connection's thread. */
typedef bool raw_handler(struct raw_connection *c, const struct raw_request *r);

/* A self-signed certificate and its key. */
struct raw_identity;
/* names such as "IP:127.0.0.1" or "DNS:a.example". pem_path: where the certificate is written. */
struct raw_identity *raw_identity_new(const char *names, const char *pem_path);
void raw_identity_free(struct raw_identity *id);

/* On a free port of 127.0.0.1. identity NULL: without TLS. Aborts if it cannot. */
struct raw_server *raw_server_open(raw_handler *handle, const struct raw_identity *identity);
void raw_server_close(struct raw_server *s);
int raw_server_port(const struct raw_server *s);

struct raw_counts {
	unsigned connections;     /* accepted so far */
	unsigned open;            /* now */
	unsigned most_open;       /* at one time */
	unsigned requests;        /* whole ones read so far */
	unsigned most_concurrent; /* requests between read and answered, at one time */
};
struct raw_counts raw_server_counts(struct raw_server *s);

/* False if the peer is gone; handlers may ignore it. */
bool raw_send(struct raw_connection *c, const char *bytes, size_t len);
bool raw_printf(struct raw_connection *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* False if the server is being closed. */
bool raw_pause(struct raw_connection *c, int ms);
/* Closes with a reset instead of an orderly end. */
void raw_reset(struct raw_connection *c);
/* A whole answer with a length. */
bool raw_answer(struct raw_connection *c, int status, const char *body);

#endif
