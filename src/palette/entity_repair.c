/*
 * Palette's own body with the few repairs that existing frontends need. The body is never parsed
 * and printed again: what is not repaired keeps its bytes, numbers and order included.
 */
#include <stdlib.h>
#include <string.h>

#include "palette/entity_work.h"

enum { MOST_EDITS = 24, MOST_DROPPED = 8, MADE_POOLS_BYTES = 256 * 1024 };

/* Bytes of the body, and what stands there afterwards. */
struct edit {
	const char *at;
	size_t len;
	struct text with;
};

/* One body on its way. */
struct mending {
	struct arena *arena;
	const struct entity_kind *kind;
	struct text body;
	struct text spec;
	struct text cloud_config; /* empty: it has none */
	struct entity_faults *faults;
	struct edit edits[MOST_EDITS];
	size_t edit_count;
	const char *dropped[MOST_DROPPED]; /* where the names of members start that go */
	size_t dropped_count;
	struct text added; /* a member for spec; empty: none */
	const char *pools_name;
	bool pools_are_ours; /* or were to be, and have faults */
};

/* ---- changing bytes ---- */

static void replace(struct mending *m, struct text old, struct text with)
{
	if (m->edit_count < MOST_EDITS)
		m->edits[m->edit_count++] = (struct edit){old.ptr, old.len, with};
}

static struct text between(const char *from, const char *to)
{
	return (struct text){from, (size_t)(to - from)};
}

static bool find_member(struct text object, const char *name, struct text *key, struct text *value)
{
	struct json_walk walk = json_walk_begin(object);

	while (json_walk_member(&walk, key, value))
		if (json_string_is(*key, name))
			return true;
	return false;
}

/* The member goes when all is known; see cut_dropped(). False: it is not there. */
static bool drop(struct mending *m, struct text object, const char *name)
{
	struct text value;
	struct text key;

	if (!find_member(object, name, &key, &value) || m->dropped_count == MOST_DROPPED)
		return false;
	m->dropped[m->dropped_count++] = key.ptr;
	return true;
}

static bool is_dropped(const struct mending *m, struct text key)
{
	for (size_t i = 0; i < m->dropped_count; i++)
		if (m->dropped[i] == key.ptr)
			return true;
	return false;
}

/*
 * Takes the dropped members out of an object, each with one comma: the one before it where a member
 * that stays has come already, else the one behind it. Returns how many members stay.
 */
static size_t cut_dropped(struct mending *m, struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	const char *behind_last = NULL; /* of the member before */
	const char *cut_from = NULL;    /* a cut that ends where the next name starts */
	size_t kept = 0;
	struct text value;
	struct text key;

	while (json_walk_member(&walk, &key, &value)) {
		const char *behind = value.ptr + value.len;

		if (cut_from != NULL)
			replace(m, between(cut_from, key.ptr), TEXT(""));
		cut_from = NULL;
		if (!is_dropped(m, key))
			kept++;
		else if (kept > 0)
			replace(m, between(behind_last, behind), TEXT(""));
		else
			cut_from = key.ptr;
		behind_last = behind;
	}
	if (cut_from != NULL)
		replace(m, between(cut_from, behind_last), TEXT(""));
	return kept;
}

static int compare_edits(const void *left, const void *right)
{
	const struct edit *a = left;
	const struct edit *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->len > b->len) - (a->len < b->len);
}

static struct text apply(struct mending *m)
{
	const char *from = m->body.ptr;
	size_t len = m->body.len;
	struct text out;
	struct buf b;

