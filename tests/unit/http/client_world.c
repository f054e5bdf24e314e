/* What the tests of the HTTP client share. */
#include "client_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "misbehave.h"

const struct http_target direct = {.direct = true};

struct http_client *world_client(unsigned connections, int connect_timeout_ms)
{
	const struct http_client_options options = {.max_connections_per_host = connections,
						    .connect_timeout_ms = connect_timeout_ms,
						    .user_agent = "client-test/1"};
	struct http_client *client = NULL;
	struct error err;

	assert_true(http_client_open(&options, &client, &err));
	return client;
}

int world_set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	if (w == NULL)
		return -1;
	w->server = raw_server_open(misbehave, NULL);
	w->client = world_client(100, 5000);
	*state = w;
	return 0;
}

int world_tear_down(void **state)
{
	struct world *w = *state;

	http_client_close(w->client);
	raw_server_close(w->server);
	free(w);
	return 0;
}

struct http_fetch get(struct world *w, const char *path)
{
	char *url = w->urls[w->url_count++ % ARRAY_LEN(w->urls)];

	snprintf(url, sizeof w->urls[0], "http://127.0.0.1:%d%s", raw_server_port(w->server), path);
	return (struct http_fetch){.method = "GET",
				   .url = url,
				   .target = &direct,
				   .deadline_ms = clock_now_ms() + 10000,
				   .max_bytes = MAX_BYTES};
}

void expect_body(const struct http_fetch *f, const char *body)
{
	assert_int_equal(f->end, HTTP_FETCH_DONE);
	assert_null(f->problem);
	assert_true(text_is(buf_text(&f->answer), body));
}

void run_expecting(struct world *w, struct http_fetch *f, enum http_fetch_end end)
{
	http_fetch(w->client, f);
	if (f->end != end)
		print_message("%s %s: %s\n", f->method, f->url,
			      f->problem == NULL ? "done" : f->problem);
	assert_int_equal(f->end, end);
	assert_true((f->problem == NULL) == (end == HTTP_FETCH_DONE));
	if (end != HTTP_FETCH_DONE) {
		assert_int_equal(f->answer.len, 0);
		assert_null(f->answer.ptr);
	}
}

void expect_end(struct world *w, const char *path, enum http_fetch_end end)
{
	struct http_fetch f = get(w, path);

	run_expecting(w, &f, end);
	http_fetch_fini(&f);
}

void expect_problem(struct world *w, struct http_fetch *f, enum http_fetch_end end,
		    const char *problem)
{
	run_expecting(w, f, end);
	assert_string_equal(f->problem, problem);
	http_fetch_fini(f);
}
