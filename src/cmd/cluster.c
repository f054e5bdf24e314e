/* cluster: creates a cluster from a file, and waits for one. Reads what was asked for. */
#include "cmd/cluster.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/visible.h"
#include "config/value.h"

enum { LONGEST_WAIT_DAYS = 7 };

enum what { CREATE, WAIT };

#define DEFAULT_TIMEOUT "60m"

/* ---- options ---- */

static int mistake(enum what what, const char *message)
{
	fprintf(stderr, "cluster %s %s\n", command_cluster.words[what].name, message);
	return CLUSTER_FAULTY;
}

static bool read_timeout(const char *written, int64_t *ms)
{
	struct arena arena;
	struct node *node;
	bool ok;

	arena_init(&arena);
	node = config_node_string(&arena, text_of(written), (struct place){.line = 0});
	ok = value_duration_ms(node, ms) && *ms > 0 &&
	     *ms <= (int64_t)LONGEST_WAIT_DAYS * 24 * 3600 * 1000;
	arena_fini(&arena);
	return ok;
}

/* What options and arguments say about each other. */
static const char *contradiction(enum what what, const struct cluster_options *how, size_t names)
{
	if (what == WAIT)
		return names == 1 ? NULL : "wants the UID of one cluster";
	if (how->file == NULL || *how->file == '\0')
		return "wants -f FILE; - is standard input";
	if (how->dry_run && how->wait)
		return "cannot --wait for what a --dry-run does not create";
	if (how->timeout != NULL && !how->wait)
		return "takes --timeout only with --wait";
	return NULL;
}

/* ---- the configuration ---- */

/* Another environment must never be asked instead. */
static bool check_instance(const struct config *config, const char *name)
{

	for (size_t i = 0; i < config->environment_count; i++)
		if (name == NULL || (config->environments[i].name != NULL &&
				     strcmp(config->environments[i].name, name) == 0))
			return true;
	if (name == NULL) {
		fputs("spectrocloud-backend: the configuration has no "
		      "spectrocloud.environments\n",
		      stderr);
		return false;
	}
	fputs("spectrocloud-backend: --instance: there is no environment `", stderr);
	visible_print(stderr, text_of(name));
	fprintf(stderr, "`; there %s", config->environment_count == 0 ? "is none" : "are:");
	for (size_t i = 0; i < config->environment_count; i++)
		fprintf(stderr, "%s %s", i == 0 ? "" : ",",
			config->environments[i].name == NULL ? "(unnamed)"
							     : config->environments[i].name);
	fputc('\n', stderr);
	return false;
}

static int carry_out(enum what what, const struct options *options,
		     const struct cluster_options *how, const char *uid)
{
	/* What went wrong is said in the command's own words; the log has the same once more. */
	enum log_level least = how->verbose ? LOG_DEBUG : LOG_ERROR;
	struct config *config;
	bool loaded;
	int status;

	command_protect_memory();
	log_open(least, LOG_TEXT);
	/* Most notices are about who may call the service: nobody does, here. */
	loaded = how->verbose ? options_load(options, &config)
			      : options_load_quietly(options, &config);
	if (!loaded)
		return CLUSTER_FAULTY;
	log_open(config->log_level > least ? config->log_level : least, config->log_format);
	if (!check_instance(config, how->instance))
		status = CLUSTER_FAULTY;
	else if (what == CREATE)
		status = cluster_create(config, how);
	else
		status = cluster_wait(config, how, uid);
	config_free(config);
	return status;
}

/* ---- the command ---- */

static int run(int argc, char **argv)
{
	struct cluster_options how = {.file = NULL};
	struct command_line typed;
	enum what what;
	const char *fault;
	int status;

	if (!command_read(&command_cluster, argc, argv, &how, &typed, &status))
		return status;
	what = (enum what)typed.word;
	typed.options.alone = true;
	how.common = &typed.options;
	fault = contradiction(what, &how, typed.argument_count);
	if (fault != NULL)
		return mistake(what, fault);
	if (!read_timeout(how.timeout == NULL ? DEFAULT_TIMEOUT : how.timeout, &how.timeout_ms))
		return mistake(what, "wants as --timeout a duration such as 90s, 45m or 2h, at "
				     "most 7d");
	return carry_out(what, &typed.options, &how, what == WAIT ? typed.arguments[0] : NULL);
}

