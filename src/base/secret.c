/* Tokens and keys: wiped when released, compared in constant time. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hidden.h"

/* Sanitizers know the heap, and see who reads past a secret or forgets one. */
#ifdef INSTRUMENTED
void *secret_alloc(size_t size)
{
	return heap_alloc(size);
}

void secret_free(void *memory, size_t size)
{
	if (memory != NULL)
		explicit_bzero(memory, size);
	free(memory);
}
#else
void *secret_alloc(size_t size)
{
	return hidden_alloc(size);
}

void secret_free(void *memory, size_t size)
{
	hidden_free(memory, size);
}
#endif

void secret_set(struct secret *s, struct text value)
{
	char *copy = secret_alloc(value.len + 1);

	if (value.len > 0)
		memcpy(copy, value.ptr, value.len);
	copy[value.len] = '\0';
	secret_wipe(s);
	s->ptr = copy;
	s->len = value.len;
}

void secret_wipe(struct secret *s)
{
	secret_free(s->ptr, s->len + 1);
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
