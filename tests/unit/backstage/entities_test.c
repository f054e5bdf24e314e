/* Palette's objects in the catalog: which questions are asked, what is taken from the answers. */
#include "unit/backstage/host.h"

#define P "terasky.backstage.io/"

/* A cluster's entity; its annotations in addition to the id. */
#define CLUSTER(name, title, annotations)                                               \
	"{\"kind\":\"Resource\",\"metadata\":{\"name\":\"" name "\",\"title\":\"" title \
	"\",\"annotations\":{\"" P "cluster-id\":\"id-" name "\"" annotations           \
	"}},\"spec\":{\"type\":\"spectrocloud-cluster\"}}"
#define LIST(items) "{\"items\":[" items "],\"totalItems\":1,\"pageInfo\":{}}"

static const struct catalog_entity *nothing = (const struct catalog_entity *)"";

struct found {
	const struct catalog_entity *items;
	size_t count;
	struct error err;
};

static bool find(struct host *h, const char *title, struct found *f)
{
	const struct backstage_call call = host_call(h);
	const struct principal ada = host_principal(h, "user:default/ada");

	*f = (struct found){.items = nothing, .count = 77};
	return backstage_entities(h->b, &call, &ada, CATALOG_CLUSTER, title, &f->items, &f->count,
				  &f->err);
}

static bool find_users(struct host *h, struct found *f)
{
	const struct backstage_call call = host_call(h);
	const struct principal ada = host_principal(h, "user:default/ada");

	*f = (struct found){.items = nothing, .count = 77};
	return backstage_profile_users(h->b, &call, &ada, CATALOG_CLUSTER, &f->items, &f->count,
				       &f->err);
}

static bool find_ref(struct host *h, const char *ref, struct catalog_entity *e, struct error *err)
{
	const struct backstage_call call = host_call(h);
	const struct principal ada = host_principal(h, "user:default/ada");

	return backstage_entity(h->b, &call, &ada, CATALOG_CLUSTER, ref, e, err);
}

static void answers(struct host *h, const char *body)
{
	h->entity_status = 200;
	h->entity = body;
}

static void fails_as(struct host *h, enum error_kind kind, const char *title, const char *message)
{
	struct found f;

	assert_false(find(h, title, &f));
	assert_int_equal(f.err.kind, kind);
	if (strstr(f.err.message, message) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f.err.message, message);
	assert_ptr_equal(f.items, nothing);
	assert_int_equal(f.count, 77);
}

static void fails(struct host *h, const char *title, const char *message)
{
	fails_as(h, ERROR_UNAVAILABLE, title, message);
}

/* ---- what is read ---- */

static void all_that_the_ingestor_wrote(void **state)
{
	struct host *h = *state;
	const struct catalog_entity *e;
	struct found f;

	answers(h,
		LIST("{\"kind\":\"resource\",\"metadata\":{\"name\":\"Prod-Web\",\"namespace\":"
		     "\"Ops\","
		     "\"title\":\"web\",\"annotations\":{"
		     "\"" P "cluster-id\":\"c1\",\"" P "project-id\":\"p1\",\"" P
		     "project-name\":\"Prod\",\"" P "instance\":\"eu\",\"" P
		     "scope\":\"project\",\"" P "cloud-type\":\"eks\",\"" P
		     "state\":\"Running\",\"" P "kubernetes-version\":\"1.30.1\",\"" P
		     "cluster-profile-refs\":\"[{\\\"name\\\":\\\"n\\\",\\\"uid\\\":\\\"u\\\"}]\","
		     "\"other.io/cluster-id\":\"not this\"}},"
		     "\"spec\":{\"type\":\"spectrocloud-cluster\"}}"));
	assert_true(find(h, "web", &f));
	assert_int_equal(f.count, 1);
	e = &f.items[0];
	assert_string_equal(e->ref, "resource:ops/prod-web");
	assert_string_equal(e->title, "web");
	assert_string_equal(e->uid, "c1");
	assert_string_equal(e->project, "p1");
	assert_string_equal(e->project_name, "Prod");
	assert_string_equal(e->instance, "eu");
	assert_string_equal(e->scope, "project");
	assert_string_equal(e->cloud_type, "eks");
	assert_string_equal(e->state, "Running");
	assert_string_equal(e->kubernetes_version, "1.30.1");
	assert_true(text_is(e->profile_refs, "[{\"name\":\"n\",\"uid\":\"u\"}]"));
	assert_int_equal(e->versions.len, 0);
	assert_null(e->version);
}

