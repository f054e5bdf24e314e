/*
 * Tags of clusters and profiles, as agents change them: first to look at, then in earnest. The
 * change takes tags away and overwrites their values, so an agent is offered these tools only where
 * the configuration names them.
 */
#include <string.h>

#include "op/agent.h"
#include "op/agent_find.h"
#include "op/rows.h"

typedef bool set_tags_fn(struct palette *p, const char *project, const char *uid,
			 const struct palette_tag_change *change, struct palette_tags *before,
			 struct palette_tags *after, struct error *err);

/* ---- what is asked for ---- */

static const char *tag_problem(struct text tag)
{
	if (tag.len > PARAM_LONGEST_TEXT)
		return "must hold tags of at most 256 bytes";
	for (size_t i = 0; i < tag.len; i++)
		if ((unsigned char)tag.ptr[i] < 0x20 || tag.ptr[i] == 0x7F)
			return "must hold tags without control characters";
	return NULL;
}

static bool check_tags(const char *param, const char *const *tags, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *problem = tag_problem(text_of(tags[i]));

		if (problem != NULL)
			return error_set(err, ERROR_INPUT, "%s (in the input) %s", param, problem);
	}
	return true;
}

static bool read_change(const struct call *c, struct palette_tag_change *change, struct error *err)
{
	*change = (struct palette_tag_change){.only_try = call_bool(c, "dryRun")};
	change->add = call_strings(c, "add", &change->add_count);
	change->remove = call_strings(c, "remove", &change->remove_count);
	if (change->add_count + change->remove_count == 0)
		return error_set(err, ERROR_INPUT,
				 "One of add and remove (in the input) is required: the tags to "
				 "set or to take away");
	return check_tags("add", change->add, change->add_count, err) &&
	       check_tags("remove", change->remove, change->remove_count, err);
}

/* ---- what is answered ---- */

static void put_tags(struct call *c, struct json_writer *w, const char *key,
		     const struct palette_tags *tags)
{
	json_key(w, key);
	json_array_begin(w);
	for (size_t i = 0; i < tags->count; i++) {
		const struct palette_tag *tag = &tags->tags[i];

		json_put_cstr(w, tag->value[0] == '\0'
					 ? tag->key
					 : arena_printf(c->arena, "%s:%s", tag->key, tag->value));
	}
	json_array_end(w);
}

static bool update_tags(struct call *c, const char *key, const struct found *found,
			const struct palette_tag_change *change, set_tags_fn *set,
			struct result *res, struct error *err)
{
	struct palette_tags before;
	struct palette_tags after;
	struct answer answer;

	c->object = change->only_try ? arena_printf(c->arena, "%s (only tried)", found->uid)
				     : found->uid;
	c->project = found->project;
	if (!set(c->palette, found->project, found->uid, change, &before, &after, err))
		return false;
	answer_begin(c, &answer);
	answer_put(&answer, key, found->uid);
	put_tags(c, &answer.w, "before", &before);
	put_tags(c, &answer.w, "after", &after);
	json_key(&answer.w, "applied");
	json_put_bool(&answer.w, !change->only_try);
	return answer_finish(&answer, res, err);
}

static bool cluster_tags(struct call *c, struct result *res, struct error *err)
{
	struct palette_tag_change change;
	struct found found;

	return read_change(c, &change, err) &&
	       find_by_uid_or_name(c, CATALOG_CLUSTER, "clusterUid", "clusterName", &found, err) &&
	       update_tags(c, "clusterUid", &found, &change, palette_set_cluster_tags, res, err);
}

static bool profile_tags(struct call *c, struct result *res, struct error *err)
{
	struct palette_tag_change change;
	struct found found;

	return read_change(c, &change, err) &&
	       find_by_uid_or_name(c, CATALOG_PROFILE, "profileUid", "profileName", &found, err) &&
	       update_tags(c, "profileUid", &found, &change, palette_set_profile_tags, res, err);
}

#define TAG_FIELDS                                                                               \
	{.name = "before",                                                                       \
	 .type = FIELD_ARRAY,                                                                    \
	 .required = true,                                                                       \
	 .help = "Its tags until now: key, or key:value"},                                       \
		{.name = "after",                                                                \
		 .type = FIELD_ARRAY,                                                            \
		 .required = true,                                                               \
		 .help = "Its tags with the change"},                                            \
	{                                                                                        \
		.name = "applied", .type = FIELD_BOOL, .required = true,                         \
		.help = "Whether the tags now are as in after; false: nothing was changed, this" \
			" was only tried"                                                        \
	}

static const struct field cluster_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	TAG_FIELDS,
	{.name = NULL},
};

static const struct field profile_answer[] = {
	{.name = "profileUid", .type = FIELD_STRING, .required = true, .help = "The profile"},
	TAG_FIELDS,
	{.name = NULL},
};

/* ---- rows ---- */

#define ARG_ADD                   \
	ARG("add", PARAM_STRINGS, \
	    "Tags to set: key, or key:value, which takes the place of another value of the key")
#define ARG_REMOVE                   \
	ARG("remove", PARAM_STRINGS, \
	    "Tags to take away before that: key whatever its value, or key:value")
#define ARG_DRY_RUN                                                                               \
	ARG_SWITCH("dryRun", "true",                                                              \
		   "Only tell what the tags would be; false changes them. Look at the answer of " \
		   "a dry run first")

const struct op agent_tag_ops[] = {
	{
		.name = "agent.cluster_tags",
		.summary = "Change the tags of a cluster for an agent",
		TOOL(.name = "update_spectrocloud_cluster_tags",
		     .title = "Change the tags of a SpectroCloud cluster", .toolset = "tags",
		     .description =
			     "Sets tags of one SpectroCloud cluster and takes others away. "
			     "Without dryRun false nothing is changed: the answer shows the tags "
			     "before and after. Tags that somebody else changes at the same "
			     "moment may be lost.",
		     .does = TOOL_WRITES | TOOL_DESTROYS | TOOL_IDEMPOTENT),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(ARG_CLUSTER_NAME, ARG_CLUSTER_UID, ARG_ADD, ARG_REMOVE,
				 ARG_DRY_RUN, ARG_ENTITY, ARG_NAMED_PROJECT, ARG_NAMED_INSTANCE),
		.flags = OP_LATE | OP_AUDIT,
		.answer = cluster_answer,
		.run = cluster_tags,
	},
	{
		.name = "agent.profile_tags",
		.summary = "Change the tags of a cluster profile for an agent",
		TOOL(.name = "update_spectrocloud_profile_tags",
		     .title = "Change the tags of a SpectroCloud cluster profile",
		     .toolset = "tags",
		     .description =
			     "Sets tags of one cluster profile, in one of its versions, and takes "
			     "others away. Without dryRun false nothing is changed: the answer "
			     "shows the tags before and after. Tags that somebody else changes at "
			     "the same moment may be lost.",
		     .does = TOOL_WRITES | TOOL_DESTROYS | TOOL_IDEMPOTENT),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(ARG_PROFILE_NAME, ARG_PROFILE_UID, ARG_ADD, ARG_REMOVE,
				 ARG_DRY_RUN, ARG_ENTITY, ARG_NAMED_PROJECT, ARG_NAMED_INSTANCE),
		.flags = OP_LATE | OP_AUDIT,
		.answer = profile_answer,
		.run = profile_tags,
	},
	{.name = NULL},
};
