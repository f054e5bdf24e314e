/* The table of operations: every row, and how a request finds its own. */
#include <pthread.h>
#include <string.h>

#include "http/http.h"
#include "op/rows.h"

enum { MOST_ROWS = 256, MOST_SEGMENTS = 16 };

static const struct op *const resources[] = {
	service_ops,
	user_ops,
	project_ops,
	cluster_ops,
	cluster_create_ops,
	cluster_event_ops,
	virtual_cluster_ops,
	cluster_group_ops,
	profile_ops,
	cloud_account_ops,
	overlord_ops,
	session_token_ops,
	host_ops,
	metrics_ops,
	status_ops,
	registry_ops,
	mcp_ops,
	mcp_resource_ops,
	agent_list_ops,
	agent_health_ops,
	agent_cluster_ops,
	agent_profile_ops,
	agent_operation_ops,
	agent_machine_ops,
	agent_node_ops,
	agent_pack_ops,
	agent_tag_ops,
	agent_create_ops,
};

static const struct op *rows[MOST_ROWS + 1];
static pthread_once_t rows_once = PTHREAD_ONCE_INIT;

static void collect_rows(void)
{
	size_t count = 0;

	for (size_t r = 0; r < ARRAY_LEN(resources); r++)
		for (const struct op *op = resources[r]; op->name != NULL; op++)
			if (count < MOST_ROWS)
				rows[count++] = op;
}

const struct op *const *op_all(void)
{
	pthread_once(&rows_once, collect_rows);
	return rows;
}

/* ---- routes ---- */

struct segments {
	struct text items[MOST_SEGMENTS];
	size_t count;
};

/* "/a/b" and "/a/b/" give a, b. False for an empty segment elsewhere, and for too many. */
static bool split(struct text path, struct segments *s)
{
	struct text rest = text_slice(path, 1, SIZE_MAX);
	struct text piece;

	s->count = 0;
	if (!text_starts(path, "/"))
		return false;
	while (text_next(&rest, '/', &piece)) {
		if (piece.len == 0)
			return rest.ptr == NULL && s->count > 0;
		if (s->count == MOST_SEGMENTS)
			return false;
		s->items[s->count++] = piece;
	}
	return true;
}

static bool is_param(struct text segment)
{
	return segment.len > 0 && segment.ptr[0] == ':';
}

static bool fits(const struct segments *pattern, const struct segments *path)
{
	if (pattern->count != path->count)
		return false;
	for (size_t i = 0; i < path->count; i++)
		if (!is_param(pattern->items[i]) && !text_equal(pattern->items[i], path->items[i]))
			return false;
	return true;
}

/* Whether a is the closer match: a literal where b has a parameter, at the first difference. */
static bool is_closer(const struct segments *a, const struct segments *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (is_param(a->items[i]) != is_param(b->items[i]))
			return !is_param(a->items[i]);
	return false;
}

static void read_path_inputs(struct arena *a, const struct segments *pattern,
			     const struct segments *path, struct op_match *match)
{
	match->input_count = 0;
	for (size_t i = 0; i < path->count; i++) {
		struct call_input *input = &match->inputs[match->input_count];

		if (!is_param(pattern->items[i]) || match->input_count == MAX_PARAMS)
			continue;
		match->input_count++;
		*input = (struct call_input){.in = IN_PATH,
					     .name = text_slice(pattern->items[i], 1, SIZE_MAX)};
		if (!http_url_decode(a, path->items[i], false, &input->value))
			input->value = (struct text){NULL, 0};
	}
}

static bool answers_method(const struct op *op, struct text method)
{
	return text_is(method, op->method) ||
	       (text_is(method, "HEAD") && strcmp(op->method, "GET") == 0);
}

static const char *add_method(struct arena *a, const char *allow, const char *method)
{
	const char *more = strcmp(method, "GET") == 0 ? "GET, HEAD" : method;

	if (allow == NULL)
		return arena_printf(a, "%s", more);
	return strstr(allow, more) != NULL ? allow : arena_printf(a, "%s, %s", allow, more);
}

static bool is_at(const struct op *op, bool root)
{
	return ((op->flags & OP_ROOT) != 0) == root;
}

static bool exists(const struct op *op, const struct config *config)
{
	return op->exists == NULL || config == NULL || op->exists(config);
}

void op_match_path(struct arena *a, const struct config *config, struct text method,
		   struct text path, bool root, struct op_match *match)
{
	struct segments best = {.count = 0};
	struct segments wanted;

	*match = (struct op_match){.op = NULL};
	if (!split(path, &wanted))
		return;
	for (const struct op *const *row = op_all(); *row != NULL; row++) {
		struct segments pattern;

		if ((*row)->path == NULL || !is_at(*row, root) || !exists(*row, config) ||
		    !split(text_of((*row)->path), &pattern) || !fits(&pattern, &wanted))
			continue;
		match->allow = add_method(a, match->allow, (*row)->method);
		if (!answers_method(*row, method) ||
		    (match->op != NULL && !is_closer(&pattern, &best)))
			continue;
		match->op = *row;
		best = pattern;
	}
	if (match->op != NULL)
		read_path_inputs(a, &best, &wanted, match);
}

/* ---- the table's own check ---- */

static bool is_declared(const struct op *op, struct text segment)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (p->in == IN_PATH && text_is(text_slice(segment, 1, SIZE_MAX), p->name))
			return true;
	return false;
}

