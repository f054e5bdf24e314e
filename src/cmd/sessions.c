/* sessions: whose Palette sessions there are, and an end to them. Reads what was asked for. */
#include "cmd/sessions.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/visible.h"
#include "cmd/cmd.h"

enum { DEFAULT_LIMIT = 1000 };

enum { LIST, REVOKE };

/* What was asked for besides the configuration. */
struct asked {
	struct sessions_listing list;
	const char *limit; /* as written; NULL: none */
	struct sessions_revoking revoke;
};

int64_t sessions_deadline(void)
{
	return clock_now_ms() + SESSIONS_PATIENCE_MS;
}

int sessions_failed(const struct error *err)
{
	fprintf(stderr, "spectrocloud-backend: %s\n", err->message);
	return 1;
}

/* ---- the store ---- */

/* Whether another process than the service has it at all. */
static bool check_reach(const struct config_store *store, struct error *err)
{
	if (store->type == CONFIG_STORE_MEMORY)
		return error_set(err, ERROR_INPUT,
				 "the sessions are in the memory of the running service "
				 "(spectrocloud.tokenStore), out of this command's reach; to "
				 "revoke somebody's, ask the service: "
				 "DELETE /api/spectrocloud/session-tokens/<email>");
	/* To make the file is for the service: here it is more likely a wrong path. */
	if (store->type == CONFIG_STORE_SQLITE && access(store->file, F_OK) != 0)
		return error_set(err, ERROR_INPUT,
				 "there is no file %s, in which the service keeps sessions; has it "
				 "not run yet, or in another folder?",
				 store->file);
	return true;
}

struct opened {
	struct config *config;
	struct store *store;
};

/* Answers the exit status; 0: it is open. */
static int open_all(const struct options *options, enum log_level least, struct opened *o)
{
	struct error err;

	if (!options_load(options, &o->config))
		return 2;
	log_open(o->config->log_level > least ? o->config->log_level : least,
		 o->config->log_format);
	if (check_reach(&o->config->store, &err) && store_open(o->config, &o->store, &err))
		return 0;
	config_free(o->config);
	return sessions_failed(&err);
}

static void close_all(const struct opened *o)
{
	store_close(o->store);
	config_free(o->config);
}

/* ---- list ---- */

static bool read_limit(const char *written, size_t *most)
{
	int64_t limit;

	if (!text_to_int(text_of(written), &limit) || limit < 1 || limit > SESSIONS_MOST) {
		fprintf(stderr, "sessions list: --limit wants a number from 1 to %d\n",
			SESSIONS_MOST);
		return false;
	}
	*most = (size_t)limit;
	return true;
}

static int run_list(const struct options *options, struct asked *asked)
{
	struct opened opened;
	int status;

	asked->list.most = DEFAULT_LIMIT;
	if (asked->limit != NULL && !read_limit(asked->limit, &asked->list.most))
		return 2;
	status = open_all(options, LOG_WARN, &opened);
	if (status != 0)
		return status;
	status = sessions_list(opened.store, &asked->list);
	close_all(&opened);
	return status;
}

/* ---- revoke ---- */

static bool is_name(const char *written, size_t longest)
{
	struct text t = text_of(written);

	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
			return false;
	return t.len <= longest && text_is_utf8(t);
}

static void complain(const char *written, const char *what)
{
	struct buf shown;

	buf_init(&shown, SESSIONS_LONGEST_SHOWN);
	visible_add(&shown, text_of(written));
	fprintf(stderr, "sessions revoke: %s%s\n",
		buf_complete(&shown) && shown.len > 0 ? shown.ptr : "that", what);
	buf_fini(&shown);
}

static void add_address(struct sessions_revoking *how, struct text email)
{
	for (size_t i = 0; i < how->email_count; i++)
		if (text_equal_nocase(how->emails[i], email))
			return;
	how->emails[how->email_count++] = email;
}

/* All are looked at before the first is revoked. */
static bool read_addresses(struct sessions_revoking *how, struct arena *a, char *const *arguments,
			   size_t count)
{
	if (count > SESSIONS_MOST_NAMED) {
		fprintf(stderr, "sessions revoke: more than %d addresses\n", SESSIONS_MOST_NAMED);
		return false;
	}
	how->emails = arena_array(a, struct text, count);
	for (size_t i = 0; i < count; i++) {
		if (*arguments[i] == '\0' || !is_name(arguments[i], STORE_LONGEST_EMAIL)) {
			complain(arguments[i], " is no e-mail address");
			return false;
		}
		add_address(how, text_of(arguments[i]));
	}
	return true;
}

