/* Sessions in an SQLite file. */
#include "unit/store/store_suite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

static void world_config(struct world *w)
{
	char path[128];

	snprintf(path, sizeof path, "%s/made/spectrocloud.sqlite", w->folder);
	w->config.store.type = CONFIG_STORE_SQLITE;
	w->config.store.file = arena_copy(&w->arena, text_of(path));
}

static void world_end(struct world *w)
{
	(void)w;
}

static void it_says_what_it_is(void **state)
{
	struct world *w = *state;

	assert_string_equal(store_kind(w->store), "sqlite");
	assert_false(store_tells_of_others(w->store));
}

static void file_of(const struct world *w, const char *ending, char path[160])
{
	snprintf(path, 160, "%s%s", w->config.store.file, ending);
}

static void the_file_is_its_owners_alone(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	struct world *w = *state;
	struct stat st;
	char path[160];

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		file_of(w, endings[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	store_close(w->store);
	assert_int_equal(chmod(w->config.store.file, 0644), 0);
	w->store = open_store(w);
	assert_int_equal(stat(w->config.store.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static bool holds(const char *path, const char *what)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	char *bytes;
	bool found;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, file), st.st_size);
	found = memmem(bytes, (size_t)st.st_size, what, strlen(what)) != NULL;
	free(bytes);
	fclose(file);
	return found;
}

static void no_token_is_there_in_clear(void **state)
{
	struct world *w = *state;
	char path[160];

	struct store_once deed = a_deed("one", "a-very-visible-note", in_ms(MINUTE_MS));
	struct store_once found;

	put(w, "a@x.test", "prod", "a-very-visible-token", in_ms(MINUTE_MS));
	assert_true(begin_in(w, w->store, &deed, &found));
	file_of(w, "-wal", path);
	assert_false(holds(path, "a-very-visible-note"));
	assert_true(holds(path, "a@x.test"));
	assert_false(holds(path, "a-very-visible-token"));
	store_close(w->store);
	w->store = NULL;
	assert_true(holds(w->config.store.file, "a@x.test"));
	assert_false(holds(w->config.store.file, "a-very-visible-token"));
}

static void fails_to_open(struct world *w, const char *why)
{
	struct store *store = NULL;
	struct error err = {.message = ""};

	assert_false(store_open(&w->config, &store, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_null(store);
	if (strstr(err.message, why) == NULL)
		fail_msg("%s", err.message);
}

static void what_is_no_database_is_refused(void **state)
{
	struct world *w = *state;
	struct stat st;
	FILE *file;

	store_close(w->store);
	w->store = NULL;
	file = fopen(w->config.store.file, "wb");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no database, ", file);
	fclose(file);
	assert_int_equal(chmod(w->config.store.file, 0644), 0);
	fails_to_open(w, "not a database");
	assert_int_equal(stat(w->config.store.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644); /* it is somebody else's */
	w->config.store.file = w->folder;
	fails_to_open(w, w->folder);
	w->config.store.file = "/nowhere/at/all.sqlite";
	fails_to_open(w, "/nowhere/at/all.sqlite: ");
}

/* A row whose token is broken is none; others go on. Its bytes are found in the file by hand. */
static void a_broken_row_counts_as_none(void **state)
{
	struct world *w = *state;
	struct stat st;
	char *bytes;
	char *at;
	int fd;

	put(w, "broken@x.test", "prod", "t", in_ms(MINUTE_MS));
	put(w, "whole@x.test", "prod", "t", in_ms(MINUTE_MS));
	store_close(w->store);
	fd = open(w->config.store.file, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	at = memmem(bytes, (size_t)st.st_size, "broken@x.testprod", 17);
	assert_non_null(at);
	assert_int_equal(pwrite(fd, "\xff\xff", 2, at - bytes + 17 + 20), 2);
	close(fd);
	free(bytes);
	w->store = open_store(w);
	assert_null(get(w, "broken@x.test", "prod"));
	assert_string_equal(get(w, "whole@x.test", "prod"), "t");
}

/* A row that is copied to somebody else's place opens nothing: here a file with another address
 * written over the old one, of the same length and place in the order. */
static void a_row_that_is_moved_opens_nothing(void **state)
{
	struct world *w = *state;
	struct stat st;
	char *bytes;
	char *at;
	int fd;

	put(w, "victim@x.test", "prod", "t", in_ms(MINUTE_MS));
	store_close(w->store);
	fd = open(w->config.store.file, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	at = memmem(bytes, (size_t)st.st_size, "victim@x.test", 13);
	assert_non_null(at);
	assert_int_equal(pwrite(fd, "mallet", 6, at - bytes), 6);
	close(fd);
	free(bytes);
	w->store = open_store(w);
	assert_int_equal(count(w), 1);
	assert_null(get(w, "mallet@x.test", "prod"));
}

/* What a file of the version before lacks is made; what it has stays. */
static void an_older_file_is_brought_up_to_date(void **state)
{
	struct world *w = *state;
	struct store_once deed = a_deed("one", "note", in_ms(MINUTE_MS));
	struct store_once found;
	sqlite3 *db = NULL;

	put(w, "a@x", "prod", "kept", in_ms(MINUTE_MS));
	store_close(w->store);
	assert_int_equal(sqlite3_open(w->config.store.file, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "DROP TABLE once; PRAGMA user_version = 1", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	w->store = open_store(w);
	assert_string_equal(get(w, "a@x", "prod"), "kept");
	assert_true(begin_in(w, w->store, &deed, &found));
	reopen(w);
	assert_int_equal(look_in(w, w->store, "one").stage, STORE_BEGUN);
}

static void a_look_makes_nothing(void **state)
{
	struct world *w = *state;
	struct config other = w->config;
	struct store_survey found;
	struct error err;
	char path[160];
	FILE *file;

	file_of(w, "-other", path);
	other.store.file = path;
	assert_true(store_survey(&other, soon(), &found, &err));
	assert_true(found.missing);
	assert_int_equal(access(path, F_OK), -1);
	file = fopen(path, "wb");
	assert_non_null(file);
	fclose(file);
	assert_true(store_survey(&other, soon(), &found, &err));
	assert_true(found.missing); /* empty: nothing was made in it */
	file = fopen(path, "wb");
	assert_non_null(file);
	for (int i = 0; i < 100; i++)
		fputs("this is text, and no database\n", file);
	fclose(file);
	assert_false(store_survey(&other, soon(), &found, &err));
	assert_non_null(strstr(err.message, "not a database"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TESTS,
		STORE_TESTS_OF_KEPT,
		store_test(it_says_what_it_is),
		store_test(an_older_file_is_brought_up_to_date),
		store_test(the_file_is_its_owners_alone),
		store_test(a_look_makes_nothing),
		store_test(no_token_is_there_in_clear),
		store_test(what_is_no_database_is_refused),
		store_test(a_broken_row_counts_as_none),
		store_test(a_row_that_is_moved_opens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
