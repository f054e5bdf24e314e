/* The profiles of a new cluster: are they there, published, for this cloud, and one of them its
 * base?
 */
#include "op/create_check.h"

#include <string.h>

/* ---- asking ---- */

static void take_profile(struct checking *k, size_t index, struct text answer)
{
	struct profile_facts *facts = &k->profiles[index];
	struct text content;
	bool is_published = false;
	struct text value;

	facts->known = true;
	facts->name = json_string_at(k->arena, answer, "/metadata/name",
				     k->claims->profiles[index].value);
	facts->project = json_string_at(k->arena, answer, "/metadata/annotations/projectUid", "");
	if (json_at(answer, "/status/isPublished", &value))
		(void)json_bool(value, &is_published);
	facts->published = json_at(answer, "/spec/published", &content) &&
			   json_type_of(content) == JSON_TYPE_OBJECT;
	if (!facts->published && !json_at(answer, "/spec/draft", &content))
		content = TEXT("{}");
	facts->published = facts->published || is_published;
	facts->type = json_string_at(k->arena, content, "/type", "");
	facts->cloud = json_string_at(k->arena, content, "/cloudType", "");
}

static void take_variables(struct checking *k, size_t index, struct text answer)
{
	entity_declare(&k->creation->draft, index, answer);
}

void check_ask_profiles(struct checking *k)
{
	struct palette *p = k->call->palette;
	size_t count = k->claims->profile_count;

	k->profiles = arena_array(k->arena, struct profile_facts, count);
	for (size_t i = 0; i < count; i++) {
		struct profile_facts *facts = &k->profiles[i];
		const char *uid = k->claims->profiles[i].value;

		facts->question =
			check_ask(k, palette_profile_question(p, k->project, uid), take_profile, i);
		if (k->creation->flat)
			facts->variables_question =
				check_ask(k, palette_profile_variables_question(p, k->project, uid),
					  take_variables, i);
	}
}

/* ---- judging one ---- */

static bool is_base(const struct profile_facts *facts)
{
	return strcmp(facts->type, "infra") == 0 || strcmp(facts->type, "cluster") == 0;
}

static bool is_for_kind(const struct checking *k, const struct profile_facts *facts)
{
	return *facts->cloud == '\0' || strcmp(facts->cloud, k->creation->kind->cloud_type) == 0 ||
	       (!is_base(facts) && strcmp(facts->cloud, "all") == 0);
}

static bool is_virtual(const struct checking *k)
{
	return strcmp(k->creation->kind->name, "virtual") == 0;
}

static void judge_known(struct checking *k, size_t i)
{
	const struct profile_facts *facts = &k->profiles[i];
	const char *pointer = k->claims->profiles[i].pointer;
	const char *name = name_shown(k->arena, facts->name);

	if (*facts->project != '\0' &&
	    (k->project == NULL || strcmp(facts->project, k->project) != 0))
		entity_fault_at(&k->faults, pointer, "is the profile %s of another project", name);
	if (!facts->published)
		entity_fault_at(&k->faults, pointer,
				"is a version of profile %s that has not been published", name);
	if (is_virtual(k) && is_base(facts))
		entity_fault_at(&k->faults, pointer,
				"is the profile %s of type %s, but virtual clusters take add-on "
				"profiles only",
				name, facts->type);
	else if (!is_for_kind(k, facts))
		entity_fault_at(&k->faults, pointer,
				"is the profile %s for %s, but the cluster is for %s", name,
				name_shown(k->arena, facts->cloud), k->creation->kind->cloud_type);
}

static bool judge_one(struct checking *k, size_t i, struct error *err)
{
	const struct profile_facts *facts = &k->profiles[i];
	const char *pointer = k->claims->profiles[i].pointer;

	switch (check_outcome(facts->question)) {
	case CHECK_FAILED:
		return check_fail(facts->question, err);
	case CHECK_REFUSED:
		if (facts->question->status == 403)
			entity_fault_at(&k->faults, pointer,
					"is no profile that can be used in %s%s",
					k->project == NULL ? "the tenant's scope" : "project ",
					k->project == NULL ? "" : k->project);
		else
			entity_fault_at(&k->faults, pointer, "is no profile that Palette knows");
		return true;
	default:
		judge_known(k, i);
	}
	if (facts->variables_question == NULL)
		return true;
	switch (check_outcome(facts->variables_question)) {
	case CHECK_FAILED:
		return check_fail(facts->variables_question, err);
	case CHECK_REFUSED:
		entity_fault_at(&k->faults, pointer,
				"is a profile whose variables Palette does not tell");
		return true;
	default:
		return true;
	}
}

/* ---- judging all of them together ---- */

/* A flat body has its base first; in Palette's own entity the order is the caller's. */
static void judge_base(struct checking *k)
{
	const struct entity_claim *profiles = k->claims->profiles;
	size_t base = SIZE_MAX;

	for (size_t i = 0; i < k->claims->profile_count; i++) {
		if (!k->profiles[i].known)
			return; /* it might be the one */
		if (!is_base(&k->profiles[i]))
			continue;
		if (base != SIZE_MAX)
			entity_fault_at(&k->faults, profiles[i].pointer,
					"is a second infrastructure profile beside %s",
					name_shown(k->arena, k->profiles[base].name));
		else
			base = i;
	}
	if (base == SIZE_MAX)
		entity_fault_at(&k->faults, k->claims->profiles_at,
				"must have one infrastructure profile for %s%s",
				k->creation->kind->cloud_type,
				k->claims->profile_count > 0 ? "; these are add-ons" : "");
	else if (k->creation->flat && base > 0)
		entity_fault_at(&k->faults, profiles[base].pointer,
				"is the infrastructure profile %s, which must come first",
				name_shown(k->arena, k->profiles[base].name));
}

bool check_judge_profiles(struct checking *k, struct error *err)
{
	for (size_t i = 0; i < k->claims->profile_count; i++)
		if (!judge_one(k, i, err))
			return false;
	if (!is_virtual(k) && !k->claims->has_template)
		judge_base(k);
	return true;
}

/* Of profiles that are faults themselves nothing was declared, which the draft knows. */
void check_finish_entity(struct checking *k)
{
	struct creation *creation = k->creation;

	if (creation->flat)
		(void)!entity_finish(&creation->draft, &k->faults, &creation->entity);
}
