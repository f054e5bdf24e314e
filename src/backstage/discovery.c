/* Where the other plugins are: discovery.endpoints, else backend.baseUrl. */
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "http/http.h"
#include "http/srv.h"

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

/* Who asks: each side is looked up by itself, so an entry for one does not hide another's. */
enum side { SIDE_INTERNAL, SIDE_EXTERNAL };

/* A name wins over '*', and of equals the later one. NULL: the fallback. */
static const char *pattern_of(const struct config *config, const char *plugin, enum side side)
{
	const char *best = NULL;
	enum fit best_fit = FIT_NONE;

	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct config_endpoint *endpoint = &config->endpoints[i];
		const char *pattern =
			side == SIDE_INTERNAL ? endpoint->internal : endpoint->external;
		enum fit fit = pattern == NULL ? FIT_NONE : fit_of(endpoint, plugin);

		if (fit == FIT_NONE || fit < best_fit)
			continue;
		best = pattern;
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
	const char *pattern = pattern_of(config, plugin, SIDE_EXTERNAL);

	if (pattern == NULL)
		return fall_back(config, a, plugin, url);
	*url = fill_in(a, pattern, plugin);
	return true;
}

/* "http+srv://name/path" to "http://host:port/path". Others stay as they are. */
static bool resolve_service(struct backstage *b, const struct backstage_call *call,
			    const char **url, struct error *err)
{
	static const char mark[] = "+srv://";
	const char *at = strstr(*url, mark);
	int64_t left_ms = clock_left_ms(call->deadline_ms);
	struct srv_target target;
	const char *name;
	const char *path;

	if (at == NULL)
		return true;
	path = at + strlen(mark) + strcspn(at + strlen(mark), "/");
	name = arena_copy(call->arena,
			  (struct text){at + strlen(mark), (size_t)(path - at) - strlen(mark)});
	if (left_ms > b->config->backstage_timeout_ms)
		left_ms = b->config->backstage_timeout_ms;
	if (!srv_choose(b->srv, name, (int)left_ms, &target, err))
		return error_in(err, "discovery.endpoints: %s", name);
	*url = arena_printf(call->arena, "%.*s://%s:%u%s", (int)(at - *url), *url, target.host,
			    target.port, path);
	return true;
}

bool backstage_url(struct backstage *b, const struct backstage_call *call, const char *plugin,
		   const char **url, struct error *err)
{
	const char *pattern = pattern_of(b->config, plugin, SIDE_INTERNAL);

	const char *found;

	if (pattern != NULL) {
		found = fill_in(call->arena, pattern, plugin);
		if (!resolve_service(b, call, &found, err))
			return false;
		*url = found;
		return true;
	}
	if (fall_back(b->config, call->arena, plugin, url))
		return true;
	return error_set(err, ERROR_UNAVAILABLE,
			 "The configuration does not say where Backstage's plugin '%s' is: set "
			 "backend.baseUrl or discovery.endpoints",
			 plugin);
}
