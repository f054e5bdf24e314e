/* Which environment a call is for, and with whose Palette token it goes. */
#include "unit/op/services.h"

#include "op/op.h"

static void answer_nothing(void *context, const struct canned_request *request,
			   struct canned_answer *answer)
{
	(void)context;
	(void)request;
	answer->status = 200;
	buf_add_string(answer->body, "{\"metadata\":{}}");
}

static const struct op asks = {
	.name = "test.asks", .params = PARAMS(QUERY_INSTANCE), .permission = PERMIT_VIEW_CLUSTER};
static const struct op creates = {.name = "test.creates",
				  .params = PARAMS(QUERY_INSTANCE),
				  .permission = PERMIT_CREATE_CLUSTER};
static const struct op local = {.name = "test.local", .flags = OP_LOCAL};

static const char *const trusted[] = {"external:portal"};

struct scene {
	struct fixture *f;
	struct op_services services;
	struct call call;
	struct error err;
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->f = fixture_new(answer_nothing, NULL);
	s->f->config.trusted_services = (struct config_strings){trusted, 1};
	services_open(&s->services, s->f);
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	palette_close(s->call.palette);
	services_close(&s->services);
	fixture_free(s->f);
	free(s);
	return 0;
}

static void begin(struct scene *s, const char *subject, const char *instance)
{
	palette_close(s->call.palette);
	s->call = (struct call){
		.services = &s->services,
		.arena = &s->f->arena,
		.deadline_ms = clock_now_ms() + 10000,
		.op = &asks,
		.principal = {.kind = subject == NULL ? PRINCIPAL_NONE : PRINCIPAL_SERVICE,
			      .subject = subject},
		.values[0] = {.given = instance != NULL, .string = instance},
	};
}

static bool open_palette(struct scene *s)
{
	return call_open_palette(&s->call, s->call.op, &s->err);
}

/* What Palette is sent. */
static const struct canned_request *ask(struct scene *s)
{
	struct buf out;

	assert_true(palette_cluster(s->call.palette, NULL, "c1", &out, &s->err));
	buf_fini(&out);
	return &s->f->http.requests[s->f->http.count - 1];
}

static void without_an_instance_the_first_is_asked(void **state)
{
	struct scene *s = *state;

	begin(s, "external:x", NULL);
	assert_true(open_palette(s));
	assert_string_equal(s->call.environment->name, "prod");
	assert_string_equal(ask(s)->api_key, "prod-api-token");
	assert_false(s->call.reauthenticate);
}

static void an_instance_is_found_by_its_whole_name(void **state)
{
	struct scene *s = *state;

	begin(s, "external:x", "staging");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->api_key, "staging-api-token");
	assert_string_equal(ask(s)->host, "https://staging.test");
}

static void an_unknown_instance_is_never_another(void **state)
{
	static const char *const names[] = {"Staging", "stag", "staging ", "x", "(unnamed)"};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		begin(s, "external:x", names[i]);
		assert_false(open_palette(s));
		assert_int_equal(s->err.kind, ERROR_INPUT);
		assert_string_equal(s->err.message, "instance must be the name of a configured "
						    "environment, one of: prod, staging");
		assert_null(s->call.palette);
	}
	s->f->environments[1].name = NULL;
	begin(s, "external:x", "(unnamed)");
	assert_false(open_palette(s));
	assert_non_null(strstr(s->err.message, "prod, (unnamed)"));
}

static void without_environments_it_is_our_fault(void **state)
{
	struct scene *s = *state;

	s->f->config.environment_count = 0;
	begin(s, "external:x", NULL);
	assert_false(open_palette(s));
	assert_int_equal(s->err.kind, ERROR_INTERNAL);
	assert_non_null(strstr(s->err.message, "spectrocloud.environments"));
	begin(s, "external:x", NULL);
	s->call.op = &local;
	assert_true(open_palette(s));
	assert_null(s->call.palette);
}

static void a_sent_token_is_used_instead_of_the_api_token(void **state)
{
	struct scene *s = *state;

	begin(s, "external:x", "staging");
	s->call.palette_token = TEXT("user-session");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->authorization, "user-session");
	assert_null(ask(s)->api_key);
	assert_false(s->call.reauthenticate);
}

