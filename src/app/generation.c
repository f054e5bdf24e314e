/* Makes what depends on the configuration. Who holds it is counted in generations.c. */
#include "app/generation.h"

#include <stdint.h>
#include <stdlib.h>

#include "app/workers.h"
#include "base/arena.h"
#include "palette/palette.h"
#include "session/session.h"
#include "store/store.h"

enum { LONGEST_OPENAPI = 4 * 1024 * 1024 };

static bool open_client(struct generation *g, struct error *err)
{
	const struct http_client_options options = {
		.max_connections_per_host = (unsigned)g->config->upstream_connections_per_host,
		.connect_timeout_ms = g->config->upstream_connect_timeout_ms,
		.user_agent = "spectrocloud-backend/" PROJECT_VERSION,
	};

	return http_client_open(&options, &g->http, err);
}

static struct generation *generation_new(const struct config *config)
{
	struct generation *g = heap_alloc(sizeof *g);

	*g = (struct generation){.config = config};
	buf_init(&g->openapi, LONGEST_OPENAPI);
	return g;
}

static bool start_refresh(void *context, void *item)
{
	return workers_submit(context, item);
}

static void make_palette(struct generation *g, const struct generation_base *base)
{
	palette_client_new(g->config, g->http, base->hosts, &g->palette);
	palette_client_on_wait(g->palette, workers_begin_wait, workers_end_wait);
	if (base->refreshing != NULL)
		palette_client_refresh_by(g->palette, start_refresh, base->refreshing);
}

/* What agents are offered. */
static void make_tools(struct generation *g, const struct generation *before)
{
	g->toolbox = toolbox_new(g->config);
	g->mcp = mcp_host_new_after(before == NULL ? NULL : before->mcp, g->toolbox);
}

static void make_face(struct generation *g, struct rest_queues *queues)
{
	g->cors = cors_new(&g->config->cors);
	g->secure = secure_new(g->config);
	g->represent = represent_new(g->config->compression);
	g->rest = (struct rest){.services = &g->services,
				.cors = g->cors,
				.secure = g->secure,
				.represent = g->represent,
				.queues = queues};
}

static void make_services(struct generation *g, const struct generation_base *base,
			  const struct generation *before)
{
	g->sessions =
		sessions_new_after(before == NULL ? NULL : before->sessions, g->config, g->store);
	g->followers = followers_new();
	face_openapi(&g->openapi);
	op_constant_make(&g->openapi_answer, buf_text(&g->openapi), g->config->compression);
	g->services = (struct op_services){.config = g->config,
					   .followers = g->followers,
					   .backstage = g->backstage,
					   .life = base->life,
					   .palette = g->palette,
					   .sessions = g->sessions,
					   .store = g->store,
					   .toolbox = g->toolbox,
					   .mcp = g->mcp,
					   .history = base->history,
					   .openapi = &g->openapi_answer};
}

bool generation_open(const struct generation_base *base, const struct config *config,
		     struct generation *before, struct generation **g, struct error *err)
{
	struct generation *made = generation_new(config);

	/* Our keys outlive a generation, and so they go with the store itself. */
	if (!open_client(made, err) ||
	    !backstage_open_after(before == NULL ? NULL : before->backstage, config, made->http,
				  base->store, &made->backstage, err)) {
		generation_close(made);
		return false;
	}
	made->store = store_view(base->store, config);
	make_palette(made, base);
	make_tools(made, before);
	make_services(made, base, before);
	make_face(made, base->queues);
	*g = made;
	return true;
}

bool generation_open_alone(const struct generation_base *base, const struct config *config,
			   struct generation **g, struct error *err)
{
	struct generation *made = generation_new(config);

	if (!open_client(made, err)) {
		generation_close(made);
		return false;
	}
	make_palette(made, base);
	make_tools(made, NULL);
	made->services = (struct op_services){.config = config,
					      .life = base->life,
					      .palette = made->palette,
					      .toolbox = made->toolbox,
					      .mcp = made->mcp};
	*g = made;
	return true;
}

void generation_own(struct generation *g, struct config *config)
{
	g->owned = config;
}

struct generation *generation_of(const struct rest *rest)
{
	return (struct generation *)((uintptr_t)rest - offsetof(struct generation, rest));
}

void generation_close(struct generation *g)
{
	if (g == NULL)
		return;
	palette_client_free(g->palette);
	mcp_host_free(g->mcp);
	followers_free(g->followers);
	toolbox_free(g->toolbox);
	sessions_free(g->sessions);
	backstage_close(g->backstage);
	store_close(g->store);
	http_client_close(g->http);
	secure_free(g->secure);
	cors_free(g->cors);
	represent_free(g->represent);
	op_constant_fini(&g->openapi_answer);
	buf_fini(&g->openapi);
	config_free(g->owned);
	free(g);
}
