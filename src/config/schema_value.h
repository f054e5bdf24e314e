/* Inside config/: what the JSON Schema says of one value. */
#ifndef CONFIG_SCHEMA_VALUE_H
#define CONFIG_SCHEMA_VALUE_H

#include "config/table.h"
#include "json/json.h"

/* What rows refer to, as the members of "definitions". */
void schema_put_definitions(struct json_writer *w);
/* The schemas that a row's value may fit, as elements of an array; not of rows that are lists of
 * maps. */
void schema_put_alternatives(struct json_writer *w, struct arena *a, const struct setting *row);
/* The default, if the row has one, as a member. */
void schema_put_default(struct json_writer *w, const struct setting *row);

#endif