static void a_profile_has_its_versions(void **state)
{
	struct host *h = *state;
	const struct backstage_call call = host_call(h);
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct catalog_entity *found;
	struct error err;
	size_t count;

	answers(h, LIST("{\"kind\":\"Resource\",\"metadata\":{\"name\":\"p\",\"title\":\"base\","
			"\"annotations\":{\"" P "profile-id\":\"u2\",\"" P "project-id\":\"\",\"" P
			"cluster-id\":\"no\",\"" P
			"profile-versions\":\" [{\\\"uid\\\":\\\"u1\\\"}] \",\"" P
			"cluster-profile-refs\":\"{\\\"no\\\":\\\"array\\\"}\",\"" P
			"profile-type\":\"add-on\",\"" P "profile-status\":\"draft\",\"" P
			"version\":\"1.0.0\",\"" P "latest-version\":\"1.1.0\"}},"
			"\"spec\":{\"type\":\"spectrocloud-cluster-profile\"}}"));
	assert_true(backstage_entities(h->b, &call, &ada, CATALOG_PROFILE, "base", &found, &count,
				       &err));
	assert_int_equal(count, 1);
	assert_string_equal(found->uid, "u2");
	assert_null(found->project);
	assert_true(text_is(found->versions, "[{\"uid\":\"u1\"}]"));
	assert_int_equal(found->profile_refs.len, 0);
	assert_string_equal(found->profile_type, "add-on");
	assert_string_equal(found->profile_status, "draft");
	assert_string_equal(found->version, "1.0.0");
	assert_string_equal(found->latest_version, "1.1.0");
	assert_non_null(strstr((const char *)h->http.requests[0].body.ptr,
			       "\"spec.type\":\"spectrocloud-cluster-profile\""));
}

static void odd_items_are_passed_over(void **state)
{
	struct host *h = *state;
	struct found f;

	answers(h, LIST("null,7,\"x\",[],{},{\"kind\":null},"
			"{\"kind\":\"Resource\"},{\"kind\":\"Resource\",\"spec\":7},"
			"{\"kind\":\"Resource\",\"spec\":{\"type\":\"spectrocloud-cluster\"}},"
			"{\"kind\":\"Resource\",\"metadata\":[],\"spec\":{\"type\":\"spectrocloud-"
			"cluster\"}},"
			"{\"kind\":\"Component\",\"metadata\":{\"name\":\"a\",\"title\":\"web\"},"
			"\"spec\":{\"type\":\"spectrocloud-cluster\"}},"
			"{\"kind\":\"Resource\",\"metadata\":{\"name\":\"a\",\"title\":\"web\"},"
			"\"spec\":{\"type\":\"spectrocloud-cluster-profile\"}},"
			"{\"kind\":\"Resource\",\"metadata\":{\"name\":\"a\",\"title\":\"other\"},"
			"\"spec\":{\"type\":\"spectrocloud-cluster\"}},"
			"{\"kind\":\"Resource\",\"metadata\":{\"name\":\"b\",\"title\":\"web\","
			"\"annotations\":null},\"spec\":{\"type\":\"spectrocloud-cluster\"}},"
			"{\"kind\":\"Resource\",\"metadata\":{\"name\":\"c\",\"title\":\"web\","
			"\"annotations\":{\"" P "cluster-id\":7,\"" P "project-id\":null,\"" P
			"cluster-profile-refs\":\"[\"}},"
			"\"spec\":{\"type\":\"spectrocloud-cluster\"}}"));
	assert_true(find(h, "web", &f));
	assert_int_equal(f.count, 2);
	assert_string_equal(f.items[0].ref, "resource:default/b");
	assert_string_equal(f.items[1].ref, "resource:default/c");
	for (size_t i = 0; i < 2; i++) {
		assert_null(f.items[i].uid);
		assert_null(f.items[i].project);
		assert_int_equal(f.items[i].profile_refs.len, 0);
	}
}

