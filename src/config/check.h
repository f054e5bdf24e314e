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
/* Reads one value into its place; a fault if it is not what the row wants; fill.c. */
void check_value(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *into);
/* What a node is, for messages: its value only when show is true and it was written literally. */
const char *check_describe(struct arena *a, const struct node *node, bool show);
/* A fault: got this, wanted that. The value is shown if it is a short literal. */
void check_wrong(struct check *c, const struct node *node, const char *path, const char *wanted);
/* The same, but the value is not shown. */
void check_wrong_secret(struct check *c, const struct node *node, const char *path,
			const char *wanted);
/* The same, of a value that is not what the row wants; hides what may be secret. */
void check_not_for_row(struct check *c, const struct setting *row, const struct node *node,
		       const char *path);
/* Whether text has no control characters: a value that has some is not shown, and rarely meant. */
bool check_is_one_line(struct text t);
/* Whether node is a list, not too long, in which maps are wanted; a fault if not. */
bool check_is_list(struct check *c, const struct node *node, const char *path);
/* Whether the element at index is a map; a fault if not, and the others are looked at all the same.
 * path: of the list. */
bool check_is_map(struct check *c, const struct node *list, size_t index, const char *path);
/* Faults where the element at index repeats what no two elements may share. of->element_size bytes
 * each; map is what the element was read from, path that of the list. */
void check_unique(struct check *c, const struct setting_list *of, const void *elements,
		  size_t index, const struct node *map, const char *path);

/* Whether node is a string or a list of strings; a fault if not, or if one is empty; words.c. */
bool check_is_strings(struct check *c, const struct setting *row, const struct node *node,
		      const char *path);
size_t check_count_strings(const struct node *node);
/* The string at i, with its path in *path. */
const struct node *check_string_at(struct check *c, const struct node *node, size_t i,
				   const char **path);

/* The path of an entry of a map, at a length that can be shown; headers.c. */
const char *check_path_of(struct check *c, const char *path, const struct entry *entry);
/* The innermost part of a path that was written; remarks.c. */
struct place check_place_near(const struct node *root, const char *path);

/* What rows cannot say: faults between settings, and remarks on what is in force; remarks.c. */
void check_remarks(struct check *c, const struct node *root);
/* Notices, or faults if the list is strict, for the keys of a map that no row knows; within is the
 * part of the rows' paths it stands under, "" or "a.b.". map may be NULL or no map. */
void check_unknown(struct check *c, const struct setting_list *of, const struct node *map,
		   const char *within, const char *prefix);
/* Notices for the keys outside of spectrocloud that are no settings, but nearly are called like one
 * beside them that is not set. within: as above. */
void check_similar(struct check *c, const struct node *map, const char *within);
/* Strings of words, which spaces and commas separate, into the two places of the row; words.c. */
void check_words(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *base);
/* Fills backend.auth.externalAccess, and adds backend.auth.keys behind it; external.c. */
void check_external(struct check *c, const struct node *list, const char *path);
void check_old_keys(struct check *c, const struct node *list, const char *path);
/* Readers of rows: cors.c. */
void read_cors_origins(struct check *c, const struct setting *row, const struct node *value,
		       const char *path, void *into);
void read_cors_names(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into);
void read_cors_max_age(struct check *c, const struct setting *row, const struct node *value,
		       const char *path, void *into);
void read_cors_status(struct check *c, const struct setting *row, const struct node *value,
		      const char *path, void *into);
void read_cors_switch(struct check *c, const struct setting *row, const struct node *value,
		      const char *path, void *into);
/* What the rows of backend.cors cannot say; cors.c. */
void check_cors(struct check *c, const struct node *root);
/* Readers of rows: agents.c. */
void read_tool_patterns(struct check *c, const struct setting *row, const struct node *value,
			const char *path, void *into);
void read_web_origins(struct check *c, const struct setting *row, const struct node *value,
		      const char *path, void *into);
void read_plugin_sources(struct check *c, const struct setting *row, const struct node *value,
			 const char *path, void *into);
void read_action_id(struct check *c, const struct setting *row, const struct node *value,
		    const char *path, void *into);
void read_said(struct check *c, const struct setting *row, const struct node *value,
	       const char *path, void *into);
/* What the rows of backend.actions cannot say; agents.c. */
void check_agents(struct check *c, const struct node *root);
/* Readers of rows: headers.c. */
void read_csp(struct check *c, const struct setting *row, const struct node *value,
	      const char *path, void *into);
void read_referrer_policy(struct check *c, const struct setting *row, const struct node *value,
			  const char *path, void *into);
void read_health_headers(struct check *c, const struct setting *row, const struct node *value,
			 const char *path, void *into);
/* Readers of rows: store.c. The second leaves the value to check_store(). */
void read_store_keys(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into);
void read_later(struct check *c, const struct setting *row, const struct node *value,
		const char *path, void *into);
/* Readers of rows, and what the rows cannot say; telemetry.c. */
void read_log_levels(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into);
void read_ratio(struct check *c, const struct setting *row, const struct node *value,
		const char *path, void *into);
void check_telemetry(struct check *c, const struct node *root);
/* Where sessions are kept, out of spectrocloud.tokenStore and backend.database; store.c. */
void check_store(struct check *c, const struct node *root);
/* Why url cannot be the address of another service, or NULL. may is of enum setting_url; *loopback:
 * it does not leave this machine. */
const char *check_url(struct arena *a, struct text url, unsigned may, bool *loopback);

#endif
