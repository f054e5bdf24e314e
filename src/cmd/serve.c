/* serve: start, run, read the configuration again, drain, stop. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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

static void ignore_signals(void)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		signal(signals[i].number, SIG_IGN);
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
				   struct http_listener *listener, struct app **app,
				   struct error *err)
{
	bool ok;

	if (listener == NULL && !http_listener_open(config->listen, &listener, err))
		return false;
	ok = serve_rights_reduce(rights, config, listener, err) &&
	     app_open(config, source, listener, app, err);
	http_listener_close(listener);
	return ok;
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
		 F_INT("port", app_port(app)), F_INT("environments", config->environment_count));
	if (!app_run(app)) {
		/* Something did not end in time; waiting for it is what the time-out forbids. */
		log_warn("stopped", F_STR("drain", "what had not ended was cut off"));
		_exit(0);
	}
	ignore_signals();
	app_close(app);
	log_info("stopped");
	return 0;
}

static int run(int argc, char **argv)
{
	struct serve_rights rights = {.user = NULL};
	const struct own_option own[] = {
		{.name = "user", .value = &rights.user},
		{.name = "allow-core-dumps", .given = &rights.core_files},
	};
	struct config_notices notices;
	struct config_options source;
	struct http_listener *inherited;
	struct options options;
	struct config *config;
	int status;

	if (!options_begin_with(&command_serve, argc, argv, own, ARRAY_LEN(own), &options,
				&status) ||
	    !serve_rights_check(&rights, &status))
		return status;
	block_hangup();
	if (!take_socket(&options, &inherited))
		return 2;
	if (!options_load_unsaid(&options, &config, &notices)) {
		http_listener_close(inherited);
		return 2;
	}
	log_open(config->log_level, config->log_format);
	if (inherited != NULL)
		log_info("inherited", F_STR("listen", config->listen));
	config_log_notices(&notices);
	source = options_source(&options);
	status = serve(config, &source, &rights, inherited);
	config_free(config);
	return status;
}

const struct command command_serve = {
	.name = "serve",
	.arguments = "[OPTIONS]",
	.summary = "Answer Backstage's requests for the plugin `spectrocloud`",
	.help = "Options:\n"
		"  --config FILE      read this file; may be repeated, later files win.\n"
		"                     Without it: app-config.yaml and its kin in this folder,\n"
		"                     as Backstage does\n"
		"  --set PATH=VALUE   override one setting, such as\n"
		"                     spectrocloud.upstream.timeout=10s\n"
		"  --listen ADDRESS   HOST:PORT, [IPV6]:PORT or unix:PATH; the same as\n"
		"                     --set spectrocloud.server.listen=ADDRESS. A socket that\n"
		"                     systemd hands over (LISTEN_FDS) is taken instead\n"
		"  --user NAME[:GROUP]\n"
		"                     started as root: become this user once the address is\n"
		"                     bound, for good. What is read later has to be readable\n"
		"                     for that user, and SQLite's file and folder theirs; the\n"
		"                     configuration and the files that it names are read first\n"
		"  --allow-core-dumps for debugging: a crash may leave a core file, in which\n"
		"                     tokens can be\n"
		"  -h, --help         show this\n"
		"\n"
		"SIGTERM and SIGINT stop it: running requests are finished first; a second\n"
		"signal cuts them off. SIGHUP, or a change of one of its files, has the\n"
		"configuration read again: a good one is in force from then on, a faulty one is\n"
		"refused, and the log says why.\n",
	.run = run,
};
