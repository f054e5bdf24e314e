/* Which settings two configurations differ in, which of them need a restart, and which files a load
 * has read or looked for. */
#include "unit/config/fixture.h"

#include <unistd.h>

#define CALLER                                                                              \
	"backend: {auth: {externalAccess: [{type: static, options: {token: caller-token-1," \
	" subject: ci}}]}}\n"

struct two {
	struct fixture *f;
	struct config *before;
	struct arena arena;
	struct config_changes changes;
};

static void compare(struct two *t, struct fixture *f, const char *before, const char *after)
{
	*t = (struct two){.f = f};
	arena_init(&t->arena);
	fixture_loads(f, before);
	t->before = f->config;
	f->config = NULL;
	fixture_loads(f, after);
	config_compare(&t->arena, t->before, f->config, &t->changes);
}

static void end(struct two *t)
{
	config_free(t->before);
	arena_fini(&t->arena);
}

/* The paths, each with a space behind it; those that need a restart with an exclamation mark. */
static const char *paths(struct two *t)
{
	const char *all = "";

	for (size_t i = 0; i < t->changes.count; i++)
		all = arena_printf(&t->arena, "%s%s ", all, t->changes.paths[i]);
	for (size_t i = 0; i < t->changes.fixed_count; i++)
		all = arena_printf(&t->arena, "%s!%s ", all, t->changes.fixed[i]);
	return all;
}

static void assert_changes(struct fixture *f, const char *before, const char *after,
			   const char *expected)
{
	struct two t;

	compare(&t, f, before, after);
	assert_string_equal(paths(&t), expected);
	end(&t);
}

#define ENVIRONMENT(name, token) \
	"{name: " name ", url: 'https://p.test', tenant: t, apiToken: " token "}"
#define ENVIRONMENTS(list) CALLER "spectrocloud: {environments: [" list "]}\n"

static void values_that_differ_are_named(void **state)
{
	static const struct {
		const char *before, *after, *expected;
	} cases[] = {
		{"a: 1\n", "a: 2\n", ""},
		{"spectrocloud: {server: {requestTimeout: 60s}}\n", "a: 1\n", ""},
		{"spectrocloud: {server: {requestTimeout: 1m}}\n",
		 "spectrocloud: {server: {requestTimeout: 60s}}\n", ""},
		{"a: 1\n", "spectrocloud: {server: {requestTimeout: 61s}}\n",
		 "spectrocloud.server.requestTimeout "},
		{"a: 1\n",
		 "spectrocloud: {telemetry: {logLevel: debug}, enablePermissions: true}\n",
		 "spectrocloud.enablePermissions spectrocloud.telemetry.logLevel "},
		{"spectrocloud: {auth: {trustedServices: [a, b]}}\n",
		 "spectrocloud: {auth: {trustedServices: [a, c]}}\n",
		 "spectrocloud.auth.trustedServices "},
		{"spectrocloud: {mcp: {toolsets: core}}\n",
		 "spectrocloud: {mcp: {toolsets: [core, packs]}}\n", "spectrocloud.mcp.toolsets "},
		{"backend: {csp: {img-src: ['a']}}\n", "backend: {csp: {img-src: ['b']}}\n",
		 "backend.csp "},
		{"backend: {csp: {img-src: ['a']}}\n", "backend: {csp: {img-src: ['a']}}\n", ""},
		{"backend: {csp: {img-src: ['a']}}\n", "a: 1\n", "backend.csp "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_changes(*state, cases[i].before, cases[i].after, cases[i].expected);
}

static void elements_are_named_by_their_place(void **state)
{
	struct fixture *f = *state;

	assert_changes(f, ENVIRONMENTS(ENVIRONMENT("a", "one") ", " ENVIRONMENT("b", "two")),
		       ENVIRONMENTS(ENVIRONMENT("a", "one") ", " ENVIRONMENT("b", "three")),
		       "spectrocloud.environments[1].apiToken ");
	assert_changes(f, ENVIRONMENTS(ENVIRONMENT("a", "one")),
		       ENVIRONMENTS(ENVIRONMENT("a", "one") ", " ENVIRONMENT("b", "two")),
		       "spectrocloud.environments ");
	assert_changes(f, ENVIRONMENTS(ENVIRONMENT("a", "one")), ENVIRONMENTS(""),
		       "spectrocloud.environments ");
	assert_changes(f, ENVIRONMENTS(ENVIRONMENT("a", "one")),
		       ENVIRONMENTS(ENVIRONMENT("a", "one")), "");
}

static void callers_that_differ_are_told_without_a_value(void **state)
{
	assert_changes(*state, CALLER,
		       "backend: {auth: {externalAccess: [{type: static, options: {token: "
		       "caller-token-2, subject: ci}}]}}\n",
		       "backend.auth.externalAccess ");
}

static void what_needs_a_restart_is_told(void **state)
{
	assert_changes(*state, "a: 1\n",
		       "spectrocloud: {server: {listen: '127.0.0.1:1', workers: 3, "
		       "compression: false}}\n",
		       "spectrocloud.server.listen spectrocloud.server.workers "
		       "spectrocloud.server.compression "
		       "!spectrocloud.server.listen !spectrocloud.server.workers ");
}

#define KEY_ONE "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
#define KEY_TWO "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
#define STORE(path, key) \
	"spectrocloud: {tokenStore: {type: sqlite, path: " path ", encryptionKey: '" key "'}}\n"

/* Backstage's own database may move, where sessions are not in it. */
static void a_store_needs_a_restart_only_if_it_is_another_one(void **state)
{
	struct fixture *f = *state;

	assert_changes(f, STORE("a.db", KEY_ONE), STORE("a.db", KEY_ONE), "");
	assert_changes(f, STORE("a.db", KEY_ONE), STORE("b.db", KEY_ONE),
		       "spectrocloud.tokenStore.path !spectrocloud.tokenStore.path ");
	assert_changes(
		f, STORE("a.db", KEY_ONE), STORE("a.db", KEY_TWO),
		"spectrocloud.tokenStore.encryptionKey !spectrocloud.tokenStore.encryptionKey ");
	assert_changes(f,
		       "spectrocloud: {tokenStore: {type: memory}}\n"
		       "backend: {database: {client: pg, connection: {host: a}}}\n",
		       "spectrocloud: {tokenStore: {type: memory}}\n"
		       "backend: {database: {client: pg, connection: {host: b}}}\n",
		       "backend.database.connection ");
}

/* Copies the certificate of a generated key, whichever that is. */
static void write_certificate(struct fixture *f, const char *name)
{
	char command[512];

	snprintf(
		command, sizeof command,
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s "
		"-keyout /dev/null -out '%s/ca.pem' 2>/dev/null",
		name, f->directory);
	assert_int_equal(system(command), 0);
}

static void a_file_with_other_content_is_a_change(void **state)
{
	static const char yaml[] = "spectrocloud: {backstage: {caFile: ca.pem}}\n";
	struct fixture *f = *state;
	struct config_changes changes;
	struct config *before;
	struct arena arena;

	arena_init(&arena);
	write_certificate(f, "one");
	fixture_loads(f, yaml);
	before = f->config;
	f->config = NULL;
	fixture_loads(f, yaml);
	config_compare(&arena, before, f->config, &changes);
	assert_int_equal(changes.count, 0);
	write_certificate(f, "two");
	fixture_loads(f, yaml);
	config_compare(&arena, before, f->config, &changes);
	assert_int_equal(changes.count, 1);
	assert_string_equal(changes.paths[0], "spectrocloud.backstage.caFile");
	assert_int_equal(changes.fixed_count, 0);
	config_free(before);
	arena_fini(&arena);
}

/* ---- files ---- */

static const struct config_file *find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->file_count; i++)
		if (text_ends(text_of(config->files[i].path), name))
			return &config->files[i];
	return NULL;
}