static void the_exact_title_wins(void **state)
{
	struct host *h = *state;
	struct found f;

	answers(h, LIST(CLUSTER("a", "WEB", "") "," CLUSTER("b", "web", "") "," CLUSTER(
			   "c", "Web", "") "," CLUSTER("d", "web", "")));
	assert_true(find(h, "web", &f));
	assert_int_equal(f.count, 2);
	assert_string_equal(f.items[0].ref, "resource:default/b");
	assert_string_equal(f.items[1].ref, "resource:default/d");
	assert_true(find(h, "wEb", &f));
	assert_int_equal(f.count, 4);
	/* What the catalog folds and we do not. */
	answers(h, LIST(CLUSTER("a", "B\xC3\x84R", "")));
	assert_true(find(h, "b\xC3\xA4r", &f));
	assert_int_equal(f.count, 1);
}

static void who_may_not_see_it_finds_nothing(void **state)
{
	struct host *h = *state;
	struct found f;

	answers(h, LIST(""));
	assert_true(find(h, "web", &f));
	assert_int_equal(f.count, 0);
}

/* ---- what is asked ---- */

#define FIELDS                                                                              \
	"\"fields\":[\"kind\",\"metadata.name\",\"metadata.namespace\",\"metadata.title\"," \
	"\"metadata.annotations\",\"spec.type\"]"

static void any_title_is_asked_for(void **state)
{
	struct host *h = *state;
	struct found f;

	answers(h, LIST(""));
	assert_true(find(h, "a, \"b\" & c=d \xC3\xA4", &f));
	assert_int_equal(h->http.count, 1);
	assert_string_equal(h->http.requests[0].method, "POST");
	assert_string_equal(h->http.requests[0].path, "/api/catalog/entities/by-query");
	assert_memory_equal(h->http.requests[0].authorization, "Bearer ", 7);
	assert_true(text_is(h->http.requests[0].body,
			    "{\"query\":{\"kind\":\"Resource\",\"spec.type\":\"spectrocloud-"
			    "cluster\",\"metadata.title\":\"a, \\\"b\\\" & c=d \xC3\xA4\"},"
			    "\"limit\":200," FIELDS "}"));
}

/* Longer than what the catalog can look for. */
static void a_long_title_is_looked_for_here(void **state)
{
	struct host *h = *state;
	char title[300];
	struct found f;

	memset(title, 'x', sizeof title);
	title[sizeof title - 1] = '\0';
	answers(h, arena_printf(&h->arena, LIST(CLUSTER("a", "xxx", "") "," CLUSTER("b", "%s", "")),
				title));
	assert_true(find(h, title, &f));
	assert_int_equal(f.count, 1);
	assert_string_equal(f.items[0].ref, "resource:default/b");
	assert_null(strstr(h->http.requests[0].body.ptr, "metadata.title\":"));
}

/* A catalog that has no POST /entities/by-query. */
static void old_catalog(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	struct host *h = context;

	if (strcmp(request->method, "POST") == 0) {
		answer->status = h->entity_status;
		return;
	}
	answer->status = 200;
	buf_add_string(answer->body, h->entity);
}

