/* Tags: what labels mean, and what is sent when they are changed. */
#include "unit/palette/canned_rows.h"

#define CLUSTER "/v1/spectroclusters/c1?includeTags=true"
#define PROFILE "/v1/clusterprofiles/f1"

/* "key=value;..." in the arena. */
static const char *shown(struct fixture *f, const struct palette_tags *tags)
{
	const char *text = "";

	for (size_t i = 0; i < tags->count; i++)
		text = arena_printf(&f->arena, "%s%s%s=%s", text, i > 0 ? ";" : "",
				    tags->tags[i].key, tags->tags[i].value);
	return text;
}

static void labels_are_tags(void **state)
{
	static const struct {
		const char *body;
		const char *tags; /* NULL: an error */
	} rows[] = {
		{"{\"metadata\":{\"labels\":{\"dev\":\"spectro__tag\",\"owner\":\"b\\u00e4 b\","
		 "\"e\":\"\"}}}",
		 "dev=;owner=b\xC3\xA4 b;e="},
		{"{\"metadata\":{\"labels\":{}}}", ""},
		{"{\"metadata\":{\"labels\":null}}", ""},
		{"{\"metadata\":{}}", ""},
		{"{}", NULL},
		{"{\"metadata\":{\"labels\":[]}}", NULL},
		{"{\"metadata\":{\"labels\":{\"a\":1}}}", NULL},
		{"{\"metadata\":{\"labels\":{\"a\":null}}}", NULL},
		{"{\"metadata\":{\"labels\":{\"a\\u0000b\":\"x\"}}}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct canned_row answers[] = {
			{"GET", CLUSTER, 200, rows[i].body},
			{"GET", PROFILE, 200, rows[i].body},
			{.path = NULL},
		};
		struct fixture *f = fixture_new(answer_canned_rows, answers);
		struct palette_tags tags = {.count = 99};
		bool ok = palette_cluster_tags(f->palette, "p1", "c1", &tags, &f->err);

		assert_int_equal(ok, rows[i].tags != NULL);
		if (ok) {
			assert_string_equal(shown(f, &tags), rows[i].tags);
			assert_true(palette_profile_tags(f->palette, "p1", "f1", &tags, &f->err));
			assert_string_equal(shown(f, &tags), rows[i].tags);
		} else {
			assert_int_equal(f->err.kind, ERROR_UPSTREAM);
			assert_int_equal(tags.count, 99);
		}
		assert_string_equal(f->http.requests[0].project, "p1");
		fixture_free(f);
	}
}

/* ---- changing ---- */

#define BEFORE                                                                           \
	"{\"metadata\":{\"name\":\"n "                                                   \
	"\\\"1\\\"\",\"uid\":\"c1\",\"annotations\":{\"scope\":\"x\", "                  \
	"\"description\":\"d\"},\"labels\":{\"dev\":\"spectro__tag\",\"owner\":\"bob\"," \
	"\"odd\":\"\"}}}"
#define SENT(labels)                                                                 \
	"{\"metadata\":{\"name\":\"n \\\"1\\\"\",\"annotations\":{\"scope\":\"x\", " \
	"\"description\":"                                                           \
	"\"d\"},\"labels\":{" labels "}}}"

static const struct canned_row cluster_rows[] = {
	{"GET", CLUSTER, 200, BEFORE},
	{"PATCH", "/v1/spectroclusters/c1/metadata", 204, ""},
	{.path = NULL},
};

static struct fixture *fixture_of(const struct canned_row *rows)
{
	return fixture_new(answer_canned_rows, (void *)(uintptr_t)rows);
}

