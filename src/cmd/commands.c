/* The commands there are, and what their rows say together. */
#include <stdint.h>

#include "cmd/cmd.h"

const struct command *const command_table[] = {
	&command_serve,
	&command_doctor,
	&command_mcp,
	&command_cluster,
	&command_action,
	&command_config,
	&command_sessions,
	&command_operations,
	&command_docs,
	&command_completion,
	NULL,
};

const struct exit_row command_usual_exits[] = {
	{"0", "it is done"},
	{"1", "it failed"},
	{"2", "what was given is wrong: options, arguments or the configuration"},
	{.status = NULL},
};

static bool has_common(const struct command *command, unsigned of)
{
	return of == 0 || (command->common & of) != 0;
}

const struct option_row *command_option(const struct command *command, size_t index)
{
	const struct option_row *row;
	unsigned of;

	for (row = command->options; row != NULL && row->name != NULL; row++)
		if (index-- == 0)
			return row;
	for (size_t i = 0; (row = options_common(i, &of)) != NULL; i++)
		if (has_common(command, of) && index-- == 0)
			return row;
	return NULL;
}

/* Which any word takes. */
static bool is_help(const struct option_row *row)
{
	return row->letter == 'h' && row->words == 0;
}

unsigned option_words(const struct command *command, const struct option_row *row)
{
	size_t count = command_count_words(command);
	unsigned words = 0;

	if (row->words != 0)
		return row->words;
	for (size_t i = 0; i < count; i++)
		if (!command->words[i].plain)
			words |= WORD(i);
	return words == WORD(count) - 1 ? 0 : words;
}

bool option_is_of(const struct command *command, const struct option_row *row, size_t word)
{
	unsigned words = option_words(command, row);

	return words == 0 || (words & WORD(word)) != 0 || is_help(row);
}

size_t command_count_words(const struct command *command)
{
	size_t count = 0;

	while (command->words != NULL && command->words[count].name != NULL)
		count++;
	return count;
}

/* A line a word tells more only where they differ in what they take. */
size_t command_count_usages(const struct command *command)
{
	return command->arguments != NULL || command->words == NULL ? 1
								    : command_count_words(command);
}

static bool takes_options(const struct command *command, size_t word)
{
	for (size_t i = 0; command_option(command, i + 1) != NULL; i++)
		if (option_is_of(command, command_option(command, i), word))
			return true; /* --help, the last, is no reason */
	return false;
}

const char *command_usage(struct arena *a, const struct command *command, size_t index)
{
	const struct command_word *word = command->words == NULL ? NULL : &command->words[index];
	const char *arguments = word == NULL ? NULL : word->arguments;
	const char *needs = word == NULL ? NULL : word->needs;

	if (command->arguments != NULL)
		return arena_printf(a, "%s%s%s", command->name,
				    command->arguments[0] == '\0' ? "" : " ", command->arguments);
	return arena_printf(a, "%s%s%s%s%s%s%s%s", command->name, word == NULL ? "" : " ",
			    word == NULL ? "" : word->name, needs == NULL ? "" : " ",
			    needs == NULL ? "" : needs, arguments == NULL ? "" : " ",
			    arguments == NULL ? "" : arguments,
			    takes_options(command, index) ? " [OPTIONS]" : "");
}
