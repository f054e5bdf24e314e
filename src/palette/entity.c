/* From a caller's body to Palette's entity: which form it has, and the way of a flat one. */
#include "palette/entity.h"

#include <string.h>

#include "palette/entity_work.h"

enum { LONGEST_NAME = 63 };

/* ---- kinds ---- */

const struct entity_kind *entity_kind_named(struct text cloud_type)
{
	for (const struct entity_kind *k = entity_kinds; k->name != NULL; k++)
		if (text_equal_nocase(cloud_type, text_of(k->name)) ||
		    text_equal_nocase(cloud_type, text_of(k->cloud_type)))
			return k;
	return NULL;
}

const char *entity_kind_names(struct arena *a)
{
	const char *names = "";

	for (const struct entity_kind *k = entity_kinds; k->name != NULL; k++)
		names = arena_printf(a, "%s%s%s", names, k == entity_kinds ? "" : ", ", k->name);
	return names;
}

static bool no_cloud_type(struct arena *a, const char *base, const char *pointer, struct error *err)
{
	error_set(err, ERROR_INPUT, "Invalid cluster configuration: cloudType is required");
	err->details = text_of(
		arena_printf(a, "{\"faults\":[{\"pointer\":\"%s%s\",\"message\":\"is required\"}]}",
			     base, pointer));
	return false;
}

bool entity_form(struct arena *a, struct text body, const char *base, enum entity_form *form,
		 const struct entity_kind **kind, struct error *err)
{
	const struct entity_kind *found = NULL;
	struct entity_faults faults;
	struct text spec;
	struct text value;
	struct text name;
	bool is_palette =
		json_member(body, "spec", &spec) && json_type_of(spec) == JSON_TYPE_OBJECT;
	const char *pointer = is_palette ? "/spec/cloudType" : "/cloudType";

	if (!json_at(body, pointer, &value))
		return no_cloud_type(a, base, pointer, err);
	entity_faults_init(&faults, a, base);
	if (json_type_of(value) != JSON_TYPE_STRING) {
		entity_fault_at(&faults, pointer, "must be a string");
		return entity_faults_none(&faults, err);
	}
	if (json_string_is(value, ""))
		return no_cloud_type(a, base, pointer, err);
	if (json_unescape(a, value, &name))
		found = entity_kind_named(name);
	if (found == NULL) {
		entity_fault_at(&faults, pointer, "must be one of: %s", entity_kind_names(a));
		return entity_faults_none(&faults, err);
	}
	*form = is_palette ? ENTITY_PALETTE : ENTITY_FLAT;
	*kind = found;
	return true;
}

/* ---- name and tags ---- */

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_dns_label(struct text name)
{
	if (name.len == 0 || name.len > LONGEST_NAME || !is_label_char(name.ptr[0]) ||
	    !is_label_char(name.ptr[name.len - 1]))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_label_char(name.ptr[i]) && name.ptr[i] != '-')
			return false;
	return true;
}

void entity_check_name(struct entity_faults *faults, const char *pointer, struct text name)
{
	if (!is_dns_label(name))
		entity_fault_at(faults, pointer,
				"must be 1 to 63 lower-case letters, digits and '-', with no '-' "
				"at either end");
}

static void check_name(struct entity_work *work)
{
	struct text raw;
	struct text name;

	if (entity_text_at(work->body, "/name", &raw) && json_unescape(work->arena, raw, &name))
		entity_check_name(work->faults, "/name", name);
}

struct text entity_json_string(struct arena *a, struct text s)
{
	struct text out;
	struct buf b;

	buf_init(&b, 6 * s.len + 2);
	json_put_string(&b, s);
	out = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return out;
}

