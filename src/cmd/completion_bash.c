/* The completion script for bash. */
#include <string.h>

#include "cmd/completion.h"

static const char head[] =
	"# Completion of spectrocloud-backend for bash; `spectrocloud-backend completion bash` "
	"prints "
	"it.\n"
	"\n"
	"_spectrocloud_backend_offer()\n"
	"{\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$@\")\n"
	"}\n"
	"\n"
	"_spectrocloud_backend()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command=${COMP_WORDS[1]-} word=${COMP_WORDS[2]-} options='' words='' tools='' "
	"kind=''\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# bash splits at the '=' of --config=FILE\n"
	"\tif [[ $current == = ]]; then\n"
	"\t\tcurrent=\n"
	"\telif [[ $before == = ]]; then\n"
	"\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\tcommand=\n"
	"\tfi\n";

/* "-f|--file" as a pattern of case, behind the command. */
static void add_pattern(struct buf *out, const struct command *command,
			const struct option_row *row, bool first)
{
	buf_printf(out, "%s'%s --%s'", first ? "" : " | ", command->name, row->name);
	if (row->letter != 0)
		buf_printf(out, " | '%s -%c'", command->name, row->letter);
}

/* Which kind of value the option before the cursor wants: a line a kind. */
static void add_values(struct buf *out, enum completes what, const char *kind)
{
	bool first = true;

	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct option_row *row;

		for (size_t k = 0; (row = command_option(command_table[i], k)) != NULL; k++) {
			if (row->argument == NULL || row->choices != NULL || row->completes != what)
				continue;
			buf_add_string(out, first ? "\t" : "");
			add_pattern(out, command_table[i], row, first);
			first = false;
		}
	}
	if (!first)
		buf_printf(out, ") kind=%s ;;\n", kind);
}

static void add_choices(struct buf *out)
{
	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct option_row *row;

		for (size_t k = 0; (row = command_option(command_table[i], k)) != NULL; k++) {
			if (row->choices == NULL)
				continue;
			buf_add_char(out, '\t');
			add_pattern(out, command_table[i], row, true);
			buf_add_string(out, ") kind=words words='");
			for (const char *const *c = row->choices; *c != NULL; c++)
				buf_printf(out, "%s%s", c == row->choices ? "" : " ", *c);
			buf_add_string(out, "' ;;\n");
		}
	}
}

static void add_options(struct buf *out, const struct command *command, size_t place)
{
	const struct option_row *row;
	const char *before = "";

	buf_add_string(out, "options='");
	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++) {
		if (command->words != NULL && !option_is_of(command, row, place))
			continue;
		buf_printf(out, "%s--%s", before, row->name);
		before = " ";
	}
	buf_add_char(out, '\'');
}

/* What may stand behind a command and its word. */
static void add_places(struct buf *out)
{
	buf_add_string(out, "\tcase \"$command $word\" in\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		for (size_t place = 0; completion_has_place(command_table[i], place); place++) {
			const char *word = completion_word(command_table[i], place);

			buf_printf(out, *word == '\0' ? "\t'%s '*%s) " : "\t'%s %s') ",
				   command_table[i]->name, word);
			add_options(out, command_table[i], place);
			buf_printf(out, "%s ;;\n",
				   completion_arguments(command_table[i], place) == COMPLETES_TOOLS
					   ? " tools=yes"
					   : "");
		}
	buf_add_string(out, "\tesac\n");
}

/* The words of commands, and at first the commands. */
static void add_words(struct buf *out)
{
	buf_add_string(out, "\tcase $COMP_CWORD,$command in\n\t1,*) words='");
	for (size_t i = 0; command_table[i] != NULL; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : " ", command_table[i]->name);
	buf_add_string(out, "' options='--help --version' ;;\n");
	for (size_t i = 0; command_table[i] != NULL; i++) {
		if (command_table[i]->words == NULL)
			continue;
		buf_printf(out, "\t2,%s) words='", command_table[i]->name);
		for (size_t place = 0; completion_has_place(command_table[i], place); place++)
			buf_printf(out, "%s%s", place == 0 ? "" : " ",
				   completion_word(command_table[i], place));
		buf_add_string(out, "' options=--help ;;\n");
	}
	buf_add_string(out, "\tesac\n");
}

static const char tail[] =
	"\n"
	"\tcase $kind in\n"
	"\tfiles)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t_spectrocloud_backend_offer -f -- \"$current\"\n"
	"\t\t;;\n"
	"\tsettings)\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\t_spectrocloud_backend_offer -W \"$_spectrocloud_backend_settings\" -- \"$current\"\n"
	"\t\t;;\n"
	"\tchecks)\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\tif [[ $current == *,* ]]; then\n"
	"\t\t\twords=${current%,*},\n"
	"\t\tfi\n"
	"\t\t_spectrocloud_backend_offer -P \"$words\" -W \"$_spectrocloud_backend_checks\" "
	"-- \"${current##*,}\"\n"
	"\t\t;;\n"
	"\tusers) _spectrocloud_backend_offer -u -- \"$current\" ;;\n"
	"\twords) _spectrocloud_backend_offer -W \"$words\" -- \"$current\" ;;\n"
	"\tnothing) ;;\n"
	"\t*)\n"
	"\t\tif [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\t[[ -z $tools ]] || words=$_spectrocloud_backend_tools\n"
	"\t\t[[ $current == -* || -z $words ]] && words=$options\n"
	"\t\t_spectrocloud_backend_offer -W \"$words\" -- \"$current\"\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n";

void completion_bash(struct buf *out)
{
	buf_add_string(out, head);
	add_words(out);
	add_places(out);
	buf_add_string(out, "\tcase \"$command $before\" in\n");
	add_choices(out);
	add_values(out, COMPLETES_FILES, "files");
	add_values(out, COMPLETES_SETTINGS, "settings");
	add_values(out, COMPLETES_USERS, "users");
	add_values(out, COMPLETES_CHECKS, "checks");
	add_values(out, COMPLETES_NOTHING, "nothing");
	buf_add_string(out, "\tesac\n");
	buf_add_string(out, tail);
	buf_add_string(out, "_spectrocloud_backend_tools='");
	completion_add_names(out, COMPLETES_TOOLS, "\n");
	buf_add_string(out, "'\n_spectrocloud_backend_checks='");
	completion_add_names(out, COMPLETES_CHECKS, "\n");
	buf_add_string(out, "'\n_spectrocloud_backend_settings='");
	completion_add_names(out, COMPLETES_SETTINGS, "\n");
	buf_add_string(out, "'\n\ncomplete -F _spectrocloud_backend spectrocloud-backend\n");
}
