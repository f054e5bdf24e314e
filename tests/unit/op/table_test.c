/* The table of operations: its own check, the documented routes, and how a path finds its row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "op/op.h"

/* The documented routes and what they ask of the caller. */
static const struct {
	const char *method;
	const char *path;
	const char *name;
	enum permit permission;
} routes[] = {
	{"GET", "/health", "service.health", PERMIT_ANYONE},
	{"GET", "/auth/debug", "service.auth_debug", PERMIT_AUTHENTICATED},
	{"GET", "/users/me/projects", "user.projects", PERMIT_AUTHENTICATED},
	{"GET", "/clusters", "cluster.list", PERMIT_VIEW_CLUSTER},
	{"GET", "/clusters/c1", "cluster.get", PERMIT_VIEW_CLUSTER},
	{"GET", "/clusters/c1/kubeconfig", "cluster.kubeconfig", PERMIT_DOWNLOAD_KUBECONFIG},
	{"GET", "/clusters/c1/profiles", "cluster.profiles", PERMIT_VIEW_PACK_VALUES},
	{"GET", "/clusters/c1/pack/manifests/m1", "cluster.manifest", PERMIT_VIEW_PACK_MANIFESTS},
	{"POST", "/clusters", NULL, PERMIT_CREATE_CLUSTER},
	{"GET", "/virtualclusters", "virtual_cluster.list", PERMIT_VIEW_CLUSTER},
	{"GET", "/virtualclusters/c1", "virtual_cluster.get", PERMIT_VIEW_CLUSTER},
	{"GET", "/virtualclusters/c1/kubeconfig", "virtual_cluster.kubeconfig",
	 PERMIT_DOWNLOAD_KUBECONFIG},
	{"POST", "/virtualclusters", NULL, PERMIT_CREATE_CLUSTER},
	{"GET", "/clustergroups", "cluster_group.list", PERMIT_VIEW_CLUSTER},
	{"GET", "/clustergroups/g1", "cluster_group.get", PERMIT_VIEW_CLUSTER},
	{"GET", "/projects", "project.list", PERMIT_VIEW_CLUSTER},
	{"GET", "/projects/p1/profiles", "project.profiles", PERMIT_VIEW_PROFILE},
	{"GET", "/profiles/f1", "profile.get", PERMIT_VIEW_PROFILE},
	{"POST", "/profiles/search", "profile.search", PERMIT_VIEW_PROFILE},
	{"GET", "/profiles/f1/packs", "profile.packs", PERMIT_VIEW_PACK_VALUES},
	{"GET", "/profiles/f1/variables", "profile.variables", PERMIT_VIEW_PROFILE},
	{"GET", "/cloudaccounts/aws", "cloud_account.list", PERMIT_VIEW_CLUSTER},
	{"GET", "/cloudaccounts/aws/a1", "cloud_account.get", PERMIT_VIEW_CLUSTER},
	{"GET", "/cloudaccounts/vsphere/a1/metadata", "cloud_account.vsphere_metadata",
	 PERMIT_VIEW_CLUSTER},
	{"GET", "/cloudaccounts/vsphere/a1/computecluster/resources",
	 "cloud_account.vsphere_resources", PERMIT_VIEW_CLUSTER},
	{"GET", "/users/sshkeys", "user.ssh_keys", PERMIT_VIEW_CLUSTER},
	{"GET", "/overlords", "overlord.list", PERMIT_VIEW_CLUSTER},
	{"GET", "/overlords/vsphere/o1/pools", "overlord.vsphere_pools", PERMIT_VIEW_CLUSTER},
};

static int arena_begin(void **state)
{
	static struct arena a;

	arena_init(&a);
	*state = &a;
	return 0;
}

static int arena_end(void **state)
{
	arena_fini(*state);
	return 0;
}

static struct op_match match(struct arena *a, const char *method, const char *path)
{
	struct op_match m;

	op_match_path(a, NULL, text_of(method), text_of(path), false, &m);
	return m;
}

static void the_table_agrees_with_itself(void **state)
{
	struct error err;

	(void)state;
	if (!op_check_table(&err))
		fail_msg("%s", err.message);
}

