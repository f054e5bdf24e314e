/* The OpenAPI document: whole, without a name twice, every row in it, every reference in place. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "face/face.h"
#include "palette/entity.h"
#include "json/json.h"

static int read_document(void **state)
{
	struct error err;
	struct buf out;
	json_t *document;

	buf_init(&out, 4 * 1024 * 1024);
	face_openapi(&out);
	assert_true(buf_complete(&out));
	if (!json_tree_read(buf_text(&out), &document, &err))
		fail_msg("%s", err.message);
	buf_fini(&out);
	*state = document;
	return 0;
}

static int release_document(void **state)
{
	json_decref(*state);
	return 0;
}

static const char *string_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void the_head(void **state)
{
	const json_t *document = *state;
	const json_t *servers = json_object_get(document, "servers");

	assert_string_equal(string_at(document, "openapi"), "3.1.0");
	assert_string_equal(string_at(json_object_get(document, "info"), "version"),
			    PROJECT_VERSION);
	assert_int_equal(json_array_size(servers), 2);
	assert_string_equal(string_at(json_array_get(servers, 0), "url"), "/api/spectrocloud");
}

/* The operation of a row: its path with {names}, its method in lower case. */
static const json_t *operation_of(const json_t *document, const struct op *op)
{
	struct text rest = text_slice(text_of(op->path), 1, SIZE_MAX);
	struct text segment;
	char path[512] = "";
	char method[16] = "";
	size_t len = 0;

	while (text_next(&rest, '/', &segment)) {
		bool param = text_starts(segment, ":");

		len += (size_t)snprintf(path + len, sizeof path - len, param ? "/{%.*s}" : "/%.*s",
					(int)segment.len - param, segment.ptr + param);
	}
	for (size_t i = 0; op->method[i] != '\0'; i++)
		method[i] = (char)tolower((unsigned char)op->method[i]);
	return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

static const json_t *parameter_of(const json_t *operation, const char *name)
{
	const json_t *parameter;
	size_t i;

	json_array_foreach(json_object_get(operation, "parameters"), i,
			   parameter) if (string_at(parameter, "name") != NULL &&
					  strcmp(string_at(parameter, "name"), name) ==
						  0) return parameter;
	return NULL;
}

static void check_params(const json_t *operation, const struct op *op)
{
	const json_t *content =
		json_object_get(json_object_get(operation, "requestBody"), "content");
	const json_t *schema =
		json_object_get(json_object_get(content, "application/json"), "schema");

	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++) {
		const json_t *found;

		if (p->in == IN_WHOLE_BODY) {
			assert_non_null(schema);
			continue;
		}
		if (p->in == IN_BODY) {
			assert_non_null(
				json_object_get(json_object_get(schema, "properties"), p->name));
			continue;
		}
		found = parameter_of(operation, p->name);
		assert_non_null(found);
		assert_string_equal(string_at(found, "in"), param_place(p->in));
		assert_int_equal(json_is_true(json_object_get(found, "required")), p->required);
		assert_non_null(string_at(json_object_get(found, "schema"), "type"));
	}
}

/* What an operation may answer instead is described as fully as what it usually answers. */
static void check_other_answer(const json_t *responses, const struct op *op)
{
	const json_t *content;
	const json_t *members;
	char status[8];

	if (op->also == NULL)
		return;
	snprintf(status, sizeof status, "%d", op->also->status);
	content = json_object_get(json_object_get(responses, status), "content");
	members = json_object_get(
		json_object_get(json_object_get(content, "application/json"), "schema"),
		"properties");
	for (const struct field *f = op->also->answer; f->name != NULL; f++)
		assert_non_null(json_object_get(members, f->name));
}

static void every_route_is_an_operation(void **state)
{
	const json_t *paths = json_object_get(*state, "paths");
	size_t operations = 0;
	size_t rows = 0;
	const char *path;
	json_t *item;

	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		const struct permission *permission = permission_of((*op)->permission);
		const json_t *operation;
		const json_t *responses;
		const char *name;

		if ((*op)->tool != NULL)
			continue; /* tools are described in lists of their own */
		rows++;
		operation = operation_of(*state, *op);
		responses = json_object_get(operation, "responses");
		name = string_at(operation, "x-backstage-permission");
		assert_non_null(operation);
		assert_string_equal(string_at(operation, "operationId"), (*op)->name);
		assert_int_equal(name == NULL, permission == NULL);
		if (permission != NULL)
			assert_string_equal(name, permission->name);
		/* Only what anybody may call is without security. */
		assert_int_equal(json_object_get(operation, "security") != NULL,
				 (*op)->permission == PERMIT_ANYONE);
		assert_non_null(
			json_object_get(responses, (*op)->success_status == 201 ? "201" : "200"));
		assert_non_null(json_object_get(responses, "default"));
		check_other_answer(responses, *op);
		check_params(operation, *op);
	}
	json_object_foreach((json_t *)(uintptr_t)paths, path, item) operations +=
		json_object_size(item);
	assert_int_equal(operations, rows);
}

