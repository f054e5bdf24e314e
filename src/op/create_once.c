/* A create with an Idempotency-Key: what is written down of it, and what is answered from that. */
#include "op/create_once.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	LASTS_MS = 24 * 3600 * 1000,
	/* After the request's deadline, for writing down what became of it, and for clocks that
	 * differ: whoever has not said anything by then has died. */
	GRACE_MS = 10000,
	STORE_MS = 5000, /* for each question */
	SETTLE_MS = 5000,
	SETTLE_PAUSE_MS = 250,
	RELEASE_MS = 1000,
	TRY_AGAIN_S = 2,
};

/* ---- what a key is for ---- */

static struct text text_or_empty(const char *s)
{
	return s == NULL ? TEXT("") : text_of(s);
}

static void identify(const struct call *c, const char *key, struct digest *id)
{
	const struct text parts[] = {
		text_of(c->op->name),
		text_or_empty(c->principal.subject),
		text_or_empty(c->principal.actor),
		c->user_email.ptr == NULL ? TEXT("") : c->user_email,
		text_or_empty(c->environment->name),
		text_or_empty(c->environment->url),
		text_or_empty(call_string(c, "projectUid")),
		text_of(key),
	};

	digest_of(parts, ARRAY_LEN(parts), id);
}

/* What a model writes anew is the same if it means the same; a body of HTTP is sent again as it is.
 */
static struct text what_is_wanted(const struct call *c)
{
	struct text request = creation_request(c);
	struct text out;
	struct buf b;

	if (c->op->tool == NULL)
		return request;
	buf_init(&b, 6 * request.len);
	json_put_sorted(&b, c->arena, request);
	out = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

static void digest_body(const struct call *c, char hex[2 * DIGEST_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";
	const struct text parts[] = {text_of(c->op->name), what_is_wanted(c)};
	struct digest digest;

	digest_of(parts, ARRAY_LEN(parts), &digest);
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		hex[2 * i] = digits[digest.bytes[i] >> 4];
		hex[2 * i + 1] = digits[digest.bytes[i] & 15];
	}
	hex[2 * DIGEST_SIZE] = '\0';
}

/* ---- notes ---- */

/* {"body","name"}, and of what is done {"status","answer"} or {"status","message","details"}. False
 * where that is too long to be kept. */
static bool write_note(struct call *c, const struct creation *creation, struct creation_once *once,
		       const struct result *res, const struct error *err)
{
	struct json_writer w;
	struct buf b;
	bool ok;

	buf_init(&b, STORE_LONGEST_NOTE);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "body", once->body);
	json_put_pair(&w, "name", creation->name);
	if (err != NULL) {
		json_key(&w, "status");
		json_put_int(&w, error_face(err->kind)->http_status);
		json_put_pair(&w, "message", err->message);
		json_key(&w, "details");
		json_put_raw(&w, err->details.len > 0 ? err->details : TEXT("{}"));
	} else if (res != NULL) {
		json_key(&w, "status");
		json_put_int(&w, res->status);
		json_key(&w, "answer");
		json_put_raw(&w, res->body);
	}
	json_object_end(&w);
	ok = buf_complete(&b);
	if (ok)
		once->deed.note = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return ok;
}

/* ---- what is there already ---- */

/* Details of an error for programs. name: NULL where it is not known. */
static enum once_next refuse(struct call *c, const char *outcome, const char *name,
			     struct error *err)
{
	struct json_writer w;
	struct buf b;

	buf_init(&b, STORE_LONGEST_NOTE);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "outcome", outcome);
	if (name != NULL)
		json_put_pair(&w, "clusterName", name);
	json_object_end(&w);
	err->details = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return ONCE_REFUSED;
}

static const char *name_of(struct call *c, const struct store_once *found)
{
	return found->note.ptr == NULL ? NULL
				       : json_string_at(c->arena, found->note, "/name", NULL);
}

