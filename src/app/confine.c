/* What of the kernel's means is put in force, for what the configuration needs, and what is said.
 */
#include "app/confine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

enum { MOST_CONFIGURED = 3 };

/* The places, and whose memory their names are. */
struct places {
	struct confine_place items[CONFINE_MOST_PLACES + MOST_CONFIGURED];
	char *names[MOST_CONFIGURED];
	size_t count;
	size_t name_count;
};

/* The folder around a file, also where the file is a link to one elsewhere. */
static char *folder_around(const char *file)
{
	char *real = realpath(file, NULL);
	const char *path = real != NULL ? real : file;
	const char *slash = strrchr(path, '/');
	struct text folder = {path, slash == NULL ? 0 : (size_t)(slash - path)};
	char *copy;

	if (slash == path)
		folder.len = 1; /* the root itself */
	copy = heap_copy(slash == NULL ? TEXT(".") : folder);
	free(real);
	return copy;
}

static void add_around(struct places *p, const char *file, unsigned changes)
{
	char *folder = folder_around(file);

	p->names[p->name_count++] = folder;
	p->items[p->count++] = (struct confine_place){folder, changes};
}

/* Where a local socket is to be removed at the end. */
static void add_address(struct places *p, const char *address)
{
	static const char local[] = "unix:";

	if (address != NULL && text_starts(text_of(address), local))
		add_around(p, address + strlen(local), CONFINE_SOCKETS);
}

static void add_configured(struct places *p, const struct config *config)
{
	if (config->store.type == CONFIG_STORE_SQLITE)
		add_around(p, config->store.file, CONFINE_FILES);
	add_address(p, config->listen);
	add_address(p, config->telemetry_listen);
}

static void confine_both(const struct places *places)
{
	struct error no_files;
	struct error no_calls;
	int abi = 0;
	bool files = confine_files(places->items, places->count, &abi, &no_files);
	bool calls = confine_calls(&no_calls);
	char version[32];

	snprintf(version, sizeof version, "in force, version %d", abi);
	if (files && calls)
		log_info("confined", F_STR("seccomp", "in force"), F_STR("landlock", version));
	else
		log_warn("confined", F_STR("seccomp", calls ? "in force" : "unavailable"),
			 F_STR("landlock", files ? version : "unavailable"),
			 F_STR("problem", files ? no_calls.message : no_files.message));
}

void confine_process(const struct config *config, const struct confine_place *places, size_t count)
{
	struct places all = {.count = 0};

	if (!config->confine || !CONFINE_POSSIBLE) {
		log_info("confined", F_STR("seccomp", "off"), F_STR("landlock", "off"),
			 F_STR("because", config->confine ? "built for tests"
							  : "spectrocloud.server.confine"));
		return;
	}
	for (size_t i = 0; i < count; i++)
		all.items[all.count++] = places[i];
	add_configured(&all, config);
	confine_both(&all);
	for (size_t i = 0; i < all.name_count; i++)
		free(all.names[i]);
}
