/* Files that change, in all the ways in which files are changed, with a clock that the test sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/watch.h"
#include "base/clock.h"

enum { FILES = 3 };

struct scene {
	char folder[64];
	char paths[FILES][192];
	struct config_file files[FILES];
	size_t count;
	struct watch *watch;
	int64_t now_ms; /* of the test's own clock */
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	strcpy(s->folder, "/tmp/watch-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	s->watch = watch_new();
	s->now_ms = 1000000;
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;
	char command[128];

	watch_free(s->watch);
	watch_free(NULL);
	snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}

static const char *path_of(struct scene *s, const char *name)
{
	static char path[192];

	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	return path;
}

static void write_file(struct scene *s, const char *name, const char *content)
{
	FILE *file = fopen(path_of(s, name), "w");

	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static struct config_file *add(struct scene *s, const char *name, bool there)
{
	struct config_file *file = &s->files[s->count];

	memccpy(s->paths[s->count], path_of(s, name), '\0', sizeof s->paths[0]);
	*file = (struct config_file){.path = s->paths[s->count], .there = there};
	s->count++;
	return file;
}

/* As if they had been read long after they were written. */
static void begin(struct scene *s)
{
	watch_begin(s->watch, s->files, s->count, clock_calendar_ms() + 60 * 1000);
}

/* A second later. */
static bool look(struct scene *s)
{
	s->now_ms += 1000;
	return watch_look(s->watch, s->now_ms);
}

static void assert_once(struct scene *s)
{
	assert_false(look(s));
	assert_true(look(s));
	assert_false(look(s));
	assert_false(look(s));
}

static void a_change_is_told_once_and_when_it_is_over(void **state)
{
	struct scene *s = *state;

	write_file(s, "a", "one");
	add(s, "a", true);
	begin(s);
	assert_false(look(s));
	assert_false(look(s));
	write_file(s, "a", "two, longer");
	assert_once(s);
	write_file(s, "a", "three");
	assert_false(look(s));
	write_file(s, "a", "three and more");
	assert_false(look(s));
	write_file(s, "a", "three and more of it");
	assert_once(s);
}

static void a_file_that_is_replaced_has_changed(void **state)
{
	struct scene *s = *state;
	char other[192];

	write_file(s, "a", "one");
	write_file(s, "b", "two");
	add(s, "a", true);
	begin(s);
	strcpy(other, path_of(s, "b"));
	assert_int_equal(rename(other, path_of(s, "a")), 0);
	assert_once(s);
}

/* The folder is a symbolic link, which is replaced by another one: so Kubernetes does it. */
static void a_link_that_leads_elsewhere_is_a_change(void **state)
{
	struct scene *s = *state;
	char link[192];

	assert_int_equal(mkdir(path_of(s, "v1"), 0700), 0);
	assert_int_equal(mkdir(path_of(s, "v2"), 0700), 0);
	write_file(s, "v1/token", "one");
	write_file(s, "v2/token", "two");
	assert_int_equal(symlink("v1", path_of(s, "..data")), 0);
	assert_int_equal(symlink("..data/token", path_of(s, "token")), 0);
	add(s, "token", true);
	begin(s);
	assert_false(look(s));
	assert_int_equal(symlink("v2", path_of(s, "..new")), 0);
	strcpy(link, path_of(s, "..new"));
	assert_int_equal(rename(link, path_of(s, "..data")), 0);
	assert_once(s);
}

static void a_file_that_is_missing_for_a_moment_is_waited_for(void **state)
{
	struct scene *s = *state;

	write_file(s, "a", "one");
	add(s, "a", true);
	begin(s);
	assert_int_equal(unlink(path_of(s, "a")), 0);
	assert_false(look(s));
	assert_false(look(s));
	assert_false(look(s));
	write_file(s, "a", "again");
	assert_once(s);
}

static void one_that_stays_away_is_told_once(void **state)
{
	struct scene *s = *state;

	write_file(s, "a", "one");
	add(s, "a", true);
	begin(s);
	assert_int_equal(unlink(path_of(s, "a")), 0);
	assert_false(look(s));
	assert_false(look(s));
	assert_false(look(s));
	assert_true(look(s));
	for (int i = 0; i < 10; i++)
		assert_false(look(s));
	write_file(s, "a", "one");
	assert_once(s);
}

static void a_file_that_was_not_there_and_comes_is_a_change(void **state)
{
	struct scene *s = *state;

	add(s, "a", false);
	begin(s);
	assert_false(look(s));
	write_file(s, "a", "one");
	assert_once(s);
}

static void what_was_written_while_it_was_read_is_looked_at_again(void **state)
{
	struct scene *s = *state;

	write_file(s, "a", "one");
	add(s, "a", true);
	watch_begin(s->watch, s->files, s->count, clock_calendar_ms());
	assert_once(s);
}

static void what_went_between_reading_and_watching_is_a_change(void **state)
{
	struct scene *s = *state;

	add(s, "a", true);
	begin(s);
	assert_false(look(s));
	assert_false(look(s));
	assert_false(look(s));
	assert_true(look(s));
}

static void files_that_others_look_at_are_left_to_them(void **state)
{
	struct scene *s = *state;

	write_file(s, "a", "one");
	add(s, "a", true)->apart = true;
	begin(s);
	write_file(s, "a", "two, longer");
	assert_false(look(s));
	assert_false(look(s));
}

static void files_can_be_added(void **state)
{
	struct scene *s = *state;
	struct config_file more;

	write_file(s, "a", "one");
	write_file(s, "b", "one");
	add(s, "a", true);
	begin(s);
	more = *add(s, "b", true);
	watch_add(s->watch, s->files, s->count, clock_calendar_ms() + 60 * 1000);
	assert_false(look(s));
	write_file(s, "b", "two, longer");
	assert_once(s);
	/* And forgotten. */
	s->count = 1;
	begin(s);
	unlink(more.path);
	assert_false(look(s));
	assert_false(look(s));
	assert_false(look(s));
	assert_false(look(s));
}

static void devices_do_not_change(void **state)
{
	struct scene *s = *state;
	const struct config_file device = {.path = "/dev/null", .there = true};

	watch_begin(s->watch, &device, 1, clock_calendar_ms());
	for (int i = 0; i < 4; i++)
		assert_false(look(s));
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(a_change_is_told_once_and_when_it_is_over),
		scene_test(a_file_that_is_replaced_has_changed),
		scene_test(a_link_that_leads_elsewhere_is_a_change),
		scene_test(a_file_that_is_missing_for_a_moment_is_waited_for),
		scene_test(one_that_stays_away_is_told_once),
		scene_test(a_file_that_was_not_there_and_comes_is_a_change),
		scene_test(what_was_written_while_it_was_read_is_looked_at_again),
		scene_test(what_went_between_reading_and_watching_is_a_change),
		scene_test(files_that_others_look_at_are_left_to_them),
		scene_test(files_can_be_added),
		scene_test(devices_do_not_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
