/* What the parts of loading share. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/findings.h"
#include "config/tree.h"

enum {
	LOAD_MAX_FILE_BYTES = 1024 * 1024,
	LOAD_MAX_NODES = 250000,
	LOAD_MAX_FILES = 256,                       /* read in one load, included ones too */
	LOAD_MAX_NOTED = 2 * LOAD_MAX_FILES,        /* those that were not there included */
	LOAD_MAX_INCLUDES = 16,                     /* of a file in a file */
	LOAD_MAX_EXPANDED_BYTES = 16 * 1024 * 1024, /* made by substitution in one load */
};

struct loader {
	struct arena *arena;
	struct findings *found;
	const char *directory;
	char *const *environment;
	size_t nodes_left;
	size_t files_left;
	size_t bytes_left;
	struct config_file *noted; /* files that were read or looked for; LOAD_MAX_NOTED fit */
	size_t noted_count;
};

/* The trimmed value of an environment variable, borrowed. False if it is not set. */
bool load_variable(const struct loader *l, struct text name, struct text *value);

/* path as seen from directory; arena. */
const char *load_path(struct arena *a, const char *directory, const char *path);
/* The directory part of a path; arena. */
const char *load_directory(struct arena *a, const char *path);
/* Whoever uses this file, which was read, sees by itself that it changes. */
void load_note_apart(struct loader *l, const char *path);
/* A whole file into the arena, and remembers it. The message says why not, without naming the file.
 */
MUST_USE bool load_file(struct loader *l, const char *path, struct text *content,
			struct error *err);

/*
 * Copies a tree with ${VAR}, $env, $file and $include resolved; relative paths start at directory.
 * What depends on a variable that is not set becomes NODE_ABSENT in a map and disappears from a
 * list. Faults are collected in l->found; the result is then not to be used.
 */
struct node *load_substitute(struct loader *l, const struct node *node, const char *directory);

/* What the APP_CONFIG_ variables say, as a map. */
struct node *load_variables(struct loader *l);
/* Sets what is at path ("a.0.b") in root to value: JSON, or else a plain string. */
void load_set(struct loader *l, struct node *root, const char *path, struct text value,
	      struct place place);
/* The same of one PATH=VALUE of --set. */
void load_override(struct loader *l, struct node *root, const char *override);

#endif
