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
	struct options options;
	struct config *config;
	int status;

	if (!options_begin(&command_mcp, argc, argv, &options, &status))
		return status;
	command_protect_memory();
	options.alone = true;
	if (isatty(STDIN_FILENO))
		fputs("mcp: serves an agent on standard input, and waits for its messages; Ctrl-D "
		      "ends it. To try a tool: spectrocloud-backend action run\n",
		      stderr);
	/* Most notices are about who may call the service: nobody does, here. */
	if (!options_load_quietly(&options, &config))
		return 2;
	log_open(config->log_level, config->log_format);
	log_set_levels(&config->log_levels);
	status = serve(config);
	config_free(config);
	return status;
}

const struct command command_mcp = {
	.name = "mcp",
	.arguments = "[OPTIONS]",
	.summary = "Serve an agent over standard input and output",
	.help = "Speaks the Model Context Protocol, a message a line, with the program that\n"
		"started it, until its standard input ends and what was asked is answered,\n"
		"two seconds longer at most. spectrocloud.mcp says which tools there are;\n"
		"spectrocloud.mcp.enabled is about the endpoint over HTTP alone.\n"
		"The log goes to standard error.\n"
		"\n"
		"Options:\n"
		"  --config FILE      the service's configuration; may be repeated\n"
		"  --set PATH=VALUE   override one setting\n"
		"  -h, --help         show this\n"
		"\n"
		"Palette is asked with the apiToken of the environment (the first, or the one\n"
		"that a call names), or with the Palette session in the variable\n"
		"SPECTROCLOUD_TOKEN. Backstage is not asked for permissions.\n",
	.run = run,
};
