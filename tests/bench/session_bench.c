/*
 * What it costs to find a user's Palette session among 10,000, one thread: microseconds a call. The
 * PostgreSQL of SESSION_BENCH_POSTGRESQL, a URL, is measured too if it is set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "session/session.h"

enum { PEOPLE = 10000 };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static const char *email_of(struct arena *a, int number)
{
	return arena_printf(a, "person%d@example.com", number % PEOPLE);
}

static int64_t soon(void)
{
	return clock_now_ms() + 10000;
}

static void report(const char *kind, const char *what, int64_t began_us, int count)
{
	printf("%-12s %-28s %8.2f us\n", kind, what, (double)(clock_now_us() - began_us) / count);
}

static void find(struct sessions *s, int first, int count)
{
	struct session session;
	struct arena arena;

	for (int i = first; i < first + count; i++) {
		arena_init(&arena);
		sessions_find(s, &arena, text_of(email_of(&arena, i)), soon(), &session);
		must(session.token.ptr != NULL, "a session is lost");
		arena_fini(&arena);
	}
}

static void measure(const struct config *config)
{
	static char token[800];
	struct error err = {.message = ""};
	struct sessions *s;
	struct store *store;
	struct arena arena;
	int64_t began_us;
	int64_t end_ms;

	memset(token, 't', sizeof token - 1);
	must(store_open(config, &store, &err), err.message);
	s = sessions_new(config, store);
	arena_init(&arena);
	began_us = clock_now_us();
	for (int i = 0; i < PEOPLE; i++)
		must(sessions_keep(s, &arena, text_of(email_of(&arena, i)), text_of(token), 0,
				   soon(), &end_ms, &err),
		     err.message);
	report(store_kind(store), "kept", began_us, PEOPLE);
	began_us = clock_now_us();
	find(s, 0, PEOPLE);
	report(store_kind(store), "found", began_us, PEOPLE);
	began_us = clock_now_us();
	find(s, PEOPLE - 1000, 1000);
	report(store_kind(store), "found once more", began_us, 1000);
	arena_fini(&arena);
	sessions_free(s);
	store_close(store);
}

int main(void)
{
	char folder[] = "/tmp/session-bench-XXXXXX";
	const char *url = getenv("SESSION_BENCH_POSTGRESQL");
	struct config config = {.workers = 16};
	struct secret key = {.ptr = NULL};
	char file[64];
	char remove_folder[64];

	log_open(LOG_OFF, LOG_TEXT);
	secret_set(&key, TEXT("0123456789abcdef0123456789abcdef"));
	config.store = (struct config_store){
		.type = CONFIG_STORE_MEMORY, .keys = &key, .key_count = 1, .file = file};
	measure(&config);
	must(mkdtemp(folder) != NULL, "no folder");
	snprintf(file, sizeof file, "%s/sessions.db", folder);
	config.store.type = CONFIG_STORE_SQLITE;
	measure(&config);
	snprintf(remove_folder, sizeof remove_folder, "rm -rf %s", folder);
	must(system(remove_folder) == 0, "the folder stays");
	if (url != NULL) {
		config.store.type = CONFIG_STORE_POSTGRESQL;
		secret_set(&config.store.postgres.connection, text_of(url));
		measure(&config);
		secret_wipe(&config.store.postgres.connection);
	}
	secret_wipe(&key);
	return 0;
}
