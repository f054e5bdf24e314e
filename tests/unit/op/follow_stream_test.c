/* Following as server-sent events, to the byte; and texts that would break the framing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "op/follow_stream.h"
#include "json/json.h"

static struct buf sent;
static const char *begun;
static bool takes;

static void begin(void *context, const char *content_type)
{
	(void)context;
	assert_null(begun);
	begun = content_type;
}

static bool take(void *context, struct text piece)
{
	(void)context;
	assert_non_null(begun);
	if (takes)
		buf_add(&sent, piece);
	return takes;
}

static const struct call_stream stream = {.begin = begin, .send = take};
static struct follow_stream out;
static struct follow_sink sink;

static int set_up(void **state)
{
	(void)state;
	buf_init(&sent, 1024 * 1024);
	begun = NULL;
	takes = true;
	out = (struct follow_stream){.stream = &stream};
	sink = follow_stream_sink(&out);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&sent);
	return 0;
}

static bool send_state(const char *state, const char *previous)
{
	const struct follow_state s = {.state = state, .previous = previous};

	return sink.state(sink.context, "5", &s);
}

static void assert_sent(const char *expected)
{
	assert_string_equal(sent.ptr, expected);
	buf_truncate(&sent, 0);
}

static void each_event_reads_so(void **state)
{
	const struct follow_condition condition = {"T", "False", "R", "m", "t"};
	const struct follow_component component = {"u", "t", "Warning", "R", "m", "c", "h"};
	struct error problem;

	(void)state;
	assert_true(send_state("Pending", NULL));
	assert_string_equal(begun, "text/event-stream");
	assert_sent("retry: 3000\nid: 5\nevent: state\n"
		    "data: {\"state\":\"Pending\",\"previous\":null}\n\n");
	assert_true(send_state("Running", "Pending"));
	assert_sent("id: 5\nevent: state\n"
		    "data: {\"state\":\"Running\",\"previous\":\"Pending\"}\n\n");
	assert_true(sink.condition(sink.context, "6", &condition));
	assert_sent(
		"id: 6\nevent: condition\ndata: {\"type\":\"T\",\"status\":\"False\",\"reason\":"
		"\"R\",\"message\":\"m\",\"lastTransitionTime\":\"t\"}\n\n");
	assert_true(sink.component(sink.context, "7", &component));
	assert_sent("id: 7\nevent: component\ndata: {\"uid\":\"u\",\"time\":\"t\",\"severity\":"
		    "\"Warning\",\"reason\":\"R\",\"message\":\"m\",\"component\":\"c\","
		    "\"host\":\"h\"}\n\n");
	error_set(&problem, ERROR_UPSTREAM, "no");
	assert_true(sink.trouble(sink.context, &problem));
	assert_sent("event: trouble\ndata: {\"message\":\"no\"}\n\n");
	assert_true(sink.quiet(sink.context));
	assert_sent(": keep-alive\n\n");
}

static void the_end_says_whether_to_come_back(void **state)
{
	struct follow_end end = {FOLLOW_RUNNING, "Running", "It runs"};

	(void)state;
	follow_stream_put_end(&sent, &end);
	assert_sent("event: end\ndata: {\"reason\":\"running\",\"state\":\"Running\",\"message\":"
		    "\"It runs\",\"mayReconnect\":false}\n\n");
	end.reason = FOLLOW_CLOSING;
	follow_stream_put_end(&sent, &end);
	assert_sent("event: end\ndata: {\"reason\":\"closing\",\"state\":\"Running\",\"message\":"
		    "\"It runs\",\"mayReconnect\":true}\n\n");
	end.reason = FOLLOW_SIGNED_OUT;
	follow_stream_put_end(&sent, &end);
	assert_sent(
		"event: end\ndata: {\"reason\":\"signed-out\",\"state\":\"Running\",\"message\":"
		"\"It runs\",\"mayReconnect\":false,\"requiresReAuth\":true}\n\n");
}

/* Nothing in a text ends a line, and JSON gives it back. */
static void no_text_breaks_the_framing(void **state)
{
	static const char *const odd[] = {"\n\nevent: end\ndata: {}\n\n",
					  "a\rb\r\nc",
					  "\xE2\x80\xA8",
					  "\x01\x1f\x7f",
					  "\xff\xfe",
					  "\"}\\",
					  ": x",
					  "\xEF\xBB\xBFx"};
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(send_state("Pending", NULL));
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		const struct follow_component c = {odd[i], odd[i], odd[i], odd[i],
						   odd[i], odd[i], odd[i]};
		struct text rest;
		struct text line;
		struct text value;
		struct error err;

		buf_truncate(&sent, 0);
		assert_true(sink.component(sink.context, "5", &c));
		rest = buf_text(&sent);
		assert_int_equal(text_find(rest, '\r'), SIZE_MAX);
		assert_true(text_next(&rest, '\n', &line) && text_is(line, "id: 5"));
		assert_true(text_next(&rest, '\n', &line) && text_is(line, "event: component"));
		assert_true(text_next(&rest, '\n', &line) && text_starts(line, "data: "));
		assert_true(json_check(text_slice(line, 6, SIZE_MAX), &value, &err));
		if (text_is_utf8(text_of(odd[i])))
			assert_string_equal(json_string_at(&a, value, "/message", NULL), odd[i]);
		assert_true(text_is(rest, "\n"));
	}
	arena_fini(&a);
}

static void the_longest_texts_fit(void **state)
{
	char message[FOLLOW_LONGEST_MESSAGE + 1];
	char word[FOLLOW_LONGEST_WORD + 1];
	const struct follow_component c = {word, word, word, word, message, word, word};

	(void)state;
	memset(message, 1, sizeof message - 1);
	message[sizeof message - 1] = '\0';
	memset(word, 1, sizeof word - 1);
	word[sizeof word - 1] = '\0';
	assert_true(send_state("Pending", NULL));
	assert_true(sink.component(sink.context, "5", &c));
	assert_true(text_ends(buf_text(&sent), "}\n\n"));
}

static void what_is_not_taken_is_said(void **state)
{
	(void)state;
	takes = false;
	assert_false(send_state("Pending", NULL));
	assert_false(sink.quiet(sink.context));
}

static bool since(const char *value, struct follow_mark *mark, struct error *err)
{
	const struct http_header headers[] = {{TEXT("Host"), TEXT("x")},
					      {TEXT("last-event-ID"), text_of(value)}};
	const struct call c = {.headers = headers, .header_count = value == NULL ? 1 : 2};

	return follow_stream_since(&c, mark, err);
}

static void a_client_comes_back_with_an_id(void **state)
{
	struct follow_mark mark = {.given = true};
	struct error err;

	(void)state;
	assert_true(since(NULL, &mark, &err));
	assert_false(mark.given);
	assert_true(since("", &mark, &err));
	assert_false(mark.given);
	assert_true(since(" 1700000000000.0123456789abcdef ", &mark, &err));
	assert_true(mark.given);
	assert_int_equal(mark.count, 1);
	assert_false(since("1700000000000.x", &mark, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_event_reads_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_says_whether_to_come_back, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(no_text_breaks_the_framing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_longest_texts_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_taken_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_comes_back_with_an_id, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
