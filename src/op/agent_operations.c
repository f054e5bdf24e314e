/* What agents see of a cluster's life: what has happened to it, and what it could be brought to. */
#include <string.h>

#include "op/agent.h"
#include "op/agent_find.h"
#include "op/render.h"
#include "op/rows.h"
#include "op/version.h"

static const struct field cluster_uid = {
	.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"};

/* Palette's time for what has not happened. */
static bool is_time(const char *time)
{
	return time[0] != '\0' && strncmp(time, "0001-", 5) != 0;
}

/* ---- events ---- */

enum {
	MOST_EXAMINED = 1000, /* of the newest events, where some are looked for */
	EVENTS_OF_PAGE = 50,
};

static const struct field event_fields[] = {
	{.name = "time",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/metadata/creationTimestamp"),
	 .help = "When it was first seen"},
	{.name = "severity", .type = FIELD_STRING, FROM("/severity"), .help = "Such as Warning"},
	{.name = "reason",
	 .type = FIELD_STRING,
	 FROM("/reason"),
	 .help = "A word, such as NodeNotReady"},
	{.name = "message",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/message"),
	 .help = "What Palette says of it"},
	{.name = "component",
	 .type = FIELD_STRING,
	 FROM("/source/component"),
	 .help = "Which program has reported it"},
	{.name = "relatedObject",
	 .type = FIELD_STRING,
	 FROM("/relatedObject/name"),
	 .help = "Name of what it is about besides the cluster"},
	{.name = NULL},
};

static const struct field events_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	{.name = "events",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = event_fields,
	 .help = "The newest first"},
	{.name = "hasOlder",
	 .type = FIELD_BOOL,
	 .required = true,
	 .help = "There are older events that were not looked at, or are over the limit"},
	{.name = "examined",
	 .type = FIELD_INT,
	 .required = true,
	 .help = "How many of the newest events were looked at"},
	{.name = "total",
	 .type = FIELD_INT,
	 .help = "How many events the cluster has in all, fit or not, where Palette says so"},
	MASKED,
	{.name = NULL},
};

static bool is_filtered(const struct call *c)
{
	return call_string(c, "severity") != NULL || call_string(c, "reason") != NULL;
}

/* How many of the newest events are asked for: no more than the pages that are allowed hold. */
static size_t how_many(const struct call *c)
{
	size_t most = is_filtered(c) ? MOST_EXAMINED : (size_t)call_number(c, "limit");
	size_t allowed = (size_t)c->services->config->upstream_max_pages * EVENTS_OF_PAGE;

	return most < allowed ? most : allowed;
}

static bool fits(struct call *c, const char *param, struct text event, const char *pointer)
{
	const char *wanted = call_string(c, param);

	return wanted == NULL ||
	       text_equal_nocase(text_of(wanted),
				 text_of(json_string_at(c->arena, event, pointer, "")));
}

/* Writes those that fit, at most limit; whether there was one more. */
static bool put_events(struct call *c, struct json_writer *w, struct text document)
{
	int64_t room = call_number(c, "limit");
	struct text events = TEXT("[]");
	bool more = false;
	struct json_walk walk;
	struct text event;

	(void)json_member(document, "events", &events);
	walk = json_walk_begin(events);
	json_array_begin(w);
	while (!more && json_walk_item(&walk, &event)) {
		if (!fits(c, "severity", event, "/severity") ||
		    !fits(c, "reason", event, "/reason"))
			continue;
		more = room-- == 0;
		if (more)
			break;
		json_object_begin(w);
		render_fields(w, event_fields, event, NULL, 0);
		json_object_end(w);
	}
	json_array_end(w);
	return more;
}

static bool answer_events(struct call *c, const struct found *found,
			  const struct palette_list *list, struct text document, struct result *res,
			  struct error *err)
{
	struct answer answer;
	struct json_writer w;
	struct buf events;
	bool more;

