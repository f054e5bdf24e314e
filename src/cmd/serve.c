/* serve: start, run, read the configuration again, drain, stop. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "app/app.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/serve_rights.h"
#include "http/server.h"

static struct app *running;

/* The first one asks nicely. */
static void on_stop_signal(int number)
{
	static atomic_bool asked;

	(void)number;
	if (atomic_exchange(&asked, true))
		app_cut_off(running);
	else
		app_stop(running);
}

static bool on_terminal; /* it was started at one */

/* It also comes when the terminal is gone, and then it means what it meant there. */
static void on_hangup(int number)
{
	struct termios unused;

	if (on_terminal && tcgetattr(STDERR_FILENO, &unused) != 0)
		on_stop_signal(number);
	else
		app_reload(running);
}

static const struct {
	int number;
	void (*handler)(int);
} signals[] = {{SIGTERM, on_stop_signal}, {SIGINT, on_stop_signal}, {SIGHUP, on_hangup}};

/* Only the main thread is to run the handlers: the others, which it starts, have them blocked. */
static void block_signals(int how)
{
	sigset_t handled;

	sigemptyset(&handled);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaddset(&handled, signals[i].number);
	pthread_sigmask(how, &handled, NULL);
}

/* That the configuration is to be read again can wait until it was read once. */
static void block_hangup(void)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &hangup, NULL);
}

static void watch_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	on_terminal = isatty(STDERR_FILENO) == 1;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct sigaction handle = {.sa_handler = signals[i].handler};

		sigemptyset(&handle.sa_mask);
		for (size_t j = 0; j < ARRAY_LEN(signals); j++)
			sigaddset(&handle.sa_mask, signals[j].number);
		sigaction(signals[i].number, &handle, NULL);
	}
	sigaction(SIGPIPE, &ignore, NULL);
}

static void leave_at_once(int number)
{
	(void)number;
	_exit(0);
}

/* All requests have their answers. What is left may be left undone, such as taking leave of a
 * database that does not answer. */
static void leave_on_signals(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, leave_at_once);
	signal(SIGINT, leave_at_once);
}

/* Where the service manager listens for us, that is the address that is configured, whatever else
 * was: what may be asked for depends on it. */
static bool take_socket(struct options *options, struct http_listener **inherited)
{
	static char text[512];
	struct error err;

	if (!http_listener_inherit(inherited, &err)) {
		fprintf(stderr, "spectrocloud-backend: %s\n", err.message);
		return false;
	}
	if (*inherited == NULL)
		return true;
	if (options->override_count == MOST_OVERRIDES) {
		fprintf(stderr, "spectrocloud-backend: no room for where the service manager "
				"listens: too many --set options\n");
		return false;
	}
	snprintf(text, sizeof text, "spectrocloud.server.listen=%s",
		 http_listener_address(*inherited));
	options->overrides[options->override_count++] = text;
	return true;
}

/* With the rights that the process is to have, which may be fewer than those it binds with. */
static bool open_with_fewer_rights(const struct config *config, const struct config_options *source,
				   const struct serve_rights *rights,
				   struct http_listener *inherited, struct app **app,
				   struct error *err)
{
	struct app_listeners listeners = {.main = inherited};
	bool ok;

	ok = (inherited != NULL || http_listener_open(config->listen, &listeners.main, err)) &&
	     (config->telemetry_listen == NULL ||
	      http_listener_open(config->telemetry_listen, &listeners.monitor, err)) &&
	     serve_rights_reduce(rights, config, &listeners, err) &&
	     app_open(config, source, &listeners, app, err);
	http_listener_close(listeners.main);
	http_listener_close(listeners.monitor);
	return ok;
}

/* Where the pages for who watches over it are, if they are anywhere. */
static struct log_field monitored(const struct config *config)
{
	static const struct log_field none = {.name = NULL};

	if (config->telemetry_listen == NULL)
		return none;
	return F_STR("telemetry", config->telemetry_listen);
}

