/* The form of good answers: tags, compression, and what is not sent again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "face/represent.h"

enum { MOST_HEADERS = 4, LONGEST_BODY = 64 * 1024 };

struct scene {
	struct arena arena;
	struct represent *represent;
	struct http_header headers[MOST_HEADERS];
	struct http_request request;
	struct http_response r;
	struct op op;
	char body[LONGEST_BODY];
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	arena_init(&s->arena);
	s->represent = represent_new(true);
	s->request = (struct http_request){.headers = s->headers, .arena = &s->arena};
	s->op = (struct op){.method = "GET"};
	memset(s->body, 'x', sizeof s->body);
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	buf_fini(&s->r.body_owned);
	shared_unref(s->r.shared);
	represent_free(s->represent);
	arena_fini(&s->arena);
	free(s);
	return 0;
}

/* Sends a header with the next request; each replaces those before. */
static void asks(struct scene *s, const char *name, const char *value)
{
	s->headers[0] = (struct http_header){text_of(name), text_of(value)};
	s->request.header_count = 1;
}

static void asks_also(struct scene *s, const char *name, const char *value)
{
	s->headers[s->request.header_count++] = (struct http_header){text_of(name), text_of(value)};
}

/* The same of bytes that others have too. */
static void answer_shared(struct scene *s, struct shared *shared)
{
	buf_fini(&s->r.body_owned);
	shared_unref(s->r.shared);
	s->r = (struct http_response){
		.status = 200, .body = shared_text(shared), .shared = shared_ref(shared)};
	http_response_header(&s->r, "Content-Type", "application/json; charset=utf-8");
	represent_answer(s->represent, &s->request, &s->op, NULL, &s->r);
}

static void answer_as(struct scene *s, const char *type, size_t len)
{
	buf_fini(&s->r.body_owned);
	s->r = (struct http_response){.status = 200};
	buf_init(&s->r.body_owned, LONGEST_BODY);
	buf_add(&s->r.body_owned, (struct text){s->body, len});
	http_response_header(&s->r, "Content-Type", type);
	http_response_header(&s->r, "Content-Disposition", "attachment");
	represent_answer(s->represent, &s->request, &s->op, NULL, &s->r);
}

static void answer(struct scene *s, size_t len)
{
	answer_as(s, "application/json; charset=utf-8", len);
}

/* "" where it is not sent. */
static const char *said(struct scene *s, const char *name)
{
	const struct http_header *h = http_header_find(s->r.headers, s->r.header_count, name);

	return h == NULL ? "" : arena_copy(&s->arena, h->value);
}

static bool is_gzip(struct scene *s)
{
	bool said_so = strcmp(said(s, "Content-Encoding"), "gzip") == 0;

	assert_int_equal(said_so, s->r.body_owned.len > 2 &&
					  memcmp(s->r.body_owned.ptr, "\x1f\x8b", 2) == 0);
	return said_so;
}

static void the_plain_form_has_a_tag(void **state)
{
	struct scene *s = *state;
	const char *tag;

	answer(s, 2000);
	tag = said(s, "ETag");
	assert_int_equal(strlen(tag), 45);
	assert_true(tag[0] == '"' && tag[44] == '"');
	assert_string_equal(said(s, "Cache-Control"), "private, no-cache");
	assert_string_equal(said(s, "Vary"), "Accept-Encoding");
	assert_false(is_gzip(s));
	assert_int_equal(s->r.body_owned.len, 2000);
	answer(s, 2000);
	assert_string_equal(said(s, "ETag"), tag);
	answer(s, 2001);
	assert_string_not_equal(said(s, "ETag"), tag);
}

static void the_compressed_form_has_another(void **state)
{
	struct scene *s = *state;
	char plain[100];

	answer(s, 2000);
	strcpy(plain, said(s, "ETag"));
	asks(s, "Accept-Encoding", "gzip");
	answer(s, 2000);
	assert_true(is_gzip(s));
	assert_true(s->r.body_owned.len < 100);
	strcpy(plain + 44, "-gzip\"");
	assert_string_equal(said(s, "ETag"), plain);
}

