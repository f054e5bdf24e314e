/* From the merged tree to struct config. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/config.h"
#include "config/load.h"
#include "config/table.h"

struct check {
	struct loader *l;
	struct config *config;
	const struct node *blamed; /* a section that is no map: named once, not for every row */
};

/* Fills the whole configuration from root; faults and notices are collected. */
void check_config(struct check *c, const struct node *root);

/* ---- for the parts ---- */

/* Fills the struct at base from map by rows. prefix is what stands before a row's path in messages,
 * with its '.'. */
void check_rows(struct check *c, const struct setting *rows, void *base, const struct node *map,
		const char *prefix);
/* Reads one value into its place; a fault if it is not what the row wants. */
void check_value(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *into);
/* What a node is, for messages: its value only when show is true and it was written literally. */
const char *check_describe(struct arena *a, const struct node *node, bool show);
/* A fault: got this, wanted that. The value is shown if it is a short literal. */
void check_wrong(struct check *c, const struct node *node, const char *path, const char *wanted);
/* Whether node is a list of maps; a fault if not, or if one element is none. */
bool check_is_list_of_maps(struct check *c, const struct node *node, const char *path);

/* Notices for the keys of a map, under the part of the rows' paths in within ("" or "a.b."), that
 * no row knows. */
void check_unknown(struct check *c, const struct setting *rows, const struct node *map,
		   const char *within, const char *prefix);
/* Fills backend.auth.externalAccess. */
void check_external(struct check *c, const struct node *list, const char *path);
/* Why url cannot be a Palette's address, or NULL; *loopback: it does not leave this machine. */
const char *check_url(struct text url, bool *loopback);

#endif