static void changes_send_all_labels(void **state)
{
	static const struct {
		const char *add[3];
		const char *remove[3];
		const char *labels; /* that are sent; NULL: nothing is */
		const char *after;
	} rows[] = {
		{{"new", "team: a:b "},
		 {NULL},
		 "\"dev\":\"spectro__tag\",\"owner\":\"bob\",\"odd\":\"\",\"new\":"
		 "\"spectro__tag\",\"team\":\"a:b\"",
		 "dev=;owner=bob;odd=;new=;team=a:b"},
		{{"owner:eve"},
		 {NULL},
		 "\"dev\":\"spectro__tag\",\"owner\":\"eve\",\"odd\":\"\"",
		 "dev=;owner=eve;odd="},
		{{"owner"},
		 {NULL},
		 "\"dev\":\"spectro__tag\",\"owner\":\"spectro__tag\",\"odd\":\"\"",
		 "dev=;owner=;odd="},
		{{NULL}, {"owner", "none"}, "\"dev\":\"spectro__tag\",\"odd\":\"\"", "dev=;odd="},
		{{NULL}, {"owner:bob"}, "\"dev\":\"spectro__tag\",\"odd\":\"\"", "dev=;odd="},
		{{NULL}, {"owner:eve"}, NULL, "dev=;owner=bob;odd="},
		{{"dev", "dev:", "owner:bob"}, {"none"}, NULL, "dev=;owner=bob;odd="},
		{{"dev:1", "dev:2"}, {"dev", "owner"}, "\"odd\":\"\",\"dev\":\"2\"", "odd=;dev=2"},
		{{NULL}, {"dev", "owner", "odd"}, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fixture *f = fixture_of(cluster_rows);
		struct palette_tag_change change = {.add = rows[i].add, .remove = rows[i].remove};
		struct palette_tags before, after;

		while (change.add_count < 3 && rows[i].add[change.add_count] != NULL)
			change.add_count++;
		while (change.remove_count < 3 && rows[i].remove[change.remove_count] != NULL)
			change.remove_count++;
		assert_true(palette_set_cluster_tags(f->palette, "p1", "c1", &change, &before,
						     &after, &f->err));
		assert_string_equal(shown(f, &before), "dev=;owner=bob;odd=");
		assert_string_equal(shown(f, &after), rows[i].after);
		assert_int_equal(f->http.count, rows[i].labels == NULL ? 1 : 2);
		if (rows[i].labels != NULL) {
			const struct canned_request *sent = &f->http.requests[1];

			assert_string_equal(arena_copy(&f->arena, sent->body),
					    arena_printf(&f->arena, SENT("%s"), rows[i].labels));
			assert_true(sent->once);
			assert_string_equal(sent->project, "p1");
			assert_string_equal(sent->content_type, "application/json");
		}
		fixture_free(f);
	}
}

static void trying_sends_nothing(void **state)
{
	static const char *const add[] = {"new", "owner:eve"};
	static const char *const remove[] = {"dev"};
	const struct palette_tag_change change = {
		.add = add, .add_count = 2, .remove = remove, .remove_count = 1, .only_try = true};
	struct fixture *f = fixture_of(cluster_rows);
	struct palette_tags before, after;

	(void)state;
	assert_true(palette_set_cluster_tags(f->palette, "p1", "c1", &change, &before, &after,
					     &f->err));
	assert_string_equal(shown(f, &before), "dev=;owner=bob;odd=");
	assert_string_equal(shown(f, &after), "owner=eve;odd=;new=");
	assert_int_equal(f->http.count, 1);
	fixture_free(f);
}

static void a_profile_sends_its_version_back(void **state)
{
	static const char *const add[] = {"a"};
	struct canned_row rows[] = {
		{"GET", PROFILE, 200,
		 "{\"metadata\":{\"name\":\"f\"},\"spec\":{\"version\":\"1.0.0\"}}"},
		{"PATCH", PROFILE "/metadata", 204, ""},
		{.path = NULL},
	};
	struct fixture *f = fixture_of(rows);
	struct palette_tag_change change = {.add = add, .add_count = 1};
	struct palette_tags before, after;

	(void)state;
	assert_true(palette_set_profile_tags(f->palette, NULL, "f1", &change, &before, &after,
					     &f->err));
	assert_string_equal(shown(f, &after), "a=");
	assert_true(text_is(f->http.requests[1].body,
			    "{\"metadata\":{\"name\":\"f\",\"labels\":{\"a\":\"spectro__tag\"}},"
			    "\"spec\":{\"version\":\"1.0.0\"}}"));
	fixture_free(f);
}

static void a_tag_without_a_key_changes_nothing(void **state)
{
	static const char *const bad[] = {"", "  ", ":", " :v"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fixture *f = fixture_of(cluster_rows);
		const char *const tags[] = {"fine", bad[i]};
		struct palette_tag_change add = {.add = tags, .add_count = 2};
		struct palette_tag_change remove = {.remove = tags, .remove_count = 2};
		struct palette_tags before, after;

		assert_false(palette_set_cluster_tags(f->palette, "p1", "c1", &add, &before, &after,
						      &f->err));
		assert_int_equal(f->err.kind, ERROR_INPUT);
		assert_false(palette_set_cluster_tags(f->palette, "p1", "c1", &remove, &before,
						      &after, &f->err));
		assert_int_equal(f->err.kind, ERROR_INPUT);
		assert_int_equal(canned_http_count(&f->http, "PATCH", NULL, NULL), 0);
		fixture_free(f);
	}
}

/* Sent once, and what became of it is said. */
static void a_change_that_fails_is_not_sent_again(void **state)
{
	static const struct {
		int status;
		enum error_kind kind;
		bool unknown;
	} outcomes[] = {
		{503, ERROR_UPSTREAM, true},       {500, ERROR_UPSTREAM, true},
		{302, ERROR_UPSTREAM, true},       {409, ERROR_CONFLICT, false},
		{422, ERROR_UNPROCESSABLE, false}, {404, ERROR_NOT_FOUND, false},
	};
	static const char *const add[] = {"a"};
	struct palette_tag_change change = {.add = add, .add_count = 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		struct canned_row rows[] = {
			cluster_rows[0],
			{"PATCH", "/v1/spectroclusters/c1/metadata", outcomes[i].status, "{}"},
			{.path = NULL},
		};
		struct fixture *f = fixture_of(rows);
		struct palette_tags before = {.count = 99}, after = {.count = 99};

		assert_false(palette_set_cluster_tags(f->palette, "p1", "c1", &change, &before,
						      &after, &f->err));
		assert_int_equal(f->err.kind, outcomes[i].kind);
		assert_int_equal(strstr(f->err.message, "may have made the change") != NULL,
				 outcomes[i].unknown);
		assert_int_equal(canned_http_count(&f->http, "PATCH", NULL, NULL), 1);
		assert_int_equal(before.count, 99);
		assert_int_equal(after.count, 99);
		fixture_free(f);
	}
}

static void more_than_palette_should_get_is_refused_here(void **state)
{
	enum { LONG = 1100 * 1024 };
	struct fixture *f = fixture_of(cluster_rows);
	char *tag = malloc(LONG + 1);
	const char *const add[] = {tag};
	struct palette_tag_change change = {.add = add, .add_count = 1};
	struct palette_tags before, after;

	(void)state;
	assert_non_null(tag);
	memset(tag, 'x', LONG);
	tag[LONG] = '\0';
	assert_false(palette_set_cluster_tags(f->palette, "p1", "c1", &change, &before, &after,
					      &f->err));
	assert_int_equal(f->err.kind, ERROR_INPUT);
	assert_int_equal(f->http.count, 1);
	free(tag);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_tags),
		cmocka_unit_test(changes_send_all_labels),
		cmocka_unit_test(trying_sends_nothing),
		cmocka_unit_test(a_profile_sends_its_version_back),
		cmocka_unit_test(a_tag_without_a_key_changes_nothing),
		cmocka_unit_test(a_change_that_fails_is_not_sent_again),
		cmocka_unit_test(more_than_palette_should_get_is_refused_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
