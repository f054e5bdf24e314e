/* config: check and show the configuration, and describe it to editors. */
#include <stddef.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/config_check.h"
#include "cmd/pretty.h"

enum { LONGEST_CONFIG = 16 * 1024 * 1024 };

enum what { CHECK, SHOW, SCHEMA };

struct asked {
	bool json;
};

static int print(const struct buf *out)
{
	fwrite(out->ptr, 1, out->len, stdout);
	return 0;
}

static int print_json(const struct buf *json)
{
	struct buf out;

	buf_init(&out, 2 * LONGEST_CONFIG);
	pretty_add_json(&out, buf_text(json));
	buf_add_char(&out, '\n');
	print(&out);
	buf_fini(&out);
	return 0;
}

static int show(const struct options *options, bool json)
{
	struct config *config;
	struct buf out;
	int status;

	if (!options_load(options, &config))
		return 2;
	buf_init(&out, LONGEST_CONFIG);
	(json ? config_show_json : config_show)(config, &out);
	status = json ? print_json(&out) : print(&out);
	buf_fini(&out);
	config_free(config);
	return status;
}

static int schema(void)
{
	struct buf out;
	int status;

	buf_init(&out, LONGEST_CONFIG);
	config_schema(&out);
	status = print_json(&out);
	buf_fini(&out);
	return status;
}

static int run(int argc, char **argv)
{
	struct asked asked = {.json = false};
	struct command_line typed;
	int status;

	if (!command_read(&command_config, argc, argv, &asked, &typed, &status))
		return status;
	switch ((enum what)typed.word) {
	case CHECK:
		return config_check(&typed.options, asked.json);
	case SHOW:
		return show(&typed.options, asked.json);
	default:
		return schema();
	}
}

static const struct command_word words[] = {
	[CHECK] = {.name = "check",
		   .help = "reads everything, names every fault with file, line and column, then "
			   "looks into files of keys and rules"},
	[SHOW] = {.name = "show",
		  .help = "prints each setting with where it comes from; secrets as ***"},
	[SCHEMA] = {.name = "schema",
		    .plain = true,
		    .help = "prints a JSON Schema of the files, for editors; reads none"},
	{.name = NULL},
};

static const struct option_row options[] = {
	{
		.name = "json",
		.into = offsetof(struct asked, json),
		.words = WORD(CHECK) | WORD(SHOW),
		.help = "an object: of check with faults and notices, each with file, line, "
			"column, path and message; of show with settings, each with path, value "
			"and where it comes from",
	},
	{.name = NULL},
};

static const struct exit_row exits[] = {
	{"0", "there are no faults, though perhaps warnings"},
	{"1", "not all of the output could be written"},
	{"2", "there is a fault, or the options are wrong"},
	{.status = NULL},
};

static const struct example_row examples[] = {
	{"spectrocloud-backend config check --config app-config.yaml", "before a restart"},
	{"spectrocloud-backend config schema >app-config.schema.json",
	 "for an editor; spectrocloud-backend(5) says how it finds it"},
	{.line = NULL},
};

const struct command command_config = {
	.name = "config",
	.summary = "Check the configuration, show what is in force, or describe it",
	.words = words,
	.options = options,
	.common = OPTIONS_CONFIGURATION | OPTIONS_LISTEN,
	.exits = exits,
	.examples = examples,
	.run = run,
};
