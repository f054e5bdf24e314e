/*
 * Bytes as Palette's answers to a list, page after page: the list ends, and is either an error or a
 * document in which every item is one of Palette's and stands once.
 *
 * The input is cut at bytes 0x1E into answers; the last one is given from then on. One that begins
 * with '!' has status 403 instead of 200, one with '?' 500.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "palette/fetch.h"
#include "palette/seen.h"
#include "unit/palette/canned_http.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* The answers still to come. */
struct script {
	struct text rest;
	struct text last;
};

static void answer_next(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	struct script *script = context;

	must(request->api_key != NULL && request->authorization == NULL, "one credential");
	(void)text_next(&script->rest, '\x1E', &script->last);
	answer->status = text_starts(script->last, "!")   ? 403
			 : text_starts(script->last, "?") ? 500
							  : 200;
	buf_add(answer->body, script->last);
}

static void check_list(struct arena *a, struct text document)
{
	struct palette_seen *seen = palette_seen_new();
	struct json_walk walk;
	struct error err;
	struct text items;
	struct text item;
	struct text value;

	must(json_check(document, &value, &err), "it is JSON");
	must(json_member(value, "things", &items), "it holds the list");
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item)) {
		const char *uid = json_string_at(a, item, "/metadata/uid", "");

		/* A uid with a NUL in it, written as an escape, is not readable and refused. */
		must(uid[0] != '\0', "every item has a uid");
		must(palette_seen_add(seen, text_of(uid)), "every item stands once");
	}
	palette_seen_free(seen);
}

typedef bool list_fn(struct palette *p, struct palette_list *list, struct error *err);

static const struct palette_listing listing = {
	.method = "GET",
	.path = "/v1/things",
	.paged = true,
	.items = "items",
	.items_too = "summaries",
	.what = "Things",
};

static bool list_one(struct palette *p, struct palette_list *list, struct error *err)
{
	return palette_list_scope(p, &listing, "p1", list, err);
}

static bool list_all(struct palette *p, struct palette_list *list, struct error *err)
{
	static const char *const permissions[] = {"thing.list", NULL};

	return palette_list_everywhere(p, &listing, permissions, list, err);
}

static bool list_mine(struct palette *p, struct palette_list *list, struct error *err)
{
	struct palette_list mine; /* its items are ours: check_list() is not about them */
	bool ok;

	(void)list;
	palette_list_init(&mine, p, "projects");
	ok = palette_my_projects(p, &mine, err);
	palette_list_fini(&mine);
	return ok;
}

static struct config_environment environment = {.name = "test", .url = "http://palette.test"};
static const struct config config = {
	.environments = &environment,
	.environment_count = 1,
	.workers = 1,
	.upstream_timeout_ms = 60000,
	.upstream_calls_in_flight = 1,
	.upstream_parallel = 1,
	.upstream_max_answer_bytes = 1024 * 1024,
	.upstream_max_pages = 5,
	.upstream_attempts = 1,
};
static struct script script;
static struct http_client http;
static struct palette_hosts *volatile hosts; /* kept, so that it is no leak */
static struct palette_client *client;

static void run(struct text input, list_fn *ask)
{
	struct palette_list list;
	struct palette *p;
	struct arena arena;
	struct error err;
	struct buf out;

	script = (struct script){.rest = input, .last = TEXT("")};
	arena_init(&arena);
	must(palette_open(client, &config.environments[0], (struct text){NULL, 0}, &arena,
			  clock_now_ms() + 60000, NULL, &p, &err),
	     "there is a place");
	palette_list_init(&list, p, "things");
	if (ask(p, &list, &err) && palette_list_finish(&list, &out, &err)) {
		check_list(&arena, buf_text(&out));
		buf_fini(&out);
	}
	palette_list_fini(&list);
	palette_close(p);
	arena_fini(&arena);
	canned_http_forget(&http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = {(const char *)data, size};

	if (client == NULL) {
		log_open(LOG_OFF, LOG_TEXT);
		secret_set(&environment.api_token, TEXT("token"));
		canned_http_init(&http, answer_next, &script);
		hosts = palette_hosts_new(NULL);
		palette_client_new(&config, &http, hosts, &client);
	}
	run(input, list_one);
	run(input, list_all);
	run(input, list_mine);
	return 0;
}
