/* What is kept of answers, and questions that are asked once for all who ask them together. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/cancel.h"
#include "palette/callers.h"
#include "palette/kept_inside.h"

enum { ROOM = 1024 * 1024, HOUR_MS = 3600 * 1000, PATIENCE_MS = 60 * 1000 };

/* The other side: what it says, and how often it was asked. */
struct world {
	struct kept *kept;
	atomic_uint asked;
	atomic_uint refreshes; /* begun */
	atomic_bool held;      /* it does not answer while this is set */
	atomic_bool fails;
	atomic_size_t callers; /* for whom was asked last */
	struct error error;    /* how */
	size_t size;           /* of an answer; 0: as short as it is */
	bool no_threads;       /* for refreshes */
};

/* One who asks, with what came of it. */
struct person {
	struct world *world;
	struct kept_question q;
	struct arena arena;
	struct kept_answer answer;
	struct error error;
	bool ok;
	pthread_t thread;
};

static struct world *world_new(size_t max_bytes)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	log_open(LOG_OFF, LOG_TEXT);
	w->kept = kept_new(max_bytes);
	return w;
}

static void world_free(struct world *w)
{
	kept_free(w->kept);
	free(w);
}

/* Until it is let go, called off, or the time of who asks is over. */
static bool answers(struct world *w, int64_t until_ms, struct http_cancel *cancel,
		    struct error *err)
{
	while (atomic_load(&w->held)) {
		if (http_cancel_wait_ms(cancel, 1))
			return error_set(err, ERROR_CANCELLED, "called off");
		if (clock_left_ms(until_ms) == 0)
			return error_set(err, ERROR_TIMEOUT, "too slow");
	}
	if (atomic_load(&w->fails)) {
		*err = w->error;
		return false;
	}
	return true;
}

static void count_caller(void *context, uint64_t caller)
{
	struct world *w = context;

	(void)caller;
	atomic_fetch_add(&w->callers, 1);
}

static bool ask(void *context, struct callers *callers, struct http_cancel *cancel,
		struct kept_answer *answer, struct error *err)
{
	struct person *p = context;
	unsigned number = atomic_fetch_add(&p->world->asked, 1) + 1;
	struct callers_watch watch;
	struct buf b;
	bool ok;

	callers_watch(callers, &watch, count_caller, p->world);
	ok = answers(p->world, p->q.until_ms, cancel, err);
	callers_unwatch(callers);
	if (!ok)
		return false;
	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "answer %u", number);
	while (b.len < p->world->size)
		buf_add_char(&b, 'x');
	*answer = (struct kept_answer){.bytes = shared_new(&b), .count = number};
	return true;
}

/* ---- refreshes ---- */

struct refresh {
	struct person person;
	struct kept_flight *flight;
};

static void *fly(void *argument)
{
	struct refresh *r = argument;

	kept_fly(r->person.world->kept, r->flight, &r->person.q);
	free(r);
	return NULL;
}

static bool refresh(void *context, struct kept_flight *flight)
{
	struct person *p = context;
	struct refresh *r;
	pthread_t thread;

	if (p->world->no_threads)
		return false;
	r = calloc(1, sizeof *r);
	assert_non_null(r);
	atomic_fetch_add(&p->world->refreshes, 1);
	r->person.world = p->world;
	r->person.q = p->q;
	r->person.q.context = &r->person;
	r->person.q.cancel = NULL;
	r->person.q.until_ms = clock_now_ms() + PATIENCE_MS;
	r->flight = flight;
	assert_int_equal(pthread_create(&thread, NULL, fly, r), 0);
	pthread_detach(thread);
	return true;
}

/* ---- people ---- */

static struct kept_key key_of(const char *credential, const char *question)
{
	struct kept_key key = {.environment = 0, .credential_kind = PALETTE_SESSION};
	struct text text = text_of(credential);

	digest_of(&text, 1, &key.credential);
	text = text_of(question);
	digest_of(&text, 1, &key.question);
	return key;
}

static struct person *person(struct world *w, const char *credential, const char *question)
{
	struct person *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->world = w;
	arena_init(&p->arena);
	p->q = (struct kept_question){
		.key = key_of(credential, question),
		.ttl_ms = HOUR_MS,
		.until_ms = clock_now_ms() + PATIENCE_MS,
		.arena = &p->arena,
		.ask = ask,
		.refresh = refresh,
		.context = p,
	};
	return p;
}

