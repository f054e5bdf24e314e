/*
 * What is asked before a creation, against a Palette of the test's: each fault and where it stands,
 * what is only a warning, what fails the call, and how many rounds it takes.
 */
#include "unit/op/creating.h"
#include "unit/palette/fixture.h"

#include "op/create_names.h"
#include "op/rows.h"
#include "json/json.h"

enum { MOST_ROWS = 8 };

static struct creating_row rows[MOST_ROWS + 1];
static struct fixture *f;
static struct call call;
static struct call_input inputs[1];
static struct result result;

static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *canned)
{
	(void)context;
	if (strcmp(request->method, "GET") == 0) {
		creating_answer(rows, request, canned);
		return;
	}
	canned->status = 201;
	buf_add_string(canned->body, "{\"uid\":\"new\"}");
}

static int set_up(void **state)
{
	(void)state;
	memset(rows, 0, sizeof rows);
	f = fixture_new(answer, NULL);
	f->config.upstream_parallel = 16;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(f);
	return 0;
}

static void put_row(size_t i, const char *path, int status, const char *body)
{
	rows[i] = (struct creating_row){path, NULL, HTTP_FETCH_DONE, status, body};
}

/* Posts to /clusters, or with wrapped to /virtualclusters. */
static bool create(const char *body, bool in_project, bool wrapped)
{
	const struct op *op = &cluster_create_ops[wrapped ? 1 : 0];

	canned_http_forget(&f->http);
	inputs[0] = (struct call_input){IN_QUERY, TEXT("projectUid"), TEXT("p1")};
	call = (struct call){
		.arena = &f->arena,
		.op = op,
		.inputs = inputs,
		.input_count = in_project ? 1 : 0,
		.body = text_of(arena_copy(&f->arena, text_of(body))),
		.palette = f->palette,
	};
	result = (struct result){.status = 201};
	f->err = (struct error){.message = ""};
	return call_read_params(&call, op, &f->err) && op->run(&call, &result, &f->err);
}

static size_t posts(void)
{
	return canned_http_count(&f->http, "POST", NULL, NULL);
}

/* "pointer message" lines of all faults, sorted as they came. */
static const char *faults(void)
{
	const char *all = "";
	struct json_walk walk;
	struct text list;
	struct text item;

	if (!json_member(f->err.details, "faults", &list))
		return f->err.message;
	walk = json_walk_begin(list);
	while (json_walk_item(&walk, &item))
		all = arena_printf(&f->arena, "%s%s %s\n", all,
				   json_string_at(&f->arena, item, "/pointer", "?"),
				   json_string_at(&f->arena, item, "/message", "?"));
	return all;
}

static void assert_created(bool ok)
{
	if (!ok)
		fail_msg("%s", f->err.message);
	assert_int_equal(posts(), 1);
}

static void assert_faults(bool ok, const char *expected)
{
	assert_false(ok);
	assert_string_equal(faults(), expected);
	assert_int_equal(f->err.kind, ERROR_INPUT);
	assert_int_equal(posts(), 0);
}

static const char *warning(void)
{
	return json_string_at(&f->arena, result.body, "/warnings/0/message", "");
}

/* ---- bodies ---- */

#define POOL_CONFIG "\"poolConfig\":{\"name\":\"w\",\"size\":1,\"labels\":[]}"
#define EKS_WITH(account, profiles)                                                               \
	"{\"metadata\":{\"name\":\"e1\"},\"spec\":{\"cloudType\":\"eks\",\"cloudAccountUid\":"    \
	"\"" account "\",\"cloudConfig\":{\"region\":\"r\"},\"machinepoolconfig\":[{" POOL_CONFIG \
	"}],\"profiles\":[" profiles "]}}"
#define PALETTE_EKS EKS_WITH("a1", "{\"uid\":\"base-eks\"}")
#define PALETTE_VSPHERE                                                                            \
	"{\"metadata\":{\"name\":\"v1\"},\"spec\":{\"cloudType\":\"vsphere\",\"cloudAccountUid\":" \
	"\"a1\",\"profiles\":[{\"uid\":\"base-vsphere\"}],\"cloudConfig\":{\"placement\":{"        \
	"\"datacenter\":\"dc1\",\"folder\":\"f1\"}},\"machinepoolconfig\":[{" POOL_CONFIG          \
	",\"cloudConfig\":{\"instanceType\":{\"numCPUs\":4,\"memoryMiB\":8192,\"diskGiB\":60},"    \
	"\"placements\":[{\"cluster\":\"c1\",\"datastore\":\"ds1\",\"resourcePool\":\"\","         \
	"\"network\":{\"networkName\":\"n1\",\"parentPoolUid\":\"ip1\"}}]}}]}}"
