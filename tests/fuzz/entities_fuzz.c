/*
 * The catalog's answers: what is taken from them is an entity of the type and title that was asked
 * for, as jansson reads the same bytes, and names are whole.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char title[] = "web";

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool is_said(const json_t *value, const char *wanted)
{
	const char *s = json_string_value(value);

	return s != NULL && text_equal_nocase(text_of(s), text_of(wanted));
}

/* How many items of jansson's tree are meant; -1: it reads no such document, as where a key stands
 * twice. */
static long count_in_tree(struct text body)
{
	json_t *tree = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *items = json_object_get(tree, "items");
	long count = tree == NULL ? -1 : 0;

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const json_t *metadata = json_object_get(item, "metadata");

		count += is_said(json_object_get(item, "kind"), "Resource") &&
			 is_said(json_object_get(json_object_get(item, "spec"), "type"),
				 "spectrocloud-cluster") &&
			 is_said(json_object_get(metadata, "title"), title);
	}
	json_decref(tree);
	return count;
}

static void check_array(struct text array)
{
	struct text value;
	struct error err;

	must(array.len == 0 ||
		     (json_check(array, &value, &err) && json_type_of(value) == JSON_TYPE_ARRAY),
	     "an array is one");
}

static void check_entity(const struct catalog_entity *e)
{
	must(text_starts(text_of(e->ref), "resource:"), "it has a reference");
	must(text_equal_nocase(text_of(e->title), text_of(title)), "the title is that one");
	must(e->uid == NULL || e->uid[0] != '\0', "a uid is no empty text");
	must(e->project == NULL || e->project[0] != '\0', "a project is no empty text");
	check_array(e->versions);
	check_array(e->profile_refs);
}

/* A cluster that uses something uses it as well as the profile whose versions these are. */
static void check_uses(struct arena *a, const struct catalog_entity *e)
{
	struct catalog_entity same = *e;
	struct catalog_uids uids;

	same.versions = e->profile_refs;
	same.uid = NULL;
	uids = catalog_profile_uids(a, &same);
	must(catalog_uses(e, &uids) == (uids.count > 0), "it uses what it says that it uses");
}

static void read_list(struct arena *a, struct text body)
{
	const struct catalog_filter filter = {CATALOG_CLUSTER, "p.io", title, false};
	struct catalog_list list = {.count = 0};
	struct catalog_page page = {.items = 0};
	const char *problem = NULL;
	long counted;

	if (!catalog_read_page(a, body, &filter, &list, &page, &problem)) {
		must(problem != NULL, "a problem is named");
		return;
	}
	must(list.count <= page.items, "no entity is made up");
	must(page.cursor == NULL || page.cursor[0] != '\0', "a cursor is no empty text");
	counted = count_in_tree(body);
	must(counted < 0 || (size_t)counted == list.count, "none is overlooked");
	for (size_t i = 0; i < list.count; i++) {
		check_entity(&list.items[i]);
		check_uses(a, &list.items[i]);
	}
	catalog_prefer_exact(&list, title);
	must(list.count > 0 || counted <= 0, "the exact ones are no fewer than one");
}

static void read_others(struct arena *a, struct text body)
{
	for (int type = 0; type < CATALOG_TYPES; type++) {
		const struct catalog_filter filter = {(enum catalog_type)type, "p.io", NULL, false};
		struct catalog_entity e = {.ref = "untouched"};
		const char *problem = NULL;

		if (!catalog_read_one(a, body, &filter, &e, &problem))
			must(problem != NULL && strcmp(e.ref, "untouched") == 0,
			     "what fails leaves things alone");
	}
}

static void read_reference(struct arena *a, struct text s)
{
	const char *full = NULL;
	const char *again = NULL;
	struct error err;

	if (!catalog_ref_read(a, arena_copy(a, s), &full, &err))
		return;
	must(catalog_ref_read(a, full, &again, &err) && strcmp(full, again) == 0,
	     "what is in full stays as it is");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text body = {(const char *)data, size};
	struct arena arena;

	arena_init(&arena);
	read_list(&arena, body);
	read_others(&arena, body);
	read_reference(&arena, body);
	arena_fini(&arena);
	return 0;
}
