/* Inside op/ and face/: JSON Schemas (dialect 2020-12) from the rows' parameters and answers. */
#ifndef OP_SCHEMA_H
#define OP_SCHEMA_H

#include "op/op.h"
#include "json/json.h"

/* The schema of a parameter's value, without its help. */
void schema_put_param(struct json_writer *w, const struct param *p);
/*
 * The members of an answer's object schema; the braces are the caller's.
 * closed  no other members, at any depth where the fields are known: what agents get. Answers that
 *         are Palette's own have whatever else Palette puts there.
 */
void schema_put_fields(struct json_writer *w, const struct field *fields, bool closed);

/* The whole schemas of a tool: what it is called with, and what it answers. */
void schema_put_input(struct json_writer *w, const struct op *op);
void schema_put_output(struct json_writer *w, const struct op *op);

#endif