static void every_file_of_a_load_is_remembered(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "token", "secret\n");
	fixture_write(f, "more.yaml", "value: {x: {$file: inner}}\n");
	fixture_write(f, "inner", "x\n");
	fixture_write(f, "rules.csv", "p, role:default/a, x, read, allow\n");
	f->variables[0] = "BACKSTAGE_ENV=production";
	fixture_loads(f, "a: {$file: token}\nb: {$include: more.yaml#value}\n"
			 "spectrocloud: {standalone: {policyFile: rules.csv}}\n");
	assert_true(find(f->config, "/app-config.yaml")->there);
	assert_true(find(f->config, "/token")->there);
	assert_true(find(f->config, "/more.yaml")->there);
	assert_true(find(f->config, "/inner")->there);
	assert_false(find(f->config, "/app-config.local.yaml")->there);
	assert_false(find(f->config, "/app-config.production.yaml")->there);
	assert_true(find(f->config, "/rules.csv")->apart);
	assert_false(find(f->config, "/token")->apart);
	assert_int_equal(f->config->file_count, 8);
}

static void a_load_that_fails_tells_its_files_too(void **state)
{
	struct fixture *f = *state;
	struct config_files read;
	struct config *config;
	struct error err;
	const struct config_options options = {.directory = f->directory, .read = &read};

	fixture_write(f, "app-config.yaml", "a: {$file: missing}\nb: {$file: there}\n");
	fixture_write(f, "there", "x\n");
	assert_false(config_load(&options, &config, NULL, NULL, &err));
	assert_int_equal(read.count, 4);
	assert_true(text_ends(text_of(read.items[0].path), "/app-config.yaml"));
	assert_true(read.items[0].there);
	assert_true(text_ends(text_of(read.items[1].path), "/missing"));
	assert_false(read.items[1].there);
	assert_true(read.items[2].there);
	config_files_fini(&read);
	config_files_fini(&read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(values_that_differ_are_named),
		fixture_test(elements_are_named_by_their_place),
		fixture_test(callers_that_differ_are_told_without_a_value),
		fixture_test(what_needs_a_restart_is_told),
		fixture_test(a_store_needs_a_restart_only_if_it_is_another_one),
		fixture_test(a_file_with_other_content_is_a_change),
		fixture_test(every_file_of_a_load_is_remembered),
		fixture_test(a_load_that_fails_tells_its_files_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
