/* The table of checks, and how what they found is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/doctor.h"
#include "json/json.h"

/* ---- the rows ---- */

static void every_row_says_all_that_is_shown_of_it(void **state)
{
	(void)state;
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++) {
		assert_non_null(c->run);
		assert_true(c->patience_ms > 0 && c->patience_ms < DOCTOR_ALL_MS);
		assert_true(strlen(c->name) <= 20); /* the column is so wide */
		for (const char *const *s =
			     (const char *const[]){c->title, c->asks, c->symptom, NULL};
		     *s != NULL; s++) {
			assert_true(strlen(*s) > 5);
			assert_int_not_equal((*s)[strlen(*s) - 1], '.');
			assert_null(strchr(*s, '|')); /* they stand in a table */
		}
		assert_ptr_equal(doctor_find_check(text_of(c->name)), c);
	}
	assert_null(doctor_find_check(TEXT("frob")));
	assert_null(doctor_find_check(TEXT("")));
}

/* Else a row would wait for one that never comes, or for another environment's. */
static void a_row_comes_after_one_of_its_group_or_of_none_of_palette(void **state)
{
	(void)state;
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++) {
		const struct doctor_check *before;

		if (c->after == NULL)
			continue;
		before = doctor_find_check(text_of(c->after));
		assert_non_null(before);
		assert_true(before < c);
		assert_true(before->group == c->group || before->group != DOCTOR_PALETTE);
	}
}

static void groups_stand_together(void **state)
{
	bool seen[DOCTOR_GROUPS] = {false};

	(void)state;
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++) {
		if (c != doctor_checks && c[-1].group == c->group)
			continue;
		assert_false(seen[c->group]);
		seen[c->group] = true;
	}
}

/* ---- findings ---- */

struct world {
	struct config_environment environment;
	struct config config;
	struct doctor doctor;
	struct doctor_task task;
};

static struct world *world_new(void)
{
	struct world *w = heap_alloc(sizeof *w);

	*w = (struct world){.environment = {.name = "production", .url = "https://p.example"}};
	secret_set(&w->environment.api_token, TEXT("api-token-1234"));
	w->config = (struct config){.environments = &w->environment, .environment_count = 1};
	w->doctor = (struct doctor){.config = &w->config};
	w->task = (struct doctor_task){.check = doctor_find_check(TEXT("palette-token")),
				       .doctor = &w->doctor,
				       .environment = &w->environment};
	arena_init(&w->task.arena);
	return w;
}

static void world_free(struct world *w)
{
	arena_fini(&w->task.arena);
	secret_wipe(&w->environment.api_token);
	free(w);
}

static void assert_draws(struct world *w, const struct doctor_look *look, const char *wanted)
{
	struct buf out;

	w->task.finding = w->task.found;
	buf_init(&out, 65536);
	doctor_draw(&out, look, &w->task);
	assert_string_equal(out.ptr, wanted);
	buf_fini(&out);
}

static const struct doctor_look in_a_pipe = {.json = false};

static void what_is_fine_is_a_line(void **state)
{
	struct world *w = world_new();

	(void)state;
	doctor_tried(&w->task, "GET /x");
	doctor_answer(&w->task, "200");
	doctor_ok(&w->task, "it is the API key of %s", "ada");
	assert_draws(w, &in_a_pipe, "  ok       palette-token         it is the API key of ada\n");
	doctor_skip(&w->task, "later");
	assert_draws(w, &in_a_pipe, "  skipped  palette-token         later\n");
	world_free(w);
}

static void what_is_not_has_the_three_below(void **state)
{
	struct world *w = world_new();

	(void)state;
	doctor_tried(&w->task, "GET /x");
	doctor_answer(&w->task, "401");
	doctor_advice(&w->task, "make a new key");
	doctor_fault(&w->task, "no");
	assert_draws(w, &in_a_pipe,
		     "  fault    palette-token         no\n"
		     "           tried  GET /x\n"
		     "           got    401\n"
		     "           do     make a new key\n");
	assert_draws(w, &(const struct doctor_look){.coloured = true},
		     "  \x1b[31mfault  \x1b[0m  palette-token         no\n"
		     "           tried  GET /x\n"
		     "           got    401\n"
		     "           do     make a new key\n");
	world_free(w);
}

static void a_narrow_terminal_breaks_at_spaces(void **state)
{
	struct world *w = world_new();

	(void)state;
	doctor_advice(&w->task, "one two three four five six seven eight nine ten");
	doctor_warn(&w->task, "a b c d e f g h i j k l");
	assert_draws(w, &(const struct doctor_look){.width = 48},
		     "  warning  palette-token         a b c d e f g h\n"
		     "                                 i j k l\n"
		     "           do     one two three four five six\n"
		     "                  seven eight nine ten\n");
	world_free(w);
}

