/* config: check and show the configuration. */
#include <stdio.h>
#include <string.h>

#include "backstage/backstage.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "store/store.h"

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

static int report(const struct config *config, size_t warnings)
{
	struct error err;

	log_open(LOG_WARN, LOG_TEXT); /* that a file was read is no news here */
	if (!backstage_check(config, &err) || !store_check(config, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return 2;
	}
	if (warnings == 0)
		printf("The configuration is fine");
	else
		printf("No faults, but %zu warning(s)", warnings);
	printf(": %zu environment(s), %zu external caller(s).\n", config->environment_count,
	       config_usable_external(config));
	return 0;
}

static int run(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct options options;
	struct config *config;
	size_t warnings;
	int status;

	if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
		command_print_help(&command_config);
		return 0;
	}
	if (strcmp(what, "check") != 0 && strcmp(what, "show") != 0) {
		fprintf(stderr, "config: say `check` or `show`; `config --help` tells more\n");
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
	if (!options_load_counting(&options, &config, &warnings))
		return 2;
	status = strcmp(what, "show") == 0 ? show(config) : report(config, warnings);
	config_free(config);
	return status;
}

const struct command command_config = {
	.name = "config",
	.arguments = "check|show [OPTIONS]",
	.summary = "Check the configuration, or show what is in force",
	.help = "check   reads everything, names every fault with file, line and column, then\n"
		"        looks into files of keys and rules; exit status 2 if there is a fault\n"
		"show    prints each setting with where it comes from; secrets as ***\n"
		"\n"
		"Options:\n"
		"  --config FILE      read this file; may be repeated, later files win\n"
		"  --set PATH=VALUE   override one setting\n"
		"  --listen ADDRESS   HOST:PORT, [IPV6]:PORT or unix:PATH, as for serve\n"
		"  -h, --help         show this\n",
	.run = run,
};
