/* The completion script for zsh. */
#include <string.h>

#include "cmd/completion.h"

static const char head[] = "#compdef spectrocloud-backend\n"
			   "# Completion of spectrocloud-backend for zsh; `spectrocloud-backend "
			   "completion zsh` prints it.\n"
			   "\n"
			   "_spectrocloud_backend_settings()\n"
			   "{\n"
			   "\tlocal -a settings\n"
			   "\n"
			   "\tsettings=(";

/* A text inside of single quotes, in which these characters stand for themselves. */
static void add_quoted(struct buf *out, const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			buf_add_string(out, "'\\''");
			continue;
		}
		if (strchr(special, *text) != NULL)
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
}

static void add_action(struct buf *out, const struct option_row *row)
{
	static const char *const actions[] = {
		[COMPLETES_NOTHING] = " ",
		[COMPLETES_FILES] = "_files",
		[COMPLETES_SETTINGS] = "_spectrocloud_backend_settings",
		[COMPLETES_TOOLS] = "_spectrocloud_backend_tools",
		[COMPLETES_USERS] = "_users",
		[COMPLETES_CHECKS] = "_spectrocloud_backend_checks",
	};

	if (row->choices == NULL) {
		buf_add_string(out, actions[row->completes]);
		return;
	}
	buf_add_char(out, '(');
	for (const char *const *c = row->choices; *c != NULL; c++)
		buf_printf(out, "%s%s", c == row->choices ? "" : " ", *c);
	buf_add_char(out, ')');
}

/* A specification of _arguments: '*--set[override one setting]:PATH=VALUE:_files'. */
static void add_specification(struct buf *out, struct arena *a, const struct option_row *row,
			      const char *name)
{
	buf_printf(out, " \\\n\t\t\t'%s%s[", row->repeated ? "*" : "", name);
	add_quoted(out, completion_brief(a, row->help), "[]:\\");
	buf_add_char(out, ']');
	if (row->argument != NULL) {
		buf_add_char(out, ':');
		add_quoted(out, row->argument, ":\\");
		buf_add_char(out, ':');
		add_action(out, row);
	}
	buf_add_char(out, '\'');
}

static void add_options(struct buf *out, struct arena *a, const struct command *command,
			size_t place)
{
	const struct option_row *row;

	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++) {
		if (command->words != NULL && !option_is_of(command, row, place))
			continue;
		add_specification(out, a, row, arena_printf(a, "--%s", row->name));
		if (row->letter != 0)
			add_specification(out, a, row, arena_printf(a, "-%c", row->letter));
	}
	if (completion_arguments(command, place) == COMPLETES_TOOLS)
		buf_add_string(out, " \\\n\t\t\t'1:tool:_spectrocloud_backend_tools'");
	buf_add_string(out, "\n\t\t;;\n");
}

/* 'check:reads everything', for _describe. */
static void add_described(struct buf *out, struct arena *a, const char *name, const char *help)
{
	buf_printf(out, "\n\t\t\t'%s:", name);
	add_quoted(out, completion_brief(a, help), ":\\");
	buf_add_char(out, '\'');
}

static void add_words(struct buf *out, struct arena *a, const struct command *command)
{
	buf_printf(out, "\t'%s')\n\t\tchoices=(", command->name);
	for (size_t i = 0; i < command_count_words(command); i++)
		add_described(out, a, command->words[i].name, command->words[i].help);
	buf_add_string(out, "\n\t\t)\n"
			    "\t\tif [[ $PREFIX == -* ]]; then\n"
			    "\t\t\tcompadd -- --help\n"
			    "\t\telse\n"
			    "\t\t\t_describe -t words word choices\n"
			    "\t\tfi\n"
			    "\t\t;;\n");
}

static const char dispatch[] = "\n\t)\n"
			       "\tcompadd -S '' -- $settings\n"
			       "}\n"
			       "\n"
			       "_spectrocloud_backend_tools()\n"
			       "{\n"
			       "\tlocal -a tools\n"
			       "\n"
			       "\ttools=(";

static const char after_tools[] = "\n\t)\n"
				  "\tcompadd -- $tools\n"
				  "}\n"
				  "\n"
				  "_spectrocloud_backend_checks()\n"
				  "{\n"
				  "\tlocal -a checks\n"
				  "\n"
				  "\tchecks=(";

static const char main_part[] = "\n\t)\n"
				"\t_values -s , check $checks\n"
				"}\n"
				"\n"
				"_spectrocloud-backend()\n"
				"{\n"
				"\tlocal -a choices\n"
				"\tlocal place\n"
				"\n"
				"\tif ((CURRENT == 2)); then\n"
				"\t\tchoices=(";

static const char after_commands[] = "\n\t\t)\n"
				     "\t\tif [[ $PREFIX == -* ]]; then\n"
				     "\t\t\tcompadd -- --help --version\n"
				     "\t\telse\n"
				     "\t\t\t_describe -t commands command choices\n"
				     "\t\tfi\n"
				     "\t\treturn\n"
				     "\tfi\n"
				     "\tshift words\n"
				     "\t((CURRENT--))\n"
				     "\tplace=$words[1]\n"
				     "\tcase $place in\n";

static const char tail[] = "\tesac\n"
			   "}\n"
			   "\n"
			   "if [[ $funcstack[1] == _spectrocloud-backend ]]; then\n"
			   "\t_spectrocloud-backend \"$@\"\n"
			   "else\n"
			   "\tcompdef _spectrocloud-backend spectrocloud-backend\n"
			   "fi\n";

static void add_word_names(struct buf *out)
{
	for (size_t i = 0; command_table[i] != NULL; i++)
		if (command_table[i]->words != NULL)
			buf_printf(out, "%s%s", out->ptr[out->len - 1] == '\t' ? "" : "|",
				   command_table[i]->name);
	buf_add_string(out, ")\n");
}

/* Behind a command that has words: the words, or it goes on with them. */
static void add_behind_commands(struct buf *out, struct arena *a)
{
	buf_add_char(out, '\t');
	add_word_names(out);
	buf_add_string(out, "\t\tif ((CURRENT > 2)); then\n"
			    "\t\t\tplace=\"$words[1] $words[2]\"\n"
			    "\t\t\tshift words\n"
			    "\t\t\t((CURRENT--))\n"
			    "\t\tfi\n"
			    "\t\t;;\n"
			    "\tesac\n"
			    "\tcase $place in\n");
	for (size_t i = 0; command_table[i] != NULL; i++) {
		if (command_table[i]->words != NULL)
			add_words(out, a, command_table[i]);
		for (size_t place = 0; completion_has_place(command_table[i], place); place++) {
			const char *word = completion_word(command_table[i], place);

			buf_printf(out, "\t'%s%s%s')\n\t\t_arguments", command_table[i]->name,
				   *word == '\0' ? "" : " ", word);
			add_options(out, a, command_table[i], place);
		}
	}
}

void completion_zsh(struct buf *out)
{
	struct arena a;

	arena_init(&a);
	buf_add_string(out, head);
	completion_add_names(out, COMPLETES_SETTINGS, "\n\t\t");
	buf_add_string(out, dispatch);
	completion_add_names(out, COMPLETES_TOOLS, "\n\t\t");
	buf_add_string(out, after_tools);
	completion_add_names(out, COMPLETES_CHECKS, "\n\t\t");
	buf_add_string(out, main_part);
	for (size_t i = 0; command_table[i] != NULL; i++)
		add_described(out, &a, command_table[i]->name, command_table[i]->summary);
	buf_add_string(out, after_commands);
	add_behind_commands(out, &a);
	buf_add_string(out, tail);
	arena_fini(&a);
}
