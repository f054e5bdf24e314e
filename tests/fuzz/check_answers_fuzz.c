/*
 * Bytes as one of Palette's answers to what is asked before a creation: the creation goes on or is
 * refused, what is said of a refusal is whole, and nothing is sent for a body that is refused.
 *
 * The first byte chooses the question, in the order of creating_rows; the second is '3' for status
 * 403, '4' for 404, '9' for 409 and anything else for 200; the rest is the answer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "op/rows.h"
#include "unit/op/creating.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Rows that count before the good ones, whether they were asked for, and whether something was sent
 * to be created. */
struct script {
	struct creating_row rows[2];
	struct text body;
	bool asked;
	bool sent;
};

static void answer_script(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	static const struct creating_row none[] = {{.path = NULL}};
	struct script *script = context;

	if (strcmp(request->method, "GET") != 0) {
		script->sent = true;
		answer->status = 201;
		buf_add_string(answer->body, "{\"uid\":\"new\"}");
	} else if (creating_find(script->rows, request) != NULL) {
		script->asked = true;
		answer->status = script->rows[0].status;
		buf_add(answer->body, script->body);
	} else {
		creating_answer(none, request, answer);
	}
}

static void check_refusal(const struct error *err)
{
	struct error ignored;
	struct text details;

	must(err->message[0] != '\0' && text_is_utf8(text_of(err->message)), "it says why");
	for (const char *c = err->message; *c != '\0'; c++)
		must((unsigned char)*c >= 0x20, "it is one line");
	must(err->details.len == 0 || json_check(err->details, &details, &ignored),
	     "its details are JSON");
}

static void create(struct palette *p, struct arena *a, const char *body, struct script *script)
{
	const struct op *op = &cluster_create_ops[0];
	const struct call_input input = {IN_QUERY, TEXT("projectUid"), TEXT("p1")};
	struct call call = {
		.arena = a,
		.op = op,
		.inputs = &input,
		.input_count = 1,
		.body = text_of(body),
		.palette = p,
	};
	struct result result = {.status = 201};
	struct error err = {.message = ""};
	struct text value;

	script->sent = false;
	must(call_read_params(&call, op, &err), "the call is good");
	if (op->run(&call, &result, &err)) {
		must(script->sent, "it was sent");
		must(json_check(result.body, &value, &err), "the answer is JSON");
		return;
	}
	must(!script->sent, "nothing was sent");
	check_refusal(&err);
}

static struct config_environment environment = {.name = "test", .url = "http://palette.test"};
static const struct config config = {
	.environments = &environment,
	.environment_count = 1,
	.workers = 1,
	.upstream_timeout_ms = 60000,
	.upstream_calls_in_flight = 1,
	.upstream_parallel = 8,
	.upstream_max_answer_bytes = 1024 * 1024,
	.upstream_attempts = 1,
};
static const char *const bodies[] = {
	CREATING_EKS,
	CREATING_VSPHERE,
	"{\"cloudType\":\"virtual\",\"name\":\"v1\",\"clusterGroupUid\":\"g1\"}",
	"{\"cloudType\":\"virtual\",\"name\":\"v1\",\"hostClusterUid\":\"h1\"}",
};
static struct script script;
static struct http_client http;
static struct palette_hosts *volatile hosts; /* kept, so that it is no leak */
static struct palette_client *client;

static void create_from(const char *body)
{
	struct palette *p;
	struct arena arena;
	struct error err;

	arena_init(&arena);
	must(palette_open(client, &config.environments[0], (struct text){NULL, 0}, &arena,
			  clock_now_ms() + 60000, NULL, &p, &err),
	     "there is a place");
	create(p, &arena, body, &script);
	palette_close(p);
	arena_fini(&arena);
	canned_http_forget(&http);
}

/* Whether a creation asks that question at all, while the answers before it are good. */
static bool asks[ARRAY_LEN(creating_rows)][ARRAY_LEN(bodies)];

static void start(void)
{
	log_open(LOG_OFF, LOG_TEXT);
	secret_set(&environment.api_token, TEXT("token"));
	canned_http_init(&http, answer_script, &script);
	hosts = palette_hosts_new(NULL);
	palette_client_new(&config, &http, hosts, &client);
	for (size_t row = 0; row + 1 < ARRAY_LEN(creating_rows); row++) {
		for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
			script = (struct script){.rows = {creating_rows[row]}};
			script.body = text_of(creating_rows[row].body);
			create_from(bodies[i]);
			asks[row][i] = script.asked;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t row;

	if (client == NULL)
		start();
	if (size < 2)
		return 0;
	row = (data[0] - 'a') % (ARRAY_LEN(creating_rows) - 1);
	script = (struct script){.rows = {creating_rows[row]}};
	script.rows[0].status = data[1] == '3'   ? 403
				: data[1] == '4' ? 404
				: data[1] == '9' ? 409
						 : 200;
	script.body = (struct text){(const char *)data + 2, size - 2};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (asks[row][i])
			create_from(bodies[i]);
	return 0;
}
