/* spectrocloud-backend(1), from the table of commands; and what both pages of the manual have. */
#include "cmd/man.h"

#include <string.h>

#include "cmd/cmd.h"
#include "cmd/roff.h"

struct surrounding {
	const char *name;
	const char *meaning;
};

static const struct surrounding environment[] = {
	{"APP_CONFIG_path", "a setting, whose levels are separated by `_`: "
			    "`APP_CONFIG_spectrocloud_server_workers=8`"},
	{"BACKSTAGE_ENV", "names, separated by commas, of which each adds a file "
			  "`app-config.NAME.yaml` where no `--config` is given"},
	{"LOG_LEVEL", "stands in for `spectrocloud.telemetry.logLevel`"},
	{"http_proxy, https_proxy, no_proxy", "the proxy that Palette is reached through, as "
					      "curl(1) has it; not for this machine, nor for "
					      "Backstage"},
	{"NO_COLOR", "if it is set: no colours on a terminal"},
	{"NOTIFY_SOCKET, WATCHDOG_USEC", "of `serve`: how systemd wants to be told"},
	{"SPECTROCLOUD_DOCTOR_TOKEN", "of `doctor`: the token that Backstage is asked with"},
	{"SPECTROCLOUD_TOKEN", "of `action`, `cluster` and `mcp`: a Palette session that is used "
			       "instead of the environment's `apiToken`"},
};

static const struct surrounding files[] = {
	{"app-config.yaml", "the configuration, which is Backstage's, too; see "
			    "`spectrocloud-backend`(5)"},
	{"app-config.local.yaml", "lies over it, if it is there and no `--config` is given"},
	{"/etc/spectrocloud-backend/app-config.yaml", "the configuration of the service under "
						      "systemd"},
};

static const struct surrounding signals[] = {
	{"SIGTERM, SIGINT", "`serve` is not ready from now on, finishes the requests that run, and "
			    "ends with status 0; a second one cuts them off"},
	{"SIGHUP", "`serve` reads the configuration again"},
};

static void put_surroundings(struct buf *out, const struct surrounding *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		roff_term(out, rows[i].name, NULL, rows[i].meaning);
}

void man_begin(struct buf *out, const char *section, const char *what)
{
	buf_printf(out,
		   ".\\\" Printed by `spectrocloud-backend docs man%s`.\n"
		   ".TH SPECTROCLOUD\\-BACKEND %s \"%s\" \"spectrocloud\\-backend %s\"\n"
		   ".SH NAME\nspectrocloud\\-backend \\- ",
		   section, section, PROJECT_DATE, PROJECT_VERSION);
	roff_add(out, what);
}

void man_environment(struct buf *out)
{
	buf_add_string(out, ".SH ENVIRONMENT\n");
	put_surroundings(out, environment, ARRAY_LEN(environment));
}

void man_files(struct buf *out)
{
	buf_add_string(out, ".SH FILES\n");
	put_surroundings(out, files, ARRAY_LEN(files));
}

/* ---- a command ---- */

static void put_usage(struct buf *out, const char *usage, bool first)
{
	buf_add_string(out, first ? "\\fBspectrocloud\\-backend\\fR "
				  : ".br\n"
				    "\\fBspectrocloud\\-backend"
				    "\\fR ");
	roff_add_word(out, usage);
	buf_add_char(out, '\n');
}

static void put_option(struct buf *out, struct arena *a, const struct option_row *row)
{
	const char *letter = row->letter == 0 ? "" : arena_printf(a, "-%c, ", row->letter);

	roff_term(out, arena_printf(a, "%s--%s", letter, row->name), row->argument, row->help);
}

/* The command's own options that are for exactly these words. */
static void put_options(struct buf *out, struct arena *a, const struct command *command,
			unsigned words)
{
	bool first = true;

	for (const struct option_row *row = command->options; row != NULL && row->name != NULL;
	     row++) {
		if (row->words != words)
			continue;
		if (first && options_differ(command))
			buf_printf(out, ".PP\n%s:\n", options_title(a, command, words));
		first = false;
		put_option(out, a, row);
	}
}

