/*
 * A file that people write, YAML or JSON, and the JSON document that it stands for: what a command
 * sends, and where in the file each of its values stands, for complaints about it.
 *
 * YAML is 1.2 with the core schema, as the configuration is. A number keeps its text as far as JSON
 * has it ("1.30" and "1e400" stay, "+.5" becomes "0.5", "0x10" becomes "16"). JSON stays byte for
 * byte.
 */
#ifndef CONFIG_WRITTEN_H
#define CONFIG_WRITTEN_H

#include "base/error.h"
#include "config/tree.h"

struct written {
	struct arena *arena;
	const char *file;
	struct text bytes;
	struct text value;       /* of JSON: all of it without white space around; else ptr NULL */
	const struct node *root; /* of YAML */
};

/*
 * Reads bytes: as JSON if they are that, or if file ends with ".json"; else as YAML.
 *
 * file     the name to put into places; borrowed as bytes are, for as long as written.
 * written  out; lives in the arena.
 * Fails with ERROR_INPUT, "file:line:column: what": all that yaml_read_strictly() refuses, or what
 * is no JSON. The message never quotes a value.
 */
MUST_USE bool written_read(struct arena *a, const char *file, struct text bytes,
			   struct written *written, struct error *err);

/*
 * The JSON document, in the arena or borrowed from the bytes; at most most_bytes of it, for aliases
 * can stand for much.
 * Fails with ERROR_INPUT where values are none that JSON has: details hold
 * {"faults":[{"pointer","message"}]}, the message counts them. With ERROR_TOO_LARGE.
 */
MUST_USE bool written_json(const struct written *written, size_t most_bytes, struct text *json,
			   struct error *err);

/* Where the value at an RFC 6901 pointer stands, at its name if it has one; if it is not there, the
 * last one on the way to it that is. */
struct place written_place(const struct written *written, const char *pointer);

#endif
