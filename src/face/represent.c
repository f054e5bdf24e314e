/* Entity tags, compression, and "not modified". */
#include "face/represent.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/base64.h"
#include "crypto/digest_map.h"
#include "http/fields.h"
#include "http/gzip.h"

enum {
	WORTH_IT = 1024,     /* bytes; less fits into one packet anyway */
	MOST_LENGTHS = 4096, /* of compressed answers that are remembered */
	LONGEST_TAG = 64,
};

/* A 304 says the length that the body would have: what was compressed once need not be again. */
struct represent {
	bool compression;
	struct digest_map *lengths; /* of size_t, by the digest of the plain form */
};

/* What is known of an answer on its way. */
struct form {
	struct represent *represent;
	const struct http_request *request;
	const struct op_constant *constant;
	struct http_response *r;
	bool compressed;
	struct digest digest; /* of the plain form, if it has a tag */
	bool tagged;
};

struct represent *represent_new(bool compression)
{
	struct represent *represent = heap_alloc(sizeof *represent);

	represent->compression = compression;
	represent->lengths = digest_map_new(MOST_LENGTHS, MOST_LENGTHS * sizeof(size_t), free);
	return represent;
}

void represent_free(struct represent *represent)
{
	if (represent == NULL)
		return;
	digest_map_free(represent->lengths);
	free(represent);
}

/* ---- headers ---- */

static struct http_header *find(struct http_response *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (text_equal_nocase(r->headers[i].name, text_of(name)))
			return &r->headers[i];
	return NULL;
}

/* One without a value is not sent. */
static void drop(struct http_response *r, const char *name)
{
	struct http_header *h = find(r, name);

	if (h != NULL)
		h->value = TEXT("");
}

/* Beside what the answer depends on already. */
static void add_vary(struct arena *a, struct http_response *r)
{
	struct http_header *h = find(r, "Vary");

	if (h == NULL)
		http_response_header(r, "Vary", "Accept-Encoding");
	else
		h->value = text_of(
			arena_printf(a, "%.*s, Accept-Encoding", (int)h->value.len, h->value.ptr));
}

static struct text body_of(const struct http_response *r)
{
	return r->body_owned.len > 0 ? buf_text(&r->body_owned) : r->body;
}

static void let_go_of_shared(struct http_response *r)
{
	if (r->shared == NULL)
		return;
	shared_unref(r->shared);
	r->shared = NULL;
	r->body = TEXT("");
}

/* ---- compression ---- */

static bool is_text(const struct http_response *r)
{
	static const char *const types[] = {"application/json", "application/x-yaml", "text/"};
	const struct http_header *h = http_header_find(r->headers, r->header_count, "Content-Type");

	for (size_t i = 0; h != NULL && i < ARRAY_LEN(types); i++)
		if (text_starts(h->value, types[i]))
			return true;
	return false;
}

/* Whether the answer is compressed for some. */
static bool may_compress(const struct form *f, const struct op *op)
{
	if (!f->represent->compression || !is_text(f->r))
		return false;
	if (op->flags & OP_FRONT)
		return f->constant != NULL && f->constant->gzip.len > 0;
	return true;
}

static void choose_coding(struct form *f)
{
	const struct http_request *request = f->request;
	enum http_coding coding = http_accepted_coding(request->headers, request->header_count);

	add_vary(request->arena, f->r);
	f->compressed =
		coding == HTTP_ONLY_GZIP || (coding == HTTP_GZIP && body_of(f->r).len >= WORTH_IT);
}

static void remember_length(const struct form *f, size_t length)
{
	size_t *kept = heap_alloc(sizeof *kept);

	*kept = length;
	digest_map_put(f->represent->lengths, &f->digest, kept, sizeof *kept, INT64_MAX);
}

