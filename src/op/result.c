/* What an operation answers. */
#include "op/op.h"

void result_fini(struct result *res)
{
	buf_fini(&res->body_owned);
	shared_unref(res->shared);
	res->shared = NULL;
	res->body = TEXT("");
}

void result_json(struct result *res, struct text json)
{
	res->content_type = "application/json; charset=utf-8";
	res->body = json;
}

void result_constant(struct result *res, const struct op_constant *constant)
{
	result_json(res, constant->json);
	res->constant = constant;
}

void result_json_owned(struct result *res, struct buf *body)
{
	res->content_type = "application/json; charset=utf-8";
	res->body_owned = *body;
	buf_init(body, 0);
}

void result_age(struct result *res, const struct palette_document *document)
{
	res->kept = document->age_s >= 0;
	res->age_s = document->age_s;
}

void result_document(struct result *res, struct palette_document *document)
{
	result_json(res, palette_document_text(document));
	result_age(res, document);
	res->shared = document->shared;
	document->shared = NULL;
}

bool call_document(struct call *c, enum palette_document_kind kind, const char *uid,
		   struct palette_document *document, struct error *err)
{
	const struct palette_wanted wanted = {
		.kind = kind, .project = call_string(c, "projectUid"), .uid = call_string(c, uid)};

	return palette_document(c->palette, &wanted, document, err);
}

bool result_object_document(struct call *c, enum palette_document_kind kind, const char *uid,
			    struct result *res, struct error *err)
{
	struct palette_document document;

	if (!call_document(c, kind, uid, &document, err))
		return false;
	result_document(res, &document);
	return true;
}

void result_file(struct result *res, const char *content_type, const char *name, struct buf *body)
{
	res->content_type = content_type;
	res->file_name = name;
	res->body_owned = *body;
	buf_init(body, 0);
}

bool result_object(struct call *c, palette_object_fn *fetch, const char *uid, struct result *res,
		   struct error *err)
{
	struct buf out;

	if (!fetch(c->palette, call_string(c, "projectUid"), call_string(c, uid), &out, err))
		return false;
	result_json_owned(res, &out);
	return true;
}

bool result_list(struct result *res, struct palette_list *list, bool listed, struct error *err)
{
	struct buf json;
	bool ok = listed && palette_list_finish(list, &json, err);

	if (ok)
		result_json_owned(res, &json);
	palette_list_fini(list);
	return ok;
}