static void short_answers_and_other_types_stay_plain(void **state)
{
	static const struct {
		const char *type;
		size_t len;
		bool compressed;
	} rows[] = {
		{"application/json", 1024, true},  {"application/json", 1023, false},
		{"text/plain", 1024, true},        {"application/x-yaml", 1024, true},
		{"application/gzip", 4096, false}, {"application/octet-stream", 4096, false},
		{"image/png", 4096, false},        {"", 4096, false},
	};
	struct scene *s = *state;

	asks(s, "Accept-Encoding", "gzip");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		answer_as(s, rows[i].type, rows[i].len);
		assert_int_equal(is_gzip(s), rows[i].compressed);
	}
	asks(s, "Accept-Encoding", "gzip, identity;q=0");
	answer(s, 10);
	assert_true(is_gzip(s));
}

static void what_the_client_has_is_not_sent_again(void **state)
{
	struct scene *s = *state;
	size_t length;
	char tag[100];

	for (int i = 0; i < 2; i++) {
		asks(s, "Accept-Encoding", i == 0 ? "identity" : "gzip");
		answer(s, 3000);
		strcpy(tag, said(s, "ETag"));
		length = s->r.body_owned.len;
		asks_also(s, "If-None-Match", tag);
		answer(s, 3000);
		assert_int_equal(s->r.status, 304);
		assert_int_equal(s->r.body_owned.len + s->r.body.len, 0);
		assert_int_equal(s->r.unsent, length);
		assert_string_equal(said(s, "ETag"), tag);
		assert_string_equal(said(s, "Vary"), "Accept-Encoding");
		assert_string_equal(said(s, "Cache-Control"), "private, no-cache");
		assert_string_equal(said(s, "Content-Type"), "");
		assert_string_equal(said(s, "Content-Disposition"), "");
		assert_string_equal(said(s, "Content-Encoding"), "");
		answer(s, 3001);
		assert_int_equal(s->r.status, 200);
	}
}

/* It was made by another process, or long ago: its length is found out again. */
static void a_length_that_is_not_remembered_is_right(void **state)
{
	struct scene *s = *state;
	size_t length;

	asks(s, "Accept-Encoding", "gzip");
	answer(s, 5000);
	length = s->r.body_owned.len;
	represent_free(s->represent);
	s->represent = represent_new(true);
	asks_also(s, "If-None-Match", "*");
	answer(s, 5000);
	assert_int_equal(s->r.status, 304);
	assert_int_equal(s->r.unsent, length);
	assert_int_equal(s->r.body_owned.len, 0);
}

static void secrets_and_the_servers_own_answers_have_neither(void **state)
{
	static const unsigned flags[] = {OP_SECRET, OP_ROOT};
	struct scene *s = *state;

	asks(s, "Accept-Encoding", "gzip");
	asks_also(s, "If-None-Match", "*");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		s->op.flags = flags[i];
		answer(s, 4096);
		assert_int_equal(s->r.status, 200);
		assert_int_equal(s->r.header_count, 2);
		assert_int_equal(s->r.body_owned.len, 4096);
	}
}

static void only_reads_have_a_tag(void **state)
{
	struct scene *s = *state;

	s->op.method = "POST";
	asks(s, "Accept-Encoding", "gzip");
	asks_also(s, "If-None-Match", "*");
	answer(s, 4096);
	assert_int_equal(s->r.status, 200);
	assert_true(is_gzip(s));
	assert_string_equal(said(s, "ETag"), "");
	assert_string_equal(said(s, "Cache-Control"), "");
}

static void the_front_thread_compresses_nothing(void **state)
{
	struct scene *s = *state;
	struct op_constant constant;
	struct text json = {s->body, 8192};

	s->op.flags = OP_FRONT;
	asks(s, "Accept-Encoding", "gzip");
	answer(s, 8192);
	assert_false(is_gzip(s));
	assert_string_equal(said(s, "Vary"), "");
	assert_string_not_equal(said(s, "ETag"), "");

	op_constant_make(&constant, json, true);
	for (int i = 0; i < 2; i++) {
		struct http_response r = {.status = 200, .body = json};

		http_response_header(&r, "Content-Type", "application/json");
		if (i == 1)
			asks_also(s, "If-None-Match", said(s, "ETag"));
		represent_answer(s->represent, &s->request, &s->op, &constant, &r);
		buf_fini(&s->r.body_owned);
		s->r = r;
		assert_int_equal(r.status, i == 0 ? 200 : 304);
		assert_int_equal(i == 0 ? r.body.len : r.unsent, constant.gzip.len);
		assert_string_equal(said(s, "Vary"), "Accept-Encoding");
	}
	op_constant_fini(&constant);
}

