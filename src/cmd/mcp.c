/* mcp: the tools of agents over standard input and output. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/confine.h"
#include "app/stdio.h"
#include "base/log.h"
#include "cmd/cmd.h"

static int serve(const struct config *config)
{
	struct error err;
	struct app *app;
	bool ok;

	confine_process(config, NULL, 0);
	if (!app_open_alone(config, &app, &err)) {
		fprintf(stderr, "spectrocloud-backend: %s\n", err.message);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	ok = stdio_serve(app, STDIN_FILENO, STDOUT_FILENO, &err);
	if (!ok)
		fprintf(stderr, "spectrocloud-backend: %s\n", err.message);
	app_close(app);
	return ok ? 0 : 1;
}

static int run(int argc, char **argv)
{
	struct config *config;
	struct command_line typed;
	int status;

	if (!command_read(&command_mcp, argc, argv, NULL, &typed, &status))
		return status;
	command_protect_memory();
	typed.options.alone = true;
	if (isatty(STDIN_FILENO))
		fputs("mcp: serves an agent on standard input, and waits for its messages; Ctrl-D "
		      "ends it. To try a tool: spectrocloud-backend action run\n",
		      stderr);
	/* Most notices are about who may call the service: nobody does, here. */
	if (!options_load_quietly(&typed.options, &config))
		return 2;
	log_open(config->log_level, config->log_format);
	status = serve(config);
	config_free(config);
	return status;
}

static const struct exit_row exits[] = {
	{"0", "its input ended"},
	{"1", "it cannot start, or its output is gone"},
	{"2", "the options or the configuration are wrong"},
	{.status = NULL},
};

static const struct example_row examples[] = {
	{"claude mcp add palette -- spectrocloud-backend mcp --config app-config.yaml",
	 "an agent that starts it by itself"},
	{.line = NULL},
};

const struct command command_mcp = {
	.name = "mcp",
	.summary = "Serve an agent over standard input and output",
	.common = OPTIONS_CONFIGURATION,
	.help = "Speaks the Model Context Protocol, a message a line, with the program that "
		"started it, until its standard input ends and what was asked is answered, two "
		"seconds longer at most. spectrocloud.mcp says which tools there are; "
		"spectrocloud.mcp.enabled is about the endpoint over HTTP alone. The log goes to "
		"standard error.\n"
		"\n"
		"Palette is asked with the apiToken of the environment (the first, or the one that "
		"a call names), or with the Palette session in the variable SPECTROCLOUD_TOKEN. "
		"Backstage is not asked for permissions.\n",
	.exits = exits,
	.examples = examples,
	.run = run,
};
