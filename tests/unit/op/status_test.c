/* The status page from given figures: what is bad is said first, in both forms, and nothing of it
 * gets out of its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/op/fits.h"
#include "unit/op/status_example.h"
#include "json/json.h"

static struct arena arena;
static struct status s;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	example_status(&arena, &s, "test");
	s.reload = NULL;
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void judge(void)
{
	status_judge(&arena, &s);
}

/* Arena. */
static const char *page(void)
{
	const char *copy;
	struct buf out;

	judge();
	buf_init(&out, STATUS_LONGEST);
	status_write_page(&s, &out);
	assert_true(buf_complete(&out));
	copy = arena_copy(&arena, buf_text(&out));
	buf_fini(&out);
	return copy;
}

static size_t count_in(const char *text, const char *what)
{
	size_t count = 0;

	for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
		count++;
	return count;
}

static bool has_notice(const char *text)
{
	for (size_t i = 0; i < s.notice_count; i++)
		if (strstr(s.notices[i].text, text) != NULL)
			return true;
	return false;
}

static void all_answer(void)
{
	for (size_t i = 0; i < s.environment_count; i++) {
		s.environments[i].answering = STATUS_ANSWERS;
		s.environments[i].silent_since_ms = 0;
		s.environments[i].load.failures = 0;
		s.environments[i].causes.count = 0;
		s.environments[i].certificate_ends_s = 0;
	}
}

/* ---- the sentence ---- */

static void one_that_is_silent_is_named(void **state)
{
	(void)state;
	s.environments[1].certificate_ends_s = 0;
	judge();
	assert_string_equal(s.sentence,
			    "2 of 3 environments answer; staging has not for 4 minutes.");
	assert_int_equal(s.level, STATUS_BAD);
	assert_int_equal(s.notices[0].level, STATUS_BAD);
	assert_true(has_notice("staging does not answer"));
	assert_true(has_notice("connection: "));
}

static void what_is_said_of_environments(void **state)
{
	static const struct {
		enum status_answering of[3];
		size_t count;
		const char *sentence;
	} rows[] = {
		{{0}, 0, "No environment is configured."},
		{{STATUS_ANSWERS}, 1, "production answers."},
		{{STATUS_SILENT}, 1, "production has not answered for 59 seconds."},
		{{STATUS_FAILING}, 1, "What is asked of production fails."},
		{{STATUS_REFUSES}, 1, "production refuses the apiToken."},
		{{STATUS_REFUSES, STATUS_ANSWERS, STATUS_REFUSES},
		 3,
		 "1 of 3 environments answers; production and test refuse the apiToken."},
		{{STATUS_UNASKED}, 1, "Nothing was asked of production in the last hour."},
		{{STATUS_ANSWERS, STATUS_ANSWERS}, 2, "Both environments answer."},
		{{STATUS_ANSWERS, STATUS_ANSWERS, STATUS_ANSWERS}, 3, "All 3 environments answer."},
		{{STATUS_UNASKED, STATUS_UNASKED, STATUS_UNASKED},
		 3,
		 "None of the 3 environments was asked in the last hour."},
		{{STATUS_SILENT, STATUS_SILENT, STATUS_SILENT},
		 3,
		 "None of 3 environments answers; production has not for 59 seconds, staging not "
		 "for "
		 "59 seconds, test not for 59 seconds."},
		{{STATUS_FAILING, STATUS_REFUSES, STATUS_UNASKED},
		 3,
		 "None of the 2 environments that were asked answers; what is asked of production "
		 "fails; staging refuses the apiToken; test was not asked in the last hour."},
		{{STATUS_UNASKED, STATUS_SILENT, STATUS_UNASKED},
		 3,
		 "The only one of 3 environments that was asked does not answer; staging has not "
		 "for 59 seconds; production and test were not asked in the last hour."},
		{{STATUS_ANSWERS, STATUS_FAILING, STATUS_UNASKED},
		 3,
		 "1 of 3 environments answers; what is asked of staging fails; test was not asked "
		 "in "
		 "the last hour."},
		{{STATUS_ANSWERS, STATUS_UNASKED, STATUS_UNASKED},
		 3,
		 "1 of 3 environments answers; staging and test were not asked in the last hour."},
	};

	(void)state;
	all_answer();
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		s.environment_count = rows[r].count;
		for (size_t i = 0; i < rows[r].count; i++) {
			s.environments[i].answering = rows[r].of[i];
			s.environments[i].silent_since_ms =
				rows[r].of[i] == STATUS_SILENT ? s.now_ms - 59999 : 0;
		}
		judge();
		assert_string_equal(s.sentence, rows[r].sentence);
	}
}

