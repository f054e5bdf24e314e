/*
 * Any JSON object as the input of every tool: it is taken or refused, what is taken keeps the
 * parameters' limits, and what is said of a refusal is whole.
 *
 * The first byte chooses the tool; the rest is the input.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/op.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static const struct op *choose(uint8_t number)
{
	const struct op *tools[256];
	size_t count = 0;

	for (const struct op *const *op = op_all(); *op != NULL && count < 256; op++)
		if ((*op)->tool != NULL)
			tools[count++] = *op;
	return tools[number % count];
}

static bool is_choice(const struct param *param, const char *string)
{
	for (const char *const *choice = param->choices; *choice != NULL; choice++)
		if (strcmp(*choice, string) == 0)
			return true;
	return false;
}

static bool is_field(const struct param *param, const char *string)
{
	for (const struct field *f = param->fields; f->name != NULL; f++)
		if (strcmp(f->name, string) == 0)
			return true;
	return false;
}

static void check_value(const struct param *param, const struct value *value)
{
	must(value->given || !param->required, "what is required is given");
	if (!value->given)
		return;
	if (param->type == PARAM_IDENTIFIER)
		must(param_identifier_problem(text_of(value->string)) == NULL, "an identifier");
	else if (param->type == PARAM_NAME)
		must(strlen(value->string) >= 1 && strlen(value->string) <= 128, "a name");
	else if (param->type == PARAM_TEXT || param->type == PARAM_LINE)
		must(strlen(value->string) >= 1 && text_is_utf8(text_of(value->string)) &&
			     strlen(value->string) <= (param->type == PARAM_TEXT
							       ? PARAM_LONGEST_TEXT
							       : PARAM_LONGEST_LINE),
		     "a text");
	else if (param->type == PARAM_CHOICE)
		must(is_choice(param, value->string), "a choice");
	else if (param->type == PARAM_COUNT)
		must(value->number >= param->min && value->number <= param->max, "a count");
	for (size_t i = 0; i < value->count; i++)
		must(value->strings[i][0] != '\0' &&
			     (param->type != PARAM_FIELDS || is_field(param, value->strings[i])),
		     "a string of a list");
}

static void check_refusal(const struct error *err)
{
	struct error ignored;
	struct text details;

	must(err->kind == ERROR_INPUT && err->message[0] != '\0', "a refusal says why");
	must(json_check(err->details, &details, &ignored) &&
		     json_type_of(details) == JSON_TYPE_OBJECT,
	     "its details are an object");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct op *op = choose(size == 0 ? 0 : data[0]);
	struct error err = {.message = ""};
	struct arena arena;
	struct call c;

	if (size == 0)
		return 0;
	arena_init(&arena);
	c = (struct call){.op = op, .arena = &arena};
	if (json_check((struct text){(const char *)data + 1, size - 1}, &c.arguments, &err) &&
	    json_type_of(c.arguments) == JSON_TYPE_OBJECT) {
		if (call_read_params(&c, op, &err))
			for (size_t i = 0; op->params != NULL && op->params[i].name != NULL; i++)
				check_value(&op->params[i], &c.values[i]);
		else
			check_refusal(&err);
	}
	arena_fini(&arena);
	return 0;
}