/* Who has it besides need not compress it again. */
static void compress_shared(struct form *f)
{
	struct http_response *r = f->r;
	struct buf own;

	r->body = shared_form(r->shared, gzip_compress, &own);
	if (own.len == 0)
		return;
	r->body_owned = own;
	let_go_of_shared(r);
}

/* The plain bytes go as soon as they are not needed any more. */
static void compress(struct form *f)
{
	struct http_response *r = f->r;
	struct buf gzip;

	if (r->shared != NULL && !shared_is_single(r->shared)) {
		compress_shared(f);
		if (f->tagged)
			remember_length(f, body_of(r).len);
		return;
	}
	if (f->constant != NULL && f->constant->gzip.len > 0) {
		r->body = buf_text(&f->constant->gzip);
		return;
	}
	gzip_compress(body_of(r), &gzip);
	buf_fini(&r->body_owned);
	let_go_of_shared(r);
	r->body_owned = gzip;
	if (f->tagged)
		remember_length(f, gzip.len);
}

/* ---- entity tags ---- */

static void mark_of(struct text plain, unsigned char out[SHARED_MARK_SIZE])
{
	struct digest digest;

	digest_of(&plain, 1, &digest);
	memcpy(out, digest.bytes, SHARED_MARK_SIZE);
}

/* RFC 9110 section 8.8.3: the two forms are different bytes, so that their tags differ. */
static struct text make_tag(struct form *f)
{
	struct text body = body_of(f->r);
	struct buf hash;
	char *tag;

	if (f->constant != NULL)
		f->digest = f->constant->digest;
	else if (f->r->shared != NULL)
		shared_mark(f->r->shared, mark_of, f->digest.bytes);
	else
		digest_of(&body, 1, &f->digest);
	f->tagged = true;
	buf_init(&hash, LONGEST_TAG);
	base64url_encode((struct text){(const char *)f->digest.bytes, DIGEST_SIZE}, &hash);
	tag = arena_printf(f->request->arena, "\"%s%s\"", hash.ptr, f->compressed ? "-gzip" : "");
	buf_fini(&hash);
	return text_of(tag);
}

static void copy_length(void *context, const void *value)
{
	*(size_t *)context = *(const size_t *)value;
}

static size_t length_of(struct form *f)
{
	size_t length;

	if (f->compressed &&
	    !digest_map_get(f->represent->lengths, &f->digest, 0, copy_length, &length)) {
		compress(f);
		return body_of(f->r).len;
	}
	return f->compressed ? length : body_of(f->r).len;
}

/* RFC 9110 section 15.4.5: what describes the body stays away, but for its length. */
static void not_modified(struct form *f)
{
	struct http_response *r = f->r;

	r->unsent = length_of(f);
	r->status = 304;
	drop(r, "Content-Type");
	drop(r, "Content-Disposition");
	buf_fini(&r->body_owned);
	let_go_of_shared(r);
	r->body = TEXT("");
}

bool represent_has_tag(const struct op *op)
{
	return strcmp(op->method, "GET") == 0 && (op->flags & (OP_SECRET | OP_ROOT)) == 0;
}

void represent_answer(struct represent *represent, const struct http_request *request,
		      const struct op *op, const struct op_constant *constant,
		      struct http_response *r)
{
	struct form f = {.represent = represent, .request = request, .constant = constant, .r = r};
	struct text tag;

	if (represent == NULL || op->flags & (OP_SECRET | OP_ROOT))
		return;
	if (may_compress(&f, op))
		choose_coding(&f);
	if (r->status == 200 && represent_has_tag(op)) {
		tag = make_tag(&f);
		http_response_header(r, "ETag", tag.ptr);
		/* Answers are for who asked, and may change at any time. */
		http_response_header(r, "Cache-Control", "private, no-cache");
		if (http_has_already(request->headers, request->header_count, tag)) {
			not_modified(&f);
			return;
		}
	}
	if (f.compressed) {
		compress(&f);
		http_response_header(r, "Content-Encoding", "gzip");
	}
}