static int serve(const struct config *config, const struct config_options *source,
		 const struct serve_rights *rights, struct http_listener *inherited)
{
	struct error err;
	struct app *app;

	block_signals(SIG_BLOCK);
	if (!open_with_fewer_rights(config, source, rights, inherited, &app, &err)) {
		fprintf(stderr, "spectrocloud-backend: %s\n", err.message);
		return err.kind == ERROR_INPUT ? 2 : 1; /* 2: what is configured cannot be */
	}
	running = app;
	watch_signals();
	block_signals(SIG_UNBLOCK);
	log_info("started", F_STR("version", PROJECT_VERSION), F_STR("listen", config->listen),
		 F_INT("port", app_port(app)), F_INT("environments", config->environment_count),
		 monitored(config), F_INT("telemetry_port", app_monitor_port(app)));
	if (!app_run(app)) {
		/* Something did not end in time; waiting for it is what the time-out forbids. */
		app_leave(app);
		log_warn("stopped", F_STR("drain", "what had not ended was cut off"));
		_exit(0);
	}
	leave_on_signals();
	app_close(app);
	log_info("stopped");
	return 0;
}

static int run(int argc, char **argv)
{
	struct serve_rights rights = {.user = NULL};
	struct config_notices notices;
	struct config_options source;
	struct http_listener *inherited;
	struct config *config;
	struct command_line typed;
	int status;

	if (!command_read(&command_serve, argc, argv, &rights, &typed, &status) ||
	    !serve_rights_check(&rights, &status))
		return status;
	block_hangup();
	if (!take_socket(&typed.options, &inherited))
		return 2;
	if (!options_load_unsaid(&typed.options, &config, &notices)) {
		http_listener_close(inherited);
		return 2;
	}
	log_open(config->log_level, config->log_format);
	log_set_levels(&config->log_levels);
	if (inherited != NULL)
		log_info("inherited", F_STR("listen", config->listen));
	config_log_notices(&notices);
	source = options_source(&typed.options);
	status = serve(config, &source, &rights, inherited);
	config_free(config);
	return status;
}

static const struct option_row options[] = {
	{
		.name = "user",
		.argument = "NAME[:GROUP]",
		.into = offsetof(struct serve_rights, user),
		.completes = COMPLETES_USERS,
		.help = "become this user for good, once the address is bound; for a start as "
			"root. What is read later has to be readable for that user, and SQLite's "
			"file and folder theirs; the configuration and the files that it names "
			"are read first",
	},
	{
		.name = "allow-core-dumps",
		.into = offsetof(struct serve_rights, core_files),
		.help = "let a crash leave a core file, for debugging; tokens can be in it",
	},
	{.name = NULL},
};

static const struct exit_row exits[] = {
	{"0", "it was asked to stop, and did"},
	{"1", "it cannot start: the address is taken, the store does not answer, the audit trail "
	      "cannot be written"},
	{"2", "the options or the configuration are wrong, or name what cannot be the store"},
	{.status = NULL},
};

static const struct example_row examples[] = {
	{"spectrocloud-backend serve --config app-config.yaml",
	 "on 127.0.0.1:7727, with the log on standard error"},
	{"spectrocloud-backend serve --listen unix:/run/spectrocloud/socket",
	 "for a proxy on the same machine"},
	{.line = NULL},
};

const struct command command_serve = {
	.name = "serve",
	.summary = "Answer Backstage's requests for the plugin `spectrocloud`",
	.options = options,
	.common = OPTIONS_CONFIGURATION | OPTIONS_LISTEN,
	.help = "SIGTERM and SIGINT stop it: running requests are finished first; a second signal "
		"cuts them off. SIGHUP, or a change of one of its files, has the configuration "
		"read again: a good one is in force from then on, a faulty one is refused, and "
		"the log says why.\n"
		"A socket that systemd hands over (LISTEN_FDS) is taken in place of the address "
		"that is configured.\n",
	.exits = exits,
	.examples = examples,
	.run = run,
};
