/*
 * The document as a tree in which every node knows where it was written. Nodes live in the arena of
 * the configuration: they may hold secrets, and that arena is wiped at the end.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/text.h"

enum {
	/* Deeper documents are refused; the walks over a tree recurse and lean on this. */
	TREE_MAX_DEPTH = 64,
	/* Keys of one map; their search is linear. */
	TREE_MAX_KEYS = 4096,
};

/* Where something was written: "app-config.yaml:12:5", or a name alone, such as that of a variable,
 * when line is 0. */
struct place {
	const char *file;
	unsigned line;
	unsigned column;
};

enum node_type {
	NODE_ABSENT, /* it would be here if a variable were set: text names it, or is empty */
	NODE_NULL,
	NODE_BOOL,
	NODE_NUMBER,
	NODE_STRING,
	NODE_LIST,
	NODE_MAP,
};

struct entry {
	struct text key; /* empty in a list */
	struct place place;
	struct node *value;
};

struct node {
	enum node_type type;
	struct place place;
	bool computed; /* came from a variable or another file: it may be a secret */
	bool lost;     /* a list that had an element whose variable is not set */
	bool boolean;
	double number;
	struct text text; /* of a scalar: as written, NUL-terminated */
	struct entry *entries;
	size_t count;
	size_t capacity;
};

struct config_tree {
	struct node *root; /* always a map */
};

struct node *config_node_new(struct arena *a, enum node_type type, struct place place);
struct node *config_node_string(struct arena *a, struct text text, struct place place);
/* A scalar without quotes: null, true, 0o17, 1e3 and so on as YAML 1.2's core schema has it. */
struct node *config_node_plain(struct arena *a, struct text text, struct place place);
/* Whether text, NUL-terminated, is a number in that schema. */
bool number_read(struct text text, double *out);
/* Appends; of a map the caller knows that key is new. key is borrowed for as long as the node. */
void config_node_add(struct arena *a, struct node *parent, struct text key, struct place key_place,
		     struct node *value);

/* The value of a map's key as written, NULL if there is none or node is no map (or NULL). */
struct node *config_node_get(const struct node *node, struct text key);
/* The value at "a.b.c" below node; NULL as in config_node_get(). */
struct node *config_node_at(const struct node *node, struct text path);
/* Whether there is a value: node is neither NULL, nor null, nor absent. Here, so that the analyser
 * sees what a true answer says of the pointer. */
static inline bool node_is_set(const struct node *node)
{
	return node != NULL && node->type != NODE_NULL && node->type != NODE_ABSENT;
}

/*
 * Lays high over low and returns the result; both are used up. Maps merge key by key, everything
 * else of high replaces what is in low, also by null. What is absent in high hides nothing.
 */
struct node *config_node_merge(struct arena *a, struct node *low, struct node *high);

/* "file:line:column", or the name alone; arena. */
const char *place_print(struct arena *a, struct place place);

#endif