#define FLAT_VIRTUAL \
	"{\"cloudType\":\"virtual\",\"name\":\"v1\",\"clusterGroupUid\":\"g1\",\"cpuCores\":8}"
#define HOSTED "{\"cloudType\":\"virtual\",\"name\":\"v1\",\"hostClusterUid\":\"h1\"}"
#define WRAPPED                                                                                  \
	"{\"clusterConfig\":{\"metadata\":{\"name\":\"v1\"},\"spec\":{\"cloudType\":\"nested\"," \
	"\"clusterConfig\":{\"hostClusterConfig\":{\"clusterGroup\":{\"uid\":\"g1\"}}},"         \
	"\"machinepoolconfig\":[{\"cloudConfig\":{\"instanceType\":{\"maxCPU\":9,"               \
	"\"minMemInMiB\":20000}}}]}}}"

/* ---- good bodies ---- */

static void good_bodies_pass_in_two_rounds_at_most(void **state)
{
	static const struct {
		const char *body;
		size_t requests; /* in a project, with the creation */
		size_t batches;
	} bodies[] = {
		{CREATING_EKS, 8, 2},    {PALETTE_EKS, 5, 2},  {CREATING_VSPHERE, 10, 3},
		{PALETTE_VSPHERE, 9, 3}, {FLAT_VIRTUAL, 4, 2}, {HOSTED, 4, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		assert_created(create(bodies[i].body, true, false));
		assert_int_equal(f->http.count, bodies[i].requests);
		assert_int_equal(f->http.batches, bodies[i].batches);
		assert_string_equal(warning(), "");
		assert_created(create(bodies[i].body, false, false));
		assert_true(f->http.count < bodies[i].requests);
	}
}

static void an_account_may_be_the_tenants(void **state)
{
	(void)state;
	rows[0] = (struct creating_row){"/v1/cloudaccounts/vsphere/a1", "p1", HTTP_FETCH_DONE, 403,
					"{}"};
	assert_created(create(PALETTE_VSPHERE, true, false));
	assert_int_equal(canned_http_count(&f->http, "GET",
					   "/v1/cloudaccounts/vsphere/a1/properties/datacenters",
					   NULL),
			 1);
	assert_int_equal(canned_http_count(&f->http, "GET",
					   "/v1/cloudaccounts/vsphere/a1/properties/datacenters",
					   "p1"),
			 0);
}

static void the_group_says_how_it_is_reached(void **state)
{
	struct text entity;
	struct text type;

	(void)state;
	assert_created(create(FLAT_VIRTUAL, true, false));
	entity = f->http.requests[f->http.count - 1].body;
	assert_true(json_at(entity, "/spec/clusterConfig/hostClusterConfig/clusterEndpoint/type",
			    &type));
	assert_true(json_string_is(type, "Ingress"));
	put_row(0, "/v1/clustergroups/", 200,
		"{\"spec\":{\"clustersConfig\":{\"endpointType\":\"Carrier pigeon\"}}}");
	assert_created(create(FLAT_VIRTUAL, true, false));
	entity = f->http.requests[f->http.count - 1].body;
	assert_false(
		json_at(entity, "/spec/clusterConfig/hostClusterConfig/clusterEndpoint", &type));
}

/* ---- faults ---- */

#define ACCOUNT(kind, state)                                                                    \
	"{\"kind\":\"" kind "\",\"metadata\":{\"name\":\"acc\"},\"status\":{\"state\":\"" state \
	"\"}}"
#define LISTED(kind, project)                                                                      \
	"{\"items\":[{\"kind\":\"aws\",\"metadata\":{\"uid\":\"b1\",\"name\":\"dev\"}},{\"kind\":" \
	"\"" kind "\",\"metadata\":{\"uid\":\"a1\",\"name\":\"it\",\"annotations\":{"              \
	"\"projectUid\":\"" project "\"}}}]}"
#define NAMES "/v1/dashboard/cloudaccounts/metadata"

/* What Palette answers to one or two questions, and the faults then. */
static const struct {
	const char *body;
	const char *path;
	int status;
	const char *says;
	const char *path_too;
	int status_too;
	const char *says_too;
	const char *faults;
} cases[] = {
	{PALETTE_EKS, "/v1/spectroclusters/validate/", 409, "{}", NULL, 0, NULL,
	 "/metadata/name is taken: there is a cluster of that name in this project\n"},
	{CREATING_EKS, "/v1/spectroclusters/validate/", 400, "{\"message\":\"too odd\"}", NULL, 0,
	 NULL, "/name cannot be taken; Palette says: too odd\n"},

	{CREATING_EKS, "/v1/cloudaccounts/aws/a1", 404, "", NAMES, 403, "",
	 "/cloudAccountUid is no aws account that can be used here\n"},
	{CREATING_EKS, "/v1/cloudaccounts/aws/a1", 403, "", NAMES, 200, LISTED("azure", ""),
	 "/cloudAccountUid is an account for azure, but clusters of kind eks need one for aws\n"},
	{PALETTE_EKS, "/v1/cloudaccounts/aws/a1", 403, "", NAMES, 200, LISTED("aws", "p2"),
	 "/spec/cloudAccountUid is an account of another project\n"},
	{CREATING_EKS, "/v1/cloudaccounts/aws/a1", 400, "", NAMES, 200,
	 "{\"items\":[{\"kind\":\"aws\",\"metadata\":{\"uid\":\"b1\",\"name\":\"d\\u001bev\"}}]}",
	 "/cloudAccountUid is no aws account that can be used here; there are: d\\u001bev (b1)\n"},
	{CREATING_EKS, "/v1/cloudaccounts/aws/a1", 404, "", NAMES, 500, "",
	 "/cloudAccountUid is no aws account that can be used here\n"},
	{CREATING_EKS, "/v1/cloudaccounts/aws/a1", 200, ACCOUNT("aws", "disabled"), NULL, 0, NULL,
	 "/cloudAccountUid is the account acc, which is in state disabled\n"},
	{CREATING_EKS, "/v1/cloudaccounts/aws/a1", 200, ACCOUNT("gcp", "Running"), NULL, 0, NULL,
	 "/cloudAccountUid is an account for gcp, but clusters of kind eks need one for aws\n"},

	{CREATING_EKS, "/v1/clusterprofiles/f1", 404, "", NULL, 0, NULL,
	 "/profileUids/1 is no profile that Palette knows\n"},
	{CREATING_EKS, "/v1/clusterprofiles/f1", 403, "", NULL, 0, NULL,
	 "/profileUids/1 is no profile that can be used in project p1\n"},
	{CREATING_EKS, "/v1/clusterprofiles/f1/variables", 403, "", NULL, 0, NULL,
	 "/profileUids/1 is a profile whose variables Palette does not tell\n"},
	{CREATING_EKS, "/v1/clusterprofiles/f1/variables", 200, "{}", "/v1/clusterprofiles/f1", 200,
	 "{\"spec\":{\"draft\":{\"type\":\"add-on\",\"cloudType\":\"aws\"}}}",
	 "/profileUids/1 is a version of profile f1 that has not been published\n"
	 "/profileUids/1 is the profile f1 for aws, but the cluster is for eks\n"},
	{CREATING_EKS, "/v1/clusterprofiles/f1/variables", 200, "{}", "/v1/clusterprofiles/f1", 200,
	 CREATING_PROFILE("cluster", "eks"),
	 "/profileUids/1 is a second infrastructure profile beside my profile\n"},
	{CREATING_EKS, "/v1/clusterprofiles/base-eks/variables", 200, "{}",
	 "/v1/clusterprofiles/base-eks", 200, CREATING_PROFILE("add-on", "all"),
	 "/profileUids must have one infrastructure profile for eks; these are add-ons\n"},
	{PALETTE_EKS, "/v1/clusterprofiles/base-eks", 200, CREATING_PROFILE("infra", "all"), NULL,
	 0, NULL,
	 "/spec/profiles/0/uid is the profile my profile for all, but the cluster is for eks\n"},
	{PALETTE_EKS, "/v1/clusterprofiles/base-eks", 200,
	 "{\"metadata\":{\"annotations\":{\"projectUid\":\"p2\"}},\"spec\":{\"published\":{"
	 "\"type\":\"infra\",\"cloudType\":\"eks\"}}}",
	 NULL, 0, NULL, "/spec/profiles/0/uid is the profile base-eks of another project\n"},
	{CREATING_VSPHERE, "/v1/overlords/vsphere/", 404, "", NULL, 0, NULL,
	 "/vsphere/ipPoolUid is no IP pool of private cloud gateway mine; there are none\n"},
	{CREATING_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/datacenters", 200,
	 "{\"items\":null}", NULL, 0, NULL,
	 "/vsphere/datacenter is no datacenter of this account; there are none\n"},
	{CREATING_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/datacenters", 200,
	 "{\"items\":[{\"datacenter\":\"dc1\",\"computeclusters\":[\"c9\"],\"folders\":[\"a\","
	 "\"b\","
	 "\"c\",\"d\",\"e\",\"g\",7]}]}",
	 "/v1/cloudaccounts/vsphere/a1/properties/computecluster/", 500, "",
	 "/vsphere/folder is no folder of datacenter dc1; there are: a, b, c, d, e and 1 more\n"
	 "/cloudConfig/computeCluster is no compute cluster of datacenter dc1; did you mean c9? "
	 "There are: c9\n"},
	{PALETTE_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/computecluster/", 200,
	 "{\"computecluster\":{\"datastores\":null,\"networks\":[]}}", NULL, 0, NULL,
	 "/spec/machinepoolconfig/0/cloudConfig/placements/0/datastore is no datastore of compute "
	 "cluster c1; there are none\n"
	 "/spec/machinepoolconfig/0/cloudConfig/placements/0/network/networkName is no network of "
	 "compute cluster c1; there are none\n"},

	{FLAT_VIRTUAL, "/v1/clustergroups/", 404, "", NULL, 0, NULL,
	 "/clusterGroupUid is no cluster group that can be used here\n"},
	{FLAT_VIRTUAL, "/v1/clustergroups/hostCluster/", 200, "{\"items\":[{\"uid\":\"g2\"}]}",
	 "/v1/clustergroups/", 403, "",
	 "/clusterGroupUid is no cluster group that can be used here\n"},
	{FLAT_VIRTUAL, "/v1/clustergroups/", 200,
	 "{\"metadata\":{\"name\":\"g\"},\"status\":{\"isActive\":false}}", NULL, 0, NULL,
	 "/clusterGroupUid is the cluster group g, which is gone\n"},
	{FLAT_VIRTUAL, "/v1/clustergroups/", 200,
	 "{\"metadata\":{\"name\":\"g\"},\"spec\":{\"clustersConfig\":{\"limitConfig\":{"
	 "\"cpuMilliCore\":7999,\"memoryMiB\":8191,\"storageGiB\":19}}}}",
	 NULL, 0, NULL,
	 "/cpuCores is 8, but cluster group g allows at most 7\n"
	 "/memoryGiB is 8, but cluster group g allows at most 7\n"
	 "/storageGiB is 20, but cluster group g allows at most 19\n"},
	{HOSTED, "/v1/dashboard/spectroclusters/", 404, "", NULL, 0, NULL,
	 "/hostClusterUid is no cluster that can be used here\n"},
	{HOSTED, "/v1/dashboard/spectroclusters/", 200, "{\"status\":{\"state\":\"Deleted\"}}",
	 NULL, 0, NULL, "/hostClusterUid is a cluster that has been deleted\n"},
	{HOSTED, "/v1/dashboard/spectroclusters/", 200,
	 "{\"spec\":{\"cloudConfig\":{\"cloudType\":\"nested\"}}}", NULL, 0, NULL,
	 "/hostClusterUid is a virtual cluster, which cannot be the host of another\n"},
};

static void each_fault_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memset(rows, 0, sizeof rows);
		put_row(0, cases[i].path, cases[i].status, cases[i].says);
		if (cases[i].path_too != NULL)
			put_row(1, cases[i].path_too, cases[i].status_too, cases[i].says_too);
		assert_faults(create(cases[i].body, true, false), cases[i].faults);
	}
}

