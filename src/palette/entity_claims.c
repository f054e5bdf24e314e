/*
 * What a body says exists, and where it says so: names and uids that Palette can be asked about
 * before anything is created.
 */
#include <string.h>

#include "palette/entity_work.h"

/* One body on its way. */
struct search {
	struct arena *arena;
	const struct entity_kind *kind;
	enum entity_form form;
	struct text body;
	struct entity_faults *faults;
	struct entity_claims *claims;
};

/*
 * The string at below, in what stands at base in the body; NULL where there is none. One that holds
 * a NUL could not be asked about as Palette would get it; of a flat body entity_draft() says so.
 */
static const char *string_at(const struct search *s, struct text source, const char *base,
			     const char *below)
{
	struct text value;
	struct text text;

	if (!json_at(source, below, &value) || json_type_of(value) != JSON_TYPE_STRING)
		return NULL;
	if (json_unescape(s->arena, value, &text))
		return text.ptr;
	if (s->form == ENTITY_PALETTE)
		entity_fault_at(s->faults, arena_printf(s->arena, "%s%s", base, below),
				"must not hold \\u0000");
	return NULL;
}

/* A string of the body; nothing where it is none, or empty. */
static struct entity_claim claim_at(const struct search *s, const char *pointer)
{
	const char *value = string_at(s, s->body, "", pointer);

	if (value == NULL || *value == '\0')
		return (struct entity_claim){NULL, NULL};
	return (struct entity_claim){value, pointer};
}

static bool is_claimed(const struct entity_claim *claims, size_t count, const char *value)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(claims[i].value, value) == 0)
			return true;
	return false;
}

/* ---- profiles ---- */

/* uid_at is below an item: "" or "/uid". */
static void find_profiles(const struct search *s, const char *list_at, const char *uid_at)
{
	struct entity_claims *claims = s->claims;
	struct json_walk walk;
	struct text list;
	struct text item;

	claims->profiles_at = list_at;
	claims->profiles = arena_array(s->arena, struct entity_claim, ENTITY_MOST_PROFILES);
	if (!json_at(s->body, list_at, &list))
		return;
	walk = json_walk_begin(list);
	for (size_t i = 0; json_walk_item(&walk, &item); i++) {
		const char *item_at = arena_printf(s->arena, "%s/%zu", list_at, i);
		const char *pointer = arena_printf(s->arena, "%s%s", item_at, uid_at);
		const char *uid;

		if (i == ENTITY_MOST_PROFILES) {
			/* Of a flat body its row says so. */
			if (s->form == ENTITY_PALETTE)
				entity_fault_at(s->faults, list_at, "must have at most %d items",
						ENTITY_MOST_PROFILES);
			return;
		}
		uid = string_at(s, item, item_at, uid_at);
		if (uid == NULL || *uid == '\0')
			continue;
		if (is_claimed(claims->profiles, claims->profile_count, uid)) {
			if (s->form == ENTITY_PALETTE)
				entity_fault_at(s->faults, pointer, "is given more than once");
			continue;
		}
		claims->profiles[claims->profile_count++] = (struct entity_claim){uid, pointer};
	}
}

/* ---- placements on vSphere ---- */

static bool too_many(const struct search *s, size_t count, size_t most, const char *pointer)
{
	if (count < most)
		return false;
	entity_fault_at(s->faults, pointer,
			"is one too many: only %zu different ones can be checked", most);
	return true;
}

/* False: nothing more can be taken. */
static bool take_cluster(const struct search *s, struct entity_claim claim, size_t *cluster)
{
	struct entity_claims *claims = s->claims;

	for (*cluster = 0; *cluster < claims->cluster_count; (*cluster)++)
		if (strcmp(claims->clusters[*cluster].value, claim.value) == 0)
			return true;
	if (too_many(s, claims->cluster_count, ENTITY_MOST_CLUSTERS, claim.pointer))
		return false;
	claims->clusters[claims->cluster_count++] = claim;
	return true;
}

static bool take_placed(const struct search *s, enum entity_thing thing, size_t cluster,
			struct entity_claim claim)
{
	struct entity_claims *claims = s->claims;