static void person_free(struct person *p)
{
	shared_unref(p->answer.bytes);
	arena_fini(&p->arena);
	free(p);
}

static void read_now(struct person *p)
{
	p->ok = kept_read(p->world->kept, &p->q, &p->answer, &p->error);
}

static void *read_in_thread(void *argument)
{
	read_now(argument);
	return NULL;
}

static void begin(struct person *p)
{
	assert_int_equal(pthread_create(&p->thread, NULL, read_in_thread, p), 0);
}

static void end(struct person *p)
{
	assert_int_equal(pthread_join(p->thread, NULL), 0);
}

/* What somebody is told now: the number of the answer. */
static size_t told(struct world *w, const char *credential, const char *question)
{
	struct person *p = person(w, credential, question);
	size_t number;

	read_now(p);
	assert_true(p->ok);
	number = p->answer.count;
	person_free(p);
	return number;
}

static struct palette_cache_statistics statistics(struct world *w)
{
	struct palette_cache_statistics s;

	kept_statistics(w->kept, &s);
	return s;
}

/* Waits until so many have waited for others in all. */
static void await_coalesced(struct world *w, uint64_t count)
{
	while (statistics(w).coalesced < count)
		clock_sleep_ms(1);
}

static void await_asked(struct world *w, unsigned count)
{
	while (atomic_load(&w->asked) < count)
		clock_sleep_ms(1);
}

static void await_quiet(struct world *w)
{
	size_t holders = 1;

	while (holders > 0) {
		pthread_mutex_lock(&w->kept->lock);
		holders = w->kept->holders;
		pthread_mutex_unlock(&w->kept->lock);
		clock_sleep_ms(1);
	}
}

/* Its time is over now; past: also that in which it may be answered all the same. */
static void make_old(struct world *w, const char *credential, const char *question, bool past)
{
	struct kept_key key = key_of(credential, question);
	struct kept_entry *e;

	pthread_mutex_lock(&w->kept->lock);
	e = kept_find(w->kept, &key);
	assert_non_null(e);
	e->fresh_until_ms = clock_now_ms();
	if (past)
		e->stale_until_ms = e->fresh_until_ms;
	pthread_mutex_unlock(&w->kept->lock);
}

/* ---- tests ---- */

static void equal_questions_are_asked_once(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *p;

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	p = person(w, "ada", "clusters");
	read_now(p);
	assert_true(p->ok);
	assert_int_equal(p->answer.count, 1);
	assert_true(p->answer.age_ms >= 0);
	assert_true(text_is(shared_text(p->answer.bytes), "answer 1"));
	person_free(p);
	assert_int_equal(statistics(w).hits, 1);
	assert_int_equal(statistics(w).misses, 1);
	assert_int_equal(statistics(w).entries, 1);
	world_free(w);
}

/* What Palette knew when it began to answer may be as old as that. */
static void an_answer_is_as_old_as_its_question(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *first = person(w, "ada", "clusters");
	struct person *second = person(w, "ada", "clusters");

	(void)state;
	atomic_store(&w->held, true);
	begin(first);
	await_asked(w, 1);
	clock_sleep_ms(30);
	atomic_store(&w->held, false);
	end(first);
	assert_int_equal(first->answer.age_ms, -1);
	read_now(second);
	assert_true(second->ok);
	assert_true(second->answer.age_ms >= 30);
	person_free(first);
	person_free(second);
	world_free(w);
}

static void nothing_is_shared_between_credentials(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *others[4];

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	assert_int_equal(told(w, "bob", "clusters"), 2);
	assert_int_equal(told(w, "ada", "clusters"), 1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		others[i] = person(w, "ada", "clusters");
	others[0]->q.key.credential_kind = PALETTE_API_KEY;
	others[1]->q.key.environment = 1;
	others[2]->q.key.credential.bytes[DIGEST_SIZE - 1] ^= 1;
	others[3]->q.key.question.bytes[DIGEST_SIZE - 1] ^= 1;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		read_now(others[i]);
		assert_int_equal(others[i]->answer.count, 3 + i);
		person_free(others[i]);
	}
	world_free(w);
}

