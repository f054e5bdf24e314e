/* For the tests of the configuration: files in a folder of their own, loaded with a fixed
 * environment. */
#ifndef UNIT_CONFIG_FIXTURE_H
#define UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

enum { MOST_ITEMS = 8 };

struct fixture {
	char directory[64];
	const char *variables[MOST_ITEMS];
	const char *files[MOST_ITEMS]; /* of --config */
	const char *overrides[MOST_ITEMS];
	struct config *config;
	struct config_notices notices;
	struct buf faults;
	struct error err;
};

static inline int fixture_begin(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	strcpy(f->directory, "/tmp/config-test-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	buf_init(&f->faults, 64 * 1024);
	*state = f;
	return 0;
}

static inline int fixture_end(void **state)
{
	struct fixture *f = *state;
	char command[128];

	config_free(f->config);
	buf_fini(&f->faults);
	snprintf(command, sizeof command, "rm -rf '%s'", f->directory);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static inline void fixture_write_bytes(struct fixture *f, const char *name, const void *bytes,
				       size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", f->directory, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static inline void fixture_write(struct fixture *f, const char *name, const char *text)
{
	fixture_write_bytes(f, name, text, strlen(text));
}

static inline void fixture_folder(struct fixture *f, const char *name)
{
	char command[256];

	snprintf(command, sizeof command, "mkdir -p '%s/%s'", f->directory, name);
	assert_int_equal(system(command), 0);
}

static inline size_t fixture_count(const char *const *items)
{
	size_t n = 0;

	while (n < MOST_ITEMS && items[n] != NULL)
		n++;
	return n;
}

/* For who tries all that the tests load on something else, too: copies it into the folder that the
 * variable KEEP_ACCEPTED names, but for what has keys that there are not, or that are not read. */
static inline void fixture_keep(const struct fixture *f)
{
	static int count;
	const char *folder = getenv("KEEP_ACCEPTED");
	char command[512];

	for (size_t i = 0; i < f->notices.count; i++)
		if (strstr(f->notices.items[i].message, "unknown setting") != NULL ||
		    strstr(f->notices.items[i].message, "not read, as") != NULL)
			return;
	if (folder == NULL || f->files[0] != NULL)
		return;
	snprintf(command, sizeof command, "cp '%s/app-config.yaml' '%s/%d-%d.yaml'", f->directory,
		 folder, (int)getpid(), count++);
	assert_int_equal(system(command), 0);
}

/* Loads what was written so far; may be repeated. */
static inline bool fixture_load(struct fixture *f)
{
	char *environment[MOST_ITEMS + 1] = {NULL};
	struct config_options options = {
		.files = f->files,
		.file_count = fixture_count(f->files),
		.overrides = f->overrides,
		.override_count = fixture_count(f->overrides),
		.directory = f->directory,
		.environment = environment,
	};

	for (size_t i = 0; i < fixture_count(f->variables); i++)
		environment[i] = (char *)(uintptr_t)f->variables[i];
	config_free(f->config);
	f->config = NULL;
	f->notices = (struct config_notices){0};
	buf_fini(&f->faults);
	if (!config_load(&options, &f->config, &f->notices, &f->faults, &f->err))
		return false;
	fixture_keep(f);
	return true;
}

static inline void fixture_loads(struct fixture *f, const char *yaml)
{
	fixture_write(f, "app-config.yaml", yaml);
	if (!fixture_load(f))
		fail_msg("%s", f->err.message);
}

/* The one fault of yaml, or the first one, after the name of the folder. */
static inline void fixture_fails(struct fixture *f, const char *yaml, const char *message)
{
	size_t prefix = strlen(f->directory) + 1;

	fixture_write(f, "app-config.yaml", yaml);
	assert_false(fixture_load(f));
	assert_null(f->config);
	assert_int_equal(f->err.kind, ERROR_INPUT);
	if (strncmp(f->err.message, f->directory, prefix - 1) == 0)
		assert_string_equal(f->err.message + prefix, message);
	else
		assert_string_equal(f->err.message, message);
}

/* Whether some notice at that path has that message. */
static inline bool fixture_noticed(const struct fixture *f, const char *path, const char *message)
{
	for (size_t i = 0; i < f->notices.count; i++)
		if (strcmp(f->notices.items[i].path, path) == 0 &&
		    strcmp(f->notices.items[i].message, message) == 0)
			return true;
	return false;
}

/* What is said of a configuration without callers, at backend.auth.externalAccess. */
#define NOBODY                                                                                    \
	"nobody can call: no entry is for this plugin, and Backstage's tokens cannot be "         \
	"verified: neither backend.baseUrl nor discovery.endpoints says where its plugin 'auth' " \
	"is"

#define fixture_test(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

#endif
