/* The checker with its findings apart, for those who say them in their own words. */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct json_fault {
	size_t offset;        /* of the first byte that does not fit */
	const char *expected; /* static: what should stand there */
};

/* As json_check(), with the fault instead of an error. */
bool json_check_fault(struct text document, struct text *value, struct json_fault *fault);

#endif