static void nor_while_it_is_asked(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *ada = person(w, "ada", "clusters");
	struct person *bob = person(w, "bob", "clusters");

	(void)state;
	atomic_store(&w->held, true);
	begin(ada);
	begin(bob);
	await_asked(w, 2);
	atomic_store(&w->held, false);
	end(ada);
	end(bob);
	assert_int_equal(ada->answer.count + bob->answer.count, 3);
	assert_int_equal(statistics(w).coalesced, 0);
	person_free(ada);
	person_free(bob);
	world_free(w);
}

/* Several who ask the same together; the first of them asks. */
static void ask_together(struct world *w, struct person **people, size_t count)
{
	atomic_store(&w->held, true);
	for (size_t i = 0; i < count; i++) {
		begin(people[i]);
		await_asked(w, 1);
	}
	await_coalesced(w, count - 1);
}

static void who_asks_together_waits_for_one(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *people[5];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		people[i] = person(w, "ada", "clusters");
		people[i]->q.ttl_ms = 0; /* also where nothing is kept */
		people[i]->q.caller = i < 3 ? i : 2;
	}
	ask_together(w, people, ARRAY_LEN(people));
	while (atomic_load(&w->callers) < 3) /* who asks hears of them */
		clock_sleep_ms(1);
	atomic_store(&w->held, false);
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		end(people[i]);
		assert_true(people[i]->ok);
		assert_int_equal(people[i]->answer.count, 1);
		assert_int_equal(people[i]->answer.age_ms, -1);
		assert_ptr_equal(people[i]->answer.bytes, people[0]->answer.bytes);
	}
	assert_int_equal(atomic_load(&w->callers), 3);
	assert_int_equal(statistics(w).entries, 0);
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		person_free(people[i]);
	assert_int_equal(told(w, "ada", "clusters"), 2);
	world_free(w);
}

static void a_failure_is_everybody_s(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *people[3];

	(void)state;
	error_set(&w->error, ERROR_UNAVAILABLE, "Palette wants less");
	w->error.upstream_status = 429;
	w->error.retry_after_s = 7;
	w->error.details = TEXT("{\"code\":\"X\"}");
	atomic_store(&w->fails, true);
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		people[i] = person(w, "ada", "clusters");
	ask_together(w, people, ARRAY_LEN(people));
	atomic_store(&w->held, false);
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		end(people[i]);
		assert_false(people[i]->ok);
		assert_int_equal(people[i]->error.kind, ERROR_UNAVAILABLE);
		assert_string_equal(people[i]->error.message, "Palette wants less");
		assert_int_equal(people[i]->error.retry_after_s, 7);
		assert_true(text_is(people[i]->error.details, "{\"code\":\"X\"}"));
		person_free(people[i]);
	}
	assert_int_equal(atomic_load(&w->asked), 1);
	atomic_store(&w->fails, false);
	assert_int_equal(told(w, "ada", "clusters"), 2); /* an error is not kept */
	world_free(w);
}

