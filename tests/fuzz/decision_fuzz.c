/* Answers of the permission backend: allowed only by an answer that says so to exactly our
 * question. Checked against jansson by the plainest reading there is. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool says(const char *text, size_t size, const char *result)
{
	json_t *tree = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	json_t *items = json_object_get(tree, "items");
	json_t *item = json_array_get(items, 0);
	const char *id = json_string_value(json_object_get(item, "id"));
	const char *given = json_string_value(json_object_get(item, "result"));
	bool yes = json_array_size(items) == 1 && id != NULL && strcmp(id, "q") == 0 &&
		   given != NULL && strcmp(given, result) == 0;

	json_decref(tree);
	return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	enum decision decision = DECISION_DENY;
	const char *problem = NULL;
	bool clear = decision_read((struct text){text, size}, "q", &decision, &problem);

	must(clear == (problem == NULL), "a problem is named where there is one");
	if (clear)
		must(says(text, size, decision == DECISION_ALLOW ? "ALLOW" : "DENY"),
		     "it says what is taken from it");
	else
		must(decision == DECISION_DENY, "what is not clear allows nothing");
	return 0;
}
