/*
 * Faults: rules set over the control port that make chosen requests fail in chosen ways. A rule
 * counts the requests that match it; skip, every and times say which of them it hits.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "parts.h"

enum effect {
	EFFECT_DELAY,
	EFFECT_STATUS,
	EFFECT_GARBAGE,
	EFFECT_NOT_OBJECT,
	EFFECT_HTML,
	EFFECT_DEEP,
	EFFECT_EMPTY,
	EFFECT_NUMERIC,
	EFFECT_REDIRECT,
	EFFECT_BAD_UTF8,
	EFFECT_REPEAT_TOKEN,
	EFFECT_EMPTY_PAGE,
	EFFECT_ENDLESS,
	EFFECT_SLOW_HEADERS,
	EFFECT_HANG,
	EFFECT_DRIP,
	EFFECT_TRUNCATE,
	EFFECT_WRONG_LENGTH,
	EFFECT_RESET,
	EFFECT_STALL,
	EFFECT_CUT_CHUNKS,
	EFFECT_OVERSIZED,
	EFFECT_FLOOD,
};

/* What each is called, and which member of a rule holds its amount. */
static const struct effect_row {
	const char *name;
	const char *amount;
	int64_t amount_default;
	int64_t amount_max;
} effects[] = {
	[EFFECT_DELAY] = {"delay", "ms", 1000, 600000},
	[EFFECT_STATUS] = {"status"},
	[EFFECT_GARBAGE] = {"garbage"},
	[EFFECT_NOT_OBJECT] = {"not-object"},
	[EFFECT_HTML] = {"html"},
	[EFFECT_OVERSIZED] = {"oversized", "bytes", 64 << 20, 1 << 30},
	[EFFECT_DEEP] = {"deep", "levels", 10000, 1 << 24},
	[EFFECT_EMPTY] = {"empty"},
	[EFFECT_NUMERIC] = {"numeric-error"},
	[EFFECT_REDIRECT] = {"redirect"},
	[EFFECT_BAD_UTF8] = {"bad-utf8"},
	[EFFECT_REPEAT_TOKEN] = {"repeat-token"},
	[EFFECT_EMPTY_PAGE] = {"empty-page"},
	[EFFECT_ENDLESS] = {"endless"},
	[EFFECT_SLOW_HEADERS] = {"slow-headers", "ms", 1000, 600000},
	[EFFECT_HANG] = {"hang"},
	[EFFECT_DRIP] = {"drip", "ms", 10, 60000},
	[EFFECT_TRUNCATE] = {"truncate", "bytes", 10, 1 << 30},
	[EFFECT_WRONG_LENGTH] = {"wrong-length", "bytes", 10, 1 << 30},
	[EFFECT_RESET] = {"reset", "bytes", 0, 1 << 30},
	[EFFECT_STALL] = {"stall", "bytes", 10, 1 << 30},
	[EFFECT_CUT_CHUNKS] = {"cut-chunks", "bytes", 10, 1 << 30},
	[EFFECT_FLOOD] = {"flood", "bytes", 64 << 20, 1 << 30},
};

struct fault {
	enum effect effect;
	int64_t amount;
	unsigned status; /* 0: the effect's own */
	char *body;      /* NULL: the effect's own */
	char *content_type;
	char *location;
	json_t *headers; /* an object of strings; NULL: none */
};

struct rule {
	struct rule *next;
	char *method; /* of what is matched; NULL: any */
	char *path_prefix;
	char *path_contains;
	char *project; /* "": no header */
	char *credential;
	int64_t times; /* left; -1: for ever */
	int64_t every;
	int64_t skip;
	uint64_t matched;
	uint64_t fired;
	struct fault fault;
};

struct faults {
	pthread_mutex_t lock;
	struct rule *rules; /* in the order they were given */
};

struct faults *faults_new(void)
{
	struct faults *f = heap_alloc(sizeof(*f));

