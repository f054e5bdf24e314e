/*
 * What Backstage's permission backend says about users: POST <permission>/authorize, on the user's
 * own behalf.
 *
 * A decision is kept for spectrocloud.permissions.cacheTtl, by the user, their token and the
 * permission.
 * A question that is on its way is not asked again: whoever has the same one waits for that answer.
 * No answer, and any answer that is not clearly ALLOW, is a refusal.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "json/json.h"

enum {
	MOST_DECISIONS = 16 * 1024,
	LARGEST_ANSWER = 64 * 1024,
	LARGEST_QUESTION = 4 * 1024,
	FAILURE_HELD_MS = 1000,  /* a question that failed is not asked again at once */
	GOOD_FOR_MS = 10 * 1000, /* an answer says for so long that the backend works */
	LOOK_AGAIN_MS = 1000,    /* while it fails */
	LOOK_MS = 2000,          /* how long a look waits, at most */
};

/* What the end of a question says about the backend. */
enum health {
	HEALTH_DOUBTFUL, /* it may be this caller's trouble alone: it is time to look */
	HEALTH_GOOD,     /* it answered, be it that it refuses this caller */
	HEALTH_BAD,      /* nobody can reach it */
	HEALTH_NONSENSE, /* no answer to what was asked, which no caller can bring about */
	HEALTH_UNKNOWN,  /* it was not asked */
};

/* How a question ended. */
struct outcome {
	bool answered;
	enum decision decision;
	const char *problem; /* static; NULL where it was answered */
	enum health health;
	bool cut; /* whoever asked left, or had less time than an answer may take */
};

/* A question that is being asked. */
struct flight {
	struct flight *next;
	struct digest key;
	int64_t began_ms;
	bool landed;
	struct outcome outcome;
	unsigned holders; /* who asks, and who waits for it */
};

struct decisions {
	struct backstage *b;
	unsigned most_waiting; /* callers, while the backend is slow */
	struct digest_map *known;
	pthread_mutex_t lock;
	pthread_cond_t landed;
	struct flight *flights;
	unsigned waiting;
	int64_t heard_ms;    /* when it last showed that it works; 0: never */
	int64_t looked_ms;   /* 0: never */
	bool doubtful;       /* a question failed: it is time to look */
	const char *failing; /* why nobody is asked now; NULL: it works, as far as is known */
	int64_t nonsense_ms; /* its last answer that was none; 0: never, or a good one came since */
	const char *nonsense;
};

/* What is kept of a question. */
struct kept {
	enum decision decision;
	const char *problem; /* static; NULL: it was answered */
};

struct decisions *decisions_new(struct backstage *b)
{
	struct decisions *d = heap_alloc(sizeof *d);

	d->b = b;
	d->most_waiting = most_waiting(b->config);
	d->known = digest_map_new(MOST_DECISIONS, SIZE_MAX, free);
	pthread_mutex_init(&d->lock, NULL);
	clock_cond_init(&d->landed);
	return d;
}