static void every_documented_route_is_there(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		struct op_match m = match(*state, routes[i].method, routes[i].path);

		if (m.op == NULL)
			fail_msg("no row for %s %s", routes[i].method, routes[i].path);
		assert_int_equal(m.op->permission, routes[i].permission);
		if (routes[i].name != NULL)
			assert_string_equal(m.op->name, routes[i].name);
	}
}

static bool has_param(const struct op *op, const char *name)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

/* What the pipeline and the documents rely on, row by row. */
static void every_row_keeps_the_rules(void **state)
{
	(void)state;
	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		bool secret = (*op)->permission == PERMIT_DOWNLOAD_KUBECONFIG ||
			      (*op)->permission == PERMIT_VIEW_PACK_VALUES ||
			      (*op)->permission == PERMIT_VIEW_PACK_MANIFESTS;

		if ((*op)->flags & OP_LOCAL)
			assert_false(has_param(*op, "instance") || has_param(*op, "instanceName"));
		else
			assert_true(
				has_param(*op, (*op)->tool != NULL ? "instanceName" : "instance"));
		if (secret)
			assert_true((*op)->flags & OP_SECRET);
		if (secret || (*op)->permission == PERMIT_CREATE_CLUSTER)
			assert_true((*op)->flags & OP_AUDIT);
		/* Each path parameter is checked as strictly as a uid or one of a list, but where
		 * it goes nowhere. */
		for (const struct param *p = (*op)->params; p != NULL && p->name != NULL; p++)
			if (p->in == IN_PATH)
				assert_true(p->type == PARAM_IDENTIFIER ||
					    p->type == PARAM_CHOICE ||
					    ((p->type == PARAM_EMAIL || p->type == PARAM_TEXT) &&
					     (*op)->flags & OP_LOCAL));
	}
}

static bool is_word(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

/* What clients and their models make of a tool. */
static void every_tool_keeps_the_rules(void **state)
{
	(void)state;
	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		const struct tool *tool = (*op)->tool;

		if (tool == NULL)
			continue;
		/* Some clients put their own prefix before it and take 64 bytes in all. */
		assert_in_range(strlen(tool->name), 1, 60);
		assert_true(is_word(tool->name));
		assert_in_range(strlen(tool->title), 1, 80);
		assert_in_range(strlen(tool->description), 40, 1024);
		assert_true(is_word(tool->toolset));
		assert_true((tool->does & TOOL_DESTROYS) == 0 || (tool->does & TOOL_WRITES));
		assert_false((*op)->flags & (OP_FRONT | OP_ASIDE | OP_CARRIER));
		assert_false((tool->does & TOOL_WRITES) && !((*op)->flags & OP_AUDIT));
		/* A cursor leads on through pages only. */
		if (has_param(*op, "cursor"))
			assert_true(has_param(*op, "limit"));
		for (const struct param *p = (*op)->params; p != NULL && p->name != NULL; p++)
			assert_true(p->help != NULL && p->help[0] != '\0');
	}
}

static void a_literal_segment_wins(void **state)
{
	struct op_match m = match(*state, "GET", "/cloudaccounts/vsphere/a1/metadata");

	assert_string_equal(m.op->name, "cloud_account.vsphere_metadata");
	/* "search" is a literal for POST only. */
	m = match(*state, "GET", "/profiles/search");
	assert_string_equal(m.op->name, "profile.get");
	assert_true(text_is(m.inputs[0].value, "search"));
}

static void head_is_answered_where_get_is(void **state)
{
	struct op_match m = match(*state, "HEAD", "/clusters");

	assert_string_equal(m.op->name, "cluster.list");
	m = match(*state, "HEAD", "/profiles/search");
	assert_string_equal(m.op->name, "profile.get");
}

static void a_wrong_method_lists_the_right_ones(void **state)
{
	struct op_match m = match(*state, "DELETE", "/clusters");

	assert_null(m.op);
	assert_string_equal(m.allow, "GET, HEAD, POST");
	m = match(*state, "POST", "/clusters/c1");
	assert_null(m.op);
	assert_string_equal(m.allow, "GET, HEAD");
	m = match(*state, "OPTIONS", "/health");
	assert_string_equal(m.allow, "GET, HEAD");
	m = match(*state, "get", "/health");
	assert_null(m.op);
	m = match(*state, "", "/health");
	assert_null(m.op);
}

