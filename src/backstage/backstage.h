/*
 * What this service owes Backstage and asks of it: who a caller is, and what they may do.
 *
 * Source: Backstage's documentation, "Backend System, Core Services": auth, httpAuth, permissions;
 * "Service to Service Auth", external callers and their access restrictions.
 */
#ifndef BACKSTAGE_BACKSTAGE_H
#define BACKSTAGE_BACKSTAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"

/* ---- permissions: permission.c ---- */

/* What an operation asks of its caller. Zero lets nobody in. */
enum permit {
	PERMIT_NOBODY,
	PERMIT_ANYONE,        /* no credential needed */
	PERMIT_AUTHENTICATED, /* any valid credential */
	PERMIT_VIEW_CLUSTER,
	PERMIT_DOWNLOAD_KUBECONFIG,
	PERMIT_VIEW_PACK_VALUES,
	PERMIT_VIEW_PACK_MANIFESTS,
	PERMIT_CREATE_CLUSTER,
	PERMIT_VIEW_PROFILE,
	PERMIT_VIEW_PROFILE_CLUSTERS,
	PERMITS
};

/* A basic permission of Backstage's permission framework. All strings are static. */
struct permission {
	const char *name;   /* "spectrocloud.cluster.view-info" */
	const char *action; /* attributes.action: "read" or "create" */
	const char *summary;
};

/* NULL for those that name no permission: nobody, anyone, authenticated. */
const struct permission *permission_of(enum permit permit);

/* ---- callers: caller.c ---- */

enum principal_kind {
	PRINCIPAL_NONE, /* only where Backstage's default auth policy is switched off */
	PRINCIPAL_SERVICE,
};

struct principal {
	enum principal_kind kind;
	const char *subject; /* "external:ci"; NULL for none; borrowed from the configuration */
	const struct config_restriction *restriction; /* for this plugin; NULL: unrestricted */
};

/*
 * Who sent a request.
 *
 * authorization  the header's value; its ptr is NULL if the request had none.
 * principal      out; borrows from config. Also set where a known token is refused, for the audit
 *                trail.
 *
 * Fails with ERROR_UNAUTHENTICATED (no or an unknown token) or ERROR_DENIED (a token that is
 * restricted to other plugins). Looks at every configured token, each in constant time.
 */
MUST_USE bool backstage_identify(const struct config *config, struct text authorization,
				 struct principal *principal, struct error *err);

/*
 * Whether the caller may. Decided here for services, by the restrictions of their token. Whoever is
 * not clearly allowed is refused with ERROR_DENIED.
 */
MUST_USE bool backstage_authorize(const struct config *config, const struct principal *principal,
				  enum permit permit, struct error *err);

/* Our plugin's id in Backstage. */
#define BACKSTAGE_PLUGIN_ID CONFIG_PLUGIN_ID

#endif
