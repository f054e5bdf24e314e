/* Who sent a request: the external tokens of Backstage's configuration. */
#include "backstage/backstage.h"

#include <string.h>

#include "base/buf.h"

/* The token of a Bearer header; its ptr is NULL for any other scheme and for a bare "Bearer". */
static struct text bearer_token(struct text header)
{
	static const struct text scheme = TEXT("Bearer ");
	struct text token = {NULL, 0};

	if (header.ptr == NULL || !text_equal_nocase(text_slice(header, 0, scheme.len), scheme))
		return token;
	token = text_trim(text_slice(header, scheme.len, header.len));
	if (token.len == 0 || text_find(token, ' ') != SIZE_MAX)
		token.ptr = NULL;
	return token;
}

/* Compares with all of them, so that the time does not tell which one came close. */
static const struct config_external *find_static_token(const struct config *config,
						       struct text token)
{
	const struct config_external *found = NULL;

	for (size_t i = 0; i < config->external_count; i++) {
		const struct config_external *e = &config->external[i];

		if (e->type == CONFIG_EXTERNAL_STATIC && secret_equal(&e->token, token) &&
		    found == NULL)
			found = e;
	}
	return found;
}

static bool refuse_other_plugins(const struct config_external *e, struct error *err)
{
	struct buf plugins;

	buf_init(&plugins, 64 * 1024);
	for (size_t i = 0; i < e->restriction_count; i++)
		buf_printf(&plugins, "%s'%s'", i == 0 ? "" : ", ", e->restrictions[i].plugin);
	error_set(err, ERROR_DENIED, "This token's access is restricted to plugin(s) %s",
		  plugins.ptr);
	buf_fini(&plugins);
	return false;
}

bool backstage_identify(const struct config *config, struct text authorization,
			struct principal *principal, struct error *err)
{
	struct text token = bearer_token(authorization);
	const struct config_external *e;

	if (token.ptr == NULL && !config->disable_default_auth_policy)
		return error_set(err, ERROR_UNAUTHENTICATED, "Missing credentials");
	e = token.ptr == NULL ? NULL : find_static_token(config, token);
	if (e == NULL) {
		if (!config->disable_default_auth_policy)
			return error_set(err, ERROR_UNAUTHENTICATED, "Illegal token");
		*principal = (struct principal){.kind = PRINCIPAL_NONE};
		return true;
	}
	if (e->restriction_count == 0) {
		*principal = (struct principal){.kind = PRINCIPAL_SERVICE, .subject = e->subject};
		return true;
	}
	for (size_t i = 0; i < e->restriction_count; i++) {
		if (strcmp(e->restrictions[i].plugin, BACKSTAGE_PLUGIN_ID) != 0)
			continue;
		*principal = (struct principal){.kind = PRINCIPAL_SERVICE,
						.subject = e->subject,
						.restriction = &e->restrictions[i]};
		return true;
	}
	*principal = (struct principal){.kind = PRINCIPAL_SERVICE, .subject = e->subject};
	return refuse_other_plugins(e, err);
}
