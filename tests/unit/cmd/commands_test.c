/* The table of commands, and what follows from it: parsing, --help, breaking of lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "cmd/wrap.h"

enum { MOST = 16 };

/* ---- a command of the tests ---- */

struct asked {
	bool json;
	const char *file;
	const char *colour;
	struct repeated arguments;
};

static int no_run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static const char *const colours[] = {"red", "green", NULL};

static const struct command_word words[] = {
	{.name = "make", .needs = "-f FILE", .help = "makes it"},
	{.name = "watch", .arguments = "UID", .help = "watches it"},
	{.name = NULL},
};

static const struct option_row options[] = {
	{.name = "json", .into = offsetof(struct asked, json), .help = "JSON"},
	{.name = "file",
	 .letter = 'f',
	 .argument = "FILE",
	 .into = offsetof(struct asked, file),
	 .words = WORD(0),
	 .help = "the file"},
	{.name = "colour",
	 .argument = "COLOUR",
	 .into = offsetof(struct asked, colour),
	 .choices = colours,
	 .help = "of the thing"},
	{.name = "arg",
	 .argument = "NAME=VALUE",
	 .repeated = true,
	 .into = offsetof(struct asked, arguments),
	 .words = WORD(1),
	 .help = "one input"},
	{.name = NULL},
};

static const struct command thing = {
	.name = "thing",
	.summary = "Make a thing",
	.words = words,
	.options = options,
	.common = OPTIONS_CONFIGURATION,
	.run = no_run,
};

struct reading {
	struct asked asked;
	struct command_line typed;
	int status;
	char *said; /* on standard error */
	char *argv[MOST];
};

/* Reads a line of words between blanks. */
static bool reads(struct reading *r, const struct command *command, char *line)
{
	FILE *usual = stderr;
	size_t size;
	int argc = 0;
	bool ok;

	*r = (struct reading){.status = -1};
	for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
		r->argv[argc++] = word;
	stderr = open_memstream(&r->said, &size);
	ok = command_read(command, argc, r->argv, &r->asked, &r->typed, &r->status);
	fclose(stderr);
	stderr = usual;
	return ok;
}

static void what_is_typed_is_read(void **state)
{
	char line[] =
		"thing watch u1 --arg a=1 --json --arg b=2 --colour green --set x=y --config c";
	struct reading r;

	(void)state;
	assert_true(reads(&r, &thing, line));
	assert_int_equal(r.typed.word, 1);
	assert_int_equal(r.typed.argument_count, 1);
	assert_string_equal(r.typed.arguments[0], "u1");
	assert_true(r.asked.json);
	assert_null(r.asked.file);
	assert_string_equal(r.asked.colour, "green");
	assert_int_equal(r.asked.arguments.count, 2);
	assert_string_equal(r.asked.arguments.items[1], "b=2");
	assert_int_equal(r.typed.options.file_count, 1);
	assert_int_equal(r.typed.options.override_count, 1);
	assert_string_equal(r.said, "");
	free(r.said);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *line;
		const char *said;
	} cases[] = {
		{"thing", "thing: say `make` or `watch`; `thing --help` tells more\n"},
		{"thing brew", "thing: say `make` or `watch`; `thing --help` tells more\n"},
		{"thing make x", "thing make takes no arguments, only options; it wants -f FILE\n"},
		{"thing make --arg a=b", "thing make takes no --arg, which is for watch\n"},
		{"thing watch u -f x", "thing watch takes no --file, which is for make\n"},
		{"thing make --colour blue", "thing make: --colour wants one of red, green\n"},
		{"thing make -f a --file b",
		 "spectrocloud-backend: --file is given more than once\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reading r;
		char line[128];

		strcpy(line, cases[i].line);
		assert_false(reads(&r, &thing, line));
		assert_int_equal(r.status, 2);
		assert_string_equal(r.said, cases[i].said);
		free(r.said);
	}
}

static void a_command_without_a_configuration_takes_none(void **state)
{
	static const struct command plain = {.name = "plain", .summary = "Be plain", .run = no_run};
	char configured[] = "plain --config x";
	char more[] = "plain more";
	struct reading r;

	(void)state;
	assert_false(reads(&r, &plain, configured));
	assert_string_equal(r.said, "plain reads no configuration\n");
	free(r.said);
	assert_false(reads(&r, &plain, more));
	assert_string_equal(r.said, "plain takes no arguments\n");
	free(r.said);
}

/* ---- --help ---- */

