/* Inside config/: what the ways to show a configuration share. */
#ifndef CONFIG_SHOW_H
#define CONFIG_SHOW_H

#include "config/table.h"
#include "config/tree.h"

/* How many elements a row of type WORDS or LIST has. */
size_t show_list_count(const struct setting *row, const void *base);
/* Whether there is something to show of a row. */
bool show_has_value(const struct setting *row, const void *base, const struct node *source);

#endif
