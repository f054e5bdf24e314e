/* Machine pools of the flat body: what the fields of one pool, and pools together, have to keep to.
 */
#include <string.h>

#include "palette/entity_work.h"

/* ---- one pool ---- */

void entity_pool_fault(struct entity_work *work, const struct entity_pool *pool, const char *field,
		       const char *problem)
{
	struct entity_place at = PLACE_MEMBER(pool->place, text_of(field));

	entity_fault(work->faults, &at, "%s", problem);
}

/* The value if the field is there and was good. */
static bool pool_int(const struct entity_pool *pool, const char *pointer, int64_t *number)
{
	const struct entity_node *node = node_find(pool->node, pointer);

	return node != NULL && json_int(node->raw, number);
}

static void check_count(struct entity_work *work, const struct entity_pool *pool)
{
	int64_t size;

	if (!entity_has(pool->source, "count"))
		entity_pool_fault(work, pool, "count", "is required");
	else if (pool->is_control_plane && pool_int(pool, "/poolConfig/size", &size) && size != 1 &&
		 size != 3 && size != 5)
		entity_pool_fault(work, pool, "count", "must be 1, 3 or 5 in a control-plane pool");
}

/* Palette scales a pool by itself when both bounds are there. */
static void check_scaling(struct entity_work *work, const struct entity_pool *pool)
{
	bool has_min = entity_has(pool->source, "minCount");
	bool has_max = entity_has(pool->source, "maxCount");
	int64_t min;
	int64_t max;

	if (!has_min && !has_max) {
		check_count(work, pool);
		return;
	}
	if (!has_min || !has_max) {
		entity_pool_fault(work, pool, has_min ? "maxCount" : "minCount",
				  has_min ? "is required with minCount"
					  : "is required with maxCount");
		return;
	}
	if (pool->is_control_plane) {
		entity_pool_fault(work, pool, "minCount", "is not for a control-plane pool");
		return;
	}
	if (!pool_int(pool, "/poolConfig/minSize", &min) ||
	    !pool_int(pool, "/poolConfig/maxSize", &max))
		return;
	if (max < min)
		entity_pool_fault(work, pool, "maxCount", "must not be less than minCount");
	node_set(work->arena, pool->node, "/poolConfig/size",
		 node_find(pool->node, "/poolConfig/minSize")->raw);
}

static void check_strategy(struct entity_work *work, const struct entity_pool *pool)
{
	const struct entity_node *type = node_find(pool->node, "/poolConfig/updateStrategy/type");

	struct text strategy = TEXT("{}");

	if (type == NULL || !json_string_is(type->raw, "OverrideScaling"))
		return;
	(void)json_member(pool->source, "updateStrategy", &strategy);
	if (!entity_has(strategy, "maxSurge") || !entity_has(strategy, "maxUnavailable"))
		entity_pool_fault(work, pool, "updateStrategy",
				  "needs maxSurge and maxUnavailable with OverrideScaling");
}

static void check_control_plane(struct entity_work *work, const struct entity_pool *pool)
{
	int64_t interval;

	if (!pool->is_control_plane)
		return;
	if (work->kind->managed != NULL)
		entity_pool_fault(
			work, pool, "controlPlane",
			arena_printf(work->arena, "must not be true: %s", work->kind->managed));
	if (pool_int(pool, "/poolConfig/nodeRepaveInterval", &interval) && interval != 0)
		entity_pool_fault(work, pool, "nodeRepaveInterval",
				  "must be 0 in a control-plane pool");
}

static void set_role(struct arena *a, struct entity_node *node, bool is_control_plane)
{
	node_set_json(a, node, "/poolConfig/labels",
		      is_control_plane ? "[\"control-plane\"]" : "[\"worker\"]");
}

static void read_pool(struct entity_work *work, const struct entity_field *f,
		      struct entity_pool *pool)
{
	pool->node = node_object(work->arena);
	pool->is_control_plane = entity_is_true(pool->source, "/controlPlane");
	node_set_all(work->arena, pool->node, work->kind->pool_constants);
	entity_read_fields(work, f->fields, pool->source, pool->place, pool->node);
	set_role(work->arena, pool->node, pool->is_control_plane);
	check_scaling(work, pool);
	check_strategy(work, pool);
	check_control_plane(work, pool);
	if (work->kind->hooks->pool != NULL)
		work->kind->hooks->pool(work, pool);
}

