/* Another user: who can be found, and that becoming them cannot be undone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/identity.h"
#include "base/text.h"

/* Everywhere on Debian. */
#define SOMEBODY "nobody"
#define A_GROUP  "daemon"

static void users_and_groups_are_found_by_name_and_number(void **state)
{
	const struct passwd *user = getpwnam(SOMEBODY);
	struct identity found;
	struct error err;

	(void)state;
	assert_non_null(user);
	assert_true(identity_find(SOMEBODY, &found, &err));
	assert_int_equal(found.uid, user->pw_uid);
	assert_int_equal(found.gid, user->pw_gid);
	assert_string_equal(found.name, SOMEBODY);
	assert_true(identity_find("65534", &found, &err));
	assert_string_equal(found.name, SOMEBODY);
	assert_true(identity_find(SOMEBODY ":" A_GROUP, &found, &err));
	assert_int_equal(found.gid, getgrnam(A_GROUP)->gr_gid);
	assert_true(identity_find(SOMEBODY ":1", &found, &err));
	assert_int_equal(found.gid, 1);
}

static void who_is_not_there_is_a_mistake(void **state)
{
	static const char *const wrong[] = {
		"",     ":",      "nobody-like-this", "nobody:",  "nobody:no-such-group",
		"root", "0",      "nobody:root",      "nobody:0", "4294967295",
		"-1",   ":daemon"};
	struct identity found = {.uid = 77};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_false(identity_find(wrong[i], &found, &err));
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_true(text_starts(text_of(err.message), "--user: "));
		assert_int_equal(found.uid, 77);
	}
}

/* In a child: 0 if all is as it must be, else which was not. */
static int become_and_look(void)
{
	struct identity somebody;
	struct error err;
	gid_t groups[8];

	if (!identity_find(SOMEBODY ":" A_GROUP, &somebody, &err) ||
	    !identity_become(&somebody, &err))
		return 1;
	if (getuid() != somebody.uid || geteuid() != somebody.uid || getgid() != somebody.gid)
		return 2;
	if (setuid(0) == 0 || seteuid(0) == 0 || setreuid(0, 0) == 0 || setgid(0) == 0)
		return 3;
	for (int i = getgroups(8, groups); i > 0; i--)
		if (groups[i - 1] == 0)
			return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 5;
	if (open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 6;
	if (strcmp(getenv("HOME"), somebody.home) != 0)
		return 7;
	if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
		return 8;
	if (!identity_become(&somebody, &err)) /* who one is already */
		return 9;
	if (!identity_find(A_GROUP, &somebody, &err) || identity_become(&somebody, &err) ||
	    err.kind != ERROR_INPUT)
		return 10; /* the user of that name: somebody else */
	return 0;
}

static void there_is_no_way_back(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can become somebody else */
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(become_and_look());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_and_groups_are_found_by_name_and_number),
		cmocka_unit_test(who_is_not_there_is_a_mistake),
		cmocka_unit_test(there_is_no_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
