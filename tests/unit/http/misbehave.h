/*
 * A handler for the raw server that answers well, badly, slowly, in part, or not at all, by the
 * request's path; the paths are in a table at the end of misbehave.c. To a request with a whole URL
 * it answers as a proxy would, to CONNECT with a refusal.
 */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

#include "raw_server.h"

enum { MISBEHAVE_FULL_BYTES = 1024 * 1024 }; /* what "/full" answers */

raw_handler misbehave;

#endif
