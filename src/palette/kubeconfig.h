/* Whether a kubeconfig may be shown to an agent: it must hold no credential. Pure: text in, verdict
 * out; any thread. */
#ifndef PALETTE_KUBECONFIG_H
#define PALETTE_KUBECONFIG_H

#include <stdbool.h>

#include "base/text.h"

struct kubeconfig_verdict {
	/* Static: how its users log in: "oidc", "exec" (another command), "none"; "credential" of a
	 * file that may hold one. */
	const char *access;
	/* Static: what it holds, to be read after "the kubeconfig holds "; NULL if nothing. */
	const char *why;
};

/*
 * Whether the file holds, or might hold, a key, a token, a password or anything else that is not
 * known to be harmless. What is known is a list: each map of the file may have the members on it,
 * with values of the kind that belongs there. Comments, tags, anchors and aliases, a second
 * document, and files that are not UTF-8 or larger than 256 KiB count as holding one.
 *
 * verdict  out, always filled.
 */
bool kubeconfig_holds_credential(struct text file, struct kubeconfig_verdict *verdict);

#endif
