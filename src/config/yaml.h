/* YAML and JSON text to a tree with positions. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "base/error.h"
#include "config/tree.h"

/*
 * Reads one YAML 1.2 document (core schema, no merge keys).
 *
 * a       what the tree lives in.
 * budget  in and out: how many nodes may still be made, aliases counted by what they stand for.
 * file    the name to put into places, borrowed for as long as the tree.
 * root    out; NODE_NULL for an empty document. Aliases make nodes shared: copy before changing.
 * Fails with ERROR_INPUT, "file:line:column: what": syntax, duplicate keys, a second document,
 * aliases inside themselves, too deep, too large, not UTF-8. The message never quotes a value.
 */
MUST_USE bool yaml_read(struct arena *a, size_t *budget, const char *file, struct text document,
			struct node **root, struct error *err);

/* The same, and fails also where a value has a tag that is none of the core schema's, or that it
 * does not fit, and at merge keys. yaml_read() passes over tags that it does not know, and takes
 * "<<" for a key like another. */
MUST_USE bool yaml_read_strictly(struct arena *a, size_t *budget, const char *file,
				 struct text document, struct node **root, struct error *err);

/*
 * Reads a JSON value (strictly), for variables and options; every node gets that one place.
 * False if it is none, or repeats a key, or is too deep.
 */
MUST_USE bool json_value_read(struct arena *a, size_t *budget, struct place place,
			      struct text document, struct node **root);

#endif
