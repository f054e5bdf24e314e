/* The table of operations as a page for people. */
#include "face/face.h"

static const char *permission_name(const struct op *op)
{
	const struct permission *permission = permission_of(op->permission);

	if (permission != NULL)
		return permission->name;
	if (op->permission == PERMIT_SESSIONS)
		return "none; Backstage's plugin `auth` and trusted services";
	if (op->permission == PERMIT_OPERATORS)
		return "none; services. In access restrictions: `" PERMISSION_OPERATORS "`";
	return op->permission == PERMIT_ANYONE ? "none, no credential needed" : "any credential";
}

static void put_params(struct buf *out, const struct op *op)
{
	if (op->params == NULL)
		return;
	buf_add_string(out, "\n| parameter | in | required | |\n|---|---|---|---|\n");
	for (const struct param *p = op->params; p->name != NULL; p++) {
		buf_printf(out, "| `%s` | %s | %s | %s", p->name, param_place(p->in),
			   p->required ? "yes" : "", p->help);
		for (const char *const *c = p->choices; c != NULL && *c != NULL; c++)
			buf_printf(out, "%s`%s`", c == p->choices ? ": " : ", ", *c);
		buf_add_string(out, " |\n");
	}
}

static void put_fields(struct buf *out, const struct field *fields)
{
	for (const struct field *f = fields; f != NULL && f->name != NULL; f++)
		buf_printf(out, "%s`%s`%s%s", f == fields ? " with " : ", ", f->name,
			   f->help == NULL ? "" : ": ", f->help == NULL ? "" : f->help);
	buf_add_string(out, ".\n");
}

static void put_answer(struct buf *out, const struct op *op)
{
	buf_printf(out, "\nAnswer: %d, %s", op->success_status != 0 ? op->success_status : 200,
		   op->content_type != NULL ? op->content_type : "JSON");
	put_fields(out, op->answer);
	if (op->also != NULL) {
		buf_printf(out, "\n%s: %d, JSON", op->also->when, op->also->status);
		put_fields(out, op->also->answer);
	}
	if (op->stream_type != NULL)
		buf_printf(out, "\nOr `%s`: %s.\n", op->stream_type, op->stream_help);
	if (op->flags & OP_AUDIT)
		buf_add_string(out, "\nEach use is in the audit trail.\n");
}

void face_operations_page(struct buf *out)
{
	const struct op *const *all = op_all();

	buf_add_string(out,
		       "# Operations\n\n"
		       "Paths are relative to `/api/spectrocloud`; `/spectrocloud` answers the "
		       "same. This page is\nmade from the table of operations by `./dev docs`.\n\n"
		       "| route | permission | |\n|---|---|---|\n");
	for (size_t i = 0; all[i] != NULL; i++)
		if (all[i]->path != NULL)
			buf_printf(out, "| `%s %s` | %s | %s |\n", all[i]->method, all[i]->path,
				   permission_name(all[i]), all[i]->summary);
	for (size_t i = 0; all[i] != NULL; i++) {
		if (all[i]->path == NULL)
			continue;
		buf_printf(out, "\n## %s\n\n`%s %s`: %s. Permission: %s.\n", all[i]->name,
			   all[i]->method, all[i]->path, all[i]->summary, permission_name(all[i]));
		put_params(out, all[i]);
		put_answer(out, all[i]);
	}
}
