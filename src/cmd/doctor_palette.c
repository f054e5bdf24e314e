/* Checks of the apiToken: whose it is, of which tenant, until when, what it may. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/doctor.h"
#include "cmd/doctor_palette.h"
#include "json/json.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* ---- a view of Palette ---- */

bool doctor_palette_open(struct doctor_task *t, struct palette **p)
{
	const struct text no_session = {NULL, 0};
	struct error err;

	if (palette_open(t->doctor->palette, t->environment, no_session, &t->arena, t->deadline_ms,
			 NULL, p, &err))
		return true;
	doctor_palette_failed(t, &err);
	return false;
}

void doctor_palette_failed(struct doctor_task *t, const struct error *err)
{
	doctor_answer(t, "%s", err->message);
	if (err->upstream_status == 401) {
		doctor_fault(t, "Palette does not take the apiToken");
		doctor_advice(
			t,
			"make a new API key in Palette (in the user's menu, My API Keys), and "
			"put it where %s comes from: `config show` says where that is",
			doctor_setting(t, "apiToken"));
	} else if (err->upstream_status == 429) {
		doctor_warn(t, "Palette's rate limit is reached");
		doctor_advice(t,
			      "it counts all requests from this address: look who else asks, and "
			      "set spectrocloud.upstream.ratePercent or replicas for that");
	} else if (err->upstream_status == 403) {
		doctor_skip(t, "the apiToken may not read that");
	} else {
		doctor_fault(t, "Palette gave no usable answer");
		doctor_advice(t, "try again; if it stays so, ask whoever runs Palette");
	}
}

/* The caller's own user, as Palette has it. user: borrowed from document. */
static bool read_me(struct doctor_task *t, struct palette_document *document, struct text *user)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_ME};
	struct palette *p;
	struct error err;
	bool ok;

	*document = (struct palette_document){.count = 0};
	doctor_tried(t, "GET /v1/users/me with the apiToken of %s",
		     doctor_environment(&t->arena, t->environment));
	if (!doctor_palette_open(t, &p))
		return false;
	ok = palette_document(p, &wanted, document, &err);
	palette_close(p);
	if (ok)
		*user = text_trim(palette_document_text(document));
	else
		doctor_palette_failed(t, &err);
	return ok;
}

static const char *at(struct doctor_task *t, struct text user, const char *pointer)
{
	const char *value = json_string_at(&t->arena, user, pointer, NULL);

	return value == NULL || *value == '\0' ? NULL : value;
}

/* ---- whose ---- */

void doctor_check_token(struct doctor_task *t)
{
	struct palette_document document;
	const char *email;
	struct text user;
	struct text active;
	bool is_active = true;

	if (!read_me(t, &document, &user))
		return;
	email = at(t, user, "/spec/emailId");
	if (json_at(user, "/status/isActive", &active))
		(void)json_bool(active, &is_active);
	if (is_active) {
		doctor_ok(t, "the apiToken is the API key of %s",
			  email == NULL ? "a user without an e-mail address" : email);
	} else {
		doctor_warn(t, "the apiToken is the API key of %s, who is not active",
			    email == NULL ? "a user" : email);
		doctor_answer(t, "status.isActive is false");
		doctor_advice(t, "activate the user in Palette, or use another's key");
	}
	palette_document_fini(&document);
}

void doctor_check_tenant(struct doctor_task *t)
{
	struct palette_document document;
	const char *wanted = t->environment->tenant;
	const char *found;
	struct text user;

	if (!read_me(t, &document, &user))
		return;
	found = at(t, user, "/status/tenant/orgName");
	if (found == NULL) {
		doctor_skip(t, "Palette does not say of which tenant it is");
	} else if (wanted == NULL) {
		doctor_ok(t, "the apiToken is of the tenant %s; none is configured", found);
	} else if (text_equal_nocase(text_of(wanted), text_of(found))) {
		doctor_ok(t, "the apiToken is of the tenant %s", found);
	} else {
		doctor_fault(t, "the apiToken is of another tenant");
		doctor_answer(t, "the key is of the tenant %s, and %s is %s", found,
			      doctor_setting(t, "tenant"), wanted);
		doctor_advice(t, "use a key of %s, or set the tenant to %s", wanted, found);
	}
	palette_document_fini(&document);
}

