/* Inside palette/: what the judgement of kubeconfigs is made of. Private. */
#ifndef PALETTE_KUBECONFIG_INSIDE_H
#define PALETTE_KUBECONFIG_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/tree.h"

/* Kinds of access, by how much they say: a file is as its most telling user. */
enum kubeconfig_access { ACCESS_NONE, ACCESS_OIDC, ACCESS_EXEC };

struct kubeconfig_work {
	enum kubeconfig_access access;
};

/* NULL for a harmless value, else what it holds (static). */
typedef const char *kubeconfig_judge(struct kubeconfig_work *w, const struct node *value);

struct kubeconfig_rule {
	const char *key;
	kubeconfig_judge *judge;
};

/* Every member of the map must be in rules, which end with a NULL key. A value that is not set is
 * harmless. */
const char *kubeconfig_judge_map(struct kubeconfig_work *w, const struct node *map,
				 const struct kubeconfig_rule *rules);
/* Every item of a list must pass. */
const char *kubeconfig_judge_list(struct kubeconfig_work *w, const struct node *list,
				  kubeconfig_judge *judge);

extern const char kubeconfig_not_understood[];

/* ---- values: kubeconfig_values.c ---- */

enum value_kind {
	VALUE_WORD,    /* a name: no spaces, nothing that looks random */
	VALUE_PUBLIC,  /* an identifier that may look random, such as that of a client */
	VALUE_URL,     /* without user, password, query and fragment */
	VALUE_PATH,    /* of a file */
	VALUE_BOOL,    /* true or false */
	VALUE_NUMBER,  /* digits, or a duration such as 3m */
	VALUE_HOST,    /* names or addresses with ports, commas between them */
	VALUE_PROSE,   /* sentences for a person */
	VALUE_CA,      /* base64 of PEM with certificates and nothing else */
	VALUE_REQUEST, /* a parameter of a login: one that is known, "=", a word or URL */
	VALUE_INFO,    /* what kubectl tells a plugin: the version of its API */
};

/* Whether the text is of that kind and holds nothing else. */
bool kubeconfig_value_is(enum value_kind kind, struct text value);
/* Whether it looks like a key or a token: the known forms, and long random words. */
bool kubeconfig_looks_secret(struct text value);

/* ---- logging in by a command: kubeconfig_exec.c ---- */

const char *kubeconfig_judge_exec(struct kubeconfig_work *w, const struct node *exec);

#endif