static enum once_next refuse_unknown(struct call *c, const struct creation_once *once,
				     const struct store_once *found, struct error *err)
{
	const char *name = name_of(c, found);

	if (name == NULL)
		error_set(err, ERROR_CONFLICT,
			  "What became of the first request with this %s is not "
			  "known: what was kept of it cannot be read. Look whether the cluster is "
			  "there, and use another key to create one",
			  once->key_name);
	else
		error_set(err, ERROR_CONFLICT,
			  "What became of the first request with this %s is not "
			  "known. Palette may have created the cluster: look for one named %s, and "
			  "use another key to create one",
			  once->key_name, name);
	return refuse(c, "unknown", name, err);
}

static enum once_next refuse_running(struct call *c, const struct creation_once *once,
				     const struct store_once *found, struct error *err)
{
	error_set(err, ERROR_CONFLICT,
		  "The first request with this %s is still being worked on; send it "
		  "again in a moment",
		  once->key_name);
	err->retry_after_s = TRY_AGAIN_S;
	return refuse(c, "running", name_of(c, found), err);
}

static bool kind_of(int64_t status, enum error_kind *kind)
{
	static const enum error_kind kinds[] = {ERROR_INPUT, ERROR_CONFLICT, ERROR_UNPROCESSABLE};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (error_face(kinds[i])->http_status != status)
			continue;
		*kind = kinds[i];
		return true;
	}
	return false;
}

static enum once_next replay(struct call *c, const struct creation_once *once,
			     const struct store_once *found, struct result *res, struct error *err)
{
	enum error_kind kind;
	struct text part;
	int64_t status;

	if (!json_member(found->note, "status", &part) || !json_int(part, &status))
		return refuse_unknown(c, once, found, err);
	if (kind_of(status, &kind)) {
		error_set(err, kind, "%s", json_string_at(c->arena, found->note, "/message", ""));
		if (json_member(found->note, "details", &part))
			err->details = part;
		err->replayed = true;
		return ONCE_REFUSED;
	}
	if (!json_member(found->note, "answer", &part))
		return refuse_unknown(c, once, found, err);
	c->object = json_string_at(c->arena, part, "/uid", NULL);
	c->outcome = "replayed";
	res->status = (int)status;
	res->replayed = true;
	result_json(res, part);
	return ONCE_ANSWERED;
}

static enum once_next follow(struct call *c, const struct creation_once *once,
			     const struct store_once *found, struct result *res, struct error *err)
{
	if (found->stage == STORE_NOT_BEGUN)
		return ONCE_GO_ON;
	if (found->note.ptr == NULL)
		return refuse_unknown(c, once, found, err);
	if (strcmp(json_string_at(c->arena, found->note, "/body", ""), once->body) != 0) {
		error_set(err, ERROR_UNPROCESSABLE,
			  "This %s was used with another body: a new request needs a "
			  "new %s",
			  once->key_name, once->key_name);
		return ONCE_REFUSED;
	}
	if (found->stage == STORE_BEGUN && found->until_ms > clock_calendar_ms())
		return refuse_running(c, once, found, err);
	if (found->stage == STORE_DONE)
		return replay(c, once, found, res, err);
	return refuse_unknown(c, once, found, err);
}

/* Without the store nobody knows whether it was done before. */
static enum once_next refuse_without_store(struct call *c, const struct creation_once *once,
					   const struct error *why, struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
		  "Nothing was created, for the %s could not be written down: %s", once->key_name,
		  why->message);
	return refuse(c, "not created", NULL, err);
}

/* No longer than anybody would wait for a store. */
static int64_t store_deadline(const struct call *c)
{
	int64_t until_ms = clock_now_ms() + STORE_MS;

	return until_ms < c->deadline_ms ? until_ms : c->deadline_ms;
}

/* ---- the steps ---- */

enum once_next creation_once_look(struct call *c, const char *key_name, const char *key,
				  struct creation_once *once, struct result *res, struct error *err)
{
	struct store_once found;
	struct error why;

