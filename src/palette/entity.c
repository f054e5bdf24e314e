/* From a caller's body to Palette's entity: which form it has, and the way of a flat one. */
#include "palette/entity.h"

#include <string.h>

#include "palette/entity_work.h"

enum {
	LONGEST_NAME = 63,
	LARGEST_ENTITY = 8 * 1024 * 1024, /* values may stand in it once for each pool or profile */
};

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

static bool no_cloud_type(struct arena *a, const char *pointer, struct error *err)
{
	error_set(err, ERROR_INPUT, "Invalid cluster configuration: cloudType is required");
	err->details = text_of(arena_printf(
		a, "{\"faults\":[{\"pointer\":\"%s\",\"message\":\"is required\"}]}", pointer));
	return false;
}

bool entity_form(struct arena *a, struct text body, enum entity_form *form,
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
		return no_cloud_type(a, pointer, err);
	entity_faults_init(&faults, a, "");
	if (json_type_of(value) != JSON_TYPE_STRING) {
		entity_fault_at(&faults, pointer, "must be a string");
		return entity_faults_none(&faults, err);
	}
	if (json_string_is(value, ""))
		return no_cloud_type(a, pointer, err);
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

static void check_name(struct entity_work *work)
{
	struct text raw;
	struct text name;

	if (entity_text_at(work->body, "/name", &raw) && json_unescape(work->arena, raw, &name) &&
	    !is_dns_label(name))
		entity_fault_at(
			work->faults, "/name",
			"must be 1 to 63 lower-case letters, digits and '-', with no '-' at "
			"either end");
}

static struct text as_json_string(struct arena *a, struct text s)
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
				as_json_string(work->arena, value));
}

static void read_tags(struct entity_work *work)
{
	struct json_walk walk;
	struct text tags;
	struct text item;
	struct text tag;

	if (!json_member(work->body, "tags", &tags))
		return;
	walk = json_walk_begin(tags);
	for (size_t i = 0; json_walk_item(&walk, &item); i++)
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

/* ---- variables ---- */

static size_t count_members(struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	size_t count = 0;
	struct text value;
	struct text key;

	while (json_walk_member(&walk, &key, &value))
		count++;
	return count;
}

static struct entity_variable *variable_named(struct entity_draft *draft, struct text name)
{
	for (size_t i = 0; i < draft->variable_count; i++)
		if (text_is(name, draft->variables[i].name))
			return &draft->variables[i];
	return NULL;
}

/* Palette's variables are strings: numbers and booleans as they stand in the body. */
static struct text variable_value(struct arena *a, struct text raw)
{
	if (json_type_of(raw) == JSON_TYPE_STRING)
		return raw;
	return text_of(arena_printf(a, "\"%.*s\"", (int)raw.len, raw.ptr));
}

static void read_variable(struct entity_work *work, struct entity_draft *draft,
			  const struct entity_place *place, struct text raw)
{
	struct entity_variable *variable = variable_named(draft, place->name);

	if (variable == NULL)
		variable = &draft->variables[draft->variable_count++];
	*variable = (struct entity_variable){
		.name = arena_copy(work->arena, place->name),
		.value = variable_value(work->arena, raw),
		.pointer = entity_pointer(work->arena, place),
	};
}

/* Those of clusterVariables that are settings of the cluster go there, checked by their own row. */
static void read_variables_of(struct entity_work *work, struct entity_draft *draft,
			      const char *field, const struct entity_field *settings)
{
	struct entity_place at = PLACE_MEMBER(NULL, text_of(field));
	struct json_walk walk;
	struct text object;
	struct text value;
	struct text name;
	struct text key;

	/* Too many to compare are a fault already. */
	if (!json_member(work->body, field, &object) || count_members(object) > ENTITY_MOST_MEMBERS)
		return;
	walk = json_walk_begin(object);
	while (json_walk_member(&walk, &key, &value)) {
		const struct entity_field *setting;
		struct entity_place member;

		if (!json_unescape(work->arena, key, &name) || name.len == 0)
			continue;
		member = PLACE_MEMBER(&at, name);
		setting = settings == NULL ? NULL : entity_field_named(settings, name);
		if (setting != NULL)
			entity_read_value(work, setting, value, &member, work->root);
		else
			read_variable(work, draft, &member, value);
	}
}

static void read_variables(struct entity_work *work, struct entity_draft *draft)
{
	draft->variables =
		arena_array(work->arena, struct entity_variable, (size_t)2 * ENTITY_MOST_MEMBERS);
	read_variables_of(work, draft, "profileVariables", NULL);
	read_variables_of(work, draft, "clusterVariables", entity_cluster_settings);
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
	read_variables(&work, draft);
	if (kind->hooks->body != NULL)
		kind->hooks->body(&work);
}

static void give_variable(struct entity_draft *draft, const struct entity_profile *profile,
			  struct entity_variable *variable)
{
	struct entity_node *item = node_object(draft->arena);

	node_set(draft->arena, item, "/name",
		 as_json_string(draft->arena, text_of(variable->name)));
	node_set(draft->arena, item, "/value", variable->value);
	node_append(profile->variables, item);
	variable->declared_by = profile;
}

void entity_declare(struct entity_draft *draft, size_t profile, struct text answer)
{
	struct entity_variable *variable;
	struct json_walk walk;
	struct text declared;
	struct text item;
	struct text name;
	struct text raw;

	if (!json_member(answer, "variables", &declared))
		return;
	walk = json_walk_begin(declared);
	while (json_walk_item(&walk, &item)) {
		if (!json_member(item, "name", &raw) || !json_unescape(draft->arena, raw, &name))
			continue;
		variable = variable_named(draft, name);
		if (variable != NULL && variable->declared_by != &draft->profiles[profile])
			give_variable(draft, &draft->profiles[profile], variable);
	}
}

bool entity_finish(struct entity_draft *draft, struct entity_faults *faults, struct text *entity)
{
	size_t before = faults->count + faults->left_out;

	for (size_t i = 0; i < draft->variable_count; i++)
		if (draft->variables[i].declared_by == NULL)
			entity_fault_at(faults, draft->variables[i].pointer,
					"is a variable that none of the profiles declares");
	if (faults->count + faults->left_out == before &&
	    !node_write(draft->arena, draft->root, LARGEST_ENTITY, entity))
		entity_fault_at(faults, "", "makes a request that is too large for Palette");
	return faults->count + faults->left_out == before;
}
