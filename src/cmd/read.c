/* What was typed behind the name of a command, by its rows. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static bool asks_for_help(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

/* ---- the word ---- */

/* Its place; SIZE_MAX: there is no such word. */
static size_t find_word(const struct command *command, const char *name)
{
	for (size_t i = 0; i < command_count_words(command); i++)
		if (strcmp(command->words[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static void say_words(const struct command *command)
{
	size_t count = command_count_words(command);

	fprintf(stderr, "%s: say ", command->name);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s`%s`",
			i == 0          ? ""
			: i + 1 < count ? ", "
					: " or ",
			command->words[i].name);
	fprintf(stderr, "; `%s --help` tells more\n", command->name);
}

/* The name of the command with its word, for complaints. */
static void name_it(const struct command *command, size_t word)
{
	fprintf(stderr, "%s%s%s", command->name, command->words == NULL ? "" : " ",
		command->words == NULL ? "" : command->words[word].name);
}

/* ---- options ---- */

static size_t bind(const struct command *command, void *how,
		   struct own_option own[MOST_OWN_OPTIONS])
{
	size_t count = 0;

	for (const struct option_row *row = command->options; row != NULL && row->name != NULL;
	     row++) {
		void *at = (char *)how + row->into;

		assert(count < MOST_OWN_OPTIONS);
		own[count] = (struct own_option){.name = row->name, .letter = row->letter};
		if (row->argument == NULL)
			own[count].given = at;
		else if (row->repeated)
			own[count].many = at;
		else
			own[count].value = at;
		count++;
	}
	return count;
}

static bool is_given(const struct own_option *own)
{
	if (own->given != NULL)
		return *own->given;
	return own->many != NULL ? own->many->count > 0 : *own->value != NULL;
}

/* An option of other words: says of which. */
static void say_foreign(const struct command *command, const struct option_row *row, size_t word)
{
	const char *before = ", which is for ";

	name_it(command, word);
	fprintf(stderr, " takes no --%s", row->name);
	for (size_t i = 0; i < command_count_words(command); i++) {
		if (!option_is_of(command, row, i))
			continue;
		fprintf(stderr, "%s%s", before, command->words[i].name);
		before = " and ";
	}
	fputc('\n', stderr);
}

static bool is_chosen(const struct option_row *row, const char *value)
{
	if (row->choices == NULL || row->repeated || value == NULL)
		return true;
	for (const char *const *choice = row->choices; *choice != NULL; choice++)
		if (strcmp(*choice, value) == 0)
			return true;
	return false;
}

static void say_choices(const struct command *command, const struct option_row *row, size_t word)
{
	name_it(command, word);
	fprintf(stderr, ": --%s wants one of", row->name);
	for (const char *const *choice = row->choices; *choice != NULL; choice++)
		fprintf(stderr, "%s %s", choice == row->choices ? "" : ",", *choice);
	fputc('\n', stderr);
}

static bool check_options(const struct command *command, const struct own_option *own,
			  size_t own_count, size_t word)
{
	for (size_t i = 0; i < own_count; i++) {
		const struct option_row *row = &command->options[i];

		if (!is_given(&own[i]))
			continue;
		if (!option_is_of(command, row, word)) {
			say_foreign(command, row, word);
			return false;
		}
		if (row->argument != NULL &&
		    !is_chosen(row, own[i].many == NULL ? *own[i].value : NULL)) {
			say_choices(command, row, word);
			return false;
		}
	}
	return true;
}

/* The parser takes them for every command. */
static bool check_common(const struct command *command, const struct options *options, size_t word)
{
	bool plain = command->words != NULL && command->words[word].plain;

	if (((command->common & OPTIONS_CONFIGURATION) != 0 && !plain) ||
	    options->file_count + options->override_count == 0)
		return true;
	name_it(command, word);
	fputs(" reads no configuration\n", stderr);
	return false;
}

/* ---- arguments ---- */

static bool check_arguments(const struct command *command, size_t word, size_t count)
{
	const struct command_word *of = command->words == NULL ? NULL : &command->words[word];
	const char *needs = of == NULL ? NULL : of->needs;

	if (count == 0 || (of != NULL && of->arguments != NULL))
		return true;
	name_it(command, word);
	fprintf(stderr, " takes no arguments%s%s%s\n",
		command_option(command, 1) == NULL ? "" : ", only options",
		needs == NULL ? "" : "; it wants ", needs == NULL ? "" : needs);
	return false;
}

bool command_read(const struct command *command, int argc, char **argv, void *how,
		  struct command_line *typed, int *status)
{
	struct own_option own[MOST_OWN_OPTIONS];
	size_t own_count = bind(command, how, own);
	bool help = asks_for_help(argc, argv);

	*status = 2;
	*typed = (struct command_line){.word = 0};
	if (!help && command->words != NULL) {
		typed->word = find_word(command, argc > 1 ? argv[1] : "");
		if (typed->word == SIZE_MAX) {
			say_words(command);
			return false;
		}
		argv[1] = argv[0]; /* a complaint about an option names the command by it */
		argv++;
		argc--;
	}
	if (!help && !options_read_with(argc, argv, own, own_count, &typed->options))
		return false;
	if (help || typed->options.help) {
		command_print_help(command);
		*status = 0;
		return false;
	}
	typed->arguments = argv + typed->options.rest;
	typed->argument_count = (size_t)(argc - typed->options.rest);
	return check_common(command, &typed->options, typed->word) &&
	       check_options(command, own, own_count, typed->word) &&
	       check_arguments(command, typed->word, typed->argument_count);
}
