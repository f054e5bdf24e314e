/* The completion script for fish. */
#include <string.h>

#include "cmd/completion.h"

static const char head[] =
	"# Completion of spectrocloud-backend for fish; `spectrocloud-backend completion fish` "
	"prints it.\n"
	"\n"
	"# COMMAND [WORD...]: whether this command was typed, and then one of the words; '': none "
	"yet.\n"
	"function __spectrocloud_backend_after\n"
	"    set -l typed (commandline -opc)\n"
	"    test (count $typed) -ge 2; and test \"$typed[2]\" = \"$argv[1]\"; or return 1\n"
	"    test (count $argv) -eq 1; and return 0\n"
	"    if test -z \"$argv[2]\"\n"
	"        test (count $typed) -eq 2\n"
	"        return\n"
	"    end\n"
	"    test (count $typed) -ge 3; and contains -- \"$typed[3]\" $argv[2..-1]\n"
	"end\n"
	"\n"
	"function __spectrocloud_backend_first\n"
	"    test (count (commandline -opc)) -eq 1\n"
	"end\n"
	"\n"
	"complete -c spectrocloud-backend -f\n"
	"complete -c spectrocloud-backend -n __spectrocloud_backend_first -l help -s h -d 'show "
	"the "
	"commands'\n"
	"complete -c spectrocloud-backend -n __spectrocloud_backend_first -l version -d 'print the "
	"version'\n";

static void add_quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '\'');
}

/* Begins a line that counts behind a command. words: bits of those that it counts behind; 0: all.
 */
static void begin(struct buf *out, const struct command *command, unsigned words)
{
	buf_printf(out, "complete -c spectrocloud-backend -n '__spectrocloud_backend_after %s",
		   command->name);
	for (size_t i = 0; i < command_count_words(command); i++)
		if (words == 0 || (words & WORD(i)) != 0)
			buf_printf(out, " %s", command->words[i].name);
	buf_add_char(out, '\'');
}

static void end(struct buf *out, struct arena *a, const char *help)
{
	buf_add_string(out, " -d ");
	add_quoted(out, completion_brief(a, help));
	buf_add_char(out, '\n');
}

static void add_value(struct buf *out, const struct option_row *row)
{
	buf_add_string(out, row->completes == COMPLETES_FILES ? " -r -F" : " -x");
	if (row->choices != NULL) {
		buf_add_string(out, " -a '");
		for (const char *const *c = row->choices; *c != NULL; c++)
			buf_printf(out, "%s%s", c == row->choices ? "" : " ", *c);
		buf_add_char(out, '\'');
	} else if (row->completes == COMPLETES_SETTINGS) {
		buf_add_string(out, " -a \"$__spectrocloud_backend_settings\"");
	} else if (row->completes == COMPLETES_CHECKS) {
		buf_add_string(out, " -a '(__fish_complete_list , __spectrocloud_backend_checks)'");
	} else if (row->completes == COMPLETES_USERS) {
		buf_add_string(out, " -a '(__fish_complete_users)'");
	}
}

static void add_option(struct buf *out, struct arena *a, const struct command *command,
		       const struct option_row *row)
{
	begin(out, command, row->letter == 'h' ? 0 : option_words(command, row));
	buf_printf(out, " -l %s", row->name);
	if (row->letter != 0)
		buf_printf(out, " -s %c", row->letter);
	if (row->argument != NULL)
		add_value(out, row);
	end(out, a, row->help);
}

static void add_words(struct buf *out, struct arena *a, const struct command *command)
{
	for (size_t i = 0; i < command_count_words(command); i++) {
		const struct command_word *word = &command->words[i];

		buf_printf(out,
			   "complete -c spectrocloud-backend -n \"__spectrocloud_backend_after %s "
			   "''\" "
			   "-a %s",
			   command->name, word->name);
		end(out, a, word->help);
		if (word->completes != COMPLETES_TOOLS)
			continue;
		begin(out, command, WORD(i));
		buf_add_string(out, " -a \"$__spectrocloud_backend_tools\"\n");
	}
}

static void add_command(struct buf *out, struct arena *a, const struct command *command)
{
	const struct option_row *row;

	buf_printf(out, "\ncomplete -c spectrocloud-backend -n __spectrocloud_backend_first -a %s",
		   command->name);
	end(out, a, command->summary);
	add_words(out, a, command);
	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++)
		add_option(out, a, command, row);
}

void completion_fish(struct buf *out)
{
	struct arena a;

	arena_init(&a);
	buf_add_string(out, head);
	buf_add_string(out, "set -g __spectrocloud_backend_settings '");
	completion_add_names(out, COMPLETES_SETTINGS, " ");
	buf_add_string(out, "'\nset -g __spectrocloud_backend_tools '");
	completion_add_names(out, COMPLETES_TOOLS, " ");
	buf_add_string(out, "'\nfunction __spectrocloud_backend_checks\n    string split -n ' ' '");
	completion_add_names(out, COMPLETES_CHECKS, " ");
	buf_add_string(out, "'\nend\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		add_command(out, &a, command_table[i]);
	arena_fini(&a);
}
