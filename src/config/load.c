/* Loading: which files, in what order, what lies over what; then the checks. */
#include "config/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "config/check.h"
#include "config/yaml.h"

/* ---- the world outside ---- */

bool load_variable(const struct loader *l, struct text name, struct text *value)
{
	for (char *const *at = l->environment; at != NULL && *at != NULL; at++) {
		struct text variable = text_of(*at);
		size_t equals = text_find(variable, '=');

		if (equals == SIZE_MAX || !text_equal(text_slice(variable, 0, equals), name))
			continue;
		*value = text_trim(text_slice(variable, equals + 1, variable.len));
		return true;
	}
	return false;
}

const char *load_path(struct arena *a, const char *directory, const char *path)
{
	if (path[0] == '/' || directory[0] == '\0' || strcmp(directory, ".") == 0)
		return arena_copy(a, text_of(path));
	return arena_printf(a, "%s/%s", directory, path);
}

const char *load_directory(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	if (slash == path)
		return "/";
	return arena_copy(a, (struct text){path, (size_t)(slash - path)});
}

/* ---- which files ---- */

static struct config_file *find_noted(struct loader *l, const char *path)
{
	for (size_t i = 0; i < l->noted_count; i++)
		if (strcmp(l->noted[i].path, path) == 0)
			return &l->noted[i];
	return NULL;
}

/* NULL where there is no room: so many are a fault, and nobody compares them then. */
static struct config_file *note(struct loader *l, const char *path)
{
	struct config_file *file = find_noted(l, path);

	if (file != NULL || l->noted_count == LOAD_MAX_NOTED)
		return file;
	file = &l->noted[l->noted_count++];
	*file = (struct config_file){.path = arena_copy(l->arena, text_of(path))};
	return file;
}

static void note_missing(struct loader *l, const char *path)
{
	note(l, path);
}

void load_note_apart(struct loader *l, const char *path)
{
	struct config_file *file = note(l, path);

	if (file != NULL)
		file->apart = true;
}

static void note_read(struct loader *l, const char *path, struct text content)
{
	struct config_file *file = note(l, path);

	if (file == NULL)
		return;
	file->there = true;
	file->empty = text_trim(content).len == 0;
	file->digest = hash_text(HASH_START, content);
}

static void copy_noted(const struct loader *l, struct config_files *files)
{
	arena_init(&files->arena);
	files->count = l->noted_count;
	files->items = arena_array(&files->arena, struct config_file, files->count);
	for (size_t i = 0; i < files->count; i++) {
		files->items[i] = l->noted[i];
		files->items[i].path = arena_copy(&files->arena, text_of(l->noted[i].path));
	}
}

void config_files_fini(struct config_files *files)
{
	arena_fini(&files->arena);
	files->items = NULL;
	files->count = 0;
}

bool load_file(struct loader *l, const char *path, struct text *content, struct error *err)
{
	struct buf bytes;
	bool ok;

	if (l->files_left == 0)
		return error_set(err, ERROR_INPUT, "more than 256 files in one configuration");
	l->files_left--;
	buf_init(&bytes, LOAD_MAX_FILE_BYTES);
	ok = file_read(path, &bytes, err);
	if (ok) {
		*content = arena_copy_text(l->arena, buf_text(&bytes));
		note_read(l, path, *content);
	} else {
		note_missing(l, path);
	}
	buf_fini(&bytes);
	return ok;
}

/* ---- sources ---- */

/* One file as a tree, variables and includes resolved; NULL after a fault. hint: what else to say
 * where it cannot be read. */
static struct node *read_source(struct loader *l, const char *path, const char *hint)
{
	const struct place place = {path, 0, 0};
	struct text content;
	struct node *root;
	struct error err;

	if (!load_file(l, path, &content, &err)) {
		findings_fault(l->found, place, NULL, "cannot read this file: %s%s", err.message,
			       hint);
		return NULL;
	}
	if (!yaml_read(l->arena, &l->nodes_left, path, content, &root, &err)) {
		findings_fault_error(l->found, path, &err);
		return NULL;
	}
	root = load_substitute(l, root, load_directory(l->arena, path));
	if (!node_is_set(root))
		return config_node_new(l->arena, NODE_MAP, place);
	if (root->type == NODE_MAP)
		return root;
	findings_fault(l->found, root->place, NULL, "the file must hold a map of settings");
	return NULL;
}

static void add_source(struct loader *l, struct node **tree, const char *path, const char *hint)
{
	struct node *source = read_source(l, path, hint);

	if (source != NULL)
		*tree = config_node_merge(l->arena, *tree, source);
}

static void add_if_there(struct loader *l, struct node **tree, const char *name)
{
	const char *path = load_path(l->arena, l->directory, name);

	if (access(path, F_OK) == 0)
		add_source(l, tree, path, "");
	else
		note_missing(l, path);
}

