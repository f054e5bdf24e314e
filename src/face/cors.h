/*
 * Cross-origin requests: which pages may read an answer, as backend.cors says and the npm package
 * cors does it for Backstage. Stricter than that: a request with two Origins, or with one that is
 * no origin, is answered as one of nobody's; "null" is an origin only if it is configured as such;
 * of the headers that a preflight asks for, only what could be names of headers is repeated.
 */
#ifndef FACE_CORS_H
#define FACE_CORS_H

#include <stdbool.h>

#include "config/config.h"
#include "http/server.h"

struct cors;

/* Owned: cors_free(). NULL where there is no backend.cors: then nothing is ever added. config is
 * borrowed for its life. */
struct cors *cors_new(const struct config_cors *config);
void cors_free(struct cors *cors);

/*
 * Adds what an answer to the request needs to be read by its page. cors may be NULL.
 * False if the page may not, or there is none: then nothing was added. Any thread.
 */
bool cors_headers(const struct cors *cors, const struct http_request *request,
		  struct http_response *r);

/* The status of the answer to a preflight, which has no body and cors_headers(); 0 if the request
 * is none, and has to go on to the routes. cors may be NULL. Any thread. */
int cors_preflight(const struct cors *cors, const struct http_request *request);

#endif
