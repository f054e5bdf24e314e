/* The command sessions: what it prints, where, and with which exit status. */
#include "unit/cmd/sessions_world.h"

#include <time.h>

/* ---- list ---- */

static void none_is_said(void **state)
{
	struct world *w = *state;

	run(w, "list");
	assert_ended(w, 0, "", "There are no sessions.\n");
	run(w, "list --json");
	assert_ended(w, 0, "[]\n", "There are no sessions.\n");
	run_with(w, "list", NULL, true);
	assert_ended(w, 0, "", "There are no sessions.\n");
}

static void in_a_pipe_there_are_tabs(void **state)
{
	static const char *const wanted[] = {"ada@b.test\t\t2", "ada@b.test\tprod\t2",
					     "bob@b.test\tprod\t2"};
	struct world *w = *state;
	struct tm end = {.tm_sec = -1};
	char *time;

	put(w, "bob@b.test", "prod", MINUTE_MS);
	put(w, "Ada@b.test", "prod", MINUTE_MS);
	put(w, "Ada@b.test", "", MINUTE_MS);
	put(w, "gone@b.test", "", -1);
	run(w, "list");
	assert_lines(w->out, wanted, ARRAY_LEN(wanted));
	assert_string_equal(w->err, "");
	assert_int_equal(w->status, 0);
	time = strptime(strrchr(w->out, '\t'), "\t%Y-%m-%dT%H:%M:%SZ%n", &end);
	assert_non_null(time);
	assert_string_equal(time, "");
	assert_in_range(timegm(&end) - clock_calendar_ms() / 1000, 30, 60);
}

static void on_a_terminal_it_is_a_table(void **state)
{
	static const char longest[] = "somebody.with.a.very.long.name.that.goes.on.and.on.and.on."
				      "and.on.and.on.and.on.and.on@an.even.longer.domain.b.test";
	struct world *w = *state;
	const char *line;
	size_t column;

	put(w, "a@b.test", "prod", MINUTE_MS / 2);
	put(w, "caf\xc3\xa9@b.test", "", 26LL * 60 * MINUTE_MS + MINUTE_MS / 2);
	put(w, longest, "d\xc3\xa9v", 125LL * MINUTE_MS + MINUTE_MS / 2);
	run_with(w, "list", NULL, true);
	assert_int_equal(w->status, 0);
	assert_int_equal(strncmp(w->out, "ADDRESS ", 8), 0);
	column = (size_t)(strstr(w->out, "ENVIRONMENT") - w->out);
	assert_int_equal(column, strlen(longest) + 2);
	line = strstr(w->out, "\na@b.test ") + 1;
	assert_int_equal(strncmp(line + column, "prod         2", 14), 0);
	assert_holds(line, "+03:30  in 2"); /* seconds */
	line = strstr(w->out, "\ncaf\xc3\xa9@b.test ") + 1;
	assert_int_equal(strncmp(line + column + 1, "(no name)    2", 14), 0);
	assert_holds(line, "+03:30  in 1 d 2 h\r\n");
	line = strstr(w->out, longest);
	assert_int_equal(strncmp(line + column, "d\xc3\xa9v          2", 15), 0);
	assert_holds(line, "+03:30  in 2 h 5 min\r\n");
	assert_int_equal(strspn(strstr(w->out, "ENDS"), "ENDS\r\n"), 6); /* nothing behind it */
}

static void json_is_for_programs(void **state)
{
	struct world *w = *state;
	json_t *tree = NULL;
	struct error err;

	put(w, "a\"b\\@b.test",
	    "pr\xc3\xb6"
	    "d",
	    4321);
	put(w, "ada@b.test", "", MINUTE_MS);
	run(w, "list --json");
	assert_string_equal(w->err, "");
	assert_true(json_tree_read(text_of(w->out), &tree, &err));
	assert_int_equal(json_array_size(tree), 2);
	for (size_t i = 0; i < 2; i++) {
		json_t *item = json_array_get(tree, i);

		assert_int_equal(json_object_size(item), 3);
		assert_in_range(json_integer_value(json_object_get(item, "expiresAt")) -
					clock_calendar_ms(),
				1, MINUTE_MS);
	}
	assert_string_equal(json_string_value(json_object_get(json_array_get(tree, 0), "email")),
			    "a\"b\\@b.test");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(tree, 0), "environment")),
		"pr\xc3\xb6"
		"d");
	json_decref(tree);
}

