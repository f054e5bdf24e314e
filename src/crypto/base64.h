/* Base64 (RFC 4648, section 4), over OpenSSL. */
#ifndef CRYPTO_BASE64_H
#define CRYPTO_BASE64_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/text.h"

/*
 * Appends what encoded stands for to out. False, with out as it was, unless encoded is base64 from
 * end to end: full groups of four, padding only at the end, line breaks allowed between groups.
 */
MUST_USE bool base64_decode(struct text encoded, struct buf *out);

#endif