static void spans_are_rounded_down(void **state)
{
	static const struct {
		int64_t s;
		const char *said;
	} rows[] = {{-1, "a moment"},        {0, "a moment"},         {1, "1 second"},
		    {59, "59 seconds"},      {60, "1 minute"},        {3599, "59 minutes"},
		    {3600, "1 hour"},        {47 * 3600, "47 hours"}, {48 * 3600, "2 days"},
		    {90000000, "1,041 days"}};

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		assert_string_equal(status_span(&arena, rows[r].s * 1000), rows[r].said);
}

/* ---- notices ---- */

static void nothing_wrong_is_said_where_nothing_is(void **state)
{
	(void)state;
	all_answer();
	judge();
	assert_int_equal(s.level, STATUS_GOOD);
	assert_int_equal(s.notice_count, 0);
	assert_null(strstr(page(), "What needs a look"));
}

static void each_of_these_needs_a_look(void **state)
{
	(void)state;
	all_answer();
	s.environments[0].load.failures = s.environments[0].load.requests / 10;
	s.environments[0].held_back = 1;
	s.environments[0].budget[0].left = 0.5;
	s.environments[1].certificate_ends_s = s.now_ms / 1000 + 20 * 86400;
	s.environments[2].certificate_ends_s = s.now_ms / 1000 - 1;
	s.not_ready = "Backstage's permission backend does not answer";
	s.reload = "refused";
	s.reload_place = "app-config.yaml:3:1";
	s.store_failures = 2;
	s.refused.items[1].hour = 5;
	s.pools[0].queued = 7;
	s.pools[0].busy = s.pools[0].most;
	s.decisions[0].unclear = 3;
	s.creations[0].unknown = 1;
	judge();
	assert_int_equal(s.notice_count, 12);
	assert_true(has_notice("failed of "));
	assert_true(has_notice("1 request to production was not made"));
	assert_true(has_notice(
		"Nothing is left at the moment of Palette's rate limit for /v1/dashboard"));
	assert_true(has_notice("The certificate of staging ends in 20 days"));
	assert_true(has_notice("The certificate of test has ended"));
	assert_true(has_notice("permission backend does not answer"));
	assert_true(has_notice("refused, for what stands at app-config.yaml:3:1"));
	assert_true(has_notice("store of sessions has failed 2 times"));
	assert_true(has_notice("5 requests were turned away in the last hour: the queue was full"));
	assert_true(has_notice("All workers are busy and 7 requests wait"));
	assert_true(has_notice("Of 3 requests in the last hour nobody could say"));
	assert_true(has_notice("Of 1 cluster (eks)"));
	assert_non_null(strstr(s.sentence, "All 3 environments answer; other things need a look."));
	/* The worst first. */
	for (size_t i = 1; i < s.notice_count; i++)
		assert_true(s.notices[i - 1].level >= s.notices[i].level);
	assert_int_equal(s.level, STATUS_BAD);
}

static void a_refused_token_is_bad(void **state)
{
	(void)state;
	all_answer();
	s.environments[0].answering = STATUS_REFUSES;
	s.environments[0].token_refused_ms = s.now_ms - 119000;
	judge();
	assert_int_equal(s.level, STATUS_BAD);
	assert_int_equal(s.notice_count, 1);
	assert_true(has_notice("production has refused the apiToken for 1 minute: "));
	assert_string_equal(s.sentence, "2 of 3 environments answer; production refuses the "
					"apiToken.");
	assert_non_null(strstr(page(), "<p class=\"state bad\">"));
	assert_non_null(strstr(page(), "refuses the apiToken</p>"));
}

static void a_backstage_that_fails_is_named(void **state)
{
	struct status_count cause = {"connection", 30, 30};
	struct status_plugin plugins[] = {
		{.name = "auth", .requests = 30, .failures = 30, .failing = true},
		{.name = "external", .requests = 60, .failures = 3},
		{.name = "catalog", .requests = 61, .failures = 3},
	};

	(void)state;
	all_answer();
	plugins[0].causes = (struct status_counts){&cause, 1};
	s.plugins = plugins;
	s.plugin_count = ARRAY_LEN(plugins);
	judge();
	assert_int_equal(s.level, STATUS_BAD);
	assert_int_equal(s.notice_count, 2);
	assert_true(has_notice("What was asked of Backstage's plugin auth lately has failed "
			       "(connection: 30)."));
	assert_true(has_notice("3 requests failed of 60 requests to other issuers of tokens in "
			       "the last hour."));
	assert_string_equal(s.sentence, "All 3 environments answer; other things need a look.");
}

