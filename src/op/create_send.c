/* The create itself, and what is known of its outcome. */
#include <string.h>

#include "op/create.h"
#include "json/json.h"

enum { LARGEST_DETAILS = 512 * 1024, SMALL = 4096 };

static struct text with_outcome(struct call *c, const struct creation *creation,
				const char *outcome, struct text details)
{
	struct json_walk walk = json_walk_begin(details);
	struct json_writer w;
	struct text value;
	struct text name;
	struct text key;
	struct text out;
	struct buf b;

	buf_init(&b, LARGEST_DETAILS);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "outcome", outcome);
	json_put_pair(&w, "clusterName", creation->name);
	while (details.len > 0 && json_walk_member(&walk, &key, &value)) {
		if (!json_unescape(c->arena, key, &name) ||
		    b.len + value.len > LARGEST_DETAILS - SMALL)
			continue;
		json_key(&w, name.ptr);
		json_put_raw(&w, value);
	}
	json_object_end(&w);
	out = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

/* A failure of the way says nothing about the cluster by itself. */
static bool leaves_doubt(enum error_kind kind)
{
	return kind == ERROR_UPSTREAM || kind == ERROR_TIMEOUT || kind == ERROR_UNAVAILABLE ||
	       kind == ERROR_CANCELLED;
}

void creation_say_outcome(struct call *c, const struct creation *creation, struct error *err)
{
	static const char nothing[] = ". Nothing was created";
	size_t len = strlen(err->message);

	err->details = with_outcome(c, creation, err->maybe_done ? "unknown" : "not created",
				    err->details);
	if (!err->maybe_done && leaves_doubt(err->kind) &&
	    len + sizeof nothing <= sizeof err->message)
		memcpy(err->message + len, nothing, sizeof nothing);
}

bool creation_send(struct call *c, const struct creation *creation, const char **uid,
		   struct error *err)
{
	struct buf answer;

	if (!palette_create_cluster(c->palette, call_string(c, "projectUid"), creation->kind->name,
				    creation->name, creation->entity, &answer, err))
		return false;
	*uid = json_string_at(c->arena, text_trim(buf_text(&answer)), "/uid", "");
	buf_fini(&answer);
	return true;
}
