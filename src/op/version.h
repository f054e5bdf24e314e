/* Inside op/: versions as people write them, such as 1.30.2, v2.0 or 1.0.0-rc.1. */
#ifndef OP_VERSION_H
#define OP_VERSION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/text.h"

/*
 * Orders two versions as Semantic Versioning 2.0.0 does (11), but for a leading v, and a core of 1
 * to 8 numbers, where missing ones are 0.
 *
 * order  out: below, at or above 0, as a is older than b, equal or newer.
 * False where one of them is no such version, so that nobody can say.
 */
MUST_USE bool version_compare(struct text a, struct text b, int *order);

#endif