static void a_gateway_that_does_not_run_ends_it(void **state)
{
	(void)state;
	put_row(0, "/v1/overlords/vsphere/", 200, CREATING_POOLS);
	put_row(1, "/v1/overlords", 200,
		"{\"items\":[{\"metadata\":{\"uid\":\"g1\",\"name\":\"mine\"},\"status\":{"
		"\"state\":\"Down\"}}]}");
	put_row(2, "/v1/cloudaccounts/vsphere/a1/properties/", 500, "");
	assert_faults(create(CREATING_VSPHERE, true, false),
		      "/cloudAccountUid is reached through the private cloud gateway mine, which "
		      "is in state Down; it must be Running\n");
	put_row(1, "/v1/overlords", 200,
		"{\"items\":[{\"metadata\":{\"uid\":\"g1\",\"name\":\"System Private Gateway\"},"
		"\"status\":{\"state\":\"Down\"}}]}");
	put_row(2, "/nowhere", 500, "");
	assert_created(create(CREATING_VSPHERE, true, false));
}

static void the_wrapped_body_has_pointers_of_the_request(void **state)
{
#define SIZE "/clusterConfig/spec/machinepoolconfig/0/cloudConfig/instanceType/"
	(void)state;
	assert_faults(create(WRAPPED, true, true),
		      SIZE "maxCPU is 9, but cluster group beehive allows at most 8\n" SIZE
			   "minMemInMiB is 20000, but cluster group beehive allows at most "
			   "16384\n");
}

