/* Replies, and the shared bytes that they are made of. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "sim.h"

struct blob *blob_new(struct text bytes)
{
	struct blob *b = heap_alloc(sizeof(*b) + bytes.len + 1);

	atomic_init(&b->refs, 1);
	b->len = bytes.len;
	if (bytes.len > 0)
		memcpy(b->bytes, bytes.ptr, bytes.len);
	b->bytes[bytes.len] = '\0';
	return b;
}

/* Takes the quotes off every "@raw(...)"; what is left is shorter, so it is done in place. */
static size_t unquote_raw(char *json, size_t len)
{
	static const char open[] = "\"@raw(";
	char *from = json;
	char *to = json;
	char *end = json + len;
	char *mark;

	while ((mark = memmem(from, (size_t)(end - from), open, sizeof(open) - 1)) != NULL) {
		char *close = memmem(mark, (size_t)(end - mark), ")\"", 2);
		char *value = mark + sizeof(open) - 1;

		if (close == NULL)
			break;
		memmove(to, from, (size_t)(mark - from));
		to += mark - from;
		memmove(to, value, (size_t)(close - value));
		to += close - value;
		from = close + 2;
	}
	memmove(to, from, (size_t)(end - from));
	to += end - from;
	return (size_t)(to - json);
}

struct blob *blob_of_json(json_t *tree)
{
	char *json = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);
	struct blob *b;

	if (json == NULL)
		arena_out_of_memory(0);
	b = blob_new((struct text){json, unquote_raw(json, strlen(json))});
	free(json);
	json_decref(tree);
	return b;
}

struct blob *blob_ref(struct blob *b)
{
	atomic_fetch_add(&b->refs, 1);
	return b;
}

void blob_unref(struct blob *b)
{
	if (b != NULL && atomic_fetch_sub(&b->refs, 1) == 1)
		free(b);
}

struct text blob_text(const struct blob *b)
{
	return b == NULL ? (struct text){"", 0} : (struct text){b->bytes, b->len};
}

void reply_release(struct reply *a)
{
	blob_unref(a->body);
	*a = (struct reply){.status = 0};
}

void reply_header(struct reply *a, const char *name, const char *value)
{
	if (a->header_count == MAX_HEADERS)
		return;
	snprintf(a->headers[a->header_count].name, sizeof(a->headers[0].name), "%s", name);
	snprintf(a->headers[a->header_count].value, sizeof(a->headers[0].value), "%s", value);
	a->header_count++;
}

void reply_blob(struct reply *a, unsigned status, const char *content_type, struct blob *body)
{
	blob_unref(a->body);
	a->status = status;
	a->content_type = content_type;
	a->body = body;
}

void reply_json(struct reply *a, unsigned status, json_t *tree)
{
	reply_blob(a, status, "application/json", blob_of_json(tree));
}

json_t *sim_string(const char *s)
{
	struct buf out;
	json_t *json;

	if (text_is_utf8(text_of(s)))
		return json_string(s);
	buf_init(&out, strlen(s));
	for (; *s != '\0'; s++)
		buf_add_char(&out, (unsigned char)*s < 0x80 ? *s : '?');
	json = json_string(out.ptr);
	buf_fini(&out);
	return json;
}

void reply_error(struct reply *a, unsigned status, const char *code, const char *format, ...)
{
	static atomic_uint count;
	char message[512];
	char ref[40];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(ref, sizeof(ref), "sim-ref-%06u", atomic_fetch_add(&count, 1) + 1);
	reply_json(a, status,
		   json_pack("{s:s, s:o, s:n, s:s}", "code", code, "message", sim_string(message),
			     "details", "ref", ref));
}

void reply_router_error(struct reply *a, unsigned status, int code, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	reply_json(a, status,
		   json_pack("{s:i, s:o}", "code", code, "message", sim_string(message)));
}