static void paths_that_are_none(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"//",
		"clusters",
		"/Clusters",
		"/clusters//",
		"//clusters",
		"/clusters//kubeconfig",
		"/clusters/c1/kubeconfig/x",
		"/cl%75sters",
		"/clusters%2Fc1",
		"/:clusterUid",
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r",
		"/health/x",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct op_match m = match(*state, "GET", paths[i]);

		assert_null(m.op);
		assert_null(m.allow);
		assert_int_equal(m.input_count, 0);
	}
}

static void one_trailing_slash_is_fine(void **state)
{
	assert_string_equal(match(*state, "GET", "/clusters/").op->name, "cluster.list");
	assert_string_equal(match(*state, "GET", "/clusters/c1/").op->name, "cluster.get");
}

static void path_parameters_are_decoded_once_after_the_split(void **state)
{
	static const struct {
		const char *segment;
		const char *value; /* NULL: does not decode */
	} rows[] = {
		{"c1", "c1"},
		{"a%2Fb", "a/b"},
		{"%2e%2e", ".."},
		{"a%252Fb", "a%2Fb"},
		{"a+b", "a+b"},
		{"%C3%A4", "\xC3\xA4"},
		{"%", NULL},
		{"%zz", NULL},
		{"a%0", NULL},
		{"%00", NULL},
		{"%FF", NULL},
		{"a;b=c", "a;b=c"},
		{":clusterUid", ":clusterUid"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[100];
		struct op_match m;

		snprintf(path, sizeof path, "/clusters/%s/profiles", rows[i].segment);
		m = match(*state, "GET", path);
		assert_string_equal(m.op->name, "cluster.profiles");
		assert_int_equal(m.input_count, 1);
		assert_int_equal(m.inputs[0].in, IN_PATH);
		assert_true(text_is(m.inputs[0].name, "clusterUid"));
		if (rows[i].value == NULL)
			assert_null(m.inputs[0].value.ptr);
		else
			assert_true(text_is(m.inputs[0].value, rows[i].value));
	}
}

static void two_parameters_keep_their_places(void **state)
{
	struct op_match m = match(*state, "GET", "/clusters/c1/pack/manifests/m1");

	assert_int_equal(m.input_count, 2);
	assert_true(text_is(m.inputs[0].name, "clusterUid"));
	assert_true(text_is(m.inputs[0].value, "c1"));
	assert_true(text_is(m.inputs[1].name, "manifestUid"));
	assert_true(text_is(m.inputs[1].value, "m1"));
}

static void a_path_of_a_megabyte_is_looked_at_once(void **state)
{
	static char path[1024 * 1024];
	int64_t started = clock_now_ms();
	struct op_match m;

	memset(path, '/', sizeof path);
	op_match_path(*state, NULL, TEXT("GET"), (struct text){path, sizeof path}, false, &m);
	assert_null(m.op);
	for (size_t i = 1; i < sizeof path; i += 2)
		path[i] = 'a';
	op_match_path(*state, NULL, TEXT("GET"), (struct text){path, sizeof path}, false, &m);
	assert_null(m.op);
	memset(path, 'a', sizeof path);
	memcpy(path, "/clusters/", 10);
	op_match_path(*state, NULL, TEXT("GET"), (struct text){path, sizeof path}, false, &m);
	assert_int_equal(m.inputs[0].value.len, sizeof path - 10);
	assert_true(clock_now_ms() - started < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_agrees_with_itself),
		cmocka_unit_test(every_documented_route_is_there),
		cmocka_unit_test(every_row_keeps_the_rules),
		cmocka_unit_test(every_tool_keeps_the_rules),
		cmocka_unit_test(a_literal_segment_wins),
		cmocka_unit_test(head_is_answered_where_get_is),
		cmocka_unit_test(a_wrong_method_lists_the_right_ones),
		cmocka_unit_test(paths_that_are_none),
		cmocka_unit_test(one_trailing_slash_is_fine),
		cmocka_unit_test(path_parameters_are_decoded_once_after_the_split),
		cmocka_unit_test(two_parameters_keep_their_places),
		cmocka_unit_test(a_path_of_a_megabyte_is_looked_at_once),
	};

	return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