static bool has_been(const struct command *command, const struct option_row *row)
{
	for (const struct option_row *before = command->options; before < row; before++)
		if (before->words == row->words)
			return true;
	return false;
}

static void put_groups(struct buf *out, struct arena *a, const struct command *command)
{
	for (const struct option_row *row = command->options; row != NULL && row->name != NULL;
	     row++)
		if (row->words != 0 && !has_been(command, row))
			put_options(out, a, command, row->words);
	put_options(out, a, command, 0);
}

static void put_exits(struct buf *out, const struct exit_row *exits)
{
	for (const struct exit_row *row = exits; row->status != NULL; row++)
		roff_term(out, row->status, NULL, row->meaning);
}

static void put_command(struct buf *out, struct arena *a, const struct command *command)
{
	roff_heading(out, "SS", command->name);
	for (size_t i = 0; i < command_count_usages(command); i++)
		put_usage(out, command_usage(a, command, i), i == 0);
	buf_add_string(out, ".PP\n");
	roff_add(out, arena_printf(a, "%s.", command->summary));
	for (size_t i = 0; i < command_count_words(command); i++)
		roff_term(out, command->words[i].name, command->words[i].arguments,
			  command->words[i].help);
	put_groups(out, a, command);
	if (command->help != NULL) {
		buf_add_string(out, ".PP\n");
		roff_add(out, command->help);
	}
	if (command->exits == NULL)
		return;
	buf_add_string(out, ".PP\nExit status:\n");
	put_exits(out, command->exits);
}

/* ---- the page ---- */

/* "(of serve, mcp)": which commands take an option of several; nothing where all do. */
static const char *takers(struct arena *a, unsigned of)
{
	const char *names = "";

	if (of == 0)
		return "";
	for (size_t i = 0; command_table[i] != NULL; i++)
		if ((command_table[i]->common & of) != 0)
			names = arena_printf(a, "%s%s%s", names, *names == '\0' ? "" : ", ",
					     command_table[i]->name);
	return arena_printf(a, " (of %s)", names);
}

static void put_common_options(struct buf *out, struct arena *a)
{
	const struct option_row *row;
	unsigned of;

	buf_add_string(out, ".SH OPTIONS\nThose that several commands take:\n");
	for (size_t i = 0; (row = options_common(i, &of)) != NULL; i++) {
		struct option_row told = *row;

		told.help = arena_printf(a, "%s%s", row->help, takers(a, of));
		put_option(out, a, &told);
	}
	roff_term(out, "--version", NULL, "print the version, without a command");
}

static void put_examples(struct buf *out)
{
	buf_add_string(out, ".SH EXAMPLES\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		for (const struct example_row *row = command_table[i]->examples;
		     row != NULL && row->line != NULL; row++)
			roff_term(out, row->line, NULL, row->what);
}

void man_commands(struct buf *out)
{
	struct arena a;

	arena_init(&a);
	man_begin(out, "1", "connects Spectro Cloud Palette to Backstage");
	buf_add_string(out, ".SH SYNOPSIS\n");
	put_usage(out, "COMMAND [OPTIONS]", true);
	put_usage(out, "--help", false);
	put_usage(out, "--version", false);
	buf_add_string(out, ".SH DESCRIPTION\n");
	roff_add(out,
		 "Stands beside Backstage as its plugin `spectrocloud`: serves clusters, "
		 "profiles, projects, cloud accounts and kubeconfigs of Palette to the frontend, "
		 "to other plugins and to agents, and creates clusters.");
	buf_add_string(out, ".SH COMMANDS\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		put_command(out, &a, command_table[i]);
	put_common_options(out, &a);
	buf_add_string(out, ".SH EXIT STATUS\nWhere nothing else is said of a command:\n");
	put_exits(out, command_usual_exits);
	man_environment(out);
	man_files(out);
	buf_add_string(out, ".SH SIGNALS\n");
	put_surroundings(out, signals, ARRAY_LEN(signals));
	put_examples(out);
	buf_add_string(out, ".SH SEE ALSO\n.BR spectrocloud\\-backend (5)\n.PP\n"
			    "/usr/share/doc/spectrocloud\\-backend\n");
	arena_fini(&a);
}
