/*
 * For tests of what asks Palette: a configuration with two environments, the canned HTTP client,
 * and one call's view of the first environment.
 */
#ifndef UNIT_PALETTE_FIXTURE_H
#define UNIT_PALETTE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "palette/fetch.h"
#include "unit/palette/canned_http.h"

struct fixture {
	struct config_environment environments[2];
	struct config config;
	struct http_client http;
	struct palette_hosts *hosts;
	struct palette_client *client;
	struct arena arena;
	struct palette *palette; /* of the first environment, with its own apiToken */
	struct error err;
	struct buf out; /* released with the rest */
};

/* What the documents call defaults, but for waits, which are as short as they can be. */
static inline struct config fixture_config(void)
{
	return (struct config){
		.max_body_bytes = 1024 * 1024,
		.workers = 16,
		.request_timeout_ms = 60000,
		.backstage_timeout_ms = 5000,
		.startup_pause_ms = 5000,
		.upstream_timeout_ms = 30000,
		.upstream_calls_in_flight = 16,
		.upstream_connections_per_host = 4,
		.upstream_parallel = 4,
		.upstream_max_answer_bytes = 64 * 1024 * 1024,
		.upstream_max_pages = 1000,
		.upstream_attempts = 4,
		.upstream_retry_delay_ms = 1,
		.upstream_replicas = 1,
	};
}

/* Another view of the first environment, for a session or a deadline of the test's. */
static inline void fixture_open(struct fixture *f, struct text session, int64_t timeout_ms)
{
	palette_close(f->palette);
	f->palette = NULL;
	assert_true(palette_open(f->client, &f->environments[0], session, &f->arena,
				 clock_now_ms() + timeout_ms, NULL, &f->palette, &f->err));
}

static inline struct fixture *fixture_new(canned_fn *answer, void *context)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->environments[0] =
		(struct config_environment){.name = "prod", .url = "http://palette.test"};
	f->environments[1] =
		(struct config_environment){.name = "staging", .url = "https://staging.test"};
	secret_set(&f->environments[0].api_token, TEXT("prod-api-token"));
	secret_set(&f->environments[1].api_token, TEXT("staging-api-token"));
	f->config = fixture_config();
	f->config.environments = f->environments;
	f->config.environment_count = ARRAY_LEN(f->environments);
	log_open(LOG_OFF, LOG_TEXT);
	canned_http_init(&f->http, answer, context);
	f->hosts = palette_hosts_new(NULL);
	palette_client_new(&f->config, &f->http, f->hosts, &f->client);
	arena_init(&f->arena);
	buf_init(&f->out, 0);
	fixture_open(f, (struct text){NULL, 0}, 60000);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	palette_close(f->palette);
	palette_client_free(f->client);
	palette_hosts_free(f->hosts);
	canned_http_fini(&f->http);
	arena_fini(&f->arena);
	buf_fini(&f->out);
	secret_wipe(&f->environments[0].api_token);
	secret_wipe(&f->environments[1].api_token);
	free(f);
}

#endif
