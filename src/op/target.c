/* Which environment a call is for, and with whose Palette token. */
#include "op/op.h"

#include <string.h>

static const char *environment_names(struct call *c)
{
	const struct config *config = c->services->config;
	const char *names = "";

	for (size_t i = 0; i < config->environment_count; i++) {
		const char *name = config->environments[i].name;

		names = arena_printf(c->arena, "%s%s%s", names, i == 0 ? "" : ", ",
				     name == NULL ? "(unnamed)" : name);
	}
	return names;
}

/* A name that no environment has is an error: another tenant's cluster must never be shown instead.
 */
bool call_choose_environment(struct call *c, const char *what, const char *instance,
			     struct error *err)
{
	const struct config *config = c->services->config;

	if (config->environment_count == 0)
		return error_set(err, ERROR_INTERNAL,
				 "No Palette environment is configured: set "
				 "spectrocloud.environments");
	if (instance == NULL) {
		c->environment = &config->environments[0];
		return true;
	}
	for (size_t i = 0; i < config->environment_count; i++) {
		const struct config_environment *e = &config->environments[i];

		if (e->name != NULL && strcmp(e->name, instance) == 0) {
			c->environment = e;
			return true;
		}
	}
	return error_set(err, ERROR_INPUT,
			 "%s must be the name of a configured environment, one of: %s", what,
			 environment_names(c));
}

/* ---- whose session ---- */

bool call_speaks_for(struct call *c, struct text email, struct error *err)
{
	const struct backstage_call how = call_asking(c, true);
	const char *own = NULL;

	if (c->local)
		return true;
	if (backstage_is_trusted(c->services->backstage, &c->principal))
		return true;
	if (c->principal.kind == PRINCIPAL_USER &&
	    !backstage_user_email(c->services->backstage, &how, &c->principal, &own, err))
		return false;
	if (own != NULL && text_equal_nocase(email, text_of(own)))
		return true;
	return error_set(err, ERROR_DENIED,
			 "This is for the user's own e-mail address, as the catalog has it, and "
			 "for services named in spectrocloud.auth.trustedServices");
}

/* Without the binding, whoever is not a service is believed. */
static bool check_header(struct call *c, struct error *err)
{
	if (c->services->config->email_binding == CONFIG_BINDING_OFF &&
	    c->principal.kind != PRINCIPAL_SERVICE)
		return true;
	return call_speaks_for(c, c->user_email, err) || error_in(err, "X-SpectroCloud-User-Email");
}

/* Clients of agents have no header of ours to send: what they ask for a user goes with that user's
 * session all the same. */
static bool finds_own_session(const struct call *c)
{
	const struct config *config = c->services->config;

	return c->principal.kind == PRINCIPAL_USER &&
	       (config->use_session_without_header ||
		(c->op->tool != NULL && c->environment == config_session_environment(config)));
}

/* The address whose session the call may use; ptr NULL: none. */
static bool find_email(struct call *c, struct text *email, struct error *err)
{
	const struct backstage_call how = call_asking(c, true);
	const char *own = NULL;

	*email = (struct text){NULL, 0};
	if (c->local)
		return true;
	*email = c->user_email;
	if (c->user_email.ptr != NULL)
		return check_header(c, err);
	if (!finds_own_session(c))
		return true;
	if (!backstage_user_email(c->services->backstage, &how, &c->principal, &own, err))
		return false;
	if (own != NULL)
		*email = text_of(own);
	return true;
}

/* ---- which token ---- */

/*
 * People who have no session of their own have the rights of the environment's apiToken, unless the
 * configuration forbids it; services act for themselves, and whoever is at a shell has the token
 * itself, with the configuration.
 */
static bool may_use_api_token(struct call *c, const struct op *op, struct text email, bool signs_in,
			      struct error *err)
{
	bool person = c->principal.kind != PRINCIPAL_SERVICE || email.ptr != NULL;

	if (c->local || !person || permit_uses_service_token(c->services->config, op->permission))
		return true;
	if (signs_in) {
		error_set(err, ERROR_UNAUTHENTICATED,
			  "This needs your own Palette session: sign in to Palette");
		err->reauthenticate = true;
		return false;
	}
	return error_set(err, ERROR_UNAUTHENTICATED,
			 "This needs your own Palette session, and nobody signs in to this "
			 "environment: send a token of yours as X-SpectroCloud-Token");
}

/*
 * The session that is kept, else the token that was sent, else none (ptr NULL), for the
 * environment's apiToken. A session is for one environment: in others there is none, and signing in
 * again would not help.
 */
static bool choose_token(struct call *c, const struct op *op, struct text *token, struct error *err)
{
	bool signs_in = c->environment == config_session_environment(c->services->config);
	const char *problem;
	struct text email;

	*token = (struct text){NULL, 0};
	if (!find_email(c, &email, err))
		return false;
	if (email.ptr != NULL && signs_in) {
		sessions_find(c->services->sessions, c->arena, email, c->deadline_ms, &c->session);
		c->session_email = email;
	}
	problem = c->palette_token.ptr == NULL ? NULL : session_token_problem(c->palette_token);
	if (problem != NULL)
		return error_set(err, ERROR_INPUT, "%s %s",
				 c->local ? "SPECTROCLOUD_TOKEN" : "X-SpectroCloud-Token", problem);
	*token = c->session.token.ptr != NULL ? c->session.token : c->palette_token;
	if (token->ptr != NULL)
		return true;
	c->reauthenticate = email.ptr != NULL && signs_in;
	return may_use_api_token(c, op, email, signs_in, err);
}

void call_drop_session(struct call *c)
{
	if (c->session.token.ptr != NULL)
		sessions_refused(c->services->sessions, c->session_email, &c->session);
	c->session = (struct session){.expires_ms = 0};
}

static bool open_palette(struct call *c, struct text token, struct error *err)
{
	struct palette_client *client = c->services->palette;

	if (c->follows)
		return palette_open_aside(client, c->environment, token, c->arena, c->deadline_ms,
					  c->cancel, &c->palette, err);
	return palette_open(client, c->environment, token, c->arena, c->deadline_ms, c->cancel,
			    &c->palette, err);
}

bool call_open_environment(struct call *c, struct error *err)
{
	struct text token;

	if (!choose_token(c, c->op, &token, err) || !open_palette(c, token, err))
		return false;
	palette_set_caller(c->palette, text_of(c->principal.subject));
	palette_set_anew(c->palette, c->anew);
	palette_set_progress(c->palette, c->progress, c->progress_context);
	return true;
}

bool call_open_palette(struct call *c, const struct op *op, struct error *err)
{
	const char *param = op->tool != NULL ? "instanceName" : "instance";

	if (op->flags & (OP_LOCAL | OP_LATE))
		return true;
	return call_choose_environment(c, param, call_string(c, param), err) &&
	       call_open_environment(c, err);
}