static void all_faults_come_at_once(void **state)
{
	(void)state;
	put_row(0, "/v1/spectroclusters/validate/", 409, "{}");
	put_row(1, "/v1/clusterprofiles/base-vsphere", 404, "");
	put_row(2, "/v1/overlords/vsphere/", 200, "{\"items\":[]}");
	put_row(3, "/v1/cloudaccounts/vsphere/a1/properties/computecluster/", 200,
		"{\"datacenter\":\"dc1\"}");
	assert_false(create(CREATING_VSPHERE, true, false));
	assert_string_equal(
		faults(),
		"/name is taken: there is a cluster of that name in this project\n"
		"/profileUids/0 is no profile that Palette knows\n"
		"/vsphere/resourcePool is no resource pool of compute cluster c1; there are none\n"
		"/vsphere/datastore is no datastore of compute cluster c1; there are none\n"
		"/vsphere/network is no network of compute cluster c1; there are none\n"
		"/vsphere/ipPoolUid is no IP pool of private cloud gateway mine; there are none\n");
	assert_int_equal(posts(), 0);
}

static void values_of_variables_are_among_them(void **state)
{
	(void)state;
	put_row(0, "/v1/clusterprofiles/f1/variables", 200,
		"{\"variables\":[{\"name\":\"must\",\"required\":true}]}");
	put_row(1, "/v1/cloudaccounts/aws/a1", 200, ACCOUNT("aws", "Error"));
	assert_false(create(CREATING_EKS, true, false));
	assert_non_null(strstr(faults(), "/cloudAccountUid is the account acc"));
	assert_non_null(strstr(faults(), "must"));
	assert_int_equal(posts(), 0);
}

