/* Where the other plugins are: discovery.endpoints, else backend.baseUrl. */
#include <string.h>

#include "backstage/inside.h"
#include "http/http.h"

/* How well an endpoint fits a plugin: by its name, by '*', or not. */
enum fit { FIT_NONE, FIT_ANY, FIT_NAME };

static enum fit fit_of(const struct config_endpoint *endpoint, const char *plugin)
{
	enum fit best = FIT_NONE;

	for (size_t i = 0; i < endpoint->plugins.count; i++) {
		const char *name = endpoint->plugins.items[i];

		if (strcmp(name, plugin) == 0)
			return FIT_NAME;
		if (strcmp(name, "*") == 0)
			best = FIT_ANY;
	}
	return best;
}

/* A name wins over '*', and of equals the later one. */
static const struct config_endpoint *endpoint_of(const struct config *config, const char *plugin)
{
	const struct config_endpoint *best = NULL;
	enum fit best_fit = FIT_NONE;

	for (size_t i = 0; i < config->endpoint_count; i++) {
		enum fit fit = fit_of(&config->endpoints[i], plugin);

		if (fit == FIT_NONE || fit < best_fit)
			continue;
		best = &config->endpoints[i];
		best_fit = fit;
	}
	return best;
}

/* Puts the plugin's id, percent-encoded, where "{{pluginId}}" stands, with or without spaces. */
static const char *fill_in(struct arena *a, const char *pattern, const char *plugin)
{
	const char *encoded = http_url(a, "%s", plugin);
	const char *out = "";

	for (;;) {
		const char *open = strstr(pattern, "{{");
		const char *name = open == NULL ? NULL : open + 2 + strspn(open + 2, " \t");
		const char *close;

		if (open == NULL)
			break;
		close = strncmp(name, "pluginId", strlen("pluginId")) == 0
				? name + strlen("pluginId")
				: NULL;
		if (close != NULL)
			close += strspn(close, " \t");
		if (close == NULL || strncmp(close, "}}", 2) != 0) {
			out = arena_printf(a, "%s%.*s", out, (int)(open + 2 - pattern), pattern);
			pattern = open + 2;
			continue;
		}
		out = arena_printf(a, "%s%.*s%s", out, (int)(open - pattern), pattern, encoded);
		pattern = close + 2;
	}
	out = arena_printf(a, "%s%s", out, pattern);
	while (text_ends(text_of(out), "/"))
		out = arena_copy(a, text_slice(text_of(out), 0, strlen(out) - 1));
	return out;
}

static bool fall_back(const struct config *config, struct arena *a, const char *plugin,
		      const char **url)
{
	if (config->base_url == NULL)
		return false;
	*url = arena_printf(a, "%s/api/%s", config->base_url, http_url(a, "%s", plugin));
	return true;
}

bool backstage_external_url(const struct config *config, struct arena *a, const char *plugin,
			    const char **url)
{
	const struct config_endpoint *endpoint = endpoint_of(config, plugin);

	if (endpoint == NULL || endpoint->external == NULL)
		return fall_back(config, a, plugin, url);
	*url = fill_in(a, endpoint->external, plugin);
	return true;
}

bool backstage_url(struct backstage *b, const struct backstage_call *call, const char *plugin,
		   const char **url, struct error *err)
{
	const struct config_endpoint *endpoint = endpoint_of(b->config, plugin);

	if (endpoint != NULL && endpoint->internal != NULL) {
		*url = fill_in(call->arena, endpoint->internal, plugin);
		return true;
	}
	if (fall_back(b->config, call->arena, plugin, url))
		return true;
	return error_set(err, ERROR_UNAVAILABLE,
			 "The configuration does not say where Backstage's plugin '%s' is: set "
			 "backend.baseUrl or discovery.endpoints",
			 plugin);
}
