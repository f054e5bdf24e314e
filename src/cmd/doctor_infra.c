/* Checks of what clusters are made of: gateways and their addresses, cloud accounts, profiles. */
#include <string.h>

#include "cmd/doctor.h"
#include "cmd/doctor_palette.h"
#include "json/json.h"

enum { MOST_PROJECTS = 20 }; /* that are looked into: each is a question */

static const char *at(struct doctor_task *t, struct text item, const char *pointer)
{
	return json_string_at(&t->arena, item, pointer, "");
}

static bool flag_at(struct text item, const char *pointer)
{
	struct text value;
	bool flag = false;

	return json_at(item, pointer, &value) && json_bool(value, &flag) && flag;
}

/* ---- gateways ---- */

/* The system's own has no state to speak of. */
static bool runs(struct doctor_task *t, struct text gateway)
{
	return flag_at(gateway, "/spec/isSystem") ||
	       text_equal_nocase(text_of(at(t, gateway, "/status/state")), TEXT("Running"));
}

static bool is_unhealthy(struct doctor_task *t, struct text gateway)
{
	return text_equal_nocase(text_of(at(t, gateway, "/status/health/state")),
				 TEXT("UnHealthy"));
}

/* What a list of Palette's holds; borrows from the answer. */
static struct json_walk items_of(const struct buf *answer)
{
	struct text items;

	return json_walk_begin(
		json_member(text_trim(buf_text(answer)), "items", &items) ? items : TEXT("[]"));
}

/* answer: out, owned where it is true. */
static bool read_gateways(struct doctor_task *t, struct palette *p, struct buf *answer)
{
	struct error err;

	doctor_tried(t, "GET /v1/overlords");
	if (!palette_overlords(p, NULL, answer, &err)) {
		doctor_palette_failed(t, &err);
		return false;
	}
	return true;
}

void doctor_check_gateways(struct doctor_task *t)
{
	struct doctor_names bad = {.count = 0};
	struct json_walk walk;
	struct palette *p;
	struct buf answer;
	struct text item;
	size_t count = 0;

	if (!doctor_palette_open(t, &p))
		return;
	if (!read_gateways(t, p, &answer)) {
		palette_close(p);
		return;
	}
	walk = items_of(&answer);
	for (; json_walk_item(&walk, &item); count++) {
		if (!runs(t, item))
			doctor_name(t, &bad, "%s is %s", at(t, item, "/metadata/name"),
				    at(t, item, "/status/state"));
		else if (is_unhealthy(t, item))
			doctor_name(t, &bad, "%s is unhealthy", at(t, item, "/metadata/name"));
	}
	palette_close(p);
	buf_fini(&answer);
	if (bad.count == 0) {
		doctor_ok(t, "%zu of them, and none is down", count);
		return;
	}
	doctor_warn(t, "%zu of %zu gateways %s not run", bad.count, count,
		    bad.count == 1 ? "does" : "do");
	doctor_answer(t, "%s", doctor_names_text(t, &bad));
	doctor_advice(t,
		      "look at it in Palette (Tenant Settings, Private Cloud Gateways): until it "
		      "runs, nothing on its vSphere can be created or listed");
}

/* Addresses that a pool says are free; -1: it does not say. */
static long free_addresses(struct text pool)
{
	struct text list;

	if (!json_at(pool, "/status/availableIps", &list) || json_type_of(list) != JSON_TYPE_ARRAY)
		return -1;
	return (long)json_count_items(list);
}

struct pools {
	size_t count;
	struct doctor_names full;
};

static bool look_into_gateway(struct doctor_task *t, struct palette *p, struct text gateway,
			      struct pools *pools)
{
	struct json_walk walk;
	struct text item;
	struct error err;
	struct buf answer;

	if (!palette_ip_pools(p, NULL, at(t, gateway, "/metadata/uid"), &answer, &err)) {
		/* 404 is how Palette says that there are none. */
		if (err.upstream_status == 404 || err.upstream_status == 403)
			return true;
		doctor_palette_failed(t, &err);
		return false;
	}
	walk = items_of(&answer);
	for (; json_walk_item(&walk, &item); pools->count++)
		if (free_addresses(item) == 0)
			doctor_name(t, &pools->full, "%s of %s", at(t, item, "/metadata/name"),
				    at(t, gateway, "/metadata/name"));
	buf_fini(&answer);
	return true;
}

void doctor_check_ip_pools(struct doctor_task *t)
{
	struct pools pools = {.count = 0};
	struct json_walk walk;
	struct palette *p;
	struct buf answer;
	struct text item;
	bool ok = true;

	if (!doctor_palette_open(t, &p))
		return;
	if (!read_gateways(t, p, &answer)) {
		palette_close(p);
		return;
	}
	walk = items_of(&answer);
	while (ok && json_walk_item(&walk, &item))
		if (runs(t, item) && !flag_at(item, "/spec/isSystem"))
			ok = look_into_gateway(t, p, item, &pools);
	palette_close(p);
	buf_fini(&answer);
	if (!ok)
		return;
	if (pools.full.count == 0) {
		doctor_ok(t, "%zu of them, and none is used up", pools.count);
		return;
	}
	doctor_warn(t, "%zu of %zu IP pools %s no free address", pools.full.count, pools.count,
		    pools.full.count == 1 ? "has" : "have");
	doctor_tried(t, "GET /v1/overlords/vsphere/UID/pools");
	doctor_answer(t, "%s", doctor_names_text(t, &pools.full));
	doctor_advice(t, "make the pool larger in Palette, or free addresses by deleting clusters");
}

