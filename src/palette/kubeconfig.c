/*
 * Whether a kubeconfig holds a credential. Nothing is looked for; instead everything that may stand
 * in such a file is listed, and all else counts as one.
 */
#include "palette/kubeconfig.h"

#include <stdint.h>
#include <string.h>

#include "config/yaml.h"
#include "palette/kubeconfig_inside.h"

enum {
	MAX_FILE_BYTES = 256 * 1024,
	MAX_NODES = 16 * 1024,
};

const char kubeconfig_not_understood[] = "something that is not part of a kubeconfig as we know it";

static const char unknown_text[] = "text that is not known to be harmless";
static const char unknown_address[] = "an address that is not known to be harmless";
static const char unknown_authority[] = "more than certificates among its authorities";

/* Members of a user that are credentials, or name where they are. */
static const struct {
	const char *key;
	const char *why;
} credentials[] = {
	{"client-key-data", "a client key"},
	{"client-key", "a client key"},
	{"client-certificate-data", "a client certificate"},
	{"client-certificate", "a client certificate"},
	{"token", "a token"},
	{"tokenFile", "a token"},
	{"id-token", "a token"},
	{"refresh-token", "a token"},
	{"access-token", "a token"},
	{"client-secret", "a client secret"},
	{"username", "a user name or password"},
	{"password", "a user name or password"},
};

/* ---- maps and lists ---- */

static const char *why_not(struct text key)
{
	for (size_t i = 0; i < ARRAY_LEN(credentials); i++)
		if (text_is(key, credentials[i].key))
			return credentials[i].why;
	return kubeconfig_not_understood;
}

static bool is_credential(struct text key)
{
	return why_not(key) != kubeconfig_not_understood;
}

static bool is_empty(const struct node *value)
{
	return !node_is_set(value) || (value->type == NODE_STRING && value->text.len == 0);
}

static const char *judge_member(struct kubeconfig_work *w, const struct entry *member,
				const struct kubeconfig_rule *rules)
{
	for (; rules->key != NULL; rules++)
		if (text_is(member->key, rules->key))
			return node_is_set(member->value) ? rules->judge(w, member->value) : NULL;
	/* A name that is on neither list might itself be a secret. */
	if (is_credential(member->key) && is_empty(member->value))
		return NULL;
	return why_not(member->key);
}

const char *kubeconfig_judge_map(struct kubeconfig_work *w, const struct node *map,
				 const struct kubeconfig_rule *rules)
{
	const char *why = NULL;

	if (map->type != NODE_MAP)
		return kubeconfig_not_understood;
	for (size_t i = 0; why == NULL && i < map->count; i++)
		why = judge_member(w, &map->entries[i], rules);
	return why;
}

const char *kubeconfig_judge_list(struct kubeconfig_work *w, const struct node *list,
				  kubeconfig_judge *judge)
{
	const char *why = NULL;

	if (list->type != NODE_LIST)
		return kubeconfig_not_understood;
	for (size_t i = 0; why == NULL && i < list->count; i++)
		why = judge(w, list->entries[i].value);
	return why;
}

/* ---- scalars ---- */

static const char *judge_scalar(const struct node *value, enum value_kind kind, const char *why)
{
	if (value->type == NODE_LIST || value->type == NODE_MAP)
		return kubeconfig_not_understood;
	return value->text.len == 0 || kubeconfig_value_is(kind, value->text) ? NULL : why;
}

static const char *judge_word(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return judge_scalar(value, VALUE_WORD, unknown_text);
}

static const char *judge_public(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return judge_scalar(value, VALUE_PUBLIC, unknown_text);
}

static const char *judge_path(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return judge_scalar(value, VALUE_PATH, unknown_text);
}

static const char *judge_url(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return judge_scalar(value, VALUE_URL, unknown_address);
}

static const char *judge_ca(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return judge_scalar(value, VALUE_CA, unknown_authority);
}

static const char *judge_bool(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return value->type == NODE_BOOL ? NULL : kubeconfig_not_understood;
}

/* Scopes, commas between them. */
static const char *judge_scopes(struct kubeconfig_work *w, const struct node *value)
{
	struct text rest = value->text;
	struct text scope;
	const char *why = NULL;

	(void)w;
	if (value->type != NODE_STRING)
		return kubeconfig_not_understood;
	while (why == NULL && text_next(&rest, ',', &scope))
		if (!kubeconfig_value_is(VALUE_WORD, text_trim(scope)))
			why = unknown_text;
	return why;
}

/* minikube's date: "Mon, 02 Jan 2026 10:00:00 CET". */
static const char *judge_date(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	if (value->text.len > 40)
		return unknown_text;
	return judge_scalar(value, VALUE_PROSE, unknown_text);
}

/* ---- extensions, preferences ---- */

static const char *judge_extension_body(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"last-update", judge_date},
		{"provider", judge_word},
		{"version", judge_word},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_extension(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"name", judge_word},
		{"extension", judge_extension_body},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_extensions(struct kubeconfig_work *w, const struct node *value)
{
	return kubeconfig_judge_list(w, value, judge_extension);
}

static const char *judge_preferences(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"colors", judge_bool},
		{"extensions", judge_extensions},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

/* ---- clusters, contexts ---- */

