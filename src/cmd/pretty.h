/* JSON for people: indented, or on one line, and harmless for a terminal. It stays the same value.
 */
#ifndef CMD_PRETTY_H
#define CMD_PRETTY_H

#include "base/buf.h"

/* json: one checked value, with whatever white space in it. Two columns a level. */
void pretty_add_json(struct buf *out, struct text json);
void pretty_add_json_line(struct buf *out, struct text json);

#endif
