/*
 * Bytes as Backstage's answers: of the permission backend, of the catalog, of whoever publishes
 * keys. Nobody is let in but by an answer that says so to our question, an e-mail address is the
 * one that the catalog has, and a token is good only by the key that signed it.
 *
 * The first byte chooses what is asked, the second a permission or a type of entities. The rest is
 * cut at bytes 0x1E into answers; the last one is given from then on. The first character of an
 * answer is its status: '+' 200, '4' 404, '3' 302, '5' 500, 'u' none at all. In it, "{id}" stands
 * for the id of the question, and "{key}" for the key that has signed.
 */
#include "fuzz/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;
static struct text rest;
static struct text last;

/* What was answered to the question of a permission: by the plainest reading there is. */
static bool said_yes;
static bool gave_key;

static bool says_allow(struct text body, const char *id)
{
	json_t *tree = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *items = json_object_get(tree, "items");
	json_t *item = json_array_get(items, 0);
	const char *given = json_string_value(json_object_get(item, "id"));
	const char *result = json_string_value(json_object_get(item, "result"));
	bool yes = json_array_size(items) == 1 && given != NULL && strcmp(given, id) == 0 &&
		   result != NULL && strcmp(result, "ALLOW") == 0;

	json_decref(tree);
	return yes;
}

/* The answer, with what stands for the question's own. */
static void fill_in(struct text piece, const char *id, struct buf *out)
{
	size_t at;

	while ((at = text_find(piece, '{')) != SIZE_MAX) {
		struct text mark;

		buf_add(out, text_slice(piece, 0, at));
		piece = text_slice(piece, at, SIZE_MAX);
		mark = text_starts(piece, "{id}")    ? TEXT("{id}")
		       : text_starts(piece, "{key}") ? TEXT("{key}")
						     : TEXT("{");
		if (mark.len == 4)
			buf_add_string(out, id);
		else if (mark.len == 5)
			jose_key_put_public(service.user_key, out);
		else
			buf_add(out, mark);
		gave_key = gave_key || mark.len == 5;
		piece = text_slice(piece, mark.len, SIZE_MAX);
	}
	buf_add(out, piece);
}

static void answer_next(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	struct arena a = {0};
	const char *id = json_string_at(&a, request->body, "/items/0/id", "");
	char how;

	(void)context;
	service_check_request(request);
	(void)text_next(&rest, '\x1E', &last);
	how = last.len == 0 ? '+' : last.ptr[0];
	answer->end = how == 'u' ? HTTP_FETCH_UNREACHABLE : HTTP_FETCH_DONE;
	answer->status = how == '4' ? 404 : how == '3' ? 302 : how == '5' ? 500 : 200;
	fill_in(text_slice(last, 1, SIZE_MAX), id, answer->body);
	said_yes = how != 'u' && answer->status == 200 && id[0] != '\0' &&
		   says_allow(buf_text(answer->body), id);
	arena_fini(&a);
}

/* ---- what is asked ---- */

/* Nobody has asked for this one before, so that nothing of them is remembered. */
static struct principal somebody(struct arena *a)
{
	static unsigned long count;

	return (struct principal){.kind = PRINCIPAL_USER,
				  .subject = arena_printf(a, "user:default/a%lu", count++),
				  .on_behalf = TEXT("limited.token." SERVICE_MARK),
				  .expires_s = now_s() + 3600};
}

static void ask_permission(const struct backstage_call *call, uint8_t which)
{
	enum permit permit = (enum permit)(which % PERMITS);
	struct principal who = somebody(call->arena);
	struct error err = {.message = ""};
	bool allowed;

	said_yes = false;
	allowed = backstage_authorize(service.services.backstage, call, &who, permit, &err);
	if (!allowed)
		service_check_error(&err);
	if (permission_of(permit) != NULL)
		must(allowed == said_yes, "who is allowed is who was said to be");
}

static bool has(const char *part)
{
	return memmem(last.ptr, last.len, part, strlen(part)) != NULL;
}

