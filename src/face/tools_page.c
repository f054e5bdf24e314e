/* The tools of agents, from their rows, as a page for people. */
#include <inttypes.h>
#include <string.h>

#include "face/face.h"

static const char *permission_of_tool(const struct op *op)
{
	const struct permission *permission = permission_of(op->permission);

	return permission == NULL ? "any credential" : permission->name;
}

/* ---- one tool ---- */

static void put_names(struct buf *out, const struct param *p)
{
	const char *separator = ": ";

	for (const char *const *c = p->choices; c != NULL && *c != NULL; c++) {
		buf_printf(out, "%s`%s`", separator, *c);
		separator = ", ";
	}
	for (const struct field *f = p->fields; f != NULL && f->name != NULL; f++) {
		buf_printf(out, "%s`%s`", separator, f->name);
		separator = ", ";
	}
	if (p->type == PARAM_COUNT)
		buf_printf(out, "; %" PRId64 " to %" PRId64, p->min, p->max);
}

static void put_inputs(struct buf *out, const struct op *op)
{
	if (op->params == NULL) {
		buf_add_string(out, "\nIt takes no inputs.\n");
		return;
	}
	buf_add_string(out, "\n| input | required | default | |\n|---|---|---|---|\n");
	for (const struct param *p = op->params; p->name != NULL; p++) {
		buf_printf(out, "| `%s` | %s | %s | %s", p->name, p->required ? "yes" : "",
			   p->fallback == NULL ? "" : p->fallback, p->help);
		put_names(out, p);
		buf_add_string(out, " |\n");
	}
}

static void put_outputs(struct buf *out, const struct op *op)
{
	buf_add_string(out, "\nAnswer:");
	for (const struct field *f = op->answer; f != NULL && f->name != NULL; f++)
		buf_printf(out, "%s `%s`%s%s", f == op->answer ? "" : ",", f->name,
			   f->help == NULL ? "" : ": ", f->help == NULL ? "" : f->help);
	buf_add_string(out, ".\n");
}

static void put_tool(struct buf *out, const struct op *op)
{
	buf_printf(out, "\n## %s\n\n%s\n\nPermission: %s. It %s.\n", op->tool->name,
		   op->tool->description, permission_of_tool(op), tool_does(op->tool));
	put_inputs(out, op);
	put_outputs(out, op);
	if (op->flags & OP_AUDIT)
		buf_add_string(out, "\nEach use is in the audit trail.\n");
}

/* ---- all ---- */

/* Whether no tool above has this one's toolset. */
static bool is_new_toolset(const struct op *const *all, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (all[i]->tool != NULL &&
		    strcmp(all[i]->tool->toolset, all[at]->tool->toolset) == 0)
			return false;
	return true;
}

static void put_lines(struct buf *out, const struct op *const *from)
{
	const char *toolset = (*from)->tool->toolset;

	for (const struct op *const *op = from; *op != NULL; op++)
		if ((*op)->tool != NULL && strcmp((*op)->tool->toolset, toolset) == 0)
			buf_printf(out, "| `%s` | `%s` | %s | %s | %s |\n", toolset,
				   (*op)->tool->name, (*op)->tool->title, permission_of_tool(*op),
				   tool_does((*op)->tool));
}

void face_tools_page(struct buf *out)
{
	const struct op *const *all = op_all();

	buf_add_string(out,
		       "# Tools\n\n"
		       "What agents are given, by toolset; [agents.md](../agents.md) says how. "
		       "This page is made\nfrom the table of operations by `./dev docs`.\n\n"
		       "| toolset | tool | | permission | it |\n|---|---|---|---|---|\n");
	for (size_t i = 0; all[i] != NULL; i++)
		if (all[i]->tool != NULL && is_new_toolset(all, i))
			put_lines(out, all + i);
	for (size_t i = 0; all[i] != NULL; i++)
		if (all[i]->tool != NULL)
			put_tool(out, all[i]);
}
