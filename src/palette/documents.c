/*
 * Documents: the answers that may be kept, and shared by all who ask with the same credential. One
 * row each; what has no row is asked anew every time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/cancel.h"
#include "palette/fetch.h"
#include "palette/kept.h"
#include "json/json.h"

typedef bool list_fn(struct palette *p, const struct palette_wanted *w, struct palette_list *list,
		     struct error *err);
typedef bool object_fn(struct palette *p, const struct palette_wanted *w, struct buf *out,
		       struct error *err);

struct row {
	const char *name; /* part of what it is kept by */
	const char *key;  /* of a list's items */
	list_fn *list;    /* of the two there is one */
	object_fn *object;
};

/* ---- what is asked ---- */

static bool list_clusters(struct palette *p, const struct palette_wanted *w,
			  struct palette_list *list, struct error *err)
{
	return palette_clusters(p, w->project, list, err);
}

static bool list_virtual_clusters(struct palette *p, const struct palette_wanted *w,
				  struct palette_list *list, struct error *err)
{
	return palette_virtual_clusters(p, w->project, list, err);
}

static bool list_projects(struct palette *p, const struct palette_wanted *w,
			  struct palette_list *list, struct error *err)
{
	(void)w;
	return palette_projects(p, list, err);
}

static bool list_my_projects(struct palette *p, const struct palette_wanted *w,
			     struct palette_list *list, struct error *err)
{
	(void)w;
	return palette_my_projects(p, list, err);
}

static bool list_profiles(struct palette *p, const struct palette_wanted *w,
			  struct palette_list *list, struct error *err)
{
	return palette_project_profiles(p, w->project, w->cloud_type, w->profile_type, list, err);
}

static bool list_cluster_groups(struct palette *p, const struct palette_wanted *w,
				struct palette_list *list, struct error *err)
{
	return palette_cluster_groups(p, w->project, list, err);
}

static bool get_cluster(struct palette *p, const struct palette_wanted *w, struct buf *out,
			struct error *err)
{
	return palette_cluster(p, w->project, w->uid, out, err);
}

static bool get_profile(struct palette *p, const struct palette_wanted *w, struct buf *out,
			struct error *err)
{
	return palette_profile(p, w->project, w->uid, out, err);
}

static bool get_cluster_group(struct palette *p, const struct palette_wanted *w, struct buf *out,
			      struct error *err)
{
	return palette_cluster_group(p, w->project, w->uid, out, err);
}

static bool get_me(struct palette *p, const struct palette_wanted *w, struct buf *out,
		   struct error *err)
{
	(void)w;
	return palette_get_ours(p, PALETTE_FORM_OBJECT, NULL, "/v1/users/me",
				"Looking up your user at Palette", out, err);
}

/* A virtual cluster is a cluster of a certain type: it is kept as that. */
static const struct row rows[PALETTE_DOCUMENTS] = {
	[PALETTE_DOCUMENT_CLUSTERS] = {"clusters", "clusters", list_clusters, NULL},
	[PALETTE_DOCUMENT_VIRTUAL_CLUSTERS] = {"virtual clusters", "virtualClusters",
					       list_virtual_clusters, NULL},
	[PALETTE_DOCUMENT_PROJECTS] = {"projects", "projects", list_projects, NULL},
	[PALETTE_DOCUMENT_MY_PROJECTS] = {"my projects", "projects", list_my_projects, NULL},
	[PALETTE_DOCUMENT_PROFILES] = {"profiles", "profiles", list_profiles, NULL},
	[PALETTE_DOCUMENT_CLUSTER_GROUPS] = {"cluster groups", "items", list_cluster_groups, NULL},
	[PALETTE_DOCUMENT_CLUSTER] = {"cluster", NULL, NULL, get_cluster},
	[PALETTE_DOCUMENT_VIRTUAL_CLUSTER] = {"cluster", NULL, NULL, get_cluster},
	[PALETTE_DOCUMENT_PROFILE] = {"profile", NULL, NULL, get_profile},
	[PALETTE_DOCUMENT_CLUSTER_GROUP] = {"cluster group", NULL, NULL, get_cluster_group},
	[PALETTE_DOCUMENT_ME] = {"me", NULL, NULL, get_me},
};

