/* What is compressed comes back byte for byte, from nothing to some megabytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/attr.h"
#include "http/gzip.h"

/* False unless it is one member of gzip, to the end. out has room for one byte more than wanted. */
static bool inflate_all(struct text gzip, char *out, size_t room, size_t *len)
{
	z_stream z = {.next_in = (z_const Bytef *)gzip.ptr, .avail_in = (uInt)gzip.len};
	int status;

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)room;
	status = inflate(&z, Z_FINISH);
	*len = z.total_out;
	inflateEnd(&z);
	return status == Z_STREAM_END && z.avail_in == 0;
}

static void comes_back(const char *bytes, size_t len)
{
	struct text plain = {bytes, len};
	char *out = malloc(len + 1);
	struct buf again;
	struct buf gzip;
	size_t got;

	assert_non_null(out);
	gzip_compress(plain, &gzip);
	assert_true(buf_complete(&gzip));
	assert_true(inflate_all(buf_text(&gzip), out, len + 1, &got));
	assert_int_equal(got, len);
	assert_true(len == 0 || memcmp(out, bytes, len) == 0);
	/* An entity tag stands for the bytes: they must not depend on when they are made. */
	gzip_compress(plain, &again);
	assert_true(text_equal(buf_text(&gzip), buf_text(&again)));
	buf_fini(&again);
	buf_fini(&gzip);
	free(out);
}

static void bytes_come_back(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 1023, 1024, 16383, 16384, 16385, 65536, 3145728};
	size_t most = sizes[ARRAY_LEN(sizes) - 1];
	char *random = malloc(most);
	char *same = malloc(most);
	uint32_t x = 2463534242U;

	(void)state;
	assert_non_null(random);
	assert_non_null(same);
	memset(same, 'a', most);
	for (size_t i = 0; i < most; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		random[i] = (char)x;
	}
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		comes_back(same, sizes[i]);
		comes_back(random, sizes[i]);
	}
	free(random);
	free(same);
}

static void what_repeats_becomes_short(void **state)
{
	struct buf plain;
	struct buf gzip;

	(void)state;
	buf_init(&plain, 1024 * 1024);
	for (int i = 0; i < 1000; i++)
		buf_printf(&plain, "{\"metadata\":{\"name\":\"cluster-%d\"}},", i);
	gzip_compress(buf_text(&plain), &gzip);
	assert_true(gzip.len < plain.len / 4);
	buf_fini(&plain);
	buf_fini(&gzip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back),
		cmocka_unit_test(what_repeats_becomes_short),
	};

	return cmocka_run_group_tests_name("http/gzip", tests, NULL, NULL);
}