/* Nothing below U+0020 can come into the store; this can. */
static void nothing_disturbs_the_terminal(void **state)
{
	static const char *const commands[] = {"list", "list --json", "revoke --all --yes"};
	struct world *w = *state;

	put(w,
	    "evil\xc2\x9b"
	    "2J\xe2\x80\x8f@b.test",
	    "\xc2\x85x", MINUTE_MS);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		run_with(w, commands[i], NULL, true);
		assert_int_equal(w->status, 0);
		assert_holds(w->out, "evil\\u009b2j\\u200f@b.test");
		assert_null(strstr(w->out, "\xc2\x9b"));
		assert_null(strstr(w->out, "\xc2\x85"));
		assert_null(strstr(w->out, "\xe2\x80\x8f"));
		assert_null(strstr(w->err, "\xc2\x9b"));
		assert_null(strstr(w->err, "\xe2\x80\x8f"));
	}
	run(w, "revoke \x1b[2J --environment \xc2\x9b");
	assert_ended(w, 2, "", "sessions revoke: \\u001b[2J is no e-mail address\n");
	run(w, "revoke x@b.test --environment \xc2\x9b");
	assert_holds(w->err, "\\u009b is no environment of this configuration\n");
	assert_null(strstr(w->err, "\xc2\x9b"));
}

static void more_than_it_lists_is_said(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 5; i++) {
		char email[32];

		snprintf(email, sizeof email, "u%d@b.test", i);
		put(w, email, "prod", MINUTE_MS);
	}
	run(w, "list --limit 2");
	assert_int_equal(w->status, 0);
	assert_holds(w->out, "u1@b.test");
	assert_null(strstr(w->out, "u2@b.test"));
	assert_string_equal(w->err, "These are 2 of 5 sessions; --limit N lists more.\n");
	run(w, "list --limit 5");
	assert_string_equal(w->err, "");
	assert_holds(w->out, "u4@b.test");
}

/* ---- revoke ---- */

static void audit_line(char line[256], const char *email, const char *environment, int revoked)
{
	snprintf(line, 256,
		 "\"meta\":{\"operation\":\"session.revoke\",%s%s%s\"object\":\"%s\","
		 "\"outcome\":\"succeeded\",\"sessions\":%d}}\n",
		 *environment == '\0' ? "" : "\"environment\":\"", environment,
		 *environment == '\0' ? "" : "\",", email, revoked);
}

static void sessions_are_revoked(void **state)
{
	struct world *w = *state;
	char line[256];

	put(w, "ada@b.test", "prod", MINUTE_MS);
	put(w, "ada@b.test", "dev", MINUTE_MS);
	put(w, "bob@b.test", "prod", MINUTE_MS);
	put(w, "eve@b.test", "prod", MINUTE_MS);
	run(w, "revoke Ada@B.test bob@b.test ada@b.test "
	       "--set spectrocloud.telemetry.logFormat=json");
	assert_string_equal(w->out, "Ada@B.test: 2 revoked\nbob@b.test: 1 revoked\n");
	assert_int_equal(w->status, 0);
	assert_holds(w->err, "\"eventId\":\"session-revoke\"");
	assert_holds(w->err, "\"actor\":{\"actorId\":\"operator:");
	audit_line(line, "Ada@B.test", "", 2);
	assert_holds(w->err, line);
	audit_line(line, "bob@b.test", "", 1);
	assert_holds(w->err, line);
	assert_int_equal(count(w), 1);
	run(w, "list");
	assert_holds(w->out, "eve@b.test\tprod\t");
}

static void who_has_none_changes_the_status(void **state)
{
	struct world *w = *state;

	put(w, "ada@b.test", "prod", MINUTE_MS);
	run(w, "revoke nobody@b.test ada@b.test --set spectrocloud.telemetry.logLevel=error");
	assert_string_equal(w->out, "nobody@b.test: 0 revoked\nada@b.test: 1 revoked\n");
	assert_int_equal(w->status, 1);
	assert_holds(w->err, "there is no audit trail");
	assert_null(strstr(w->err, "session-revoke"));
	assert_int_equal(count(w), 0);
	run(w, "revoke -- --all");
	assert_string_equal(w->out, "--all: 0 revoked\n");
	assert_int_equal(w->status, 1);
}

