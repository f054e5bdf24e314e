/* Compression over zlib. */
#include "http/gzip.h"

#include <assert.h>
#include <zlib.h>

#include "base/arena.h"

enum {
	LEVEL = 1, /* measured: docs/performance.md */
	WINDOW_BITS = 15,
	AS_GZIP = 16, /* added to the window's bits: with gzip's header and trailer */
	MEMORY_LEVEL = 8,
	CHUNK = 16 * 1024,
	MOST_AT_ONCE = 1 << 30, /* zlib counts in unsigned int */
};

/* Compresses what is in z, all of it, into out. */
static void drain(z_stream *z, int flush, struct buf *out)
{
	unsigned char chunk[CHUNK];
	int status;

	do {
		z->next_out = chunk;
		z->avail_out = sizeof chunk;
		status = deflate(z, flush);
		assert(status != Z_STREAM_ERROR);
		buf_add(out, (struct text){(const char *)chunk, sizeof chunk - z->avail_out});
	} while (z->avail_out == 0);
	assert(z->avail_in == 0);
	assert(flush != Z_FINISH || status == Z_STREAM_END);
}

void gzip_compress(struct text plain, struct buf *out)
{
	z_stream z = {.next_in = (z_const Bytef *)plain.ptr};
	size_t left = plain.len;

	if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS + AS_GZIP, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		arena_out_of_memory(CHUNK); /* the only way in which it fails */
	buf_init(out, deflateBound(&z, plain.len));
	do {
		z.avail_in = left < MOST_AT_ONCE ? (uInt)left : MOST_AT_ONCE;
		left -= z.avail_in;
		drain(&z, left == 0 ? Z_FINISH : Z_NO_FLUSH, out);
	} while (left > 0);
	deflateEnd(&z);
	assert(buf_complete(out));
}
