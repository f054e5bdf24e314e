/*
 * JSON, three ways: slices of large answers (raw bytes in, raw bytes out), a writer, and small
 * documents as trees of the jansson library.
 *
 * A slice is a struct text that points into a document. Numbers, the order of keys and fields that
 * nobody here knows pass through unchanged, because nothing is parsed and printed again.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

/* Deeper documents are refused. Palette's own stay below 30. */
enum { JSON_MAX_DEPTH = 128 };

/* ---- slices: slice.c ---- */

enum json_type {
	JSON_TYPE_NONE, /* not there, or not a value */
	JSON_TYPE_OBJECT,
	JSON_TYPE_ARRAY,
	JSON_TYPE_STRING,
	JSON_TYPE_NUMBER,
	JSON_TYPE_TRUE,
	JSON_TYPE_FALSE,
	JSON_TYPE_NULL,
};

/*
 * Whether document is one JSON value (RFC 8259), well-formed to the last byte: UTF-8 without
 * overlong forms, escapes with paired surrogates, no control characters in strings, no leading
 * zeros, no trailing text, at most JSON_MAX_DEPTH deep. Numbers may have any size, and \u0000 may
 * stand in a string. Duplicate keys pass; the first counts below.
 *
 * value  out, borrowed from document: the value without white space around it.
 * Fails with ERROR_INPUT, naming the byte offset and what was expected. Never copies the input's
 * text into the message.
 *
 * The functions below want slices of a checked document, with or without white space around them;
 * on other bytes they stay inside them and return, but what they find means nothing. Where they
 * answer false, their outputs are untouched.
 */
MUST_USE bool json_check(struct text document, struct text *value, struct error *err);

enum json_type json_type_of(struct text value);

/* The raw value of a member, by its name as it reads after unescaping; of a name that stands twice
 * the first. False if it is not there or object is no object. */
bool json_member(struct text object, const char *name, struct text *value);

/* The raw value at an RFC 6901 pointer such as "/metadata/uid" or "/items/0"; "" is the document
 * itself. Takes time in the bytes up to the value's end, so that walking a list and asking each
 * item is linear; asking for item after item by index is not. */
bool json_at(struct text document, const char *pointer, struct text *value);

/* Walks an array's items or an object's members; both leave the loop at the first false. Items of
 * what is no array and members of what is no object: there are none. */
struct json_walk {
	struct text rest;
	enum json_type of;
};
struct json_walk json_walk_begin(struct text array_or_object);
bool json_walk_item(struct json_walk *walk, struct text *item);
/* key is raw, with its quotes and escapes: see json_unescape. */
bool json_walk_member(struct json_walk *walk, struct text *key, struct text *value);
/* 0 for what is no object, or no array. */
size_t json_count_members(struct text object);
size_t json_count_items(struct text array);

/* The text of a string slice, unescaped, arena, NUL-terminated. False if it is no string, or holds
 * a NUL (\u0000), which no name or identifier here may. */
bool json_unescape(struct arena *a, struct text value, struct text *out);
/* The string at pointer, or fallback where there is none (or null, or another type). */
const char *json_string_at(struct arena *a, struct text document, const char *pointer,
			   const char *fallback);
/* Whether value is a string that reads as s, without copying. */
bool json_string_is(struct text value, const char *s);
/* A whole number within int64; false for others, also for 1.5 and 1e3. */
bool json_int(struct text value, int64_t *out);
bool json_bool(struct text value, bool *out);

/* ---- writing: write.c ---- */

/* One name of a JSON Pointer, without the slash before it (RFC 6901, section 3). */
void json_pointer_add(struct buf *pointer, struct text name);

/* A string with its quotes. Each byte that is no part of UTF-8 becomes U+FFFD. */
void json_put_string(struct buf *out, struct text s);

/*
 * Writes a document into a buf without building it first; it sets the commas. Depth is bounded by
 * JSON_MAX_DEPTH; a writer that is used out of order is a defect and asserts.
 */
struct json_writer {
	struct buf *out;
	unsigned depth;
	bool has_items[JSON_MAX_DEPTH + 1];
	char closers[JSON_MAX_DEPTH + 1]; /* the bracket that ends each open level */
	bool after_key;
};
void json_writer_init(struct json_writer *w, struct buf *out);
void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *name);
void json_put_text(struct json_writer *w, struct text s);
void json_put_cstr(struct json_writer *w, const char *s); /* NULL writes null */
/* A member with a string, or null. */
void json_put_pair(struct json_writer *w, const char *name, const char *s);
void json_put_int(struct json_writer *w, int64_t n);
void json_put_bool(struct json_writer *w, bool b);
void json_put_null(struct json_writer *w);
/* Bytes that are one JSON value already, at least one of them. */
void json_put_raw(struct json_writer *w, struct text value);

/* ---- comparing: sorted.c ---- */

/* A checked value without white space, its members in the order of their names, its strings as
 * json_put_string() writes them; numbers as they stand. At most 6 times as long. */
void json_put_sorted(struct buf *out, struct arena *a, struct text value);

/* ---- small documents: tree.c ---- */

/*
 * Reads a small document of a client: jansson, strict, duplicate keys refused, depth bounded first.
 * tree  out, owned: json_decref().
 * Fails with ERROR_INPUT: line, column, what was expected.
 */
MUST_USE bool json_tree_read(struct text document, json_t **tree, struct error *err);
/* Compact, into out. */
void json_tree_write(const json_t *tree, struct buf *out);

#endif