static bool check_revoking(const struct sessions_revoking *how)
{
	const char *fault = NULL;

	if (how->all == (how->email_count > 0))
		fault = "sessions revoke: name addresses, or else say --all\n";
	else if (how->all && !how->yes && !sessions_can_ask())
		fault = "sessions revoke: --all wants --yes where there is no terminal to ask on\n";
	if (fault != NULL)
		fputs(fault, stderr);
	else if (how->environment == NULL || is_name(how->environment, STORE_LONGEST_ENVIRONMENT))
		return true;
	else
		complain(how->environment, " is no name of an environment");
	return false;
}

/* It may have been there once; more likely it is misspelt. */
static void doubt_environment(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->environment_count; i++)
		if (text_is(text_of(config->environments[i].name), name))
			return;
	complain(name, " is no environment of this configuration");
}

static int revoke_with(const struct options *options, const struct sessions_revoking *how)
{
	struct opened opened;
	int status = open_all(options, LOG_DEBUG, &opened);

	if (status != 0)
		return status;
	if (how->environment != NULL)
		doubt_environment(opened.config, how->environment);
	/* Nobody who reads what is printed may stop it half-way. */
	signal(SIGPIPE, SIG_IGN);
	status = sessions_revoke(opened.store, how);
	close_all(&opened);
	return status;
}

static int run_revoke(const struct command_line *typed, struct sessions_revoking *how)
{
	struct arena arena;
	int status = 2;

	arena_init(&arena);
	if (read_addresses(how, &arena, typed->arguments, typed->argument_count) &&
	    check_revoking(how))
		status = revoke_with(&typed->options, how);
	arena_fini(&arena);
	return status;
}

/* ---- the command ---- */

static int run(int argc, char **argv)
{
	struct asked asked = {.limit = NULL};
	struct command_line typed;
	int status;

	if (!command_read(&command_sessions, argc, argv, &asked, &typed, &status))
		return status;
	return typed.word == LIST ? run_list(&typed.options, &asked)
				  : run_revoke(&typed, &asked.revoke);
}

static const struct command_word words[] = {
	[LIST] = {.name = "list",
		  .help = "prints address, environment and when it ends, a line a session; tokens "
			  "are never shown. On a terminal a table, in a pipe fields between tabs "
			  "and "
			  "the time in UTC. What could disturb a terminal is escaped"},
	[REVOKE] = {.name = "revoke",
		    .arguments = "[EMAIL...]",
		    .help = "drops the sessions of these addresses, and prints how many there were "
			    "of each; exit status 1 if somebody had none"},
	{.name = NULL},
};

static const struct option_row options[] = {
	{
		.name = "json",
		.into = offsetof(struct asked, list.json),
		.words = WORD(LIST),
		.help = "an array of {email, environment, expiresAt}; the last in milliseconds "
			"since 1970",
	},
	{
		.name = "limit",
		.argument = "N",
		.into = offsetof(struct asked, limit),
		.words = WORD(LIST),
		.help = "at most so many, by address (1000); says if there are more",
	},
	{
		.name = "all",
		.into = offsetof(struct asked, revoke.all),
		.words = WORD(REVOKE),
		.help = "instead of addresses: of everybody; asks first",
	},
	{
		.name = "yes",
		.into = offsetof(struct asked, revoke.yes),
		.words = WORD(REVOKE),
		.help = "does not ask",
	},
	{
		.name = "environment",
		.argument = "NAME",
		.into = offsetof(struct asked, revoke.environment),
		.words = WORD(REVOKE),
		.help = "only sessions in this environment",
	},
	{.name = NULL},
};

static const struct exit_row exits[] = {
	{"0", "it is done"},
	{"1", "somebody who was named had no session; or where they are kept is out of reach"},
	{"2", "the options, the addresses or the configuration are wrong"},
	{.status = NULL},
};

static const struct example_row examples[] = {
	{"spectrocloud-backend sessions revoke ada@example.com", "of one user"},
	{"spectrocloud-backend sessions list --json | jq length", "how many there are"},
	{.line = NULL},
};

const struct command command_sessions = {
	.name = "sessions",
	.summary = "List users' Palette sessions, or revoke them",
	.words = words,
	.options = options,
	.common = OPTIONS_CONFIGURATION,
	.help = "A revoked session is gone at once, with PostgreSQL on every replica. Sessions in "
		"memory are out of reach: ask the service, DELETE "
		"/api/spectrocloud/session-tokens/EMAIL. A user who signs in again has a session "
		"again.\n",
	.exits = exits,
	.examples = examples,
	.run = run,
};