void decisions_free(struct decisions *d)
{
	if (d == NULL)
		return;
	digest_map_free(d->known);
	pthread_cond_destroy(&d->landed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* ---- the question and its answer ---- */

static void write_question(struct buf *out, const char *id, const struct permission *p)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "items");
	json_array_begin(&w);
	if (p != NULL) {
		json_object_begin(&w);
		json_key(&w, "id");
		json_put_cstr(&w, id);
		json_key(&w, "permission");
		json_object_begin(&w);
		json_key(&w, "type");
		json_put_cstr(&w, "basic");
		json_key(&w, "name");
		json_put_cstr(&w, p->name);
		json_key(&w, "attributes");
		json_object_begin(&w);
		json_key(&w, "action");
		json_put_cstr(&w, p->action);
		json_object_end(&w);
		json_object_end(&w);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
}

/* The one item of an answer; NULL if there is none, or more. */
static const json_t *single_item(const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items");

	return json_array_size(items) == 1 ? json_array_get(items, 0) : NULL;
}

static const char *problem_with_item(const json_t *item, const char *id, enum decision *decision)
{
	const char *given_id = json_string_value(json_object_get(item, "id"));
	const char *result = json_string_value(json_object_get(item, "result"));

	if (item == NULL)
		return "it did not answer exactly one question";
	if (given_id == NULL || strcmp(given_id, id) != 0)
		return "it answered another question";
	if (result == NULL || (strcmp(result, "ALLOW") != 0 && strcmp(result, "DENY") != 0))
		return "its answer is neither ALLOW nor DENY";
	*decision = strcmp(result, "ALLOW") == 0 ? DECISION_ALLOW : DECISION_DENY;
	return NULL;
}

bool decision_read(struct text body, const char *id, enum decision *decision, const char **problem)
{
	struct error unused;
	const char *wrong;
	json_t *answer;

	if (!json_tree_read(body, &answer, &unused)) {
		*problem = "its answer is not JSON";
		return false;
	}
	wrong = problem_with_item(single_item(answer), id, decision);
	json_decref(answer);
	if (wrong == NULL)
		return true;
	*problem = wrong;
	return false;
}

/* ---- asking ---- */

/* Whether it answered with an error of Backstage's own form, and so is there and at work. */
static bool is_backstage_error(const struct http_fetch *fetch)
{
	struct error unused;
	struct text document;
	struct text name;

	return fetch->end == HTTP_FETCH_DONE && fetch->status >= 400 &&
	       json_check(buf_text(&fetch->answer), &document, &unused) &&
	       json_at(document, "/error/name", &name) && json_type_of(name) == JSON_TYPE_STRING;
}

/* 401 and 403, and 404 for a user of whom Backstage knows nothing more than the name. */
static bool refuses(const struct http_fetch *fetch)
{
	return fetch->status < 500 && is_backstage_error(fetch);
}

static enum health health_of(const struct http_fetch *fetch, const struct outcome *outcome)
{
	/* A token that it does not accept may be ours: a look will tell. */
	if (outcome->answered || (refuses(fetch) && fetch->status != 401))
		return HEALTH_GOOD;
	if (fetch->end == HTTP_FETCH_TOO_LARGE ||
	    (fetch->end == HTTP_FETCH_DONE && fetch->status == 200))
		return HEALTH_NONSENSE;
	return fetch->end == HTTP_FETCH_UNREACHABLE ? HEALTH_BAD : HEALTH_DOUBTFUL;
}

static const char *status_problem(const struct http_fetch *fetch)
{
	if (fetch->end != HTTP_FETCH_DONE)
		return fetch->problem;
	if (refuses(fetch))
		return "it refused the question";
	return fetch->status == 200 ? NULL : "it did not answer with 200";
}

/* One question to the permission backend; the caller releases *fetch in any case. False with the
 * problem in *outcome where it could not be sent. */
static bool send_question(struct backstage *b, const struct backstage_call *call,
			  const struct principal *principal, const struct buf *question,
			  int timeout_ms, struct http_fetch *fetch, struct outcome *outcome)
{
	const struct plugin_request request = {
		.plugin = "permission",
		.method = "POST",
		.path = "/authorize",
		.body = buf_text(question),
		.timeout_ms = timeout_ms,
		.max_bytes = LARGEST_ANSWER,
	};
	struct error err;

	if (plugin_fetch(b, call, principal, &request, fetch, &err))
		return true;
	if (err.kind == ERROR_UNAVAILABLE) {
		outcome->problem = "the configuration does not say where it is";
	} else {
		outcome->problem = "the caller's token cannot be delegated";
		outcome->health = HEALTH_UNKNOWN;
	}
	return false;
}

static struct outcome ask(struct backstage *b, const struct backstage_call *call,
			  const struct principal *principal, const struct permission *permission)
{
	struct outcome outcome = {.answered = false};
	int timeout_ms = b->config->backstage_timeout_ms;
	struct http_fetch fetch;
	struct buf question;
	char id[UUID_SIZE];

	random_uuid(id);
	buf_init(&question, LARGEST_QUESTION);
	write_question(&question, id, permission);
	atomic_fetch_add(&b->counts.questions_asked, 1);
	if (send_question(b, call, principal, &question, timeout_ms, &fetch, &outcome)) {
		outcome.problem = status_problem(&fetch);
		outcome.answered = outcome.problem == NULL &&
				   decision_read(buf_text(&fetch.answer), id, &outcome.decision,
						 &outcome.problem);
		outcome.health = health_of(&fetch, &outcome);
		outcome.cut =
			fetch.end == HTTP_FETCH_CANCELLED ||
			(fetch.end == HTTP_FETCH_TOO_SLOW && clock_left_ms(call->deadline_ms) == 0);
	}
	http_fetch_fini(&fetch);
	buf_fini(&question);
	if (!outcome.answered && !http_cancelled(call->cancel)) {
		atomic_fetch_add(&b->counts.questions_failed, 1);
		log_warn("permission.unanswered", F_STR("permission", permission->name),
			 F_STR("principal", principal->subject), F_STR("problem", outcome.problem));
	}
	return outcome;
}

/* ---- one question at a time ---- */

static struct flight *find_flight(struct decisions *d, const struct digest *key)
{
	for (struct flight *f = d->flights; f != NULL; f = f->next)
		if (digest_equal(&f->key, key))
			return f;
	return NULL;
}

static void unlist_flight(struct decisions *d, struct flight *f)
{
	struct flight **at = &d->flights;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
}

static void release_flight(struct flight *f)
{
	if (--f->holders == 0)
		free(f);
}

/* Waits for somebody else's question, at most until the deadline. Under the lock. */
static struct outcome wait_for(struct decisions *d, struct flight *f, int64_t deadline_ms)
{
	struct outcome outcome = {.problem = "it did not answer in time"};

	f->holders++;
	while (!f->landed && clock_left_ms(deadline_ms) > 0)
		clock_cond_wait(&d->landed, &d->lock, deadline_ms);
	if (f->landed)
		outcome = f->outcome;
	release_flight(f);
	return outcome;
}

/* Also that it failed, for a moment: a caller who tries on and on costs little. */
static void keep(struct decisions *d, const struct digest *key, const struct outcome *outcome)
{
	int64_t ttl_ms =
		outcome->answered ? d->b->config->permission_cache_ttl_ms : FAILURE_HELD_MS;
	struct kept *copy;

	if (ttl_ms == 0 || outcome->cut)
		return;
	copy = heap_alloc(sizeof *copy);
	*copy = (struct kept){outcome->decision, outcome->problem};
	digest_map_put(d->known, key, copy, sizeof *copy, clock_now_ms() + ttl_ms);
}

static void now_fails(struct decisions *d, const char *problem)
{
	if (d->failing == NULL)
		log_warn("permission.backend_failed", F_STR("problem", problem));
	d->failing = problem;
}

static void now_works(struct decisions *d)
{
	if (d->failing != NULL)
		log_info("permission.backend_works");
	d->failing = NULL;
	d->doubtful = false;
	d->heard_ms = clock_now_ms();
}

/* One question's trouble may be its caller's: only a look, or a backend that nobody can reach, says
 * that it fails for all. */
static void note_health(struct decisions *d, const struct outcome *outcome)
{
	if (outcome->health == HEALTH_GOOD) {
		now_works(d);
		d->nonsense_ms = 0;
	} else if (outcome->health == HEALTH_NONSENSE) {
		d->nonsense_ms = clock_now_ms();
		d->nonsense = outcome->problem;
	} else if (outcome->health == HEALTH_BAD) {
		now_fails(d, outcome->problem);
	} else if (outcome->health == HEALTH_DOUBTFUL && !outcome->cut) {
		d->doubtful = true;
	}
}

/* Asks, with the lock given up meanwhile. */
static struct outcome fly(struct decisions *d, const struct backstage_call *call,
			  const struct principal *principal, const struct permission *permission,
			  const struct digest *key)
{
	struct flight *f = heap_alloc(sizeof *f);
	struct outcome outcome;

	*f = (struct flight){
		.next = d->flights, .key = *key, .began_ms = clock_now_ms(), .holders = 1};
	d->flights = f;
	pthread_mutex_unlock(&d->lock);
	outcome = ask(d->b, call, principal, permission);
	keep(d, key, &outcome);
	pthread_mutex_lock(&d->lock);
	f->outcome = outcome;
	f->landed = true;
	unlist_flight(d, f);
	release_flight(f);
	note_health(d, &outcome);
	pthread_cond_broadcast(&d->landed);
	return outcome;
}

static bool is_slow(const struct decisions *d)
{
	int64_t now_ms = clock_now_ms();

	for (const struct flight *f = d->flights; f != NULL; f = f->next)
		if (now_ms - f->began_ms > SLOW_MS)
			return true;
	return false;
}

static void copy_kept(void *context, const void *value)
{
	*(struct kept *)context = *(const struct kept *)value;
}

static bool is_remembered(struct decisions *d, const struct digest *key, struct outcome *outcome)
{
	struct kept kept;

	if (!digest_map_get(d->known, key, clock_now_ms(), copy_kept, &kept))
		return false;
	atomic_fetch_add(&d->b->counts.questions_recalled, 1);
	*outcome = (struct outcome){.answered = kept.problem == NULL,
				    .decision = kept.decision,
				    .problem = kept.problem};
	return true;
}

static bool refuse_to_wait(struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "The permission backend is slow, and too many requests wait for it");
}

