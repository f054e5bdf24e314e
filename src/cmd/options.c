/* The options that every subcommand with a configuration takes. */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "cmd/cmd.h"

enum common { CONFIG, SET, LISTEN, HELP, COMMONS };
enum { OPTION_COMMON = 256, OPTION_OWN = OPTION_COMMON + COMMONS };

static const struct common_row {
	unsigned of;
	struct option_row row;
} common[COMMONS] = {
	[CONFIG] = {OPTIONS_CONFIGURATION,
		    {.name = "config",
		     .argument = "FILE",
		     .repeated = true,
		     .completes = COMPLETES_FILES,
		     .help = "the configuration; may be repeated, later files win. Without it: "
			     "app-config.yaml and its kin in this folder, as Backstage does"}},
	[SET] = {OPTIONS_CONFIGURATION,
		 {.name = "set",
		  .argument = "PATH=VALUE",
		  .repeated = true,
		  .completes = COMPLETES_SETTINGS,
		  .help = "override one setting, such as spectrocloud.upstream.timeout=10s"}},
	[LISTEN] = {OPTIONS_LISTEN,
		    {.name = "listen",
		     .argument = "ADDRESS",
		     .repeated = true,
		     .help = "HOST:PORT, [IPV6]:PORT or unix:PATH; the same as --set "
			     "spectrocloud.server.listen=ADDRESS"}},
	[HELP] = {0, {.name = "help", .letter = 'h', .help = "show this"}},
};

const struct option_row *options_common(size_t index, unsigned *of)
{
	if (index >= COMMONS)
		return NULL;
	*of = common[index].of;
	return &common[index].row;
}

static bool add(const char **list, size_t *count, size_t room, const char *value, const char *what)
{
	if (*count == room) {
		fprintf(stderr, "spectrocloud-backend: more than %zu %s\n", room, what);
		return false;
	}
	list[(*count)++] = value;
	return true;
}

/* Lives as long as the process, like argv. */
static const char *listen_override(const char *address)
{
	static char text[512];

	snprintf(text, sizeof text, "spectrocloud.server.listen=%s", address);
	return text;
}

/* What all commands take, then the command's own; the end is zeroed. */
static void join(const struct own_option *own, size_t own_count,
		 struct option all[COMMONS + MOST_OWN_OPTIONS + 1])
{
	size_t n = 0;

	assert(own_count <= MOST_OWN_OPTIONS);
	for (int i = 0; i < COMMONS; i++)
		all[n++] = (struct option){
			.name = common[i].row.name,
			.has_arg = common[i].row.argument == NULL ? no_argument : required_argument,
			.val = OPTION_COMMON + i};
	for (size_t i = 0; i < own_count; i++)
		all[n++] = (struct option){.name = own[i].name,
					   .has_arg = own[i].given != NULL ? no_argument
									   : required_argument,
					   .val = OPTION_OWN + (int)i};
	all[n] = (struct option){.name = NULL};
}

/* The short ones, as getopt() wants them. */
static void join_letters(const struct own_option *own, size_t own_count,
			 char letters[2 * MOST_OWN_OPTIONS + 3])
{
	size_t n = 0;

	if (own_count == 0)
		letters[n++] = '+';
	letters[n++] = common[HELP].row.letter;
	for (size_t i = 0; i < own_count; i++) {
		if (own[i].letter == 0)
			continue;
		letters[n++] = own[i].letter;
		if (own[i].given == NULL)
			letters[n++] = ':';
	}
	letters[n] = '\0';
}

/* Which of a command's own an answer of getopt_long() is; NULL: none. */
static const struct own_option *find_own(const struct own_option *own, size_t own_count, int option)
{
	if (option >= OPTION_OWN && (size_t)(option - OPTION_OWN) < own_count)
		return &own[option - OPTION_OWN];
	for (size_t i = 0; i < own_count; i++)
		if (own[i].letter != 0 && option == own[i].letter)
			return &own[i];
	return NULL;
}

static bool take(const struct own_option *own)
{
	char what[64];

	if (own->many != NULL) {
		snprintf(what, sizeof what, "--%s options", own->name);
		return add(own->many->items, &own->many->count, MOST_REPEATED, optarg, what);
	}
	if (own->value == NULL) {
		*own->given = true;
		return true;
	}
	if (*own->value != NULL) {
		fprintf(stderr, "spectrocloud-backend: --%s is given more than once\n", own->name);
		return false;
	}
	*own->value = optarg;
	return true;
}

