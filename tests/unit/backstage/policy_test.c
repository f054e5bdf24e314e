/* The policy file: opening it, noticing changes, and many who ask while it changes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backstage/policy.h"
#include "base/clock.h"
#include "base/log.h"

#define ALLOW "p, ci, spectrocloud.cluster.create, create, allow\n"
#define DENY  "p, ci, spectrocloud.cluster.create, create, deny\n"

/* A folder for each test, and standard error in a file of it. */
static char folder[64];
static char path[96];
static char other[96];
static char log_path[96];
static int kept_stderr;

static int set_up(void **state)
{
	int fd;

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/policy-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/policy.csv", folder);
	snprintf(other, sizeof other, "%s/other.csv", folder);
	snprintf(log_path, sizeof log_path, "%s/log", folder);
	fd = open(log_path, O_RDWR | O_CREAT | O_APPEND, 0600);
	kept_stderr = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	log_open(LOG_INFO, LOG_TEXT);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	unlink(path);
	unlink(other);
	unlink(log_path);
	return rmdir(folder);
}

/* In place, as a careless editor does. */
static void write_to(const char *where, const char *text)
{
	FILE *file = fopen(where, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void replace(const char *text)
{
	write_to(other, text);
	assert_int_equal(rename(other, path), 0);
}

/* How many lines of the log so far hold the text. */
static unsigned logged(const char *text)
{
	FILE *file = fopen(log_path, "r");
	unsigned count = 0;
	char line[4096];

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

static struct policy *open_policy(const char *text)
{
	struct policy *policy = NULL;
	struct error err;

	write_to(path, text);
	if (!policy_open(path, &policy, &err))
		fail_msg("%s", err.message);
	return policy;
}

static bool may(struct policy *policy)
{
	return policy_allows(policy, "ci", permission_of(PERMIT_CREATE_CLUSTER), NULL);
}

/* As if a second had passed since the last look. */
static bool may_now(struct policy *policy)
{
	policy_look_soon(policy);
	return may(policy);
}

static void it_says_why(void **state)
{
	struct policy *policy = open_policy(ALLOW "p, bad, spectrocloud.cluster.create, create, "
						  "deny\n");
	const char *why = "untouched";

	(void)state;
	assert_true(policy_allows(policy, "ci", permission_of(PERMIT_CREATE_CLUSTER), &why));
	assert_null(why);
	assert_false(policy_allows(policy, "bad", permission_of(PERMIT_CREATE_CLUSTER), &why));
	assert_string_equal(why, "a rule denies it");
	assert_false(policy_allows(policy, "ci", permission_of(PERMIT_VIEW_CLUSTER), &why));
	assert_string_equal(why, "no rule allows it");
	assert_false(policy_allows(policy, "nobody", permission_of(PERMIT_VIEW_CLUSTER), &why));
	assert_string_equal(why, "no rule allows it");
	assert_false(policy_allows(policy, NULL, permission_of(PERMIT_VIEW_CLUSTER), &why));
	assert_false(policy_allows(policy, "ci", NULL, &why));
	assert_int_equal(logged("policy.loaded"), 1);
	assert_int_equal(logged("rules=2 memberships=0"), 1);
	policy_close(policy);
	policy_close(NULL);
}

static void refuse(const char *where, const char *wanted)
{
	struct policy *policy = NULL;
	struct error err;
	char message[200];

	snprintf(message, sizeof message, "%s%s", where, wanted);
	assert_false(policy_open(where, &policy, &err));
	assert_null(policy);
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_string_equal(err.message, message);
}

static void a_bad_file_does_not_open(void **state)
{
	(void)state;
	refuse(path, ": No such file or directory");
	refuse(folder, ": not a file");
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse(path, ": not a file");
	unlink(path);
	write_to(path, ALLOW "\nq\n");
	refuse(path, ":3: a line begins with p or g, or with # for a comment");
	assert_int_equal(truncate(path, 5 * 1024 * 1024), 0);
	refuse(path, ": larger than 4 MiB");
}

static void a_rule_that_never_matches_is_told(void **state)
{
	struct policy *policy =
		open_policy(ALLOW "p, ci, spectrocloud.cluster.view-info, use, allow\n");

	(void)state;
	assert_int_equal(logged("policy.rules_never_match"), 1);
	assert_int_equal(logged("line=2 count=1 permission=\"spectrocloud.cluster.view-info\" "
				"its_action=\"read\""),
			 1);
	policy_close(policy);
}

static void a_replaced_file_is_read_again(void **state)
{
	struct policy *policy = open_policy(ALLOW);

	(void)state;
	assert_true(may_now(policy));
	replace(DENY);
	assert_false(may_now(policy));
	replace(ALLOW);
	assert_true(may_now(policy));
	assert_true(may_now(policy));
	write_to(path, DENY);
	assert_false(may_now(policy));
	assert_int_equal(logged("policy.reloaded"), 3);
	assert_int_equal(logged("policy.kept"), 0);
	policy_close(policy);
}

static void the_target_of_a_link_may_change(void **state)
{
	struct policy *policy = NULL;
	char third[96];
	struct error err;

	(void)state;
	snprintf(third, sizeof third, "%s/third.csv", folder);
	write_to(other, ALLOW);
	write_to(third, DENY);
	assert_int_equal(symlink(other, path), 0);
	assert_true(policy_open(path, &policy, &err));
	assert_true(may_now(policy));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(third, path), 0);
	assert_false(may_now(policy));
	policy_close(policy);
	unlink(third);
}

/* Same size, and written within one step of the file system's clock. */
static void a_change_right_after_the_reading_is_not_missed(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct policy *policy = open_policy(ALLOW "#");
		int fd = open(path, O_WRONLY);

		assert_true(fd >= 0);
		assert_int_equal(pwrite(fd, DENY " #", strlen(DENY " #"), 0), strlen(DENY " #"));
		close(fd);
		assert_false(may_now(policy));
		policy_close(policy);
	}
}

/* How long it takes until the answer is the wanted one. */
static int64_t wait_for(struct policy *policy, bool wanted)
{
	int64_t start = clock_now_ms();

	while (may(policy) != wanted && clock_now_ms() - start < 5000)
		clock_sleep_ms(5);
	return clock_now_ms() - start;
}

static void it_looks_at_most_once_a_second(void **state)
{
	struct policy *policy = open_policy(ALLOW);

	(void)state;
	replace(DENY);
	assert_in_range(wait_for(policy, false), 800, 4000);
	replace(ALLOW);
	assert_in_range(wait_for(policy, true), 800, 4000);
	policy_close(policy);
}

static void a_bad_line_keeps_the_old_policy(void **state)
{
	struct policy *policy = open_policy(ALLOW);
	char reason[160];

	(void)state;
	replace(DENY "p, ci, spectrocloud.cluster.craete, create, allow\n");
	for (int i = 0; i < 3; i++)
		assert_true(may_now(policy));
	snprintf(reason, sizeof reason, "reason=\"%s:2: there is no permission", path);
	assert_int_equal(logged("policy.kept"), 1);
	assert_int_equal(logged(reason), 1);
	replace(DENY);
	assert_false(may_now(policy));
	assert_int_equal(logged("policy.kept"), 1);
	policy_close(policy);
}

static void a_file_that_is_gone_keeps_the_old_policy(void **state)
{
	struct policy *policy = open_policy(ALLOW);

	(void)state;
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 3; i++)
		assert_true(may_now(policy));
	assert_int_equal(logged("policy.kept"), 1);
	assert_int_equal(logged("No such file or directory"), 1);
	assert_int_equal(mkdir(path, 0700), 0);
	for (int i = 0; i < 3; i++)
		assert_true(may_now(policy));
	assert_int_equal(logged("policy.kept"), 2);
	assert_int_equal(rmdir(path), 0);
	write_to(path, ALLOW);
	assert_true(may_now(policy));
	assert_int_equal(logged("policy.reloaded"), 1);
	assert_int_equal(unlink(path), 0);
	write_to(path, DENY);
	assert_false(may_now(policy));
	policy_close(policy);
}

