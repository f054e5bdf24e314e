/*
 * What it costs to make Palette's entity of a flat body, and to look through one of Palette's own,
 * beside reading the same bytes with jansson: microseconds each, one thread, and their ratio.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "palette/entity.h"
#include "unit/palette/entity_examples.h"
#include "json/check.h"
#include "json/json.h"

enum { ROUNDS = 20000 };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* The examples have ' for ". */
static struct text quoted(struct arena *a, const char *json)
{
	char *copy = arena_copy(a, text_of(json));

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return text_of(copy);
}

static void translate(struct arena *a, const struct entity_kind *kind, struct text body)
{
	static const char declared[] =
		"{\"variables\":[{\"name\":\"k8s_replicas\",\"format\":\"number\"}]}";
	struct entity_faults faults;
	struct entity_draft draft;
	struct text entity;

	entity_faults_init(&faults, a, "");
	entity_check_keys(&faults, body);
	entity_draft(a, kind, body, &faults, &draft);
	for (size_t i = 0; i < draft.profile_count; i++)
		entity_declare(&draft, i, text_of(declared));
	must(entity_finish(&draft, &faults, &entity), "a good body has faults");
}

static void look_through(struct arena *a, const struct entity_kind *kind, struct text body)
{
	struct entity_repairs repairs;
	struct entity_faults faults;
	struct text entity;

	entity_faults_init(&faults, a, "");
	entity_check_keys(&faults, body);
	must(entity_repair(a, kind, body, false, &faults, &repairs, &entity),
	     "a good entity has faults");
}

static void read_tree(struct arena *a, const struct entity_kind *kind, struct text body)
{
	struct error err;
	json_t *tree;

	(void)a;
	(void)kind;
	must(json_tree_read(body, &tree, &err), "jansson does not read it");
	json_decref(tree);
}

static double measure(void (*work)(struct arena *a, const struct entity_kind *kind,
				   struct text body),
		      const struct entity_kind *kind, struct text body)
{
	int64_t began_us = clock_now_us();
	struct arena arena;

	for (int i = 0; i < ROUNDS; i++) {
		arena_init(&arena);
		work(&arena, kind, body);
		arena_fini(&arena);
	}
	return (double)(clock_now_us() - began_us) / ROUNDS;
}

static void compare(const char *what,
		    void (*work)(struct arena *a, const struct entity_kind *kind, struct text body),
		    const struct entity_kind *kind, struct text body)
{
	double tree_us = measure(read_tree, kind, body);
	double us = measure(work, kind, body);

	printf("%-8s %-24s %5zu bytes %8.2f us   jansson reads it in %6.2f us   %5.2f\n",
	       kind->name, what, body.len, us, tree_us, us / tree_us);
}

int main(void)
{
	static const struct {
		const char *kind;
		const char *flat;
		const char *entity;
	} examples[] = {
		{"eks", flat_eks, entity_eks},
		{"vsphere", flat_vsphere, entity_vsphere},
	};
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		const struct entity_kind *kind = entity_kind_named(text_of(examples[i].kind));

		compare("flat body translated", translate, kind, quoted(&arena, examples[i].flat));
		compare("entity looked through", look_through, kind,
			quoted(&arena, examples[i].entity));
	}
	arena_fini(&arena);
	return 0;
}