	if (m->edit_count == 0)
		return m->body;
	qsort(m->edits, m->edit_count, sizeof m->edits[0], compare_edits);
	for (size_t i = 0; i < m->edit_count; i++)
		len += m->edits[i].with.len;
	buf_init(&b, len);
	for (size_t i = 0; i < m->edit_count; i++) {
		buf_add(&b, between(from, m->edits[i].at));
		buf_add(&b, m->edits[i].with);
		from = m->edits[i].at + m->edits[i].len;
	}
	buf_add(&b, between(from, m->body.ptr + m->body.len));
	out = arena_copy_text(m->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

static struct text finish(struct mending *m)
{
	size_t kept = cut_dropped(m, m->spec);

	cut_dropped(m, m->cloud_config);
	if (m->added.len > 0)
		replace(m, (struct text){m->spec.ptr + 1, 0},
			text_of(arena_printf(m->arena, "%.*s%s", (int)m->added.len, m->added.ptr,
					     kept > 0 ? "," : "")));
	return apply(m);
}

/* ---- pools of the old interface ---- */

/* How it calls what a flat pool has too. */
static const struct {
	const char *theirs;
	const char *ours; /* NULL: read here and left out */
} pool_names[] = {
	{"size", "count"},          {"minSize", "minCount"}, {"maxSize", "maxCount"},
	{"diskSize", "diskSizeGb"}, {"useAutoscaler", NULL},
};

#define CONTROL_PLANE "/spec/cloudConfig/controlPlane"
#define WORKER_POOLS  "/spec/cloudConfig/workerPools"

static bool is_left_out(struct text pool, struct text key)
{
	if (json_string_is(key, "useAutoscaler"))
		return true;
	return (json_string_is(key, "minSize") || json_string_is(key, "maxSize")) &&
	       !entity_is_true(pool, "/useAutoscaler");
}

static struct text our_name(struct arena *a, struct text key)
{
	for (size_t i = 0; i < ARRAY_LEN(pool_names); i++)
		if (pool_names[i].ours != NULL && json_string_is(key, pool_names[i].theirs))
			return text_of(arena_printf(a, "\"%s\"", pool_names[i].ours));
	return key;
}

/* Their pool as a flat one; start is what stands in it already. */
static void add_flat_pool(struct mending *m, struct buf *out, const char *start, struct text pool)
{
	struct json_walk walk = json_walk_begin(pool);
	bool is_first = *start == '\0';
	struct text value;
	struct text key;

	if (walk.of != JSON_TYPE_OBJECT) {
		buf_add(out, pool);
		return;
	}
	buf_printf(out, "{%s", start);
	while (json_walk_member(&walk, &key, &value)) {
		if (is_left_out(pool, key))
			continue;
		if (!is_first)
			buf_add_char(out, ',');
		is_first = false;
		buf_add(out, our_name(m->arena, key));
		buf_add_char(out, ':');
		buf_add(out, value);
	}
	buf_add_char(out, '}');
}

/* All of them as machinePoolConfig of a flat body. */
static struct text flat_pools(struct mending *m, struct text control_plane, struct text workers)
{
	struct json_walk walk = json_walk_begin(workers);
	struct text item;
	struct text out;
	struct buf b;
	size_t count = 0;

	buf_init(&b, m->body.len * 8 + 256);
	buf_add_char(&b, '[');
	if (control_plane.len > 0) {
		add_flat_pool(m, &b, "\"name\":\"control-plane-pool\",\"controlPlane\":true",
			      control_plane);
		count++;
	}
	while (json_walk_item(&walk, &item)) {
		if (count++ > 0)
			buf_add_char(&b, ',');
		add_flat_pool(m, &b, "", item);
	}
	buf_add_char(&b, ']');
	out = arena_copy_text(m->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

/* What a flat pool's field is called in their pools; NULL: the same. */
static const char *their_name(struct text ours)
{
	for (size_t i = 0; i < ARRAY_LEN(pool_names); i++)
		if (pool_names[i].ours != NULL && text_is(ours, pool_names[i].ours))
			return pool_names[i].theirs;
	return NULL;
}

/* A fault of a flat pool, "/1/count", as one of the caller's body. */
static void retell(struct mending *m, const struct entity_fault *fault, bool has_control_plane)
{
	struct text rest = text_slice(text_of(fault->pointer), 1, SIZE_MAX);
	struct text first = TEXT("");
	const char *pool = WORKER_POOLS;
	bool pool_is_control_plane = false;
	const char *name;
	int64_t index;

	if (*fault->pointer != '\0' && text_next(&rest, '/', &first) &&
	    text_to_int(first, &index)) {
		pool_is_control_plane = has_control_plane && index == 0;
		if (pool_is_control_plane)
			pool = CONTROL_PLANE;
		else
			pool = arena_printf(m->arena, WORKER_POOLS "/%d",
					    (int)index - (has_control_plane ? 1 : 0));
	}
	/* The control plane calls its count by our name. */
	name = rest.ptr == NULL || (pool_is_control_plane && text_is(rest, "count"))
		       ? NULL
		       : their_name(rest);
	if (name != NULL)
		entity_fault_at(m->faults, arena_printf(m->arena, "%s/%s", pool, name), "%s",
				fault->message);
	else if (rest.ptr != NULL && rest.len > 0)
		entity_fault_at(m->faults,
				arena_printf(m->arena, "%s/%.*s", pool, (int)rest.len, rest.ptr),
				"%s", fault->message);
	else
		entity_fault_at(m->faults, pool, "%s", fault->message);
}

/* Palette's pools, made as those of a flat body are. False: a fault was added. */
static bool make_pools(struct mending *m, struct text control_plane, struct text workers,
		       struct text *pools)
{
	struct entity_faults faults;
	struct entity_work work = {
		.arena = m->arena,
		.kind = m->kind,
		.body = TEXT("{}"),
		.faults = &faults,
		.root = node_object(m->arena),
	};
	const struct entity_field *row =
		entity_field_named(m->kind->fields, TEXT("machinePoolConfig"));

	entity_faults_init(&faults, m->arena, "");
	entity_read_value(&work, row, flat_pools(m, control_plane, workers), NULL, work.root);
	for (size_t i = 0; i < faults.count; i++)
		retell(m, &faults.items[i], control_plane.len > 0);
	m->faults->left_out += faults.left_out;
	if (faults.count > 0)
		return false;
	if (!node_write(m->arena, node_find(work.root, "/spec/machinepoolconfig"),
			m->body.len * 8 + MADE_POOLS_BYTES, pools)) {
		entity_fault_at(m->faults, WORKER_POOLS, "makes too large a request for Palette");
		return false;
	}
	return true;
}

static bool is_empty_array(struct text value)
{
	struct json_walk walk = json_walk_begin(value);
	struct text item;

	return json_type_of(value) == JSON_TYPE_ARRAY && !json_walk_item(&walk, &item);
}

/* Pools in their proper place win: then nothing is touched. */
static bool has_pools(const struct mending *m)
{
	struct text value;
	struct text key;

	return (find_member(m->spec, "machinepoolconfig", &key, &value) ||
		find_member(m->spec, "machinePoolConfig", &key, &value)) &&
	       !is_empty_array(value) && json_type_of(value) != JSON_TYPE_NULL;
}

static void put_pools(struct mending *m, struct text pools)
{
	struct text value;
	struct text key;

	if (find_member(m->spec, "machinepoolconfig", &key, &value) ||
	    find_member(m->spec, "machinePoolConfig", &key, &value))
		replace(m, value, pools);
	else
		m->added = text_of(arena_printf(m->arena, "\"machinepoolconfig\":%.*s",
						(int)pools.len, pools.ptr));
}

/* A member of cloudConfig; null counts as absent, another type is a fault. */
static struct text interface_part(struct mending *m, const char *name, enum json_type type)
{
	struct text value;

	if (!json_member(m->cloud_config, name, &value) || json_type_of(value) == JSON_TYPE_NULL)
		return TEXT("");
	if (json_type_of(value) == type)
		return value;
	m->pools_are_ours = true;
	entity_fault_at(m->faults, arena_printf(m->arena, "/spec/cloudConfig/%s", name),
			type == JSON_TYPE_ARRAY ? "must be an array" : "must be an object");
	return TEXT("");
}

/* ---- the repairs; each says whether it changed anything ---- */

static bool mend_cloud_type(struct mending *m)
{
	struct text value;
	struct text name;

	if (!json_member(m->spec, "cloudType", &value)) {
		m->added = text_of(
			arena_printf(m->arena, "\"cloudType\":\"%s\"", m->kind->cloud_type));
		return true;
	}
	if (json_string_is(value, m->kind->cloud_type))
		return false;
	if (!json_unescape(m->arena, value, &name) || entity_kind_named(name) != m->kind) {
		entity_fault_at(m->faults, "/spec/cloudType", "must be %s here",
				m->kind->cloud_type);
		return false;
	}
	replace(m, value, text_of(arena_printf(m->arena, "\"%s\"", m->kind->cloud_type)));
	return true;
}

static bool mend_pools_name(struct mending *m)
{
	struct text value;
	struct text key;

	if (!find_member(m->spec, "machinePoolConfig", &key, &value))
		return false;
	replace(m, key, TEXT("\"machinepoolconfig\""));
	m->pools_name = "machinePoolConfig";
	if (find_member(m->spec, "machinepoolconfig", &key, &value))
		entity_fault_at(m->faults, "/spec/machinePoolConfig",
				"cannot go together with machinepoolconfig, Palette's name for it");
	return true;
}

static bool mend_network(struct mending *m)
{
	return drop(m, m->cloud_config, "network");
}

static bool mend_interface_pools(struct mending *m)
{
	struct text control_plane;
	struct text workers;
	struct text pools;
	bool has_control_plane;
	bool has_workers;

	if (!m->kind->takes_interface_pools || has_pools(m))
		return false;
	control_plane = m->kind->managed != NULL
				? TEXT("") /* not the caller's to say */
				: interface_part(m, "controlPlane", JSON_TYPE_OBJECT);
	workers = interface_part(m, "workerPools", JSON_TYPE_ARRAY);
	if (control_plane.len > 0 || (workers.len > 0 && !is_empty_array(workers))) {
		m->pools_are_ours = true;
		if (!make_pools(m, control_plane, workers, &pools))
			return false;
		put_pools(m, pools);
	}
	has_control_plane = drop(m, m->cloud_config, "controlPlane");
	has_workers = drop(m, m->cloud_config, "workerPools");
	return has_control_plane || has_workers;
}

static bool mend_account(struct mending *m)
{
	struct text value;

	return strcmp(m->kind->name, "virtual") == 0 &&
	       json_member(m->spec, "cloudAccountUid", &value) && json_string_is(value, "") &&
	       drop(m, m->spec, "cloudAccountUid");
}

static const struct {
	bool (*mend)(struct mending *m);
	const char *message;
} repairs_table[ENTITY_MOST_REPAIRS] = {
	{mend_cloud_type, "spec.cloudType was written as Palette writes it"},
	{mend_pools_name, "spec.machinePoolConfig was renamed to machinepoolconfig"},
	{mend_network, "spec.cloudConfig.network was left out: Palette has no such field"},
	{mend_interface_pools,
	 "spec.cloudConfig.controlPlane and workerPools were left out: Palette has no such fields. "
	 "What they say of machine pools is in spec.machinepoolconfig"},
	{mend_account, "The empty spec.cloudAccountUid was left out: virtual clusters have none"},
};

/* ---- the whole ---- */

static void check_name(struct mending *m)
{
	static const char pointer[] = "/metadata/name";
	struct text value;
	struct text name;

	if (!json_at(m->body, pointer, &value) || json_type_of(value) == JSON_TYPE_NULL)
		entity_fault_at(m->faults, pointer, "is required");
	else if (json_type_of(value) != JSON_TYPE_STRING)
		entity_fault_at(m->faults, pointer, "must be a string");
	else if (json_string_is(value, ""))
		entity_fault_at(m->faults, pointer, "must not be empty");
	else if (!json_unescape(m->arena, value, &name))
		entity_fault_at(m->faults, pointer, "must not hold \\u0000");
	else
		entity_check_name(m->faults, pointer, name);
}

/* Empty, it would be sent in vain. */
static void check_group(struct mending *m)
{
	static const char pointer[] = "/spec/clusterConfig/hostClusterConfig/clusterGroup/uid";
	struct text value;

	if (json_at(m->body, pointer, &value) && json_string_is(value, ""))
		entity_fault_at(m->faults, pointer, "must not be empty");
}

bool entity_repair(struct arena *a, const struct entity_kind *kind, struct text body,
		   bool with_group, struct entity_faults *faults, struct entity_repairs *repairs,
		   struct text *entity)
{
	struct mending m = {
		.arena = a,
		.kind = kind,
		.body = text_trim(body),
		.spec = TEXT("{}"),
		.cloud_config = TEXT("{}"),
		.faults = faults,
		.pools_name = "machinepoolconfig",
	};
	size_t before = faults->count + faults->left_out;
	struct entity_required required = {
		.kind = kind, .with_group = with_group, .faults = faults};
	struct text mended;

	*repairs = (struct entity_repairs){.count = 0};
	check_name(&m);
	if (!json_member(m.body, "spec", &m.spec) || json_type_of(m.spec) != JSON_TYPE_OBJECT) {
		required.pools_name = m.pools_name;
		entity_check_required(&required, m.body);
		return false;
	}
	if (with_group)
		check_group(&m);
	(void)json_member(m.spec, "cloudConfig", &m.cloud_config);
	for (size_t i = 0; i < ARRAY_LEN(repairs_table); i++)
		if (repairs_table[i].mend != NULL && repairs_table[i].mend(&m))
			repairs->messages[repairs->count++] = repairs_table[i].message;
	mended = finish(&m);
	required.pools_name = m.pools_name;
	required.pools_are_ours = m.pools_are_ours;
	entity_check_required(&required, mended);
	if (faults->count + faults->left_out > before)
		return false;
	*entity = mended;
	return true;
}
