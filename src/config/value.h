/* What a scalar stands for, read as leniently as Backstage reads it, and printed again. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdint.h>

#include "config/tree.h"

/* true, yes, y, on, 1 and their opposites in any case. */
bool value_bool(const struct node *node, bool *out);
/* A whole number, or a string that holds one. */
bool value_int(const struct node *node, int64_t *out);
/* Bytes: as value_int(), or with a unit: "64MiB", "64 MB". */
bool value_size(const struct node *node, int64_t *out);
/* {minutes: 5}, "PT5M", "5m", "1 day"; never a number without its unit. */
bool value_duration_ms(const struct node *node, int64_t *out);
/* The bytes that base64 stands for, in the alphabet of RFC 4648, section 4 or 5, with its padding
 * or without; arena, NUL-terminated. */
bool value_base64(struct arena *a, struct text encoded, struct text *out);

/* In the largest unit that needs no fraction; arena. */
const char *value_print_size(struct arena *a, int64_t bytes);
const char *value_print_duration(struct arena *a, int64_t ms);

#endif