static void failures_that_no_environment_explains(void **state)
{
	const char *said = "50 requests of 1,000 requests to this service in the last hour were "
			   "answered with a status from 500 on";

	(void)state;
	all_answer();
	s.load.requests = 1000;
	s.load.failures = 49;
	judge();
	assert_int_equal(s.level, STATUS_GOOD);
	s.load.failures = 50;
	judge();
	assert_int_equal(s.level, STATUS_WARNING);
	assert_true(has_notice(said));
	assert_string_equal(s.sentence, "All 3 environments answer; something else needs a look.");
	s.environments[0].answering = STATUS_REFUSES;
	s.environments[0].token_refused_ms = s.now_ms;
	judge();
	assert_false(has_notice(said));
}

static void thresholds(void **state)
{
	struct status_environment *e = &s.environments[0];

	(void)state;
	all_answer();
	e->load.requests = 1000;
	e->load.failures = 49;
	judge();
	assert_int_equal(s.level, STATUS_GOOD);
	e->load.failures = 50;
	judge();
	assert_int_equal(s.level, STATUS_WARNING);
	e->load.requests = e->load.failures = 2; /* may be an accident */
	judge();
	assert_int_equal(s.level, STATUS_GOOD);
	e->certificate_ends_s = s.now_ms / 1000 + 21 * 86400 + 1;
	judge();
	assert_int_equal(s.level, STATUS_GOOD);
	e->certificate_ends_s--;
	judge();
	assert_int_equal(s.level, STATUS_WARNING);
	e->certificate_ends_s = s.now_ms / 1000 + 3 * 86400;
	judge();
	assert_int_equal(s.level, STATUS_BAD);
}

static void notices_are_bounded(void **state)
{
	enum { MANY = 100 };
	struct status_environment *e = arena_array(&arena, struct status_environment, MANY);

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		e[i] = (struct status_environment){.name = "x",
						   .answering = STATUS_SILENT,
						   .circuit = "open",
						   .silent_since_ms = 1};
	s.environments = e;
	s.environment_count = MANY;
	judge();
	assert_int_equal(s.notice_count, STATUS_MOST_NOTICES);
	assert_int_equal(s.more_notices, MANY - STATUS_MOST_NOTICES);
	assert_non_null(strstr(s.sentence, ", and 95 more."));
	assert_non_null(strstr(page(), "And 36 more."));
}

/* As many as a configuration may have, with an hour in which all of them were asked all the time
 * and failed now and then: both forms hold them. */
static void a_thousand_environments_fit(void **state)
{
	enum { MANY = 1000, PARTS = 12 };
	struct status_environment *e = arena_array(&arena, struct status_environment, MANY);
	struct palette_budget *budget = arena_array(&arena, struct palette_budget, PARTS);
	struct buf out;

	(void)state;
	for (size_t i = 0; i < PARTS; i++)
		budget[i] = (struct palette_budget){"/v1/spectroclusters/validate", 41.7, 50};
	for (size_t i = 0; i < MANY; i++) {
		e[i] = s.environments[1];
		e[i].name = "an-environment-with-a-name-that-is-longer-than-most-of-them-are";
		e[i].budget = budget;
		e[i].budget_count = PARTS;
		for (size_t m = 0; m < HISTORY_MINUTES; m++)
			e[i].load.minutes[m] =
				(struct status_minute){123456, 12345, 123456, 234567};
	}
	s.environments = e;
	s.environment_count = MANY;
	assert_int_equal(count_in(page(), "<article"), MANY);
	buf_init(&out, STATUS_LONGEST);
	status_write_json(&s, &out);
	assert_true(buf_complete(&out));
	buf_fini(&out);
}

static void phases_are_said_first(void **state)
{
	(void)state;
	all_answer();
	s.phase = PHASE_STARTING;
	s.not_ready = "It has not started yet";
	judge();
	assert_string_equal(s.sentence, "The service is starting.");
	assert_int_equal(s.level, STATUS_WARNING);
	s.phase = PHASE_STOPPING;
	judge();
	assert_string_equal(s.sentence, "The service is shutting down.");
}

/* ---- the page ---- */

