/* What it means when Palette answers with anything but success. */
#include <string.h>
#include <strings.h>

#include "palette/fetch.h"
#include "palette/mask.h"
#include "json/json.h"

enum {
	LONGEST_PART = 300,
	LONGEST_MASKED = 4096,
	LARGEST_DETAILS = 32 * 1024,
};

/* Palette's own words: {"code","message","details","ref"}; code is a string or a number. */
struct palette_problem {
	const char *code; /* arena; NULL if none */
	const char *message;
	const char *ref;
	struct text details; /* raw JSON; empty if none */
};

/* Text for a person: printable, of a length that fits into a sentence. */
static const char *printable(struct arena *a, const char *s)
{
	struct text t = text_slice(text_of(s), 0, LONGEST_PART);
	char *copy;

	if (s == NULL || t.len == 0)
		return NULL;
	while (t.len > 0 && !text_is_utf8(t))
		t.len--;
	copy = arena_copy(a, t);
	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = ' ';
	return strlen(s) > t.len ? arena_printf(a, "%s...", copy) : copy;
}

/* Palette may quote what it refuses, and with it a secret. The part of it that is shown alone,
 * since an answer of an upstream has no bound that is worth the time. */
static const char *without_secrets(struct arena *a, const char *s)
{
	const char *masked;
	struct buf out;

	if (s == NULL)
		return NULL;
	buf_init(&out, LONGEST_MASKED);
	(void)mask_yaml_text(text_of(s), &out);
	masked = buf_complete(&out) ? arena_copy(a, buf_text(&out)) : "***";
	buf_fini(&out);
	return masked;
}

static struct palette_problem read_problem(struct arena *a, struct text answer)
{
	struct palette_problem problem = {.details = TEXT("")};
	struct error ignored;
	struct text body;
	struct text part;
	int64_t number;

	if (!json_check(answer, &body, &ignored) || json_type_of(body) != JSON_TYPE_OBJECT)
		return problem;
	problem.code = printable(a, json_string_at(a, body, "/code", NULL));
	if (problem.code == NULL && json_at(body, "/code", &part) && json_int(part, &number))
		problem.code = arena_printf(a, "%lld", (long long)number);
	problem.message =
		without_secrets(a, printable(a, json_string_at(a, body, "/message", NULL)));
	problem.ref = printable(a, json_string_at(a, body, "/ref", NULL));
	if (json_at(body, "/details", &part) && json_type_of(part) == JSON_TYPE_OBJECT)
		problem.details = part;
	return problem;
}

static void put_masked_details(struct json_writer *w, struct text details)
{
	struct buf masked;

	buf_init(&masked, (size_t)LARGEST_DETAILS * 8);
	(void)mask_json(details, &masked);
	if (buf_complete(&masked)) {
		json_key(w, "details");
		json_put_raw(w, buf_text(&masked));
	}
	buf_fini(&masked);
}

/* {"palette":{"code":...,"message":...,"ref":...,"details":...}} for programs; empty where Palette
 * said nothing. */
static struct text problem_details(struct arena *a, const struct palette_problem *problem,
				   bool with_details)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	if (problem->code == NULL && problem->message == NULL)
		return TEXT("");
	buf_init(&b, (size_t)LARGEST_DETAILS * 10);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_key(&w, "palette");
	json_object_begin(&w);
	json_key(&w, "code");
	json_put_cstr(&w, problem->code);
	json_key(&w, "message");
	json_put_cstr(&w, problem->message);
	if (problem->ref != NULL) {
		json_key(&w, "ref");
		json_put_cstr(&w, problem->ref);
	}
	if (with_details && problem->details.len > 0 && problem->details.len < LARGEST_DETAILS)
		put_masked_details(&w, problem->details);
	json_object_end(&w);
	json_object_end(&w);
	out = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return out;
}

static bool is_about_body(const struct palette_request *r)
{
	return r->purpose == PALETTE_CREATE || r->purpose == PALETTE_CHECK ||
	       r->purpose == PALETTE_CHANGE;
}

/* Passes on what Palette said, in the kinds where it is about the caller's own request. */
static void with_palettes_words(const struct palette *p, const struct palette_request *r,
				enum error_kind kind, const struct palette_problem *problem,
				struct error *err)
{
	if (problem->message != NULL)
		error_set(err, kind, "%s: Palette says: %s", r->what, problem->message);
	else
		error_set(err, kind, "%s: Palette refused the request", r->what);
	err->details = problem_details(p->arena, problem, is_about_body(r));
}

void palette_say_unknown(const struct palette *p, const struct palette_request *r,
			 struct error *err)
{
	const char *more = ". Palette may have made the change all the same: look at what there is "
			   "before trying again";
	const char *name = printable(p->arena, r->name);
	size_t len = strlen(err->message);
	size_t more_len;

