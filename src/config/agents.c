/*
 * What agents may see and use: spectrocloud.mcp and backend.actions. The rules of backend.actions
 * are Backstage's.
 */
#include <stdint.h>
#include <string.h>

#include "config/check.h"
#include "config/value.h"

enum {
	MOST_PATTERNS = 100,
	MOST_ORIGINS = 100,
};

/* Whether value is strings, and neither too few nor too many; a fault if not. */
static bool is_some_strings(struct check *c, const struct setting *row, const struct node *value,
			    const char *path, size_t most)
{
	if (!check_is_strings(c, row, value, path))
		return false;
	if (check_count_strings(value) < (size_t)row->min) {
		check_not_for_row(c, row, value, path);
		return false;
	}
	if (check_count_strings(value) > most) {
		findings_fault(c->l->found, value->place, path, "more than %zu elements", most);
		return false;
	}
	return true;
}

static bool read_glob(struct check *c, const struct node *node, const char *path,
		      const struct glob **glob)
{
	struct error err;

	if (glob_new(c->l->arena, node->text, 0, glob, &err))
		return true;
	findings_fault(c->l->found, node->place, path, "not usable as a glob: %s", err.message);
	return false;
}

/* ---- names of tools ---- */

/* Several names in one string would be a glob that matches no name. */
static bool is_list_in_disguise(struct text t)
{
	return text_find(t, ' ') != SIZE_MAX ||
	       (text_find(t, ',') != SIZE_MAX && text_find(t, '{') == SIZE_MAX);
}

/* What may have been meant otherwise. */
static void remark_on_pattern(struct check *c, const struct node *node, const char *path)
{
	if (text_starts(node->text, "#"))
		findings_notice(c->l->found, node->place, path,
				"matches no tool: a pattern that begins with '#' is a comment");
	else if (text_starts(node->text, "!"))
		findings_notice(c->l->found, node->place, path,
				"matches every tool but those behind the '!'");
}

/* At the start, a '!' is about all of a pattern: "!(a)" matches what is not "(a)". */
static const char *what_is_wrong(struct text t)
{
	if (is_list_in_disguise(t))
		return "not a glob of one name: several are written as a list";
	if (text_starts(t, "!("))
		return "not the group it looks like: write !NAME, or several as !@(NAME|NAME)";
	return NULL;
}

static bool read_pattern(struct check *c, const struct node *node, const char *path,
			 const struct glob **glob)
{
	const char *wrong = what_is_wrong(node->text);

	if (wrong != NULL) {
		findings_fault(c->l->found, node->place, path, "%s", wrong);
		return false;
	}
	if (!read_glob(c, node, path, glob))
		return false;
	remark_on_pattern(c, node, path);
	return true;
}

void read_tool_patterns(struct check *c, const struct setting *row, const struct node *value,
			const char *path, void *into)
{
	size_t count = check_count_strings(value);
	const struct glob **items;
	const char **written;
	size_t good = 0;

	if (!is_some_strings(c, row, value, path, MOST_PATTERNS))
		return;
	items = arena_array(c->l->arena, const struct glob *, count);
	written = arena_array(c->l->arena, const char *, count);
	for (size_t i = 0; i < count; i++) {
		const char *each = path;
		const struct node *node = check_string_at(c, value, i, &each);

		if (!read_pattern(c, node, each, &items[good]))
			continue;
		written[good++] = node->text.ptr;
	}
	*(struct config_patterns *)into = (struct config_patterns){items, written, good};
}

/* ---- origins ---- */

static bool is_letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static bool is_scheme(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_letter(t.ptr[i]) &&
		    (i == 0 || ((t.ptr[i] < '0' || t.ptr[i] > '9') &&
				(t.ptr[i] == '\0' || strchr("+-.", t.ptr[i]) == NULL))))
			return false;
	return t.len > 0;
}

static const char *to_lower(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.len + 1);

	for (size_t i = 0; i < t.len; i++)
		out[i] = (char)(t.ptr[i] >= 'A' && t.ptr[i] <= 'Z' ? t.ptr[i] - 'A' + 'a'
								   : t.ptr[i]);
	out[t.len] = '\0';
	return out;
}

/* Where the port begins that an authority ends with, with its ':'; its end if there is none. */
static size_t find_port(struct text authority)
{
	size_t end = text_starts(authority, "[") ? text_find(authority, ']') + 1
						 : text_find(authority, ':');

	return end > authority.len ? authority.len : end;
}

