/*
 * Lines of log, in both formats, with the input as the value of a field. What is logged is one line
 * without control characters; as JSON it is an object in which a value that is UTF-8 reads as what
 * it was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 20 * 1024 }; /* more than a line may have */

static int file = -1;
static int usual = -1;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* What comes on standard error meanwhile goes into the file. */
static void begin(void)
{
	if (file < 0) {
		file = memfd_create("log", MFD_CLOEXEC);
		usual = dup(STDERR_FILENO);
		must(file >= 0 && usual >= 0, "there are descriptors");
	}
	must(lseek(file, 0, SEEK_SET) == 0, "it begins anew");
	dup2(file, STDERR_FILENO);
}

static struct text end(void)
{
	static char line[LONGEST];
	off_t len = lseek(file, 0, SEEK_CUR); /* behind it stands what came earlier */

	dup2(usual, STDERR_FILENO);
	must(len > 0 && len < LONGEST, "something is logged");
	must(pread(file, line, (size_t)len, 0) == len, "and can be read");
	return (struct text){line, (size_t)len};
}

static void check_line(struct text line)
{
	must(text_ends(line, "\n"), "a line ends");
	for (size_t i = 0; i + 1 < line.len; i++)
		if ((unsigned char)line.ptr[i] < 0x20 || line.ptr[i] == 0x7F)
			must(false, "and holds no control characters");
	must(text_is_utf8(line), "it is UTF-8");
}

static void check_json(struct arena *a, struct text line, struct text value)
{
	struct text object;
	struct text found;
	struct text plain;
	struct error err;

	must(json_check(line, &object, &err) && json_type_of(object) == JSON_TYPE_OBJECT,
	     "it is an object");
	if (!json_member(object, "value", &found))
		return; /* fields that are too long are not told */
	if (text_is_utf8(value) && text_find(value, '\0') == SIZE_MAX)
		must(json_unescape(a, found, &plain) && text_equal(plain, value),
		     "the value is what it was");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text value = {(const char *)data, size};
	struct arena a = {0};
	struct text line;

	log_set_request("r-1");
	for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
		log_open(LOG_INFO, (enum log_format)format);
		begin();
		log_info("fuzz.line", F_TEXT("value", value), F_INT("n", size));
		line = end();
		check_line(line);
		if (format == LOG_JSON)
			check_json(&a, line, value);
	}
	log_set_request(NULL);
	arena_fini(&a);
	return 0;
}
