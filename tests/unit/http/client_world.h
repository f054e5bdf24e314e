/* What the tests of the HTTP client share: a client, a server to talk to, and expectations. */
#ifndef CLIENT_WORLD_H
#define CLIENT_WORLD_H

#include "http/client.h"
#include "misbehave.h"
#include "raw_server.h"

enum {
	SLACK_MS = 3000, /* sanitizers and busy machines are slow */
	MAX_BYTES = MISBEHAVE_FULL_BYTES,
};

extern const struct http_target direct; /* past any proxy */

struct world {
	struct raw_server *server;
	struct http_client *client;
	char urls[256][64]; /* of the latest fetches */
	size_t url_count;
};

/* For cmocka: *state is a struct world with 100 connections a host. */
int world_set_up(void **state);
int world_tear_down(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

struct http_client *world_client(unsigned connections, int connect_timeout_ms);

/* A GET of that path of the world's server, with plenty of time. */
struct http_fetch get(struct world *w, const char *path);

/* It is done and has that body. */
void expect_body(const struct http_fetch *f, const char *body);
/* Runs it and checks how it ended; what is done is not released. */
void run_expecting(struct world *w, struct http_fetch *f, enum http_fetch_end end);
/* The same, with the phrase. */
void expect_problem(struct world *w, struct http_fetch *f, enum http_fetch_end end,
		    const char *problem);
/* Runs a GET that must end so. */
void expect_end(struct world *w, const char *path, enum http_fetch_end end);

#endif
