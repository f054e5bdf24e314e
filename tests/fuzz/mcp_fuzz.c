/*
 * Messages over both carriers, and the lines of one of them. Whatever comes: what is answered is
 * JSON on one line, with the id that was sent or none; what is handed out to be run is whole; and a
 * stream falls into the same lines however it is cut.
 *
 * The first line is the carrier, "http" or something else. Over HTTP the next three are the headers
 * MCP-Protocol-Version, Mcp-Method and Mcp-Name, "-" for one that is not there, and the rest is the
 * body. On stdio the rest is the stream.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/lines.h"
#include "mcp/mcp.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST_LINE = 512 };

static const struct mcp_server server = {
	.name = "fuzz",
	.version = "1",
	.tools = {"[\n]", 3},
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool has(struct text object, const char *name)
{
	struct text value;

	return json_member(object, name, &value);
}

/* ---- what is answered ---- */

/* One line of JSON that is a message. */
static void check_message(struct text answer)
{
	struct text value;
	struct error err;

	must(json_check(answer, &value, &err) && value.len == answer.len, "it is JSON");
	must(text_find(answer, '\n') == SIZE_MAX && text_find(answer, '\r') == SIZE_MAX,
	     "it is one line");
	must(json_member(answer, "jsonrpc", &value) && json_string_is(value, "2.0"),
	     "it is JSON-RPC");
}

/* The id of the answer is the one that jansson finds in the request. */
static void check_id(struct text body, struct text answer)
{
	struct text id;
	struct error err;
	json_t *sent;
	json_t *echoed;

	must(json_member(answer, "id", &id), "an answer has an id");
	if (text_is(id, "null"))
		return;
	/* Duplicates further inside, or numbers that do not fit: nothing to compare with. */
	if (!json_tree_read(body, &sent, &err))
		return;
	must(json_tree_read(id, &echoed, &err), "an id is JSON");
	must(json_is_string(echoed) || json_is_integer(echoed), "an id is a string or a number");
	must(json_equal(json_object_get(sent, "id"), echoed), "the id is the one that was sent");
	json_decref(echoed);
	json_decref(sent);
}

static void check_answer(struct text body, const struct mcp_message *m, struct text answer)
{
	struct text value;
	int64_t code = 0;

	check_message(answer);
	check_id(body, answer);
	must(has(answer, "result") != has(answer, "error"), "it is a result or an error");
	must(has(answer, "error") == (m->code != 0), "an error is known as one");
	must(!json_at(answer, "/error/code", &value) || (json_int(value, &code) && code == m->code),
	     "the code is the one that is logged");
	must(m->status == 200 || (m->code != 0 && (m->status == 400 || m->status == 404)),
	     "a status is one that we know");
	must(m->era == MCP_LEGACY || !has(answer, "result") ||
		     json_at(answer, "/result/_meta", &value),
	     "a modern result says whose it is");
}

/* ---- what is handed out ---- */

static void check_call(enum mcp_carrier carrier, const struct mcp_headers *headers,
		       struct mcp_message *m)
{
	struct text value;
	struct error err;
	struct buf out;

	must(m->id.ptr != NULL && m->tool != NULL && m->tool[0] != '\0', "a call is whole");
	must(json_check(m->arguments, &value, &err) &&
		     json_type_of(m->arguments) == JSON_TYPE_OBJECT,
	     "arguments are an object");
	if (carrier == MCP_HTTP && m->era == MCP_MODERN)
		must(headers->version.ptr != NULL && headers->method.ptr != NULL &&
			     headers->name.ptr != NULL &&
			     text_is(text_trim(headers->version), m->version) &&
			     text_is(text_trim(headers->method), "tools/call"),
		     "a modern call has its headers");
	buf_init(&out, SIZE_MAX / 2);
	mcp_put_tool_result(&out, &server, m, m->arguments, m->tool);
	check_message(buf_text(&out));
	buf_truncate(&out, 0);
	mcp_put_tool_error(&out, &server, m, m->tool);
	check_message(buf_text(&out));
	buf_truncate(&out, 0);
	if (mcp_put_progress(&out, m, 1, 2, m->tool))
		check_message(buf_text(&out));
	else
		must(m->progress_token.ptr == NULL, "who wants to know of progress is told");
	buf_fini(&out);
}

