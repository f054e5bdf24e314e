/* config: check and show the configuration. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

enum { LONGEST_CONFIG = 16 * 1024 * 1024 };

static int show(const struct config *config)
{
	struct buf out;

	buf_init(&out, LONGEST_CONFIG);
	config_show(config, &out);
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
	return 0;
}

static int run(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct options options;
	struct config *config;

	if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
		command_print_help(&command_config);
		return 0;
	}
	if (strcmp(what, "check") != 0 && strcmp(what, "show") != 0) {
		fprintf(stderr, "config: say `check` or `show`\n");
		return 2;
	}
	argv[1] = argv[0]; /* a complaint about an option names the command by it */
	if (!options_read(argc - 1, argv + 1, &options))
		return 2;
	if (options.help) {
		command_print_help(&command_config);
		return 0;
	}
	if (options.rest != argc - 1) {
		fprintf(stderr, "config %s takes no arguments, only options\n", what);
		return 2;
	}
	if (!options_load(&options, &config))
		return 2;
	if (strcmp(what, "show") == 0)
		show(config);
	else
		printf("The configuration is fine: %zu environment(s), %zu external token(s).\n",
		       config->environment_count, config->external_count);
	config_free(config);
	return 0;
}

const struct command command_config = {
	.name = "config",
	.arguments = "check|show [OPTIONS]",
	.summary = "Check the configuration, or show what is in force",
	.help = "check   reads everything, names every fault with file, line and column;\n"
		"        exit status 2 if there is one\n"
		"show    prints each setting with where it comes from; secrets as ***\n"
		"\n"
		"Options:\n"
		"  --config FILE      read this file; may be repeated, later files win\n"
		"  --set PATH=VALUE   override one setting\n"
		"  -h, --help         show this\n",
	.run = run,
};