/* clang-format off */
static const char help_wanted[] =
	"Usage: spectrocloud-backend thing make -f FILE [OPTIONS]\n"
	"       spectrocloud-backend thing watch UID [OPTIONS]\n"
	"\n"
	"Make a thing.\n"
	"\n"
	"  make   makes it\n"
	"  watch  watches it\n"
	"\n"
	"Options of make:\n"
	"  -f, --file FILE   the file\n"
	"\n"
	"Options of watch:\n"
	"  --arg NAME=VALUE  one input\n"
	"\n"
	"Options of both:\n"
	"  --json            JSON\n"
	"  --colour COLOUR   of the thing\n"
	"  --config FILE     the configuration; may be repeated, later files win. Without\n"
	"                    it: app-config.yaml and its kin in this folder, as Backstage\n"
	"                    does\n"
	"  --set PATH=VALUE  override one setting, such as\n"
	"                    spectrocloud.upstream.timeout=10s\n"
	"  -h, --help        show this\n";
/* clang-format on */

static void help_follows_from_the_rows(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	command_add_help(&out, &thing);
	assert_string_equal(out.ptr, help_wanted);
	buf_fini(&out);
}

static void check_width(struct buf *out, const char *name)
{
	struct text rest = buf_text(out);
	struct text line;

	while (text_next(&rest, '\n', &line)) {
		if (line.len > WRAP_WIDTH)
			fail_msg("%s: %.*s", name, (int)line.len, line.ptr);
		if (line.len > 0 && line.ptr[line.len - 1] == ' ')
			fail_msg("%s: blanks at the end of: %.*s", name, (int)line.len, line.ptr);
	}
	buf_fini(out);
}

static void every_help_fits_a_terminal(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	commands_add_usage(&out);
	check_width(&out, "usage");
	for (size_t i = 0; command_table[i] != NULL; i++) {
		command_add_help(&out, command_table[i]);
		check_width(&out, command_table[i]->name);
	}
}

/* ---- the table ---- */

static void check_options(const struct command *command)
{
	const struct option_row *row;
	const struct option_row *other;

	for (size_t i = 0; (row = command_option(command, i)) != NULL; i++) {
		assert_non_null(row->help);
		assert_true(row->words < WORD(command_count_words(command)) || row->words == 0);
		for (size_t k = 0; k < i; k++) {
			other = command_option(command, k);
			assert_string_not_equal(row->name, other->name);
			assert_true(row->letter == 0 || row->letter != other->letter);
		}
	}
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; command_table[i] != NULL; i++) {
		const struct command *command = command_table[i];

		assert_non_null(command->run);
		assert_true(strlen(command->summary) > 10);
		assert_true(command->summary[strlen(command->summary) - 1] != '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(command->name, command_table[k]->name);
		for (size_t k = 0; k < command_count_words(command); k++)
			assert_non_null(command->words[k].help);
		check_options(command);
	}
}

/* ---- lines ---- */

static void assert_wraps(const char *text, size_t column, size_t indent, const char *wanted)
{
	struct buf out;

	buf_init(&out, 65536);
	wrap_add(&out, text, column, indent);
	assert_string_equal(out.ptr, wanted);
	buf_fini(&out);
}

#define FORTY "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb"

static void lines_are_broken_where_they_are_too_long(void **state)
{
	(void)state;
	assert_wraps("short", 0, 0, "short\n");
	assert_wraps("short\n", 0, 4, "short\n");
	assert_wraps("one\ntwo", 4, 4, "one\n    two\n");
	assert_wraps("one\n\ntwo\n", 0, 0, "one\n\ntwo\n");
	assert_wraps(FORTY " " FORTY, 0, 0,
		     "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb aaaaaaaaaaaaaaaaaaa\n"
		     "bbbbbbbbbbbbbbbbbbbb\n");
	assert_wraps(FORTY " " FORTY, 2, 2,
		     "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb aaaaaaaaaaaaaaaaaaa\n"
		     "  bbbbbbbbbbbbbbbbbbbb\n");
	assert_wraps("  " FORTY " " FORTY, 0, 0,
		     "  aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb aaaaaaaaaaaaaaaaaaa\n"
		     "  bbbbbbbbbbbbbbbbbbbb\n");
}

static void a_line_that_fits_stands_as_it_is(void **state)
{
	(void)state;
	assert_wraps("  --a      b   c\n  --d      e\n", 0, 0, "  --a      b   c\n  --d      e\n");
}

static void a_long_term_has_a_line_of_its_own(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	wrap_add_term(&out, "short", "one", 12);
	wrap_add_term(&out, "much-longer", "two", 12);
	assert_string_equal(out.ptr, "  short     one\n  much-longer\n            two\n");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_read),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_command_without_a_configuration_takes_none),
		cmocka_unit_test(help_follows_from_the_rows),
		cmocka_unit_test(every_help_fits_a_terminal),
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(lines_are_broken_where_they_are_too_long),
		cmocka_unit_test(a_line_that_fits_stands_as_it_is),
		cmocka_unit_test(a_long_term_has_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