	*f = (struct faults){.rules = NULL};
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

static char *copy_or_null(const char *s)
{
	return s == NULL ? NULL : heap_copy(text_of(s));
}

static void release_fault(struct fault *t)
{
	free(t->body);
	free(t->content_type);
	free(t->location);
	json_decref(t->headers);
}

void fault_free(struct fault *t)
{
	if (t == NULL)
		return;
	release_fault(t);
	free(t);
}

static void rule_free(struct rule *u)
{
	free(u->method);
	free(u->path_prefix);
	free(u->path_contains);
	free(u->project);
	free(u->credential);
	release_fault(&u->fault);
	free(u);
}

static bool is_of(const struct rule *u, const char *credential)
{
	return credential == NULL ||
	       (u->credential != NULL && strcmp(u->credential, credential) == 0);
}

void faults_clear(struct faults *f, const char *credential)
{
	struct rule **at = &f->rules;

	pthread_mutex_lock(&f->lock);
	while (*at != NULL) {
		struct rule *rule = *at;

		if (!is_of(rule, credential)) {
			at = &rule->next;
			continue;
		}
		*at = rule->next;
		rule_free(rule);
	}
	pthread_mutex_unlock(&f->lock);
}

void faults_free(struct faults *f)
{
	if (f == NULL)
		return;
	faults_clear(f, NULL);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* ---- reading a rule ---- */

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int64_t int_of(const json_t *object, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

static bool find_effect(const char *name, enum effect *effect)
{
	for (size_t i = 0; name != NULL && i < ARRAY_LEN(effects); i++) {
		if (strcmp(effects[i].name, name) == 0) {
			*effect = (enum effect)i;
			return true;
		}
	}
	return false;
}

/* A member that nobody reads is a typing error in a test, which would then test nothing. */
static const char *unknown_member(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL)
			return key;
	}
	return NULL;
}

static bool check_rule(const json_t *rule, char *message, size_t size)
{
	static const char *const members[] = {
		"match",   "times",       "every",    "skip", "fault", "status", "body",
		"headers", "contentType", "location", "ms",   "bytes", "levels", NULL};
	static const char *const matches[] = {"method",  "pathPrefix", "pathContains",
					      "project", "credential", NULL};
	const char *wrong = unknown_member(rule, members);
	enum effect effect;

	if (wrong == NULL)
		wrong = unknown_member(json_object_get(rule, "match"), matches);
	if (wrong != NULL)
		snprintf(message, size, "no member %s in a rule", wrong);
	else if (!find_effect(string_of(rule, "fault"), &effect))
		snprintf(message, size, "fault: not a kind of fault");
	else if (int_of(rule, "every", 1) < 1 || int_of(rule, "skip", 0) < 0)
		snprintf(message, size, "every must be at least 1, skip at least 0");
	else if (int_of(rule, "status", 500) < 200 || int_of(rule, "status", 500) > 599)
		snprintf(message, size, "status must be between 200 and 599");
	else
		return true;
	return false;
}

bool faults_add(struct faults *f, const json_t *rule, char *message, size_t size)
{
	const json_t *match = json_object_get(rule, "match");
	struct rule *u;
	struct rule **last;
	const struct effect_row *row;

	if (!check_rule(rule, message, size))
		return false;
	u = heap_alloc(sizeof(*u));
	*u = (struct rule){.method = copy_or_null(string_of(match, "method")),
			   .path_prefix = copy_or_null(string_of(match, "pathPrefix")),
			   .path_contains = copy_or_null(string_of(match, "pathContains")),
			   .project = copy_or_null(string_of(match, "project")),
			   .credential = copy_or_null(string_of(match, "credential")),
			   .times = int_of(rule, "times", -1),
			   .every = int_of(rule, "every", 1),
			   .skip = int_of(rule, "skip", 0),
			   .fault = {
				   .status = (unsigned)int_of(rule, "status", 0),
				   .body = copy_or_null(string_of(rule, "body")),
				   .content_type = copy_or_null(string_of(rule, "contentType")),
				   .location = copy_or_null(string_of(rule, "location")),
				   .headers = json_deep_copy(json_object_get(rule, "headers")),
			   }};
	find_effect(string_of(rule, "fault"), &u->fault.effect);
	row = &effects[u->fault.effect];
	u->fault.amount = row->amount == NULL ? 0 : int_of(rule, row->amount, row->amount_default);
	if (u->fault.amount < 0 || u->fault.amount > row->amount_max)
		u->fault.amount = row->amount_max;
	pthread_mutex_lock(&f->lock);
	for (last = &f->rules; *last != NULL; last = &(*last)->next)
		;
	*last = u;
	pthread_mutex_unlock(&f->lock);
	return true;
}

json_t *faults_report(struct faults *f)
{
	json_t *list = json_array();

	pthread_mutex_lock(&f->lock);
	for (const struct rule *u = f->rules; u != NULL; u = u->next)
		json_array_append_new(list,
				      json_pack("{s:s, s:s?, s:s?, s:s?, s:I, s:I, s:I}", "fault",
						effects[u->fault.effect].name, "method", u->method,
						"pathPrefix", u->path_prefix, "pathContains",
						u->path_contains, "timesLeft", (json_int_t)u->times,
						"matched", (json_int_t)u->matched, "fired",
						(json_int_t)u->fired));
	pthread_mutex_unlock(&f->lock);
	return list;
}

/* ---- choosing ---- */

static bool rule_matches(const struct rule *u, const struct request *r)
{
	const char *project = r->project_header == NULL ? "" : r->project_header;

	if (u->method != NULL && strcmp(u->method, r->method) != 0)
		return false;
	if (u->path_prefix != NULL && !text_starts(text_of(r->path), u->path_prefix))
		return false;
	if (u->path_contains != NULL && strstr(r->path, u->path_contains) == NULL)
		return false;
	if (u->project != NULL && strcmp(u->project, project) != 0)
		return false;
	return u->credential == NULL || strcmp(u->credential, scope_credential_name(r)) == 0;
}

/* Counts the match; whether it is one that is hit. */
static bool rule_fires(struct rule *u)
{
	int64_t past_skip = (int64_t)u->matched++ - u->skip;

	if (past_skip < 0 || past_skip % u->every != 0 || u->times == 0)
		return false;
	if (u->times > 0)
		u->times--;
	u->fired++;
	return true;
}

static struct fault *fault_copy(const struct fault *from)
{
	struct fault *t = heap_alloc(sizeof(*t));

