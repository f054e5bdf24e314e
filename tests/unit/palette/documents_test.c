/* Documents: what is kept of Palette's answers, under whose name, and what drops it. */
#include "unit/palette/fixture.h"

#include <stdatomic.h>

/* What Palette says now. */
struct upstream {
	atomic_int status;
	atomic_int changes; /* the status of what is no GET */
	const char *cloud_type;
};

static void answer_all(void *context, const struct canned_request *request,
		       struct canned_answer *answer)
{
	const struct upstream *u = context;

	if (strcmp(request->path, "/v1/spectroclusters/eks") == 0) {
		answer->status = atomic_load(&u->changes);
		buf_add_string(answer->body, "{\"uid\":\"made\"}");
		return;
	}
	answer->status = atomic_load(&u->status);
	if (answer->status != 200)
		return;
	if (strcmp(request->path, "/v1/users/me") == 0)
		buf_add_string(answer->body, "{\"status\":{\"projectPermissions\":{\"p\":[]}}}");
	else if (strstr(request->path, "/meta") != NULL || strstr(request->path, "limit") != NULL)
		buf_add_string(answer->body, "[{\"metadata\":{\"uid\":\"c\"}}]");
	else
		buf_printf(answer->body, "{\"spec\":{\"cloudConfig\":{\"cloudType\":%s}}}",
			   u->cloud_type);
}

static struct fixture *fixture_keeping(struct upstream *u)
{
	struct fixture *f;

	*u = (struct upstream){.status = 200, .changes = 200, .cloud_type = "\"eks\""};
	f = fixture_new(answer_all, u);
	palette_close(f->palette);
	palette_client_free(f->client);
	f->config.upstream_attempts = 1;
	f->config.cache = (struct config_cache){
		.lists_ms = 3600 * 1000, .details_ms = 3600 * 1000, .max_bytes = 1024 * 1024};
	palette_client_new(&f->config, &f->http, f->hosts, &f->client);
	f->palette = NULL;
	fixture_open(f, (struct text){NULL, 0}, 60000);
	return f;
}

static bool reads(struct fixture *f, enum palette_document_kind kind, const char *project,
		  const char *uid)
{
	const struct palette_wanted wanted = {.kind = kind, .project = project, .uid = uid};
	struct palette_document document;

	if (!palette_document(f->palette, &wanted, &document, &f->err))
		return false;
	assert_true(palette_document_text(&document).len > 0);
	palette_document_fini(&document);
	return true;
}

/* How many requests it takes to read it. */
static size_t cost(struct fixture *f, enum palette_document_kind kind, const char *project,
		   const char *uid)
{
	size_t before = f->http.count;

	assert_true(reads(f, kind, project, uid));
	return f->http.count - before;
}

static void each_scope_and_object_is_a_question_of_its_own(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t each = i == 0 ? 1 : 0;

		assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTER, NULL, "a"), each);
		assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTER, "", "a"), each);
		assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTER, "p", "a"), each);
		assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTER, "p", "b"), each);
		assert_int_equal(cost(f, PALETTE_DOCUMENT_PROFILE, "p", "b"), each);
		assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), each);
		assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, NULL, NULL), 2 * each);
	}
	fixture_free(f);
}

