/* Small files: whole, bounded, and what is none. */
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

#include "base/file.h"

static char path[] = "/tmp/file-test-XXXXXX";

static int begin(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "some bytes\0more", 15), 15);
	close(fd);
	return 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static bool read_at_most(const char *name, size_t max_bytes, struct buf *out, struct error *err)
{
	buf_init(out, max_bytes);
	return file_read(name, out, err);
}

static void a_file_is_read_whole(void **state)
{
	struct error err;
	struct buf out;

	(void)state;
	assert_true(read_at_most(path, 100, &out, &err));
	assert_int_equal(out.len, 15);
	assert_memory_equal(out.ptr, "some bytes\0more", 15);
	buf_fini(&out);
	assert_true(read_at_most("/dev/null", 100, &out, &err));
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void what_is_too_large_or_no_file(void **state)
{
	char pipe_name[64];
	struct error err;
	struct buf out;

	(void)state;
	assert_false(read_at_most(path, 14, &out, &err));
	assert_non_null(strstr(err.message, "larger than"));
	assert_null(strstr(err.message, path));
	buf_fini(&out);
	assert_false(read_at_most("/nowhere/at/all", 100, &out, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_false(read_at_most("/tmp", 100, &out, &err));
	assert_false(read_at_most("/dev/zero", 1000, &out, &err));
	buf_fini(&out);
	/* Nobody writes into it: it must not wait. */
	snprintf(pipe_name, sizeof pipe_name, "%s.pipe", path);
	assert_int_equal(mkfifo(pipe_name, 0600), 0);
	assert_false(read_at_most(pipe_name, 100, &out, &err));
	assert_string_equal(err.message, "not a file");
	unlink(pipe_name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(what_is_too_large_or_no_file),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