static void read_message(enum mcp_carrier carrier, const struct mcp_headers *headers,
			 struct text body)
{
	struct mcp_message m;
	struct arena arena;
	struct buf answer;

	arena_init(&arena);
	buf_init(&answer, SIZE_MAX / 2);
	mcp_read(&server, &arena, carrier, headers, body, &answer, &m);
	must(m.version != NULL, "a revision is settled on");
	if (m.kind == MCP_ANSWER)
		check_answer(body, &m, buf_text(&answer));
	else
		must(answer.len == 0, "there is nothing to say yet");
	if (m.kind == MCP_CALL)
		check_call(carrier, headers, &m);
	must(m.kind != MCP_LIST, "the list is the same for all");
	must(m.kind != MCP_CANCEL ||
		     ((carrier == MCP_STDIO || m.era == MCP_LEGACY) && m.cancel_id.ptr != NULL),
	     "what is cancelled has an id");
	buf_fini(&answer);
	arena_fini(&arena);
}

/* ---- carriers ---- */

/* The next line; a header of "-" is not there. */
static struct text take_header(struct text *rest)
{
	size_t end = text_find(*rest, '\n');
	struct text line = text_slice(*rest, 0, end);

	*rest = text_slice(*rest, end == SIZE_MAX ? rest->len : end + 1, SIZE_MAX);
	return text_is(line, "-") ? (struct text){NULL, 0} : line;
}

static void read_http(struct text rest)
{
	struct mcp_headers headers;

	headers.version = take_header(&rest);
	headers.method = take_header(&rest);
	headers.name = take_header(&rest);
	read_message(MCP_HTTP, &headers, rest);
}

/* Takes the stream apart in pieces of that size; the lines, each behind its kind and before a
 * line end. */
static void take_apart(struct text stream, size_t piece_bytes, struct buf *out)
{
	struct mcp_lines lines;
	struct text line = {NULL, 0};
	enum mcp_line kind;

	mcp_lines_init(&lines, LONGEST_LINE);
	for (size_t at = 0; at < stream.len; at += piece_bytes) {
		struct text piece = text_slice(stream, at, piece_bytes);

		while ((kind = mcp_lines_next(&lines, &piece, &line)) != MCP_LINE_NONE) {
			buf_add_char(out, kind == MCP_LINE_WHOLE ? '+' : '!');
			if (kind == MCP_LINE_WHOLE)
				buf_add(out, line);
			buf_add_char(out, '\n');
		}
		must(piece.len == 0, "all of a piece is used");
	}
	kind = mcp_lines_end(&lines, &line);
	if (kind == MCP_LINE_WHOLE)
		buf_add(out, line);
	else if (kind == MCP_LINE_TOO_LONG)
		buf_add_char(out, '!');
	mcp_lines_fini(&lines);
}

static void check_cuts(struct text stream)
{
	struct buf whole;
	struct buf pieces;

	buf_init(&whole, SIZE_MAX / 2);
	buf_init(&pieces, SIZE_MAX / 2);
	take_apart(stream, stream.len + 1, &whole);
	for (size_t bytes = 1; bytes < stream.len; bytes = bytes * 3 + 1) {
		buf_truncate(&pieces, 0);
		take_apart(stream, bytes, &pieces);
		must(text_equal(buf_text(&whole), buf_text(&pieces)),
		     "lines do not depend on where a stream is cut");
	}
	buf_fini(&pieces);
	buf_fini(&whole);
}

static void read_stdio(struct text rest)
{
	const struct mcp_headers none = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	struct mcp_lines lines;
	struct text line;
	enum mcp_line kind;

	check_cuts(rest);
	mcp_lines_init(&lines, LONGEST_LINE);
	while ((kind = mcp_lines_next(&lines, &rest, &line)) != MCP_LINE_NONE) {
		if (kind != MCP_LINE_WHOLE)
			continue;
		must(line.len <= LONGEST_LINE && text_find(line, '\n') == SIZE_MAX,
		     "a line is a line");
		read_message(MCP_STDIO, &none, line);
	}
	if (mcp_lines_end(&lines, &line) == MCP_LINE_WHOLE)
		read_message(MCP_STDIO, &none, line);
	mcp_lines_fini(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size};
	struct text carrier = take_header(&rest);

	if (text_is(carrier, "http"))
		read_http(rest);
	else
		read_stdio(rest);
	return 0;
}
