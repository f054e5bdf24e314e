/* What agents see of the packs in Palette's registries: search, and one of them. */
#include <string.h>

#include "op/agent.h"
#include "op/render.h"
#include "op/rows.h"

static const char *const layers[] = {"kernel", "os", "k8s", "cni", "csi", "addon", NULL};
static const char *const types[] = {"spectro", "helm", "manifest", "oci", NULL};

/* ---- search ---- */

static const struct field registry_fields[] = {
	{.name = "uid",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/uid"),
	 .help = "UID of the registry"},
	{.name = "name", .type = FIELD_STRING, FROM("/name"), .help = "Its name"},
	{.name = "scope",
	 .type = FIELD_STRING,
	 FROM("/scope"),
	 .help = "system, tenant or project"},
	{.name = "latestPackUid",
	 .type = FIELD_STRING,
	 FROM("/latestPackUid"),
	 .help = "packUid of the newest version there"},
	{.name = "latestVersion",
	 .type = FIELD_STRING,
	 FROM("/latestVersion"),
	 .help = "The newest version there"},
	{.name = NULL},
};

static const struct field found_fields[] = {
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/spec/name", "/metadata/name"),
	 .help = "The pack's name"},
	{.name = "displayName",
	 .type = FIELD_STRING,
	 FROM("/spec/displayName"),
	 .help = "Its name for people"},
	{.name = "layer",
	 .type = FIELD_STRING,
	 FROM("/spec/layer"),
	 .help = "kernel, os, k8s, cni, csi or addon"},
	{.name = "type",
	 .type = FIELD_STRING,
	 FROM("/spec/type"),
	 .help = "spectro, helm, manifest or oci"},
	{.name = "addonType",
	 .type = FIELD_STRING,
	 FROM("/spec/addonType"),
	 .help = "Of an add-on: such as ingress or monitoring"},
	{.name = "cloudTypes",
	 .type = FIELD_ARRAY,
	 FROM("/spec/cloudTypes"),
	 .help = "The clouds it is for, or all"},
	{.name = "registries",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = registry_fields,
	 FROM("/spec/registries"),
	 .help = "Where it is, and its newest version there"},
	{.name = NULL},
};

static const struct field search_answer[] = {
	{.name = "packs",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = found_fields,
	 .help = "In Palette's order"},
	{.name = "hasMore",
	 .type = FIELD_BOOL,
	 .required = true,
	 .help = "There are more than the limit: look for something narrower"},
	{.name = NULL},
};

/* A part of the name may be of the one for people or of the other. */
static bool search(struct call *c, struct palette_list *list, struct error *err)
{
	const char *project = call_string(c, "projectUid");
	size_t limit = (size_t)call_number(c, "limit");
	struct palette_pack_filter filter = {
		.display_name = call_string(c, "nameContains"),
		.layer = call_string(c, "layer"),
		.type = call_string(c, "type"),
		.cloud_type = call_string(c, "cloudType"),
		.registry = call_string(c, "registryUid"),
	};

	if (!palette_pack_search(c->palette, project, &filter, limit, list, err))
		return false;
	if (filter.display_name == NULL || list->more)
		return true;
	filter.name = filter.display_name;
	filter.display_name = NULL;
	return palette_pack_search(c->palette, project, &filter, limit, list, err);
}

static bool answer_search(struct call *c, bool more, struct text document, struct result *res,
			  struct error *err)
{
	struct text packs = TEXT("[]");
	struct answer answer;
	struct json_walk walk;
	struct text pack;

	(void)json_member(document, "packs", &packs);
	answer_begin(c, &answer);
	json_key(&answer.w, "packs");
	json_array_begin(&answer.w);
	walk = json_walk_begin(packs);
	while (json_walk_item(&walk, &pack)) {
		json_object_begin(&answer.w);
		render_fields(&answer.w, found_fields, pack, NULL, 0);
		json_object_end(&answer.w);
	}
	json_array_end(&answer.w);
	json_key(&answer.w, "hasMore");
	json_put_bool(&answer.w, more);
	return answer_finish(&answer, res, err);
}

static bool search_packs(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;
	struct buf document;
	bool ok;

	palette_list_init(&list, c->palette, "packs");
	ok = search(c, &list, err) && palette_list_finish(&list, &document, err);
	if (ok) {
		/* What Palette counts and does not give is there, too. */
		ok = answer_search(c, list.more || list.warning_count > 0, buf_text(&document), res,
				   err);
		buf_fini(&document);
	}
	palette_list_fini(&list);
	return ok;
}

/* ---- one pack ---- */

static const struct field version_fields[] = {
	{.name = "packUid",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/packUid"),
	 .help = "UID of that version"},
	{.name = "version",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/version", "/tag"),
	 .help = "The version"},
	{.name = NULL},
};