/*
 * Asks, or waits for who does. Those who come when half of the workers wait already do not wait for
 * long, and not at all once it is known to be slow. Under the lock; false with err for those.
 */
static bool wait_or_ask(struct decisions *d, const struct backstage_call *call,
			const struct principal *principal, const struct permission *permission,
			const struct digest *key, struct outcome *outcome, struct error *err)
{
	bool hurried = d->waiting >= d->most_waiting;
	int64_t until_ms = clock_now_ms() + SLOW_MS;
	struct backstage_call how = *call;
	struct flight *f;

	if (hurried && is_slow(d))
		return refuse_to_wait(err);
	if (hurried && until_ms < how.deadline_ms)
		how.deadline_ms = until_ms;
	d->waiting++;
	f = find_flight(d, key);
	if (f != NULL)
		*outcome = wait_for(d, f, how.deadline_ms);
	/* Also where the one who asked had less time. */
	if (f == NULL || (outcome->cut && clock_left_ms(how.deadline_ms) > 0))
		*outcome = fly(d, &how, principal, permission, key);
	d->waiting--;
	if (hurried && !outcome->answered && clock_left_ms(how.deadline_ms) == 0)
		return refuse_to_wait(err);
	return true;
}

/* Under the lock. False, with err, where there must be no further one waiting. */
static bool find_out(struct decisions *d, const struct backstage_call *call,
		     const struct principal *principal, const struct permission *permission,
		     const struct digest *key, struct outcome *outcome, struct error *err)
{
	bool flying = find_flight(d, key) != NULL;

	/* It may have been answered since the caller looked. */
	if (!flying && is_remembered(d, key, outcome))
		return true;
	if (!flying && d->failing != NULL) {
		*outcome = (struct outcome){.problem = d->failing};
		return true;
	}
	return wait_or_ask(d, call, principal, permission, key, outcome, err);
}

