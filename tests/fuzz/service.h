/*
 * For targets that go through the whole service: everything that the program has between its
 * sockets, made once, with the canned HTTP client in the place of Palette and Backstage.
 *
 * The secrets of its configuration all hold SERVICE_MARK, which must turn up nowhere.
 */
#ifndef FUZZ_SERVICE_H
#define FUZZ_SERVICE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "face/face.h"
#include "op/mcp_host.h"
#include "op/op.h"
#include "store/store.h"
#include "unit/op/creating.h"
#include "json/json.h"

#define SERVICE_MARK "zqS3c"

static const char service_yaml[] =
	"app: {baseUrl: 'https://portal.example'}\n"
	"backend:\n"
	"  baseUrl: http://backstage.test\n"
	"  cors: {origin: 'https://portal.example', credentials: true}\n"
	"  actions: {pluginSources: [spectrocloud]}\n"
	"  auth:\n"
	"    externalAccess:\n"
	"      - type: static\n"
	"        options: {token: " SERVICE_MARK "-caller-free, subject: free}\n"
	"      - type: static\n"
	"        options: {token: " SERVICE_MARK "-caller-ours, subject: ours}\n"
	"        accessRestrictions:\n"
	"          - {plugin: spectrocloud, permission: spectrocloud.cluster.view-info}\n"
	"permission: {enabled: true}\n"
	"auth: {clientIdMetadataDocuments: {enabled: true}}\n"
	"spectrocloud:\n"
	"  enablePermissions: true\n"
	"  permissions: {cacheTtl: 0ms}\n"
	"  telemetry: {logLevel: error}\n"
	"  tokenStore: {type: memory}\n"
	"  auth: {trustedServices: ['external:free']}\n"
	"  mcp: {toolsets: [core, operations, packs, tags, create], kubeconfig: full}\n"
	"  environments:\n"
	"    - {name: prod, url: 'http://palette.test', tenant: t, apiToken: " SERVICE_MARK
	"-prod}\n"
	"    - {name: stage, url: 'http://stage.test', tenant: t, apiToken: " SERVICE_MARK
	"-stage}\n";

