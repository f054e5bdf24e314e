/*
 * Kubeconfigs: users who log in by a command. Of the commands that are known, the words and flags
 * that hold no secret are listed; any other argument may be one.
 */
#include <string.h>

#include "palette/kubeconfig_inside.h"

/* Which command; a flag belongs to one or several. */
enum tool {
	TOOL_OIDC = 1, /* kubelogin, also as kubectl's plugin oidc-login */
	TOOL_AZURE = 2,
	TOOL_AWS = 4,
	TOOL_GKE = 8,
};

static const char unknown_arguments[] = "arguments that are not known to be harmless";
static const char unknown_variables[] = "variables of a command that are not known to be harmless";
static const char unknown_command[] = "a command that is not known to be harmless";
static const char client_secret[] = "a client secret";
static const char token[] = "a token";
static const char password[] = "a user name or password";
static const char key[] = "a client key";

static const struct {
	const char *name;
	unsigned tools;
} commands[] = {
	/* Two programs are called kubelogin. */
	{"kubectl", TOOL_OIDC},
	{"kubelogin", TOOL_OIDC | TOOL_AZURE},
	{"kubectl-oidc_login", TOOL_OIDC},
	{"oidc-login", TOOL_OIDC},
	{"aws", TOOL_AWS},
	{"aws-iam-authenticator", TOOL_AWS},
	{"gke-gcloud-auth-plugin", TOOL_GKE},
};

static const struct {
	const char *word;
	unsigned tools;
} words[] = {
	{"oidc-login", TOOL_OIDC},
	{"get-token", TOOL_OIDC | TOOL_AZURE | TOOL_AWS},
	{"eks", TOOL_AWS},
	{"token", TOOL_AWS},
};

static const struct flag {
	const char *name;
	unsigned tools;
	enum value_kind kind;
} flags[] = {
	{"--oidc-issuer-url", TOOL_OIDC, VALUE_URL},
	{"--oidc-client-id", TOOL_OIDC, VALUE_PUBLIC},
	{"--oidc-extra-scope", TOOL_OIDC, VALUE_WORD},
	{"--oidc-redirect-url", TOOL_OIDC, VALUE_URL},
	{"--oidc-redirect-url-hostname", TOOL_OIDC, VALUE_HOST},
	{"--oidc-redirect-url-authcode-keyboard", TOOL_OIDC, VALUE_URL},
	{"--oidc-use-pkce", TOOL_OIDC, VALUE_BOOL},
	{"--oidc-pkce-method", TOOL_OIDC, VALUE_WORD},
	{"--oidc-use-access-token", TOOL_OIDC, VALUE_BOOL},
	{"--oidc-auth-request-extra-params", TOOL_OIDC, VALUE_REQUEST},
	{"--listen-address", TOOL_OIDC, VALUE_HOST},
	{"--listen-port", TOOL_OIDC, VALUE_NUMBER},
	{"--skip-open-browser", TOOL_OIDC, VALUE_BOOL},
	{"--open-url-after-authentication", TOOL_OIDC, VALUE_URL},
	{"--authentication-timeout-sec", TOOL_OIDC, VALUE_NUMBER},
	{"--grant-type", TOOL_OIDC, VALUE_WORD},
	{"--token-cache-dir", TOOL_OIDC | TOOL_AZURE, VALUE_PATH},
	{"--token-cache-storage", TOOL_OIDC, VALUE_WORD},
	{"--force-refresh", TOOL_OIDC, VALUE_BOOL},
	{"--certificate-authority", TOOL_OIDC, VALUE_PATH},
	{"--certificate-authority-data", TOOL_OIDC, VALUE_CA},
	{"--insecure-skip-tls-verify", TOOL_OIDC, VALUE_BOOL},
	{"--tls-renegotiation-once", TOOL_OIDC, VALUE_BOOL},
	{"--local-server-cert", TOOL_OIDC, VALUE_PATH},
	{"--local-server-key", TOOL_OIDC, VALUE_PATH},
	{"--environment", TOOL_AZURE, VALUE_WORD},
	{"-e", TOOL_AZURE, VALUE_WORD},
	{"--server-id", TOOL_AZURE, VALUE_PUBLIC},
	{"--client-id", TOOL_AZURE, VALUE_PUBLIC},
	{"--tenant-id", TOOL_AZURE, VALUE_PUBLIC},
	{"-t", TOOL_AZURE, VALUE_PUBLIC},
	{"--login", TOOL_AZURE, VALUE_WORD},
	{"-l", TOOL_AZURE, VALUE_WORD},
	{"--authority-host", TOOL_AZURE, VALUE_URL},
	{"--redirect-url", TOOL_AZURE, VALUE_URL},
	{"--identity-resource-id", TOOL_AZURE, VALUE_WORD},
	{"--federated-token-file", TOOL_AZURE, VALUE_PATH},
	{"--legacy", TOOL_AZURE, VALUE_BOOL},
	{"--pop-enabled", TOOL_AZURE, VALUE_BOOL},
	{"--use-azurerm-env-vars", TOOL_AZURE, VALUE_BOOL},
	{"--disable-instance-discovery", TOOL_AZURE, VALUE_BOOL},
	{"--timeout", TOOL_AZURE, VALUE_NUMBER},
	{"--region", TOOL_AWS, VALUE_WORD},
	{"--cluster-name", TOOL_AWS, VALUE_WORD},
	{"--cluster-id", TOOL_AWS, VALUE_WORD},
	{"-i", TOOL_AWS, VALUE_WORD},
	{"--profile", TOOL_AWS, VALUE_WORD},
	{"--role-arn", TOOL_AWS, VALUE_WORD},
	{"--role", TOOL_AWS, VALUE_WORD},
	{"-r", TOOL_AWS, VALUE_WORD},
	{"--output", TOOL_AWS, VALUE_WORD},
	{"--endpoint-url", TOOL_AWS, VALUE_URL},
	{"--no-verify-ssl", TOOL_AWS, VALUE_BOOL},
	{"--cache", TOOL_AWS, VALUE_BOOL},
	{"--use_application_default_credentials", TOOL_GKE, VALUE_BOOL},
	{"-v", TOOL_OIDC | TOOL_AZURE | TOOL_GKE, VALUE_NUMBER},
	{"--v", TOOL_OIDC | TOOL_AZURE | TOOL_GKE, VALUE_NUMBER},
};