bool decisions_ask(struct decisions *d, const struct backstage_call *call,
		   const struct principal *principal, const struct permission *permission,
		   struct error *err)
{
	/* on_behalf is empty for strangers and for users whose tokens cannot be delegated. */
	const char *who = principal->subject == NULL ? "" : principal->subject;
	const struct text parts[] = {principal->on_behalf, text_of(who), text_of(permission->name)};
	struct outcome outcome = {.answered = false};
	struct digest key;
	bool found = true;

	digest_of(parts, ARRAY_LEN(parts), &key);
	if (!is_remembered(d, &key, &outcome)) {
		pthread_mutex_lock(&d->lock);
		found = find_out(d, call, principal, permission, &key, &outcome, err);
		pthread_mutex_unlock(&d->lock);
	}
	if (!found)
		return false;
	if (!outcome.answered && http_cancelled(call->cancel))
		return error_set(err, ERROR_CANCELLED,
				 "The permission %s was not checked: the caller has called it off",
				 permission->name);
	if (!outcome.answered) {
		error_set(err, ERROR_DENIED,
			  "The permission %s could not be checked: the permission backend "
			  "gave no clear answer (%s)",
			  permission->name, outcome.problem);
		err->unclear = true;
		return false;
	}
	if (outcome.decision == DECISION_ALLOW)
		return true;
	return error_set(err, ERROR_DENIED, "The permission %s is denied to %s", permission->name,
			 principal->subject == NULL ? "callers who are not signed in"
						    : principal->subject);
}

