/*
 * What the tests of the command sessions share: an SQLite file that the test fills, and runs of the
 * command over it. Each run is a process of its own, namely the test's program, which with
 * arguments is the command (after a fork alone SQLite must not be used).
 */
#ifndef UNIT_CMD_SESSIONS_WORLD_H
#define UNIT_CMD_SESSIONS_WORLD_H

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "store/store.h"
#include "json/json.h"

#define KEY "0123456789abcdef0123456789abcdef"

enum { MINUTE_MS = 60 * 1000, PATIENCE_MS = 30 * 1000, MOST_ARGUMENTS = 16 };

struct world {
	struct config config;
	struct secret key;
	struct store *store;
	struct arena arena;
	char folder[64];
	char file[96];          /* SQLite's */
	char configuration[96]; /* app-config.yaml */
	/* of the last run */
	char out[16384];
	char err[16384];
	int status;
};

/* ---- the store ---- */

static inline int64_t soon(void)
{
	return clock_now_ms() + PATIENCE_MS;
}

static inline void put(struct world *w, const char *email, const char *environment, int64_t left_ms)
{
	struct error err;

	if (!store_put(w->store, text_of(email), environment, TEXT("a-very-secret-token"),
		       clock_calendar_ms() + left_ms, soon(), &err))
		fail_msg("%s", err.message);
}

static inline size_t count(struct world *w)
{
	size_t n = SIZE_MAX;
	struct error err;

	if (!store_count(w->store, soon(), &n, &err))
		fail_msg("%s", err.message);
	return n;
}