/* ---- under which key ---- */

void palette_credential_key(const struct palette *p, struct kept_key *key)
{
	struct text secret = p->session;

	if (p->credential == PALETTE_API_KEY)
		secret =
			(struct text){p->environment->api_token.ptr, p->environment->api_token.len};
	*key = (struct kept_key){.environment = p->environment_index,
				 .version = palette_version(p),
				 .credential_kind = p->credential};
	digest_of(&secret, 1, &key->credential);
}

static void make_key(const struct palette *p, const struct palette_wanted *w, struct kept_key *key)
{
	const char *const values[] = {rows[w->kind].name, w->project, w->uid, w->cloud_type,
				      w->profile_type};
	struct text parts[2 * ARRAY_LEN(values)];

	palette_credential_key(p, key);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		parts[2 * i] = values[i] == NULL ? TEXT("none") : TEXT("some");
		parts[2 * i + 1] = values[i] == NULL ? TEXT("") : text_of(values[i]);
	}
	digest_of(parts, ARRAY_LEN(parts), &key->question);
}

/* ---- asking ---- */

struct asking {
	struct palette *p;
	const struct palette_wanted *wanted;
};

static bool ask_list(struct palette *p, const struct row *row, const struct palette_wanted *w,
		     struct buf *json, size_t *count, struct error *err)
{
	struct palette_list list;
	bool ok;

	palette_list_init(&list, p, row->key);
	ok = row->list(p, w, &list, err) && palette_list_finish(&list, json, err);
	*count = list.count;
	palette_list_fini(&list);
	return ok;
}

static bool ask_palette(void *context, struct callers *callers, struct http_cancel *cancel,
			struct kept_answer *answer, struct error *err)
{
	const struct asking *asking = context;
	const struct row *row = &rows[asking->wanted->kind];
	struct palette *p = asking->p;
	struct http_cancel *own = p->cancel;
	struct buf json;
	size_t count = 0;
	bool ok;

	p->cancel = cancel;
	p->others = callers;
	ok = row->list != NULL ? ask_list(p, row, asking->wanted, &json, &count, err)
			       : row->object(p, asking->wanted, &json, err);
	p->cancel = own;
	p->others = NULL;
	if (ok)
		*answer = (struct kept_answer){.bytes = shared_new(&json), .count = count};
	return ok;
}

/* ---- waiting for who has asked the same ---- */

static void begin_wait(void *context)
{
	const struct asking *asking = context;

	palette_begin_wait(asking->p);
}

static void end_wait(void *context)
{
	const struct asking *asking = context;

	palette_end_wait(asking->p);
}

/* ---- refreshing ---- */

/* What a refresh needs of the call that wanted it, which will be over. */
struct refresh {
	struct palette_client *client;
	const struct config_environment *environment;
	struct kept_flight *flight;
	struct palette_wanted wanted; /* in the arena */
	struct secret session;        /* unset: the environment's own token is used */
	uint64_t caller;
	int64_t deadline_ms;
	int64_t ttl_ms;
	struct arena arena;
};

static const char *copy_or_null(struct arena *a, const char *string)
{
	return string == NULL ? NULL : arena_copy(a, text_of(string));
}

static void free_refresh(struct refresh *r)
{
	secret_wipe(&r->session);
	arena_fini(&r->arena);
	free(r);
}