struct service {
	struct config *config;
	struct http_client http;
	struct store *store;
	struct palette_hosts *hosts;
	struct buf openapi;
	struct op_constant openapi_answer;
	struct op_services services;
	struct rest_queues queues; /* the target's, but for most_unknown */
	struct rest rest;
	struct jose_key *user_key; /* of Backstage's users */
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Retries and Palette's limits cost no time, no pause that an answer asks for fits into the time of
 * a call, and nothing is left from one input to the next. */
static inline void service_configure(struct service *s)
{
	char folder[] = "/tmp/fuzz-service-XXXXXX";
	char *const nothing[] = {NULL};
	const struct config_options options = {.directory = folder, .environment = nothing};
	struct error err;
	char path[64];
	FILE *file;

	must(mkdtemp(folder) != NULL, "there is a folder");
	snprintf(path, sizeof path, "%s/app-config.yaml", folder);
	file = fopen(path, "w");
	must(file != NULL && fputs(service_yaml, file) >= 0 && fclose(file) == 0, "and a file");
	if (!config_load(&options, &s->config, NULL, NULL, &err))
		must(false, err.message);
	unlink(path);
	rmdir(folder);
	s->config->request_timeout_ms = 900;
	s->config->startup_pause_ms = 0;
	s->config->upstream_retry_delay_ms = 0;
	s->config->upstream_rate_percent = 0;
	s->config->upstream_circuit_failures = 0;
	s->config->cache.lists_ms = 0;
	s->config->cache.details_ms = 0;
	s->config->upstream_attempts = 2;
	s->config->upstream_max_pages = 4;
	s->config->upstream_max_answer_bytes = 1024 * 1024;
	s->config->max_body_bytes = 64 * 1024;
}

/* answer: as both Palette and Backstage. */
static inline void service_open(struct service *s, canned_fn *answer, void *context)
{
	struct error err = {.message = ""};

	log_open(LOG_OFF, LOG_TEXT);
	service_configure(s);
	canned_http_init(&s->http, answer, context);
	must(op_check_table(&err), err.message);
	must(jose_key_generate(&s->user_key, &err), err.message);
	must(store_open(s->config, &s->store, &err), err.message);
	s->services = (struct op_services){.config = s->config,
					   .store = s->store,
					   .sessions = sessions_new(s->config, s->store),
					   .life = op_life_new(),
					   .toolbox = toolbox_new(s->config)};
	s->services.mcp = mcp_host_new(s->services.toolbox);
	if (!backstage_open(s->config, &s->http, s->store, &s->services.backstage, &err))
		must(false, err.message);
	s->hosts = palette_hosts_new(NULL);
	palette_client_new(s->config, &s->http, s->hosts, &s->services.palette);
	buf_init(&s->openapi, SIZE_MAX / 2);
	face_openapi(&s->openapi);
	op_constant_make(&s->openapi_answer, buf_text(&s->openapi), true);
	s->services.openapi = &s->openapi_answer;
	op_life_enter(s->services.life, PHASE_SERVING);
	s->queues.most_unknown = 1;
	s->rest = (struct rest){.services = &s->services,
				.cors = cors_new(&s->config->cors),
				.secure = secure_new(s->config),
				.represent = represent_new(true),
				.queues = &s->queues};
}

/* A token of Backstage's for ada, good for a day. The heap's. */
static inline char *service_user_token(const struct service *s)
{
	struct error err = {.message = ""};
	struct buf claims;
	struct buf token;
	char *copy;

	buf_init(&claims, 1024);
	buf_init(&token, 4096);
	buf_printf(&claims,
		   "{\"iss\":\"http://backstage.test/api/auth\",\"sub\":\"user:default/ada\","
		   "\"ent\":[\"user:default/ada\"],\"aud\":\"backstage\",\"iat\":%lld,"
		   "\"exp\":%lld,\"uip\":\"" SERVICE_MARK "-proof\"}",
		   (long long)now_s(), (long long)now_s() + 86400);
	must(jose_sign(s->user_key, TYPE_USER, buf_text(&claims), &token, &err), err.message);
	copy = heap_copy(buf_text(&token));
	buf_fini(&claims);
	buf_fini(&token);
	return copy;
}

/* Behind an input, so that the next one finds nothing of it. */
static inline void service_forget(struct service *s)
{
	struct catalog_gate *gate = &s->services.backstage->catalog_gate;

	canned_http_forget(&s->http);
	atomic_store(&gate->silent, false);
	atomic_store(&gate->plain_until_ms, 0);
}

/* ---- answers as they should be ---- */

static inline void service_answer_backstage(const struct service *s,
					    const struct canned_request *request,
					    struct canned_answer *answer)
{
	struct arena a = {0};

	answer->status = 200;
	if (strstr(request->path, "/authorize") != NULL) {
		buf_printf(answer->body, "{\"items\":[{\"id\":\"%s\",\"result\":\"ALLOW\"}]}",
			   json_string_at(&a, request->body, "/items/0/id", "none"));
	} else if (strstr(request->path, "/catalog/entities/by-name/") != NULL) {
		buf_add_string(answer->body, "{\"kind\":\"User\",\"spec\":{\"profile\":{\"email\":"
					     "\"ada@example.com\"}}}");
	} else if (strstr(request->path, "/catalog/") != NULL) {
		buf_add_string(answer->body, "{\"items\":[],\"totalItems\":0,\"pageInfo\":{}}");
	} else {
		buf_add_string(answer->body, "{\"keys\":[");
		jose_key_put_public(s->user_key, answer->body);
		buf_add_string(answer->body, "]}");
	}
	arena_fini(&a);
}

static inline void service_answer_palette(const struct canned_request *request,
					  struct canned_answer *answer)
{
	static const struct creating_row others[] = {
		{"/v1/dashboard/spectroclusters/", NULL, HTTP_FETCH_DONE, 200,
		 "{\"metadata\":{\"uid\":\"c1\",\"name\":\"one\"},\"specSummary\":{\"cloudConfig\":"
		 "{\"cloudType\":\"nested\"}},\"status\":{\"state\":\"Running\"}}"},
		{"/v1/spectroclusters/c1/assets/kubeconfig", NULL, HTTP_FETCH_DONE, 200,
		 "apiVersion: v1\nkind: Config\nusers: []\n"},
		{"/v1/spectroclusters/c2", NULL, HTTP_FETCH_DONE, 404, "{\"code\":\"NotFound\"}"},
		{.path = NULL},
	};