/* ---- until when ---- */

struct keys {
	size_t count;
	int64_t first_end_ms; /* 0: none ends */
};

static void count_key(struct doctor_task *t, struct text item, const char *user, struct keys *keys)
{
	const char *owner = at(t, item, "/spec/user/uid");
	const char *expiry = at(t, item, "/spec/expiry");
	struct text active;
	bool is_active = true;
	int64_t end_ms = 0;

	if (json_at(item, "/status/isActive", &active))
		(void)json_bool(active, &is_active);
	if (!is_active || owner == NULL || strcmp(owner, user) != 0)
		return;
	/* One that has ended is not the one that was just taken; year 1 is "never". */
	if (expiry != NULL && clock_parse_iso(text_of(expiry), &end_ms) && end_ms > 0 &&
	    end_ms <= clock_calendar_ms())
		return;
	keys->count++;
	if (end_ms > 0 && (keys->first_end_ms == 0 || end_ms < keys->first_end_ms))
		keys->first_end_ms = end_ms;
}

static void judge_keys(struct doctor_task *t, const struct keys *keys)
{
	int64_t left_ms = keys->first_end_ms - clock_calendar_ms();
	const char *which =
		keys->count == 1
			? "the apiToken"
			: arena_printf(&t->arena, "the first of the user's %zu keys", keys->count);

	if (keys->count == 0) {
		doctor_skip(t, "Palette lists no key of this user");
	} else if (keys->first_end_ms == 0) {
		doctor_ok(t, "the apiToken does not end");
	} else if (left_ms >= (int64_t)DOCTOR_EXPIRY_DAYS * DAY_MS) {
		doctor_ok(t, "%s ends on %s", which, doctor_date(&t->arena, keys->first_end_ms));
	} else {
		doctor_warn(t, "%s ends in %s", which, doctor_duration(&t->arena, left_ms));
		doctor_answer(
			t, "a key that ends on %s%s", doctor_date(&t->arena, keys->first_end_ms),
			keys->count == 1 ? "" : "; which of them is used, Palette does not say");
		doctor_advice(t, "make a new one in time; the service takes it without a restart");
	}
}

void doctor_check_token_end(struct doctor_task *t)
{
	struct palette_document document;
	struct keys keys = {.count = 0};
	const char *user_uid;
	struct palette *p;
	struct text items;
	struct text user;
	struct error err;
	struct buf out;

	if (!read_me(t, &document, &user))
		return;
	user_uid = json_string_at(&t->arena, user, "/metadata/uid", "");
	palette_document_fini(&document);
	doctor_tried(t, "GET /v1/apiKeys");
	if (!doctor_palette_open(t, &p))
		return;
	if (!palette_api_keys(p, &out, &err)) {
		palette_close(p);
		if (err.upstream_status == 429)
			doctor_palette_failed(t, &err);
		else
			doctor_skip(t, "Palette does not tell this user when keys end");
		return;
	}
	palette_close(p);
	if (json_member(text_trim(buf_text(&out)), "items", &items)) {
		struct json_walk walk = json_walk_begin(items);
		struct text item;

		while (json_walk_item(&walk, &item))
			count_key(t, item, user_uid, &keys);
	}
	buf_fini(&out);
	judge_keys(t, &keys);
}

/* ---- what it may ---- */

/* What this service does, or an operator may let it do; the rest is more than it needs. */
static bool is_needed(struct text permission)
{
	static const char *const changes[] = {"cluster.create", "cluster.update",
					      "virtualCluster.create", "virtualCluster.update",
					      "clusterProfile.update"};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		if (text_is(permission, changes[i]))
			return true;
	return text_ends(permission, ".get") || text_ends(permission, ".list");
}

