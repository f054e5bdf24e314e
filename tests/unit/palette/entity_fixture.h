/* What the tests of entities share: bodies written with ' for ", and what became of one. */
#ifndef ENTITY_FIXTURE_H
#define ENTITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "palette/entity.h"
#include "json/json.h"

static struct arena arena;

static inline int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* JSON written with ' for ". */
static inline struct text quoted(const char *json)
{
	char *copy = arena_copy(&arena, text_of(json));

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return text_of(copy);
}

static inline json_t *tree_of(struct text json)
{
	struct error err;
	json_t *tree;

	if (!json_tree_read(json, &tree, &err))
		fail_msg("%s: %s", err.message, json.ptr);
	return tree;
}

static inline struct text text_of_tree(const json_t *tree)
{
	struct text out;
	struct buf b;

	buf_init(&b, 1024 * 1024);
	json_tree_write(tree, &b);
	out = arena_copy_text(&arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

static inline void assert_same_json(struct text got, const char *wanted)
{
	json_t *a = tree_of(got);
	json_t *b = tree_of(quoted(wanted));

	if (!json_equal(a, b))
		fail_msg("got    %s\nwanted %s", text_of_tree(a).ptr, text_of_tree(b).ptr);
	json_decref(a);
	json_decref(b);
}

static inline void assert_text(struct text got, struct text wanted)
{
	if (!text_equal(got, wanted))
		fail_msg("got    %.*s\nwanted %.*s", (int)got.len, got.ptr, (int)wanted.len,
			 wanted.ptr);
}

/* What became of a body. */
struct outcome {
	const struct entity_kind *kind;
	struct entity_faults faults;
	struct entity_repairs repairs;
	struct text entity;
	struct error err;
	bool ok;
};

static inline struct text declared(size_t profile)
{
	static const char *const answers[] = {
		"{'variables':[{'name':'k8s_replicas','required':true,'defaultValue':'3'},{'name':'"
		"size'},{'name':'on'"
		"}"
		",{'name':'both'},{'displayName':'no name'}]}",
		"{'variables':[{'name':'both'},{'name':'both'}]}",
	};

	return profile < ARRAY_LEN(answers) ? quoted(answers[profile])
					    : quoted("{'variables':null}");
}

static inline void go_flat(struct outcome *o, struct text body)
{
	struct entity_draft draft;

	entity_draft(&arena, o->kind, body, &o->faults, &draft);
	if (o->faults.count == 0) {
		for (size_t i = 0; i < draft.profile_count; i++)
			entity_declare(&draft, i, declared(i));
		o->ok = entity_finish(&draft, &o->faults, &o->entity);
	}
}

static inline struct outcome go(struct text document)
{
	struct outcome o = {.kind = NULL};
	enum entity_form form;
	struct text body;

	if (!json_check(document, &body, &o.err))
		fail_msg("%s in %s", o.err.message, document.ptr);
	entity_faults_init(&o.faults, &arena, "");
	entity_check_keys(&o.faults, body);
	if (!entity_faults_none(&o.faults, &o.err) ||
	    !entity_form(&arena, body, "", &form, &o.kind, &o.err))
		return o;
	if (form == ENTITY_FLAT)
		go_flat(&o, body);
	else
		o.ok = entity_repair(&arena, o.kind, body, false, &o.faults, &o.repairs, &o.entity);
	assert_int_equal(o.ok, o.faults.count == 0);
	o.ok = entity_faults_none(&o.faults, &o.err);
	return o;
}

static inline struct text go_well(struct text document)
{
	struct outcome o = go(document);

	if (!o.ok)
		fail_msg("%s: %s", o.err.message, document.ptr);
	return o.entity;
}

/* The pointers of the faults in their order, with spaces between. */
static inline struct text pointers_of(const struct entity_faults *faults)
{
	const char *list = "";

	for (size_t i = 0; i < faults->count; i++)
		list = arena_printf(&arena, "%s%s%s", list, i == 0 ? "" : " ",
				    faults->items[i].pointer);
	return text_of(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