/* ---- what belongs to the tenant and to projects ---- */

typedef bool list_fn(struct palette *p, const char *project, struct palette_list *list,
		     struct error *err);

static bool fill(struct palette *p, struct palette_list *list, list_fn *ask,
		 const struct palette_me *me, struct error *err)
{
	if (!ask(p, NULL, list, err) && err->upstream_status != 403)
		return false;
	for (size_t i = 0; i < me->project_count && i < MOST_PROJECTS; i++)
		if (!ask(p, me->projects[i], list, err) && err->upstream_status != 403)
			return false;
	return true;
}

/* All that the caller can see, of the tenant and of the first projects. out: owned where it is
 * true. Says so itself where it fails. */
static bool read_list(struct doctor_task *t, list_fn *ask, struct buf *out, bool *partly)
{
	struct palette_me me = {.project_count = 0};
	struct palette_list list;
	struct palette *p;
	struct error err;
	bool ok;

	if (!doctor_palette_open(t, &p))
		return false;
	palette_list_init(&list, p, "items");
	ok = palette_me(p, &me, &err) && fill(p, &list, ask, &me, &err) &&
	     palette_list_finish(&list, out, &err);
	*partly = me.project_count > MOST_PROJECTS;
	palette_list_fini(&list);
	palette_close(p);
	if (!ok)
		doctor_palette_failed(t, &err);
	return ok;
}

static const char *how_much(bool partly)
{
	return partly ? ", of the tenant and its first 20 projects" : "";
}

/* ---- cloud accounts ---- */

/* Palette's words for one that is in order; most have no state at all. */
static bool is_valid(const char *state)
{
	static const char *const good[] = {"", "Active", "Running", "Success", "Valid", "Ready"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (text_equal_nocase(text_of(state), text_of(good[i])))
			return true;
	return false;
}

void doctor_check_accounts(struct doctor_task *t)
{
	struct doctor_names bad = {.count = 0};
	struct json_walk walk;
	struct text item;
	size_t count = 0;
	struct buf out;
	bool partly;

	doctor_tried(t, "GET /v1/cloudaccounts/summary");
	if (!read_list(t, palette_account_summaries, &out, &partly))
		return;
	walk = items_of(&out);
	for (; json_walk_item(&walk, &item); count++)
		if (!is_valid(at(t, item, "/status/state")))
			doctor_name(t, &bad, "%s (%s) is %s", at(t, item, "/metadata/name"),
				    at(t, item, "/kind"), at(t, item, "/status/state"));
	buf_fini(&out);
	if (bad.count > 0) {
		doctor_warn(t, "%zu of %zu cloud accounts %s not usable", bad.count, count,
			    bad.count == 1 ? "is" : "are");
		doctor_answer(t, "%s", doctor_names_text(t, &bad));
		doctor_advice(t,
			      "have its credentials validated in Palette (Tenant Settings, Cloud "
			      "Accounts)");
	} else if (count == 0) {
		doctor_ok(t, "there are none that the apiToken sees%s", how_much(partly));
	} else {
		doctor_ok(t, "%zu of them, and none is out of order%s", count, how_much(partly));
	}
}

/* ---- profiles ---- */

static bool ask_profiles(struct palette *p, const char *project, struct palette_list *list,
			 struct error *err)
{
	return palette_project_profiles(p, project, NULL, NULL, list, err);
}

void doctor_check_profiles(struct doctor_task *t)
{
	struct doctor_names drafts = {.count = 0};
	struct json_walk walk;
	struct text item;
	size_t count = 0;
	struct buf out;
	bool partly;

	doctor_tried(t, "POST /v1/dashboard/clusterprofiles, for the types infra and cluster");
	if (!read_list(t, ask_profiles, &out, &partly))
		return;
	walk = items_of(&out);
	for (; json_walk_item(&walk, &item); count++)
		if (!flag_at(item, "/status/isPublished"))
			doctor_name(t, &drafts, "%s", at(t, item, "/metadata/name"));
	buf_fini(&out);
	if (count > drafts.count) {
		doctor_ok(t, "%zu published, %zu draft%s%s", count - drafts.count, drafts.count,
			  drafts.count == 1 ? "" : "s", how_much(partly));
		return;
	}
	doctor_warn(t, "no profile is published: no cluster can be created");
	if (count == 0)
		doctor_answer(t, "the apiToken sees no profile at all");
	else
		doctor_answer(t, "only drafts: %s", doctor_names_text(t, &drafts));
	doctor_advice(t, "publish one in Palette (Profiles), or give the token's user the right to "
			 "see them");
}
