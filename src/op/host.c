/*
 * What a Backstage host asks of each of its plugins: keys, health, permissions. The paths, and what
 * stands there, are Backstage's; see its backend-defaults (auth, rootHealth) and permission-node
 * (createPermissionIntegrationRouter).
 */
#include "op/rows.h"
#include "json/json.h"

enum { LARGEST_ANSWER = 64 * 1024, MOST_TYPES = 64 };

static bool host_jwks(struct call *c, struct result *res, struct error *err)
{
	const struct backstage_call how = call_asking(c, true);

	(void)err;
	result_json(res, backstage_jwks(c->services->backstage, &how));
	return true;
}

/* ---- health of the process ---- */

static void answer_not_ready(struct call *c, const char *message, struct result *res)
{
	struct json_writer w;
	struct buf out;

	buf_init(&out, LARGEST_ANSWER);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "message");
	json_put_cstr(&w, message);
	json_key(&w, "status");
	json_put_cstr(&w, "error");
	json_object_end(&w);
	res->status = error_face(ERROR_UNAVAILABLE)->http_status;
	result_json(res, arena_copy_text(c->arena, buf_text(&out)));
	buf_fini(&out);
}

static bool host_readiness(struct call *c, struct result *res, struct error *err)
{
	switch (op_life_phase(c->services->life)) {
	case PHASE_STARTING:
		answer_not_ready(c, "Backend has not started yet", res);
		return true;
	case PHASE_SERVING:
		break;
	default:
		answer_not_ready(c, "Backend is shutting down", res);
		return true;
	}
	if (backstage_ready(c->services->backstage, err))
		result_json(res, TEXT("{\"status\":\"ok\"}"));
	else
		answer_not_ready(c, err->message, res);
	return true;
}

static bool host_liveness(struct call *c, struct result *res, struct error *err)
{
	(void)c;
	(void)err;
	result_json(res, TEXT("{\"status\":\"ok\"}"));
	return true;
}

/* ---- permissions ---- */

static void put_permission(struct json_writer *w, const struct permission *p)
{
	json_object_begin(w);
	json_key(w, "type");
	json_put_cstr(w, "basic");
	json_key(w, "name");
	json_put_cstr(w, p->name);
	json_key(w, "attributes");
	json_object_begin(w);
	json_key(w, "action");
	json_put_cstr(w, p->action);
	json_object_end(w);
	json_object_end(w);
}

static bool host_permissions(struct call *c, struct result *res, struct error *err)
{
	struct json_writer w;
	struct buf out;

	(void)c;
	(void)err;
	buf_init(&out, LARGEST_ANSWER);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "permissions");
	json_array_begin(&w);
	for (int permit = 0; permit < PERMITS; permit++)
		if (permission_of((enum permit)permit) != NULL)
			put_permission(&w, permission_of((enum permit)permit));
	json_array_end(&w);
	json_key(&w, "rules");
	json_array_begin(&w);
	json_array_end(&w);
	json_object_end(&w);
	result_json_owned(res, &out);
	return true;
}

static bool is_named(struct text list, const char *name)
{
	struct text item;

	while (text_next(&list, ',', &item))
		if (text_is(text_trim(item), name))
			return true;
	return false;
}

/* The resource types that conditions are asked for, each once; *types is "" for none. */
static bool list_types(struct call *c, struct text items, const char **types, struct error *err)
{
	struct json_walk walk = json_walk_begin(items);
	struct text item;
	size_t count = 0;

	*types = "";
	while (json_walk_item(&walk, &item)) {
		const char *type = json_string_at(c->arena, item, "/resourceType", NULL);

		if (type == NULL || json_string_at(c->arena, item, "/id", NULL) == NULL)
			return error_set(err, ERROR_INPUT,
					 "items must be a list of objects with the strings id and "
					 "resourceType");
		if (count == MOST_TYPES || is_named(text_of(*types), type))
			continue;
		*types = arena_printf(c->arena, "%s%s%s", *types, count++ == 0 ? "" : ", ", type);
	}
	return true;
}

