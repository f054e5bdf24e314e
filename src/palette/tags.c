/*
 * Tags of clusters and profiles. Palette keeps them as labels: the tag "k:v" as k = "v", and the
 * bare tag "k" as k = "spectro__tag".
 */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "json/json.h"

enum { LONGEST_CHANGE = 1024 * 1024 };

static const char bare_value[] = "spectro__tag";

/* What has tags, and where. */
struct owner {
	const char *project;
	const char *path;  /* of the whole object, encoded, without a query */
	const char *query; /* for reading it */
	const char *what;
	bool with_version; /* Palette wants a profile's version back */
};

/* Labels as Palette has them, values included; a tag's value is told from that at the end. */
struct labels {
	struct palette_tag *all; /* arena */
	size_t count;
};

static struct owner cluster_owner(const struct palette *p, const char *project, const char *uid)
{
	return (struct owner){.project = project,
			      .path = http_url(p->arena, "/v1/spectroclusters/%s", uid),
			      .query = "?includeTags=true",
			      .what = arena_printf(p->arena, "Cluster %s", uid)};
}

static struct owner profile_owner(const struct palette *p, const char *project, const char *uid)
{
	return (struct owner){.project = project,
			      .path = http_url(p->arena, "/v1/clusterprofiles/%s", uid),
			      .query = "",
			      .what = arena_printf(p->arena, "Profile %s", uid),
			      .with_version = true};
}

/* ---- reading ---- */

static bool read_label(struct arena *a, struct text key, struct text value, struct palette_tag *tag)
{
	struct text name;
	struct text word;

	if (!json_unescape(a, key, &name) || json_type_of(value) != JSON_TYPE_STRING ||
	    !json_unescape(a, value, &word))
		return false;
	*tag = (struct palette_tag){.key = name.ptr, .value = word.ptr};
	return true;
}

/* more: how many will be added. */
static bool read_labels(struct palette *p, const struct owner *owner, struct text object,
			size_t more, struct labels *labels, struct error *err)
{
	struct json_walk walk;
	struct text found;
	struct text key;
	struct text value;
	size_t count = 0;

	if (!json_at(object, "/metadata/labels", &found) || json_type_of(found) == JSON_TYPE_NULL)
		found = TEXT("{}");
	if (json_type_of(found) != JSON_TYPE_OBJECT) {
		error_set(err, ERROR_UPSTREAM, "%s: Palette's labels are no map", owner->what);
		return false;
	}
	walk = json_walk_begin(found);
	while (json_walk_member(&walk, &key, &value))
		count++;
	*labels = (struct labels){.all = arena_array(p->arena, struct palette_tag, count + more)};
	walk = json_walk_begin(found);
	while (json_walk_member(&walk, &key, &value)) {
		if (read_label(p->arena, key, value, &labels->all[labels->count])) {
			labels->count++;
			continue;
		}
		error_set(err, ERROR_UPSTREAM, "%s: Palette has a label that is no text",
			  owner->what);
		return false;
	}
	return true;
}

static bool get_owner(struct palette *p, const struct owner *owner, struct buf *object,
		      struct error *err)
{
	const char *path = arena_printf(p->arena, "%s%s", owner->path, owner->query);

	return palette_get_object(p, PALETTE_FORM_OBJECT, owner->project, path, owner->what, object,
				  err);
}

static struct palette_tags tags_of(struct palette *p, const struct labels *labels)
{
	struct palette_tag *tags = arena_array(p->arena, struct palette_tag, labels->count);

	for (size_t i = 0; i < labels->count; i++) {
		tags[i] = labels->all[i];
		if (strcmp(tags[i].value, bare_value) == 0)
			tags[i].value = "";
	}
	return (struct palette_tags){.tags = tags, .count = labels->count};
}

static bool read_tags(struct palette *p, const struct owner *owner, struct palette_tags *tags,
		      struct error *err)
{
	struct labels labels = {.count = 0};
	struct buf object;
	bool ok;

	if (!get_owner(p, owner, &object, err))
		return false;
	ok = read_labels(p, owner, text_trim(buf_text(&object)), 0, &labels, err);
	buf_fini(&object);
	if (ok)
		*tags = tags_of(p, &labels);
	return ok;
}

bool palette_cluster_tags(struct palette *p, const char *project, const char *uid,
			  struct palette_tags *tags, struct error *err)
{
	struct owner owner = cluster_owner(p, project, uid);

	return read_tags(p, &owner, tags, err);
}

bool palette_profile_tags(struct palette *p, const char *project, const char *uid,
			  struct palette_tags *tags, struct error *err)
{
	struct owner owner = profile_owner(p, project, uid);

	return read_tags(p, &owner, tags, err);
}

/* ---- changing ---- */

/* A tag's text as a label. any_value: it names no value. */
static bool parse_tag(struct arena *a, const char *text, struct palette_tag *tag, bool *any_value,
		      struct error *err)
{
	struct text given = text_trim(text_of(text));
	size_t colon = text_find(given, ':');
	struct text key = text_trim(text_slice(given, 0, colon));
	struct text value =
		colon == SIZE_MAX ? TEXT("") : text_trim(text_slice(given, colon + 1, SIZE_MAX));

	if (key.len == 0) {
		error_set(err, ERROR_INPUT, "A tag needs a key: \"key\" or \"key:value\"");
		return false;
	}
	*tag = (struct palette_tag){.key = arena_copy(a, key),
				    .value = value.len == 0 ? bare_value : arena_copy(a, value)};
	*any_value = value.len == 0;
	return true;
}

static struct palette_tag *find_label(const struct labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->all[i].key, key) == 0)
			return &labels->all[i];
	return NULL;
}

