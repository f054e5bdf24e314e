/* Where the other plugins are. */
#include "unit/backstage/host.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/srv.h"

static const char *const all[] = {"*"};
static const char *const two[] = {"catalog", "search"};
static const char *const ours[] = {"spectrocloud"};
static struct config_endpoint endpoints[] = {
	{.internal = "http://us.test/api/{{pluginId}}",
	 .external = "http://us.test/api/{{pluginId}}",
	 .plugins = {ours, 1}},
	{.internal = "http://first.test/{{ pluginId }}/x/{{pluginId}}?",
	 .external = "https://out.test/{{\tpluginId }}/",
	 .plugins = {two, 2}},
	{.internal = "http://any.test/api/{{pluginId}}/", .plugins = {all, 1}},
	{.internal = "http://braces.test/{{other}}/{{pluginId}/{{pluginId}}", .plugins = {ours, 1}},
	{.external = "https://only.test/{{pluginId}}", .plugins = {two, 1}},
};

static const char *url_of(struct host *h, const char *plugin)
{
	const struct backstage_call call = host_call(h);
	const char *url = NULL;
	struct error err;

	return backstage_url(h->b, &call, plugin, &url, &err) ? url : NULL;
}

static const char *external_of(struct host *h, const char *plugin)
{
	const char *url = NULL;

	return backstage_external_url(&h->config, &h->arena, plugin, &url) ? url : NULL;
}

static void endpoints_and_fallbacks(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	host_start(&h);
	assert_string_equal(url_of(&h, "auth"), "http://backstage.test/api/auth");
	assert_string_equal(external_of(&h, "auth"), "http://backstage.test/api/auth");
	h.config.endpoints = endpoints;
	h.config.endpoint_count = 3;
	assert_string_equal(url_of(&h, "catalog"), "http://first.test/catalog/x/catalog?");
	assert_string_equal(external_of(&h, "search"), "https://out.test/search");
	assert_string_equal(url_of(&h, "auth"), "http://any.test/api/auth");
	assert_string_equal(external_of(&h, "auth"), "http://backstage.test/api/auth");
	assert_string_equal(url_of(&h, "spectrocloud"), "http://us.test/api/spectrocloud");
	/* A later entry for the same id replaces an earlier one; other braces stay. */
	h.config.endpoint_count = 4;
	assert_string_equal(url_of(&h, "spectrocloud"),
			    "http://braces.test/{{other}}/{{pluginId}/spectrocloud");
	/* An entry for browsers alone does not hide the other's address. */
	h.config.endpoint_count = 5;
	assert_string_equal(url_of(&h, "catalog"), "http://first.test/catalog/x/catalog?");
	assert_string_equal(external_of(&h, "catalog"), "https://only.test/catalog");
	host_close(&h);
}

/* ---- service names ---- */

/* Answers one question: backend.test, port 7443. */
static void *serve_one_name(void *argument)
{
	static const unsigned char answer[] = {
		0xc0, 12,  0,   33,  0,    1,    0,   0,   0, 60,  0,   20, /* this name, SRV, 60 s
									     */
		0,    1,   0,   1,   0x1d, 0x13, /* priority, weight, port */
		7,    'b', 'a', 'c', 'k',  'e',  'n', 'd', 4, 't', 'e', 's', 't', 0};
	int fd = *(int *)argument;
	unsigned char packet[1024];
	struct sockaddr_in peer;
	socklen_t size = sizeof peer;
	ssize_t got = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&peer, &size);
	size_t end = 12;

	assert_true(got > 12);
	while (packet[end] != 0)
		end += packet[end] + 1U;
	end += 5;
	packet[2] = 0x81; /* an answer */
	packet[3] = 0x80;
	packet[7] = 1;                           /* one record */
	packet[9] = packet[10] = packet[11] = 0; /* and nothing of the question's extras */
	memcpy(packet + end, answer, sizeof answer);
	sendto(fd, packet, end + sizeof answer, 0, (struct sockaddr *)&peer, size);
	return NULL;
}

static void a_service_name_is_looked_up(void **state)
{
	static struct config_endpoint services[] = {
		{.internal = "https+srv://_backstage._tcp.test/api/{{pluginId}}",
		 .plugins = {all, 1}}};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct srv_options options = {.server = "127.0.0.1"};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pthread_t server;
	struct error err;
	struct host h;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	options.port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server, NULL, serve_one_name, &fd), 0);
	host_open(&h);
	h.config.endpoints = services;
	h.config.endpoint_count = 1;
	host_start(&h);
	srv_close(h.b->srv);
	assert_true(srv_open(&options, &h.b->srv, &err));
	assert_string_equal(url_of(&h, "catalog"), "https://backend.test:7443/api/catalog");
	pthread_join(server, NULL);
	close(fd);
	/* Nobody answers any more. */
	clock_sleep_ms(1100);
	h.config.backstage_timeout_ms = 100;
	assert_null(url_of(&h, "catalog"));
	host_close(&h);
}

static void nowhere(void **state)
{
	const struct backstage_call call = {.may_wait = true};
	const char *url = "untouched";
	struct error err;
	struct host h;

	(void)state;
	host_open(&h);
	h.config.base_url = NULL;
	h.config.endpoints = endpoints;
	h.config.endpoint_count = 2;
	host_start(&h);
	assert_false(backstage_url(h.b, &call, "auth", &url, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.message, "backend.baseUrl"));
	assert_string_equal(url, "untouched");
	assert_null(external_of(&h, "auth"));
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_and_fallbacks),
		cmocka_unit_test(a_service_name_is_looked_up),
		cmocka_unit_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
