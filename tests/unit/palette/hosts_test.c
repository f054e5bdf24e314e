/* What outlives a configuration: budgets and circuits that a second client finds as they are. */
#include "palette/hosts.h"

#include "unit/palette/fixture.h"

struct upstream {
	int status;
};

static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *answer)
{
	const struct upstream *u = context;

	(void)request;
	answer->status = u->status;
	buf_add_string(answer->body, "{\"a\":1}");
}

static bool ask(struct fixture *f, const char *path)
{
	struct palette_request r = {
		.purpose = PALETTE_READ,
		.expect = PALETTE_OBJECT,
		.method = "GET",
		.path = path,
		.what = "Thing t1",
	};
	bool ok = palette_fetch(f->palette, &r, &f->err);

	palette_requests_fini(&r, 1);
	return ok;
}

/* As after a change of the configuration. */
static void renew(struct fixture *f)
{
	palette_close(f->palette);
	palette_client_free(f->client);
	f->palette = NULL;
	palette_client_new(&f->config, &f->http, f->hosts, &f->client);
	fixture_open(f, (struct text){NULL, 0}, 60000);
}

static struct fixture *fixture_with_limits(struct upstream *u)
{
	struct fixture *f = fixture_new(answer, u);

	f->config.upstream_rate_percent = 100;
	f->config.upstream_attempts = 1;
	f->config.upstream_circuit_failures = 2;
	f->config.upstream_circuit_pause_ms = 3600 * 1000;
	renew(f);
	return f;
}

static unsigned take_all(struct fixture *f, const char *path)
{
	unsigned count = 0;

	while (count < 1000 && pacer_take(palette_pacer(f->palette), path))
		count++;
	return count;
}

static void a_used_up_budget_stays_used_up(void **state)
{
	struct upstream u = {.status = 200};
	struct fixture *f = fixture_with_limits(&u);
	struct pacer *pacer = palette_pacer(f->palette);

	(void)state;
	assert_in_range(take_all(f, "/v1/dashboard"), 50, 55);
	renew(f);
	assert_ptr_equal(palette_pacer(f->palette), pacer);
	assert_in_range(take_all(f, "/v1/dashboard"), 0, 10);
	f->config.upstream_rate_percent = 0;
	renew(f);
	assert_null(palette_pacer(f->palette));
	f->config.upstream_rate_percent = 10;
	renew(f);
	assert_ptr_equal(palette_pacer(f->palette), pacer);
	assert_in_range(take_all(f, "/v1/spectroclusters"), 25, 28); /* a tenth of 250 */
	f->config.upstream_replicas = 5;
	renew(f);
	assert_in_range(take_all(f, "/v1/clusterprofiles"), 5, 7);
	fixture_free(f);
}

static void an_open_circuit_stays_open(void **state)
{
	struct upstream u = {.status = 503};
	struct fixture *f = fixture_with_limits(&u);
	struct circuit *circuit = palette_circuit(f->palette);

	(void)state;
	assert_string_equal(palette_circuit_state(f->client, 0).phase, "closed");
	for (int i = 0; i < 2; i++)
		assert_false(ask(f, i == 0 ? "/v1/x" : "/v1/y"));
	renew(f);
	assert_ptr_equal(palette_circuit(f->palette), circuit);
	assert_string_equal(palette_circuit_state(f->client, 0).phase, "open");
	assert_int_equal(palette_circuit_state(f->client, 0).failures, 2);
	assert_string_equal(palette_circuit_state(f->client, 1).phase, "closed");
	assert_false(ask(f, "/v1/x"));
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	assert_int_equal(f->http.count, 2);
	/* Another host of that name is another environment. */
	f->environments[0].url = "http://elsewhere.test";
	renew(f);
	assert_string_equal(palette_circuit_state(f->client, 0).phase, "closed");
	f->environments[0].url = "HTTP://Palette.test:80/";
	renew(f);
	assert_ptr_equal(palette_circuit(f->palette), circuit);
	f->config.upstream_circuit_failures = 0;
	renew(f);
	assert_string_equal(palette_circuit_state(f->client, 0).phase, "closed");
	fixture_free(f);
}

static void environments_of_one_host_have_circuits_of_their_own(void **state)
{
	struct upstream u = {.status = 504};
	struct fixture *f = fixture_with_limits(&u);

	(void)state;
	f->environments[1].url = f->environments[0].url;
	renew(f);
	for (int i = 0; i < 2; i++)
		assert_false(ask(f, i == 0 ? "/v1/x" : "/v1/y"));
	assert_string_equal(palette_circuit_state(f->client, 0).phase, "open");
	assert_string_equal(palette_circuit_state(f->client, 1).phase, "closed");
	fixture_free(f);
}

static void rates_that_are_set(void **state)
{
	static struct config_rate ours[] = {{"/v1/dashboard", 1, 7},
					    {"/v1/spectroclusters/*/things", 1, 3}};
	static struct config_rate hosts[] = {{"/v1/dashboard", 1, 9}};
	struct upstream u = {.status = 200};
	struct fixture *f = fixture_with_limits(&u);

	(void)state;
	f->config.upstream_rates = ours;
	f->config.upstream_rate_count = ARRAY_LEN(ours);
	renew(f);
	assert_in_range(take_all(f, "/v1/dashboard/x"), 7, 8); /* what is over is lost */
	assert_in_range(take_all(f, "/v1/users"), 50, 55);
	assert_in_range(take_all(f, "/v1/spectroclusters/5f/things"), 2, 3); /* new: few */
	assert_in_range(take_all(f, "/v1/spectroclusters/5f/other"), 250, 260);
	/* Its host has its own; the first of several counts. */
	f->environments[0].url = "http://other.test";
	f->environments[1].url = "http://other.test:80";
	f->environments[1].rates = hosts;
	f->environments[1].rate_count = 1;
	renew(f);
	assert_in_range(take_all(f, "/v1/dashboard/x"), 9, 10);
	assert_in_range(take_all(f, "/v1/spectroclusters/5f/things"), 3, 4);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_used_up_budget_stays_used_up),
		cmocka_unit_test(an_open_circuit_stays_open),
		cmocka_unit_test(environments_of_one_host_have_circuits_of_their_own),
		cmocka_unit_test(rates_that_are_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