/* ---- what cannot be checked ---- */

static const struct {
	const char *body;
	const char *path;
	const char *warning;
} forbidden[] = {
	{CREATING_EKS, "/v1/spectroclusters/validate/",
	 "Whether the name is free was not checked: Palette does not permit it (status 403)"},
	{CREATING_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/datacenters",
	 "Whether vSphere has what the body names was not checked: Palette does not permit it "
	 "(status 403)"},
	{CREATING_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/computecluster/",
	 "What is in compute cluster c1 was not checked: Palette does not permit it (status 403)"},
	{CREATING_VSPHERE, "/v1/overlords/vsphere/",
	 "Whether the IP pools belong to the gateway was not checked: Palette does not permit it "
	 "(status 403)"},
	{FLAT_VIRTUAL, "/v1/clustergroups/",
	 "Whether the cluster fits into the cluster group was not checked: Palette does not permit "
	 "it (status 403)"},
	{HOSTED, "/v1/dashboard/spectroclusters/",
	 "Whether the cluster can be a host was not checked: Palette does not permit it (status "
	 "403)"},
};

static void a_project_that_is_none_is_not_found(void **state)
{
	(void)state;
	put_row(0, "/v1/spectroclusters/validate/", 400,
		"{\"message\":\"ProjectUid header is not a uid\"}");
	assert_false(create(CREATING_EKS, true, false));
	assert_string_equal(f->err.message, "Project p1 not found");
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_int_equal(posts(), 0);
}

static void what_is_forbidden_is_a_warning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		put_row(0, forbidden[i].path, 403, "{}");
		assert_created(create(forbidden[i].body, true, false));
		assert_string_equal(warning(), forbidden[i].warning);
	}
}

