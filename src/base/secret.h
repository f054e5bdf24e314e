/*
 * A token or key. It is kept apart from other text so that no log or JSON function takes it, it is
 * wiped when released, left out of core files, and compared in constant time.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct secret {
	char *ptr; /* NUL-terminated; NULL when unset */
	size_t len;
};

/* Memory for what is secret, zeroed only where sanitizers watch. Owned: secret_free() with the same
 * size, which wipes it. */
void *secret_alloc(size_t size);
void secret_free(void *memory, size_t size);

/* Takes a copy; what was in it before is wiped. */
void secret_set(struct secret *s, struct text value);
/* Wipes and releases; the secret is unset. */
void secret_wipe(struct secret *s);
bool secret_is_set(const struct secret *s);
/* Time depends on the length of given alone. False when the secret is unset. */
bool secret_equal(const struct secret *s, struct text given);

#endif
