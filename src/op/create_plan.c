/* What would be created: the answer of a dry run. */
#include "op/create.h"
#include "json/json.h"

enum { LARGEST_PLAN = 16 * 1024 * 1024 };

void creation_put_warnings(struct json_writer *w, const struct creation *creation)
{
	if (creation->warnings.count == 0)
		return;
	json_key(w, "warnings");
	json_array_begin(w);
	for (size_t i = 0; i < creation->warnings.count; i++) {
		json_object_begin(w);
		json_put_pair(w, "message", creation->warnings.messages[i]);
		json_object_end(w);
	}
	json_array_end(w);
}

static struct text write_plan(struct call *c, const struct creation *creation, struct text price)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	buf_init(&b, LARGEST_PLAN);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "kind", creation->kind->name);
	json_key(&w, "entity");
	json_put_raw(&w, creation->entity);
	if (price.ptr != NULL) {
		json_key(&w, "price");
		json_put_raw(&w, price);
	}
	creation_put_warnings(&w, creation);
	json_object_end(&w);
	out = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

bool creation_plan(struct call *c, struct creation *creation, struct text *plan, struct error *err)
{
	struct palette_price price;

	if (!palette_try_cluster(c->palette, call_string(c, "projectUid"), creation->kind->name,
				 creation->entity, &price, err))
		return false;
	if (price.missing != NULL)
		creation_warn(c, creation, price.missing);
	*plan = write_plan(c, creation, price.json);
	return true;
}
