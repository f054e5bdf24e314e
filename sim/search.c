/* The filter language of Palette's cluster search: groups of conditions on named properties. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parts.h"

enum { MAX_SORTS = 4 };

static const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

bool search_string(const json_t *filter, const char *value)
{
	const json_t *case_member = json_object_get(filter, "ignoreCase");
	bool exact_case = case_member != NULL && json_is_false(case_member);
	const char *s;

	if ((s = json_string_value(json_object_get(filter, "eq"))) != NULL &&
	    (exact_case ? strcmp(value, s) : strcasecmp(value, s)) != 0)
		return false;
	if ((s = json_string_value(json_object_get(filter, "ne"))) != NULL &&
	    (exact_case ? strcmp(value, s) : strcasecmp(value, s)) == 0)
		return false;
	if ((s = json_string_value(json_object_get(filter, "contains"))) != NULL &&
	    (exact_case ? strstr(value, s) : strcasestr(value, s)) == NULL)
		return false;
	if ((s = json_string_value(json_object_get(filter, "beginsWith"))) != NULL &&
	    (exact_case ? strncmp(value, s, strlen(s)) : strncasecmp(value, s, strlen(s))) != 0)
		return false;
	return true;
}

/* ---- conditions ---- */

struct property {
	const char *name;
	const char *type;
};
static const struct property properties[] = {
	{"environment", "string"}, {"clusterName", "string"}, {"clusterState", "string"},
	{"healthState", "string"}, {"projectName", "string"}, {"projectUid", "string"},
	{"isDeleted", "bool"},     {"tags", "keyValue"},
};

static const struct property *find_property(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		if (strcmp(properties[i].name, name) == 0)
			return &properties[i];
	}
	return NULL;
}

static const char *string_property(const struct world *w, const struct cluster *c, const char *name)
{
	if (strcmp(name, "environment") == 0)
		return clouds[c->cloud].type;
	if (strcmp(name, "clusterName") == 0)
		return c->head.name;
	if (strcmp(name, "clusterState") == 0)
		return c->state;
	if (strcmp(name, "healthState") == 0)
		return c->health;
	if (c->head.project < 0)
		return "";
	if (strcmp(name, "projectName") == 0)
		return w->projects[c->head.project].head.name;
	return w->projects[c->head.project].head.uid;
}

static bool compare_string(const char *value, const char *wanted, const char *operator,
			   bool ignore_case)
{
	size_t len = strlen(wanted);

	if (strcmp(operator, "contains") == 0)
		return (ignore_case ? strcasestr(value, wanted) : strstr(value, wanted)) != NULL;
	if (strcmp(operator, "beginsWith") == 0)
		return (ignore_case ? strncasecmp(value, wanted, len)
				    : strncmp(value, wanted, len)) == 0;
	return (ignore_case ? strcasecmp(value, wanted) : strcmp(value, wanted)) == 0;
}

/* A value against match.values[], by match.conjunction; no values match everything. */
static bool match_string(const json_t *condition, const char *value)
{
	const json_t *match = json_object_get(condition, "match");
	const json_t *values = json_object_get(match, "values");
	bool all = strcmp(string_of(match, "conjunction"), "and") == 0;
	bool ignore_case = json_is_true(json_object_get(condition, "ignoreCase"));
	bool negation = json_is_true(json_object_get(condition, "negation"));
	bool result = json_array_size(values) == 0 || all;
	size_t i;
	json_t *wanted;

	json_array_foreach(values, i, wanted)
	{
		const char *s = json_is_string(wanted) ? json_string_value(wanted) : "";
		bool hit = compare_string(value, s, string_of(condition, "operator"), ignore_case);

		result = all ? result && hit : result || hit;
	}
	return result != negation;
}

static bool match_tags(const json_t *condition, const struct cluster *c)
{
	const char *value =
		json_string_value(json_object_get(c->labels, string_of(condition, "key")));

	return match_string(condition, value == NULL ? "" : value);
}

static bool item_matches(const struct world *w, const struct cluster *c, const json_t *item)
{
	const struct property *p = find_property(string_of(item, "property"));
	const json_t *condition = json_object_get(json_object_get(item, "condition"), p->type);

	if (strcmp(p->type, "bool") == 0)
		return c->deleted == json_is_true(json_object_get(condition, "value"));
	if (strcmp(p->type, "keyValue") == 0)
		return match_tags(condition, c);
	return match_string(condition, string_property(w, c, p->name));
}

static bool group_matches(const struct world *w, const struct cluster *c, const json_t *group)
{
	const json_t *items = json_object_get(group, "filters");
	bool any = strcmp(string_of(group, "conjunction"), "or") == 0;
	bool result = json_array_size(items) == 0 || !any;
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
	{
		bool hit = item_matches(w, c, item);

		result = any ? result || hit : result && hit;
	}
	return result;
}

static bool filter_matches(const struct world *w, const struct cluster *c, const json_t *filter)
{
	const json_t *groups = json_object_get(filter, "filterGroups");
	bool any = strcmp(string_of(filter, "conjunction"), "or") == 0;
	bool result = json_array_size(groups) == 0 || !any;
	size_t i;
	json_t *group;

	json_array_foreach(groups, i, group)
	{
		bool hit = group_matches(w, c, group);

		result = any ? result || hit : result && hit;
	}
	return result;
}

/* ---- checking before use ---- */

/* "" is left out, which means the default. */
static bool one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcmp(s, *words) == 0)
			return true;
	}
	return false;
}

static const char *const conjunctions[] = {"", "and", "or", NULL};