/* What some flags hold that are not harmless, to say so. */
static const struct {
	const char *name;
	const char *why;
} telling_flags[] = {
	{"--oidc-client-secret", client_secret},
	{"--client-secret", client_secret},
	{"--username", password},
	{"--password", password},
	{"--client-certificate", key},
	{"--client-certificate-password", password},
	{"--token", token},
	{"--oidc-refresh-token", token},
};

static const struct {
	const char *name;
	enum value_kind kind;
} variables[] = {
	{"KUBERNETES_EXEC_INFO", VALUE_INFO},
	{"AWS_PROFILE", VALUE_WORD},
	{"AWS_DEFAULT_PROFILE", VALUE_WORD},
	{"AWS_REGION", VALUE_WORD},
	{"AWS_DEFAULT_REGION", VALUE_WORD},
	{"AWS_STS_REGIONAL_ENDPOINTS", VALUE_WORD},
	{"AWS_SDK_LOAD_CONFIG", VALUE_WORD},
	{"AWS_CONFIG_FILE", VALUE_PATH},
	{"AWS_ROLE_ARN", VALUE_WORD},
	{"AAD_LOGIN_METHOD", VALUE_WORD},
	{"AAD_SERVICE_PRINCIPAL_CLIENT_ID", VALUE_PUBLIC},
	{"AZURE_CLIENT_ID", VALUE_PUBLIC},
	{"AZURE_TENANT_ID", VALUE_PUBLIC},
	{"AZURE_CONFIG_DIR", VALUE_PATH},
	{"AZURE_AUTHORITY_HOST", VALUE_URL},
	{"USE_GKE_GCLOUD_AUTH_PLUGIN", VALUE_WORD},
	{"CLOUDSDK_ACTIVE_CONFIG_NAME", VALUE_WORD},
	{"CLOUDSDK_CORE_PROJECT", VALUE_WORD},
	{"HTTP_PROXY", VALUE_URL},
	{"HTTPS_PROXY", VALUE_URL},
	{"NO_PROXY", VALUE_HOST},
	{"http_proxy", VALUE_URL},
	{"https_proxy", VALUE_URL},
	{"no_proxy", VALUE_HOST},
	{"HOME", VALUE_PATH},
	{"KUBECACHEDIR", VALUE_PATH},
};

/* ---- arguments ---- */

static bool is_word(struct text argument, unsigned tools)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if ((words[i].tools & tools) != 0 && text_is(argument, words[i].word))
			return true;
	return false;
}

static const struct flag *find_flag(struct text name, unsigned tools)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if ((flags[i].tools & tools) != 0 && text_is(name, flags[i].name))
			return &flags[i];
	return NULL;
}

/* "-v1", as kubelogin's own documentation has it. */
static bool is_verbosity(struct text argument, unsigned tools)
{
	return (tools & TOOL_OIDC) != 0 && argument.len == 3 && text_starts(argument, "-v") &&
	       argument.ptr[2] >= '0' && argument.ptr[2] <= '9';
}

static const char *why_not(struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(telling_flags); i++)
		if (text_is(name, telling_flags[i].name))
			return telling_flags[i].why;
	return unknown_arguments;
}

