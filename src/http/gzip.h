/* Compression in the format of RFC 1952, over zlib. */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include "base/buf.h"
#include "base/text.h"

/*
 * plain in gzip; equal bytes give equal bytes. Takes time in proportion to the size: not for the
 * front thread. While it works it holds 256 KiB besides out. Any thread.
 * out  made here, complete; buf_fini() it.
 */
void gzip_compress(struct text plain, struct buf *out);

#endif
