/*
 * Secrets out of what an agent is shown: variables, pack values, manifests. Pure: text in, text
 * out, in time linear in the input; any thread.
 *
 * This is best effort, by names and forms: nothing here knows what a value is for. A secret under
 * an ordinary name, in a form that is not known, passes; a harmless value under the name of a
 * secret goes. It is the last line of defence and no leave to hand out texts that hold secrets.
 *
 * A value that is masked reads *** (in YAML and JSON in quotes, so that the document stays one).
 * All else stays to the byte, with its comments and layout. Rather too much is masked than too
 * little: what cannot be told apart from a secret goes.
 *
 * What is masked:
 * - the value of a name that says so (mask_is_secret_name()), with all that is inside it, but for
 *   true, false, null, empty values, paths, references such as {{ .spectro.var.password }}, and
 *   members that say which secret or account it is ("name", "username", "role");
 * - "value" and its like beside a "name" that says so, or beside isSensitive: true;
 * - data and stringData of an object of kind Secret, without exception;
 * - in any text: private keys in PEM, passwords in URLs, tokens of known forms, what follows
 *   "password=" and its like, "--password", "Bearer", and options of known commands;
 * - in INI, TOML, HCL and XML: values over several lines, sections and elements with such names;
 * - text in text: YAML and JSON in strings, in block scalars and in comments; base64 of a text in
 *   which something is masked.
 *
 * Everything is appended to out; a ceiling that is too low shows in buf_complete(out). Each
 * function answers how many values are masked.
 */
#ifndef PALETTE_MASK_H
#define PALETTE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

/* Whether a value of this name is a secret: "dbPassword", "API_KEY"; not "secretName",
 * "tokenExpiry" and others that only speak of one. */
bool mask_is_secret_name(struct text name);

/* Any text: YAML, JSON, a script, a sentence. */
size_t mask_yaml_text(struct text text, struct buf *out);
/* One JSON value that json_check() has passed; what it has not passed is masked whole. */
size_t mask_json(struct text value, struct buf *out);
/* The same for variables of profiles: of a sensitive one only what describes it stays. */
size_t mask_variables(struct text json, struct buf *out);

#endif