bool options_read(int argc, char **argv, struct options *options)
{
	return options_read_with(argc, argv, NULL, 0, options);
}

static bool take_common(int option, struct options *options)
{
	switch (option == common[HELP].row.letter ? HELP : option - OPTION_COMMON) {
	case CONFIG:
		return add(options->files, &options->file_count, MOST_FILES, optarg,
			   "--config options");
	case SET:
		return add(options->overrides, &options->override_count, MOST_OVERRIDES, optarg,
			   "--set options");
	case LISTEN:
		return add(options->overrides, &options->override_count, MOST_OVERRIDES,
			   listen_override(optarg), "--set options");
	default:
		options->help = true;
		return true;
	}
}

bool options_read_with(int argc, char **argv, const struct own_option *own, size_t own_count,
		       struct options *options)
{
	struct option all[COMMONS + MOST_OWN_OPTIONS + 1];
	char letters[2 * MOST_OWN_OPTIONS + 3];
	bool ok = true;
	int option;

	join(own, own_count, all);
	join_letters(own, own_count, letters);
	*options = (struct options){.help = false};
	optind = 1;
	while (ok && (option = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		const struct own_option *mine = find_own(own, own_count, option);

		if (mine != NULL) {
			ok = take(mine);
		} else if (option != '?') {
			ok = take_common(option, options);
		} else {
			fprintf(stderr, "Try `spectrocloud-backend %s --help`.\n", argv[0]);
			ok = false;
		}
	}
	options->rest = optind;
	return ok;
}

bool options_begin(const struct command *command, int argc, char **argv, struct options *options,
		   int *status)
{
	return options_begin_with(command, argc, argv, NULL, 0, options, status);
}

bool options_begin_with(const struct command *command, int argc, char **argv,
			const struct own_option *own, size_t own_count, struct options *options,
			int *status)
{
	*status = 2;
	if (!options_read_with(argc, argv, own, own_count, options))
		return false;
	if (options->help) {
		command_print_help(command);
		*status = 0;
		return false;
	}
	if (options->rest == argc)
		return true;
	fprintf(stderr, "%s takes no arguments, only options\n", command->name);
	return false;
}

static void print_notices(const struct config_notices *notices)
{
	for (size_t i = 0; i < notices->count; i++)
		fprintf(stderr, "warning: %s: %s: %s\n", notices->items[i].where,
			notices->items[i].path, notices->items[i].message);
}

bool options_load(const struct options *options, struct config **config)
{
	size_t warnings;

	return options_load_counting(options, config, &warnings);
}

/* A command that runs tools serves nobody and keeps nothing: what callers prove themselves with,
 * and where sessions are kept, need not be known where it is started. */
static const char *const of_the_service[] = {"backend.auth", "backend.database",
					     "spectrocloud.tokenStore", NULL};

struct config_options options_source(const struct options *options)
{
	return (struct config_options){
		.files = options->files,
		.file_count = options->file_count,
		.overrides = options->overrides,
		.override_count = options->override_count,
		.environment = environ,
		.unread = options->alone ? of_the_service : NULL,
	};
}

static bool load(const struct options *options, struct config **config,
		 struct config_notices *notices)
{
	const struct config_options how = options_source(options);
	struct error err;
	struct buf faults;
	bool ok;

	buf_init(&faults, 1024 * 1024);
	ok = config_load(&how, config, notices, &faults, &err);
	if (!ok && faults.len > 0)
		fprintf(stderr, "%.*s", (int)faults.len, faults.ptr);
	else if (!ok)
		fprintf(stderr, "%s\n", err.message);
	buf_fini(&faults);
	return ok;
}

bool options_load_counting(const struct options *options, struct config **config, size_t *warnings)
{
	struct config_notices notices = {.count = 0};

	if (!load(options, config, &notices))
		return false;
	print_notices(&notices);
	*warnings = notices.count;
	return true;
}

bool options_load_unsaid(const struct options *options, struct config **config,
			 struct config_notices *notices)
{
	*notices = (struct config_notices){.count = 0};
	return load(options, config, notices);
}

bool options_load_quietly(const struct options *options, struct config **config)
{
	struct config_notices notices = {.count = 0};

	return load(options, config, &notices);
}