/* "#/components/a/b" leads somewhere. */
static void check_reference(const json_t *document, const char *reference)
{
	struct text rest = text_of(reference);
	struct text part;
	const json_t *at = document;
	char name[100];

	assert_true(text_next(&rest, '/', &part));
	assert_true(text_is(part, "#"));
	while (text_next(&rest, '/', &part)) {
		snprintf(name, sizeof name, "%.*s", (int)part.len, part.ptr);
		at = json_object_get(at, name);
		assert_non_null(at);
	}
}

static void check_references(const json_t *document, const json_t *value)
{
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_array(value))
		json_array_foreach(value, i, item) check_references(document, item);
	if (!json_is_object(value))
		return;
	json_object_foreach((json_t *)(uintptr_t)value, name, item)
	{
		if (strcmp(name, "$ref") == 0)
			check_reference(document, json_string_value(item));
		check_references(document, item);
	}
}

static void every_reference_leads_somewhere(void **state)
{
	check_references(*state, *state);
}

static void the_page_for_people_names_every_route(void **state)
{
	struct buf page;

	(void)state;
	buf_init(&page, 4 * 1024 * 1024);
	face_operations_page(&page);
	assert_true(buf_complete(&page));
	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		char heading[200];

		if ((*op)->tool != NULL)
			continue;
		snprintf(heading, sizeof heading, "\n## %s\n\n`%s %s`", (*op)->name, (*op)->method,
			 (*op)->path);
		assert_non_null(strstr(page.ptr, heading));
	}
	assert_null(strstr(page.ptr, "(null)"));
	buf_fini(&page);
}

static void the_page_of_tools_names_every_tool(void **state)
{
	struct buf page;

	(void)state;
	buf_init(&page, 4 * 1024 * 1024);
	face_tools_page(&page);
	assert_true(buf_complete(&page));
	for (const struct op *const *op = op_all(); *op != NULL; op++) {
		const struct tool *tool = (*op)->tool;
		char line[200];

		if (tool == NULL)
			continue;
		snprintf(line, sizeof line, "\n| `%s` | `%s` | ", tool->toolset, tool->name);
		assert_non_null(strstr(page.ptr, line));
		snprintf(line, sizeof line, "\n## %s\n", tool->name);
		assert_non_null(strstr(page.ptr, line));
		assert_non_null(strstr(page.ptr, tool->description));
	}
	assert_null(strstr(page.ptr, "(null)"));
	buf_fini(&page);
}

/* Every field of every kind: in a line of the page, with a place, and in the schema of its kind. */
static void check_fields(const char *page, const json_t *schema, const char *prefix,
			 const struct entity_field *fields)
{
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		const json_t *property =
			json_object_get(json_object_get(schema, "properties"), f->name);
		const json_t *parts = json_object_get(property, "items");
		const bool is_leaf = f->fields == NULL;
		char name[512];
		char line[600];

		snprintf(name, sizeof name, "%s%s", prefix, f->name);
		snprintf(line, sizeof line, "\n| `%s` | ", name);
		if (strstr(page, line) == NULL)
			fail_msg("%s: no line", name);
		if (!json_is_object(property))
			fail_msg("%s: no property", name);
		if (is_leaf && f->target == NULL && f->goes == NULL)
			fail_msg("%s: goes nowhere", name);
		if (f->help == NULL || *f->help == '\0' || strchr(f->help, '|') != NULL)
			fail_msg("%s: no help, or one that breaks the table", name);
		if (is_leaf)
			continue;
		if (f->shorthand != NULL)
			parts = json_array_get(json_object_get(property, "oneOf"), 1);
		strcat(name, parts != NULL && f->shorthand == NULL ? "[]." : ".");
		check_fields(page, parts == NULL ? property : parts, name, f->fields);
	}
}

static void every_field_of_a_cluster_is_described(void **state)
{
	const json_t *schemas = json_object_get(json_object_get(*state, "components"), "schemas");
	struct buf page;

	buf_init(&page, 1024 * 1024);
	face_clusters_page(&page);
	assert_true(buf_complete(&page));
	assert_null(strstr(page.ptr, "(null)"));
	for (const struct entity_kind *kind = entity_kinds; kind->name != NULL; kind++) {
		const json_t *flat = json_array_get(
			json_object_get(json_object_get(schemas, "FlatCluster"), "oneOf"),
			(size_t)(kind - entity_kinds));
		const char *reference = string_at(flat, "$ref");
		const json_t *schema = json_object_get(schemas, strrchr(reference, '/') + 1);
		struct buf section;
		const char *start;
		const char *end;
		char heading[64];

		snprintf(heading, sizeof heading, "\n## %s\n", kind->name);
		start = strstr(page.ptr, heading);
		assert_non_null(start);
		end = strstr(start + 1, "\n## ");
		buf_init(&section, 1024 * 1024);
		buf_add(&section, text_slice(text_of(start), 0,
					     end == NULL ? SIZE_MAX : (size_t)(end - start)));
		check_fields(section.ptr, schema, "", kind->fields);
		buf_fini(&section);
	}
	buf_fini(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head),
		cmocka_unit_test(every_route_is_an_operation),
		cmocka_unit_test(every_reference_leads_somewhere),
		cmocka_unit_test(the_page_for_people_names_every_route),
		cmocka_unit_test(the_page_of_tools_names_every_tool),
		cmocka_unit_test(every_field_of_a_cluster_is_described),
	};

	return cmocka_run_group_tests(tests, read_document, release_document);
}