static void secrets_and_control_characters_are_not_shown(void **state)
{
	struct world *w = world_new();

	(void)state;
	doctor_answer(&w->task, "said api-token-1234, \x1b[2J twice: api-token-1234");
	doctor_fault(&w->task, "api-token-1234");
	assert_draws(w, &in_a_pipe,
		     "  fault    palette-token         ***\n"
		     "           got    said ***, \\u001b[2J twice: ***\n");
	world_free(w);
}

/* A header can be of any length: the beginning tells what it is, and the rest is counted. */
static void what_is_too_long_is_cut_between_characters(void **state)
{
	struct world *w = world_new();
	char wanted[5000];
	char said[20001];

	(void)state;
	/* So that a character lies across the bound. */
	said[0] = 'x';
	for (size_t i = 1; i < sizeof said - 2; i += 2)
		memcpy(said + i, "\xC3\xA4", 2);
	said[sizeof said - 2] = '\0';
	doctor_answer(&w->task, "%s", said);
	doctor_warn(&w->task, "long");
	snprintf(wanted, sizeof wanted,
		 "  warning  palette-token         long\n"
		 "           got    %.3999s... (%d bytes more)\n",
		 said, (int)strlen(said) - 3999);
	assert_draws(w, &in_a_pipe, wanted);
	world_free(w);
}

static void json_has_all_of_it(void **state)
{
	struct world *w = world_new();
	struct doctor_tasks tasks = {&w->task, 1};
	struct text value;
	struct error err;
	struct buf out;

	(void)state;
	doctor_answer(&w->task, "api-token-1234 \"x\"");
	doctor_warn(&w->task, "hm");
	w->task.finding = w->task.found;
	buf_init(&out, 65536);
	doctor_put_json(&out, &tasks);
	assert_true(json_check(buf_text(&out), &value, &err));
	assert_string_equal(out.ptr + strcspn(out.ptr, ",") + 1,
			    "\"status\":\"warning\",\"counts\":{\"ok\":0,\"skipped\":0,"
			    "\"warning\":1,\"fault\":0},\"checks\":[{\"name\":\"palette-token\","
			    "\"title\":\"Palette takes the apiToken\","
			    "\"environment\":\"production\",\"status\":\"warning\","
			    "\"summary\":\"hm\",\"tried\":null,\"answer\":\"*** \\\"x\\\"\","
			    "\"advice\":null}]}");
	buf_fini(&out);
	world_free(w);
}

/* ---- words ---- */

static void names_end_after_a_few(void **state)
{
	struct doctor_names names = {.count = 0};
	struct world *w = world_new();

	(void)state;
	assert_string_equal(doctor_names_text(&w->task, &names), "");
	for (int i = 1; i <= 5; i++)
		doctor_name(&w->task, &names, "n%d", i);
	assert_string_equal(doctor_names_text(&w->task, &names), "n1, n2, n3, n4, n5");
	doctor_name(&w->task, &names, "n6");
	doctor_name(&w->task, &names, "n7");
	assert_string_equal(doctor_names_text(&w->task, &names), "n1, n2, n3, n4, n5 and 2 more");
	world_free(w);
}

static void times_are_in_words(void **state)
{
	static const struct {
		int64_t ms;
		const char *wanted;
	} cases[] = {
		{0, "0 s"},
		{59999, "59 s"},
		{60000, "1 min"},
		{3599999, "59 min"},
		{3600000, "1 h"},
		{48LL * 3600000 - 1, "47 h"},
		{48LL * 3600000, "2 days"},
		{-61000, "1 min"},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(doctor_duration(&a, cases[i].ms), cases[i].wanted);
	assert_string_equal(doctor_date(&a, 784111777000), "1994-11-06");
	arena_fini(&a);
}

static void the_page_names_every_check(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1024 * 1024);
	doctor_page(&out);
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++) {
		assert_non_null(strstr(out.ptr, c->title));
		assert_non_null(strstr(out.ptr, c->symptom));
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_says_all_that_is_shown_of_it),
		cmocka_unit_test(a_row_comes_after_one_of_its_group_or_of_none_of_palette),
		cmocka_unit_test(groups_stand_together),
		cmocka_unit_test(what_is_fine_is_a_line),
		cmocka_unit_test(what_is_not_has_the_three_below),
		cmocka_unit_test(a_narrow_terminal_breaks_at_spaces),
		cmocka_unit_test(secrets_and_control_characters_are_not_shown),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
		cmocka_unit_test(json_has_all_of_it),
		cmocka_unit_test(names_end_after_a_few),
		cmocka_unit_test(times_are_in_words),
		cmocka_unit_test(the_page_names_every_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
