/* cluster: creates a cluster from a file, and waits for one. Reads what was asked for. */
#include "cmd/cluster.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/visible.h"
#include "config/value.h"

enum { LONGEST_WAIT_DAYS = 7 };

enum what { CREATE, WAIT, WHATS };

static const char *const words[WHATS] = {"create", "wait"};

#define DEFAULT_TIMEOUT "60m"

/* ---- options ---- */

static int mistake(enum what what, const char *message)
{
	fprintf(stderr, "cluster %s %s\n", words[what], message);
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
static const char *contradiction(enum what what, const struct cluster_options *how,
				 const char *timeout, int names)
{
	if (what == WAIT && names != 1)
		return "wants the UID of one cluster";
	if (what == WAIT && (how->file != NULL || how->dry_run || how->wait))
		return "takes neither --file nor --dry-run nor --wait";
	if (what == WAIT)
		return NULL;
	if (names > 0)
		return "takes no arguments, only options; the file is given as -f FILE";
	if (how->file == NULL || *how->file == '\0')
		return "wants -f FILE; - is standard input";
	if (how->dry_run && how->wait)
		return "cannot --wait for what a --dry-run does not create";
	if (timeout != NULL && !how->wait)
		return "takes --timeout only with --wait";
	return NULL;
}

/* ---- the configuration ---- */

/* Another environment must never be asked instead. */
static bool check_instance(const struct config *config, const char *name)
{
	struct buf shown;

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
	buf_init(&shown, 64 * 1024);
	visible_add(&shown, text_of(name));
	fprintf(stderr, "spectrocloud-backend: --instance: there is no environment `%s`; there %s",
		shown.len == 0 ? "" : shown.ptr,
		config->environment_count == 0 ? "is none" : "are:");
	buf_fini(&shown);
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

static int run_what(enum what what, int argc, char **argv)
{
	struct options options;
	struct cluster_options how = {.common = &options};
	const char *timeout = NULL;
	const struct own_option own[] = {
		{.name = "file", .letter = 'f', .value = &how.file},
		{.name = "project", .value = &how.project},
		{.name = "instance", .value = &how.instance},
		{.name = "dry-run", .given = &how.dry_run},
		{.name = "wait", .given = &how.wait},
		{.name = "timeout", .value = &timeout},
		{.name = "json", .given = &how.json},
		{.name = "verbose", .given = &how.verbose},
	};
	const char *fault;

	if (!options_read_with(argc, argv, own, ARRAY_LEN(own), &options))
		return CLUSTER_FAULTY;
	if (options.help) {
		command_print_help(&command_cluster);
		return 0;
	}
	options.alone = true;
	fault = contradiction(what, &how, timeout, argc - options.rest);
	if (fault != NULL)
		return mistake(what, fault);
	if (!read_timeout(timeout == NULL ? DEFAULT_TIMEOUT : timeout, &how.timeout_ms))
		return mistake(what, "wants as --timeout a duration such as 90s, 45m or 2h, at "
				     "most 7d");
	return carry_out(what, &options, &how, what == WAIT ? argv[options.rest] : NULL);
}

static int run(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		command_print_help(&command_cluster);
		return 0;
	}
	argv[argc > 1] = argv[0]; /* a complaint about an option names the command by it */
	for (int i = 0; i < WHATS; i++)
		if (strcmp(word, words[i]) == 0)
			return run_what((enum what)i, argc - 1, argv + 1);
	fprintf(stderr, "cluster: say `create` or `wait`; `cluster --help` tells more\n");
	return CLUSTER_FAULTY;
}

const struct command command_cluster = {
	.name = "cluster",
	.arguments = "create -f FILE [OPTIONS]\n"
		     "       spectrocloud-backend cluster wait UID [OPTIONS]",
	.summary = "Create a cluster from a file, or wait for one",
	.help = "create  checks the file in full, then creates the cluster that it describes, as\n"
		"        POST /clusters does. Says everything that is wrong with it at once, with\n"
		"        line and column, before anything is created\n"
		"wait    follows the cluster UID until it runs\n"
		"\n"
		"Options of create:\n"
		"  -f, --file FILE     the cluster, in YAML or JSON: a flat description with\n"
		"                      cloudType at its top, or Palette's own entity with spec;\n"
		"                      - is standard input\n"
		"  --dry-run           check it, also with Palette, create nothing, and show what\n"
		"                      would be created and its price\n"
		"  --wait              then follow the cluster until it runs\n"
		"\n"
		"Options of both:\n"
		"  --project UID       the Palette project; without it the tenant\n"
		"  --instance NAME     the environment of the configuration; without it the first\n"
		"  --timeout DURATION  how long to wait at most, such as 90s, 45m, 2h (60m);\n"
		"                      of create only with --wait\n"
		"  --json              JSON, also on a terminal; while it waits an object a line\n"
		"  --verbose           say what the service would: notices about the\n"
		"                      configuration, and its log, to standard error\n"
		"  --config FILE       the service's configuration; may be repeated\n"
		"  --set PATH=VALUE    override one setting of the configuration\n"
		"  -h, --help          show this\n"
		"\n"
		"YAML is version 1.2: yes and on are text, and a value without quotes that looks\n"
		"like a number is one. Put versions into quotes, as in kubernetesVersion: "
		"\"1.30\".\n"
		"A file of JSON is sent as it stands.\n"
		"\n"
		"On a terminal create prints `created cluster NAME UID`; in a pipe the UID alone,\n"
		"and whatever else there is to say, also while it waits, goes to standard error.\n"
		"With --dry-run a pipe gets the answer as JSON.\n"
		"\n"
		"Palette is asked with the apiToken of the environment, or with the Palette\n"
		"session in the variable SPECTROCLOUD_TOKEN.\n"
		"\n"
		"Exit status:\n"
		"  0    created; with --wait, and of wait: it runs; with --dry-run: it could be\n"
		"  1    Palette refused it or cannot be asked; nothing was created. Of wait: it\n"
		"       cannot be followed at all\n"
		"  2    the options, the configuration or the file are wrong; nothing was created\n"
		"  3    nobody knows whether it was created, or it was, and its uid could not be\n"
		"       written: look for its name before trying again\n"
		"  4    waited, and the cluster failed or was deleted\n"
		"  5    waited, and it is not ready yet\n"
		"  6    waited, and could not follow it to the end; the cluster goes on\n"
		"  130  interrupted by Ctrl-C (129, 143: by SIGHUP, SIGTERM). Before the create\n"
		"       nothing is created; while it waits the cluster goes on, and\n"
		"       `cluster wait UID` takes it up again. While Palette is asked to create\n"
		"       it, the answer is waited for first; a second Ctrl-C leaves at once,\n"
		"       without knowing\n"
		"\n"
		"Examples:\n"
		"  spectrocloud-backend cluster create -f demo.yaml --project 65f0aa... --dry-run\n"
		"  uid=$(spectrocloud-backend cluster create -f demo.yaml --wait --timeout 90m)\n",
	.run = run,
};
