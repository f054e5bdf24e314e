/* Which environment a call is for, and with whose Palette token. */
#include "op/op.h"

#include <string.h>

enum { LONGEST_TOKEN = 16 * 1024 };

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
static bool choose_environment(struct call *c, const char *instance, struct error *err)
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
			 "instance must be the name of a configured environment, one of: %s",
			 environment_names(c));
}

static bool is_trusted_service(const struct call *c)
{
	const struct config_strings *trusted = &c->services->config->trusted_services;

	if (c->principal.kind != PRINCIPAL_SERVICE)
		return false;
	for (size_t i = 0; i < trusted->count; i++)
		if (strcmp(trusted->items[i], c->principal.subject) == 0)
			return true;
	return false;
}

/* A token goes into a header of ours as it is: printable, no spaces. */
static bool check_token(struct text token, struct error *err)
{
	if (token.len == 0 || token.len > LONGEST_TOKEN)
		return error_set(err, ERROR_INPUT,
				 "X-SpectroCloud-Token must be 1 to %d characters long",
				 LONGEST_TOKEN);
	for (size_t i = 0; i < token.len; i++)
		if (token.ptr[i] <= ' ' || token.ptr[i] > '~')
			return error_set(err, ERROR_INPUT,
					 "X-SpectroCloud-Token must be printable ASCII without "
					 "spaces");
	return true;
}

/* A user names themselves, or a service that is trusted names one. */
static bool check_email(struct call *c, struct error *err)
{
	const struct backstage_call how = {
		.arena = c->arena, .deadline_ms = c->deadline_ms, .may_wait = true};
	const char *own = NULL;

	if (is_trusted_service(c))
		return true;
	if (c->principal.kind == PRINCIPAL_USER &&
	    !backstage_user_email(c->services->backstage, &how, &c->principal, &own, err))
		return false;
	if (own != NULL && text_equal_nocase(c->user_email, text_of(own)))
		return true;
	return error_set(err, ERROR_DENIED,
			 "X-SpectroCloud-User-Email is for the user's own e-mail address, as the "
			 "catalog has it, and for services named in "
			 "spectrocloud.auth.trustedServices");
}

/*
 * The user's own token, or none (ptr NULL) for the environment's apiToken. The e-mail header is
 * only for those who may speak for that user; sessions are looked up by it.
 */
static bool choose_token(struct call *c, struct text *session, struct error *err)
{
	*session = (struct text){NULL, 0};
	if (c->user_email.ptr != NULL && !check_email(c, err))
		return false;
	if (c->palette_token.ptr != NULL) {
		if (!check_token(c->palette_token, err))
			return false;
		*session = c->palette_token;
		return true;
	}
	/* No session is known for that e-mail: the user has to sign in to Palette. */
	if (c->user_email.ptr != NULL)
		c->reauthenticate = true;
	return true;
}

bool call_open_palette(struct call *c, const struct op *op, struct error *err)
{
	struct text session;

	if (op->flags & OP_LOCAL)
		return true;
	if (!choose_environment(c, call_string(c, "instance"), err) ||
	    !choose_token(c, &session, err))
		return false;
	return palette_open(c->services->palette, c->environment, session, c->arena, c->deadline_ms,
			    &c->palette, err);
}
