/*
 * The headers that tell browsers what an answer may be used for, on every answer: those that
 * Backstage sends, with what backend.csp and backend.referrer change of them.
 */
#ifndef FACE_SECURE_H
#define FACE_SECURE_H

#include "config/config.h"
#include "http/server.h"

struct secure;

/* Owned: secure_free(). config is borrowed for its life. */
struct secure *secure_new(const struct config *config);
void secure_free(struct secure *secure);

/* Adds them; they are put together once, so this copies pointers. NULL adds none. Any thread. */
void secure_headers(const struct secure *secure, struct http_response *r);

/* In the place of the policy of all answers, that of a page which nobody may frame. It lives as
 * long as the answer. */
void secure_page(const char *policy, struct http_response *r);

/* Adds configured headers, in the place of those of the same name. */
void secure_replace(const struct config_headers *headers, struct http_response *r);

#endif