static bool start_refresh(void *context, struct kept_flight *flight)
{
	const struct asking *asking = context;
	const struct palette_wanted *w = asking->wanted;
	const struct palette *p = asking->p;
	struct refresh *r = heap_alloc(sizeof *r);

	r->client = p->client;
	r->environment = p->environment;
	r->flight = flight;
	r->caller = p->caller;
	r->ttl_ms = palette_document_ttl(p, w->kind);
	arena_init(&r->arena);
	r->wanted = (struct palette_wanted){
		.kind = w->kind,
		.project = copy_or_null(&r->arena, w->project),
		.uid = copy_or_null(&r->arena, w->uid),
		.cloud_type = copy_or_null(&r->arena, w->cloud_type),
		.profile_type = copy_or_null(&r->arena, w->profile_type),
	};
	if (p->credential == PALETTE_SESSION)
		secret_set(&r->session, p->session);
	if (palette_start(p->client, r))
		return true;
	free_refresh(r);
	return false;
}

/* In the background: with a place of those who hold no worker. */
static bool ask_again(void *context, struct callers *callers, struct http_cancel *cancel,
		      struct kept_answer *answer, struct error *err)
{
	struct refresh *r = context;
	struct text session = {r->session.ptr, r->session.len};
	struct asking asking = {.wanted = &r->wanted};
	bool ok;

	if (!palette_open_aside(r->client, r->environment, session, &r->arena, r->deadline_ms,
				cancel, &asking.p, err))
		return false;
	asking.p->caller = r->caller;
	asking.p->refreshes = true;
	ok = ask_palette(&asking, callers, cancel, answer, err);
	palette_close(asking.p);
	return ok;
}

void palette_refresh(void *context, void *item)
{
	struct refresh *r = item;
	struct kept_question q = {.ttl_ms = r->ttl_ms,
				  .caller = r->caller,
				  .arena = &r->arena,
				  .ask = ask_again,
				  .context = r};

	(void)context;
	r->deadline_ms = clock_now_ms() + palette_request_timeout(r->client);
	q.until_ms = r->deadline_ms;
	kept_fly(palette_kept(r->client), r->flight, &q);
	free_refresh(r);
}

/* ---- documents ---- */

static bool is_virtual(const struct palette_document *document)
{
	struct text type;

	return json_at(text_trim(palette_document_text(document)), "/spec/cloudConfig/cloudType",
		       &type) &&
	       json_string_is(type, "nested");
}

bool palette_document(struct palette *p, const struct palette_wanted *wanted,
		      struct palette_document *document, struct error *err)
{
	struct asking asking = {.p = p, .wanted = wanted};
	struct palette_document found;
	struct kept_answer answer;
	struct kept_question q = {
		.ttl_ms = palette_document_ttl(p, wanted->kind),
		.anew = p->anew,
		.until_ms = p->deadline_ms,
		.caller = p->caller,
		.cancel = p->cancel,
		.arena = p->arena,
		.ask = ask_palette,
		.refresh = p->refreshes || !palette_refreshes(p->client) ? NULL : start_refresh,
		.begin_wait = begin_wait,
		.end_wait = end_wait,
		.context = &asking,
	};

	make_key(p, wanted, &q.key);
	if (!kept_read(palette_kept(p->client), &q, &answer, err))
		return false;
	found = (struct palette_document){
		.shared = answer.bytes,
		.count = answer.count,
		.age_s = answer.age_ms < 0 ? -1 : (int)(answer.age_ms / 1000),
	};
	if (wanted->kind == PALETTE_DOCUMENT_VIRTUAL_CLUSTER && !is_virtual(&found)) {
		palette_document_fini(&found);
		return error_set(err, ERROR_NOT_FOUND, "Cluster %s is not a virtual cluster",
				 wanted->uid);
	}
	*document = found;
	return true;
}

void palette_document_fini(struct palette_document *document)
{
	shared_unref(document->shared);
	*document = (struct palette_document){.shared = NULL};
}

struct text palette_document_text(const struct palette_document *document)
{
	return shared_text(document->shared);
}

int64_t palette_document_ttl(const struct palette *p, enum palette_document_kind kind)
{
	return rows[kind].list != NULL ? p->config->cache.lists_ms : p->config->cache.details_ms;
}