static void forbidden_gateways_are_a_warning(void **state)
{
	(void)state;
	put_row(0, "/v1/overlords/vsphere/", 200, CREATING_POOLS);
	put_row(1, "/v1/overlords", 403, "{}");
	assert_created(create(CREATING_VSPHERE, true, false));
	assert_non_null(strstr(warning(), "Whether the private cloud gateway runs"));
	/* Nobody knows the gateway, and so nobody its pools. */
	put_row(1, "/v1/overlords", 200, "{\"items\":[]}");
	put_row(2, "/v1/cloudaccounts/vsphere/a1/properties/datacenters", 200,
		CREATING_DATACENTERS);
	put_row(3, "/v1/cloudaccounts/vsphere/a1/properties/computecluster/", 200,
		CREATING_RESOURCES);
	put_row(4, "/v1/cloudaccounts/vsphere/a1", 200, ACCOUNT("vsphere", "Running"));
	assert_created(create(CREATING_VSPHERE, true, false));
	assert_non_null(strstr(json_string_at(&f->arena, result.body, "/warnings/1/message", ""),
			       "The IP pools were not checked"));
}

static void an_account_that_is_only_listed_is_a_warning(void **state)
{
	(void)state;
	put_row(0, "/v1/cloudaccounts/aws/a1", 403, "{}");
	put_row(1, NAMES, 200, LISTED("aws", "p1"));
	assert_created(create(PALETTE_EKS, true, false));
	assert_non_null(strstr(warning(), "The state of the cloud account was not checked"));
}

/* ---- failures ---- */

static const struct {
	const char *body;
	const char *path;
} asked[] = {
	{CREATING_EKS, "/v1/spectroclusters/validate/"},
	{CREATING_EKS, "/v1/cloudaccounts/aws/a1"},
	{CREATING_EKS, "/v1/clusterprofiles/base-eks"},
	{CREATING_EKS, "/v1/clusterprofiles/base-eks/variables"},
	{CREATING_VSPHERE, "/v1/overlords"},
	{CREATING_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/datacenters"},
	{CREATING_VSPHERE, "/v1/cloudaccounts/vsphere/a1/properties/computecluster/"},
	{CREATING_VSPHERE, "/v1/overlords/vsphere/"},
	{FLAT_VIRTUAL, "/v1/clustergroups/"},
	{HOSTED, "/v1/dashboard/spectroclusters/"},
};

static const struct {
	enum http_fetch_end end;
	int status;
	const char *body;
	enum error_kind kind;
} failures[] = {
	{HTTP_FETCH_DONE, 500, "{}", ERROR_UPSTREAM},
	{HTTP_FETCH_DONE, 503, "", ERROR_UPSTREAM},
	{HTTP_FETCH_DONE, 429, "", ERROR_UNAVAILABLE},
	{HTTP_FETCH_DONE, 401, "{}", ERROR_UPSTREAM},
	{HTTP_FETCH_TOO_SLOW, 0, "", ERROR_TIMEOUT},
	{HTTP_FETCH_BROKEN, 0, "", ERROR_UPSTREAM},
	{HTTP_FETCH_CANCELLED, 0, "", ERROR_CANCELLED},
	{HTTP_FETCH_DONE, 200, "{", ERROR_UPSTREAM},
	{HTTP_FETCH_DONE, 200, "[]", ERROR_UPSTREAM},
};

static void a_check_that_fails_fails_the_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		for (size_t n = 0; n < ARRAY_LEN(failures); n++) {
			/* The name check has no answer that could be broken. */
			if (failures[n].status == 200 && i == 0)
				continue;
			rows[0] = (struct creating_row){asked[i].path, NULL, failures[n].end,
							failures[n].status, failures[n].body};
			assert_false(create(asked[i].body, true, false));
			assert_int_equal(f->err.kind, failures[n].kind);
			assert_non_null(strstr(f->err.message, "Nothing was created"));
			assert_int_equal(posts(), 0);
		}
	}
}

static void of_two_scopes_one_answer_is_enough(void **state)
{
	(void)state;
	rows[0] = (struct creating_row){"/v1/cloudaccounts/aws/a1", "", HTTP_FETCH_DONE, 500, ""};
	assert_created(create(PALETTE_EKS, true, false));
	rows[1] = (struct creating_row){"/v1/cloudaccounts/aws/a1", "p1", HTTP_FETCH_DONE, 403, ""};
	assert_false(create(PALETTE_EKS, true, false));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
}