static void ask_email(const struct backstage_call *call)
{
	struct principal who = somebody(call->arena);
	struct error err = {.message = ""};
	const char *email = NULL;

	if (!backstage_user_email(service.services.backstage, call, &who, &email, &err))
		service_check_error(&err);
	else if (email != NULL)
		must(email[0] != '\0' && (has("email") || has("\\") || has("{id}")),
		     "an address is the catalog's");
}

static void check_entities(const struct catalog_entity *found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		must(text_starts(text_of(found[i].ref), "resource:"), "an entity has a reference");
}

static void ask_entities(const struct backstage_call *call, uint8_t which)
{
	enum catalog_type type = (enum catalog_type)(which % CATALOG_TYPES);
	struct catalog_wanted wanted = {.type = type, .title = "web"};
	struct principal who = somebody(call->arena);
	const struct catalog_entity *found = NULL;
	const struct catalog_entity *chosen = NULL;
	struct error err = {.message = ""};
	size_t count = 0;
	bool ok = which & 0x80 ? backstage_profile_users(service.services.backstage, call, &who,
							 type, &found, &count, &err)
			       : backstage_entities(service.services.backstage, call, &who, type,
						    "web", &found, &count, &err);

	if (ok)
		check_entities(found, count);
	if (!ok || !catalog_choose(call->arena, found, count, &wanted, &chosen, &err))
		service_check_error(&err);
	else
		must(chosen >= found && chosen < found + count, "one of them is chosen");
}

static void ask_entity(const struct backstage_call *call, uint8_t which)
{
	enum catalog_type type = (enum catalog_type)(which % CATALOG_TYPES);
	struct principal who = somebody(call->arena);
	struct catalog_entity found = {.ref = NULL};
	struct error err = {.message = ""};

	if (!backstage_entity(service.services.backstage, call, &who, type, "default/web", &found,
			      &err))
		service_check_error(&err);
	else if (found.ref != NULL)
		check_entities(&found, 1);
}

/* Of an issuer that nobody has asked before. */
static void ask_keys(const struct backstage_call *call)
{
	static const struct issuer_address at = {"x", "http://backstage.test/keys", true};
	static struct arena arena;
	static struct jose_token token;
	struct backstage *b = service.services.backstage;
	struct issuers *issuers = issuers_new(&service.http, &b->target, b->config, &b->counts);
	struct error err;

	if (token.compact.len == 0)
		must(jose_token_read(&arena, text_of(service_user_token(&service)), &token, &err),
		     "there is a token");
	gave_key = false;
	must(issuers_verify(issuers, &at, &token, call->deadline_ms) != ISSUER_GOOD || gave_key,
	     "only the key that has signed verifies");
	issuers_free(issuers);
}

static void look(void)
{
	struct decisions *decisions = decisions_new(service.services.backstage);
	struct error err = {.message = ""};

	decisions_look(decisions);
	if (!decisions_ready(decisions, &err))
		service_check_error(&err);
	decisions_free(decisions);
}

static void ask(const struct backstage_call *call, uint8_t what, uint8_t which)
{
	switch (what % 6) {
	case 0:
		ask_permission(call, which);
		break;
	case 1:
		ask_email(call);
		break;
	case 2:
		ask_entities(call, which);
		break;
	case 3:
		ask_entity(call, which);
		break;
	case 4:
		ask_keys(call);
		break;
	default:
		look();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backstage_call call = {.may_wait = true};
	struct arena arena = {0};

	if (service.config == NULL)
		service_open(&service, answer_next, NULL);
	if (size < 2 || service_holds_secret((struct text){(const char *)data, size}))
		return 0;
	rest = (struct text){(const char *)data + 2, size - 2};
	last = TEXT("");
	call.arena = &arena;
	call.deadline_ms = clock_now_ms() + 900;
	ask(&call, data[0], data[1]);
	arena_fini(&arena);
	service_forget(&service);
	return 0;
}