#define EVIL "\"'><script>alert(1)</script><b>&amp;\x01"

/* Wherever a name comes from, it is text. */
static void names_stay_text(void **state)
{
	const char *html;

	(void)state;
	for (size_t i = 0; i < s.environment_count; i++)
		s.environments[i].name = EVIL;
	s.environments[0].budget[0].path = EVIL;
	s.environments[1].causes.items[0].name = EVIL;
	s.replica = s.listen = s.version = s.reload_place = s.not_ready = EVIL;
	s.reload = "refused";
	s.refused.items[0].name = s.decisions[0].permission = s.cache.items[0].name = EVIL;
	s.sessions.items[0].name = s.creations[0].cloud = s.pools[0].name = EVIL;
	html = page();
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "<b>"));
	assert_null(strstr(html, "\x01"));
	assert_true(
		count_in(html,
			 "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;&amp;amp;"
			 "&#xFFFD;") > 15);
}

/* Each element that is opened is closed, in order; nothing is fetched, and no style stands in an
 * attribute, which the policy forbids. */
static void is_well_formed(const char *html)
{
	static const char *const empty[] = {"meta", "link", "wbr", "!DOCTYPE"};
	char open[64][16];
	size_t depth = 0;

	for (const char *at = strchr(html, '<'); at != NULL; at = strchr(at + 1, '<')) {
		const char *close = strchr(at, '>');
		char name[16] = "";
		bool is_empty = close[-1] == '/';

		assert_non_null(close);
		assert_int_equal(
			sscanf(at, at[1] == '/' ? "</%15[A-Za-z0-9!]" : "<%15[A-Za-z0-9!]", name),
			1);
		for (size_t i = 0; i < ARRAY_LEN(empty); i++)
			is_empty = is_empty || strcmp(name, empty[i]) == 0;
		if (at[1] == '/') {
			assert_true(depth > 0);
			assert_string_equal(open[--depth], name);
		} else if (!is_empty) {
			assert_true(depth < ARRAY_LEN(open));
			strcpy(open[depth++], name);
		}
	}
	assert_int_equal(depth, 0);
	assert_null(strstr(html, "style="));
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "src="));
	assert_null(strstr(html, "http://") == NULL ? NULL
						    : strstr(strstr(html, "http://") + 1,
							     "http://")); /* SVG's name alone */
}

static void pages_are_well_formed(void **state)
{
	(void)state;
	is_well_formed(page());
	s.reload = "refused";
	s.environment_count = 0;
	is_well_formed(page());
	example_status(&arena, &s, EVIL);
	example_nothing(&s.environments[2].load);
	s.creations[1].outcome = "unknown";
	is_well_formed(page());
}

static void parts_have_headings_and_graphs_have_words(void **state)
{
	const char *html = page();

	(void)state;
	assert_int_equal(count_in(html, "<h1>"), 1);
	assert_int_equal(count_in(html, "<h3 "), 3);
	assert_int_equal(count_in(html, "role=\"img\""), 4);
	assert_int_equal(count_in(html, "<title id="), 4);
	assert_int_equal(count_in(html, "<desc id="), 4);
	for (size_t i = 0; i < s.notice_count; i++) {
		const char *id = arena_printf(&arena, "id=\"%s\"", s.notices[i].about);

		assert_int_equal(count_in(html, id), 1);
	}
	assert_non_null(strstr(html, "production: the last hour by minute"));
	assert_non_null(strstr(html, "41 of 50"));
	assert_non_null(strstr(html, "12,840"));
}

static void an_hour_without_requests_is_drawn_too(void **state)
{
	const char *html;

	(void)state;
	example_nothing(&s.environments[0].load);
	s.environments[0].load.requests = s.environments[0].load.failures = 0;
	for (size_t m = 0; m < HISTORY_MINUTES; m++)
		s.environments[0].load.minutes[m].requests = 0;
	html = page();
	assert_null(strstr(html, "nan\""));
	assert_null(strstr(html, "inf\""));
	assert_non_null(strstr(html, "0 requests, 0 failed. At most 0 in a minute."));
}

static void the_policy_lets_nothing_else_in(void **state)
{
	(void)state;
	assert_true(
		text_starts(text_of(status_policy()), "default-src 'none'; style-src 'sha256-"));
	assert_non_null(strstr(status_policy(), "frame-ancestors 'none'"));
	assert_null(strstr(status_policy(), "unsafe"));
	assert_ptr_equal(status_policy(), status_policy());
}