/* One file for each name in BACKSTAGE_ENV. */
static void add_for_environments(struct loader *l, struct node **tree, const char *ending)
{
	struct text names;
	struct text name;

	if (!load_variable(l, TEXT("BACKSTAGE_ENV"), &names))
		return;
	while (text_next(&names, ',', &name)) {
		name = text_trim(name);
		if (name.len > 0)
			add_if_there(l, tree,
				     arena_printf(l->arena, "app-config.%.*s%s", (int)name.len,
						  name.ptr, ending));
	}
}

static void add_default_files(struct loader *l, struct node **tree)
{
	add_source(l, tree, load_path(l->arena, l->directory, "app-config.yaml"),
		   "; --config FILE names another");
	add_for_environments(l, tree, ".yaml");
	add_if_there(l, tree, "app-config.local.yaml");
	add_for_environments(l, tree, ".local.yaml");
}

static void add_named_file(struct loader *l, struct node **tree, const char *name)
{
	if (strstr(name, "://") != NULL)
		findings_fault(l->found, (struct place){"--config", 0, 0}, NULL,
			       "configuration from a URL is not supported; give a file");
	else
		add_source(l, tree, load_path(l->arena, l->directory, name), "");
}

/* All sources, the weakest first. */
static struct node *read_sources(struct loader *l, const struct config_options *options)
{
	struct node *tree = NULL;

	if (options->file_count == 0)
		add_default_files(l, &tree);
	for (size_t i = 0; i < options->file_count; i++)
		add_named_file(l, &tree, options->files[i]);
	tree = config_node_merge(l->arena, tree, load_variables(l));
	for (size_t i = 0; i < options->override_count; i++)
		load_override(l, tree, options->overrides[i]);
	return tree;
}

/* ---- variables that stand in for a setting ---- */

/* LOG_LEVEL belongs to Backstage too, so a level that is none of ours is only remarked on. */
static void apply_stand_ins(struct check *c, struct node *root)
{
	for (const struct setting *row = settings; row->path != NULL; row++) {
		struct text value;

		if (row->variable == NULL ||
		    node_is_set(config_node_at(root, text_of(row->path))) ||
		    !load_variable(c->l, text_of(row->variable), &value) || value.len == 0)
			continue;
		if (setting_find_choice(row, value) == NULL) {
			findings_notice(c->l->found, (struct place){row->variable, 0, 0}, row->path,
					"the variable is not %s, and ignored",
					setting_wants(c->l->arena, row));
			continue;
		}
		load_set(c->l, root, row->path, value, (struct place){row->variable, 0, 0});
		check_value(c, row, config_node_at(root, text_of(row->path)), row->path,
			    (char *)c->config + row->into);
	}
}

/* ---- the whole ---- */

static void fill(struct loader *l, struct config *config, const struct config_options *options)
{
	struct check c = {.l = l, .config = config};
	struct node *root = read_sources(l, options);

	/* Where a source cannot be read, what it would have said looks missing: stop here. */
	if (l->found->fault_count > 0)
		return;
	config->tree->root = root;
	check_config(&c, root);
	if (l->found->fault_count == 0)
		apply_stand_ins(&c, root);
}

bool config_load(const struct config_options *options, struct config **config,
		 struct config_notices *notices, struct buf *faults, struct error *err)
{
	struct config *made = heap_alloc(sizeof *made);
	struct findings found = {.arena = &made->arena,
				 .faults = faults,
				 .unread = options->unread,
				 .kept = options->findings};
	struct loader l = {
		.arena = &made->arena,
		.found = &found,
		.directory = options->directory == NULL ? "." : options->directory,
		.environment = options->environment,
		.nodes_left = LOAD_MAX_NODES,
		.files_left = LOAD_MAX_FILES,
		.bytes_left = LOAD_MAX_EXPANDED_BYTES,
	};

	arena_init_secret(&made->arena);
	if (options->findings != NULL) {
		*options->findings = (struct config_findings){.count = 0};
		arena_init(&options->findings->arena);
	}
	made->read_ms = clock_calendar_ms();
	made->tree = arena_new(&made->arena, struct config_tree);
	l.noted = arena_array(&made->arena, struct config_file, LOAD_MAX_NOTED);
	fill(&l, made, options);
	made->files = l.noted;
	made->file_count = l.noted_count;
	if (options->read != NULL)
		copy_noted(&l, options->read);
	if (options->findings != NULL)
		findings_sort(options->findings);
	if (!findings_none(&found, err)) {
		findings_tell_notices(&found);
		config_free(made);
		return false;
	}
	*config = made;
	if (notices != NULL)
		*notices = (struct config_notices){found.notices, found.notice_count};
	return true;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->environment_count; i++)
		secret_wipe(&config->environments[i].api_token);
	for (size_t i = 0; i < config->external_count; i++) {
		secret_wipe(&config->external[i].token);
		secret_wipe(&config->external[i].secret);
	}
	for (size_t i = 0; i < config->store.key_count; i++)
		secret_wipe(&config->store.keys[i]);
	secret_wipe(&config->store.postgres.connection);
	secret_wipe(&config->store.postgres.password);
	arena_fini(&config->arena);
	free(config);
}
