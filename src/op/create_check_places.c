/* What a body names on vSphere: is it there, where the body says it is? */
#include "op/create_check.h"

#include <string.h>

enum { MOST_IP_POOLS = 5000 };

/* ---- what vSphere has ---- */

static void take_datacenters(struct checking *k, size_t index, struct text answer)
{
	struct datacenter_facts *facts = &k->datacenter;
	struct json_walk walk;
	struct text items;
	struct text item;
	struct text list;

	(void)index;
	facts->known = true;
	if (!json_member(answer, "items", &items) || json_type_of(items) != JSON_TYPE_ARRAY)
		return;
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item)) {
		const char *name = json_string_at(k->arena, item, "/datacenter", "");

		names_add(k->arena, &facts->names, name);
		if (strcmp(name, k->claims->datacenter.value) != 0)
			continue;
		if (json_member(item, "folders", &list))
			names_read(k->arena, list, &facts->folders);
		if (json_member(item, "computeclusters", &list))
			names_read(k->arena, list, &facts->clusters);
	}
}

static void take_resources(struct checking *k, size_t index, struct text answer)
{
	static const char *const pointers[ENTITY_THINGS] = {
		[ENTITY_RESOURCE_POOL] = "/computecluster/resourcePools",
		[ENTITY_DATASTORE] = "/computecluster/datastores",
		[ENTITY_NETWORK] = "/computecluster/networks",
	};
	struct resource_facts *facts = &k->resources[index];
	struct text list;

	facts->known = true;
	for (size_t i = 0; i < ENTITY_THINGS; i++)
		if (pointers[i] != NULL && json_at(answer, pointers[i], &list))
			names_read(k->arena, list, &facts->things[i]);
}

/* An array without items; null and absent say nothing. */
static bool is_empty_array(struct text object, const char *pointer)
{
	struct json_walk walk;
	struct text value;
	struct text item;

	if (!json_at(object, pointer, &value) || json_type_of(value) != JSON_TYPE_ARRAY)
		return false;
	walk = json_walk_begin(value);
	return !json_walk_item(&walk, &item);
}

static bool has_items(struct text object, const char *pointer)
{
	struct text value;

	return json_at(object, pointer, &value) && json_type_of(value) == JSON_TYPE_ARRAY &&
	       !is_empty_array(object, pointer);
}

static bool is_for_one_cluster(struct text pool)
{
	bool restricted = false;
	struct text value;

	if (json_at(pool, "/spec/restrictToSingleCluster", &value))
		(void)json_bool(value, &restricted);
	return restricted;
}

static void take_ip_pools(struct checking *k, size_t index, struct text answer)
{
	struct ip_pool_list *list = &k->ip_pools;
	struct json_walk walk;
	struct text items;
	struct text item;
	size_t count = 0;

	(void)index;
	if (!json_member(answer, "items", &items) || json_type_of(items) != JSON_TYPE_ARRAY)
		return;
	walk = json_walk_begin(items);
	while (count < MOST_IP_POOLS && json_walk_item(&walk, &item))
		count++;
	list->items = arena_array(k->arena, struct ip_pool_facts, count);
	walk = json_walk_begin(items);
	while (list->count < count && json_walk_item(&walk, &item))
		list->items[list->count++] = (struct ip_pool_facts){
			.uid = json_string_at(k->arena, item, "/metadata/uid", ""),
			.name = json_string_at(k->arena, item, "/metadata/name", ""),
			.used_up = is_empty_array(item, "/status/availableIps"),
			.taken = is_for_one_cluster(item) &&
				 has_items(item, "/status/associatedClusters"),
		};
}

/* ---- asking ---- */

static void ask_datacenter(struct checking *k, const struct account_facts *account)
{
	const struct entity_claims *claims = k->claims;
	struct palette *p = k->call->palette;
	const char *uid = claims->account.value;

	if (claims->datacenter.value == NULL)
		return;
	k->datacenters = check_ask(k, palette_datacenters_question(p, account->project, uid),
				   take_datacenters, 0);
	k->resources = arena_array(k->arena, struct resource_facts, claims->cluster_count);
	for (size_t i = 0; i < claims->cluster_count; i++)
		k->resources_questions[i] =
			check_ask(k,
				  palette_resources_question(p, account->project, uid,
							     claims->datacenter.value,
							     claims->clusters[i].value),
				  take_resources, i);
}

/* Nothing is asked through a gateway that does not run: it could only fail. */
void check_ask_places(struct checking *k)
{
	const struct account_facts *account = check_account(k);
	bool is_reachable = !k->gateway.known || k->gateway.running;

	if (strcmp(k->creation->kind->name, "vsphere") != 0 || account == NULL ||
	    !check_account_fits(k, account))
		return;
	if (is_reachable)
		ask_datacenter(k, account);
	if (k->claims->ip_pool_count > 0 && k->gateway.uid != NULL)
		k->ip_pools_question = check_ask(
			k, palette_ip_pools_question(k->call->palette, k->project, k->gateway.uid),
			take_ip_pools, 0);
}

/* ---- judging ---- */

static const char *const thing_names[ENTITY_THINGS] = {
	[ENTITY_RESOURCE_POOL] = "resource pool",
	[ENTITY_DATASTORE] = "datastore",
	[ENTITY_NETWORK] = "network",
};

/* A network may be written with the switch it belongs to before it. */
static bool is_missing(const struct names *names, enum entity_thing thing, const char *wanted)
{
	const char *slash = thing == ENTITY_NETWORK ? strrchr(wanted, '/') : NULL;

	return names_lack(names, wanted) && (slash == NULL || names_lack(names, slash + 1));
}