/* ---- readiness ---- */

/* {"items":[]}, to a question without items. */
static bool answers_nothing(const struct http_fetch *fetch)
{
	struct error unused;
	struct text document;
	struct text items;
	struct text item;
	struct json_walk walk;

	if (fetch->end != HTTP_FETCH_DONE || fetch->status != 200 ||
	    !json_check(buf_text(&fetch->answer), &document, &unused) ||
	    !json_member(document, "items", &items) || json_type_of(items) != JSON_TYPE_ARRAY)
		return false;
	walk = json_walk_begin(items);
	return !json_walk_item(&walk, &item);
}

/*
 * A service's token gets 403 from it, which says that it is there, knows us and speaks Backstage's
 * protocol; without the default policy it may also answer the empty question.
 */
static struct outcome look(struct backstage *b, struct arena *a)
{
	int timeout_ms = b->config->backstage_timeout_ms < LOOK_MS ? b->config->backstage_timeout_ms
								   : LOOK_MS;
	const struct backstage_call call = {
		.arena = a, .deadline_ms = clock_now_ms() + timeout_ms, .may_wait = true};
	const struct principal nobody = {.kind = b->config->disable_default_auth_policy
							 ? PRINCIPAL_NONE
							 : PRINCIPAL_SERVICE};
	struct outcome outcome = {.answered = false};
	struct http_fetch fetch;
	struct buf question;

	buf_init(&question, LARGEST_QUESTION);
	write_question(&question, NULL, NULL);
	if (send_question(b, &call, &nobody, &question, timeout_ms, &fetch, &outcome)) {
		outcome.answered = answers_nothing(&fetch) ||
				   (is_backstage_error(&fetch) && fetch.status == 403);
		if (!outcome.answered)
			outcome.problem = status_problem(&fetch);
		if (!outcome.answered && outcome.problem == NULL)
			outcome.problem = "its answer is not what was asked for";
	}
	http_fetch_fini(&fetch);
	buf_fini(&question);
	return outcome;
}

/* Under the lock. */
static bool is_time_to_look(const struct decisions *d)
{
	int64_t now_ms = clock_now_ms();

	if (d->failing != NULL || d->doubtful)
		return now_ms - d->looked_ms >= LOOK_AGAIN_MS;
	return d->heard_ms == 0 || now_ms - d->heard_ms >= GOOD_FOR_MS;
}

void decisions_look(struct decisions *d)
{
	struct outcome outcome;
	struct arena arena;
	bool due;

	pthread_mutex_lock(&d->lock);
	due = is_time_to_look(d);
	pthread_mutex_unlock(&d->lock);
	if (!due)
		return;
	arena_init(&arena);
	outcome = look(d->b, &arena);
	arena_fini(&arena);
	pthread_mutex_lock(&d->lock);
	d->looked_ms = clock_now_ms();
	d->doubtful = false;
	if (outcome.answered)
		now_works(d);
	else
		now_fails(d, outcome.problem);
	pthread_mutex_unlock(&d->lock);
}

bool decisions_ready(struct decisions *d, struct error *err)
{
	const char *problem;

	pthread_mutex_lock(&d->lock);
	problem = d->failing;
	/* A look does not see what is wrong with answers to real questions. */
	if (problem == NULL && d->nonsense_ms != 0 && clock_now_ms() - d->nonsense_ms < GOOD_FOR_MS)
		problem = d->nonsense;
	pthread_mutex_unlock(&d->lock);
	return problem == NULL ||
	       error_set(err, ERROR_UNAVAILABLE,
			 "The permission backend does not answer as it should: %s", problem);
}
