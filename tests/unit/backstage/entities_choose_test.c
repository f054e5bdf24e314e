/* Which entity the caller means, and what they are told where that is not clear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backstage/backstage.h"
#include "json/json.h"

static const struct catalog_entity two[] = {
	{.ref = "resource:default/prod-web", .title = "web", .project = "p1", .instance = "eu"},
	{.ref = "resource:default/tenant-web", .title = "web", .instance = "us"},
};

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const char *choose(const struct catalog_entity *found, size_t count,
			  struct catalog_wanted wanted, struct error *err)
{
	const struct catalog_entity *chosen = NULL;

	*err = (struct error){.message = ""};
	return catalog_choose(&arena, found, count, &wanted, &chosen, err) ? chosen->ref : NULL;
}

static void one_or_the_other(void **state)
{
	struct error err;

	(void)state;
	assert_string_equal(choose(two, 1, (struct catalog_wanted){.title = "web"}, &err),
			    "resource:default/prod-web");
	assert_string_equal(
		choose(two, 2, (struct catalog_wanted){.title = "web", .project = "p1"}, &err),
		"resource:default/prod-web");
	assert_string_equal(
		choose(two, 2, (struct catalog_wanted){.title = "web", .instance = "us"}, &err),
		"resource:default/tenant-web");
	assert_string_equal(
		choose(two, 2,
		       (struct catalog_wanted){.title = "web", .entity_ref = "Default/Tenant-Web"},
		       &err),
		"resource:default/tenant-web");
	/* What is empty says nothing. */
	assert_string_equal(
		choose(two, 1,
		       (struct catalog_wanted){
			       .title = "web", .entity_ref = "", .project = "", .instance = ""},
		       &err),
		"resource:default/prod-web");
}