/* ---- JSON ---- */

static void json_has_what_is_documented(void **state)
{
	const char *third = EVIL;
	struct text value;
	struct error err;
	struct buf out;

	(void)state;
	for (int round = 0; round < 2; round++) {
		example_status(&arena, &s, third);
		if (round == 1) {
			example_nothing(&s.environments[0].load);
			s.reload = NULL;
			s.reload_ms = 0;
			s.not_ready = "because";
		}
		judge();
		buf_init(&out, STATUS_LONGEST);
		status_write_json(&s, &out);
		assert_true(buf_complete(&out));
		if (!json_check(buf_text(&out), &value, &err))
			fail_msg("%s", err.message);
		assert_true(fits_fields(&arena, status_fields, value));
		assert_string_equal(json_string_at(&arena, value, "/environments/2/name", ""),
				    EVIL);
		assert_string_equal(json_string_at(&arena, value, "/environments/1/state", ""),
				    "does not answer");
		assert_string_equal(
			json_string_at(&arena, value, "/environments/1/silentSince", ""),
			"2025-12-31T23:56:00.000Z");
		buf_fini(&out);
	}
}

/* ---- who is on this machine ---- */

static bool local(const char *peer, const char *host, const char *header)
{
	struct http_header headers[2] = {{TEXT("Host"), text_of(host)}};
	size_t count = host == NULL ? 0 : 1;

	if (header != NULL)
		headers[count++] = (struct http_header){text_of(header), TEXT("for=10.0.0.1")};
	return status_is_local(peer, headers, count);
}

static void who_is_on_this_machine(void **state)
{
	(void)state;
	assert_true(local("127.0.0.1", "127.0.0.1:9727", NULL));
	assert_true(local("127.1.2.3", "LocalHost", NULL));
	assert_true(local("::1", "[::1]:9727", NULL));
	assert_true(local("unix", "anything", NULL));
	assert_true(local("unix", NULL, NULL));
	assert_false(local("10.0.0.1", "127.0.0.1:9727", NULL));
	assert_false(local("1.127.0.1", "127.0.0.1:9727", NULL));
	assert_false(local("127.0.0.1", "rebound.example:9727", NULL));
	assert_false(local("127.0.0.1", "127.0.0.1.example", NULL));
	assert_false(local("127.0.0.1", "localhost:9727@evil.example", NULL));
	assert_false(local("127.0.0.1", NULL, NULL));
	assert_false(local("127.0.0.1", "localhost", "X-Forwarded-For"));
	assert_false(local("127.0.0.1", "localhost", "forwarded"));
	assert_false(local("unix", "localhost", "Via"));
	/* What a mesh brings to a pod comes from an address like 127.0.0.6. */
	assert_false(local("127.0.0.6", "localhost", "x-forwarded-proto"));
	assert_false(local("127.0.0.6", "localhost", "X-Forwarded-Client-Cert"));
	assert_false(local("127.0.0.6", "localhost", "x-envoy-peer-metadata-id"));
	assert_true(local("127.0.0.1", "localhost", "X-Forward"));
	assert_true(local("127.0.0.1", "localhost", "Accept"));
}

/* For who wants to look at it: STATUS_PAGE names the file. */
static void write_example(void)
{
	const char *path = getenv("STATUS_PAGE");
	FILE *file = path == NULL ? NULL : fopen(path, "we");

	if (file == NULL)
		return;
	arena_init(&arena);
	example_status(&arena, &s, "edge <lab>");
	fputs(page(), file);
	fclose(file);
	arena_fini(&arena);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(one_that_is_silent_is_named),
		CASE(what_is_said_of_environments),
		CASE(spans_are_rounded_down),
		CASE(nothing_wrong_is_said_where_nothing_is),
		CASE(each_of_these_needs_a_look),
		CASE(a_refused_token_is_bad),
		CASE(a_backstage_that_fails_is_named),
		CASE(failures_that_no_environment_explains),
		CASE(thresholds),
		CASE(notices_are_bounded),
		CASE(a_thousand_environments_fit),
		CASE(phases_are_said_first),
		CASE(names_stay_text),
		CASE(pages_are_well_formed),
		CASE(parts_have_headings_and_graphs_have_words),
		CASE(an_hour_without_requests_is_drawn_too),
		CASE(the_policy_lets_nothing_else_in),
		CASE(json_has_what_is_documented),
		CASE(who_is_on_this_machine),
	};

	write_example();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
