/* Inside palette/: the uids of a list so far, so that each item is kept once. */
#ifndef PALETTE_SEEN_H
#define PALETTE_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct palette_seen;

/* Owned: palette_seen_free(), which takes NULL. */
struct palette_seen *palette_seen_new(void);
void palette_seen_free(struct palette_seen *seen);
/* Whether key is new; it is kept (a copy) if so. */
bool palette_seen_add(struct palette_seen *seen, struct text key);
bool palette_seen_has(const struct palette_seen *seen, struct text key);

#endif