	if (r->purpose == PALETTE_CREATE)
		more = arena_printf(p->arena,
				    ". Palette may have created the cluster all the same: look for "
				    "one named %s before trying again",
				    name == NULL ? "so" : name);
	more_len = strlen(more);
	if (len + more_len >= sizeof err->message) /* this part counts more */
		len = sizeof err->message - 1 - more_len;
	memcpy(err->message + len, more, more_len + 1);
	err->maybe_done = true;
}

static const char *environment_name(const struct palette *p)
{
	return p->environment->name != NULL ? p->environment->name : "(unnamed)";
}

/* 403 with the operator's key: often just a scope that it was not meant for. */
static const char *scope_hint(const struct palette *p, const struct palette_request *r)
{
	if (r->project != NULL)
		return arena_printf(p->arena, ", asked for project %s", r->project);
	if (r->purpose == PALETTE_READ)
		return ". What belongs to a project is only found with its projectUid";
	return "";
}

static void credential_refused(const struct palette *p, const struct palette_request *r, int status,
			       const struct palette_problem *problem, struct error *err)
{
	if (p->credential == PALETTE_API_KEY) {
		error_set(err, ERROR_UPSTREAM,
			  "%s: Palette refused the apiToken configured for environment %s (%d)%s",
			  r->what, environment_name(p), status,
			  status == 403 ? scope_hint(p, r) : "");
	} else if (status == 403) {
		with_palettes_words(p, r, ERROR_DENIED, problem, err);
	} else {
		error_set(err, ERROR_UNAUTHENTICATED,
			  "%s: Palette no longer accepts your session; sign in to Palette again",
			  r->what);
		err->reauthenticate = true;
	}
}

static bool mentions_uid(const struct palette_problem *problem)
{
	return (problem->code != NULL && strcasestr(problem->code, "uid") != NULL) ||
	       (problem->message != NULL && strcasestr(problem->message, "uid") != NULL);
}

/* 400 and 422: about the caller's body on a create; about a uid on a read; else our own request. */
static void request_refused(const struct palette *p, const struct palette_request *r, int status,
			    const struct palette_problem *problem, struct error *err)
{
	if (is_about_body(r))
		with_palettes_words(p, r, status == 422 ? ERROR_UNPROCESSABLE : ERROR_INPUT,
				    problem, err);
	else if (r->purpose == PALETTE_READ && mentions_uid(problem))
		error_set(err, ERROR_NOT_FOUND, "%s not found", r->what);
	else if (r->purpose == PALETTE_READ)
		with_palettes_words(p, r, ERROR_INPUT, problem, err);
	else if (r->project != NULL && mentions_uid(problem))
		error_set(err, ERROR_NOT_FOUND, "%s: project %s not found", r->what, r->project);
	else
		error_set(err, ERROR_UPSTREAM, "%s: Palette refused our request with status %d",
			  r->what, status);
}

/* Palette may quote what it was sent; nobody else is to read that. */
static bool repeats_credential(const struct palette *p, struct text answer)
{
	const struct secret *token = &p->environment->api_token;
	struct text secret = p->credential == PALETTE_SESSION
				     ? p->session
				     : (struct text){token->ptr, token->len};

	return secret.len > 0 && answer.len > 0 &&
	       memmem(answer.ptr, answer.len, secret.ptr, secret.len) != NULL;
}

void palette_status_error(const struct palette *p, const struct palette_request *r, int status,
			  struct text answer, int retry_after_s, struct error *err)
{
	struct palette_problem problem =
		read_problem(p->arena, repeats_credential(p, answer) ? TEXT("") : answer);

	switch (status) {
	case 401:
	case 403:
		credential_refused(p, r, status, &problem, err);
		break;
	case 400:
	case 422:
		request_refused(p, r, status, &problem, err);
		break;
	case 404:
		if (is_about_body(r)) {
			with_palettes_words(p, r, ERROR_NOT_FOUND, &problem, err);
			break;
		}
		error_set(err, ERROR_NOT_FOUND, "%s not found", r->what);
		err->details = problem_details(p->arena, &problem, false);
		break;
	case 409:
		if (is_about_body(r))
			with_palettes_words(p, r, ERROR_CONFLICT, &problem, err);
		else
			error_set(err, ERROR_UPSTREAM, "%s: Palette answered with status 409",
				  r->what);
		break;
	case 429:
		error_set(err, ERROR_UNAVAILABLE,
			  "%s: Palette's rate limit is used up; try again later", r->what);
		err->retry_after_s = retry_after_s > 0 ? retry_after_s : 5;
		break;
	default:
		if (status >= 300 && status < 400)
			error_set(err, ERROR_UPSTREAM,
				  "%s: Palette answered with a redirect, which is not followed",
				  r->what);
		else
			error_set(err, ERROR_UPSTREAM, "%s: Palette failed with status %d", r->what,
				  status);
	}
}