static bool remove_tag(struct palette *p, struct labels *labels, const char *text, bool *changed,
		       struct error *err)
{
	struct palette_tag tag = {.key = NULL};
	struct palette_tag *label;
	bool any_value = false;
	size_t behind;

	if (!parse_tag(p->arena, text, &tag, &any_value, err))
		return false;
	label = find_label(labels, tag.key);
	if (label == NULL || (!any_value && strcmp(label->value, tag.value) != 0))
		return true;
	behind = (size_t)(labels->all + labels->count - (label + 1));
	memmove(label, label + 1, behind * sizeof *label);
	labels->count--;
	*changed = true;
	return true;
}

static bool add_tag(struct palette *p, struct labels *labels, const char *text, bool *changed,
		    struct error *err)
{
	struct palette_tag tag = {.key = NULL};
	struct palette_tag *label;
	bool any_value = false;

	if (!parse_tag(p->arena, text, &tag, &any_value, err))
		return false;
	label = find_label(labels, tag.key);
	if (label != NULL && strcmp(label->value, tag.value) == 0)
		return true;
	if (label == NULL)
		label = &labels->all[labels->count++];
	*label = tag;
	*changed = true;
	return true;
}

/* First what goes, then what comes: a tag that is in both stays. Sets *changed if something did. */
static bool apply(struct palette *p, const struct palette_tag_change *change, struct labels *labels,
		  bool *changed, struct error *err)
{
	for (size_t i = 0; i < change->remove_count; i++)
		if (!remove_tag(p, labels, change->remove[i], changed, err))
			return false;
	for (size_t i = 0; i < change->add_count; i++)
		if (!add_tag(p, labels, change->add[i], changed, err))
			return false;
	return true;
}

/* A member that goes back as it came, if it is of the right type. */
static void put_as_read(struct json_writer *w, const char *name, struct text object,
			const char *pointer, enum json_type type)
{
	struct text value;

	if (!json_at(object, pointer, &value) || json_type_of(value) != type)
		return;
	json_key(w, name);
	json_put_raw(w, value);
}

static void write_change(struct json_writer *w, const struct owner *owner, struct text object,
			 const struct labels *labels)
{
	struct text version;

	json_object_begin(w);
	json_key(w, "metadata");
	json_object_begin(w);
	put_as_read(w, "name", object, "/metadata/name", JSON_TYPE_STRING);
	put_as_read(w, "annotations", object, "/metadata/annotations", JSON_TYPE_OBJECT);
	json_key(w, "labels");
	json_object_begin(w);
	for (size_t i = 0; i < labels->count; i++) {
		json_put_pair(w, labels->all[i].key, labels->all[i].value);
	}
	json_object_end(w);
	json_object_end(w);
	if (owner->with_version && json_at(object, "/spec/version", &version)) {
		json_key(w, "spec");
		json_object_begin(w);
		put_as_read(w, "version", object, "/spec/version", JSON_TYPE_STRING);
		json_object_end(w);
	}
	json_object_end(w);
}

static bool send_change(struct palette *p, const struct owner *owner, struct text object,
			const struct labels *labels, struct error *err)
{
	struct palette_request r = {
		.purpose = PALETTE_CHANGE,
		.expect = PALETTE_NOTHING,
		.method = "PATCH",
		.path = arena_printf(p->arena, "%s/metadata", owner->path),
		.project = owner->project,
		.what = owner->what,
	};
	struct json_writer w;
	struct buf body;
	bool ok;

	buf_init(&body, LONGEST_CHANGE);
	json_writer_init(&w, &body);
	write_change(&w, owner, object, labels);
	r.body = buf_text(&body);
	ok = buf_complete(&body)
		     ? palette_fetch(p, &r, err)
		     : error_set(err, ERROR_INPUT, "%s: these are too many tags", owner->what);
	if (ok)
		palette_requests_fini(&r, 1);
	buf_fini(&body);
	return ok;
}

/* With the object as it was read. */
static bool change_object(struct palette *p, const struct owner *owner, struct text object,
			  const struct palette_tag_change *change, struct palette_tags *before,
			  struct palette_tags *after, struct error *err)
{
	struct labels labels = {.count = 0};
	struct palette_tags old;
	bool changed = false;

	if (!read_labels(p, owner, object, change->add_count, &labels, err))
		return false;
	old = tags_of(p, &labels);
	if (!apply(p, change, &labels, &changed, err))
		return false;
	if (changed && !change->only_try && !send_change(p, owner, object, &labels, err))
		return false;
	*before = old;
	*after = tags_of(p, &labels);
	return true;
}

static bool set_tags(struct palette *p, const struct owner *owner,
		     const struct palette_tag_change *change, struct palette_tags *before,
		     struct palette_tags *after, struct error *err)
{
	struct buf object;
	bool ok;

	if (!get_owner(p, owner, &object, err))
		return false;
	ok = change_object(p, owner, text_trim(buf_text(&object)), change, before, after, err);
	buf_fini(&object);
	return ok;
}

bool palette_set_cluster_tags(struct palette *p, const char *project, const char *uid,
			      const struct palette_tag_change *change, struct palette_tags *before,
			      struct palette_tags *after, struct error *err)
{
	struct owner owner = cluster_owner(p, project, uid);

	return set_tags(p, &owner, change, before, after, err);
}

bool palette_set_profile_tags(struct palette *p, const char *project, const char *uid,
			      const struct palette_tag_change *change, struct palette_tags *before,
			      struct palette_tags *after, struct error *err)
{
	struct owner owner = profile_owner(p, project, uid);

	return set_tags(p, &owner, change, before, after, err);
}