static void who_has_the_most_time_takes_over(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *people[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		people[i] = person(w, "ada", "clusters");
	people[0]->q.until_ms = clock_now_ms() + 3000;
	people[1]->q.until_ms = clock_now_ms() + 40 * 1000;
	people[2]->q.until_ms = clock_now_ms() + 50 * 1000;
	people[3]->q.until_ms = clock_now_ms() + 45 * 1000;
	ask_together(w, people, ARRAY_LEN(people));
	end(people[0]);
	assert_int_equal(people[0]->error.kind, ERROR_TIMEOUT);
	await_asked(w, 2);
	/* It is the third who asks: nobody else's going ends it. */
	atomic_store(&w->held, false);
	for (size_t i = 1; i < ARRAY_LEN(people); i++) {
		end(people[i]);
		assert_true(people[i]->ok);
		assert_int_equal(people[i]->answer.count, 2);
	}
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		person_free(people[i]);
	assert_int_equal(told(w, "ada", "clusters"), 2);
	world_free(w);
}

static void who_waits_has_a_deadline_and_a_cancel(void **state)
{
	struct world *w = world_new(ROOM);
	struct http_cancel *cancel = http_cancel_new();
	struct person *people[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		people[i] = person(w, "ada", "clusters");
	people[1]->q.until_ms = clock_now_ms() + 200;
	people[2]->q.cancel = cancel;
	ask_together(w, people, ARRAY_LEN(people));
	end(people[1]);
	assert_int_equal(people[1]->error.kind, ERROR_TIMEOUT);
	http_cancel_set(cancel);
	end(people[2]);
	assert_int_equal(people[2]->error.kind, ERROR_CANCELLED);
	atomic_store(&w->held, false);
	end(people[0]);
	assert_true(people[0]->ok);
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		person_free(people[i]);
	http_cancel_free(cancel);
	world_free(w);
}

static void what_somebody_waits_for_is_not_given_up(void **state)
{
	struct world *w = world_new(ROOM);
	struct http_cancel *cancels[2] = {http_cancel_new(), http_cancel_new()};
	struct person *people[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		people[i] = person(w, "ada", "clusters");
		people[i]->q.cancel = cancels[i];
	}
	ask_together(w, people, 2);
	http_cancel_set(cancels[0]); /* of the one who asks */
	clock_sleep_ms(20);
	atomic_store(&w->held, false);
	end(people[1]);
	end(people[0]);
	assert_true(people[1]->ok);
	assert_int_equal(atomic_load(&w->asked), 1);
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		person_free(people[i]);
		http_cancel_free(cancels[i]);
	}
	world_free(w);
}

static void it_is_when_the_last_one_leaves(void **state)
{
	struct world *w = world_new(ROOM);
	struct http_cancel *cancels[2] = {http_cancel_new(), http_cancel_new()};
	struct person *people[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		people[i] = person(w, "ada", "clusters");
		people[i]->q.cancel = cancels[i];
	}
	ask_together(w, people, 2);
	http_cancel_set(cancels[0]);
	http_cancel_set(cancels[1]); /* the answer is held still: both end all the same */
	for (size_t i = 0; i < ARRAY_LEN(people); i++) {
		end(people[i]);
		assert_int_equal(people[i]->error.kind, ERROR_CANCELLED);
		person_free(people[i]);
		http_cancel_free(cancels[i]);
	}
	atomic_store(&w->held, false);
	assert_int_equal(told(w, "ada", "clusters"), 2);
	world_free(w);
}

static void what_was_not_used_for_longest_goes_first(void **state)
{
	struct world *w = world_new(40000);
	struct palette_cache_statistics s;
	char name[16];

	(void)state;
	w->size = 6000; /* four of them fit, with room for their compressed forms */
	for (unsigned i = 1; i <= 4; i++) {
		snprintf(name, sizeof name, "%u", i);
		assert_int_equal(told(w, "ada", name), i);
	}
	assert_int_equal(statistics(w).entries, 4);
	assert_int_equal(told(w, "ada", "1"), 1);
	assert_int_equal(told(w, "ada", "5"), 5);
	s = statistics(w);
	assert_true(s.bytes <= 40000);
	assert_int_equal(s.entries, 4);
	assert_int_equal(s.evicted, 1);
	assert_int_equal(told(w, "ada", "1"), 1);
	assert_int_equal(told(w, "ada", "2"), 6);
	world_free(w);
}

static void what_is_too_large_is_shared_but_not_kept(void **state)
{
	struct world *w = world_new(10000);
	struct person *people[2] = {person(w, "ada", "all"), person(w, "ada", "all")};

	(void)state;
	w->size = 20000;
	ask_together(w, people, 2);
	atomic_store(&w->held, false);
	end(people[0]);
	end(people[1]);
	assert_int_equal(people[1]->answer.count, 1);
	person_free(people[0]);
	person_free(people[1]);
	assert_int_equal(statistics(w).entries, 0);
	assert_int_equal(statistics(w).bytes, 0);
	assert_int_equal(told(w, "ada", "all"), 2);
	world_free(w);
}

static void make_short(struct text plain, struct buf *out)
{
	buf_init(out, SIZE_MAX);
	buf_add(out, text_slice(plain, 0, 5));
}

static void make_long(struct text plain, struct buf *out)
{
	buf_init(out, SIZE_MAX);
	for (int i = 0; i < 10; i++)
		buf_add(out, plain);
}

static void a_compressed_form_counts(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *p = person(w, "ada", "a");
	struct buf own;
	size_t before;

	(void)state;
	w->size = 4000;
	read_now(p);
	before = statistics(w).bytes;
	assert_true(before >= 4000 + 1000);
	assert_true(text_is(shared_form(p->answer.bytes, make_short, &own), "answe"));
	assert_int_equal(own.len, 0);
	assert_int_equal(told(w, "ada", "a"), 1); /* now it is known how large it is */
	assert_true(statistics(w).bytes < before - 900);
	person_free(p);

	p = person(w, "ada", "b");
	read_now(p);
	before = statistics(w).bytes;
	assert_int_equal(shared_form(p->answer.bytes, make_long, &own).len, 40000);
	assert_int_equal(own.len, 40000); /* the caller's alone */
	buf_fini(&own);
	assert_int_equal(told(w, "ada", "b"), 2);
	assert_int_equal(statistics(w).bytes, before);
	person_free(p);
	world_free(w);
}

static void past_its_time_it_is_answered_while_one_asks(void **state)
{
	struct world *w = world_new(ROOM);

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	make_old(w, "ada", "clusters", false);
	atomic_store(&w->held, true);
	for (int i = 0; i < 5; i++)
		assert_int_equal(told(w, "ada", "clusters"), 1);
	await_asked(w, 2);
	assert_int_equal(atomic_load(&w->refreshes), 1);
	atomic_store(&w->held, false);
	await_quiet(w);
	assert_int_equal(told(w, "ada", "clusters"), 2);
	assert_int_equal(atomic_load(&w->asked), 2);
	assert_int_equal(statistics(w).stale, 5);
	assert_int_equal(statistics(w).entries, 1);
	world_free(w);
}

static void past_that_it_is_waited_for(void **state)
{
	struct world *w = world_new(ROOM);

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	make_old(w, "ada", "clusters", true);
	assert_int_equal(told(w, "ada", "clusters"), 2);
	assert_int_equal(atomic_load(&w->refreshes), 0);
	world_free(w);
}

static void without_a_thread_it_stays_as_it_is(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *p;

	(void)state;
	w->no_threads = true;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	make_old(w, "ada", "clusters", false);
	assert_int_equal(told(w, "ada", "clusters"), 1);
	p = person(w, "ada", "clusters");
	p->q.refresh = NULL; /* who can have no refresh waits */
	read_now(p);
	assert_int_equal(p->answer.count, 2);
	person_free(p);
	world_free(w);
}

static void refresh_that_fails(int status, bool stays)
{
	struct world *w = world_new(ROOM);

	assert_int_equal(told(w, "ada", "clusters"), 1);
	make_old(w, "ada", "clusters", false);
	error_set(&w->error, ERROR_UPSTREAM, "no");
	w->error.upstream_status = status;
	atomic_store(&w->fails, true);
	assert_int_equal(told(w, "ada", "clusters"), 1);
	await_quiet(w);
	assert_int_equal(statistics(w).entries, stays ? 1 : 0);
	atomic_store(&w->fails, false);
	assert_int_equal(told(w, "ada", "clusters"), stays ? 1 : 3);
	await_quiet(w);
	world_free(w);
}

static void a_refused_refresh_drops_it(void **state)
{
	(void)state;
	refresh_that_fails(401, false);
	refresh_that_fails(403, false);
	refresh_that_fails(404, false);
}

static void after_another_failure_it_stays(void **state)
{
	(void)state;
	refresh_that_fails(0, true);
	refresh_that_fails(500, true);
	refresh_that_fails(429, true);
}

static void a_change_drops_what_is_there_and_what_comes(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *p = person(w, "bob", "clusters");

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	atomic_store(&w->held, true);
	begin(p);
	await_asked(w, 2);
	kept_drop_environment(w->kept, 1);
	assert_int_equal(statistics(w).entries, 1);
	kept_drop_environment(w->kept, 0);
	assert_int_equal(statistics(w).entries, 0);
	assert_int_equal(statistics(w).dropped, 1);
	atomic_store(&w->held, false);
	/* Nobody joins what was begun before, and it is not kept. */
	assert_int_equal(told(w, "bob", "clusters"), 3);
	end(p);
	assert_true(p->ok);
	assert_int_equal(told(w, "bob", "clusters"), 3);
	assert_int_equal(told(w, "ada", "clusters"), 4);
	person_free(p);
	world_free(w);
}

static void a_refused_credential_drops_its_own(void **state)
{
	struct world *w = world_new(ROOM);
	struct kept_key key = key_of("ada", "");

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	assert_int_equal(told(w, "ada", "projects"), 2);
	assert_int_equal(told(w, "bob", "clusters"), 3);
	kept_drop_credential(w->kept, &key);
	assert_int_equal(statistics(w).entries, 1);
	assert_int_equal(told(w, "bob", "clusters"), 3);
	assert_int_equal(told(w, "ada", "clusters"), 4);
	world_free(w);
}

static void anew_neither_what_is_kept_nor_what_was_begun(void **state)
{
	struct world *w = world_new(ROOM);
	struct person *first = person(w, "ada", "clusters");
	struct person *anew = person(w, "ada", "clusters");

	(void)state;
	atomic_store(&w->held, true);
	begin(first);
	await_asked(w, 1);
	anew->q.anew = true;
	begin(anew);
	await_asked(w, 2);
	atomic_store(&w->held, false);
	end(first);
	end(anew);
	assert_int_equal(anew->answer.count, 2);
	assert_int_equal(first->answer.count, 1);
	/* The newer one is kept, whichever came last. */
	assert_int_equal(told(w, "ada", "clusters"), 2);
	shared_unref(anew->answer.bytes);
	read_now(anew);
	assert_int_equal(anew->answer.count, 3);
	assert_int_equal(told(w, "ada", "clusters"), 3);
	person_free(first);
	person_free(anew);
	world_free(w);
}

static void the_end_calls_off_a_refresh(void **state)
{
	struct world *w = world_new(ROOM);

	(void)state;
	assert_int_equal(told(w, "ada", "clusters"), 1);
	make_old(w, "ada", "clusters", false);
	atomic_store(&w->held, true);
	assert_int_equal(told(w, "ada", "clusters"), 1);
	await_asked(w, 2);
	world_free(w); /* which waits for it */
}

/* ---- many threads ---- */

enum { THREADS = 8, ROUNDS = 200 };

static void *read_and_change(void *argument)
{
	static const char *const credentials[] = {"ada", "bob"};
	static const char *const questions[] = {"clusters", "projects", "groups"};
	struct world *w = argument;
	unsigned salt = (unsigned)(uintptr_t)pthread_self() / 4096U;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = salt * 31U + i * 7U;
		struct http_cancel *cancel = http_cancel_new();
		struct person *p = person(w, credentials[n % 2], questions[n / 2 % 3]);
		struct buf own;

		p->q.ttl_ms = 1;
		p->q.anew = n % 11 == 0;
		p->q.cancel = cancel;
		if (n % 13 == 0)
			http_cancel_set(cancel);
		read_now(p);
		if (p->ok) {
			(void)shared_form(p->answer.bytes, make_short, &own);
			buf_fini(&own);
		} else {
			assert_int_equal(p->error.kind, ERROR_CANCELLED);
		}
		if (n % 17 == 0)
			kept_drop_environment(w->kept, 0);
		person_free(p);
		http_cancel_free(cancel);
	}
	return NULL;
}

