/*
 * Memory that is there and not in use, under the address sanitizer: it knows allocations only, and
 * would not see that a piece of a larger one is left. Elsewhere these do nothing.
 */
#ifndef BASE_WATCHED_H
#define BASE_WATCHED_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#endif

#ifdef WATCHED
#include <sanitizer/asan_interface.h>
/* From now on nobody may touch it. */
#define watched_forbid(p, size) ASAN_POISON_MEMORY_REGION((p), (size))
#define watched_allow(p, size)  ASAN_UNPOISON_MEMORY_REGION((p), (size))
#else
#define watched_forbid(p, size) ((void)(p), (void)(size))
#define watched_allow(p, size)  ((void)(p), (void)(size))
#endif

#endif
