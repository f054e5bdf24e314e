/* Finds the subcommand in a table and runs it. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static const struct command *const commands[] = {
	&command_serve,  &command_doctor,   &command_mcp,        &command_cluster, &command_action,
	&command_config, &command_sessions, &command_operations, &command_docs,
};

static void print_usage(FILE *to)
{
	fputs("Usage: spectrocloud-backend COMMAND [OPTIONS]\n\n"
	      "Connects Spectro Cloud Palette to Backstage.\n\nCommands:\n",
	      to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`spectrocloud-backend COMMAND --help` tells more; --version prints the version.\n",
	      to);
}

/* What was printed may have met a full disk: then the status says so. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("spectrocloud-backend: could not write all of the output\n", stderr);
	return status != 0 ? status : 1;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		print_usage(stdout);
		return finish(0);
	}
	if (strcmp(name, "--version") == 0) {
		puts("spectrocloud-backend " PROJECT_VERSION);
		return finish(0);
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(name, commands[i]->name) == 0)
			return finish(commands[i]->run(argc - 1, argv + 1));
	if (argc > 1)
		fprintf(stderr, "spectrocloud-backend: there is no command `%s`\n\n", name);
	print_usage(stderr);
	return 2;
}
