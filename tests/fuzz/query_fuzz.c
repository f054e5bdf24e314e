/*
 * Queries and paths, from the request's bytes through the pipeline to Palette: whatever they are,
 * there is one answer, it is whole, and what goes to Palette is the endpoint of the row and no
 * other.
 *
 * The first byte chooses the route, the rest is what stands behind its '?'.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "face/face.h"
#include "unit/face/exchange.h"
#include "unit/palette/canned_http.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A route, and what Palette's path begins with if it is asked; the values follow. */
static const struct {
	const char *target;
	const char *upstream;
	unsigned values; /* in Palette's query, at most */
} routes[] = {
	{"/api/spectrocloud/cloudaccounts/vsphere/a1/computecluster/resources?",
	 "/v1/cloudaccounts/vsphere/a1/properties/computecluster/resources?datacenter=", 2},
	{"/spectrocloud/clusters/c1/kubeconfig?",
	 "/v1/spectroclusters/c1/assets/kubeconfig?frp=", 1},
	{"/api/spectrocloud/profiles/f1/packs?", "/v1/clusterprofiles/", 1},
	{"/api/spectrocloud/projects/p1/profiles?", "/v1/dashboard/clusterprofiles?limit=50", 1},
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static size_t count_of(const char *s, char c)
{
	size_t count = 0;

	for (; *s != '\0'; s++)
		count += *s == c;
	return count;
}

/* The context is the route. */
static void answer_route(void *context, const struct canned_request *request,
			 struct canned_answer *answer)
{
	size_t route = *(const size_t *)context;

	must(strncmp(request->path, routes[route].upstream, strlen(routes[route].upstream)) == 0,
	     "only the row's endpoint is asked");
	must(count_of(request->path, '?') == 1, "it has one query");
	must(count_of(request->path, '&') < routes[route].values, "of the row's own parameters");
	must(strpbrk(request->path, "# \r\n\"<>") == NULL, "of plain characters");
	must(request->project == NULL ||
		     param_identifier_problem(text_of(request->project)) == NULL,
	     "the project is an identifier");
	answer->status = 200;
	buf_add_string(answer->body, "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"items\":[],"
				     "\"metadata\":{},\"computecluster\":\"c\","
				     "\"datacenter\":\"d\"}");
}

static bool take_into_queue(void *context, struct http_exchange *x)
{
	*(struct http_exchange **)context = x;
	return true;
}

static struct config_environment environment = {.name = "test", .url = "http://palette.test"};
static const struct config config = {
	.environments = &environment,
	.environment_count = 1,
	.workers = 1,
	.request_timeout_ms = 60000,
	.upstream_timeout_ms = 60000,
	.upstream_calls_in_flight = 1,
	.upstream_parallel = 1,
	.upstream_max_answer_bytes = 1024 * 1024,
	.upstream_max_pages = 5,
	.upstream_attempts = 1,
	.disable_default_auth_policy = true,
};
static struct op_services services = {.config = &config};
static struct http_client http;
static struct palette_hosts *volatile hosts; /* kept, so that it is no leak */
static size_t route;

/* The request, as far as it can be put into a target: the server lets no control characters in. */
static void run(struct text target)
{
	struct http_exchange *queued = NULL;
	struct rest_queues queues = {.queue = take_into_queue,
				     .queue_aside = take_into_queue,
				     .context = &queued,
				     .most_unknown = 1};
	struct rest rest = {.services = &services, .queues = &queues};
	struct http_exchange x;
	struct text value;
	struct error err;

	exchange_init(&x, "GET", target);
	rest_handle(&rest, &x, NULL);
	if (queued != NULL)
		rest_work(queued);
	must(x.answers == 1, "there is one answer");
	must(x.response.status == 200 || x.response.status == 400, "of one of two kinds");
	must(json_check(buf_text(&x.body), &value, &err), "it is JSON");
	exchange_fini(&x);
}

static void start(void)
{
	struct error err;

	log_open(LOG_OFF, LOG_TEXT);
	secret_set(&environment.api_token, TEXT("token"));
	canned_http_init(&http, answer_route, &route);
	hosts = palette_hosts_new(NULL);
	palette_client_new(&config, &http, hosts, &services.palette);
	must(backstage_open(&config, &http, NULL, &services.backstage, &err), "the service starts");
	services.life = op_life_new();
	op_life_enter(services.life, PHASE_SERVING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf target;

	if (services.life == NULL)
		start();
	if (size == 0)
		return 0;
	route = data[0] % ARRAY_LEN(routes);
	buf_init(&target, size + 200);
	buf_add_string(&target, routes[route].target);
	buf_add(&target, (struct text){(const char *)data + 1, size - 1});
	run(buf_text(&target));
	buf_fini(&target);
	canned_http_forget(&http);
	return 0;
}
