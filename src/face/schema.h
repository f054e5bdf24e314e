/* Inside face/: JSON schemas from the tables below. */
#ifndef FACE_SCHEMA_H
#define FACE_SCHEMA_H

#include "palette/entity.h"
#include "json/json.h"

/* The member "anyOf": each kind's flat body, and Palette's own entity. The braces are the caller's.
 */
void schema_put_entity_kinds(struct json_writer *w, const struct entity_kind *kinds);

#endif