	*t = *from;
	t->body = copy_or_null(from->body);
	t->content_type = copy_or_null(from->content_type);
	t->location = copy_or_null(from->location);
	t->headers = json_deep_copy(from->headers);
	return t;
}

struct fault *faults_take(struct faults *f, const struct request *r)
{
	struct fault *taken = NULL;

	pthread_mutex_lock(&f->lock);
	for (struct rule *u = f->rules; u != NULL && taken == NULL; u = u->next) {
		if (rule_matches(u, r) && rule_fires(u))
			taken = fault_copy(&u->fault);
	}
	pthread_mutex_unlock(&f->lock);
	return taken;
}

/* ---- effects ---- */

static void reply_text(struct reply *a, const struct fault *t, unsigned status, const char *type,
		       struct text body)
{
	if (t->content_type != NULL) {
		reply_header(a, "Content-Type", t->content_type);
		type = NULL;
	}
	reply_blob(a, t->status != 0 ? t->status : status, type,
		   blob_new(t->body != NULL ? text_of(t->body) : body));
}

static void reply_deep(struct reply *a, const struct fault *t)
{
	struct buf deep;

	buf_init(&deep, 2 * (size_t)t->amount + 64);
	buf_add_string(&deep, "{\"items\":");
	for (int64_t i = 0; i < t->amount; i++)
		buf_add_char(&deep, '[');
	for (int64_t i = 0; i < t->amount; i++)
		buf_add_char(&deep, ']');
	buf_add_char(&deep, '}');
	reply_text(a, t, 200, "application/json", buf_text(&deep));
	buf_fini(&deep);
}

static void reply_redirect(struct reply *a, const struct fault *t)
{
	reply_header(a, "Location", t->location != NULL ? t->location : "/v1/users/me");
	reply_text(a, t, 302, "text/html", TEXT("<a href=\"/\">Found</a>\n"));
}

static const char html_page[] = "<html><head><title>502 Bad Gateway</title></head>"
				"<body><h1>502 Bad Gateway</h1><hr>nginx</body></html>\r\n";

/* True if the effect is an answer of its own. */
static bool make_reply(const struct fault *t, struct reply *a)
{
	switch (t->effect) {
	case EFFECT_STATUS:
		if (t->body == NULL)
			reply_error(a, t->status != 0 ? t->status : 500, "SimulatedFault",
				    "a fault that was asked for");
		else
			reply_text(a, t, 500, "application/json", TEXT(""));
		return true;
	case EFFECT_GARBAGE:
		reply_text(a, t, 200, "application/json",
			   TEXT("{\"items\": [{\"metadata\": <oops"));
		return true;
	case EFFECT_NOT_OBJECT:
		reply_text(a, t, 200, "application/json", TEXT("\"just a string\""));
		return true;
	case EFFECT_HTML:
		reply_text(a, t, 502, "text/html", text_of(html_page));
		return true;
	case EFFECT_BAD_UTF8:
		reply_text(a, t, 200, "application/json",
			   TEXT("{\"metadata\":{\"name\":\"\xc3\x28\xff\"}}"));
		return true;
	case EFFECT_EMPTY:
		reply_text(a, t, 200, "application/json", TEXT(""));
		return true;
	case EFFECT_NUMERIC:
		reply_text(a, t, 404, "application/json",
			   TEXT("{\"code\":404,\"message\":\"path was not found\"}"));
		return true;
	case EFFECT_DEEP:
		reply_deep(a, t);
		return true;
	case EFFECT_REDIRECT:
		reply_redirect(a, t);
		return true;
	default:
		return false;
	}
}

static enum paging_fault paging_of(enum effect effect)
{
	switch (effect) {
	case EFFECT_REPEAT_TOKEN:
		return PAGING_REPEAT_TOKEN;
	case EFFECT_EMPTY_PAGE:
		return PAGING_EMPTY_PAGE;
	case EFFECT_ENDLESS:
		return PAGING_ENDLESS;
	default:
		return PAGING_HONEST;
	}
}

/* Nothing of the real answer is sent, so that nothing is to be done for it. */
static bool is_without_handler(enum effect effect)
{
	return effect == EFFECT_HANG || effect == EFFECT_OVERSIZED || effect == EFFECT_FLOOD;
}

bool fault_before(struct fault *t, struct request *r, struct reply *a)
{
	if (t->effect == EFFECT_DELAY)
		sim_wait(r->sim, r->fd, t->amount);
	r->paging_fault = paging_of(t->effect);
	if (make_reply(t, a))
		return true;
	if (t->effect < EFFECT_SLOW_HEADERS ||
	    (t->status == 0 && t->body == NULL && !is_without_handler(t->effect)))
		return false;
	reply_text(a, t, 200, "application/json", TEXT("{}"));
	return true;
}

void fault_after(struct fault *t, struct request *r, struct reply *a)
{
	static const enum wire wires[] = {
		[EFFECT_SLOW_HEADERS] = WIRE_SLOW_HEADERS,
		[EFFECT_HANG] = WIRE_HANG,
		[EFFECT_DRIP] = WIRE_DRIP,
		[EFFECT_TRUNCATE] = WIRE_TRUNCATE,
		[EFFECT_WRONG_LENGTH] = WIRE_WRONG_LENGTH,
		[EFFECT_RESET] = WIRE_RESET,
		[EFFECT_STALL] = WIRE_STALL,
		[EFFECT_CUT_CHUNKS] = WIRE_CUT_CHUNKS,
		[EFFECT_OVERSIZED] = WIRE_OVERSIZED,
		[EFFECT_FLOOD] = WIRE_FLOOD,
	};
	const char *name;
	json_t *value;

	json_object_foreach(t->headers, name, value)
	{
		if (json_is_string(value))
			reply_header(a, name, json_string_value(value));
	}
	if (t->effect >= EFFECT_SLOW_HEADERS)
		wire_send(r, a, wires[t->effect], t->amount);
}