static void many_at_once(void **state)
{
	struct world *w = world_new(20000);
	pthread_t threads[THREADS];

	(void)state;
	w->size = 1000;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_and_change, w), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	await_quiet(w);
	assert_true(statistics(w).bytes <= 20000);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_questions_are_asked_once),
		cmocka_unit_test(an_answer_is_as_old_as_its_question),
		cmocka_unit_test(nothing_is_shared_between_credentials),
		cmocka_unit_test(nor_while_it_is_asked),
		cmocka_unit_test(who_asks_together_waits_for_one),
		cmocka_unit_test(a_failure_is_everybody_s),
		cmocka_unit_test(who_has_the_most_time_takes_over),
		cmocka_unit_test(who_waits_has_a_deadline_and_a_cancel),
		cmocka_unit_test(what_somebody_waits_for_is_not_given_up),
		cmocka_unit_test(it_is_when_the_last_one_leaves),
		cmocka_unit_test(what_was_not_used_for_longest_goes_first),
		cmocka_unit_test(what_is_too_large_is_shared_but_not_kept),
		cmocka_unit_test(a_compressed_form_counts),
		cmocka_unit_test(past_its_time_it_is_answered_while_one_asks),
		cmocka_unit_test(past_that_it_is_waited_for),
		cmocka_unit_test(without_a_thread_it_stays_as_it_is),
		cmocka_unit_test(a_refused_refresh_drops_it),
		cmocka_unit_test(after_another_failure_it_stays),
		cmocka_unit_test(a_change_drops_what_is_there_and_what_comes),
		cmocka_unit_test(a_refused_credential_drops_its_own),
		cmocka_unit_test(anew_neither_what_is_kept_nor_what_was_begun),
		cmocka_unit_test(the_end_calls_off_a_refresh),
		cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
