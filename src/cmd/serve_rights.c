/* The rights that the service goes on with: whose, and how few. */
#include "cmd/serve_rights.h"

#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/confine.h"
#include "app/identity.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "http/server.h"
#include "store/store.h"

bool serve_rights_check(const struct serve_rights *rights, int *status)
{
	struct identity found;
	struct error err;

	if (rights->core_files)
		command_allow_core_files();
	else
		command_protect_memory();
	if (rights->user == NULL || identity_find(rights->user, &found, &err))
		return true;
	fprintf(stderr, "spectrocloud-backend: %s\n", err.message);
	*status = 2;
	return false;
}

static bool give(const struct http_listener *listener, const struct identity *identity,
		 struct error *err)
{
	return listener == NULL || geteuid() != 0 ||
	       http_listener_give(listener, identity->uid, identity->gid, err);
}

static bool become(const char *user, const struct app_listeners *listeners, struct error *err)
{
	struct identity identity;

	if (!identity_find(user, &identity, err) || !give(listeners->main, &identity, err) ||
	    !give(listeners->monitor, &identity, err) || !identity_become(&identity, err))
		return false;
	log_info("user", F_STR("name", identity.name), F_INT("uid", identity.uid),
		 F_INT("gid", identity.gid));
	return true;
}

/* The kernel writes a core file with our rights, into the current folder unless it was told of
 * another one. */
static void confine(const struct config *config, bool core_files)
{
	const struct confine_place here = {".", CONFINE_FILES};

	confine_process(config, &here, core_files ? 1 : 0);
}

bool serve_rights_reduce(const struct serve_rights *rights, const struct config *config,
			 const struct app_listeners *listeners, struct error *err)
{
	if (rights->user != NULL && !become(rights->user, listeners, err))
		return false;
	if (geteuid() == 0)
		log_warn("user.root",
			 F_STR("advice", "the service needs no rights of root's: start it "
					 "as another user, or with --user"));
	if (rights->core_files) {
		command_allow_core_files(); /* becoming somebody else has forbidden it */
		log_warn("core.allowed",
			 F_STR("risk", "a core file can hold tokens: keep it as you keep them"));
	}
	store_make_folder(config);
	confine(config, rights->core_files);
	return true;
}