	answer_begin(c, &answer);
	buf_init(&events, answer.max_bytes);
	json_writer_init(&w, &events);
	more = put_events(c, &w, document);
	answer_put(&answer, cluster_uid.name, found->uid);
	answer_put_masked(&answer, "events", buf_text(&events));
	answer.too_large = answer.too_large || !buf_complete(&events);
	buf_fini(&events);
	json_key(&answer.w, "hasOlder");
	json_put_bool(&answer.w, more || list->more);
	answer_put_count(&answer, "examined", list->count);
	if (list->total >= 0)
		answer_put_count(&answer, "total", (size_t)list->total);
	answer_put_count(&answer, "masked", answer.masked);
	return answer_finish(&answer, res, err);
}

static bool cluster_events(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;
	struct found found;
	struct buf document;
	bool ok;

	if (!find_by_uid_or_name(c, CATALOG_CLUSTER, "clusterUid", "clusterName", &found, err))
		return false;
	palette_list_init(&list, c->palette, "events");
	ok = palette_cluster_events(c->palette, found.project, found.uid, how_many(c), &list,
				    err) &&
	     palette_list_finish(&list, &document, err);
	if (ok) {
		ok = answer_events(c, &found, &list, buf_text(&document), res, err);
		buf_fini(&document);
	}
	palette_list_fini(&list);
	return ok;
}

/* ---- upgrades ---- */

enum { MOST_PROFILES = 32 }; /* each is a question to Palette */

static const struct field announced_fields[] = {
	{.name = "reasons",
	 .type = FIELD_ARRAY,
	 .required = true,
	 FROM("/reason"),
	 .help = "What is available, in Palette's words"},
	{.name = "since", .type = FIELD_STRING, FROM("/timestamp"), .help = "Since when"},
	{.name = NULL},
};

static const struct field version_fields[] = {
	{.name = "uid",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "UID of the profile in that version"},
	{.name = "version", .type = FIELD_STRING, .required = true, .help = "The version"},
	{.name = NULL},
};

static const struct field in_use_fields[] = {
	{.name = "uid",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "UID of the profile in the version that the cluster uses"},
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "The profile's name"},
	{.name = "version",
	 .type = FIELD_STRING,
	 .help = "The version that the cluster uses, where Palette says it"},
	{.name = "newerVersions",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = version_fields,
	 .help = "Versions of the profile with a higher number, in Palette's order; some may be "
		 "drafts"},
	{.name = "otherVersions",
	 .type = FIELD_ARRAY,
	 .fields = version_fields,
	 .help = "Versions that cannot be said to be newer or older"},
	{.name = "problem",
	 .type = FIELD_STRING,
	 .help = "Why nothing is known of the profile's other versions"},
	{.name = NULL},
};

static const struct field upgrades_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	{.name = "kubernetesVersion", .type = FIELD_STRING, .help = "Of its control plane"},
	{.name = "upgrades",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = announced_fields,
	 .help = "Upgrades that Palette announces for the cluster"},
	{.name = "profiles",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = in_use_fields,
	 .help = "The profiles that it uses, and their newer versions"},
	{.name = "agentUpgradesPaused",
	 .type = FIELD_BOOL,
	 .required = true,
	 .help = "Upgrades of Palette's own agent in the cluster are paused"},
	MASKED,
	{.name = NULL},
};

static struct json_walk walk_at(struct text object, const char *pointer)
{
	struct text array = TEXT("[]");

	(void)json_at(object, pointer, &array);
	return json_walk_begin(json_type_of(array) == JSON_TYPE_ARRAY ? array : TEXT("[]"));
}

static void put_announced(struct call *c, struct answer *answer, struct text cluster)
{
	static const char *const nothing_else[] = {""};
	struct json_walk walk = walk_at(cluster, "/status/upgrades");
	struct json_writer w;
	struct text upgrade;
	struct buf all;

	buf_init(&all, answer->max_bytes);
	json_writer_init(&w, &all);
	json_array_begin(&w);
	while (json_walk_item(&walk, &upgrade)) {
		const char *since = json_string_at(c->arena, upgrade, "/timestamp", "");

		if (json_type_of(upgrade) != JSON_TYPE_OBJECT)
			continue;
		json_object_begin(&w);
		render_fields(&w, announced_fields, upgrade, is_time(since) ? NULL : nothing_else,
			      1);
		json_object_end(&w);
	}
	json_array_end(&w);
	answer_put_masked(answer, "upgrades", buf_text(&all));
	answer->too_large = answer->too_large || !buf_complete(&all);
	buf_fini(&all);
}