static const struct field pack_answer[] = {
	{.name = "packUid", .type = FIELD_STRING, .required = true, .help = "This version's UID"},
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/name"),
	 .help = "The pack's name"},
	{.name = "displayName",
	 .type = FIELD_STRING,
	 FROM("/displayName"),
	 .help = "Its name for people"},
	{.name = "version", .type = FIELD_STRING, .help = "This version, where Palette says it"},
	{.name = "layer",
	 .type = FIELD_STRING,
	 FROM("/layer"),
	 .help = "kernel, os, k8s, cni, csi or addon"},
	{.name = "addonType",
	 .type = FIELD_STRING,
	 FROM("/addonType"),
	 .help = "Of an add-on: such as ingress or monitoring"},
	{.name = "cloudTypes",
	 .type = FIELD_ARRAY,
	 FROM("/cloudTypes"),
	 .help = "The clouds it is for, or all"},
	{.name = "registryUid",
	 .type = FIELD_STRING,
	 FROM("/registryUid"),
	 .help = "UID of its registry"},
	{.name = "versions",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = version_fields,
	 FROM("/tags"),
	 .help = "All its versions in the registry, in Palette's order"},
	{.name = "values",
	 .type = FIELD_STRING,
	 .help = "Only with includeValues: its values as the registry has them, YAML"},
	{.name = "presets",
	 .type = FIELD_ANY,
	 .help = "Only with includeValues: ready-made choices of values, as Palette has them"},
	MASKED,
	{.name = NULL},
};

/* The item of that version in a list of the pack's. */
static bool find_version(struct text pack, const char *list, const char *uid, struct text *item)
{
	struct text items = TEXT("[]");
	struct json_walk walk;
	struct text own;

	(void)json_member(pack, list, &items);
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, item))
		if (json_member(*item, "packUid", &own) && json_string_is(own, uid))
			return true;
	return false;
}

static void put_version(struct call *c, struct answer *answer, struct text pack, const char *uid)
{
	struct text version;
	struct text item;

	if (!find_version(pack, "tags", uid, &item))
		return;
	version = render_string(c->arena, &version_fields[1], item);
	if (version.len == 0)
		return;
	json_key(&answer->w, "version");
	json_put_text(&answer->w, version);
}

static void put_values(struct answer *answer, struct text pack, const char *uid)
{
	struct text value;
	struct text item;

	if (!find_version(pack, "packValues", uid, &item))
		return;
	if (json_member(item, "values", &value) && json_type_of(value) == JSON_TYPE_STRING)
		answer_put_masked(answer, "values", text_trim(value));
	if (json_member(item, "presets", &value) && json_type_of(value) != JSON_TYPE_NULL)
		answer_put_masked(answer, "presets", text_trim(value));
}

static bool get_pack(struct call *c, struct result *res, struct error *err)
{
	const char *uid = call_string(c, "packUid");
	struct answer answer;
	struct buf pack;

	c->object = uid;
	if (!palette_pack(c->palette, call_string(c, "projectUid"), uid, &pack, err))
		return false;
	answer_begin(c, &answer);
	answer_put(&answer, "packUid", uid);
	render_fields(&answer.w, pack_answer, buf_text(&pack), NULL, 0);
	put_version(c, &answer, buf_text(&pack), uid);
	if (call_bool(c, "includeValues"))
		put_values(&answer, buf_text(&pack), uid);
	answer_put_count(&answer, "masked", answer.masked);
	buf_fini(&pack);
	return answer_finish(&answer, res, err);
}

/* ---- rows ---- */

const struct op agent_pack_ops[] = {
	{
		.name = "agent.search_packs",
		.summary = "Look for packs in the registries for an agent",
		TOOL(.name = "search_spectrocloud_packs", .title = "Search SpectroCloud packs",
		     .toolset = "packs",
		     .description =
			     "Looks for packs, which cluster profiles are made of, in the "
			     "registries of SpectroCloud Palette: by a part of the name, layer, "
			     "type, cloud or registry. get_spectrocloud_pack takes latestPackUid "
			     "as packUid."),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(
			ARG("nameContains", PARAM_TEXT,
			    "Only packs whose name, or name for people, has this in it; case does "
			    "not count"),
			ARG_CHOICE("layer", layers, "Only packs of this layer"),
			ARG_CHOICE("type", types, "Only packs of this type"),
			ARG("cloudType", PARAM_NAME, "Only packs for this cloud, such as aws"),
			ARG("registryUid", PARAM_NAME, "Only packs of the registry with this UID"),
			ARG_PROJECT, ARG_INSTANCE,
			ARG_COUNT("limit", "50", 1, 500, "How many to answer at most")),
		.answer = search_answer,
		.run = search_packs,
	},
	{
		.name = "agent.pack",
		.summary = "Show an agent one pack of a registry, secrets masked",
		TOOL(.name = "get_spectrocloud_pack", .title = "Get a SpectroCloud pack",
		     .toolset = "packs",
		     .description =
			     "Gives one version of a pack of a registry and which versions there "
			     "are. Its values and presets are long and come only with "
			     "includeValues; secrets in them are masked."),
		.permission = PERMIT_VIEW_PACK_VALUES,
		.params = PARAMS(
			ARG_REQUIRED("packUid", PARAM_IDENTIFIER, "UID of the pack in one version"),
			ARG_SWITCH("includeValues", "false", "Also its values and presets"),
			ARG_PROJECT, ARG_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.answer = pack_answer,
		.run = get_pack,
	},
	{.name = NULL},
};