static void judge_placed(struct checking *k, const struct entity_placed *placed)
{
	const struct resource_facts *facts = &k->resources[placed->cluster];
	const struct names *names = &facts->things[placed->thing];
	const char *wanted = placed->claim.value;

	if (facts->known && is_missing(names, placed->thing, wanted))
		entity_fault_at(&k->faults, placed->claim.pointer,
				"is no %s of compute cluster %s%s", thing_names[placed->thing],
				name_shown(k->arena, k->claims->clusters[placed->cluster].value),
				names_tell(k->arena, names, wanted));
}

/* *exists: whether what is in it can be judged. */
static bool judge_cluster(struct checking *k, size_t i, bool *exists, struct error *err)
{
	const struct entity_claim *claim = &k->claims->clusters[i];
	const struct names *clusters = &k->datacenter.clusters;
	const struct palette_question *question = k->resources_questions[i];

	*exists = !names_lack(clusters, claim->value);
	if (!*exists) {
		entity_fault_at(&k->faults, claim->pointer,
				"is no compute cluster of datacenter %s%s",
				name_shown(k->arena, k->claims->datacenter.value),
				names_tell(k->arena, clusters, claim->value));
		return true; /* what Palette says about it means nothing */
	}
	switch (check_outcome(question)) {
	case CHECK_FAILED:
		return check_fail(question, err);
	case CHECK_REFUSED:
		*exists = false;
		check_pass_over(k,
				arena_printf(k->arena, "What is in compute cluster %s",
					     name_shown(k->arena, claim->value)),
				question);
		return true;
	default:
		return true;
	}
}

static bool judge_datacenter(struct checking *k, struct error *err)
{
	const struct entity_claims *claims = k->claims;
	const struct datacenter_facts *facts = &k->datacenter;
	bool *exists = arena_array(k->arena, bool, claims->cluster_count);

	if (names_lack(&facts->names, claims->datacenter.value)) {
		entity_fault_at(&k->faults, claims->datacenter.pointer,
				"is no datacenter of this account%s",
				names_tell(k->arena, &facts->names, claims->datacenter.value));
		return true;
	}
	if (claims->folder.value != NULL && names_lack(&facts->folders, claims->folder.value))
		entity_fault_at(&k->faults, claims->folder.pointer,
				"is no folder of datacenter %s%s",
				name_shown(k->arena, claims->datacenter.value),
				names_tell(k->arena, &facts->folders, claims->folder.value));
	for (size_t i = 0; i < claims->cluster_count; i++)
		if (!judge_cluster(k, i, &exists[i], err))
			return false;
	for (size_t i = 0; i < claims->placed_count; i++)
		if (exists[claims->placed[i].cluster])
			judge_placed(k, &claims->placed[i]);
	return true;
}

static const struct ip_pool_facts *find_ip_pool(const struct checking *k, const char *uid)
{
	for (size_t i = 0; i < k->ip_pools.count; i++)
		if (strcmp(k->ip_pools.items[i].uid, uid) == 0)
			return &k->ip_pools.items[i];
	return NULL;
}

/* "name (uid)" of all pools of the gateway. */
static struct names ip_pool_names(const struct checking *k)
{
	struct names names = {.count = 0};

	for (size_t i = 0; i < k->ip_pools.count; i++) {
		const struct ip_pool_facts *pool = &k->ip_pools.items[i];

		names_add(k->arena, &names,
			  arena_printf(k->arena, "%s (%s)", pool->name, pool->uid));
	}
	return names;
}

static void judge_ip_pool(struct checking *k, const struct entity_claim *claim,
			  const struct names *names)
{
	const struct ip_pool_facts *found = find_ip_pool(k, claim->value);

	if (found == NULL)
		entity_fault_at(
			&k->faults, claim->pointer, "is no IP pool of private cloud gateway %s%s",
			name_shown(k->arena, k->gateway.known ? k->gateway.name : k->gateway.uid),
			names_tell(k->arena, names, claim->value));
	else if (found->used_up)
		entity_fault_at(&k->faults, claim->pointer,
				"is the IP pool %s, which has no free address",
				name_shown(k->arena, found->name));
	else if (found->taken)
		entity_fault_at(&k->faults, claim->pointer,
				"is the IP pool %s, which is for a single cluster and has one",
				name_shown(k->arena, found->name));
}

static bool judge_ip_pools(struct checking *k, struct error *err)
{
	const struct palette_question *question = k->ip_pools_question;
	struct names names = ip_pool_names(k);

	if (question == NULL) {
		if (k->claims->ip_pool_count > 0 && check_account(k) != NULL)
			creation_warn(k->call, k->creation,
				      "The IP pools were not checked: Palette does not say which "
				      "private cloud gateway reaches the cloud account");
		return true;
	}
	if (check_outcome(question) == CHECK_FAILED)
		return check_fail(question, err);
	/* 404 is how Palette says that there are none. */
	if (question->ok || question->status == 404)
		for (size_t i = 0; i < k->claims->ip_pool_count; i++)
			judge_ip_pool(k, &k->claims->ip_pools[i], &names);
	else
		check_pass_over(k, "Whether the IP pools belong to the gateway", question);
	return true;
}

bool check_judge_places(struct checking *k, struct error *err)
{
	if (strcmp(k->creation->kind->name, "vsphere") != 0)
		return true;
	switch (check_outcome(k->datacenters)) {
	case CHECK_FAILED:
		return check_fail(k->datacenters, err);
	case CHECK_ANSWERED:
		if (!judge_datacenter(k, err))
			return false;
		break;
	default:
		if (k->datacenters != NULL)
			check_pass_over(k, "Whether vSphere has what the body names",
					k->datacenters);
	}
	return judge_ip_pools(k, err);
}