#define QUERY_FIELDS                                                            \
	"&limit=200&fields=kind&fields=metadata.name&fields=metadata.namespace" \
	"&fields=metadata.title&fields=metadata.annotations&fields=spec.type"

static void an_old_catalog_is_asked_with_a_filter(void **state)
{
	static const int statuses[] = {404, 405, 400, 501};
	struct found f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct host h;

		host_open(&h);
		host_start(&h);
		h.catalog = old_catalog;
		h.entity_status = statuses[i];
		h.entity = LIST(CLUSTER("a", "web&co=x", ""));
		assert_true(find(&h, "web&co=x", &f));
		assert_int_equal(f.count, 1);
		assert_int_equal(h.http.count, 2);
		assert_string_equal(h.http.requests[1].method, "GET");
		assert_string_equal(h.http.requests[1].path,
				    "/api/catalog/entities/by-query?filter=kind%3Dresource%2C"
				    "spec.type%3Dspectrocloud-cluster%2Cmetadata.title%3D"
				    "web%26co%3Dx" QUERY_FIELDS);
		/* It is known by then. */
		assert_true(find(&h, "web&co=x", &f));
		assert_int_equal(h.http.count, 3);
		host_close(&h);
	}
}

static void what_a_filter_cannot_say_is_compared_here(void **state)
{
	static const char *const titles[] = {"a, b", " a", "a ", "\xC2\xA0z"};
	struct host *h = *state;
	struct found f;

	h->catalog = old_catalog;
	h->entity_status = 404;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		h->entity = arena_printf(&h->arena,
					 LIST(CLUSTER("x", "a", "") "," CLUSTER("y", "%s", "")),
					 titles[i]);
		assert_true(find(h, titles[i], &f));
		assert_int_equal(f.count, 1);
		assert_string_equal(f.items[0].ref, "resource:default/y");
		assert_string_equal(h->http.requests[h->http.count - 1].path,
				    "/api/catalog/entities/by-query?filter=kind%3Dresource%2C"
				    "spec.type%3Dspectrocloud-cluster" QUERY_FIELDS);
	}
}

/* ---- pages ---- */

/* The number of the page that is asked for: {"cursor":"N"} or cursor=N; the first has none. */
static int page_number(const struct canned_request *request)
{
	const char *cursor = strstr(request->path, "cursor=");

	if (cursor != NULL)
		return atoi(cursor + strlen("cursor="));
	cursor = request->body.len > 0 ? strstr(request->body.ptr, "\"cursor\":\"") : NULL;
	return cursor == NULL ? 0 : atoi(cursor + strlen("\"cursor\":\""));
}

static void two_a_page(struct canned_answer *answer, int page, const char *next)
{
	answer->status = 200;
	buf_printf(answer->body,
		   "{\"items\":[" CLUSTER("c%d-0", "web", "") "," CLUSTER(
			   "c%d-1", "web", "") "],"
					       "\"pageInfo\":{\"nextCursor\":%s}}",
		   page, page, page, page, next);
}

static void three_pages(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	static const char *const next[] = {"\"1\"", "\"2\"", "null"};
	int page = page_number(request);

	(void)context;
	assert_in_range(page, 0, 2);
	two_a_page(answer, page, next[page]);
}

static void three_old_pages(void *context, const struct canned_request *request,
			    struct canned_answer *answer)
{
	if (strcmp(request->method, "POST") == 0)
		answer->status = 404;
	else
		three_pages(context, request, answer);
}

static void all_pages_are_read(void **state)
{
	struct host *h = *state;
	struct found f;

	h->catalog = three_pages;
	assert_true(find(h, "web", &f));
	assert_int_equal(h->http.count, 3);
	assert_int_equal(f.count, 6);
	assert_string_equal(f.items[0].ref, "resource:default/c0-0");
	assert_string_equal(f.items[5].ref, "resource:default/c2-1");
	assert_true(
		text_is(h->http.requests[1].body, "{\"cursor\":\"1\",\"limit\":200," FIELDS "}"));
	canned_http_forget(&h->http);
	h->catalog = three_old_pages;
	assert_true(find(h, "web", &f));
	assert_int_equal(f.count, 6);
	assert_int_equal(h->http.count, 4);
	assert_string_equal(h->http.requests[2].path,
			    "/api/catalog/entities/by-query?cursor=1" QUERY_FIELDS);
}

