/* FNV-1a: to find and to tell apart what nobody would make collide on purpose. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define HASH_START 0xcbf29ce484222325U

static inline uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * 0x100000001b3U;
}

static inline uint64_t hash_text(uint64_t hash, struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		hash = hash_byte(hash, (unsigned char)t.ptr[i]);
	return hash;
}

#endif
