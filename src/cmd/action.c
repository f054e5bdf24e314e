/* action: the tools that agents have, for people at a shell. Reads what was asked for. */
#include "cmd/action.h"

#include <stddef.h>
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

	fputs("spectrocloud-backend: there is no tool `", stderr);
	visible_print(stderr, text_of(name));
	fprintf(stderr, "`%s%s%s\n", meant == NULL ? "" : "; did you mean ",
		meant == NULL ? "; `action list` has all" : meant, meant == NULL ? "" : "?");
	return 2;
}

/* ---- the command ---- */

enum what { LIST, SHOW, RUN };

static const char *mistake(enum what what, size_t names)
{
	if (what != LIST && names == 0)
		return "wants the name of a tool; `action list` has them";
	if (what != LIST && names > 1)
		return "takes one name; inputs are given as --arg NAME=VALUE";
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

static int run(int argc, char **argv)
{
	struct action_options how = {.json = false};
	struct command_line typed;
	const char *fault;
	int status;

	if (!command_read(&command_action, argc, argv, &how, &typed, &status))
		return status;
	typed.options.alone = true;
	fault = mistake((enum what)typed.word, typed.argument_count);
	if (fault != NULL) {
		fprintf(stderr, "action %s %s\n", command_action.words[typed.word].name, fault);
		return 2;
	}
	return carry_out((enum what)typed.word, &typed.options, &how,
			 typed.word == LIST ? NULL : typed.arguments[0]);
}

static const struct command_word words[] = {
	[LIST] = {.name = "list",
		  .help = "a line a tool, by toolset. TO AGENTS says whether this configuration "
			  "offers it to them (spectrocloud.mcp, backend.actions); run has all"},
	[SHOW] = {.name = "show",
		  .arguments = "NAME",
		  .completes = COMPLETES_TOOLS,
		  .help = "what the tool NAME gives, takes and answers, and which permission it "
			  "asks "
			  "of those who come through the service"},
	[RUN] = {.name = "run",
		 .arguments = "NAME",
		 .completes = COMPLETES_TOOLS,
		 .help = "runs the tool NAME, without Backstage. On a terminal prints a table, in "
			 "a "
			 "pipe JSON. What could disturb a terminal is escaped"},
	{.name = NULL},
};

static const struct option_row options[] = {
	{
		.name = "arg",
		.argument = "NAME=VALUE",
		.into = offsetof(struct action_options, arguments),
		.repeated = true,
		.words = WORD(RUN),
		.help = "one input; may be repeated. A list is a,b or a JSON array, or the option "
			"several times",
	},
	{
		.name = "input",
		.argument = "FILE",
		.into = offsetof(struct action_options, input),
		.words = WORD(RUN),
		.completes = COMPLETES_FILES,
		.help = "inputs as a JSON object; - is standard input. What --arg says counts more",
	},
	{
		.name = "json",
		.into = offsetof(struct action_options, json),
		.help = "JSON, also on a terminal",
	},
	{
		.name = "verbose",
		.into = offsetof(struct action_options, verbose),
		.help = "say what the service would: notices about the configuration, and its "
			"log, to standard error",
	},
	{.name = NULL},
};

static const struct exit_row exits[] = {
	{"0", "it is done"},
	{"1", "it failed"},
	{"2", "the inputs, the options or the configuration are wrong"},
	{.status = NULL},
};

static const struct example_row examples[] = {
	{"spectrocloud-backend action run list_spectrocloud_clusters", "the tenant's clusters"},
	{.line = NULL},
};

const struct command command_action = {
	.name = "action",
	.summary = "List the tools that agents have, describe one, or run it",
	.words = words,
	.options = options,
	.common = OPTIONS_CONFIGURATION,
	.help = "Palette is asked with the apiToken of the environment (the first, or the one "
		"given as --arg instanceName=...), or with the Palette session in the variable "
		"SPECTROCLOUD_TOKEN.\n",
	.exits = exits,
	.examples = examples,
	.run = run,
};
