/* A list on its way to become an answer: its head, its items one behind the other, its warnings. */
#include "palette/fetch.h"
#include "palette/seen.h"
#include <assert.h>
#include <string.h>

#include "json/json.h"

enum { MOST_ANSWERS = 4 }; /* a list may be as large as this many of the largest answers */

void palette_list_init(struct palette_list *list, const struct palette *p, const char *key)
{
	*list = (struct palette_list){.seen = palette_seen_new(), .total = -1};
	buf_init(&list->json, (size_t)p->config->upstream_max_answer_bytes * MOST_ANSWERS);
	buf_printf(&list->json, "{\"%s\":[", key);
	list->items_at = list->json.len - 1;
}

void palette_list_fini(struct palette_list *list)
{
	palette_list_settle(list);
	buf_fini(&list->json);
	palette_seen_free(list->seen);
	list->seen = NULL;
}

void palette_list_reset(struct palette_list *list)
{
	palette_list_settle(list);
	buf_truncate(&list->json, list->items_at + 1);
	palette_seen_free(list->seen);
	list->seen = palette_seen_new();
	list->count = 0;
	list->more = false;
	list->total = -1;
	list->warning_count = 0;
}

struct buf *palette_list_item(struct palette_list *list)
{
	if (list->count++ > 0)
		buf_add_char(&list->json, ',');
	return &list->json;
}

void palette_list_adopt(struct palette_list *list, struct buf *answer, struct text *items)
{
	struct text head = buf_text(&list->json);
	size_t at = (size_t)(items->ptr - answer->ptr);
	struct buf taken = *answer;

	buf_init(answer, 0);
	taken.max_bytes = list->json.max_bytes;
	buf_use_room(&taken);
	/* The first item must not stand before the end of the head. */
	if (at < list->items_at) {
		buf_reserve(&taken, list->items_at - at);
		buf_use_room(&taken);
		assert(taken.capacity > list->items_at + items->len);
		memmove(taken.ptr + list->items_at, taken.ptr + at, items->len);
		at = list->items_at;
	}
	memcpy(taken.ptr, head.ptr, head.len);
	*items = (struct text){taken.ptr + at, items->len};
	list->adopted = at + items->len > taken.len ? at + items->len : taken.len;
	taken.len = head.len;
	buf_fini(&list->json);
	list->json = taken;
}

void palette_list_keep(struct palette_list *list, struct text item)
{
	struct buf *json = &list->json;

	if (list->adopted == 0) {
		buf_add(palette_list_item(list), item);
		return;
	}
	/* Between two items there was a comma, too: what is written never passes what is read. */
	if (list->count++ > 0)
		json->ptr[json->len++] = ',';
	assert(json->ptr + json->len <= item.ptr);
	memmove(json->ptr + json->len, item.ptr, item.len);
	json->len += item.len;
}

/* What was left out is wiped, as what is given back is. */
void palette_list_settle(struct palette_list *list)
{
	if (list->adopted == 0)
		return;
	explicit_bzero(list->json.ptr + list->json.len, list->adopted - list->json.len);
	buf_truncate(&list->json, list->json.len);
	list->adopted = 0;
}

static void make_room_for_warning(struct palette *p, struct palette_list *list)
{
	struct palette_warning *more;

	if (list->warning_count < list->warning_room)
		return;
	list->warning_room = list->warning_room * 2 + 8;
	more = arena_array(p->arena, struct palette_warning, list->warning_room);
	if (list->warning_count > 0)
		memcpy(more, list->warnings, list->warning_count * sizeof more[0]);
	list->warnings = more;
}

void palette_list_warn(struct palette *p, struct palette_list *list, const char *project,
		       int status, const char *message)
{
	make_room_for_warning(p, list);
	list->warnings[list->warning_count++] =
		(struct palette_warning){.project = project, .status = status, .message = message};
}

static void write_warnings(const struct palette_list *list, struct buf *out)
{
	struct json_writer w;

	buf_add_string(out, ",\"warnings\":");
	json_writer_init(&w, out);
	json_array_begin(&w);
	for (size_t i = 0; i < list->warning_count; i++) {
		json_object_begin(&w);
		json_key(&w, "projectUid");
		json_put_cstr(&w, list->warnings[i].project);
		json_key(&w, "status");
		json_put_int(&w, list->warnings[i].status);
		json_key(&w, "message");
		json_put_cstr(&w, list->warnings[i].message);
		json_object_end(&w);
	}
	json_array_end(&w);
}

bool palette_list_finish(struct palette_list *list, struct buf *out, struct error *err)
{
	buf_add_char(&list->json, ']');
	if (list->warning_count > 0)
		write_warnings(list, &list->json);
	buf_add_char(&list->json, '}');
	if (!buf_complete(&list->json))
		return error_set(err, ERROR_UPSTREAM,
				 "Palette's list is larger than four times "
				 "spectrocloud.upstream.maxAnswerBytes");
	*out = list->json;
	buf_init(&list->json, 0);
	return true;
}
