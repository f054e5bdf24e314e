/* action: the tools that agents have, for people at a shell. Reads what was asked for. */
#include "cmd/action.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/visible.h"

enum { MOST_DIFFERENT = 12 }; /* letters of a name that was meant */

/* ---- which tool ---- */

/* Also by the names that Backstage shows: "spectrocloud.NAME" and "spectrocloud:NAME". */
static const struct op *find(const char *name)
{
	const size_t plugin = strlen(CONFIG_PLUGIN_ID);

	if (strncmp(name, CONFIG_PLUGIN_ID, plugin) == 0 &&
	    (name[plugin] == '.' || name[plugin] == ':'))
		name += plugin + 1;
	for (const struct op *const *op = op_all(); *op != NULL; op++)
		if ((*op)->tool != NULL && strcmp((*op)->tool->name, name) == 0)
			return *op;
	return NULL;
}

static bool holds(const char *name, const char *part)
{
	return *part != '\0' && strstr(name, part) != NULL;
}

/* The names have long beginnings in common, so people type a part of one. */
static const char *similar(const char *name)
{
	const char *best = NULL;
	unsigned least = MOST_DIFFERENT + 1;

	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		unsigned distance;

		if ((*op)->tool == NULL)
			continue;
		distance = text_distance(text_of(name), text_of((*op)->tool->name));
		if (holds((*op)->tool->name, name))
			distance = 0;
		if (distance < least) {
			best = (*op)->tool->name;
			least = distance;
		}
	}
	return best;
}

static int no_such_tool(const char *name)
{
	const char *meant = similar(name);
	struct buf shown;

	buf_init(&shown, SIZE_MAX);
	visible_add(&shown, text_of(name));
	fprintf(stderr, "spectrocloud-backend: there is no tool `%s`%s%s%s\n",
		shown.len == 0 ? "" : shown.ptr, meant == NULL ? "" : "; did you mean ",
		meant == NULL ? "; `action list` has all" : meant, meant == NULL ? "" : "?");
	buf_fini(&shown);
	return 2;
}

/* ---- the command ---- */

enum what { LIST, SHOW, RUN, WHATS };

static const char *const words[WHATS] = {"list", "show", "run"};

static const char *mistake(enum what what, const struct action_options *options, int names)
{
	if (what == LIST && names > 0)
		return "takes no arguments, only options";
	if (what != LIST && names == 0)
		return "wants the name of a tool; `action list` has them";
	if (what != LIST && names > 1)
		return "takes one name; inputs are given as --arg NAME=VALUE";
	if (what != RUN && (options->arguments.count > 0 || options->input != NULL))
		return "takes no inputs";
	return NULL;
}

static int carry_out(enum what what, const struct options *options,
		     const struct action_options *how, const char *name)
{
	const struct op *op = what == LIST ? NULL : find(name);
	enum log_level least = how->verbose ? LOG_DEBUG : LOG_WARN;
	struct config *config;
	bool loaded;
	int status;

	if (what != LIST && op == NULL)
		return no_such_tool(name);
	/* That a file was read is no news here. */
	log_open(least, LOG_TEXT);
	/* Most notices are about who may call the service: nobody does, here. */
	loaded = how->verbose ? options_load(options, &config)
			      : options_load_quietly(options, &config);
	if (!loaded)
		return 2;
	log_open(config->log_level > least ? config->log_level : least, config->log_format);
	if (what == LIST)
		status = action_list(config, how->json);
	else if (what == SHOW)
		status = action_show(config, op, how->json);
	else
		status = action_run(config, op, how);
	config_free(config);
	return status;
}

static int run_what(enum what what, int argc, char **argv)
{
	struct action_options how = {.json = false};
	const struct own_option own[] = {
		{.name = "arg", .many = &how.arguments},
		{.name = "input", .value = &how.input},
		{.name = "json", .given = &how.json},
		{.name = "verbose", .given = &how.verbose},
	};
	struct options options;
	const char *fault;

	if (!options_read_with(argc, argv, own, ARRAY_LEN(own), &options))
		return 2;
	if (options.help) {
		command_print_help(&command_action);
		return 0;
	}
	options.alone = true;
	fault = mistake(what, &how, argc - options.rest);
	if (fault != NULL) {
		fprintf(stderr, "action %s %s\n", words[what], fault);
		return 2;
	}
	return carry_out(what, &options, &how, what == LIST ? NULL : argv[options.rest]);
}

static int run(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		command_print_help(&command_action);
		return 0;
	}
	argv[argc > 1] = argv[0]; /* a complaint about an option names the command by it */
	for (int i = 0; i < WHATS; i++)
		if (strcmp(word, words[i]) == 0)
			return run_what((enum what)i, argc - 1, argv + 1);
	fprintf(stderr, "action: say `list`, `show` or `run`; `action --help` tells more\n");
	return 2;
}

const struct command command_action = {
	.name = "action",
	.arguments = "list|show|run [NAME] [OPTIONS]",
	.summary = "List the tools that agents have, describe one, or run it",
	.help = "list    a line a tool, by toolset. TO AGENTS says whether this configuration\n"
		"        offers it to them (spectrocloud.mcp, backend.actions); run has all\n"
		"show    what the tool NAME gives, takes and answers, and which permission it\n"
		"        asks of those who come through the service\n"
		"run     runs the tool NAME, without Backstage. On a terminal prints a table,\n"
		"        in a pipe JSON. What could disturb a terminal is escaped\n"
		"\n"
		"Options of run:\n"
		"  --arg NAME=VALUE    one input; may be repeated. A list is a,b or a JSON\n"
		"                      array, or the option several times\n"
		"  --input FILE        inputs as a JSON object; - is standard input. What --arg\n"
		"                      says counts more\n"
		"\n"
		"Options of all:\n"
		"  --json              JSON, also on a terminal\n"
		"  --verbose           say what the service would: notices about the\n"
		"                      configuration, and its log, to standard error\n"
		"  --config FILE       the service's configuration; may be repeated\n"
		"  --set PATH=VALUE    override one setting\n"
		"  -h, --help          show this\n"
		"\n"
		"Palette is asked with the apiToken of the environment (the first, or the one\n"
		"given as --arg instanceName=...), or with the Palette session in the variable\n"
		"SPECTROCLOUD_TOKEN. Exit status: 2 if the inputs are wrong, 1 if it failed.\n",
	.run = run,
};