static void same_page(void *context, const struct canned_request *request,
		      struct canned_answer *answer)
{
	(void)context;
	(void)request;
	two_a_page(answer, 1, "\"1\"");
}

static void empty_page(void *context, const struct canned_request *request,
		       struct canned_answer *answer)
{
	(void)context;
	(void)request;
	answer->status = 200;
	buf_add_string(answer->body, "{\"items\":[],\"pageInfo\":{\"nextCursor\":\"1\"}}");
}

static void endless_pages(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	int page = page_number(request) + 1;
	char next[32];

	(void)context;
	snprintf(next, sizeof next, "\"%d\"", page);
	two_a_page(answer, page, next);
}

static void second_page_fails(void *context, const struct canned_request *request,
			      struct canned_answer *answer)
{
	(void)context;
	if (page_number(request) == 1)
		answer->status = 404;
	else
		two_a_page(answer, 0, "\"1\"");
}

static void pages_that_are_not_usable(void **state)
{
	struct host *h = *state;

	h->catalog = same_page;
	fails(h, "web", "its pages do not end");
	assert_int_equal(h->http.count, 2);
	h->catalog = empty_page;
	fails(h, "web", "a page without entities says that more follow");
	h->catalog = second_page_fails;
	fails(h, "web", "it answered with 404");
	h->catalog = endless_pages;
	fails_as(h, ERROR_UPSTREAM, "web", "more than 1000 cluster entities of this title");
	h->catalog = NULL;
	answers(h, "{\"items\":[],\"totalItems\":10001}");
	fails_as(h, ERROR_UPSTREAM, "web", "more than 10000 cluster entities");
}

static void what_is_no_answer(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *says;
	} cases[] = {
		{500, "{}", "it answered with 500"},
		{401, "{}", "it answered with 401"},
		{403, "{}", "it answered with 403"},
		{302, "", "it answered with 302"},
		{200, "", "no list of entities"},
		{200, "<html>", "no list of entities"},
		{200, "[]", "no list of entities"},
		{200, "{\"items\":{}}", "no list of entities"},
		{200, "{\"items\":[]} x", "no list of entities"},
		{200, "{\"items\":[],\"pageInfo\":{\"nextCursor\":7}}", "next page"},
		{200, "{\"items\":[],\"pageInfo\":{\"nextCursor\":\"\"}}", "next page"},
		{200, LIST(CLUSTER("", "web", "")), "has no name"},
	};
	struct host *h = *state;
	struct catalog_entity e = {.ref = "untouched"};
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		h->entity_status = cases[i].status;
		h->entity = cases[i].body;
		fails(h, "web", cases[i].says);
		assert_false(find_ref(h, "x", &e, &err));
		assert_int_equal(err.kind, ERROR_UNAVAILABLE);
		assert_string_equal(e.ref, "untouched");
	}
	h->entity_status = 0;
	fails(h, "web", "The catalog could not be asked for cluster entities");
	fails(h, "web", "The catalog does not answer");
}

/* ---- the other lookups ---- */