static const char *judge_cluster_body(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"server", judge_url},
		{"certificate-authority-data", judge_ca},
		{"certificate-authority", judge_path},
		{"insecure-skip-tls-verify", judge_bool},
		{"tls-server-name", judge_word},
		{"proxy-url", judge_url},
		{"disable-compression", judge_bool},
		{"extensions", judge_extensions},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_cluster(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"name", judge_word},
		{"cluster", judge_cluster_body},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_context_body(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"cluster", judge_word},          {"user", judge_word}, {"namespace", judge_word},
		{"extensions", judge_extensions}, {NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_context(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"name", judge_word},
		{"context", judge_context_body},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

/* ---- users ---- */

static const char *judge_oidc(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"client-id", judge_public},
		{"idp-issuer-url", judge_url},
		{"extra-scopes", judge_scopes},
		{"idp-certificate-authority", judge_path},
		{"idp-certificate-authority-data", judge_ca},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_provider_name(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return value->type == NODE_STRING && text_is(value->text, "oidc")
		       ? NULL
		       : kubeconfig_not_understood;
}

static const char *judge_provider(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"name", judge_provider_name},
		{"config", judge_oidc},
		{NULL, NULL},
	};
	const char *why = kubeconfig_judge_map(w, value, rules);

	if (why == NULL && !node_is_set(config_node_get(value, TEXT("name"))))
		why = kubeconfig_not_understood;
	if (why == NULL && w->access < ACCESS_OIDC)
		w->access = ACCESS_OIDC;
	return why;
}

static const char *judge_user_body(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"exec", kubeconfig_judge_exec},
		{"auth-provider", judge_provider},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

static const char *judge_user(struct kubeconfig_work *w, const struct node *value)
{
	static const struct kubeconfig_rule rules[] = {
		{"name", judge_word},
		{"user", judge_user_body},
		{NULL, NULL},
	};

	return kubeconfig_judge_map(w, value, rules);
}

/* ---- the file ---- */

static const char *judge_clusters(struct kubeconfig_work *w, const struct node *value)
{
	return kubeconfig_judge_list(w, value, judge_cluster);
}

static const char *judge_contexts(struct kubeconfig_work *w, const struct node *value)
{
	return kubeconfig_judge_list(w, value, judge_context);
}

static const char *judge_users(struct kubeconfig_work *w, const struct node *value)
{
	return kubeconfig_judge_list(w, value, judge_user);
}

static bool has(const struct node *root, struct text key, const char *value)
{
	const struct node *node = config_node_get(root, key);

	return node != NULL && node->type == NODE_STRING && text_is(node->text, value);
}

static const char *judge_file(struct kubeconfig_work *w, const struct node *root)
{
	static const struct kubeconfig_rule rules[] = {
		{"apiVersion", judge_word},
		{"kind", judge_word},
		{"preferences", judge_preferences},
		{"clusters", judge_clusters},
		{"contexts", judge_contexts},
		{"users", judge_users},
		{"current-context", judge_word},
		{"extensions", judge_extensions},
		{NULL, NULL},
	};

	if (!has(root, TEXT("apiVersion"), "v1") || !has(root, TEXT("kind"), "Config"))
		return kubeconfig_not_understood;
	return kubeconfig_judge_map(w, root, rules);
}

/* Whether c, where it stands behind before, may start a comment, a tag, an anchor or an alias:
 * behind a letter, a digit or these marks it is a part of a word. */
static bool may_start(char c, char before, bool after_block_mark)
{
	if (c == '#' && after_block_mark)
		return true; /* "|2#..." is a comment */
	if ((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
	    (before >= '0' && before <= '9'))
		return false;
	return before == '\0' || strchr("/-_.=", before) == NULL;
}

/*
 * The tree does not show comments, names of anchors, tags and directives, and each can hold any
 * text. Finds more of them than there are: what stands in quotes looks the same here.
 */
static bool has_hidden_text(struct text file)
{
	bool after_block_mark = false;
	char before = '\n';

	for (size_t i = 0; i < file.len; i++) {
		char c = file.ptr[i];

		if (c == '\n' || c == '\r')
			after_block_mark = false;
		if (c == '|' || c == '>')
			after_block_mark = true;
		if ((c == '%' && (before == '\n' || before == '\r')) ||
		    ((c == '#' || c == '&' || c == '*' || c == '!') &&
		     may_start(c, before, after_block_mark)))
			return true;
		before = c;
	}
	return false;
}

static const char *judge_text(struct kubeconfig_work *w, struct text file)
{
	size_t budget = MAX_NODES;
	const char *why = NULL;
	struct error ignored;
	struct arena arena;
	struct node *root;

	if (file.len > MAX_FILE_BYTES)
		return kubeconfig_not_understood;
	if (has_hidden_text(file))
		return "comments, tags or anchors, in which anything may stand";
	arena_init(&arena);
	if (!yaml_read(&arena, &budget, "kubeconfig", file, &root, &ignored))
		why = kubeconfig_not_understood;
	else
		why = judge_file(w, root);
	arena_fini(&arena);
	return why;
}

bool kubeconfig_holds_credential(struct text file, struct kubeconfig_verdict *verdict)
{
	static const char *const names[] = {
		[ACCESS_NONE] = "none",
		[ACCESS_OIDC] = "oidc",
		[ACCESS_EXEC] = "exec",
	};
	struct kubeconfig_work work = {.access = ACCESS_NONE};

	verdict->why = judge_text(&work, file);
	verdict->access = verdict->why == NULL ? names[work.access] : "credential";
	return verdict->why != NULL;
}