static void an_environment_narrows(void **state)
{
	struct world *w = *state;
	char line[256];

	put(w, "ada@b.test", "prod", MINUTE_MS);
	put(w, "ada@b.test", "dev", MINUTE_MS);
	put(w, "bob@b.test", "dev", MINUTE_MS);
	run(w, "revoke ada@b.test --environment prod "
	       "--set spectrocloud.telemetry.logFormat=json");
	assert_string_equal(w->out, "ada@b.test: 1 revoked\n");
	audit_line(line, "ada@b.test", "prod", 1);
	assert_holds(w->err, line);
	assert_int_equal(count(w), 2);
	run(w, "revoke ada@b.test --environment prod");
	assert_string_equal(w->out, "ada@b.test: 0 revoked\n");
	assert_int_equal(w->status, 1);
	put(w, "ada@b.test", "prod", MINUTE_MS);
	run(w, "revoke --environment dev --all --yes");
	assert_string_equal(w->out, "ada@b.test: 1 revoked\nbob@b.test: 1 revoked\n");
	assert_holds(w->err, "sessions revoke: dev is no environment of this configuration\n");
	assert_int_equal(w->status, 0);
	assert_int_equal(count(w), 1);
	run(w, "revoke --environment dev --all --yes");
	assert_holds(w->err, "There are no sessions in this environment.\n");
	assert_int_equal(w->status, 0);
}

static void everybody_is_asked_about(void **state)
{
	struct world *w = *state;

	put(w, "ada@b.test", "prod", MINUTE_MS);
	put(w, "ada@b.test", "dev", MINUTE_MS);
	put(w, "bob@b.test", "dev", MINUTE_MS);
	run(w, "revoke --all");
	assert_ended(w, 2, "",
		     "sessions revoke: --all wants --yes where there is no terminal to ask on\n");
	run_with(w, "revoke --all", "\n", true);
	assert_ended(w, 1, "", "Revoke 3 sessions of 2 addresses? [y/N] Nothing was revoked.\r\n");
	run_with(w, "revoke --all", "\x04", true); /* the end of input */
	assert_ended(w, 1, "",
		     "Revoke 3 sessions of 2 addresses? [y/N] \r\nNothing was revoked.\r\n");
	run_with(w, "revoke --all", "yesterday\n", true);
	assert_int_equal(w->status, 1);
	assert_int_equal(count(w), 3);
	run_with(w, "revoke --all", "y\n", true);
	assert_string_equal(w->out, "ada@b.test: 2 revoked\r\nbob@b.test: 1 revoked\r\n");
	assert_int_equal(w->status, 0);
	assert_int_equal(count(w), 0);
	run(w, "revoke --all --yes");
	assert_ended(w, 0, "", "There are no sessions.\n");
}

/* ---- what is wrong ---- */

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *words;
		const char *says;
	} rows[] = {
		{"frob", "sessions: say `list` or `revoke`"},
		{"list more", "sessions list takes no arguments"},
		{"list --yes", "sessions list takes no --yes, which is for revoke\n"},
		{"list --limit 0", "--limit wants a number from 1 to 1000000"},
		{"list --limit 1000001", "--limit wants a number"},
		{"list --limit many", "--limit wants a number"},
		{"revoke", "sessions revoke: name addresses, or else say --all"},
		{"revoke --yes", "sessions revoke: name addresses, or else say --all"},
		{"revoke a@b.test --all --yes", "name addresses, or else say --all"},
		{"revoke a@b.test --json", "sessions revoke takes no --json, which is for list\n"},
		{"revoke a@b.test \x7f", "sessions revoke: \\u007f is no e-mail address"},
		{"revoke a@b.test \xff", "sessions revoke: \\xff is no e-mail address"},
		{"revoke a@b.test --environment \x01", "\\u0001 is no name of an environment"},
		{"list --set spectrocloud.server.workers=many", "spectrocloud.server.workers: "},
	};
	struct world *w = *state;

	put(w, "a@b.test", "prod", MINUTE_MS);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		run(w, rows[i].words);
		assert_string_equal(w->out, "");
		assert_holds(w->err, rows[i].says);
		assert_int_equal(w->status, 2);
	}
	assert_int_equal(count(w), 1);
}

