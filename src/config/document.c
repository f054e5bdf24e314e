/* The reference page of the settings, in Markdown, from the rows. */
#include <inttypes.h>
#include <string.h>

#include "config/table.h"
#include "config/value.h"

static const char introduction[] =
	"# Configuration\n"
	"\n"
	"The service reads the files of the Backstage app it works for, and reads them as "
	"Backstage "
	"does.\n"
	"What belongs to other plugins is left alone.\n"
	"\n"
	"## Where settings come from\n"
	"\n"
	"Later sources lie over earlier ones:\n"
	"\n"
	"1. The files given with `--config`, in that order. Without any: `app-config.yaml`, then "
	"those "
	"that\n"
	"   exist of `app-config.<env>.yaml`, `app-config.local.yaml` and "
	"`app-config.<env>.local.yaml`, where\n"
	"   `<env>` stands for each name in the variable `BACKSTAGE_ENV` (separated by commas).\n"
	"2. Variables such as `APP_CONFIG_spectrocloud_server_workers=8`: `_` separates the "
	"levels, the "
	"value is\n"
	"   JSON or else a plain string.\n"
	"3. `--set PATH=VALUE`, such as `--set "
	"spectrocloud.environments.0.url=https://palette.example`; "
	"the\n"
	"   value is JSON or else a plain string.\n"
	"\n"
	"Maps are merged key by key. Lists and single values replace what was there before, and "
	"`null` "
	"removes it.\n"
	"\n"
	"## When it changes\n"
	"\n"
	"A running `serve` reads its configuration again on SIGHUP, and by itself when one of the "
	"files changes that it\n"
	"was read from: those of `--config`, what `$file` and `$include` name, certificates, keys. "
	"That may be a symbolic\n"
	"link that leads elsewhere, as with ConfigMaps and Secrets of Kubernetes. Variables are "
	"those that the process was\n"
	"started with.\n"
	"\n"
	"The new configuration is checked as a whole, and then is in force for every request that "
	"comes from then on;\n"
	"requests that have begun end with the one that they began with. The log says "
	"`config.reloaded`, and which settings\n"
	"changed. Where it has a fault, or a setting changed that needs a restart, it is refused "
	"as a whole: the log says\n"
	"`config.refused` and why, and the old one stays in force. The tables say which settings "
	"need a restart\n"
	"(`backend.database` only where sessions are kept there). Where nothing changed, all stays "
	"as it is, and after SIGHUP\n"
	"the log says `config.unchanged`. With `config.reloaded` comes a line `config.notice` for "
	"each thing that is worth a\n"
	"look, such as a key that is not listed here.\n"
	"\n"
	"## Inside a file\n"
	"\n"
	"Files are YAML 1.2: `yes` and `on` are strings, a key stands once in a map, and a file "
	"holds "
	"one document.\n"
	"\n"
	"| written | means |\n"
	"|---|---|\n"
	"| `${NAME}` | the variable, also in the middle of a string; if it is not set, the whole "
	"value "
	"counts as absent |\n"
	"| `${NAME:-text}` | the same, and `text` if the variable is not set or empty |\n"
	"| `$${NAME}` | the characters `${NAME}` |\n"
	"| `$env: NAME` | the variable |\n"
	"| `$file: PATH` | what the file holds, without white space at its end |\n"
	"| `$include: PATH#a.b` | the value at `a.b` of a YAML or JSON file; without `#` all of it "
	"|\n"
	"\n"
	"Paths start at the folder of the file they are written in.\n"
	"Where a setting restricts what callers may do, a variable that is not set is a fault, and "
	"a name "
	"with nothing\nbehind it is remarked on.\n"
	"\n"
	"Durations have a unit (`500ms`, `30s`, `5m`, `1 day`, `PT5M`, `{minutes: 5}`). Sizes are "
	"numbers of bytes\n"
	"or have a unit (`64KiB`, `1MiB`, `10 MB`). Booleans may also be `yes`, `y`, `on`, `1` and "
	"their "
	"opposites.\n"
	"Where a string or a list of strings is wanted, spaces and commas separate words.\n"
	"\n"
	"A key below `spectrocloud` that is not listed here is reported and ignored. "
	"`spectrocloud-backend "
	"config check`\n"
	"names every fault with its file, line and column; `config show` prints what is in force "
	"and where "
	"it comes\n"
	"from, without secrets. Elsewhere, a key that is nearly called like a setting beside it is "
	"reported, too.\n"
	"With `--json` both are for programs: `config check` prints `ok`, `faults` and `notices`, "
	"each of those with `file`,\n"
	"`line`, `column`, `path` and `message`. Its exit status is 0 without faults, 2 with some, "
	"and 1 if it could not\n"
	"write all of that.\n"
	"\n"
	"## In an editor\n"
	"\n"
	"`spectrocloud-backend config schema` prints a JSON Schema (draft-07) of all that stands "
	"here: editors then complete\n"
	"settings, show what they do and mark what is wrong. Packages have it as\n"
	"`/usr/share/spectrocloud-backend/app-config.schema.json`. VS Code with Red Hat's "
	"extension "
	"YAML, and other editors\n"
	"with YAML's language server, take it by the first line of `app-config.yaml`:\n"
	"\n"
	"    # yaml-language-server: "
	"$schema=/usr/share/spectrocloud-backend/app-config.schema.json\n"
	"\n"
	"or in their settings, for all such files:\n"
	"\n"
	"    \"yaml.schemas\": {\n"
	"      \"/usr/share/spectrocloud-backend/app-config.schema.json\": \"app-config*.yaml\"\n"
	"    }\n"
	"\n"
	"Keys of other plugins are left alone. A pattern cannot say all that `config check` finds, "
	"such as a file that is not\n"
	"there.\n";