static inline void configure(struct world *w, const char *store)
{
	FILE *file = fopen(w->configuration, "w");

	assert_non_null(file);
	fprintf(file,
		"backend: { auth: { externalAccess: [ { type: static, options: "
		"{ token: caller-token-0001, subject: tests } } ] } }\n"
		"spectrocloud:\n"
		"  environments: [ { name: prod, url: 'https://p.test', tenant: t, "
		"apiToken: api-token-0001 } ]\n"
		"%s",
		store);
	fclose(file);
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	char store[512];
	struct error err;

	assert_non_null(w);
	arena_init(&w->arena);
	strcpy(w->folder, "/tmp/sessions-test-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->file, sizeof w->file, "%s/s.sqlite", w->folder);
	snprintf(w->configuration, sizeof w->configuration, "%s/app-config.yaml", w->folder);
	/* "MDEy...Zg==" are the bytes of KEY. */
	snprintf(store, sizeof store,
		 "  tokenStore: { type: sqlite, path: '%s', "
		 "encryptionKey: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' }\n",
		 w->file);
	configure(w, store);
	secret_set(&w->key, TEXT(KEY));
	w->config.store = (struct config_store){
		.type = CONFIG_STORE_SQLITE, .file = w->file, .keys = &w->key, .key_count = 1};
	if (!store_open(&w->config, &w->store, &err))
		fail_msg("%s", err.message);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	store_close(w->store);
	secret_wipe(&w->key);
	arena_fini(&w->arena);
	snprintf(command, sizeof command, "rm -rf '%s'", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* ---- running it ---- */

/* How a run is connected. */
struct ends {
	int in[2];
	int out[2];
	int err[2];
};

_Noreturn static inline void become_command(const struct ends *ends, char **argv)
{
	setenv("TZ", "XXX-3:30", 1); /* 3:30 east of Greenwich */
	alarm(PATIENCE_MS / 1000);
	if (dup2(ends->in[0], STDIN_FILENO) >= 0 && dup2(ends->out[1], STDOUT_FILENO) >= 0 &&
	    dup2(ends->err[1], STDERR_FILENO) >= 0)
		execv("/proc/self/exe", argv);
	_exit(99);
}

static inline void close_ends(const int ends[2], int kept)
{
	if (ends[1 - kept] != ends[kept])
		close(ends[1 - kept]);
}

/* Reads both until the other side has closed them. */
static inline void read_both(struct world *w, int out, int err)
{
	struct pollfd fds[] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
	char *const into[] = {w->out, w->err};
	size_t len[] = {0, 0};

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		assert_true(poll(fds, 2, PATIENCE_MS) > 0);
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (fds[i].fd < 0 || fds[i].revents == 0)
				continue;
			n = read(fds[i].fd, into[i] + len[i], sizeof w->out - 1 - len[i]);
			if (n > 0)
				len[i] += (size_t)n;
			else
				fds[i].fd = -1; /* a terminal without anybody says EIO */
		}
	}
	w->out[len[0]] = '\0';
	w->err[len[1]] = '\0';
}

static inline void make_ends(struct ends *ends, const char *typed, bool terminal)
{
	assert_int_equal(pipe(ends->in), 0);
	assert_int_equal(pipe(ends->out), 0);
	assert_int_equal(pipe(ends->err), 0);
	if (!terminal)
		return;
	/* The output, and if something is typed all three, each on a terminal of its own. */
	close(ends->out[0]);
	close(ends->out[1]);
	assert_int_equal(openpty(&ends->out[0], &ends->out[1], NULL, NULL, NULL), 0);
	if (typed == NULL)
		return;
	close(ends->in[0]);
	close(ends->in[1]);
	close(ends->err[0]);
	close(ends->err[1]);
	assert_int_equal(openpty(&ends->in[1], &ends->in[0], NULL, NULL, NULL), 0);
	assert_int_equal(openpty(&ends->err[0], &ends->err[1], NULL, NULL, NULL), 0);
}

/* words: divided by blanks. --config is put behind the first. typed: NULL for no terminal there. */
static inline void run_with(struct world *w, const char *words, const char *typed, bool terminal)
{
	char *copy = arena_copy(&w->arena, text_of(words));
	char program[] = "sessions";
	char option[] = "--config";
	char *argv[MOST_ARGUMENTS + 4] = {program};
	struct ends ends;
	int argc = 1;
	int status = 0;
	pid_t child;

	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		assert_true(argc < MOST_ARGUMENTS);
		argv[argc++] = word;
		if (argc == 2) {
			argv[argc++] = option;
			argv[argc++] = w->configuration;
		}
	}
	make_ends(&ends, typed, terminal);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		become_command(&ends, argv);
	close_ends(ends.in, 1);
	close_ends(ends.out, 0);
	close_ends(ends.err, 0);
	if (typed != NULL)
		assert_int_equal(write(ends.in[1], typed, strlen(typed)), strlen(typed));
	else
		close(ends.in[1]);
	read_both(w, ends.out[0], ends.err[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (typed != NULL)
		close(ends.in[1]);
	close(ends.out[0]);
	close(ends.err[0]);
	if (!WIFEXITED(status))
		fail_msg("%s: ended by a signal: %s", words, w->err);
	w->status = WEXITSTATUS(status);
	/* Whatever it was: */
	assert_null(strstr(w->out, "secret-token"));
	assert_null(strstr(w->err, "secret-token"));
}

static inline void run(struct world *w, const char *words)
{
	run_with(w, words, NULL, false);
}

static inline void assert_ended(const struct world *w, int status, const char *out, const char *err)
{
	assert_string_equal(w->out, out);
	assert_string_equal(w->err, err);
	assert_int_equal(w->status, status);
}

static inline void assert_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no '%s' in: %s", part, text);
}

/* Each in its own line, in this order; the date and what follows are left out of each line. */
static inline void assert_lines(const char *text, const char *const *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strncmp(text, wanted[i], strlen(wanted[i])) != 0)
			fail_msg("wanted '%s', not: %s", wanted[i], text);
		text = strchr(text, '\n');
		assert_non_null(text);
		text++;
	}
	assert_string_equal(text, "");
}

#endif
