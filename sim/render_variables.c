/* The variables of cluster profiles, and which values they take. */
#include <arpa/inet.h>
#include <regex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "render.h"

struct variable {
	const char *name;
	const char *format;
	const char *input;
	const char *fallback; /* NULL: none */
	const char *regex;    /* NULL: none */
	bool required;
	bool hidden;
	bool immutable;
	bool sensitive;
	const char *choices[4]; /* up to NULL; the first is the default */
};

/* The first two belong to every profile, twelve to those of type "cluster", all to those that have
 * many. */
static const struct variable variables[] = {
	{.name = "k8s_replicas", .format = "number", .input = "text", .fallback = "3"},
	{.name = "namespace",
	 .format = "string",
	 .input = "text",
	 .fallback = "default",
	 .regex = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
	{.name = "cluster_domain", .format = "string", .input = "text", .required = true},
	{.name = "monitoring", .format = "boolean", .input = "text", .fallback = "true"},
	{.name = "gateway_ip", .format = "ipv4", .input = "text", .fallback = "10.0.0.1"},
	{.name = "pod_cidr",
	 .format = "ipv4cidr",
	 .input = "text",
	 .fallback = "192.168.0.0/16",
	 .immutable = true},
	{.name = "gateway_ip6", .format = "ipv6", .input = "text", .fallback = "fd00::1"},
	{.name = "chart_version", .format = "version", .input = "text", .fallback = "1.2.3"},
	{.name = "ca_bundle",
	 .format = "base64",
	 .input = "multiline",
	 .fallback = "c2ltLXNlY3JldA==",
	 .sensitive = true},
	{.name = "admin_password",
	 .format = "string",
	 .input = "text",
	 .fallback = "sim-secret-variable",
	 .sensitive = true},
	{.name = "size",
	 .format = "string",
	 .input = "dropdown",
	 .fallback = "small",
	 .required = true,
	 .choices = {"small", "large"}},
	{.name = "internal", .format = "string", .input = "text", .fallback = "x", .hidden = true},
	{.name = "replica_class",
	 .format = "number",
	 .input = "dropdown",
	 .required = true,
	 .choices = {"1", "3", "5"}},
	{.name = "deploy_token",
	 .format = "string",
	 .input = "text",
	 .regex = "^[A-Za-z0-9-]{8,}$",
	 .required = true,
	 .sensitive = true},
	{.name = "site_id",
	 .format = "string",
	 .input = "text",
	 .required = true,
	 .immutable = true},
	{.name = "dns_ip", .format = "ipv4", .input = "text", .required = true},
	{.name = "notes", .format = "string", .input = "multiline"},
	{.name = "hidden_required",
	 .format = "string",
	 .input = "text",
	 .fallback = "x",
	 .required = true,
	 .hidden = true},
};

enum { OF_EVERY_PROFILE = 2, OF_CLUSTER_PROFILES = 12 };

static size_t variable_count(const struct world *w, int profile)
{
	const struct family *f = &w->families[w->profiles[profile].family];

	if (f->many_variables)
		return ARRAY_LEN(variables);
	return strcmp(f->type, "cluster") == 0 ? OF_CLUSTER_PROFILES : OF_EVERY_PROFILE;
}

bool profile_variable(const struct world *w, int profile, size_t n, const char **name,
		      bool *needs_value)
{
	if (n >= variable_count(w, profile))
		return false;
	*name = variables[n].name;
	*needs_value = variables[n].required && variables[n].fallback == NULL;
	return true;
}

/* ---- values ---- */

static bool is_number(const char *value)
{
	char *end;

	(void)strtod(value, &end);
	return value[0] != '\0' && *end == '\0' && strpbrk(value, "xXnNiIpP") == NULL;
}

static bool is_address(int family, const char *value)
{
	unsigned char address[16];

	return inet_pton(family, value, address) == 1;
}

static bool is_network(const char *value)
{
	const char *slash = strchr(value, '/');
	char address[32];
	int64_t prefix;

	if (slash == NULL || slash - value >= (ptrdiff_t)sizeof(address) ||
	    !text_to_int(text_of(slash + 1), &prefix) || prefix < 0 || prefix > 32)
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(slash - value), value);
	return is_address(AF_INET, address);
}