static bool check_item(const json_t *item, struct reply *a)
{
	static const char *const operators[] = {"", "eq", "contains", "beginsWith", NULL};
	const char *name = string_of(item, "property");
	const struct property *p = find_property(name);
	const json_t *condition;

	if (p == NULL) {
		reply_error(a, 400, "InvalidFilter", "filter property \"%.60s\" is not known",
			    name);
		return false;
	}
	condition = json_object_get(json_object_get(item, "condition"), p->type);
	if (strcmp(string_of(item, "type"), p->type) != 0 || !json_is_object(condition)) {
		reply_error(a, 400, "InvalidFilter", "filter on %s needs type and condition %s",
			    p->name, p->type);
		return false;
	}
	if (!one_of(string_of(condition, "operator"), operators) ||
	    !one_of(string_of(json_object_get(condition, "match"), "conjunction"), conjunctions)) {
		reply_router_error(a, 422, 606, "filter on %s: no such operator", p->name);
		return false;
	}
	return true;
}

static bool is_absent_or(const json_t *value, json_type type)
{
	return value == NULL || json_is_null(value) || json_typeof(value) == type;
}

static bool check_filter(const json_t *filter, struct reply *a)
{
	const json_t *groups = json_object_get(filter, "filterGroups");
	size_t i, k;
	json_t *group, *item;

	if (!one_of(string_of(filter, "conjunction"), conjunctions)) {
		reply_router_error(a, 422, 606,
				   "filter.conjunction in body should be one of [and or]");
		return false;
	}
	if (!is_absent_or(filter, JSON_OBJECT) || !is_absent_or(groups, JSON_ARRAY)) {
		reply_router_error(a, 422, 601, "filter in body has the wrong type");
		return false;
	}
	json_array_foreach(groups, i, group)
	{
		const json_t *items = json_object_get(group, "filters");

		if (!json_is_object(group) || !is_absent_or(items, JSON_ARRAY)) {
			reply_router_error(a, 422, 601,
					   "filter.filterGroups.%zu in body has the wrong type", i);
			return false;
		}
		json_array_foreach(items, k, item)
		{
			if (!check_item(item, a))
				return false;
		}
	}
	return true;
}

/* ---- sorting ---- */

struct sort {
	const char *fields[MAX_SORTS];
	bool descending[MAX_SORTS];
	size_t count;
};

static bool read_sort(const json_t *list, struct sort *sort, struct reply *a)
{
	static const char *const fields[] = {
		"environment", "clusterName",       "clusterState",
		"healthState", "creationTimestamp", "lastModifiedTimestamp",
		NULL};
	static const char *const orders[] = {"", "asc", "desc", NULL};
	size_t i;
	json_t *row;

	*sort = (struct sort){.count = 0};
	if (!is_absent_or(list, JSON_ARRAY)) {
		reply_router_error(a, 422, 601, "sort in body must be of type array");
		return false;
	}
	json_array_foreach(list, i, row)
	{
		const char *field = string_of(row, "field");

		if (!one_of(field, fields) || !one_of(string_of(row, "order"), orders)) {
			reply_router_error(a, 422, 606,
					   "sort.field in body should be one of [environment "
					   "clusterName clusterState healthState "
					   "creationTimestamp lastModifiedTimestamp]");
			return false;
		}
		if (sort->count == MAX_SORTS)
			break;
		sort->fields[sort->count] = field;
		sort->descending[sort->count++] = strcmp(string_of(row, "order"), "desc") == 0;
	}
	return true;
}

static int compare_numbers(int64_t x, int64_t y)
{
	return x < y ? -1 : x > y;
}

static int compare_field(const char *field, const struct cluster *x, const struct cluster *y)
{
	if (strcmp(field, "creationTimestamp") == 0)
		return compare_numbers(x->head.created_ms, y->head.created_ms);
	if (strcmp(field, "lastModifiedTimestamp") == 0)
		return compare_numbers(x->head.modified_ms, y->head.modified_ms);
	return strcmp(string_property(NULL, x, field), string_property(NULL, y, field));
}

/* Equal ones keep a fixed order, so that pages do not overlap. */
static int compare_clusters(const void *a, const void *b, void *cls)
{
	const struct cluster *x = *(const struct cluster *const *)a;
	const struct cluster *y = *(const struct cluster *const *)b;
	const struct sort *sort = cls;

	for (size_t i = 0; i < sort->count; i++) {
		int order = compare_field(sort->fields[i], x, y);

		if (order != 0)
			return sort->descending[i] ? -order : order;
	}
	return compare_numbers(x->head.index, y->head.index);
}

bool search_clusters(struct request *r, struct list *found, struct reply *a)
{
	struct world *w = r->sim->world;
	const json_t *filter = json_object_get(r->json, "filter");
	struct sort sort;

	if (!check_filter(filter, a) || !read_sort(json_object_get(r->json, "sort"), &sort, a))
		return false;
	if (r->project == SCOPE_TENANT) {
		for (int i = 0; r->credential->admin && i < w->cluster_count; i++) {
			if (filter_matches(w, w->clusters[i], filter))
				list_add(found, w->clusters[i]);
		}
	} else {
		const struct project *p = &w->projects[r->project];

		for (int i = 0; i < p->cluster_count; i++) {
			if (filter_matches(w, w->clusters[p->clusters[i]], filter))
				list_add(found, w->clusters[p->clusters[i]]);
		}
	}
	if (sort.count > 0 && found->count > 1)
		qsort_r((void *)found->items, found->count, sizeof(*found->items), compare_clusters,
			&sort);
	return true;
}
