/* sessions: whose Palette sessions there are, and an end to them. Reads what was asked for. */
#include "cmd/sessions.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/visible.h"
#include "cmd/cmd.h"
#include "telemetry/trail.h"

enum { DEFAULT_LIMIT = 1000 };

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

static int run_list(int argc, char **argv)
{
	struct sessions_listing how = {.most = DEFAULT_LIMIT};
	const char *limit = NULL;
	const struct own_option own[] = {
		{.name = "json", .given = &how.json},
		{.name = "limit", .value = &limit},
	};
	struct options options;
	struct opened opened;
	int status;

	if (!options_read_with(argc, argv, own, ARRAY_LEN(own), &options))
		return 2;
	if (options.help) {
		command_print_help(&command_sessions);
		return 0;
	}
	if (options.rest != argc) {
		fprintf(stderr, "sessions list takes no arguments, only options\n");
		return 2;
	}
	if (limit != NULL && !read_limit(limit, &how.most))
		return 2;
	status = open_all(&options, LOG_WARN, &opened);
	if (status != 0)
		return status;
	status = sessions_list(opened.store, &how);
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

static int revoke_with_trail(const struct opened *o, const struct sessions_revoking *how)
{
	struct sessions_revoking with_trail = *how;
	struct error err;
	int status;

	with_trail.trail_required = o->config->audit.required;
	if (!app_open_trail_alone(o->config, &with_trail.trail, &err))
		return sessions_failed(&err);
	status = sessions_revoke(o->store, &with_trail);
	trail_close(with_trail.trail);
	return status;
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
	status = revoke_with_trail(&opened, how);
	close_all(&opened);
	return status;
}

static int run_revoke(int argc, char **argv)
{
	struct sessions_revoking how = {.all = false};
	const struct own_option own[] = {
		{.name = "all", .given = &how.all},
		{.name = "environment", .value = &how.environment},
		{.name = "yes", .given = &how.yes},
	};
	struct options options;
	struct arena arena;
	int status = 2;

	if (!options_read_with(argc, argv, own, ARRAY_LEN(own), &options))
		return 2;
	if (options.help) {
		command_print_help(&command_sessions);
		return 0;
	}
	arena_init(&arena);
	if (read_addresses(&how, &arena, argv + options.rest, (size_t)(argc - options.rest)) &&
	    check_revoking(&how))
		status = revoke_with(&options, &how);
	arena_fini(&arena);
	return status;
}

/* ---- the command ---- */

static int run(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
		command_print_help(&command_sessions);
		return 0;
	}
	if (strcmp(what, "list") != 0 && strcmp(what, "revoke") != 0) {
		fprintf(stderr, "sessions: say `list` or `revoke`; `sessions --help` tells more\n");
		return 2;
	}
	argv[1] = argv[0]; /* a complaint about an option names the command by it */
	return strcmp(what, "list") == 0 ? run_list(argc - 1, argv + 1)
					 : run_revoke(argc - 1, argv + 1);
}

const struct command command_sessions = {
	.name = "sessions",
	.arguments = "list|revoke [OPTIONS] [EMAIL...]",
	.summary = "List users' Palette sessions, or revoke them",
	.help = "list    prints address, environment and when it ends, a line a session; tokens\n"
		"        are never shown. On a terminal a table, in a pipe fields between tabs\n"
		"        and the time in UTC. What could disturb a terminal is escaped\n"
		"revoke  drops the sessions of these addresses, and prints how many there were\n"
		"        of each; exit status 1 if somebody had none\n"
		"\n"
		"Options of list:\n"
		"  --json              an array of {email, environment, expiresAt}; the last in\n"
		"                      milliseconds since 1970\n"
		"  --limit N           at most so many, by address (1000); says if there are more\n"
		"\n"
		"Options of revoke:\n"
		"  --all               instead of addresses: of everybody; asks first\n"
		"  --yes               does not ask\n"
		"  --environment NAME  only sessions in this environment\n"
		"\n"
		"Options of both:\n"
		"  --config FILE       the service's configuration; may be repeated\n"
		"  --set PATH=VALUE    override one setting\n"
		"  -h, --help          show this\n"
		"\n"
		"A revoked session is gone at once, with PostgreSQL on every replica. Sessions in\n"
		"memory are out of reach: ask the service,\n"
		"DELETE /api/spectrocloud/session-tokens/EMAIL.\n"
		"A user who signs in again has a session again.\n",
	.run = run,
};