static bool matches(const char *pattern, const char *value)
{
	regex_t compiled;
	bool found;

	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = regexec(&compiled, value, 0, NULL, 0) == 0;
	regfree(&compiled);
	return found;
}

static bool has_format(const char *format, const char *value)
{
	if (strcmp(format, "number") == 0)
		return is_number(value);
	if (strcmp(format, "boolean") == 0)
		return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
	if (strcmp(format, "ipv4") == 0)
		return is_address(AF_INET, value);
	if (strcmp(format, "ipv4cidr") == 0)
		return is_network(value);
	if (strcmp(format, "ipv6") == 0)
		return is_address(AF_INET6, value);
	if (strcmp(format, "version") == 0)
		return matches("^v?[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$", value);
	if (strcmp(format, "base64") == 0)
		return strlen(value) % 4 == 0 && matches("^[A-Za-z0-9+/]*={0,2}$", value);
	return true;
}

static bool is_choice(const struct variable *v, const char *value)
{
	for (size_t i = 0; v->choices[i] != NULL; i++) {
		if (strcmp(v->choices[i], value) == 0)
			return true;
	}
	return v->choices[0] == NULL;
}

bool profile_takes(const struct world *w, int profile, const char *name, const char *value)
{
	for (size_t i = 0; i < variable_count(w, profile); i++) {
		const struct variable *v = &variables[i];

		if (strcmp(v->name, name) != 0)
			continue;
		if (value[0] == '\0')
			return !v->required;
		if (v->immutable && v->fallback != NULL && strcmp(v->fallback, value) != 0)
			return false;
		return has_format(v->format, value) && is_choice(v, value) &&
		       (v->regex == NULL || matches(v->regex, value));
	}
	return false;
}

/* ---- answers ---- */

static json_t *render_variable(const struct variable *v)
{
	json_t *options = json_array();
	json_t *one = json_pack("{s:s, s:s, s:s, s:s*, s:s, s:s, s:s*, s:b, s:b, s:b, s:b}", "name",
				v->name, "displayName", v->name, "description", "für Tests",
				"defaultValue", v->fallback, "format", v->format, "inputType",
				v->input, "regex", v->regex, "required", v->required, "hidden",
				v->hidden, "immutable", v->immutable, "isSensitive", v->sensitive);

	for (size_t i = 0; v->choices[i] != NULL; i++)
		json_array_append_new(options, json_pack("{s:s, s:s, s:s, s:b}", "value",
							 v->choices[i], "label", v->choices[i],
							 "description", "", "default", i == 0));
	if (json_array_size(options) > 0)
		json_object_set(one, "options", options);
	json_decref(options);
	return one;
}

/* A value of its own where the variable takes one; what is sensitive is a secret of the cluster. */
json_t *render_cluster_variables(const struct cluster *c, const struct world *w, int profile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < variable_count(w, profile); i++) {
		const struct variable *v = &variables[i];
		json_t *one = render_variable(v);
		json_t *value =
			v->sensitive ? json_sprintf("sim-secret-value-%s-%s", v->name, c->head.uid)
			: v->fallback != NULL ? json_string(v->fallback)
					      : json_sprintf("%s.example", c->head.uid);

		json_object_set_new(one, "value", value);
		json_array_append_new(list, one);
	}
	return list;
}

json_t *render_variable_list(const struct world *w, int profile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < variable_count(w, profile); i++)
		json_array_append_new(list, render_variable(&variables[i]));
	return list;
}

json_t *render_variables(const struct world *w, int profile)
{
	return json_pack("{s:o}", "variables", render_variable_list(w, profile));
}
