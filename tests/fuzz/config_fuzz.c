/*
 * A whole configuration file through the loader: YAML, substitution, includes, rows, `config show`.
 * The environment is fixed; the folder holds the input as app-config.yaml, two files that it may
 * include, and one that may stand for certificates and keys. What a variable holds must not turn up
 * in any message.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CANARY "zq8-canary-Qz"

/* Where files are memory, if there is such a place. */
static char folder[] = "/dev/shm/config-fuzz-XXXXXX";
static char elsewhere[] = "/tmp/config-fuzz-XXXXXX";
static const char *used = folder;

static void file_path(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", used, name);
}

static void write_file(const char *name, const void *bytes, size_t len)
{
	char path[128];
	FILE *file;

	file_path(path, name);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		abort();
}

static void remove_folder(void)
{
	static const char *const names[] = {"app-config.yaml", "other.yaml", "value.txt",
					    "all.pem"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128];

		file_path(path, names[i]);
		unlink(path);
	}
	rmdir(used);
}

static void prepare(void)
{
	static const char other[] = "a: {b: [1, '${A}'], c: {$file: value.txt}}\nd: {$env: A}\n";
	static const char pem[] = "-----BEGIN CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\n"
				  "-----BEGIN PRIVATE KEY-----\n";
	static bool ready;

	if (ready)
		return;
	if (mkdtemp(folder) == NULL)
		used = elsewhere;
	if (used == elsewhere && mkdtemp(elsewhere) == NULL)
		abort();
	ready = true;
	write_file("other.yaml", other, sizeof other - 1);
	write_file("value.txt", CANARY "\n", sizeof CANARY);
	write_file("all.pem", pem, sizeof pem - 1);
	atexit(remove_folder);
}

/* The environment's values are told apart from the input's own text only if it does not hold them.
 */
static bool holds_canary(const uint8_t *data, size_t size)
{
	return memmem(data, size, CANARY, sizeof CANARY - 1) != NULL;
}

static void check_quiet(const char *message)
{
	assert(message == NULL || strstr(message, CANARY) == NULL);
}

/* What is shown is YAML again. */
static void check_show(const struct config *config)
{
	struct buf out;
	struct arena arena;
	struct node *root;
	struct error err;
	size_t budget = SIZE_MAX;

	buf_init(&out, 64 * 1024 * 1024);
	arena_init(&arena);
	config_show(config, &out);
	assert(buf_complete(&out));
	if (!yaml_read(&arena, &budget, "shown", buf_text(&out), &root, &err))
		abort();
	arena_fini(&arena);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char alpha[] = "A=alpha";
	static char empty[] = "EMPTY=";
	static char canary[] = "S=" CANARY;
	static char level[] = "LOG_LEVEL=warn";
	static char workers[] = "APP_CONFIG_spectrocloud_server_workers=3";
	static char *const environment[] = {alpha, empty, canary, level, workers, NULL};
	struct config_options options = {.directory = used, .environment = environment};
	bool watch = !holds_canary(data, size);
	struct config_notices notices;
	struct config *config;
	struct error err;
	struct buf faults;

	prepare();
	write_file("app-config.yaml", data, size);
	buf_init(&faults, 1024 * 1024);
	if (config_load(&options, &config, &notices, &faults, &err)) {
		for (size_t i = 0; watch && i < notices.count; i++) {
			check_quiet(notices.items[i].message);
			check_quiet(notices.items[i].path);
		}
		check_show(config);
		config_free(config);
	} else if (watch) {
		check_quiet(err.message);
		check_quiet(faults.ptr);
	}
	buf_fini(&faults);
	return 0;
}
