/*
 * backend.cors: which pages of other origins may read the answers. The rules are those of Backstage
 * and of the npm package cors, but for what would let more in than was meant.
 */
#include <string.h>

#include "config/check.h"
#include "config/value.h"

enum {
	MOST_ORIGINS = 100,
	LONGEST_VALUE = 4096, /* of a header */
};

/* ---- origins ---- */

/* What may have been meant otherwise. */
static void remark_on_origin(struct check *c, const struct node *node, const char *path)
{
	if (text_starts(node->text, "#"))
		findings_notice(c->l->found, node->place, path,
				"matches no origin: a pattern that begins with '#' is a comment");
	else if (text_starts(node->text, "!"))
		findings_notice(c->l->found, node->place, path,
				"matches every origin but those behind the '!'");
	else if (text_find(node->text, '/') == SIZE_MAX &&
		 !text_equal_nocase(node->text, TEXT("null")))
		findings_notice(c->l->found, node->place, path,
				"matches no origin of a website: they begin with http:// or "
				"https://, and '*' takes no '/'");
}

static void read_origin(struct check *c, const struct node *node, const char *path,
			struct config_cors *cors)
{
	const struct glob *glob;
	struct error err;

	if (!glob_new(c->l->arena, node->text, GLOB_NOCASE | GLOB_NO_GLOBSTAR, &glob, &err)) {
		findings_fault(c->l->found, node->place, path, "not usable as a glob: %s",
			       err.message);
		return;
	}
	remark_on_origin(c, node, path);
	if (text_equal_nocase(node->text, TEXT("null")))
		cors->null_origin = true;
	cors->origins[cors->origin_count++] = glob;
}

void read_cors_origins(struct check *c, const struct setting *row, const struct node *value,
		       const char *path, void *into)
{
	struct config_cors *cors = into;
	size_t count = check_count_strings(value);

	if (!check_is_strings(c, row, value, path))
		return;
	if (count > MOST_ORIGINS) {
		findings_fault(c->l->found, value->place, path, "more than %d origins",
			       MOST_ORIGINS);
		return;
	}
	cors->origins = arena_array(c->l->arena, const struct glob *, count);
	for (size_t i = 0; i < count; i++) {
		const char *each = path;
		const struct node *node = check_string_at(c, value, i, &each);

		read_origin(c, node, each, cors);
	}
}

/* ---- names ---- */

static bool is_token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Tokens, separated by commas with or without blanks. */
static bool is_names(struct text t)
{
	struct text name;

	while (text_next(&t, ',', &name)) {
		name = text_trim(name);
		for (size_t i = 0; i < name.len; i++)
			if (!is_token_char(name.ptr[i]))
				return false;
		if (name.len == 0)
			return false;
	}
	return true;
}

void read_cors_names(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into)
{
	struct buf joined;

	if (!check_is_strings(c, row, value, path))
		return;
	buf_init(&joined, LONGEST_VALUE);
	for (size_t i = 0; i < check_count_strings(value); i++) {
		const char *each = path;
		const struct node *node = check_string_at(c, value, i, &each);

		if (!check_is_one_line(node->text) || !is_names(node->text)) {
			check_not_for_row(c, row, node, each);
			continue;
		}
		buf_add_string(&joined, i == 0 ? "" : ",");
		buf_add(&joined, text_trim(node->text));
	}
	if (!buf_complete(&joined))
		findings_fault(c->l->found, value->place, path, "longer than %d bytes",
			       LONGEST_VALUE);
	*(const char **)into = arena_copy(c->l->arena, buf_text(&joined));
	buf_fini(&joined);
}

/* ---- the others ---- */

static bool is_whole(const struct node *value, int64_t least, int64_t most, int *out)
{
	int64_t number;

	if (!value_int(value, &number) || number < least || number > most)
		return false;
	*out = (int)number;
	return true;
}

void read_cors_max_age(struct check *c, const struct setting *row, const struct node *value,
		       const char *path, void *into)
{
	int seconds;

	if (is_whole(value, row->min, row->max, &seconds))
		*(const char **)into = arena_printf(c->l->arena, "%d", seconds);
	else
		check_not_for_row(c, row, value, path);
}

void read_cors_status(struct check *c, const struct setting *row, const struct node *value,
		      const char *path, void *into)
{
	if (!is_whole(value, row->min, row->max, into))
		check_not_for_row(c, row, value, path);
}

void read_cors_switch(struct check *c, const struct setting *row, const struct node *value,
		      const char *path, void *into)
{
	(void)row;
	if (!value_bool(value, into))
		check_wrong(c, value, path, "true or false");
}

/* The npm package takes what is not set for "every origin". */
static void check_no_origin(struct check *c, const struct node *section)
{
	static const char path[] = "backend.cors.origin";
	const struct node *origin = config_node_get(section, TEXT("origin"));

	if (node_is_set(origin))
		return;
	if (origin != NULL && origin->type == NODE_ABSENT) {
		findings_fault(c->l->found, origin->place, path,
			       "a variable in it is not set; every origin would be allowed");
		return;
	}
	c->config->cors.any_origin = true;
	findings_notice(c->l->found, section->place, path,
			"no origin: pages of every origin may read the answers");
}

void check_cors(struct check *c, const struct node *root)
{
	struct config_cors *cors = &c->config->cors;
	const struct node *section = config_node_at(root, TEXT("backend.cors"));

	if (cors->exposed_headers == NULL)
		cors->exposed_headers = "";
	if (cors->max_age == NULL)
		cors->max_age = "";
	cors->enabled = section != NULL && section->type == NODE_MAP;
	if (cors->enabled)
		check_no_origin(c, section);
	else if (section != NULL && section->type == NODE_ABSENT)
		findings_notice(c->l->found, section->place, "backend.cors",
				"a variable in it is not set; no page of another origin may read "
				"the answers");
}
