/*
 * Pages of a list. The query alone says which page; a token in a body means nothing, as in Palette.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "parts.h"

/* Palette's router numbers its complaints so. */
enum { WRONG_TYPE = 601, TOO_GREAT = 608, TOO_SMALL = 609 };

/* Its base64 always holds '+' and '/', so a client that does not escape the token is found out. */
static const char token_salt[] = ">>>>>?????";

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode_base64(struct text in)
{
	char *out = heap_alloc(in.len / 3 * 4 + 5);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		unsigned bits = (unsigned)(unsigned char)in.ptr[i] << 16;

		if (left > 1)
			bits |= (unsigned)(unsigned char)in.ptr[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)in.ptr[i + 2];
		out[n++] = digits[bits >> 18];
		out[n++] = digits[bits >> 12 & 63];
		out[n++] = left > 1 ? digits[bits >> 6 & 63] : '=';
		out[n++] = left > 2 ? digits[bits & 63] : '=';
	}
	out[n] = '\0';
	return out;
}

static char *token_of(int64_t offset, size_t count)
{
	char json[128];
	int len = snprintf(json, sizeof(json), "{\"offset\":%lld,\"count\":%zu,\"token\":\"%s\"}",
			   (long long)offset, count, token_salt);

	if (len % 3 == 0) /* always with padding, too */
		json[len++] = ' ';
	return encode_base64((struct text){json, (size_t)len});
}

/* The two numbers of a token's text. A number that does not fit gives another one, and so a token
 * that is not the caller's. */
static bool read_json(const char *json, long long *offset, size_t *count)
{
	static const char before_offset[] = "{\"offset\":";
	static const char before_count[] = ",\"count\":";
	char *end;

	if (!text_starts(text_of(json), before_offset))
		return false;
	*offset = strtoll(json + strlen(before_offset), &end, 10);
	if (!text_starts(text_of(end), before_count))
		return false;
	*count = strtoull(end + strlen(before_count), &end, 10);
	return *end == ',';
}

/* A token is one that this program could have written, to the byte. */
static bool token_read(const char *token, int64_t *offset)
{
	unsigned char json[128];
	size_t n = 0;
	size_t len = strlen(token);
	long long at;
	size_t count;
	char *again;
	bool same;

	if (len % 4 != 0 || len / 4 * 3 >= sizeof(json))
		return false;
	for (size_t i = 0; i < len; i += 4) {
		unsigned bits = 0;

		for (size_t k = 0; k < 4; k++) {
			const char *digit =
				token[i + k] == '=' ? digits : strchr(digits, token[i + k]);

			if (digit == NULL)
				return false;
			bits = bits << 6 | (unsigned)(digit - digits);
		}
		json[n++] = (unsigned char)(bits >> 16);
		json[n++] = (unsigned char)(bits >> 8);
		json[n++] = (unsigned char)bits;
	}
	json[n] = '\0';
	if (!read_json((char *)json, &at, &count) || at < 0)
		return false;
	again = token_of(at, count);
	same = strcmp(again, token) == 0;
	free(again);
	if (same)
		*offset = at;
	return same;
}

/* A query parameter that must be a number, if it is there. */
static bool read_number(struct request *r, const char *name, int64_t max, int64_t *value,
			struct reply *a)
{
	char *given = request_query(r, name);
	int64_t number = *value;
	bool ok = given == NULL || text_to_int(text_of(given), &number);

	if (!ok)
		reply_router_error(a, 422, WRONG_TYPE,
				   "%s in query must be of type int64: \"%.60s\"", name, given);
	free(given);
	if (!ok)
		return false;
	if (number > max) {
		reply_router_error(a, 422, TOO_GREAT,
				   "%s in query should be less than or equal to %lld", name,
				   (long long)max);
		return false;
	}
	if (number < 0) {
		reply_router_error(a, 422, TOO_SMALL,
				   "%s in query should be greater than or equal to 0", name);
		return false;
	}
	*value = number;
	return true;
}

bool page_read(struct request *r, enum page_style style, struct page *p, struct reply *a)
{
	int64_t limit = PAGE_MAX;
	int64_t offset = 0;
	char *token;
	bool ok;

	if (!read_number(r, "limit", PAGE_MAX, &limit, a) ||
	    !read_number(r, "offset", INT32_MAX, &offset, a))
		return false;
	if (limit == 0 && style == PAGE_POST) {
		reply_router_error(a, 422, TOO_SMALL,
				   "limit in query should be greater than or equal to 1");
		return false;
	}
	token = request_query(r, "continue");
	ok = token == NULL || token[0] == '\0' || token_read(token, &offset);
	free(token);
	if (!ok) {
		reply_error(a, 400, "InvalidContinueToken", "continue token is not valid");
		return false;
	}
	*p = (struct page){.offset = offset, .limit = limit == 0 ? INT32_MAX : limit};
	return true;
}

/* The envelope's tail. A last page has an empty token in POST lists and none in GET lists. */
static void put_listmeta(struct request *r, struct buf *out, enum page_style style,
			 int64_t returned, int64_t next, size_t count)
{
	bool more = next < (int64_t)count || r->paging_fault != PAGING_HONEST;
	int64_t token_offset = next;
	char *token;

	if (r->paging_fault == PAGING_REPEAT_TOKEN)
		token_offset = 0;
	token = more ? token_of(token_offset, count) : NULL;
	buf_add_string(out, ",\"listmeta\":{");
	if (more || style == PAGE_POST)
		buf_printf(out, "\"continue\":\"%s\",", more ? token : "");
	buf_printf(out, "\"count\":%zu,\"limit\":%lld,\"offset\":%lld}}", count,
		   (long long)returned, (long long)next);
	free(token);
}

void page_reply(struct request *r, enum page_style style, const struct page *p,
		const void *const *items, size_t count, page_put *put, struct reply *a)
{
	size_t from = p->offset < (int64_t)count ? (size_t)p->offset : count;
	size_t to = (int64_t)(count - from) > p->limit ? from + (size_t)p->limit : count;
	int64_t next = (int64_t)to;
	struct buf out;

	if (r->paging_fault == PAGING_ENDLESS) { /* the first items again, under new tokens */
		next = p->offset + p->limit;
		from = 0;
		to = (int64_t)count > p->limit ? (size_t)p->limit : count;
	} else if (r->paging_fault == PAGING_EMPTY_PAGE) {
		to = from;
	}
	buf_init(&out, 1 << 30);
	buf_add_string(&out, from == to ? "{\"items\":null" : "{\"items\":[");
	for (size_t i = from; i < to; i++) {
		if (i > from)
			buf_add_char(&out, ',');
		put(r, &out, items[i]);
	}
	if (from < to)
		buf_add_char(&out, ']');
	put_listmeta(r, &out, style, (int64_t)(to - from), next, count);
	reply_blob(a, 200, "application/json", blob_new(buf_text(&out)));
	buf_fini(&out);
}

void list_add(struct list *l, const void *item)
{
	if (l->count == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->items = heap_resize((void *)l->items, l->room * sizeof(*l->items));
	}
	l->items[l->count++] = item;
}

void list_free(struct list *l)
{
	free((void *)l->items);
	*l = (struct list){.items = NULL};
}