	for (size_t i = 0; i < claims->placed_count; i++) {
		const struct entity_placed *other = &claims->placed[i];

		if (other->thing == thing && other->cluster == cluster &&
		    strcmp(other->claim.value, claim.value) == 0)
			return true;
	}
	if (too_many(s, claims->placed_count, ENTITY_MOST_PLACED, claim.pointer))
		return false;
	claims->placed[claims->placed_count++] = (struct entity_placed){thing, cluster, claim};
	return true;
}

static bool take_ip_pool(const struct search *s, struct entity_claim claim)
{
	struct entity_claims *claims = s->claims;

	if (is_claimed(claims->ip_pools, claims->ip_pool_count, claim.value))
		return true;
	if (too_many(s, claims->ip_pool_count, ENTITY_MOST_PLACED, claim.pointer))
		return false;
	claims->ip_pools[claims->ip_pool_count++] = claim;
	return true;
}

/* What one placement names; a claim without a value is none. */
static bool take_placement(const struct search *s, const struct entity_claim *things)
{
	const struct entity_claim *ip_pool = &things[ENTITY_IP_POOL];
	size_t cluster;

	if (ip_pool->value != NULL && !take_ip_pool(s, *ip_pool))
		return false;
	if (things[ENTITY_COMPUTE_CLUSTER].value == NULL)
		return true;
	if (!take_cluster(s, things[ENTITY_COMPUTE_CLUSTER], &cluster))
		return false;
	for (size_t i = ENTITY_COMPUTE_CLUSTER + 1; i < ENTITY_IP_POOL; i++)
		if (things[i].value != NULL &&
		    !take_placed(s, (enum entity_thing)i, cluster, things[i]))
			return false;
	return true;
}

/* The string at below, in what stands at base; empty counts as a value when it is there. */
static bool thing_at(const struct search *s, struct text source, const char *base,
		     const char *below, struct entity_claim *claim)
{
	const char *value = string_at(s, source, base, below);

	*claim = (struct entity_claim){NULL, NULL};
	if (value == NULL)
		return false;
	if (*value != '\0')
		*claim = (struct entity_claim){value, arena_printf(s->arena, "%s%s", base, below)};
	return true;
}

static bool take_flat_pool(const struct search *s, struct text pool, const char *pool_at)
{
	struct entity_claim things[ENTITY_THINGS];

	for (size_t i = 0; i < ENTITY_THINGS; i++) {
		const struct entity_placement_part *part = &entity_placement_parts[i];

		if (!thing_at(s, pool, pool_at, part->own, &things[i]))
			(void)thing_at(s, s->body, "", part->common, &things[i]);
	}
	return take_placement(s, things);
}

static bool take_palette_pool(const struct search *s, struct text pool, const char *pool_at)
{
	struct json_walk walk;
	struct text list;
	struct text placement;

	if (!json_at(pool, "/cloudConfig/placements", &list))
		return true;
	walk = json_walk_begin(list);
	for (size_t n = 0; json_walk_item(&walk, &placement); n++) {
		const char *at =
			arena_printf(s->arena, "%s/cloudConfig/placements/%zu", pool_at, n);
		struct entity_claim things[ENTITY_THINGS];

		for (size_t i = 0; i < ENTITY_THINGS; i++)
			(void)thing_at(s, placement, at, entity_placement_parts[i].target,
				       &things[i]);
		if (!take_placement(s, things))
			return false;
	}
	return true;
}

static void find_places(const struct search *s, const char *pools_at,
			bool (*take)(const struct search *s, struct text pool, const char *at))
{
	struct entity_claims *claims = s->claims;
	struct json_walk walk;
	struct text pools;
	struct text pool;

	claims->clusters = arena_array(s->arena, struct entity_claim, ENTITY_MOST_CLUSTERS);
	claims->placed = arena_array(s->arena, struct entity_placed, ENTITY_MOST_PLACED);
	claims->ip_pools = arena_array(s->arena, struct entity_claim, ENTITY_MOST_PLACED);
	if (!json_at(s->body, pools_at, &pools))
		return;
	walk = json_walk_begin(pools);
	for (size_t i = 0; json_walk_item(&walk, &pool); i++)
		if (!take(s, pool, arena_printf(s->arena, "%s/%zu", pools_at, i)))
			return;
}