static const char *type_of(const struct setting *row)
{
	switch (row->type) {
	case SETTING_SECRET:
	case SETTING_BASE64:
		return "secret";
	case SETTING_BOOL:
		return "boolean";
	case SETTING_INT:
		return "number";
	case SETTING_SIZE_BYTES:
		return "size";
	case SETTING_DURATION_MS:
		return "duration";
	case SETTING_STRINGS:
		return "list of strings";
	case SETTING_WORDS:
		return "string or list of strings";
	case SETTING_TARGET:
		return "URL or map";
	case SETTING_URL:
		return "URL";
	case SETTING_FILE:
		return "file name";
	case SETTING_LIST:
	case SETTING_EXTERNAL:
	case SETTING_OLD_KEYS:
		return "list, see below";
	case SETTING_READ:
		return row->kind;
	default:
		return "string";
	}
}

static const char *range_of(struct arena *a, const struct setting *row)
{
	switch (row->type) {
	case SETTING_INT:
		return arena_printf(a, "%" PRId64 " to %" PRId64, row->min, row->max);
	case SETTING_SIZE_BYTES:
		return arena_printf(a, "%s to %s", value_print_size(a, row->min),
				    value_print_size(a, row->max));
	case SETTING_DURATION_MS:
		return arena_printf(a, "%s to %s", value_print_duration(a, row->min),
				    value_print_duration(a, row->max));
	case SETTING_URL:
		return arena_printf(a, "http or https; a host, perhaps a port and a path%s",
				    (row->url & URL_QUERY) != 0 ? " and a query" : "");
	case SETTING_LIST:
	case SETTING_STRINGS:
		return row->min > 0 ? "at least one" : "";
	default:
		if (row->choices != NULL)
			return setting_wants(a, row);
		return row->wants == NULL ? "" : row->wants;
	}
}

static const char *default_of(struct arena *a, const struct setting *row)
{
	const char *variable = row->variable == NULL
				       ? ""
				       : arena_printf(a, ", or the variable `%s`", row->variable);

	if (row->required)
		return "required";
	if (row->fallback != NULL)
		return arena_printf(a, "`%s`%s", row->fallback, variable);
	switch (row->type) {
	case SETTING_STRING:
	case SETTING_FILE:
	case SETTING_URL:
	case SETTING_READ:
		return "none";
	case SETTING_WORDS:
		return "any";
	default:
		return "empty";
	}
}