/* ---- bounds, and what must not be asked ---- */

static void odd_identifiers_are_asked_of_nobody(void **state)
{
	static const char *const bodies[] = {
		EKS_WITH("../x", "{\"uid\":\"ok\"},{\"uid\":\"a/b\"}"),
		EKS_WITH("a\\u0000", "{\"uid\":\"ok\"},{\"uid\":\"packs\"}"),
		"{\"metadata\":{\"name\":\"v\"},\"spec\":{\"cloudType\":\"nested\","
		"\"clusterConfig\":{"
		"\"hostClusterConfig\":{\"clusterGroup\":{\"uid\":\"a "
		"b\"},\"hostCluster\":{\"uid\":"
		"\"..\"}}},\"machinepoolconfig\":[]}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		assert_false(create(bodies[i], true, false));
		assert_int_equal(f->err.kind, ERROR_INPUT);
		assert_int_equal(f->http.count, 0);
		assert_non_null(
			json_string_at(&f->arena, f->err.details, "/faults/1/pointer", NULL));
	}
}

static void many_profiles_are_asked_about_in_batches(void **state)
{
	const char *list = "{\"uid\":\"base-eks\"}";

	(void)state;
	for (int i = 1; i < ENTITY_MOST_PROFILES; i++)
		list = arena_printf(&f->arena, "%s,{\"uid\":\"f%d\"}", list, i);
	assert_created(create(arena_printf(&f->arena, EKS_WITH("a1", "%s"), list), true, false));
	assert_int_equal(f->http.count, ENTITY_MOST_PROFILES + 4);
	assert_faults(create(arena_printf(&f->arena, EKS_WITH("a1", "%s,{\"uid\":\"more\"}"), list),
			     true, false),
		      "/spec/profiles must have at most 64 items\n");
	assert_int_equal(f->http.count, 0);
}

static void names_are_told_within_bounds(void **state)
{
	struct names names = {.count = 0};
	const char *told;

	(void)state;
	for (int i = 0; i < 1000; i++)
		names_add(&f->arena, &names, arena_printf(&f->arena, "%0200d\x1b[31m", i));
	told = names_tell(&f->arena, &names, "x");
	assert_true(strlen(told) < 500);
	assert_null(strchr(told, '\x1b'));
	assert_non_null(strstr(told, "... and 995 more"));
	/* NOLINTBEGIN(misc-misleading-bidirectional): that is what it is about */
	assert_string_equal(name_shown(&f->arena, "a\x1b\xff\xe2\x80\xae"
						  "b"),
			    "a\\u001b\\xff\\u202eb");
	/* NOLINTEND(misc-misleading-bidirectional) */
	names = (struct names){.count = 0};
	names_read(&f->arena, TEXT("[\"dc1\",\"\",7,\"dc2\"]"), &names);
	assert_int_equal(names.count, 3);
	assert_string_equal(names_tell(&f->arena, &names, "DC3"),
			    "; did you mean dc1? There are: dc1, dc2");
	names_read(&f->arena, TEXT("{\"a\":1}"), &names);
	assert_int_equal(names.count, 3);
	/* Of more than are kept nobody knows what is not there. */
	assert_true(names_lack(&names, "dc3"));
	for (int i = 0; !names.cut && i < 100000; i++)
		names_add(&f->arena, &names, "another");
	assert_true(names.cut);
	assert_false(names_lack(&names, "dc3"));
	assert_false(names_have(&names, "dc3"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(good_bodies_pass_in_two_rounds_at_most),
		TEST(an_account_may_be_the_tenants),
		TEST(the_group_says_how_it_is_reached),
		TEST(each_fault_has_its_place),
		TEST(a_gateway_that_does_not_run_ends_it),
		TEST(the_wrapped_body_has_pointers_of_the_request),
		TEST(all_faults_come_at_once),
		TEST(values_of_variables_are_among_them),
		TEST(a_project_that_is_none_is_not_found),
		TEST(what_is_forbidden_is_a_warning),
		TEST(forbidden_gateways_are_a_warning),
		TEST(an_account_that_is_only_listed_is_a_warning),
		TEST(a_check_that_fails_fails_the_call),
		TEST(of_two_scopes_one_answer_is_enough),
		TEST(odd_identifiers_are_asked_of_nobody),
		TEST(many_profiles_are_asked_about_in_batches),
		TEST(names_are_told_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
