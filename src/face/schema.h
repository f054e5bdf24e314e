/* Inside face/: JSON schemas from the tables below. */
#ifndef FACE_SCHEMA_H
#define FACE_SCHEMA_H

#include "palette/entity.h"
#include "json/json.h"

/* The member "oneOf" of a request's body: a flat body or Palette's own. The braces are the
 * caller's.
 */
void schema_put_entity_body(struct json_writer *w);
/* The member "examples" beside the schema: a body of each kind. */
void schema_put_entity_examples(struct json_writer *w, const struct entity_kind *kinds);
/* What that refers to, as members of the document's schemas. */
void schema_put_entity_schemas(struct json_writer *w, const struct entity_kind *kinds);

#endif