static void a_token_that_is_no_header_value_is_refused(void **state)
{
	static char long_token[16 * 1024 + 1];
	static const struct text tokens[] = {
		TEXT(""),     TEXT("a b"),      TEXT("a\tb"),  TEXT("a\r\nX: y"),
		TEXT("a\0b"), TEXT("\xC3\xA4"), TEXT("a\x7F"), {long_token, sizeof long_token},
	};
	struct scene *s = *state;

	memset(long_token, 'x', sizeof long_token);
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		begin(s, "external:x", NULL);
		s->call.palette_token = tokens[i];
		assert_false(open_palette(s));
		assert_int_equal(s->err.kind, ERROR_INPUT);
		assert_int_equal(strncmp(s->err.message, "X-SpectroCloud-Token must be ", 29), 0);
	}
	begin(s, "external:x", NULL);
	s->call.palette_token = (struct text){long_token, 16 * 1024};
	assert_true(open_palette(s));
}

static void an_email_is_for_those_who_speak_for_others(void **state)
{
	static const char *const others[] = {"external:x", "external:portal2", "external:", NULL};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		begin(s, others[i], NULL);
		s->call.user_email = TEXT("a@example.com");
		s->call.palette_token = TEXT("user-session");
		assert_false(open_palette(s));
		assert_int_equal(s->err.kind, ERROR_DENIED);
		assert_null(s->call.palette);
	}
}

static void an_email_without_a_session_asks_to_sign_in_again(void **state)
{
	struct scene *s = *state;

	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("a@example.com");
	assert_true(open_palette(s));
	assert_true(s->call.reauthenticate);
	assert_string_equal(ask(s)->api_key, "prod-api-token");
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("a@example.com");
	s->call.palette_token = TEXT("user-session");
	assert_true(open_palette(s));
	assert_false(s->call.reauthenticate);
	assert_string_equal(ask(s)->authorization, "user-session");
}

/* ---- sessions that are kept ---- */

static void keep(struct scene *s, const char *email, const char *token)
{
	int64_t expires_ms = 0;

	if (!sessions_keep(s->services.sessions, &s->f->arena, text_of(email), text_of(token), 0,
			   clock_now_ms() + 1000, &expires_ms, &s->err))
		fail_msg("%s", s->err.message);
}

static void a_kept_session_goes_before_what_was_sent(void **state)
{
	struct scene *s = *state;

	keep(s, "Ada@Example.com", "ada-session");
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("aDA@example.COM");
	s->call.palette_token = TEXT("sent");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->authorization, "ada-session");
	assert_null(ask(s)->api_key);
	assert_false(s->call.reauthenticate);
	/* What was sent is wrong, whatever is kept. */
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("ada@example.com");
	s->call.palette_token = TEXT("a b");
	assert_false(open_palette(s));
	assert_int_equal(s->err.kind, ERROR_INPUT);
}

static void a_session_is_for_one_environment(void **state)
{
	struct scene *s = *state;

	keep(s, "ada@example.com", "ada-session");
	begin(s, "external:portal", "staging");
	s->call.user_email = TEXT("ada@example.com");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->api_key, "staging-api-token");
	assert_null(ask(s)->authorization);
	assert_false(s->call.reauthenticate);
}

static void a_refused_session_is_dropped_and_a_newer_one_stays(void **state)
{
	struct scene *s = *state;

	keep(s, "ada@example.com", "old");
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("ada@example.com");
	assert_true(open_palette(s));
	keep(s, "ada@example.com", "new");
	call_drop_session(&s->call);
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("ada@example.com");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->authorization, "new");
	call_drop_session(&s->call);
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("ada@example.com");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->api_key, "prod-api-token");
	assert_true(s->call.reauthenticate);
	assert_int_equal(sessions_stats(s->services.sessions).refused, 2);
}

static void assert_wants_session(struct scene *s, bool reauthenticate)
{
	s->err = (struct error){.message = ""};
	assert_false(open_palette(s));
	assert_int_equal(s->err.kind, ERROR_UNAUTHENTICATED);
	assert_int_equal(s->err.reauthenticate, reauthenticate);
	assert_null(s->call.palette);
}