/* This plugin has no resources with conditions, so there is nothing to apply any to. */
static bool host_apply_conditions(struct call *c, struct result *res, struct error *err)
{
	const char *types;
	struct text items;

	/* Only plugins ask this, also for a user; a user by themselves is turned away unexplained.
	 */
	if (c->principal.kind == PRINCIPAL_USER && c->principal.actor == NULL)
		return error_set(err, ERROR_DENIED, "%s", "");
	if (!json_member(call_json(c, "body"), "items", &items) ||
	    json_type_of(items) != JSON_TYPE_ARRAY)
		return error_set(err, ERROR_INPUT, "items must be a list");
	if (!list_types(c, items, &types, err))
		return false;
	if (types[0] != '\0')
		return error_set(err, ERROR_INPUT, "Unexpected resource types: %s.", types);
	result_json(res, TEXT("{\"items\":[]}"));
	return true;
}

/* ---- answers ---- */

static const struct field jwk_fields[] = {
	{.name = "kty", .type = FIELD_STRING, .required = true, .help = "EC or RSA"},
	{.name = "kid", .type = FIELD_STRING, .required = true, .help = "Which key it is"},
	{.name = "alg", .type = FIELD_STRING, .required = true, .help = "What it signs with"},
	{.name = NULL},
};

static const struct field jwks_answer[] = {
	{.name = "keys",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = jwk_fields,
	 .help = "Public keys that sign this plugin's tokens, as JSON Web Keys"},
	{.name = NULL},
};

static const struct field health_answer[] = {
	{.name = "status", .type = FIELD_STRING, .required = true, .help = "ok or error"},
	{.name = "message", .type = FIELD_STRING, .help = "With error: what is wrong"},
	{.name = NULL},
};

static const struct field attribute_fields[] = {
	{.name = "action", .type = FIELD_STRING, .required = true, .help = "read or create"},
	{.name = NULL},
};

static const struct field permission_fields[] = {
	{.name = "type", .type = FIELD_STRING, .required = true, .help = "basic"},
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "The permission"},
	{.name = "attributes",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = attribute_fields,
	 .help = "What it is about"},
	{.name = NULL},
};

static const struct field permissions_answer[] = {
	{.name = "permissions",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = permission_fields,
	 .help = "The permissions of this plugin"},
	{.name = "rules",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .help = "Rules for conditional decisions: none"},
	{.name = NULL},
};

static const struct field items_answer[] = {
	{.name = "items", .type = FIELD_ARRAY, .required = true, .help = "Empty"},
	{.name = NULL},
};

const struct op host_ops[] = {
	{
		.name = "host.jwks",
		.summary = "Give the public keys of this plugin's own tokens",
		GET("/.backstage/auth/v1/jwks.json"),
		.permission = PERMIT_ANYONE,
		.flags = OP_ASIDE | OP_LOCAL | OP_ALWAYS,
		.answer = jwks_answer,
		.run = host_jwks,
	},
	{
		.name = "host.permissions",
		.summary = "List the permissions of this plugin, for policy editors",
		GET("/.well-known/backstage/permissions/metadata"),
		.permission = PERMIT_AUTHENTICATED,
		.flags = OP_FRONT | OP_LOCAL,
		.answer = permissions_answer,
		.run = host_permissions,
	},
	{
		.name = "host.apply_conditions",
		.summary = "Decide conditions about resources, of which this plugin has none",
		POST("/.well-known/backstage/permissions/apply-conditions"),
		.permission = PERMIT_AUTHENTICATED,
		.params = PARAMS(WHOLE_BODY("body", NULL, "Conditions and what they are about")),
		.flags = OP_LOCAL,
		.answer = items_answer,
		.run = host_apply_conditions,
	},
	{
		.name = "host.readiness",
		.summary = "Tell whether this process is ready for requests",
		GET("/.backstage/health/v1/readiness"),
		.permission = PERMIT_ANYONE,
		.flags = OP_FRONT | OP_LOCAL | OP_ROOT | OP_ALWAYS,
		.answer = health_answer,
		.run = host_readiness,
	},
	{
		.name = "host.liveness",
		.summary = "Tell that this process is alive",
		GET("/.backstage/health/v1/liveness"),
		.permission = PERMIT_ANYONE,
		.flags = OP_FRONT | OP_LOCAL | OP_ROOT | OP_ALWAYS,
		.answer = health_answer,
		.run = host_liveness,
	},
	{.name = NULL},
};