/* As browsers send it: in lower case, and without the port that the scheme implies. */
static const char *print_origin(struct arena *a, struct text scheme, struct text authority)
{
	size_t end = find_port(authority);
	struct text port = text_slice(authority, end + 1, authority.len);
	const char *name = to_lower(a, scheme);
	const char *host = to_lower(a, text_slice(authority, 0, end));
	int64_t number;

	if (!text_to_int(port, &number) || (number == 443 && strcmp(name, "https") == 0) ||
	    (number == 80 && strcmp(name, "http") == 0))
		return arena_printf(a, "%s://%s", name, host);
	return arena_printf(a, "%s://%s:%d", name, host, (int)number);
}

/* Why t is no origin, or NULL. */
static const char *make_origin(struct arena *a, struct text t, const char **origin)
{
	struct text scheme = text_slice(t, 0, text_find(t, ':'));
	struct text rest = text_slice(t, scheme.len, t.len);
	struct text authority = text_slice(rest, strlen("://"), rest.len);
	const char *why;
	bool loopback;

	if (!is_scheme(scheme) || !text_starts(rest, "://"))
		return "it must start with a scheme and ://, such as https://";
	/* Whatever the scheme, the rest is as in these. */
	why = check_url(a, text_of(arena_printf(a, "https%s", arena_copy(a, rest))), 0, &loopback);
	if (why != NULL)
		return why;
	if (text_find(authority, '/') != SIZE_MAX)
		return "it must end with the host or the port";
	*origin = print_origin(a, scheme, authority);
	return NULL;
}

void read_web_origins(struct check *c, const struct setting *row, const struct node *value,
		      const char *path, void *into)
{
	size_t count = check_count_strings(value);
	const char **items;

	if (!is_some_strings(c, row, value, path, MOST_ORIGINS))
		return;
	items = arena_array(c->l->arena, const char *, count);
	for (size_t i = 0; i < count; i++) {
		const char *each = path;
		const struct node *node = check_string_at(c, value, i, &each);
		const char *why = "it has control characters";

		if (check_is_one_line(node->text))
			why = make_origin(c->l->arena, node->text, &items[i]);
		if (why != NULL)
			findings_fault(c->l->found, node->place, each,
				       "not usable as an origin: %s", why);
	}
	*(struct config_strings *)into = (struct config_strings){items, count};
}

/* ---- backend.actions ---- */

void read_plugin_sources(struct check *c, const struct setting *row, const struct node *value,
			 const char *path, void *into)
{
	bool *offered = into;

	if (value->type != NODE_LIST) {
		check_not_for_row(c, row, value, path);
		return;
	}
	if (!check_is_strings(c, row, value, path))
		return;
	for (size_t i = 0; i < value->count; i++)
		if (text_is(value->entries[i].value->text, CONFIG_PLUGIN_ID))
			*offered = true;
}

void read_action_id(struct check *c, const struct setting *row, const struct node *value,
		    const char *path, void *into)
{
	const struct glob **id = into;

	if (value->type != NODE_STRING || value->text.len == 0)
		check_not_for_row(c, row, value, path);
	else
		(void)read_glob(c, value, path, id);
}

void read_said(struct check *c, const struct setting *row, const struct node *value,
	       const char *path, void *into)
{
	enum config_said *said = into;
	bool yes;

	if (value_bool(value, &yes))
		*said = yes ? CONFIG_SAID_TRUE : CONFIG_SAID_FALSE;
	else
		check_not_for_row(c, row, value, path);
}

/* A rule that hides, and lost a part of itself, fits actions that were not meant. */
static void check_rule(struct check *c, const struct node *rule, const char *path)
{
	static const char *const parts[] = {
		"id",
		"attributes",
		"attributes.destructive",
		"attributes.idempotent",
		"attributes.readOnly",
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct node *part = config_node_at(rule, text_of(parts[i]));

		if (part != NULL && part->type == NODE_ABSENT)
			findings_fault(c->l->found, part->place,
				       arena_printf(c->l->arena, "%s.%s", path, parts[i]),
				       "a variable in it is not set; more would be hidden than was "
				       "meant");
	}
}

void check_agents(struct check *c, const struct node *root)
{
	static const char excluded[] = "backend.actions.filter.exclude";
	const struct node *exclude = config_node_at(root, text_of(excluded));

	c->config->actions.sources_set =
		node_is_set(config_node_at(root, TEXT("backend.actions.pluginSources")));
	if (!c->config->actions.sources_set)
		c->config->actions.offered = true;
	for (size_t i = 0; i < c->config->actions.exclude_count; i++)
		check_rule(c, exclude->entries[i].value,
			   arena_printf(c->l->arena, "%s[%zu]", excluded, i));
}