static void each_credential_has_its_own(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	fixture_open(f, TEXT("session-a"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	fixture_open(f, TEXT("session-b"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	/* The same characters, but as somebody's session. */
	fixture_open(f, TEXT("prod-api-token"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	fixture_open(f, TEXT("session-a"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 0);
	fixture_free(f);
}

static void a_virtual_cluster_is_a_cluster_of_its_type(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTER, "p", "a"), 1);
	assert_false(reads(f, PALETTE_DOCUMENT_VIRTUAL_CLUSTER, "p", "a"));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_int_equal(f->http.count, 1);
	u.cloud_type = "[\"nested\"]";
	assert_false(reads(f, PALETTE_DOCUMENT_VIRTUAL_CLUSTER, "p", "w"));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	u.cloud_type = "\"nested\"";
	assert_int_equal(cost(f, PALETTE_DOCUMENT_VIRTUAL_CLUSTER, "p", "v"), 1);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTER, "p", "v"), 0);
	fixture_free(f);
}

static void what_has_no_row_is_asked_every_time(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	for (size_t i = 1; i <= 3; i++) {
		buf_fini(&f->out);
		assert_true(palette_profile_packs(f->palette, "p", "a", &f->out, &f->err));
		buf_fini(&f->out);
		assert_true(palette_account(f->palette, "p", "aws", "a", &f->out, &f->err));
		assert_int_equal(f->http.count, 2 * i);
	}
	fixture_free(f);
}

static void create(struct fixture *f, bool works)
{
	buf_fini(&f->out);
	assert_int_equal(
		palette_create_cluster(f->palette, "p", "eks", "n", TEXT("{}"), &f->out, &f->err),
		works);
}

static void a_change_drops_what_is_kept(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	fixture_open(f, TEXT("session-a"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	fixture_open(f, TEXT("session-b"), 60000);
	create(f, true);
	fixture_open(f, TEXT("session-a"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	atomic_store(&u.changes, 502); /* who knows what became of that */
	create(f, false);
	assert_true(f->err.maybe_done);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	atomic_store(&u.changes, 422); /* nothing */
	create(f, false);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 0);
	fixture_free(f);
}

static void a_refused_session_drops_what_was_its_own(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	fixture_open(f, TEXT("session-a"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	atomic_store(&u.status, 401);
	buf_fini(&f->out);
	assert_false(palette_kubeconfig(f->palette, "p", "a", true, &f->out, &f->err));
	assert_true(f->err.reauthenticate);
	assert_false(reads(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL));
	fixture_open(f, (struct text){NULL, 0}, 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 0);
	fixture_free(f);
}

static void anew_is_asked_for_and_kept(void **state)
{
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, NULL, NULL), 2);
	palette_set_anew(f->palette, true);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, NULL, NULL), 2);
	palette_set_anew(f->palette, false);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, NULL, NULL), 0);
	fixture_free(f);
}

/* ---- past its time ---- */

static bool run_at_once(void *context, void *item)
{
	atomic_uint *runs = context;

	atomic_fetch_add(runs, 1);
	palette_refresh(NULL, item);
	return true;
}

static void a_refresh_asks_with_the_same_credential(void **state)
{
	struct palette_cache_statistics statistics;
	atomic_uint runs = 0;
	struct upstream u;
	struct fixture *f = fixture_keeping(&u);

	(void)state;
	palette_client_refresh_by(f->client, run_at_once, &runs);
	f->config.cache.lists_ms = 2000;
	fixture_open(f, TEXT("session-a"), 60000);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	clock_sleep_ms(2050);
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 1);
	assert_int_equal(atomic_load(&runs), 1);
	assert_string_equal(f->http.requests[1].authorization, "session-a");
	assert_string_equal(f->http.requests[1].project, "p");
	assert_int_equal(cost(f, PALETTE_DOCUMENT_CLUSTERS, "p", NULL), 0);
	palette_client_cache_statistics(f->client, &statistics);
	assert_int_equal(statistics.stale, 1);
	assert_int_equal(statistics.entries, 1);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_scope_and_object_is_a_question_of_its_own),
		cmocka_unit_test(each_credential_has_its_own),
		cmocka_unit_test(a_virtual_cluster_is_a_cluster_of_its_type),
		cmocka_unit_test(what_has_no_row_is_asked_every_time),
		cmocka_unit_test(a_change_drops_what_is_kept),
		cmocka_unit_test(a_refused_session_drops_what_was_its_own),
		cmocka_unit_test(anew_is_asked_for_and_kept),
		cmocka_unit_test(a_refresh_asks_with_the_same_credential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