void entity_put_subnets(struct entity_work *work, struct entity_node *pool, struct text subnets)
{
	struct entity_node *azs = node_at(work->arena, pool, "/cloudConfig/azs");
	struct entity_node *list = node_at(work->arena, pool, "/cloudConfig/subnets");
	struct json_walk walk = json_walk_begin(subnets);
	struct text subnet;
	struct text az;

	node_make_array(azs);
	node_make_array(list);
	while (json_walk_member(&walk, &az, &subnet)) {
		struct entity_node *name = node_object(work->arena);
		struct entity_node *pair = node_object(work->arena);

		name->type = NODE_RAW;
		name->raw = az;
		node_append(azs, name);
		node_set_member(work->arena, pair, "az", az);
		node_set_member(work->arena, pair, "id", subnet);
		node_append(list, pair);
	}
}

/* ---- all pools ---- */

/* A name that cannot be mistaken for another pool's, also not for one that is added. */
static void check_names(struct entity_work *work, struct entity_pool *pools, size_t count,
			bool adds_pool)
{
	struct text *names = arena_array(work->arena, struct text, count);

	for (size_t i = 0; i < count; i++) {
		struct text raw;

		if (!entity_text_at(pools[i].source, "/name", &raw) ||
		    !json_unescape(work->arena, raw, &names[i]))
			continue;
		if (adds_pool && text_is(names[i], work->kind->added_pool))
			entity_pool_fault(work, &pools[i], "name",
					  "is the name of the control-plane pool that is added");
		for (size_t j = 0; j < i; j++) {
			if (names[j].len > 0 && text_equal(names[i], names[j])) {
				entity_pool_fault(work, &pools[i], "name",
						  "is the name of another pool too");
				break;
			}
		}
	}
}

/* A control plane like the first worker, for the clouds where Palette runs it itself. */
static struct entity_node *make_control_plane(struct entity_work *work,
					      const struct entity_field *f,
					      const struct entity_pool *model)
{
	struct entity_node *node = node_object(work->arena);
	struct entity_work quiet = *work;
	struct entity_faults ignored;

	/* The model gives what the row of a pool requires and has no fallback for. */
	entity_faults_init(&ignored, work->arena, "");
	quiet.faults = &ignored;
	node_set_all(work->arena, node, work->kind->pool_constants);
	entity_read_fields(&quiet, f->fields, TEXT("{\"count\":1,\"controlPlane\":true}"), NULL,
			   node);
	node_set(work->arena, node, "/poolConfig/name",
		 text_of(arena_printf(work->arena, "\"%s\"", work->kind->added_pool)));
	set_role(work->arena, node, true);
	for (const char *const *p = work->kind->hooks->placement; *p != NULL; p++) {
		const struct entity_node *from = node_find(model->node, *p);
		struct entity_node *to;
		struct entity_node *next;

		if (from == NULL)
			continue;
		to = node_at(work->arena, node, *p);
		next = to->next;
		*to = *node_copy(work->arena, from);
		to->next = next;
	}
	return node;
}

static bool has_control_plane(const struct entity_pool *pools, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pools[i].is_control_plane)
			return true;
	return false;
}

/* Control planes first, as Palette's own clients send them. */
static void put_in_order(struct entity_node *array, const struct entity_pool *pools, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pools[i].is_control_plane)
			node_append(array, pools[i].node);
	for (size_t i = 0; i < count; i++)
		if (!pools[i].is_control_plane)
			node_append(array, pools[i].node);
}

void entity_read_pools(struct entity_work *work, const struct entity_field *f, struct text value,
		       const struct entity_place *place)
{
	struct json_walk walk = json_walk_begin(value);
	struct entity_place *places;
	struct entity_pool *pools;
	struct entity_node *array;
	struct text item;
	size_t items;
	size_t count = 0;
	bool adds_pool;

	if (!entity_is_array_of(work, f, value, place, &items))
		return;
	pools = arena_array(work->arena, struct entity_pool, items);
	places = arena_array(work->arena, struct entity_place, items);
	for (size_t i = 0; i < items && json_walk_item(&walk, &item); i++) {
		places[i] = PLACE_ITEM(place, i);
		if (json_type_of(item) != JSON_TYPE_OBJECT) {
			entity_fault(work->faults, &places[i], "must be an object");
			continue;
		}
		pools[count].source = item;
		pools[count].place = &places[i];
		read_pool(work, f, &pools[count]);
		count++;
	}
	adds_pool =
		work->kind->needs_control_plane && count > 0 && !has_control_plane(pools, count);
	check_names(work, pools, count, adds_pool);
	if (work->kind->hooks->pools != NULL)
		work->kind->hooks->pools(work, pools, count, place);
	array = node_at(work->arena, work->root, "/spec/machinepoolconfig");
	node_make_array(array);
	if (adds_pool)
		node_append(array, make_control_plane(work, f, &pools[0]));
	put_in_order(array, pools, count);
}
