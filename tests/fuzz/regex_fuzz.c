/*
 * Patterns and texts of others: a pattern up to the end of the line, then a text. The work is
 * bounded, the answer is the same a second time, and a pattern of letters alone is found where it
 * stands.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool is_plain(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!isalnum((unsigned char)t.ptr[i]))
			return false;
	return t.len > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};
	struct regex_work work = regex_work_begin();
	struct regex_work again = regex_work_begin();
	struct text pattern = TEXT("");
	enum regex_answer answer;

	if (!text_next(&text, '\n', &pattern) || text.ptr == NULL)
		text = TEXT("");
	answer = regex_search(pattern, text, &work);
	must(work.steps <= again.steps, "work is used up");
	must(regex_search(pattern, text, &again) == answer && again.steps == work.steps,
	     "a second time it is the same");
	if (is_plain(pattern) && answer != REGEX_UNKNOWN)
		must((answer == REGEX_FOUND) ==
			     (memmem(text.ptr, text.len, pattern.ptr, pattern.len) != NULL),
		     "letters are found where they stand");
	return 0;
}
