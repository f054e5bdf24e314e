/* A PostgreSQL of the tests' own: in a folder that goes with it, on a socket there. */
#ifndef UNIT_STORE_POSTGRES_SERVER_H
#define UNIT_STORE_POSTGRES_SERVER_H

#include <stdbool.h>
#include <stddef.h>

/* The superuser's name. */
#define SERVER_USER "tester"

/* False, with the reason on standard output: there is no PostgreSQL here. */
bool server_make(void);
void server_remove(void);
/* The folder of its socket, for "host"; on "localhost" it listens too, with TLS. */
const char *server_folder(void);
const char *server_port(void);
/* The certificate it shows, for "localhost", in PEM. */
const char *server_certificate(void);

/* They wait until it is so. */
void server_start(void);
/* Cuts all connections. */
void server_stop(void);

/* Runs SQL as the superuser in a database; the output goes into out, cut to its size, if not NULL.
 * False: it failed. */
bool server_sql(const char *database, const char *sql, char *out, size_t size);
/* The same with a client program and what it is given besides how to connect. */
bool server_client(const char *program, const char *arguments, char *out, size_t size);

#endif
