/* Inside op/: what the tools of agents share. */
#ifndef OP_AGENT_H
#define OP_AGENT_H

#include "op/op.h"
#include "json/json.h"

/* How much of an answer an agent does not see. */
#define MASKED                                                                      \
	{                                                                           \
		.name = "masked", .type = FIELD_INT,                                \
		.help = "How many values are secrets and stand here as *** instead" \
	}

/* ---- one object, written piece by piece: agent_answer.c ---- */

struct answer {
	struct json_writer w; /* for what is written by other means */
	struct buf out;
	size_t max_bytes;
	size_t masked; /* how many values are so far */
	bool too_large;
};
/* It is over with answer_finish() or answer_drop(). */
void answer_begin(struct call *c, struct answer *a);
void answer_put(struct answer *a, const char *key, const char *value);
void answer_put_count(struct answer *a, const char *key, size_t count);
/* value: checked JSON, whose secrets do not go into the answer. */
void answer_put_masked(struct answer *a, const char *key, struct text value);
/* Fails with ERROR_UPSTREAM where it became too large. */
MUST_USE bool answer_finish(struct answer *a, struct result *res, struct error *err);
void answer_drop(struct answer *a);

/* ---- lists in pages: agent_page.c ---- */

/* What every list that may be long takes besides its own inputs. */
#define ARG_LIMIT                         \
	ARG_COUNT("limit", "100", 1, 500, \
		  "How many to answer at most; nextCursor leads to the rest")
#define ARG_CURSOR \
	ARG("cursor", PARAM_LINE, "nextCursor of the answer before, with the same other inputs")
#define ARG_NAME_CONTAINS \
	ARG("nameContains", PARAM_TEXT, "Only those whose name has this in it; case does not count")

/* What it answers besides the items. */
#define PAGE_FIELDS(what)                                                          \
	{.name = "total",                                                          \
	 .type = FIELD_INT,                                                        \
	 .required = true,                                                         \
	 .help = "How many " what " there are that fit the inputs, on all pages"}, \
	{                                                                          \
		.name = "nextCursor", .type = FIELD_STRING,                        \
		.help = "There are more: call again with this as cursor"           \
	}

/* A choice among the items by a parameter of the row. */
struct page_filter {
	const char *param;
	const char *field; /* of the item, by its name */
	bool contains;     /* else equal; case counts in neither */
};

struct page {
	const char *key;                   /* of the items in the answer */
	const struct field *item;          /* with the fields uid and name */
	bool whole;                        /* items as Palette has them, without their secrets */
	const struct page_filter *filters; /* ends with param NULL; NULL: none */
	const char *head_key;              /* of a member that stands before them; NULL: none */
	struct text head;
	struct text basis; /* what else decides which items there are, besides the parameters
			    * projectUid and instanceName; empty: nothing */
};

/*
 * Answers a page of the list, by name and then uid, and releases the list in any case. The row has
 * the parameters limit and cursor, and perhaps fields.
 * listed  what the call that filled the list returned: where it failed, so does this, with its
 *         error.
 * Fails with ERROR_INPUT for a cursor that is not of this list and these inputs.
 */
MUST_USE bool answer_page(struct call *c, const struct page *page, struct palette_list *list,
			  bool listed, struct result *res, struct error *err);

/* The same of items that are there already: document is {"<key>":[items]}, `most` of them. */
MUST_USE bool answer_page_of(struct call *c, const struct page *page, struct text document,
			     size_t most, struct result *res, struct error *err);

#endif
