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

/* Rows that count before the good ones, and whether something was sent to be created. */
struct script {
	struct creating_row rows[2];
	struct text body;
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

static void run(const struct config *config, struct script *script)
{
	static const char *const bodies[] = {
		CREATING_EKS,
		CREATING_VSPHERE,
		"{\"cloudType\":\"virtual\",\"name\":\"v1\",\"clusterGroupUid\":\"g1\"}",
		"{\"cloudType\":\"virtual\",\"name\":\"v1\",\"hostClusterUid\":\"h1\"}",
	};
	struct palette_client *client;
	struct palette_hosts *hosts = palette_hosts_new(NULL);
	struct http_client http;
	struct palette *p;
	struct arena arena;
	struct error err;

	arena_init(&arena);
	canned_http_init(&http, answer_script, script);
	palette_client_new(config, &http, hosts, &client);
	must(palette_open(client, &config->environments[0], PALETTE_OF_REQUESTS,
			  (struct text){NULL, 0}, &arena, clock_now_ms() + 60000, NULL, &p, &err),
	     "there is a place");
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		create(p, &arena, bodies[i], script);
	palette_close(p);
	palette_client_free(client);
	palette_hosts_free(hosts);
	canned_http_fini(&http);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_environment environment = {.name = "test", .url = "http://palette.test"};
	const struct config config = {
		.environments = &environment,
		.environment_count = 1,
		.workers = 1,
		.upstream_timeout_ms = 60000,
		.upstream_calls_in_flight = 1,
		.upstream_parallel = 8,
		.upstream_max_answer_bytes = 1024 * 1024,
		.upstream_attempts = 1,
	};
	struct script script = {.sent = false};

	if (size < 2)
		return 0;
	script.rows[0] = creating_rows[(data[0] - 'a') % (ARRAY_LEN(creating_rows) - 1)];
	script.rows[0].status = data[1] == '3'   ? 403
				: data[1] == '4' ? 404
				: data[1] == '9' ? 409
						 : 200;
	script.body = (struct text){(const char *)data + 2, size - 2};
	log_open(LOG_OFF, LOG_TEXT);
	secret_set(&environment.api_token, TEXT("token"));
	run(&config, &script);
	secret_wipe(&environment.api_token);
	return 0;
}
