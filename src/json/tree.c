/*
 * Small documents as trees of the jansson library.
 *
 * Our own checker goes first: it bounds the depth, since jansson recurses, and says what is wrong
 * without repeating the document. What is left for jansson to refuse is a short list, and its own
 * words are not used, because they quote the input.
 */
#include "json/json.h"

#include <assert.h>

#include "json/check.h"

static bool wrong_at(struct error *err, int line, int column, const char *expected)
{
	return error_set(err, ERROR_INPUT, "wrong at line %d, column %d: expected %s", line, column,
			 expected);
}

/* Says where a fault is as an editor counts: from 1, columns in characters. */
static bool report_fault(struct text document, struct json_fault fault, struct error *err)
{
	int line = 1;
	int column = 1;

	for (size_t i = 0; i < fault.offset; i++) {
		if (document.ptr[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)document.ptr[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	return wrong_at(err, line, column, fault.expected);
}

static bool report_jansson(const json_error_t *refused, struct error *err)
{
	const char *expected;

	switch (json_error_code(refused)) {
	case json_error_duplicate_key:
		expected = "each name once in an object";
		break;
	case json_error_numeric_overflow:
		expected = "a number that fits (whole numbers have 64 bits)";
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		expected = "strings without \\u0000";
		break;
	case json_error_out_of_memory:
		arena_out_of_memory(0);
	default:
		return error_set(err, ERROR_INTERNAL, "JSON that was checked could not be read");
	}
	return wrong_at(err, refused->line, refused->column, expected);
}

bool json_tree_read(struct text document, json_t **tree, struct error *err)
{
	struct json_fault fault;
	json_error_t refused;
	struct text value;
	json_t *read;

	if (!json_check_fault(document, &value, &fault))
		return report_fault(document, fault, err);
	/* The whole document rather than the value, so that lines count from its start. */
	read = json_loadb(document.ptr, document.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
			  &refused);
	if (read == NULL)
		return report_jansson(&refused, err);
	*tree = read;
	return true;
}

static int add_piece(const char *piece, size_t len, void *into)
{
	struct buf *out = into;

	buf_add(out, (struct text){piece, len});
	return buf_complete(out) ? 0 : -1;
}

void json_tree_write(const json_t *tree, struct buf *out)
{
	int failed = json_dump_callback(tree, add_piece, out, JSON_COMPACT | JSON_ENCODE_ANY);

	/* Else the tree holds itself, which is a defect: no document that was read does. */
	assert(failed == 0 || !buf_complete(out));
	(void)failed;
}
