/* What the tests of messages share: rows of a message and of what becomes of it. */
#ifndef UNIT_MCP_MESSAGES_H
#define UNIT_MCP_MESSAGES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mcp/mcp.h"
#include "json/json.h"

static const struct mcp_server server = {
	.name = "spectro",
	.title = "Spectro Cloud",
	.version = "1.2.3",
	.instructions = "Ask before you delete.",
	.tools = {"[{\"name\":\"list\"},\n {\"name\":\"show\"}]", 35},
};

/* A row that is not told about stands for what is usual: HTTP, no headers, an answer with 200. */
struct row {
	const char *body;
	const char *version; /* the headers */
	const char *method;
	const char *name;
	enum mcp_carrier carrier;
	enum mcp_kind kind;
	int status;
	int code;
	const char *at;    /* a pointer into the answer */
	const char *value; /* what stands there, raw; NULL: nothing does */
	const char *and_at;
	const char *and_value;
};

/* A message that was read, until forget(). */
struct read_message {
	struct arena arena;
	struct buf answer;
	struct mcp_message out;
};

static struct text header_of(const char *value)
{
	return value == NULL ? (struct text){NULL, 0} : text_of(value);
}

static void read_row(const struct row *row, struct read_message *m)
{
	const struct mcp_headers headers = {header_of(row->version), header_of(row->method),
					    header_of(row->name)};

	arena_init(&m->arena);
	buf_init(&m->answer, 100000);
	mcp_read(&server, &m->arena, row->carrier, &headers, text_of(row->body), &m->answer,
		 &m->out);
	assert_true(buf_complete(&m->answer));
}

static void forget(struct read_message *m)
{
	buf_fini(&m->answer);
	arena_fini(&m->arena);
}

/* An answer is JSON, on one line. */
static void check_form(const char *body, struct text answer)
{
	struct text value;
	struct error err;

	if (!json_check(answer, &value, &err))
		fail_msg("%s: %s: %.*s", body, err.message, (int)answer.len, answer.ptr);
	if (text_find(answer, '\n') != SIZE_MAX || text_find(answer, '\r') != SIZE_MAX)
		fail_msg("%s: more than one line", body);
	assert_true(json_member(answer, "jsonrpc", &value) && json_string_is(value, "2.0"));
}

static void check_value(const char *body, struct text answer, const char *at, const char *expected)
{
	struct text value;

	if (at == NULL)
		return;
	if (!json_at(answer, at, &value)) {
		if (expected != NULL)
			fail_msg("%s: nothing at %s of %.*s", body, at, (int)answer.len,
				 answer.ptr);
	} else if (expected == NULL || !text_is(value, expected)) {
		fail_msg("%s: %.*s at %s", body, (int)value.len, value.ptr, at);
	}
}

static void check_error(const char *body, struct text answer, int code)
{
	struct text value;
	int64_t said = 0;

	if (json_at(answer, "/error/code", &value))
		assert_true(json_int(value, &said));
	if (said != code)
		fail_msg("%s: error %d", body, (int)said);
	assert_int_equal(json_at(answer, "/result", &value), code == 0);
	assert_int_equal(json_at(answer, "/error/message", &value), code != 0);
}

static void check_row(const struct row *row)
{
	int status = row->status != 0 ? row->status : row->kind == MCP_ACCEPTED ? 202 : 200;
	struct read_message m;
	struct text answer;

	read_row(row, &m);
	answer = buf_text(&m.answer);
	if (m.out.kind != row->kind)
		fail_msg("%s: kind %d", row->body, (int)m.out.kind);
	if (row->carrier == MCP_HTTP && m.out.status != status)
		fail_msg("%s: status %d", row->body, m.out.status);
	if (m.out.kind == MCP_ANSWER) {
		assert_int_equal(m.out.code, row->code);
		check_form(row->body, answer);
		check_error(row->body, answer, row->code);
		check_value(row->body, answer, row->at, row->value);
		check_value(row->body, answer, row->and_at, row->and_value);
	} else {
		assert_int_equal(answer.len, 0);
	}
	forget(&m);
}

static inline void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i]);
}

#endif