static void none_is_there(void **state)
{
	struct error err;

	(void)state;
	assert_null(choose(NULL, 0, (struct catalog_wanted){.title = "web"}, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_string_equal(err.message,
			    "No cluster entity with the title \"web\" that you may see is in the "
			    "catalog");
	assert_null(choose(NULL, 0,
			   (struct catalog_wanted){.type = CATALOG_PROFILE,
						   .entity_ref = "resource:default/x"},
			   &err));
	assert_string_equal(err.message, "No cluster profile entity \"resource:default/x\" that "
					 "you may see is in the catalog");
}

static void none_fits(void **state)
{
	static const struct catalog_wanted all[] = {
		{.title = "web", .project = "p2"},
		{.title = "web", .instance = "EU"},
		{.title = "web", .entity_ref = "x"},
		{.title = "web", .project = "p1", .instance = "us"},
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_null(choose(two, 2, all[i], &err));
		assert_int_equal(err.kind, ERROR_NOT_FOUND);
		assert_string_equal(
			err.message,
			"No cluster entity with the title \"web\" fits entityRef, projectUid and "
			"instanceName as they are given; there are resource:default/prod-web, "
			"resource:default/tenant-web");
		assert_true(text_is(err.details, "{\"candidates\":[\"resource:default/prod-web\","
						 "\"resource:default/tenant-web\"]}"));
	}
	assert_null(choose(two, 1, all[0], &err));
	assert_non_null(strstr(err.message, "; there is resource:default/prod-web"));
}

static void several_fit(void **state)
{
	struct error err;

	(void)state;
	assert_null(choose(two, 2, (struct catalog_wanted){.title = "web"}, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_string_equal(err.message,
			    "There are 2 cluster entities with the title \"web\": "
			    "resource:default/prod-web, resource:default/tenant-web. Say which one "
			    "with entityRef, projectUid or instanceName");
	assert_true(text_is(err.details, "{\"candidates\":[\"resource:default/prod-web\","
					 "\"resource:default/tenant-web\"]}"));
	assert_null(
		choose(two, 2, (struct catalog_wanted){.title = "web", .entity_ref = "a b"}, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_non_null(strstr(err.message, "entityRef is no reference"));
}

/* Whatever the catalog lets into names. */
static void it_stays_one_line(void **state)
{
	static const struct catalog_entity odd[] = {
		{.ref = "resource:default/a\tb", .title = "w\nb"},
		{.ref = "resource:default/c\033[1m", .title = "w\nb"},
	};
	struct error err;

	(void)state;
	assert_null(choose(odd, 2, (struct catalog_wanted){.title = "w\nb"}, &err));
	assert_non_null(strstr(err.message,
			       "with the title \"w\\u000ab\": resource:default/a\\u0009b, "
			       "resource:default/c\\u001b[1m. Say"));
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

/* However many and however long: the sentence ends, and the details hold all. */
static void very_many(void **state)
{
	enum { MANY = 1000 };
	struct catalog_entity *all;
	struct error err;
	struct text value;
	char title[400];

	(void)state;
	memset(title, 'x', sizeof title);
	for (size_t i = 0; i + 1 < sizeof title; i += 2)
		memcpy(title + i, "\xC3\xA4", 2);
	title[sizeof title - 2] = title[sizeof title - 1] = '\0';
	for (size_t width = 1; width < 190; width += 27) {
		size_t named;

		all = arena_array(&arena, struct catalog_entity, MANY);
		for (size_t i = 0; i < MANY; i++)
			all[i] = (struct catalog_entity){
				.ref = arena_printf(&arena, "resource:default/%0*zu", (int)width,
						    i)};
		assert_null(choose(all, MANY, (struct catalog_wanted){.title = title}, &err));
		named = count_of(err.message, "resource:default/");
		assert_in_range(named, 3, 20);
		assert_non_null(
			strstr(err.message, arena_printf(&arena, " and %zu more.", MANY - named)));
		assert_true(text_ends(text_of(err.message), "projectUid or instanceName"));
		assert_true(text_is_utf8(text_of(err.message)));
		assert_int_equal(count_of(err.details.ptr, "resource:default/"), MANY);
		assert_true(json_check(err.details, &value, &err));
	}
}

static bool uses(const char *refs, const struct catalog_uids *uids)
{
	return catalog_uses(&(struct catalog_entity){.profile_refs = text_of(refs)}, uids);
}

static void every_version_of_a_profile_counts(void **state)
{
	const struct catalog_entity profile = {
		.uid = "u2",
		.versions = TEXT("[{\"uid\":\"u1\",\"version\":\"1\"},7,{\"uid\":null},{\"uid\":"
				 "\"\"},{\"uid\":\"u2\"},{\"uid\":\"u3\"}]")};
	struct catalog_uids uids = catalog_profile_uids(&arena, &profile);

	(void)state;
	assert_int_equal(uids.count, 3);
	assert_true(uses("[{\"name\":\"x\",\"uid\":\"u9\"},{\"uid\":\"u1\"}]", &uids));
	assert_true(uses("[{\"uid\":\"u2\"}]", &uids));
	assert_true(uses("[{\"uid\":\"u\\u0033\"}]", &uids));
	assert_false(uses("[{\"uid\":\"u\"},{\"uid\":null},{},7,\"u1\",{\"name\":\"u1\"}]", &uids));
	assert_false(uses("[]", &uids));
	assert_false(uses("", &uids));
	uids = catalog_profile_uids(&arena, &(struct catalog_entity){.uid = NULL});
	assert_int_equal(uids.count, 0);
	assert_false(uses("[{\"uid\":\"\"}]", &uids));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_or_the_other, begin, end),
		cmocka_unit_test_setup_teardown(none_is_there, begin, end),
		cmocka_unit_test_setup_teardown(none_fits, begin, end),
		cmocka_unit_test_setup_teardown(several_fit, begin, end),
		cmocka_unit_test_setup_teardown(it_stays_one_line, begin, end),
		cmocka_unit_test_setup_teardown(very_many, begin, end),
		cmocka_unit_test_setup_teardown(every_version_of_a_profile_counts, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