struct rights {
	bool sees_clusters;
	bool creates;
	struct doctor_names more;
	struct text seen[64]; /* of `more`, so that each is named once */
};

static void add_right(struct doctor_task *t, struct rights *r, struct text permission)
{
	r->sees_clusters = r->sees_clusters || text_is(permission, "cluster.get") ||
			   text_is(permission, "cluster.list");
	r->creates = r->creates || text_is(permission, "cluster.create");
	if (is_needed(permission))
		return;
	for (size_t i = 0; i < r->more.count && i < ARRAY_LEN(r->seen); i++)
		if (text_equal(r->seen[i], permission))
			return;
	if (r->more.count < ARRAY_LEN(r->seen)) {
		r->seen[r->more.count] = permission;
		doctor_name(t, &r->more, "%.*s", (int)permission.len, permission.ptr);
	}
}

static void add_rights(struct doctor_task *t, struct rights *r, struct text list)
{
	struct json_walk walk = json_walk_begin(list);
	struct text permission;
	struct text item;

	while (json_walk_item(&walk, &item))
		if (json_unescape(&t->arena, item, &permission))
			add_right(t, r, permission);
}

static void read_rights(struct doctor_task *t, struct text user, struct rights *r)
{
	struct json_walk walk;
	struct text value;
	struct text key;

	if (json_at(user, "/status/tenantPermissions/tenant", &value))
		add_rights(t, r, value);
	if (!json_at(user, "/status/projectPermissions", &value))
		return;
	walk = json_walk_begin(value);
	while (json_walk_member(&walk, &key, &value))
		add_rights(t, r, value);
}

void doctor_check_rights(struct doctor_task *t)
{
	struct rights rights = {.sees_clusters = false};
	struct palette_document document;
	struct text user;

	if (!read_me(t, &document, &user))
		return;
	read_rights(t, user, &rights);
	if (!rights.sees_clusters) {
		doctor_fault(t, "the apiToken may see no cluster");
		doctor_answer(t, "neither cluster.get nor cluster.list is among its permissions");
		doctor_advice(t,
			      "give the user a role in Palette that may read, in the tenant or in "
			      "the projects that are to be seen");
	} else if (rights.more.count > 0) {
		doctor_warn(t, "the apiToken may more than this service ever does");
		doctor_answer(t, "%s", doctor_names_text(t, &rights.more));
		doctor_advice(t,
			      "give the user a role that has no more than it needs: what it may, "
			      "whoever gets hold of the token may, too");
	} else {
		doctor_ok(t,
			  rights.creates
				  ? "the apiToken reads, and may create clusters"
				  : "the apiToken reads; creating clusters is refused by Palette");
	}
	palette_document_fini(&document);
}

/* ---- how often ---- */

void doctor_check_rate(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;
	struct palette_question q;
	struct palette_question *asked = &q;
	struct palette *p;

	if (!doctor_palette_open(t, &p))
		return;
	palette_set_anew(p, true);
	q = palette_account_names_question(p, NULL);
	doctor_tried(t, "GET %s", q.path);
	palette_ask(p, &asked, 1);
	palette_close(p);
	if (!q.ok && q.status != 403) {
		doctor_palette_failed(t, &q.error);
	} else if (c->upstream_rate_percent == 0) {
		doctor_warn(t, "requests are not paced");
		doctor_answer(t, "spectrocloud.upstream.ratePercent is 0");
		doctor_advice(t,
			      "leave it out, or Palette refuses requests when many come at once");
	} else {
		doctor_ok(t, "requests are paced to %d%% of Palette's limits%s",
			  c->upstream_rate_percent,
			  c->upstream_replicas > 1
				  ? arena_printf(&t->arena, ", shared by %d replicas",
						 c->upstream_replicas)
				  : "");
	}
}
