/* Where a virtual cluster runs: is the group or host there, and does the cluster fit into it? */
#include "op/create_check.h"

#include <strings.h>

/* ---- groups ---- */

/* 0: no limit, as Palette writes it, too. */
static int64_t limit_at(struct text group, const char *pointer)
{
	struct text value;
	int64_t limit = 0;

	if (json_at(group, pointer, &value))
		(void)json_int(value, &limit);
	return limit < 0 ? 0 : limit;
}

#define CONFIG "/spec/clustersConfig"

static void take_group(struct checking *k, size_t index, struct text answer)
{
	bool active = true;
	struct text value;

	if (json_at(answer, "/status/isActive", &value))
		(void)json_bool(value, &active);
	k->groups[index] = (struct group_facts){
		.known = true,
		.active = active,
		.name = json_string_at(k->arena, answer, "/metadata/name", k->claims->group.value),
		.endpoint = json_string_at(k->arena, answer, CONFIG "/endpointType", ""),
		.milli_cores = limit_at(answer, CONFIG "/limitConfig/cpuMilliCore"),
		.memory_mib = limit_at(answer, CONFIG "/limitConfig/memoryMiB"),
		.storage_gib = limit_at(answer, CONFIG "/limitConfig/storageGiB"),
	};
}

static void take_group_names(struct checking *k, size_t index, struct text answer)
{
	struct json_walk walk;
	struct text items;
	struct text item;

	if (!json_member(answer, "items", &items) || json_type_of(items) != JSON_TYPE_ARRAY)
		return;
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item))
		names_add(k->arena, &k->group_uids[index],
			  json_string_at(k->arena, item, "/uid", ""));
}

static void take_host(struct checking *k, size_t index, struct text answer)
{
	struct text type;

	k->hosts[index] = (struct host_facts){
		.nested = json_at(answer, "/spec/cloudConfig/cloudType", &type) &&
			  json_string_is(type, "nested"),
		.state = json_string_at(k->arena, answer, "/status/state", ""),
	};
}

static struct palette_question group_names(struct palette *p, const char *project, const char *uid)
{
	(void)uid;
	return palette_cluster_group_names_question(p, project);
}

void check_ask_group(struct checking *k)
{
	const struct entity_claims *claims = k->claims;

	if (claims->group.value != NULL)
		check_ask_scoped(k, &k->group, palette_cluster_group_question, claims->group.value,
				 take_group);
	if (claims->host.value != NULL)
		check_ask_scoped(k, &k->host, palette_cluster_question, claims->host.value,
				 take_host);
}

/* 403 may mean that it is another project's, or that this caller may not look at any. */
static bool was_forbidden(const struct scoped *scoped)
{
	for (size_t i = 0; i < ARRAY_LEN(scoped->questions); i++)
		if (scoped->questions[i] != NULL && scoped->questions[i]->status == 403)
			return true;
	return false;
}

void check_ask_group_again(struct checking *k)
{
	size_t at;

	if (k->claims->group.value != NULL && check_scoped(&k->group, &at) == CHECK_REFUSED &&
	    was_forbidden(&k->group))
		check_ask_scoped(k, &k->group_names, group_names, NULL, take_group_names);
}

/* ---- sizes ---- */

/* limit: in Palette's unit, times 1000 where that is thousandths of it. */
static void judge_amount(struct checking *k, const struct entity_amount *amount, int64_t limit,
			 int64_t parts, const struct group_facts *group)
{
	int64_t most;

	if (amount->pointer == NULL || limit == 0)
		return;
	most = limit / parts / amount->times;
	if (amount->value > most)
		entity_fault_at(&k->faults, amount->pointer,
				"is %lld, but cluster group %s allows at most %lld",
				(long long)amount->value, name_shown(k->arena, group->name),
				(long long)most);
}

static void judge_known_group(struct checking *k, const struct group_facts *group)
{
	if (!group->active) {
		entity_fault_at(&k->faults, k->claims->group.pointer,
				"is the cluster group %s, which is gone",
				name_shown(k->arena, group->name));
		return;
	}
	judge_amount(k, &k->claims->cores, group->milli_cores, 1000, group);
	judge_amount(k, &k->claims->memory, group->memory_mib, 1, group);
	judge_amount(k, &k->claims->storage, group->storage_gib, 1, group);
	if (k->creation->flat)
		entity_default_endpoint(&k->creation->draft, group->endpoint);
}

/* Neither scope shows it. */
static void judge_missing_group(struct checking *k)
{
	const struct entity_claim *claim = &k->claims->group;
	bool is_listed = !names_lack(&k->group_uids[0], claim->value) ||
			 !names_lack(&k->group_uids[1], claim->value);
	bool all_listed = true;

	for (size_t i = 0; i < ARRAY_LEN(k->group_names.questions); i++)
		if (k->group_names.questions[i] != NULL && !k->group_names.questions[i]->ok)
			all_listed = false;
	if (was_forbidden(&k->group) && (is_listed || !all_listed))
		check_pass_over(k, "Whether the cluster fits into the cluster group",
				k->group.questions[k->project != NULL ? 0 : 1]);
	else
		entity_fault_at(&k->faults, claim->pointer,
				"is no cluster group that can be used here");
}

static bool judge_group(struct checking *k, struct error *err)
{
	size_t at;

	switch (check_scoped(&k->group, &at)) {
	case CHECK_FAILED:
		return check_fail_scoped(&k->group, err);
	case CHECK_REFUSED:
		judge_missing_group(k);
		return true;
	default:
		judge_known_group(k, &k->groups[at]);
		return true;
	}
}

/* ---- hosts ---- */

static bool judge_host(struct checking *k, struct error *err)
{
	const struct entity_claim *claim = &k->claims->host;
	size_t at;

	switch (check_scoped(&k->host, &at)) {
	case CHECK_FAILED:
		return check_fail_scoped(&k->host, err);
	case CHECK_REFUSED:
		if (was_forbidden(&k->host))
			check_pass_over(k, "Whether the cluster can be a host",
					k->host.questions[k->project != NULL ? 0 : 1]);
		else
			entity_fault_at(&k->faults, claim->pointer,
					"is no cluster that can be used here");
		return true;
	default:
		break;
	}
	if (k->hosts[at].nested)
		entity_fault_at(&k->faults, claim->pointer,
				"is a virtual cluster, which cannot be the host of another");
	else if (strcasecmp(k->hosts[at].state, "deleted") == 0)
		entity_fault_at(&k->faults, claim->pointer, "is a cluster that has been deleted");
	return true;
}

bool check_judge_group(struct checking *k, struct error *err)
{
	if (k->claims->group.value != NULL && !judge_group(k, err))
		return false;
	return k->claims->host.value == NULL || judge_host(k, err);
}