static void clusters_that_use_profiles(void **state)
{
	struct host *h = *state;
	struct found f;

	answers(h, LIST(CLUSTER("a", "x", ",\"" P "cluster-profile-refs\":\"[]\"") "," CLUSTER(
			   "b", "y", "")));
	assert_true(find_users(h, &f));
	assert_int_equal(f.count, 2);
	assert_true(text_is(f.items[0].profile_refs, "[]"));
	assert_true(text_is(h->http.requests[0].body,
			    "{\"query\":{\"kind\":\"Resource\",\"spec.type\":\"spectrocloud-"
			    "cluster\",\"metadata.annotations." P
			    "cluster-profile-refs\":{\"$exists\":true}},\"limit\":200," FIELDS
			    "}"));
	canned_http_forget(&h->http);
	h->catalog = old_catalog;
	h->entity_status = 404;
	assert_true(find_users(h, &f));
	assert_string_equal(h->http.requests[1].path,
			    "/api/catalog/entities/by-query?filter=kind%3Dresource%2C"
			    "spec.type%3Dspectrocloud-cluster%2Cmetadata.annotations."
			    "terasky.backstage.io%2Fcluster-profile-refs" QUERY_FIELDS);
}

static void another_prefix(void **state)
{
	struct host *h = *state;
	struct found f;

	h->config.annotation_prefix = "example.org";
	answers(h, LIST(CLUSTER("a", "web", ",\"example.org/cluster-id\":\"mine\"")));
	assert_true(find(h, "web", &f));
	assert_string_equal(f.items[0].uid, "mine");
	assert_true(find_users(h, &f));
	assert_non_null(strstr(h->http.requests[1].body.ptr,
			       "\"metadata.annotations.example.org/cluster-profile-refs\""));
}

static void by_reference(void **state)
{
	struct host *h = *state;
	struct catalog_entity e;
	struct error err;

	answers(h, "{\"items\":[" CLUSTER("a", "web", "") "]}");
	assert_true(find_ref(h, "Resource:Default/A", &e, &err));
	assert_string_equal(e.ref, "resource:default/a");
	assert_string_equal(e.uid, "id-a");
	assert_string_equal(h->http.requests[0].path, "/api/catalog/entities/by-refs");
	assert_true(text_is(h->http.requests[0].body,
			    "{\"entityRefs\":[\"resource:default/a\"]," FIELDS "}"));
	answers(h, "{\"items\":[null]}");
	assert_true(find_ref(h, "a", &e, &err));
	assert_null(e.ref);
	/* Of another type. */
	answers(h, "{\"items\":[{\"kind\":\"Resource\",\"metadata\":{\"name\":\"a\"},\"spec\":{"
		   "\"type\":\"spectrocloud-cluster-profile\"}}]}");
	e.ref = "set";
	assert_true(find_ref(h, "default/a", &e, &err));
	assert_null(e.ref);
	answers(h, "{\"items\":[null,null]}");
	assert_false(find_ref(h, "a", &e, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
}

static void what_is_no_reference(void **state)
{
	static const char *const refs[] = {"",    ":",     "a:",    ":a",   "a/",
					   "/a",  "a/b/c", "a:b:c", "a:/c", "a b",
					   "a,b", "../x",  "a\"b",  "a:b/", "\xC3\xA4"};
	struct host *h = *state;
	struct catalog_entity e;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
		assert_false(find_ref(h, refs[i], &e, &err));
		assert_int_equal(err.kind, ERROR_INPUT);
	}
	assert_int_equal(h->http.count, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, host_begin, host_end)
	const struct CMUnitTest tests[] = {
		TEST(all_that_the_ingestor_wrote),
		TEST(a_profile_has_its_versions),
		TEST(odd_items_are_passed_over),
		TEST(the_exact_title_wins),
		TEST(who_may_not_see_it_finds_nothing),
		TEST(any_title_is_asked_for),
		TEST(a_long_title_is_looked_for_here),
		cmocka_unit_test(an_old_catalog_is_asked_with_a_filter),
		TEST(what_a_filter_cannot_say_is_compared_here),
		TEST(all_pages_are_read),
		TEST(pages_that_are_not_usable),
		TEST(what_is_no_answer),
		TEST(clusters_that_use_profiles),
		TEST(another_prefix),
		TEST(by_reference),
		TEST(what_is_no_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
