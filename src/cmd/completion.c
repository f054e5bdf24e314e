/* completion: scripts with which a shell completes this program's command lines. */
#include "cmd/completion.h"

#include <stdio.h>
#include <string.h>

#include "cmd/doctor.h"
#include "op/op.h"

enum { LONGEST_SCRIPT = 1024 * 1024, LONGEST_BRIEF = 60, SHORTEST_BRIEF = 15 };

/* ---- what the scripts share ---- */

/* Where the first clause of a text ends. */
static size_t end_of_clause(const char *text)
{
	size_t i = 0;

	for (; text[i] != '\0' && text[i] != '\n'; i++)
		if (strchr(".;:", text[i]) != NULL && (text[i + 1] == ' ' || text[i + 1] == '\0'))
			break;
	return i;
}

/* Where a text that is too long is cut: at its last comma, if that leaves enough, or else behind a
 * word. */
static size_t shorten(const char *text)
{
	size_t comma = LONGEST_BRIEF;
	size_t len = LONGEST_BRIEF;

	while (comma > SHORTEST_BRIEF && text[comma] != ',')
		comma--;
	while (len > 0 && text[len] != ' ')
		len--;
	return comma > SHORTEST_BRIEF ? comma : len;
}

const char *completion_brief(struct arena *a, const char *text)
{
	size_t len = end_of_clause(text);

	if (len > LONGEST_BRIEF)
		len = shorten(text);
	return arena_printf(a, "%.*s", (int)len, text);
}

struct names {
	struct buf *out;
	const char *before;
};

static void add_setting(void *context, const char *path)
{
	const struct names *names = context;

	buf_printf(names->out, "%s%s=", names->before, path);
}

void completion_add_names(struct buf *out, enum completes what, const char *before)
{
	struct names names = {out, before};

	if (what == COMPLETES_SETTINGS)
		config_each_setting(add_setting, &names);
	for (const struct op *const *op = op_all(); what == COMPLETES_TOOLS && *op != NULL; op++)
		if ((*op)->tool != NULL)
			buf_printf(out, "%s%s", before, (*op)->tool->name);
	for (const struct doctor_check *c = doctor_checks;
	     what == COMPLETES_CHECKS && c->name != NULL; c++)
		buf_printf(out, "%s%s", before, c->name);
}

bool completion_has_place(const struct command *command, size_t place)
{
	return command->words == NULL ? place == 0 : place < command_count_words(command);
}

const char *completion_word(const struct command *command, size_t place)
{
	return command->words == NULL ? "" : command->words[place].name;
}

enum completes completion_arguments(const struct command *command, size_t place)
{
	return command->words == NULL ? COMPLETES_NOTHING : command->words[place].completes;
}

/* ---- the command ---- */

enum shell { BASH, ZSH, FISH };

static const struct command_word words[] = {
	[BASH] = {.name = "bash", .help = "for bash 4 and newer"},
	[ZSH] = {.name = "zsh", .help = "for zsh"},
	[FISH] = {.name = "fish", .help = "for fish 3 and newer"},
	{.name = NULL},
};

static void (*const scripts[])(struct buf *out) = {
	[BASH] = completion_bash,
	[ZSH] = completion_zsh,
	[FISH] = completion_fish,
};

static int run(int argc, char **argv)
{
	struct command_line typed;
	struct buf out;
	int status;

	if (!command_read(&command_completion, argc, argv, NULL, &typed, &status))
		return status;
	buf_init(&out, LONGEST_SCRIPT);
	scripts[typed.word](&out);
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
	return 0;
}

static const struct example_row examples[] = {
	{". <(spectrocloud-backend completion bash)", "in ~/.bashrc"},
	{"spectrocloud-backend completion zsh >~/.zfunc/_spectrocloud-backend",
	 "in a folder of $fpath"},
	{"spectrocloud-backend completion fish | source", "in ~/.config/fish/config.fish"},
	{.line = NULL},
};

const struct command command_completion = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.summary = "Print a script with which a shell completes command lines",
	.words = words,
	.help = "Completes commands and their words, options, names of files, of settings, of "
		"tools and of checks. The script runs nothing: print it anew after an update. "
		"Packages install "
		"all three.\n",
	.examples = examples,
	.run = run,
};
