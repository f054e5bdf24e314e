/* Inside op/: lists in pages. */
#ifndef OP_PAGE_H
#define OP_PAGE_H

#include "op/op.h"

/* ---- of the tools of agents ---- */

/* What every list that may be long takes besides its own inputs. */
#define ARG_LIMIT                         \
	ARG_COUNT("limit", "100", 1, 500, \
		  "How many to answer at most; nextCursor leads to the rest")
#define ARG_CURSOR \
	ARG("cursor", PARAM_LINE, "nextCursor of the answer before, with the same other inputs")
#define ARG_NAME_CONTAINS \
	ARG("nameContains", PARAM_TEXT, "Only those whose name has this in it; case does not count")

/* What a list says about what is missing in it. */
extern const struct field warning_fields[];

#define WARNINGS                                                                             \
	{                                                                                    \
		.name = "warnings", .type = FIELD_ARRAY, .fields = warning_fields,           \
		.help = "What is missing: projects that Palette forbids to the caller, and " \
			"items that it counts but does not give"                             \
	}

/* What it answers besides the items. */
#define PAGE_FIELDS(what)                                                          \
	{.name = "total",                                                          \
	 .type = FIELD_INT,                                                        \
	 .required = true,                                                         \
	 .help = "How many " what " there are that fit the inputs, on all pages"}, \
		{.name = "nextCursor",                                             \
		 .type = FIELD_STRING,                                             \
		 .help = "There are more: call again with this as cursor"},        \
		WARNINGS

/* ---- of the routes ---- */

/* What a route takes besides its own parameters, where its list is whole without them. */
#define QUERY_PAGE                                                                          \
	QUERY_COUNT("limit", NULL, 1, 500,                                                  \
		    "Answer in pages of at most so many, by name; nextCursor leads to the " \
		    "rest. Without limit and cursor the list is whole"),                    \
	{                                                                                   \
		.name = "cursor", .in = IN_QUERY, .type = PARAM_LINE,                       \
		.help = "nextCursor of the page before, with the same other parameters; "   \
			"without limit, pages are of 100"                                   \
	}

/* What it answers then, besides the items. */
#define QUERY_PAGE_FIELDS                                                  \
	{.name = "total",                                                  \
	 .type = FIELD_INT,                                                \
	 .help = "With limit or cursor: how many there are on all pages"}, \
		{.name = "nextCursor",                                     \
		 .type = FIELD_STRING,                                     \
		 .help = "With limit or cursor: there are more; call "     \
			 "again with this as cursor"},                     \
		WARNINGS

/*
 * Answers the list, and releases it in any case: whole, or a page where the caller asks for one.
 * The row has QUERY_PAGE, and the list as the first field of its answer; items are as Palette has
 * them, with uid and name in their metadata or by themselves.
 * listed  what the call that filled the list returned: where it failed, so does this, with its
 *         error.
 * Fails with ERROR_INPUT for a cursor that is not of this list and these parameters.
 */
MUST_USE bool answer_list(struct call *c, struct palette_list *list, bool listed,
			  struct result *res, struct error *err);
/* The same of what such a list became; most: its items' count. Releases the document. */
MUST_USE bool answer_list_of(struct call *c, struct buf *document, size_t most, struct result *res,
			     struct error *err);

/* The same of a document of Palette's: all of it, shared, or a page. */
MUST_USE bool answer_list_document(struct call *c, const struct palette_wanted *wanted,
				   struct result *res, struct error *err);

/* ---- of both ---- */

/* A choice among the items by a parameter of the row. */
struct page_filter {
	const char *param;
	const char *field; /* of the item, by its name */
	bool contains;     /* else equal; case counts in neither */
};

enum page_items {
	PAGE_OF_FIELDS, /* of each item what its fields say */
	PAGE_OF_MASKED, /* items as Palette has them, without their secrets */
	PAGE_OF_RAW,    /* items as they are in the document, to the byte */
};

struct page {
	const char *key;          /* of the items in the answer */
	const char *document_key; /* of the items in the document; NULL: the same */
	const struct field *item; /* with the fields uid and name */
	enum page_items items;
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

/* The same of a document of Palette's, which is read where it is. */
MUST_USE bool answer_page_document(struct call *c, const struct page *page,
				   const struct palette_wanted *wanted, struct result *res,
				   struct error *err);

/* The same of items that are there already: document is {"<key>":[items]}, `most` of them. */
MUST_USE bool answer_page_of(struct call *c, const struct page *page, struct text document,
			     size_t most, struct result *res, struct error *err);

#endif
