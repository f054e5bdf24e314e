/* What the catalog knows of people. */
#include <stdlib.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "http/http.h"
#include "json/json.h"

enum {
	KEPT_MS = 60 * 1000,
	MOST_PEOPLE = 8192,
	MOST_BYTES = 4 * 1024 * 1024,
	LARGEST_ENTITY = 1024 * 1024,
};

struct digest_map *emails_new(void)
{
	return digest_map_new(MOST_PEOPLE, MOST_BYTES, free);
}

/* "user:default/ada" as the path of the entity; false for what is no whole reference. */
static bool path_of(struct arena *a, const char *reference, const char **path)
{
	struct text rest = text_of(reference);
	struct text kind;
	struct text space;

	if (!text_next(&rest, ':', &kind) || rest.ptr == NULL || !text_next(&rest, '/', &space) ||
	    rest.ptr == NULL || kind.len == 0 || space.len == 0 || rest.len == 0)
		return false;
	*path = http_url(a, "/entities/by-name/%s/%s/%s", arena_copy(a, kind), arena_copy(a, space),
			 arena_copy(a, rest));
	return true;
}

/* NULL: there is none. */
static bool read_email(struct arena *a, const struct http_fetch *fetch, const char **email,
		       struct error *err)
{
	struct text entity;
	struct error unused;

	if (fetch->end == HTTP_FETCH_DONE && fetch->status == 404) {
		*email = NULL;
		return true;
	}
	if (fetch->end == HTTP_FETCH_CANCELLED)
		return error_set(err, ERROR_CANCELLED,
				 "The catalog was not asked: the caller has called it off");
	if (fetch->end != HTTP_FETCH_DONE || fetch->status != 200 ||
	    !json_check(buf_text(&fetch->answer), &entity, &unused) ||
	    json_type_of(entity) != JSON_TYPE_OBJECT)
		return error_set(err, ERROR_UNAVAILABLE,
				 "The catalog could not be asked for the caller's e-mail address "
				 "(%s)",
				 fetch->end != HTTP_FETCH_DONE ? fetch->problem
				 : fetch->status != 200        ? "it did not answer with 200"
							       : "its answer is no entity");
	*email = json_string_at(a, entity, "/spec/profile/email", NULL);
	if (*email != NULL && (*email)[0] == '\0')
		*email = NULL;
	return true;
}

/* ---- the gate ---- */

static bool may_ask(struct catalog_gate *gate)
{
	return !atomic_load(&gate->silent) || clock_turn(&gate->ask_again_ms, SLOW_MS);
}

bool catalog_fetch(struct backstage *b, const struct backstage_call *call,
		   const struct principal *principal, const struct plugin_request *request,
		   struct http_fetch *fetch, struct error *err)
{
	struct catalog_gate *gate = &b->catalog_gate;
	bool sent;

	*fetch = (struct http_fetch){.end = HTTP_FETCH_UNREACHABLE};
	if (!may_ask(gate))
		return error_set(err, ERROR_UNAVAILABLE, "The catalog does not answer");
	if (atomic_fetch_add(&gate->waiting, 1) >= most_waiting(b->config)) {
		atomic_fetch_sub(&gate->waiting, 1);
		return error_set(err, ERROR_UNAVAILABLE,
				 "Too many requests wait for the catalog at the moment");
	}
	sent = plugin_fetch(b, call, principal, request, fetch, err);
	atomic_fetch_sub(&gate->waiting, 1);
	/* That a caller left, or had no time left, says nothing about the catalog. */
	if (sent && (fetch->end == HTTP_FETCH_DONE || (fetch->end != HTTP_FETCH_CANCELLED &&
						       clock_left_ms(call->deadline_ms) > 0))) {
		atomic_store(&gate->ask_again_ms, clock_now_ms() + SLOW_MS);
		atomic_store(&gate->silent, fetch->end != HTTP_FETCH_DONE);
	}
	return sent;
}

/* ---- e-mail addresses ---- */

static bool ask(struct backstage *b, const struct backstage_call *call,
		const struct principal *principal, const char **email, struct error *err)
{
	struct plugin_request request = {
		.plugin = "catalog",
		.method = "GET",
		.timeout_ms = b->config->backstage_timeout_ms,
		.max_bytes = LARGEST_ENTITY,
	};
	struct http_fetch fetch;
	bool ok;

	if (!path_of(call->arena, principal->subject, &request.path)) {
		*email = NULL;
		return true;
	}
	ok = catalog_fetch(b, call, principal, &request, &fetch, err) &&
	     read_email(call->arena, &fetch, email, err);
	http_fetch_fini(&fetch);
	return ok;
}

struct copy {
	struct arena *arena;
	const char **email;
};

/* "" stands for none. */
static void copy_email(void *context, const void *value)
{
	struct copy *copy = context;
	struct text email = text_of(value);

	*copy->email = email.len == 0 ? NULL : arena_copy(copy->arena, email);
}

bool backstage_user_email(struct backstage *b, const struct backstage_call *call,
			  const struct principal *principal, const char **email, struct error *err)
{
	const struct text parts[] = {text_of(principal->subject), principal->on_behalf};
	struct copy copy = {call->arena, email};
	struct digest key;
	const char *found = NULL;
	struct text kept;

	digest_of(parts, ARRAY_LEN(parts), &key);
	if (digest_map_get(b->emails, &key, clock_now_ms(), copy_email, &copy))
		return true;
	if (!ask(b, call, principal, &found, err))
		return false;
	kept = found == NULL ? TEXT("") : text_of(found);
	digest_map_put(b->emails, &key, heap_copy(kept), kept.len + 1, clock_now_ms() + KEPT_MS);
	*email = found;
	return true;
}
