/* Tokens and keys: wiped when released, compared in constant time. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

void secret_set(struct secret *s, struct text value)
{
	char *copy = heap_copy(value);

	secret_wipe(s);
	s->ptr = copy;
	s->len = value.len;
}

void secret_wipe(struct secret *s)
{
	if (s->ptr != NULL)
		explicit_bzero(s->ptr, s->len);
	free(s->ptr);
	*s = (struct secret){0};
}

bool secret_is_set(const struct secret *s)
{
	return s->ptr != NULL;
}

bool secret_equal(const struct secret *s, struct text given)
{
	volatile unsigned char differ = 0;

	if (s->ptr == NULL)
		return false;
	/* The terminating NUL stands in where the secret is the shorter one. */
	for (size_t i = 0; i < given.len; i++)
		differ |= (unsigned char)(given.ptr[i] ^ s->ptr[i < s->len ? i : s->len]);
	return (differ == 0) & (given.len == s->len);
}