	*once = (struct creation_once){.is_keyed = key != NULL, .key_name = key_name};
	if (key == NULL)
		return ONCE_GO_ON;
	if (c->services->store == NULL) {
		error_set(err, ERROR_INPUT, "%s is of no use here: there is nowhere to keep it",
			  key_name);
		return ONCE_REFUSED;
	}
	identify(c, key, &once->deed.id);
	digest_body(c, once->body);
	if (!store_once_look(c->services->store, c->arena, &once->deed.id, store_deadline(c),
			     &found, &why))
		return refuse_without_store(c, once, &why, err);
	return follow(c, once, &found, res, err);
}

/* A failure of the store may have left it there as begun; if this fails as well, the key's outcome
 * counts as not known, which is on the safe side. */
static void take_back(struct call *c, const struct creation_once *once)
{
	struct error unused;

	(void)!store_once_release(c->services->store, &once->deed, clock_now_ms() + RELEASE_MS,
				  &unused);
}

enum once_next creation_once_begin(struct call *c, const struct creation *creation,
				   struct creation_once *once, struct result *res,
				   struct error *err)
{
	int64_t now_ms = clock_calendar_ms();
	struct store_once found;
	struct error why;
	bool begun = false;

	if (!once->is_keyed)
		return ONCE_GO_ON;
	once->deed.until_ms = now_ms + clock_left_ms(c->deadline_ms) + GRACE_MS;
	once->deed.expires_ms = now_ms + LASTS_MS;
	if (!write_note(c, creation, once, NULL, NULL)) {
		error_set(err, ERROR_INPUT, "the cluster's name is too long");
		return ONCE_REFUSED;
	}
	if (!store_once_begin(c->services->store, c->arena, &once->deed, store_deadline(c), &begun,
			      &found, &why)) {
		take_back(c, once);
		return refuse_without_store(c, once, &why, err);
	}
	return begun ? ONCE_GO_ON : follow(c, once, &found, res, err);
}

/* Whether Palette has looked at the request and said no to it. */
static bool is_refusal(const struct error *err)
{
	enum error_kind kind;

	return err->upstream_status >= 400 && err->upstream_status < 500 &&
	       kind_of(error_face(err->kind)->http_status, &kind);
}

/* Says what is to be kept of it; false: nothing. */
static bool note_outcome(struct call *c, const struct creation *creation,
			 struct creation_once *once, const struct result *res,
			 const struct error *err)
{
	once->deed.stage = STORE_DONE;
	if (err == NULL && write_note(c, creation, once, res, NULL))
		return true;
	if (err == NULL || err->maybe_done) {
		once->deed.stage = STORE_UNKNOWN; /* with the note that it began with */
		return true;
	}
	return is_refusal(err) && write_note(c, creation, once, NULL, err);
}

static bool write_down(struct call *c, const struct creation_once *once, bool keep,
		       int64_t deadline_ms, struct error *err)
{
	struct store *store = c->services->store;

	return keep ? store_once_settle(store, &once->deed, deadline_ms, err)
		    : store_once_release(store, &once->deed, deadline_ms, err);
}

void creation_once_settle(struct call *c, const struct creation *creation,
			  struct creation_once *once, const struct result *res,
			  const struct error *err)
{
	int64_t deadline_ms = clock_now_ms() + SETTLE_MS;
	struct error why;
	bool keep;

	if (!once->is_keyed)
		return;
	keep = note_outcome(c, creation, once, res, err);
	while (!write_down(c, once, keep, deadline_ms, &why)) {
		if (why.kind != ERROR_UNAVAILABLE ||
		    clock_left_ms(deadline_ms) <= SETTLE_PAUSE_MS) {
			log_warn("create.unsettled", F_STR("name", creation->name),
				 F_STR("error", why.message));
			return;
		}
		clock_sleep_ms(SETTLE_PAUSE_MS);
	}
}
