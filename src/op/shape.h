/* Inside op/: answers without what must not leave. */
#ifndef OP_SHAPE_H
#define OP_SHAPE_H

#include "base/buf.h"
#include "base/text.h"

/* Whether a member may stay, by its name after unescaping. */
typedef bool shape_keep(struct text name);

/* Appends value (checked JSON) to out without the members that keep refuses, at any depth; the rest
 * untouched to the byte. */
void shape_filter(struct text value, shape_keep *keep, struct buf *out);

/* Refuses members that hold passwords, keys, tokens and the like. */
bool shape_is_public(struct text name);
/* Refuses these too, and the commands that join a gateway to its tenant. */
bool shape_is_public_gateway(struct text name);

#endif