	if (creating_find(creating_rows, request) != NULL ||
	    creating_find(others, request) != NULL) {
		creating_answer(others, request, answer);
		return;
	}
	answer->status = strcmp(request->method, "GET") == 0 ? 200 : 201;
	buf_add_string(answer->body,
		       "{\"uid\":\"u1\",\"metadata\":{\"uid\":\"u1\",\"name\":\"one\"},"
		       "\"items\":[{\"metadata\":{\"uid\":\"u1\",\"name\":\"one\"}},"
		       "{\"metadata\":{\"uid\":\"u2\",\"name\":\"two\"}}],\"spec\":{},"
		       "\"status\":{\"state\":\"Running\"},\"listmeta\":{\"count\":2}}");
}

/* What every request of ours must be like, whoever caused it. */
static inline void service_check_request(const struct canned_request *request)
{
	bool backstage = strcmp(request->host, "http://backstage.test") == 0;

	must(backstage || strcmp(request->host, "http://palette.test") == 0 ||
		     strcmp(request->host, "http://stage.test") == 0,
	     "only hosts of the configuration are asked");
	must(strpbrk(request->path, "# \r\n\"<>\\") == NULL, "a path is of plain characters");
	must(strstr(request->path, "/../") == NULL && strstr(request->path, "/./") == NULL &&
		     strstr(request->path, "//") == NULL,
	     "and goes where it says");
	must(strstr(request->path, SERVICE_MARK) == NULL, "no secret is in a path");
	must(backstage ? request->api_key == NULL
		       : (request->api_key == NULL) != (request->authorization == NULL),
	     "one credential, and the right one");
	must(request->project == NULL ||
		     param_identifier_problem(text_of(request->project)) == NULL,
	     "a project is an identifier");
}

/* ---- what must hold of everything that leaves ---- */

static inline bool service_holds_secret(struct text t)
{
	return t.len > 0 && memmem(t.ptr, t.len, SERVICE_MARK, strlen(SERVICE_MARK)) != NULL;
}

static inline void service_check_error(const struct error *err)
{
	struct error ignored;
	struct text details;

	must(err->kind >= 0 && error_face(err->kind)->http_status >= 400, "its kind is one");
	must(err->message[0] != '\0' && text_is_utf8(text_of(err->message)), "it says why");
	for (const char *c = err->message; *c != '\0'; c++)
		must((unsigned char)*c >= 0x20, "on one line");
	must(err->details.len == 0 || (json_check(err->details, &details, &ignored) &&
				       json_type_of(details) == JSON_TYPE_OBJECT),
	     "details are an object");
	must(!service_holds_secret(text_of(err->message)) && !service_holds_secret(err->details),
	     "no secret is in it");
}

/* Backstage's form of an error; or JSON-RPC's, where agents are answered. */
static inline void service_check_error_body(struct arena *a, int status, struct text body)
{
	struct error ignored;
	struct text value;
	struct text part;
	int64_t said = 0;

	must(json_check(body, &value, &ignored), "an error is JSON");
	/* Whether the process is ready is said as Backstage says it. */
	if (strcmp(json_string_at(a, value, "/status", ""), "error") == 0)
		return;
	if (json_member(value, "jsonrpc", &part)) {
		must(json_member(value, "error", &part) || json_member(value, "result", &part),
		     "an error of JSON-RPC is one");
		return;
	}
	must(json_string_at(a, value, "/error/name", "")[0] != '\0', "an error has a name");
	must(json_string_at(a, value, "/error/message", "")[0] != '\0', "an error says why");
	must(json_at(value, "/request/url", &part) && json_at(value, "/request/method", &part),
	     "and to what");
	must(json_at(value, "/response/statusCode", &part) && json_int(part, &said) &&
		     said == status,
	     "and repeats the status");
}

#endif