static void people_without_a_session_can_be_refused(void **state)
{
	struct scene *s = *state;

	s->f->config.require_user_session = true;
	/* Whoever is nobody, or for somebody, or a user: with or without the header. */
	begin(s, NULL, NULL);
	assert_wants_session(s, true);
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("ada@example.com");
	assert_wants_session(s, true);
	begin(s, "user:default/ada", NULL);
	s->call.principal.kind = PRINCIPAL_USER;
	assert_wants_session(s, true);
	/* Nobody signs in there. */
	begin(s, "user:default/ada", "staging");
	s->call.principal.kind = PRINCIPAL_USER;
	assert_wants_session(s, false);
	begin(s, "user:default/ada", "staging");
	s->call.principal.kind = PRINCIPAL_USER;
	s->call.palette_token = TEXT("sent");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->authorization, "sent");
	/* A service acts for itself. */
	begin(s, "external:x", NULL);
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->api_key, "prod-api-token");
}

/* Somebody at a shell, with the configuration and nothing else. */
static void begin_local(struct scene *s, const char *instance)
{
	begin(s, "local:ada", instance);
	s->services.backstage = NULL;
	s->services.sessions = NULL;
	s->call.local = true;
}

static void a_call_at_a_shell_has_what_the_configuration_has(void **state)
{
	struct scene *s = *state;
	const struct op_services whole = s->services;

	s->f->config.require_user_session = true;
	s->f->config.use_session_without_header = true;
	for (int kind = PRINCIPAL_NONE; kind <= PRINCIPAL_USER; kind++) {
		begin_local(s, NULL);
		s->call.principal.kind = (enum principal_kind)kind;
		assert_true(open_palette(s));
		assert_string_equal(ask(s)->api_key, "prod-api-token");
		assert_false(s->call.reauthenticate);
		begin_local(s, "staging");
		s->call.principal.kind = (enum principal_kind)kind;
		s->call.user_email = TEXT("ada@example.com");
		s->call.palette_token = TEXT("own-session");
		assert_true(open_palette(s));
		assert_string_equal(ask(s)->authorization, "own-session");
		assert_null(ask(s)->api_key);
		call_drop_session(&s->call);
	}
	begin_local(s, NULL);
	s->call.palette_token = TEXT("a b");
	assert_false(open_palette(s));
	assert_int_equal(strncmp(s->err.message, "SPECTROCLOUD_TOKEN must be ", 27), 0);
	s->services = whole;
}

static void the_api_token_can_be_for_some_permissions(void **state)
{
	static const char *const names[] = {"view-info"};
	struct scene *s = *state;

	s->f->config.service_token_for = (struct config_strings){names, 1};
	begin(s, "external:portal", NULL);
	s->call.user_email = TEXT("ada@example.com");
	assert_true(open_palette(s));
	assert_true(s->call.reauthenticate);
	begin(s, "external:portal", NULL);
	s->call.op = &creates;
	s->call.user_email = TEXT("ada@example.com");
	assert_wants_session(s, true);
	begin(s, "external:x", NULL);
	s->call.op = &creates;
	assert_true(open_palette(s));
}

static void without_the_binding_people_are_believed(void **state)
{
	struct scene *s = *state;

	s->f->config.email_binding = CONFIG_BINDING_OFF;
	keep(s, "ada@example.com", "ada-session");
	begin(s, "user:default/eve", NULL);
	s->call.principal.kind = PRINCIPAL_USER;
	s->call.user_email = TEXT("ada@example.com");
	assert_true(open_palette(s));
	assert_string_equal(ask(s)->authorization, "ada-session");
	begin(s, "external:x", NULL);
	s->call.user_email = TEXT("ada@example.com");
	assert_false(open_palette(s));
	assert_int_equal(s->err.kind, ERROR_DENIED);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		SCENE(without_an_instance_the_first_is_asked),
		SCENE(an_instance_is_found_by_its_whole_name),
		SCENE(an_unknown_instance_is_never_another),
		SCENE(without_environments_it_is_our_fault),
		SCENE(a_sent_token_is_used_instead_of_the_api_token),
		SCENE(a_token_that_is_no_header_value_is_refused),
		SCENE(an_email_is_for_those_who_speak_for_others),
		SCENE(an_email_without_a_session_asks_to_sign_in_again),
		SCENE(a_kept_session_goes_before_what_was_sent),
		SCENE(a_session_is_for_one_environment),
		SCENE(a_refused_session_is_dropped_and_a_newer_one_stays),
		SCENE(people_without_a_session_can_be_refused),
		SCENE(a_call_at_a_shell_has_what_the_configuration_has),
		SCENE(the_api_token_can_be_for_some_permissions),
		SCENE(without_the_binding_people_are_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
