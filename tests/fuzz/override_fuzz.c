/*
 * What is said of the configuration beside its files: lines that begin with APP_CONFIG_ are
 * variables, the others are what --set takes. Whatever they are, the tree is one, and nothing of a
 * variable's value is in a message.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_LINES = 32, MOST_NODES = 10000 };

static const char canary[] = "zq8-canary-Qz";

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static size_t count_nodes(const struct node *node, unsigned depth)
{
	size_t count = 1;

	must(depth <= 2 * TREE_MAX_DEPTH, "it is not deeper than it may be");
	must(node->count == 0 || node->type == NODE_MAP || node->type == NODE_LIST,
	     "only maps and lists have elements");
	for (size_t i = 0; i < node->count; i++) {
		must(node->type == NODE_LIST || node->entries[i].key.len > 0 || depth > 0,
		     "a key is there");
		count += count_nodes(node->entries[i].value, depth + 1);
	}
	return count;
}

static void apply(struct loader *l, const char *const *overrides)
{
	struct node *root = config_node_new(l->arena, NODE_MAP, (struct place){"f", 1, 1});

	root = config_node_merge(l->arena, root, load_variables(l));
	for (; *overrides != NULL; overrides++)
		load_override(l, root, *overrides);
	must(root->type == NODE_MAP, "it stays a map");
	(void)count_nodes(root, 0);
	(void)load_substitute(l, root, "/nonexistent");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size};
	const char *overrides[MOST_LINES + 1] = {NULL};
	char *variables[MOST_LINES + 2] = {NULL};
	size_t variable_count = 0;
	size_t override_count = 0;
	struct arena a = {0};
	struct findings found = {.arena = &a};
	struct loader l = {.arena = &a,
			   .found = &found,
			   .directory = "/nonexistent",
			   .environment = variables,
			   .nodes_left = MOST_NODES,
			   .files_left = 4,
			   .bytes_left = 100000};
	struct text line;
	struct buf faults;
	bool watch = memmem(data, size, canary, strlen(canary)) == NULL;

	l.noted = arena_array(&a, struct config_file, LOAD_MAX_NOTED);
	buf_init(&faults, 1024 * 1024);
	found.faults = &faults;
	variables[variable_count++] = arena_printf(&a, "S=%s", canary);
	while (text_next(&rest, '\n', &line) && variable_count < MOST_LINES &&
	       override_count < MOST_LINES) {
		if (text_starts(line, "APP_CONFIG_"))
			variables[variable_count++] =
				arena_printf(&a, "%s%s", arena_copy(&a, line), canary);
		else
			overrides[override_count++] = arena_copy(&a, line);
	}
	apply(&l, overrides);
	if (watch && faults.len > 0)
		must(memmem(faults.ptr, faults.len, canary, strlen(canary)) == NULL,
		     "no value of a variable is told");
	buf_fini(&faults);
	arena_fini(&a);
	return 0;
}
