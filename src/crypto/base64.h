/* Base64 (RFC 4648, section 4) and base64url (section 5), over OpenSSL. */
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

/*
 * The same of base64url without padding, as RFC 7515 uses it. Also false where the last letter has
 * bits that stand for nothing: each text has one encoding, and only that one is taken.
 */
MUST_USE bool base64url_decode(struct text encoded, struct buf *out);
/* Appends the encoding of bytes to out; base64 is padded, and in one line. */
void base64_encode(struct text bytes, struct buf *out);
void base64url_encode(struct text bytes, struct buf *out);

#endif