static void help_is_help(void **state)
{
	static const char *const commands[] = {"--help", "list -h", "revoke --help", "revoke a -h"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		run(w, commands[i]);
		assert_int_equal(strncmp(w->out, "Usage: spectrocloud-backend sessions ", 37), 0);
		assert_string_equal(w->err, "");
		assert_int_equal(w->status, 0);
	}
}

static void sessions_in_memory_are_out_of_reach(void **state)
{
	struct world *w = *state;

	configure(w, "");
	run(w, "list");
	assert_string_equal(w->out, "");
	assert_holds(w->err, "DELETE /api/spectrocloud/session-tokens/<email>\n");
	assert_int_equal(w->status, 1);
	run(w, "revoke a@b.test");
	assert_holds(w->err, "in the memory of the running service");
	assert_int_equal(w->status, 1);
}

static void a_file_is_not_made(void **state)
{
	struct world *w = *state;
	char command[160];

	snprintf(command, sizeof command, "list --set spectrocloud.tokenStore.path=%s/none.sqlite",
		 w->folder);
	run(w, command);
	assert_holds(w->err, "there is no file /tmp/sessions-test-");
	assert_int_equal(w->status, 1);
	snprintf(command, sizeof command, "%s/none.sqlite", w->folder);
	assert_int_not_equal(access(command, F_OK), 0);
}

static void a_store_that_fails_is_named(void **state)
{
	struct world *w = *state;
	FILE *file;

	store_close(w->store);
	w->store = NULL;
	file = fopen(w->file, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no database, ", file);
	fclose(file);
	run(w, "revoke a@b.test");
	assert_string_equal(w->out, "");
	assert_holds(w->err, "file is not a database");
	assert_int_equal(w->status, 1);
}

/* A failure in the middle: the tables are taken away from under it by a trigger of somebody's. */
static void it_stops_where_the_store_does(void **state)
{
	struct world *w = *state;
	char command[256];

	if (system("command -v sqlite3 >/dev/null") != 0)
		skip();
	put(w, "a@b.test", "prod", MINUTE_MS);
	put(w, "b@b.test", "prod", MINUTE_MS);
	put(w, "c@b.test", "prod", MINUTE_MS);
	snprintf(command, sizeof command,
		 "sqlite3 '%s' \"CREATE TRIGGER t BEFORE DELETE ON sessions "
		 "WHEN old.email LIKE 'b%%' BEGIN SELECT RAISE(FAIL, 'no'); END\"",
		 w->file);
	assert_int_equal(system(command), 0);
	run(w, "revoke --all --yes");
	assert_string_equal(w->out, "a@b.test: 1 revoked\n");
	assert_holds(w->err, "outcome=\"failed\" name=\"\" reason=\"the store of sessions: ");
	assert_holds(w->err, "\nspectrocloud-backend: b@b.test: the store of sessions: ");
	assert_holds(w->err, "\n2 of 3 addresses are not done.\n");
	assert_int_equal(w->status, 1);
	assert_int_equal(count(w), 2);
}

#define sessions_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		sessions_test(none_is_said),
		sessions_test(in_a_pipe_there_are_tabs),
		sessions_test(on_a_terminal_it_is_a_table),
		sessions_test(json_is_for_programs),
		sessions_test(nothing_disturbs_the_terminal),
		sessions_test(more_than_it_lists_is_said),
		sessions_test(sessions_are_revoked),
		sessions_test(who_has_none_changes_the_status),
		sessions_test(an_environment_narrows),
		sessions_test(everybody_is_asked_about),
		sessions_test(mistakes_are_named),
		sessions_test(help_is_help),
		sessions_test(sessions_in_memory_are_out_of_reach),
		sessions_test(a_file_is_not_made),
		sessions_test(a_store_that_fails_is_named),
		sessions_test(it_stops_where_the_store_does),
	};

	if (argc > 1)
		return command_sessions.run(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