static void put_row(struct arena *a, const struct setting *row, const char *name, struct buf *out)
{
	const char *range = range_of(a, row);
	const char *once = !row->unique ? "" : *range == '\0' ? "each once" : "; each once";

	buf_printf(out, "| `%s` | %s | %s | %s%s | %s%s |\n", name, type_of(row),
		   default_of(a, row), range, once, row->help,
		   row->fixed ? " Needs a restart." : "");
}

static void put_table_head(const char *title, struct buf *out)
{
	buf_printf(out, "\n## %s\n\n", title);
	buf_add_string(out, "| setting | type | default | range | what it does |\n"
			    "|---|---|---|---|---|\n");
}

/* The part of a path in front of its last name. */
static struct text section_of(const struct setting *row)
{
	const char *dot = strrchr(row->path, '.');

	return (struct text){row->path, dot == NULL ? 0 : (size_t)(dot - row->path)};
}

static void put_settings(struct arena *a, struct buf *out)
{
	struct text section = TEXT("");

	for (const struct setting *row = settings; row->path != NULL; row++) {
		if (row->type == SETTING_FOREIGN)
			continue;
		if (!text_equal(section, section_of(row))) {
			section = section_of(row);
			put_table_head(arena_printf(a, "`%.*s`", (int)section.len, section.ptr),
				       out);
		}
		put_row(a, row, row->path + section.len + 1, out);
	}
}

static void put_foreign_names(const struct setting *rows, const char *prefix,
			      const char **separator, struct buf *out)
{
	for (const struct setting *row = rows; row->path != NULL; row++) {
		if (row->type != SETTING_FOREIGN)
			continue;
		buf_printf(out, "%s`%s%s`", *separator, prefix, row->path);
		*separator = ", ";
	}
}

static void put_foreign(struct buf *out)
{
	const char *separator = "";

	buf_add_string(out, "\nAccepted for the sake of other plugins, and not read: ");
	put_foreign_names(settings, "", &separator, out);
	put_foreign_names(environment_settings, "spectrocloud.environments[].", &separator, out);
	buf_add_string(out, ".\n");
}

static void put_rows(struct arena *a, const struct setting *rows, struct buf *out)
{
	for (const struct setting *row = rows; row->path != NULL; row++)
		if (row->type != SETTING_FOREIGN)
			put_row(a, row, row->path, out);
}

/* A table for the elements of each list among the rows, and for those in them. */
static void put_lists(struct arena *a, const struct setting *rows, const char *within,
		      struct buf *out)
{
	for (const struct setting *row = rows; row->path != NULL; row++) {
		const char *path = arena_printf(a, "%s%s[]", within, row->path);

		if (row->type != SETTING_LIST)
			continue;
		put_table_head(arena_printf(a, "`%s`", path), out);
		put_rows(a, row->list->rows, out);
		put_lists(a, row->list->rows, arena_printf(a, "%s.", path), out);
	}
}

static void put_external(struct arena *a, struct buf *out)
{
	static const char path[] = "backend.auth.externalAccess[]";
	const struct setting *type = &external_settings[0];

	put_table_head(arena_printf(a, "`%s`", path), out);
	put_rows(a, external_settings, out);
	for (const struct setting_choice *c = type->choices; c->name != NULL; c++) {
		put_table_head(arena_printf(a, "`%s` of type `%s`", path, c->name), out);
		put_rows(a, external_options[c->value], out);
	}
	put_lists(a, external_settings, arena_printf(a, "%s.", path), out);
	put_table_head("`backend.auth.keys[]`", out);
	put_rows(a, old_key_settings, out);
}

void config_document(struct buf *out)
{
	struct arena arena;

	arena_init(&arena);
	buf_add_string(out, introduction);
	put_settings(&arena, out);
	put_foreign(out);
	put_lists(&arena, settings, "", out);
	put_external(&arena, out);
	arena_fini(&arena);
}
