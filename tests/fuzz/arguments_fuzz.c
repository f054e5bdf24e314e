/*
 * What is typed behind a command, a line an argument: options are read or refused without a crash;
 * and what is typed as a tool's input, whose number is the first byte, becomes JSON for that tool
 * or is refused without a word of the values.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/action.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_WORDS = 40 };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Mistakes are told on standard error: here, to nobody. */
static bool read_quietly(int argc, char **argv, const struct own_option *own, size_t own_count,
			 struct options *options)
{
	static FILE *nobody;
	FILE *usual = stderr;
	bool ok;

	if (nobody == NULL)
		nobody = fopen("/dev/null", "w");
	stderr = nobody;
	ok = own_count == 0 ? options_read(argc, argv, options)
			    : options_read_with(argc, argv, own, own_count, options);
	stderr = usual;
	return ok;
}

static void check_options(struct repeated *words, struct repeated *arguments)
{
	static char name[] = "action";
	char *argv[MOST_WORDS + 2] = {name};
	int argc = 1;
	const char *input = NULL;
	bool json = false;
	const struct own_option own[] = {
		{.name = "arg", .letter = 'a', .many = arguments},
		{.name = "input", .letter = 'f', .value = &input},
		{.name = "json", .given = &json},
	};
	struct options options;

	for (size_t i = 0; i < words->count; i++)
		argv[argc++] = (char *)(uintptr_t)words->items[i];
	if (read_quietly(argc, argv, NULL, 0, &options))
		must(options.rest >= 1 && options.rest <= argc, "the rest is part of it");
	if (read_quietly(argc, argv, own, ARRAY_LEN(own), &options))
		must(options.rest >= 1 && options.rest <= argc &&
			     options.file_count <= MOST_FILES &&
			     options.override_count <= MOST_OVERRIDES &&
			     arguments->count <= MOST_REPEATED,
		     "what is counted is bounded");
}

static const struct op *choose(uint8_t number)
{
	static const struct op *tools[256];
	static size_t count;

	if (count == 0)
		for (const struct op *const *op = op_all(); *op != NULL && count < 256; op++)
			if ((*op)->tool != NULL)
				tools[count++] = *op;
	return tools[number % count];
}

static void check_input(struct arena *a, const struct op *op, const struct repeated *arguments)
{
	struct error err = {.message = ""};
	struct text input;
	struct text value;

	if (!action_input(a, op, arguments, TEXT("{\"limit\":1,\"x\\u0000\":2}"), &input, &err)) {
		must(err.kind == ERROR_INPUT && err.message[0] != '\0', "a refusal says why");
		return;
	}
	must(json_check(input, &value, &err) && json_type_of(value) == JSON_TYPE_OBJECT,
	     "it is an object");
	for (size_t i = 0; i < arguments->count; i++) {
		struct text name = text_slice(text_of(arguments->items[i]), 0,
					      text_find(text_of(arguments->items[i]), '='));

		must(action_has_argument(arguments, name), "what is given is given");
		must(json_member(value, arena_copy(a, name), &input), "and is in the object");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data + 1, size - 1};
	struct repeated arguments = {.count = 0};
	struct repeated words = {.count = 0};
	struct arena a = {0};
	struct text line;

	if (size < 2)
		return 0;
	while (words.count < MOST_WORDS && text_next(&rest, '\n', &line))
		words.items[words.count++] = arena_copy(&a, line);
	check_options(&words, &arguments);
	check_input(&a, choose(data[0]), &arguments);
	check_input(&a, choose(data[0]), &words);
	arena_fini(&a);
	return 0;
}
