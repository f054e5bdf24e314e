/* Events, machines and variables of a cluster: what is asked, and what comes of it. */
#include "unit/palette/canned_rows.h"

#include "json/json.h"

#define UID(uid) "{\"metadata\":{\"uid\":\"" uid "\"}}"
#define EVENTS \
	"/v1/events/components/spectrocluster/c%2F1?orderBy=metadata.creationTimestamp=-1&limit="

static const char *events(struct fixture *f, size_t most)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	return canned_finish(f, &list,
			     palette_cluster_events(f->palette, "p1", "c/1", most, &list, &f->err));
}

static void events_come_newest_first_and_so_many(void **state)
{
	struct canned_row rows[] = {
		{"GET", EVENTS "50", 200,
		 "{\"items\":[" UID("e2") "," UID("e1") "],\"listmeta\":{\"count\":2}}"},
		{"GET", EVENTS "1", 200,
		 "{\"items\":[" UID("e2") "],\"listmeta\":{\"count\":2,\"continue\":\"t\"}}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, rows);

	(void)state;
	assert_string_equal(events(f, 0), "{\"things\":[" UID("e2") "," UID("e1") "]}");
	assert_string_equal(f->http.requests[0].project, "p1");
	assert_string_equal(events(f, 1), "{\"things\":[" UID("e2") "]}");
	assert_int_equal(f->http.count, 2);
	rows[0].status = 404;
	assert_null(events(f, 0));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_string_equal(f->err.message, "Events of cluster c/1 not found");
	fixture_free(f);
}

static bool is_named(void *context, struct text item)
{
	struct text uid;

	return json_at(item, "/metadata/uid", &uid) && json_string_is(uid, context);
}

static const char *events_until(struct fixture *f, const char *uid, size_t most, bool *more)
{
	struct palette_list list;
	const char *json;
	bool ok;

	palette_list_init(&list, f->palette, "things");
	ok = palette_cluster_events_until(f->palette, "p1", "c/1", is_named, (void *)(uintptr_t)uid,
					  most, &list, &f->err);
	*more = list.more;
	json = canned_finish(f, &list, ok);
	return json;
}

static void events_are_read_until_there_are_enough(void **state)
{
	struct canned_row rows[] = {
		{"GET", EVENTS "20", 200,
		 "{\"items\":[" UID("e4") "," UID("e3") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{"GET", EVENTS "20&continue=t", 200, "{\"items\":[" UID("e2") "," UID("e1") "]}"},
		{"GET", EVENTS "1", 200,
		 "{\"items\":[" UID("e4") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, rows);
	bool more;

	(void)state;
	assert_string_equal(events_until(f, "e3", 0, &more), "{\"things\":[" UID("e4") "]}");
	assert_false(more);
	assert_int_equal(f->http.count, 1); /* the next page is not asked for */
	assert_string_equal(events_until(f, "e4", 0, &more), "{\"things\":[]}");
	assert_string_equal(events_until(f, "e1", 0, &more),
			    "{\"things\":[" UID("e4") "," UID("e3") "," UID("e2") "]}");
	assert_int_equal(f->http.count, 4);
	assert_string_equal(events_until(f, "e1", 1, &more), "{\"things\":[" UID("e4") "]}");
	assert_true(more);
	fixture_free(f);
}

static const char *machines(struct fixture *f, const char *cloud, const char *uid, const char *pool)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	return canned_finish(
		f, &list, palette_machines(f->palette, NULL, cloud, uid, pool, 0, &list, &f->err));
}

static void machines_stand_under_their_cloud(void **state)
{
	struct canned_row rows[] = {
		{"GET", "/v1/cloudconfigs/eks/k1/machinePools/a%20b%2F%C3%A4/machines?limit=50",
		 200, "{\"items\":[" UID("m1") "],\"listmeta\":{\"continue\":\"t=\"}}"},
		{"GET",
		 "/v1/cloudconfigs/eks/k1/machinePools/a%20b%2F%C3%A4/machines?limit=50"
		 "&continue=t%3D",
		 200, "{\"items\":[" UID("m2") "],\"listmeta\":{}}"},
		{"GET", "/v1/cloudconfigs/virtual/k2/machinePools/w/machines?limit=50", 200,
		 "{\"items\":null}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, rows);

	(void)state;
	assert_string_equal(machines(f, "eks", "k1", "a b/\xC3\xA4"),
			    "{\"things\":[" UID("m1") "," UID("m2") "]}");
	assert_null(f->http.requests[0].project);
	assert_string_equal(machines(f, "nested", "k2", "w"), "{\"things\":[]}");
	fixture_free(f);
}

static void the_cloud_config_is_one_object(void **state)
{
	struct canned_row rows[] = {
		{"GET", "/v1/cloudconfigs/virtual/k1", 200, "{\"spec\":{}}"},
		{"GET", "/v1/cloudconfigs/maas/k1", 200, "[]"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, rows);

	(void)state;
	assert_true(palette_cloud_config(f->palette, "p1", "nested", "k1", &f->out, &f->err));
	assert_string_equal(f->out.ptr, "{\"spec\":{}}");
	assert_false(palette_cloud_config(f->palette, "p1", "maas", "k1", &f->out, &f->err));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_string_equal(f->out.ptr, "{\"spec\":{}}");
	fixture_free(f);
}

/* Names that are not there yet must not make a path of another form. */
static void without_names_nothing_is_asked(void **state)
{
	struct canned_row rows[] = {{.path = NULL}};
	struct fixture *f = fixture_new(answer_canned_rows, rows);

	(void)state;
	assert_false(palette_cloud_config(f->palette, NULL, "", "k1", &f->out, &f->err));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_false(palette_cloud_config(f->palette, NULL, "eks", "", &f->out, &f->err));
	assert_null(machines(f, "eks", "k1", ""));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_null(machines(f, "eks", "", "w"));
	assert_int_equal(f->http.count, 0);
	fixture_free(f);
}

static void variables_are_an_array(void **state)
{
	struct canned_row rows[] = {
		{"GET", "/v1/spectroclusters/c1/variables", 200, "[{\"profileUid\":\"x\"}]"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, rows);

	(void)state;
	assert_true(palette_cluster_variables(f->palette, "p1", "c1", &f->out, &f->err));
	assert_string_equal(f->out.ptr, "[{\"profileUid\":\"x\"}]");
	buf_fini(&f->out);
	rows[0].body = " null ";
	assert_true(palette_cluster_variables(f->palette, "p1", "c1", &f->out, &f->err));
	assert_string_equal(f->out.ptr, "[]");
	rows[0].body = "{\"secret\":\"sim-secret-x\"}";
	assert_false(palette_cluster_variables(f->palette, "p1", "c1", &f->out, &f->err));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_null(strstr(f->err.message, "sim-secret"));
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_newest_first_and_so_many),
		cmocka_unit_test(events_are_read_until_there_are_enough),
		cmocka_unit_test(machines_stand_under_their_cloud),
		cmocka_unit_test(the_cloud_config_is_one_object),
		cmocka_unit_test(without_names_nothing_is_asked),
		cmocka_unit_test(variables_are_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