static const struct command_word words[] = {
	[CREATE] =
		{.name = "create",
		 .needs = "-f FILE",
		 .help = "checks the file in full, then creates the cluster that it describes, as "
			 "POST /clusters does. Says everything that is wrong with it at once, with "
			 "line and column, before anything is created"},
	[WAIT] = {.name = "wait",
		  .arguments = "UID",
		  .help = "follows the cluster UID until it runs"},
	{.name = NULL},
};

static const struct option_row options[] = {
	{
		.name = "file",
		.letter = 'f',
		.argument = "FILE",
		.into = offsetof(struct cluster_options, file),
		.words = WORD(CREATE),
		.completes = COMPLETES_FILES,
		.help = "the cluster, in YAML or JSON (- is standard input): a flat description "
			"with cloudType at its top, or Palette's own entity with spec",
	},
	{
		.name = "dry-run",
		.into = offsetof(struct cluster_options, dry_run),
		.words = WORD(CREATE),
		.help = "check it, also with Palette, create nothing, and show what would be "
			"created and its price",
	},
	{
		.name = "wait",
		.into = offsetof(struct cluster_options, wait),
		.words = WORD(CREATE),
		.help = "then follow the cluster until it runs",
	},
	{
		.name = "project",
		.argument = "UID",
		.into = offsetof(struct cluster_options, project),
		.help = "the Palette project; without it the tenant",
	},
	{
		.name = "instance",
		.argument = "NAME",
		.into = offsetof(struct cluster_options, instance),
		.help = "the environment of the configuration; without it the first",
	},
	{
		.name = "timeout",
		.argument = "DURATION",
		.into = offsetof(struct cluster_options, timeout),
		.help = "how long to wait at most, such as 90s, 45m, 2h (" DEFAULT_TIMEOUT
			"); of create only with --wait",
	},
	{
		.name = "json",
		.into = offsetof(struct cluster_options, json),
		.help = "JSON, also on a terminal; while it waits an object a line",
	},
	{
		.name = "verbose",
		.into = offsetof(struct cluster_options, verbose),
		.help = "say what the service would: notices about the configuration, and its "
			"log, to standard error",
	},
	{.name = NULL},
};

static const struct exit_row exits[] = {
	{"0", "created; with --wait, and of wait: it runs; with --dry-run: it could be"},
	{"1", "Palette refused it or cannot be asked; nothing was created. Of wait: it cannot be "
	      "followed at all"},
	{"2", "the options, the configuration or the file are wrong; nothing was created"},
	{"3", "nobody knows whether it was created, or it was, and its uid could not be written: "
	      "look for its name before trying again"},
	{"4", "waited, and the cluster failed or was deleted"},
	{"5", "waited, and it is not ready yet"},
	{"6", "waited, and could not follow it to the end; the cluster goes on"},
	{"130",
	 "interrupted by Ctrl-C (129, 143: by SIGHUP, SIGTERM). Before the create nothing is "
	 "created; while it waits the cluster goes on, and `cluster wait UID` takes it up "
	 "again. While Palette is asked to create it, the answer is waited for first; a "
	 "second Ctrl-C leaves at once, without knowing"},
	{.status = NULL},
};

static const struct example_row examples[] = {
	{"spectrocloud-backend cluster create -f demo.yaml --project 65f0aa... --dry-run",
	 "what would be created, and its price"},
	{"uid=$(spectrocloud-backend cluster create -f demo.yaml --wait --timeout 90m)",
	 "goes on when the cluster runs"},
	{.line = NULL},
};

const struct command command_cluster = {
	.name = "cluster",
	.summary = "Create a cluster from a file, or wait for one",
	.words = words,
	.options = options,
	.common = OPTIONS_CONFIGURATION,
	.help = "YAML is version 1.2: yes and on are text, and a value without quotes that looks "
		"like a number is one. Put versions into quotes, as in kubernetesVersion: "
		"\"1.30\". A file of JSON is sent as it stands.\n"
		"\n"
		"On a terminal create prints `created cluster NAME UID`; in a pipe the UID alone, "
		"and whatever else there is to say, also while it waits, goes to standard error. "
		"With --dry-run a pipe gets the answer as JSON.\n"
		"\n"
		"Palette is asked with the apiToken of the environment, or with the Palette "
		"session "
		"in the variable SPECTROCLOUD_TOKEN.\n",
	.exits = exits,
	.examples = examples,
	.run = run,
};