/* A version of a profile, beside the one in use. */
enum standing { OLDER, NEWER, UNKNOWN };

static enum standing standing_of(const char *version, const char *used)
{
	int order;

	if (!version_compare(text_of(version), text_of(used), &order))
		return UNKNOWN;
	return order > 0 ? NEWER : OLDER;
}

static void put_versions(struct call *c, struct json_writer *w, struct text profile,
			 const char *uid, const char *used, enum standing wanted)
{
	struct json_walk walk = walk_at(profile, "/spec/versions");
	struct text item;

	json_array_begin(w);
	while (json_walk_item(&walk, &item)) {
		const char *version = json_string_at(c->arena, item, "/version", "");
		const char *own = json_string_at(c->arena, item, "/uid", "");

		if (strcmp(own, uid) == 0 || own[0] == '\0' || standing_of(version, used) != wanted)
			continue;
		json_object_begin(w);
		json_put_pair(w, "uid", own);
		json_put_pair(w, "version", version);
		json_object_end(w);
	}
	json_array_end(w);
}

/* The version that the cluster uses is the one of that uid; "": Palette does not say it. */
static const char *version_in_use(struct call *c, struct text profile, const char *uid)
{
	const char *version = json_string_at(c->arena, profile, "/spec/version", "");
	struct json_walk walk = walk_at(profile, "/spec/versions");
	struct text item;

	while (version[0] == '\0' && json_walk_item(&walk, &item))
		if (strcmp(json_string_at(c->arena, item, "/uid", ""), uid) == 0)
			version = json_string_at(c->arena, item, "/version", "");
	return version;
}

static void put_known(struct call *c, struct answer *answer, struct text profile, const char *uid)
{
	const char *used = version_in_use(c, profile, uid);

	if (used[0] != '\0')
		answer_put(answer, "version", used);
	json_key(&answer->w, "newerVersions");
	put_versions(c, &answer->w, profile, uid, used, NEWER);
	json_key(&answer->w, "otherVersions");
	put_versions(c, &answer->w, profile, uid, used, UNKNOWN);
}

static void put_unknown(struct answer *answer, const char *problem)
{
	json_key(&answer->w, "newerVersions");
	json_put_raw(&answer->w, TEXT("[]"));
	answer_put(answer, "problem", problem);
}

/* That a profile is gone or out of the caller's reach does not spoil the rest. */
static bool put_profile(struct call *c, struct answer *answer, const struct found *found,
			struct text used, bool asks, struct error *err)
{
	const char *uid = json_string_at(c->arena, used, "/uid", "");
	struct error why = {.kind = ERROR_NOT_FOUND, .message = "It was not asked for"};
	const struct palette_wanted wanted = {
		.kind = PALETTE_DOCUMENT_PROFILE, .project = found->project, .uid = uid};
	struct palette_document profile;

	json_object_begin(&answer->w);
	answer_put(answer, "uid", uid);
	answer_put(answer, "name", json_string_at(c->arena, used, "/name", ""));
	if (!asks) {
		put_unknown(answer, "The cluster has too many profiles to look at this one");
	} else if (param_identifier_problem(text_of(uid)) != NULL) {
		put_unknown(answer, "Palette gave no usable uid of the profile");
	} else if (palette_document(c->palette, &wanted, &profile, &why)) {
		put_known(c, answer, palette_document_text(&profile), uid);
		palette_document_fini(&profile);
	} else if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_DENIED) {
		put_unknown(answer, why.message);
	} else {
		*err = why;
		return false;
	}
	json_object_end(&answer->w);
	return true;
}

