/*
 * Heads of requests: what the guard lets through is written exactly as RFC 9112 has it, by the
 * plainest reading of the bytes there is, so that nobody on the way can have read it differently.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* What is still to be read of the bytes as they came. */
static struct text left;

static void expect(const char *s)
{
	must(text_starts(left, s), "the bytes are the expected ones");
	left = text_slice(left, strlen(s), SIZE_MAX);
}

static bool at_line_end(void)
{
	return text_starts(left, "\r\n");
}

/* A NUL beside a line's end is not told apart from it (http/server.h). */
static bool has_blurred_end(struct text bytes)
{
	for (size_t i = 0; i + 1 < bytes.len; i++)
		if ((bytes.ptr[i] == '\0' && memchr("\r\n", bytes.ptr[i + 1], 2) != NULL) ||
		    (bytes.ptr[i + 1] == '\0' && memchr("\r\n", bytes.ptr[i], 2) != NULL))
			return true;
	return false;
}

static void expect_line_end(void)
{
	must(at_line_end(), "a line ends");
	left = text_slice(left, 2, SIZE_MAX);
}

static struct text take_until(const char *stops)
{
	struct text taken = {left.ptr, 0};

	while (taken.len < left.len && memchr(stops, left.ptr[taken.len], strlen(stops)) == NULL)
		taken.len++;
	left = text_slice(left, taken.len, SIZE_MAX);
	return taken;
}

static struct text take_value(void)
{
	struct text taken = {left.ptr, 0};

	while (left.len > 0 && !at_line_end() && *left.ptr != '\r' && *left.ptr != '\n') {
		left = text_slice(left, 1, SIZE_MAX);
		taken.len++;
	}
	return taken;
}

static void skip_blanks(void)
{
	while (text_starts(left, " ") || text_starts(left, "\t"))
		left = text_slice(left, 1, SIZE_MAX);
}

static bool is_visible(struct text t, bool blanks)
{
	for (size_t i = 0; i < t.len; i++)
		if (((unsigned char)t.ptr[i] <= ' ' && !blanks) || t.ptr[i] == 0x7F ||
		    ((unsigned char)t.ptr[i] < ' ' && t.ptr[i] != '\t'))
			return false;
	return true;
}

/* Each of these at most once. */
struct counts {
	int hosts, lengths, codings;
};

static void count(struct counts *counts, struct text name, struct text value)
{
	int64_t number;

	if (text_equal_nocase(name, TEXT("Host")))
		counts->hosts++;
	if (text_equal_nocase(name, TEXT("Transfer-Encoding"))) {
		counts->codings++;
		must(text_equal_nocase(value, TEXT("chunked")), "no other coding");
	}
	if (!text_equal_nocase(name, TEXT("Content-Length")))
		return;
	counts->lengths++;
	must(value.len > 0 && value.ptr[0] >= '0' && value.ptr[0] <= '9' &&
		     text_to_int(value, &number) && number <= 1000,
	     "a length is a number within the limit");
}

static void read_strictly(struct text bytes)
{
	struct counts counts = {0};
	bool is_1_1;

	left = bytes;
	must(take_until(" \r\n").len >= 3, "there is a method");
	expect(" ");
	must(is_visible(take_until(" \r\n"), true), "a target is one line");
	expect(" HTTP/1.");
	is_1_1 = text_starts(left, "1");
	expect(is_1_1 ? "1" : "0");
	expect_line_end();
	while (!at_line_end()) {
		struct text name = take_until(":\r\n \t");
		struct text value;

		must(name.len > 0 && is_visible(name, false), "a header has a name");
		expect(":");
		skip_blanks();
		value = take_value();
		must(is_visible(value, true), "a value is one line");
		count(&counts, name, text_trim(value));
		expect_line_end();
	}
	expect_line_end();
	must(left.len == 0, "and there it ends");
	must(counts.hosts == 1 || (!is_1_1 && counts.hosts == 0), "one host");
	must(counts.lengths + counts.codings <= 1, "one way to say how long it is");
}

static void check_let_through(struct text bytes)
{
	if (!has_blurred_end(bytes))
		read_strictly(bytes);
}

static void check_target(struct arena *a, struct text raw)
{
	struct guard_target any = guard_any_target(raw);
	struct guard_target target;
	struct error err;

	must(any.path.len > 0 && is_visible(any.path, false), "any target can be shown");
	if (!guard_split_target(a, raw, &target, &err))
		return;
	must(text_starts(target.path, "/") && text_find(target.path, '?') == SIZE_MAX,
	     "a path is one");
	must(is_visible(target.target, false), "of what can be seen");
	must(target.target.len <= raw.len + 1, "and is part of what came");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct guard_limits limits = {2000, 1000};
	struct text all = {(const char *)data, size};
	struct arena a = {0};
	static struct head head;
	struct error err = {.message = ""};

	check_target(&a, text_slice(all, 0, text_find(all, '\n')));
	if (head_read(&a, arena_copy(&a, all), size, &head)) {
		struct guard_target target;

		if (guard_head(&head.guard, &limits, &err) &&
		    guard_split_target(&a, head.guard.target, &target, &err))
			check_let_through(text_slice(all, 0, head.guard.size));
		else
			must(err.kind == ERROR_INPUT || err.kind == ERROR_METHOD ||
				     err.kind == ERROR_TOO_LARGE,
			     "a refusal is of its kind");
	}
	arena_fini(&a);
	return 0;
}