/* ---- many who ask while the file changes ---- */

enum { READERS = 4, RELOADS = 60 };

static struct policy *shared;
static atomic_bool stop;
static atomic_uint half_loaded;
static atomic_uint questions;

/* Both versions of the file allow exactly one of two; a reader sees what some version says. */
static void *ask_on(void *unused)
{
	const struct permission *permission = permission_of(PERMIT_CREATE_CLUSTER);

	(void)unused;
	while (!atomic_load(&stop)) {
		const char *why = NULL;

		if (!policy_allows(shared, "external:always", permission, &why) || why != NULL)
			atomic_fetch_add(&half_loaded, 1);
		if (policy_allows(shared, "external:never", permission, &why) ||
		    strcmp(why, "a rule denies it") != 0)
			atomic_fetch_add(&half_loaded, 1);
		policy_allows(shared, "external:sometimes", permission, &why);
		atomic_fetch_add(&questions, 1);
	}
	return NULL;
}

static void write_version(char *text, size_t size, int version)
{
	int len = snprintf(text, size,
			   "g, external:always, role:default/r%d\n"
			   "g, external:never, external:always\n"
			   "%sg, external:sometimes, role:default/r1\n"
			   "p, external:never, spectrocloud.cluster.create, create, deny\n",
			   version % 7, version % 5 == 4 ? "a bad line\n" : "");

	for (int i = 0; i < 7; i++)
		len += snprintf(text + len, size - (size_t)len,
				"p, role:default/r%d, spectrocloud.cluster.create, create, allow\n",
				i);
}

/* Each new file leaves one line, whichever thread reads it. */
static bool wait_for_lines(unsigned count)
{
	int64_t end = clock_now_ms() + 10000;

	while (logged("policy.reloaded") + logged("policy.kept") < count) {
		if (clock_now_ms() > end)
			return false;
		policy_look_soon(shared);
		clock_sleep_ms(1);
	}
	return true;
}

static void readers_never_see_half_a_policy(void **state)
{
	pthread_t readers[READERS];
	bool all_read = true;
	char text[2048];

	(void)state;
	write_version(text, sizeof text, 0);
	shared = open_policy(text);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, ask_on, NULL), 0);
	for (unsigned i = 1; i <= RELOADS && all_read; i++) {
		write_version(text, sizeof text, (int)i);
		replace(text);
		all_read = wait_for_lines(i);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_true(all_read);
	assert_int_equal(atomic_load(&half_loaded), 0);
	assert_true(atomic_load(&questions) > 0);
	assert_int_equal(logged("policy.kept"), RELOADS / 5);
	assert_int_equal(logged("policy.reloaded"), RELOADS - RELOADS / 5);
	policy_close(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_says_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bad_file_does_not_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rule_that_never_matches_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_replaced_file_is_read_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_target_of_a_link_may_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_change_right_after_the_reading_is_not_missed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_looks_at_most_once_a_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bad_line_keeps_the_old_policy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_gone_keeps_the_old_policy, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(readers_never_see_half_a_policy, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
