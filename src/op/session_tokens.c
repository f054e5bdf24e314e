/* Users' Palette sessions: handed over by Backstage's sign-in, looked at, and ended. */
#include "op/rows.h"
#include "json/json.h"

static bool may_look_at_all(const struct call *c)
{
	return backstage_keeps_sessions(c->services->backstage, &c->principal);
}

/* Those who hand sessions over may look at all of them and end them; people, at their own. */
static bool check_owner(struct call *c, struct text email, struct error *err)
{
	return may_look_at_all(c) || call_speaks_for(c, email, err);
}

/* What is looked at may be another's then, which the audit trail has. */
static bool check_looker(struct call *c, struct text email, struct error *err)
{
	return may_look_at_all(c) ? call_audits(c, err) : call_speaks_for(c, email, err);
}

/* Whose it is and of which environment, for the audit trail too. */
static struct text address_of(struct call *c)
{
	c->object = call_string(c, "email");
	c->environment = config_session_environment(c->services->config);
	return text_of(c->object);
}

static const char *environment_name(const struct call *c)
{
	return c->environment == NULL || c->environment->name == NULL ? "" : c->environment->name;
}

enum { LONGEST_ANSWER = 4096 };

static bool session_put(struct call *c, struct result *res, struct error *err)
{
	struct text email = address_of(c);
	int64_t expires_ms = 0;
	struct json_writer w;
	struct buf out;

	if (!sessions_keep(c->services->sessions, c->arena, email, text_of(call_string(c, "token")),
			   call_number(c, "expiresAt"), c->deadline_ms, &expires_ms, err))
		return false;
	buf_init(&out, LONGEST_ANSWER);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "environment");
	json_put_cstr(&w, environment_name(c));
	json_key(&w, "expiresAt");
	json_put_int(&w, expires_ms);
	json_object_end(&w);
	result_json_owned(res, &out);
	return true;
}

static bool session_get(struct call *c, struct result *res, struct error *err)
{
	struct text email = address_of(c);
	int64_t expires_ms = 0;
	struct json_writer w;
	struct buf out;

	if (!check_looker(c, email, err) || !sessions_look(c->services->sessions, c->arena, email,
							   c->deadline_ms, &expires_ms, err))
		return false;
	buf_init(&out, LONGEST_ANSWER);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "present");
	json_put_bool(&w, expires_ms != 0);
	json_key(&w, "environment");
	json_put_cstr(&w, environment_name(c));
	if (expires_ms != 0) {
		json_key(&w, "expiresAt");
		json_put_int(&w, expires_ms);
	}
	json_object_end(&w);
	result_json_owned(res, &out);
	return true;
}

static bool session_delete(struct call *c, struct result *res, struct error *err)
{
	struct text email = address_of(c);
	size_t deleted = 0;

	if (!check_owner(c, email, err) ||
	    !sessions_delete(c->services->sessions, email, c->deadline_ms, &deleted, err))
		return false;
	result_json(res, text_of(arena_printf(c->arena, "{\"deleted\":%zu}", deleted)));
	return true;
}

#define ENVIRONMENT                                                            \
	{                                                                      \
		.name = "environment", .type = FIELD_STRING, .required = true, \
		.help = "Name of the environment that it is for"               \
	}

static const struct field put_answer[] = {
	ENVIRONMENT,
	{.name = "expiresAt",
	 .type = FIELD_INT,
	 .required = true,
	 .help = "When it ends: milliseconds since 1970"},
	{.name = NULL},
};

static const struct field get_answer[] = {
	{.name = "present",
	 .type = FIELD_BOOL,
	 .required = true,
	 .help = "Whether there is a live one"},
	ENVIRONMENT,
	{.name = "expiresAt", .type = FIELD_INT, .help = "When it ends: milliseconds since 1970"},
	{.name = NULL},
};

static const struct field delete_answer[] = {
	{.name = "deleted",
	 .type = FIELD_INT,
	 .required = true,
	 .help = "How many there were: 0 or 1"},
	{.name = NULL},
};

#define EMAIL PATH_EMAIL("email", "The user's e-mail address; case does not count")

const struct op session_token_ops[] = {
	{
		.name = "session.put",
		.summary = "Keep a user's Palette session, in the place of the one before",
		PUT("/session-tokens/:email"),
		.permission = PERMIT_SESSIONS,
		.params = PARAMS(EMAIL, BODY_TOKEN("token", "What Palette takes as the session"),
				 BODY_TIME("expiresAt",
					   "When it ends, in milliseconds since 1970; the token's "
					   "own end holds where it is earlier")),
		.flags = OP_LOCAL | OP_AUDIT | OP_SECRET,
		.answer = put_answer,
		.run = session_put,
	},
	{
		.name = "session.get",
		.summary = "Tell whether there is a user's Palette session, without showing it",
		GET("/session-tokens/:email"),
		.permission = PERMIT_AUTHENTICATED,
		.params = PARAMS(EMAIL),
		.flags = OP_LOCAL | OP_SECRET,
		.answer = get_answer,
		.run = session_get,
	},
	{
		.name = "session.delete",
		.summary = "End a user's Palette session",
		DELETE("/session-tokens/:email"),
		.permission = PERMIT_AUTHENTICATED,
		.params = PARAMS(EMAIL),
		.flags = OP_LOCAL | OP_AUDIT | OP_SECRET,
		.answer = delete_answer,
		.run = session_delete,
	},
	{.name = NULL},
};
