/* What the checks ask with: the service's own clients, and nothing that it would change. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/doctor.h"

/* Secrets never stand on a command line, where everybody on the machine can read them. */
static struct text token_of_variable(void)
{
	const char *token = getenv("SPECTROCLOUD_DOCTOR_TOKEN");

	return token == NULL || *token == '\0' ? (struct text){NULL, 0} : text_trim(text_of(token));
}

/*
 * Others can verify what we sign only where the keys are written down: those that the service makes
 * are in its memory, and one of ours that we would publish would be a change.
 */
static void choose_caller(struct doctor *d)
{
	if (d->given_token.ptr != NULL) {
		d->caller = (struct principal){.kind = PRINCIPAL_SERVICE, .subject = "doctor"};
		d->caller_name = "whom the token in SPECTROCLOUD_DOCTOR_TOKEN is for";
		backstage_use_token(d->backstage, d->given_token);
	} else if (d->config->plugin_key_count > 0) {
		d->caller = (struct principal){.kind = PRINCIPAL_SERVICE,
					       .subject = "plugin:" CONFIG_PLUGIN_ID};
		d->caller_name = "plugin:" CONFIG_PLUGIN_ID
				 ", with a token signed with backend.auth.pluginKeyStore";
	} else if (d->config->disable_default_auth_policy) {
		d->caller = (struct principal){.kind = PRINCIPAL_NONE};
		d->caller_name =
			"nobody, as backend.auth.dangerouslyDisableDefaultAuthPolicy lets in";
	}
}

bool doctor_open(struct doctor *d, const struct config *config,
		 const struct config_notices *notices, struct error *err)
{
	const struct http_client_options options = {
		.max_connections_per_host = (unsigned)config->upstream_connections_per_host,
		.connect_timeout_ms = config->upstream_connect_timeout_ms,
		.user_agent = "spectrocloud-backend/" PROJECT_VERSION,
	};

	*d = (struct doctor){.config = config, .notices = notices};
	pthread_mutex_init(&d->catalog_lock, NULL);
	arena_init(&d->catalog_arena);
	d->given_token = token_of_variable();
	if (!http_client_open(&options, &d->http, err))
		return false;
	d->hosts = palette_hosts_new(NULL);
	palette_client_new(config, d->http, d->hosts, &d->palette);
	/* Without a store: what it would put there is for a service. */
	if (backstage_open(config, d->http, NULL, &d->backstage, &d->backstage_fault))
		choose_caller(d);
	else
		d->backstage = NULL;
	return true;
}

void doctor_close(struct doctor *d)
{
	backstage_close(d->backstage);
	palette_client_free(d->palette);
	palette_hosts_free(d->hosts);
	http_client_close(d->http);
	arena_fini(&d->catalog_arena);
	pthread_mutex_destroy(&d->catalog_lock);
}

const char *doctor_lacks(const struct doctor *d, unsigned needs)
{
	if (needs != 0 && d->backstage == NULL)
		return "the configuration has a fault; see the check configuration";
	if ((needs & DOCTOR_NEEDS_BACKSTAGE) != 0 && d->config->base_url == NULL &&
	    d->config->endpoint_count == 0)
		return "the configuration names no Backstage (backend.baseUrl, "
		       "discovery.endpoints)";
	if ((needs & DOCTOR_NEEDS_CALLER) != 0 && d->caller_name == NULL)
		return "needs a token that Backstage takes, in the variable "
		       "SPECTROCLOUD_DOCTOR_TOKEN";
	return NULL;
}