static bool check_params(const struct op *op, const struct segments *pattern, struct error *err)
{
	size_t in_path = 0;
	size_t declared = 0;
	size_t count = 0;

	for (size_t i = 0; i < pattern->count; i++) {
		if (!is_param(pattern->items[i]))
			continue;
		in_path++;
		if (!is_declared(op, pattern->items[i]))
			return error_set(err, ERROR_INTERNAL, "%s: no parameter for a part of %s",
					 op->name, op->path);
	}
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++, count++) {
		declared += p->in == IN_PATH;
		if (p->in == 0 || p->type == 0 || p->help == NULL ||
		    (p->type == PARAM_CHOICE && p->choices == NULL) ||
		    (p->type == PARAM_FIELDS && p->fields == NULL))
			return error_set(err, ERROR_INTERNAL, "%s: parameter %s is not complete",
					 op->name, p->name);
	}
	if (count > MAX_PARAMS)
		return error_set(err, ERROR_INTERNAL, "%s: more than %d parameters", op->name,
				 MAX_PARAMS);
	if (declared != in_path)
		return error_set(err, ERROR_INTERNAL, "%s: a path parameter is not in %s", op->name,
				 op->path);
	return true;
}

static bool has_param(const struct op *op, const char *name)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

static bool check_tool(const struct op *op, struct error *err)
{
	const struct tool *tool = op->tool;

	if (tool == NULL)
		return true;
	if (tool->name == NULL || tool->title == NULL || tool->description == NULL ||
	    tool->toolset == NULL || op->answer == NULL || op->path != NULL)
		return error_set(err, ERROR_INTERNAL, "%s: the tool is not complete", op->name);
	if ((tool->does & (TOOL_DESTROYS | TOOL_SPENDS)) != 0 && (tool->does & TOOL_WRITES) == 0)
		return error_set(err, ERROR_INTERNAL, "%s: what destroys or spends also writes",
				 op->name);
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (p->in != IN_ARGUMENT)
			return error_set(err, ERROR_INTERNAL, "%s: %s is no input of a tool",
					 op->name, p->name);
	return true;
}

static bool check_row(const struct op *op, struct error *err)
{
	struct segments pattern = {.count = 0};

	if ((op->tool == NULL && (op->method == NULL || op->path == NULL)) || op->summary == NULL ||
	    op->run == NULL)
		return error_set(err, ERROR_INTERNAL, "%s: the row is not complete", op->name);
	if (!check_tool(op, err))
		return false;
	if (op->path != NULL && !split(text_of(op->path), &pattern))
		return error_set(err, ERROR_INTERNAL, "%s: %s is no path", op->name, op->path);
	if (op->permission == PERMIT_NOBODY)
		return error_set(err, ERROR_INTERNAL, "%s: nobody may call it", op->name);
	if (op->also != NULL && (op->also->when == NULL || op->also->answer == NULL))
		return error_set(err, ERROR_INTERNAL, "%s: the other answer is not complete",
				 op->name);
	if ((op->answer == NULL) == (op->content_type == NULL))
		return error_set(err, ERROR_INTERNAL, "%s: either fields or a content type",
				 op->name);
	if ((op->flags & (OP_FRONT | OP_ASIDE)) != 0 && (op->flags & OP_LOCAL) == 0)
		return error_set(err, ERROR_INTERNAL, "%s: it must not wait for Palette", op->name);
	if ((op->flags & OP_FOLLOWS) != 0 &&
	    (op->stream_type == NULL || op->stream_help == NULL || !has_param(op, "follow")))
		return error_set(err, ERROR_INTERNAL, "%s: nothing says what it follows", op->name);
	if ((op->flags & OP_LOCAL) == 0 && !has_param(op, "instance") &&
	    !has_param(op, "instanceName"))
		return error_set(err, ERROR_INTERNAL, "%s: the caller cannot name the environment",
				 op->name);
	return check_params(op, &pattern, err);
}

/* The same literals and parameters at the same places: which one is meant could not be said. */
static bool is_ambiguous(const struct op *a, const struct op *b)
{
	struct segments x;
	struct segments y;

	if (a->path == NULL || b->path == NULL || !is_at(a, (b->flags & OP_ROOT) != 0) ||
	    strcmp(a->method, b->method) != 0 || !split(text_of(a->path), &x) ||
	    !split(text_of(b->path), &y) || x.count != y.count)
		return false;
	for (size_t i = 0; i < x.count; i++) {
		if (is_param(x.items[i]) != is_param(y.items[i]))
			return false;
		if (!is_param(x.items[i]) && !text_equal(x.items[i], y.items[i]))
			return false;
	}
	return true;
}

bool op_check_table(struct error *err)
{
	const struct op *const *all = op_all();

	for (size_t i = 0; all[i] != NULL; i++) {
		if (!check_row(all[i], err))
			return false;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(all[i]->name, all[j]->name) == 0)
				return error_set(err, ERROR_INTERNAL, "two rows are named %s",
						 all[i]->name);
			if (all[i]->tool != NULL && all[j]->tool != NULL &&
			    strcmp(all[i]->tool->name, all[j]->tool->name) == 0)
				return error_set(err, ERROR_INTERNAL, "two tools are named %s",
						 all[i]->tool->name);
			if (is_ambiguous(all[i], all[j]))
				return error_set(err, ERROR_INTERNAL,
						 "%s and %s have the same route", all[i]->name,
						 all[j]->name);
		}
	}
	return true;
}