/* The argument at *at, and the next where that is its value; *at moves behind them. */
static const char *judge_argument(const struct node *args, size_t *at, unsigned tools)
{
	struct text argument = args->entries[(*at)++].value->text;
	size_t equals = text_find(argument, '=');
	struct text name = text_slice(argument, 0, equals);
	const struct flag *flag;
	struct text value;

	if (is_word(argument, tools) || is_verbosity(argument, tools))
		return NULL;
	flag = find_flag(name, tools);
	if (flag == NULL)
		return why_not(name);
	if (equals != SIZE_MAX) {
		value = text_slice(argument, equals + 1, argument.len);
	} else if (flag->kind == VALUE_BOOL) {
		return NULL; /* what follows is an argument of its own */
	} else {
		if (*at == args->count)
			return unknown_arguments;
		value = args->entries[(*at)++].value->text;
	}
	return kubeconfig_value_is(flag->kind, value) ? NULL : unknown_arguments;
}

static bool is_scalar(const struct node *node)
{
	return node->type == NODE_STRING || node->type == NODE_NUMBER || node->type == NODE_BOOL;
}

static const char *judge_arguments(const struct node *args, unsigned tools)
{
	const char *why = NULL;

	if (args->type != NODE_LIST)
		return kubeconfig_not_understood;
	for (size_t i = 0; i < args->count; i++)
		if (!is_scalar(args->entries[i].value))
			return unknown_arguments;
	for (size_t at = 0; why == NULL && at < args->count;)
		why = judge_argument(args, &at, tools);
	return why;
}

/* ---- the command and its variables ---- */

static unsigned tools_of(struct text command)
{
	for (size_t i = command.len; i > 0; i--) {
		if (command.ptr[i - 1] != '/' && command.ptr[i - 1] != '\\')
			continue;
		command = text_slice(command, i, command.len);
		break;
	}
	if (text_ends(command, ".exe"))
		command.len -= strlen(".exe");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (text_is(command, commands[i].name))
			return commands[i].tools;
	return 0;
}

static const char *judge_variable(struct kubeconfig_work *w, const struct node *item)
{
	const struct node *name = config_node_get(item, TEXT("name"));
	const struct node *value = config_node_get(item, TEXT("value"));

	(void)w;
	if (item->type != NODE_MAP || name == NULL || name->type != NODE_STRING ||
	    item->count != (value == NULL ? 1U : 2U))
		return unknown_variables;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		if (!text_is(name->text, variables[i].name))
			continue;
		if (!node_is_set(value))
			return NULL;
		return is_scalar(value) && (value->text.len == 0 ||
					    kubeconfig_value_is(variables[i].kind, value->text))
			       ? NULL
			       : unknown_variables;
	}
	return unknown_variables;
}

static const char *judge_env(struct kubeconfig_work *w, const struct node *env)
{
	return kubeconfig_judge_list(w, env, judge_variable);
}

/* Judged with the command, which says what they mean. */
static const char *judge_later(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	(void)value;
	return NULL;
}

static const char *judge_command(struct kubeconfig_work *w, const struct node *command)
{
	(void)w;
	return command->type == NODE_STRING && kubeconfig_value_is(VALUE_PATH, command->text)
		       ? NULL
		       : unknown_command;
}

static const char *judge_word(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return value->type == NODE_STRING && kubeconfig_value_is(VALUE_WORD, value->text)
		       ? NULL
		       : kubeconfig_not_understood;
}

static const char *judge_bool(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return value->type == NODE_BOOL ? NULL : kubeconfig_not_understood;
}

static const char *judge_hint(struct kubeconfig_work *w, const struct node *value)
{
	(void)w;
	return value->type == NODE_STRING && kubeconfig_value_is(VALUE_PROSE, value->text)
		       ? NULL
		       : "a hint that is not known to be harmless";
}

static bool has_issuer(const struct node *args)
{
	for (size_t i = 0; args != NULL && i < args->count; i++)
		if (text_starts(args->entries[i].value->text, "--oidc-issuer-url"))
			return true;
	return false;
}

const char *kubeconfig_judge_exec(struct kubeconfig_work *w, const struct node *exec)
{
	static const struct kubeconfig_rule rules[] = {
		{"apiVersion", judge_word},
		{"command", judge_command},
		{"args", judge_later},
		{"env", judge_env},
		{"interactiveMode", judge_word},
		{"installHint", judge_hint},
		{"provideClusterInfo", judge_bool},
		{NULL, NULL},
	};
	const char *why = kubeconfig_judge_map(w, exec, rules);
	const struct node *command = config_node_get(exec, TEXT("command"));
	const struct node *args = config_node_get(exec, TEXT("args"));
	enum kubeconfig_access access = ACCESS_EXEC;

	if (why != NULL)
		return why;
	if (!node_is_set(command))
		return kubeconfig_not_understood;
	if (node_is_set(args)) {
		unsigned tools = tools_of(command->text);

		why = judge_arguments(args, tools);
		if ((tools & TOOL_OIDC) != 0 && has_issuer(args))
			access = ACCESS_OIDC;
	}
	if (access > w->access)
		w->access = access;
	return why;
}