static bool put_profiles(struct call *c, struct answer *answer, const struct found *found,
			 struct text cluster, struct error *err)
{
	struct json_walk walk = walk_at(cluster, "/spec/clusterProfileTemplates");
	struct text used;
	size_t count = 0;

	json_key(&answer->w, "profiles");
	json_array_begin(&answer->w);
	while (json_walk_item(&walk, &used))
		if (json_type_of(used) == JSON_TYPE_OBJECT &&
		    !put_profile(c, answer, found, used, count++ < MOST_PROFILES, err))
			return false;
	json_array_end(&answer->w);
	return true;
}

static bool answer_upgrades(struct call *c, const struct found *found, struct text cluster,
			    struct result *res, struct error *err)
{
	const char *version =
		json_string_at(c->arena, cluster, "/status/kubeMeta/kubernetesVersion", "");
	const char *paused = json_string_at(
		c->arena, cluster, "/metadata/annotations/spectroComponentsUpgradeForbidden", "");
	struct answer answer;

	answer_begin(c, &answer);
	answer_put(&answer, cluster_uid.name, found->uid);
	if (version[0] != '\0')
		answer_put(&answer, "kubernetesVersion", version);
	put_announced(c, &answer, cluster);
	if (!put_profiles(c, &answer, found, cluster, err)) {
		answer_drop(&answer);
		return false;
	}
	json_key(&answer.w, "agentUpgradesPaused");
	json_put_bool(&answer.w, strcmp(paused, "true") == 0);
	answer_put_count(&answer, "masked", answer.masked);
	return answer_finish(&answer, res, err);
}

static bool cluster_upgrades(struct call *c, struct result *res, struct error *err)
{
	struct found found;
	struct palette_document cluster;
	bool ok;

	if (!find_by_uid_or_name(c, CATALOG_CLUSTER, "clusterUid", "clusterName", &found, err) ||
	    !found_document(c, PALETTE_DOCUMENT_CLUSTER, &found, &cluster, err))
		return false;
	ok = answer_upgrades(c, &found, palette_document_text(&cluster), res, err);
	palette_document_fini(&cluster);
	return ok;
}

/* ---- rows ---- */

const struct op agent_operation_ops[] = {
	{
		.name = "agent.cluster_events",
		.summary = "Tell an agent what has happened to a cluster",
		TOOL(.name = "list_spectrocloud_cluster_events",
		     .title = "List events of a SpectroCloud cluster", .toolset = "operations",
		     .description =
			     "Lists what SpectroCloud Palette has recorded of one cluster, the "
			     "newest first: what was deployed, what failed. severity and reason "
			     "look for some among the newest 1000. hasOlder tells that there are "
			     "older ones."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_CLUSTER_NAME, ARG_CLUSTER_UID,
				 ARG("severity", PARAM_TEXT,
				     "Only events of this severity, such as Warning or Error; case "
				     "does not count"),
				 ARG("reason", PARAM_TEXT,
				     "Only events with this reason, such as NodeNotReady; case "
				     "does not count"),
				 ARG_COUNT("limit", "50", 1, 500, "How many to answer at most"),
				 ARG_ENTITY, ARG_NAMED_PROJECT, ARG_NAMED_INSTANCE),
		.flags = OP_LATE,
		.answer = events_answer,
		.run = cluster_events,
	},
	{
		.name = "agent.cluster_upgrades",
		.summary = "Tell an agent what a cluster could be brought to",
		TOOL(.name = "list_spectrocloud_cluster_upgrades",
		     .title = "List available upgrades of a SpectroCloud cluster",
		     .toolset = "operations",
		     .description =
			     "Lists what one SpectroCloud cluster could be brought to: the "
			     "upgrades that Palette announces for it, and versions of its cluster "
			     "profiles that are newer than those it uses. Whether an upgrade is "
			     "safe is not said."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_CLUSTER_NAME, ARG_CLUSTER_UID, ARG_ENTITY, ARG_NAMED_PROJECT,
				 ARG_NAMED_INSTANCE),
		.flags = OP_LATE,
		.answer = upgrades_answer,
		.run = cluster_upgrades,
	},
	{.name = NULL},
};