/* "k" becomes the label Palette keeps plain tags in, "k:v" a label of its own. */
static void read_tag(struct entity_work *work, size_t index, struct text tag)
{
	const char *pointer = arena_printf(work->arena, "/tags/%zu", index);
	struct entity_node *labels;
	size_t colon = text_find(tag, ':');
	struct text key = text_trim(text_slice(tag, 0, colon));
	struct text value = TEXT("spectro__tag");

	if (tag.len == 0)
		return;
	if (colon != SIZE_MAX)
		value = text_trim(text_slice(tag, colon + 1, SIZE_MAX));
	labels = node_at(work->arena, work->root, "/metadata/labels");
	if (key.len == 0)
		entity_fault_at(work->faults, pointer, "must have a name before the colon");
	else if (node_has_member(labels, arena_copy(work->arena, key)))
		entity_fault_at(work->faults, pointer, "has the name of another tag");
	else
		node_set_member(work->arena, labels, arena_copy(work->arena, key),
				entity_json_string(work->arena, value));
}

static void read_tags(struct entity_work *work)
{
	const struct entity_field *row = entity_field_named(work->kind->fields, TEXT("tags"));
	struct json_walk walk;
	struct text tags;
	struct text item;
	struct text tag;

	if (!json_member(work->body, "tags", &tags))
		return;
	walk = json_walk_begin(tags);
	for (size_t i = 0; i < (size_t)row->max && json_walk_item(&walk, &item); i++)
		if (json_unescape(work->arena, item, &tag))
			read_tag(work, i, text_trim(tag));
}

/* ---- profiles ---- */

static bool is_known_profile(const struct entity_draft *draft, struct text uid)
{
	for (size_t i = 0; i < draft->profile_count; i++)
		if (text_is(uid, draft->profiles[i].uid))
			return true;
	return false;
}

static void read_profile(struct entity_work *work, struct entity_draft *draft, size_t index,
			 struct text raw, struct text uid)
{
	struct entity_node *array = node_at(work->arena, work->root, "/spec/profiles");
	struct entity_node *profile = node_object(work->arena);

	if (is_known_profile(draft, uid)) {
		entity_fault_at(work->faults, arena_printf(work->arena, "/profileUids/%zu", index),
				"is given more than once");
		return;
	}
	node_set(work->arena, profile, "/uid", raw);
	node_set_json(work->arena, profile, "/packValues", "[]");
	draft->profiles[draft->profile_count++] = (struct entity_profile){
		.uid = uid.ptr,
		.index = index,
		.variables = node_at(work->arena, profile, "/variables"),
	};
	node_make_array(draft->profiles[draft->profile_count - 1].variables);
	node_append(array, profile);
}

static void read_profiles(struct entity_work *work, struct entity_draft *draft)
{
	const struct entity_field *row =
		entity_field_named(work->kind->fields, TEXT("profileUids"));
	struct json_walk walk;
	struct text uids;
	struct text item;
	struct text uid;

	draft->profiles = arena_array(work->arena, struct entity_profile, (size_t)row->max);
	if (!json_member(work->body, "profileUids", &uids))
		return;
	walk = json_walk_begin(uids);
	for (size_t i = 0; i < (size_t)row->max && json_walk_item(&walk, &item); i++)
		if (json_unescape(work->arena, item, &uid) && uid.len > 0)
			read_profile(work, draft, i, item, uid);
}

/* ---- the whole ---- */

void entity_draft(struct arena *a, const struct entity_kind *kind, struct text body,
		  struct entity_faults *faults, struct entity_draft *draft)
{
	struct entity_work work = {
		.arena = a,
		.kind = kind,
		.body = body,
		.faults = faults,
		.root = node_object(a),
	};

	*draft = (struct entity_draft){.arena = a, .root = work.root};
	node_set_all(a, work.root, kind->constants);
	entity_read_fields(&work, kind->fields, body, NULL, work.root);
	check_name(&work);
	read_tags(&work);
	read_profiles(&work, draft);
	entity_read_variables(&work, draft);
	if (kind->hooks->body != NULL)
		kind->hooks->body(&work);
}