/* ---- sizes of virtual clusters ---- */

/* The caller's number, or the one that stands when there is none. */
static struct entity_amount flat_amount(const struct search *s, const char *name)
{
	const struct entity_field *row = entity_field_named(s->kind->fields, text_of(name));
	struct entity_amount amount = {
		.pointer = arena_printf(s->arena, "/%s", name),
		.times = row->times == 0 ? 1 : row->times,
	};
	struct text value;

	if (!json_member(s->body, name, &value))
		value = text_of(row->fallback);
	if (!json_int(value, &amount.value))
		amount.pointer = NULL;
	return amount;
}

/* The most that the first pool may become. */
static struct entity_amount palette_amount(const struct search *s, const char *pools_at,
					   const char *most, const char *least)
{
	const char *const names[] = {most, least};
	struct entity_amount amount = {.times = 1};
	struct text value;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *pointer = arena_printf(s->arena, "%s/0/cloudConfig/instanceType/%s",
						   pools_at, names[i]);

		if (!json_at(s->body, pointer, &value) || !json_int(value, &amount.value))
			continue;
		amount.pointer = pointer;
		return amount;
	}
	return amount;
}

/* ---- the two forms ---- */

static void find_flat(const struct search *s)
{
	struct entity_claims *claims = s->claims;

	claims->name = claim_at(s, "/name");
	find_profiles(s, "/profileUids", "");
	if (strcmp(s->kind->name, "virtual") == 0) {
		claims->group = claim_at(s, "/clusterGroupUid");
		claims->host = claim_at(s, "/hostClusterUid");
		claims->cores = flat_amount(s, "cpuCores");
		claims->memory = flat_amount(s, "memoryGiB");
		claims->storage = flat_amount(s, "storageGiB");
		return;
	}
	claims->account = claim_at(s, "/cloudAccountUid");
	if (strcmp(s->kind->name, "vsphere") != 0)
		return;
	claims->datacenter = claim_at(s, "/vsphere/datacenter");
	claims->folder = claim_at(s, "/vsphere/folder");
	find_places(s, "/machinePoolConfig", take_flat_pool);
}

#define HOST "/spec/clusterConfig/hostClusterConfig"

static void find_palette(const struct search *s)
{
	struct entity_claims *claims = s->claims;
	const char *pools_at = "/spec/machinepoolconfig";
	struct text ignored;

	if (!json_at(s->body, pools_at, &ignored))
		pools_at = "/spec/machinePoolConfig";
	claims->name = claim_at(s, "/metadata/name");
	claims->has_template = claim_at(s, "/spec/clusterTemplate/uid").value != NULL;
	find_profiles(s, "/spec/profiles", "/uid");
	if (strcmp(s->kind->name, "virtual") == 0) {
		claims->group = claim_at(s, HOST "/clusterGroup/uid");
		claims->host = claim_at(s, HOST "/hostCluster/uid");
		claims->cores = palette_amount(s, pools_at, "maxCPU", "minCPU");
		claims->memory = palette_amount(s, pools_at, "maxMemInMiB", "minMemInMiB");
		claims->storage = palette_amount(s, pools_at, "maxStorageGiB", "minStorageGiB");
		return;
	}
	claims->account = claim_at(s, "/spec/cloudAccountUid");
	if (strcmp(s->kind->name, "vsphere") != 0)
		return;
	claims->datacenter = claim_at(s, "/spec/cloudConfig/placement/datacenter");
	claims->folder = claim_at(s, "/spec/cloudConfig/placement/folder");
	find_places(s, pools_at, take_palette_pool);
}

void entity_find_claims(struct arena *a, const struct entity_kind *kind, enum entity_form form,
			struct text body, struct entity_faults *faults,
			struct entity_claims *claims)
{
	struct search s = {
		.arena = a,
		.kind = kind,
		.form = form,
		.body = body,
		.faults = faults,
		.claims = claims,
	};

	*claims = (struct entity_claims){.profile_count = 0};
	if (form == ENTITY_FLAT)
		find_flat(&s);
	else
		find_palette(&s);
}
