/* What --help prints, from the rows. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/wrap.h"

enum {
	LONGEST_HELP = 64 * 1024,
	LONGEST_TERM = 20, /* a longer one has a line of its own */
};

/* ---- lists of terms ---- */

static size_t longer(size_t longest, const char *term)
{
	size_t len = strlen(term);

	return len > LONGEST_TERM || len < longest ? longest : len;
}

static size_t column_behind(size_t longest)
{
	return 2 + longest + 2;
}

static void add_words(struct buf *out, const struct command_word *words)
{
	size_t longest = 0;

	for (const struct command_word *word = words; word->name != NULL; word++)
		longest = longer(longest, word->name);
	buf_add_char(out, '\n');
	for (const struct command_word *word = words; word->name != NULL; word++)
		wrap_add_term(out, word->name, word->help, column_behind(longest));
}

static void add_exits(struct buf *out, const struct exit_row *exits)
{
	size_t longest = 0;

	for (const struct exit_row *row = exits; row->status != NULL; row++)
		longest = longer(longest, row->status);
	buf_add_string(out, "\nExit status:\n");
	for (const struct exit_row *row = exits; row->status != NULL; row++)
		wrap_add_term(out, row->status, row->meaning, column_behind(longest));
}

static void add_examples(struct buf *out, const struct example_row *examples)
{
	buf_add_string(out, "\nExamples:\n");
	for (const struct example_row *row = examples; row->line != NULL; row++) {
		buf_printf(out, "  %s\n      ", row->line);
		wrap_add(out, row->what, 6, 6);
	}
}

/* ---- options ---- */

const char *option_term(struct arena *a, const struct option_row *row)
{
	const char *letter = row->letter == 0 ? "" : arena_printf(a, "-%c, ", row->letter);

	return arena_printf(a, "%s--%s%s%s", letter, row->name, row->argument == NULL ? "" : " ",
			    row->argument == NULL ? "" : row->argument);
}

/* "Options of create and wait"; words: bits, 0: all. */
const char *options_title(struct arena *a, const struct command *command, unsigned words)
{
	size_t count = command_count_words(command);
	const char *title = "Options of";
	const char *before = " ";

	if (words == 0)
		return count == 2 ? "Options of both" : "Options of all";
	for (size_t i = 0; i < count; i++) {
		if ((words & WORD(i)) == 0)
			continue;
		title = arena_printf(a, "%s%s%s", title, before, command->words[i].name);
		before = " and ";
	}
	return title;
}

/* Whether some word has options that others have not. */
bool options_differ(const struct command *command)
{
	const struct option_row *row;

	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++)
		if (option_words(command, row) != 0)
			return true;
	return false;
}

static void add_group(struct buf *out, struct arena *a, const struct command *command,
		      unsigned words, size_t column)
{
	const struct option_row *row;

	buf_printf(out, "\n%s:\n",
		   options_differ(command) ? options_title(a, command, words) : "Options");
	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++)
		if (option_words(command, row) == words)
			wrap_add_term(out, option_term(a, row), row->help, column);
}

/* Whether an option before the one at that place is of the same words. */
static bool has_been(const struct command *command, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (option_words(command, command_option(command, i)) ==
		    option_words(command, command_option(command, index)))
			return true;
	return false;
}

/* In groups by the words that they are for, those of all at the end. --help alone is none. */
static void add_options(struct buf *out, struct arena *a, const struct command *command)
{
	const struct option_row *row;
	size_t longest = 0;
	size_t count = 0;

	for (; (row = command_option(command, count)) != NULL; count++)
		longest = longer(longest, option_term(a, row));
	if (count == 1)
		return;
	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++)
		if (option_words(command, row) != 0 && !has_been(command, i))
			add_group(out, a, command, option_words(command, row),
				  column_behind(longest));
	/* --help, the last, is of all words or of those that take options. */
	if (option_words(command, command_option(command, count - 1)) == 0)
		add_group(out, a, command, 0, column_behind(longest));
}

/* ---- all of it ---- */

void command_add_help(struct buf *out, const struct command *command)
{
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < command_count_usages(command); i++)
		buf_printf(out, "%s spectrocloud-backend %s\n", i == 0 ? "Usage:" : "      ",
			   command_usage(&a, command, i));
	buf_printf(out, "\n%s.\n", command->summary);
	if (command->words != NULL)
		add_words(out, command->words);
	add_options(out, &a, command);
	if (command->help != NULL && *command->help != '\0') {
		buf_add_char(out, '\n');
		wrap_add(out, command->help, 0, 0);
	}
	if (command->exits != NULL)
		add_exits(out, command->exits);
	if (command->examples != NULL)
		add_examples(out, command->examples);
	arena_fini(&a);
}

void command_print_help(const struct command *command)
{
	struct buf out;

	buf_init(&out, LONGEST_HELP);
	command_add_help(&out, command);
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
}

void commands_add_usage(struct buf *out)
{
	size_t longest = 0;

	buf_add_string(out, "Usage: spectrocloud-backend COMMAND [OPTIONS]\n\n"
			    "Connects Spectro Cloud Palette to Backstage.\n\nCommands:\n");
	for (size_t i = 0; command_table[i] != NULL; i++)
		longest = longer(longest, command_table[i]->name);
	for (size_t i = 0; command_table[i] != NULL; i++)
		wrap_add_term(out, command_table[i]->name, command_table[i]->summary,
			      column_behind(longest));
	buf_add_string(out, "\n`spectrocloud-backend COMMAND --help` tells more; --version prints "
			    "the version.\n");
}
