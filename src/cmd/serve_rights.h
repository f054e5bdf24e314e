/* The rights that the service goes on with, from when its address is bound. */
#ifndef CMD_SERVE_RIGHTS_H
#define CMD_SERVE_RIGHTS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

struct app_listeners;

/* What the options say. */
struct serve_rights {
	const char *user; /* "USER" or "USER:GROUP"; NULL: the one who started it */
	bool core_files;
};

/* Before tokens are in memory: guards it, or not, and sees whether there is such a user. Prints
 * what is wrong; *status is then what the command ends with. */
MUST_USE bool serve_rights_check(const struct serve_rights *rights, int *status);

/*
 * Becomes the user and confines the process. Before any thread is started.
 * listeners  local sockets become the user's.
 * On failure the process must not go on.
 */
MUST_USE bool serve_rights_reduce(const struct serve_rights *rights, const struct config *config,
				  const struct app_listeners *listeners, struct error *err);

#endif