static void what_else_the_answer_depends_on_stays(void **state)
{
	struct scene *s = *state;
	struct http_response r = {.status = 200, .body = TEXT("{}")};

	http_response_header(&r, "Content-Type", "application/json");
	http_response_header(&r, "Vary", "Origin");
	represent_answer(s->represent, &s->request, &s->op, NULL, &r);
	s->r = r;
	assert_string_equal(said(s, "Vary"), "Origin, Accept-Encoding");
}

static void without_compression_there_are_tags(void **state)
{
	struct scene *s = *state;

	represent_free(s->represent);
	s->represent = represent_new(false);
	asks(s, "Accept-Encoding", "gzip, identity;q=0");
	answer(s, 8192);
	assert_false(is_gzip(s));
	assert_string_equal(said(s, "Vary"), "");
	assert_int_equal(strlen(said(s, "ETag")), 45);
}

/* Who has it second gets the very bytes that were made for the first, and the same tag as when
 * nobody shared it. */
static void what_is_shared_is_compressed_once(void **state)
{
	struct scene *s = *state;
	const char *tag;
	const char *first;
	struct shared *shared;
	struct buf bytes;

	asks(s, "Accept-Encoding", "gzip");
	answer(s, 5000);
	tag = said(s, "ETag");
	buf_init(&bytes, SIZE_MAX);
	buf_add(&bytes, (struct text){s->body, 5000});
	shared = shared_new(&bytes);
	answer_shared(s, shared);
	assert_string_equal(said(s, "ETag"), tag);
	assert_string_equal(said(s, "Content-Encoding"), "gzip");
	first = s->r.body.ptr;
	assert_true(s->r.body.len < 1000);
	answer_shared(s, shared);
	assert_ptr_equal(s->r.body.ptr, first);
	s->request.header_count = 0;
	answer_shared(s, shared);
	assert_ptr_equal(s->r.body.ptr, shared_text(shared).ptr);
	asks(s, "Accept-Encoding", "gzip");
	asks_also(s, "If-None-Match", tag);
	answer_shared(s, shared);
	assert_int_equal(s->r.status, 304);
	assert_null(s->r.shared);
	assert_true(s->r.unsent < 1000);
	shared_unref(shared);
}

/* The last one who has it gives the plain bytes up. */
static void what_nobody_shares_is_in_memory_once(void **state)
{
	struct scene *s = *state;
	struct buf bytes;

	buf_init(&bytes, SIZE_MAX);
	buf_add(&bytes, (struct text){s->body, 5000});
	asks(s, "Accept-Encoding", "gzip");
	s->r = (struct http_response){.status = 200, .shared = shared_new(&bytes)};
	s->r.body = shared_text(s->r.shared);
	http_response_header(&s->r, "Content-Type", "application/json; charset=utf-8");
	represent_answer(s->represent, &s->request, &s->op, NULL, &s->r);
	assert_null(s->r.shared);
	assert_true(s->r.body_owned.len > 0 && s->r.body_owned.len < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_shared_is_compressed_once, scene_begin,
						scene_end),
		cmocka_unit_test_setup_teardown(what_nobody_shares_is_in_memory_once, scene_begin,
						scene_end),
		cmocka_unit_test_setup_teardown(the_plain_form_has_a_tag, scene_begin, scene_end),
		cmocka_unit_test_setup_teardown(the_compressed_form_has_another, scene_begin,
						scene_end),
		cmocka_unit_test_setup_teardown(short_answers_and_other_types_stay_plain,
						scene_begin, scene_end),
		cmocka_unit_test_setup_teardown(what_the_client_has_is_not_sent_again, scene_begin,
						scene_end),
		cmocka_unit_test_setup_teardown(a_length_that_is_not_remembered_is_right,
						scene_begin, scene_end),
		cmocka_unit_test_setup_teardown(secrets_and_the_servers_own_answers_have_neither,
						scene_begin, scene_end),
		cmocka_unit_test_setup_teardown(only_reads_have_a_tag, scene_begin, scene_end),
		cmocka_unit_test_setup_teardown(the_front_thread_compresses_nothing, scene_begin,
						scene_end),
		cmocka_unit_test_setup_teardown(what_else_the_answer_depends_on_stays, scene_begin,
						scene_end),
		cmocka_unit_test_setup_teardown(without_compression_there_are_tags, scene_begin,
						scene_end),
	};

	return cmocka_run_group_tests_name("face/represent", tests, NULL, NULL);
}
