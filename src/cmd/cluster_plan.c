/* cluster create --dry-run on a terminal: what would be created, in a few lines. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cmd/cluster.h"
#include "cmd/grid.h"
#include "json/json.h"

enum { MOST_POOLS = 200, HOURS = 24 * 30, LONGEST_NUMBER = 64 };

struct drawing {
	struct buf *out;
	struct arena *arena;
	struct text entity;
	size_t width;
};

/* ---- words ---- */

static void add_row(struct drawing *d, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		buf_printf(d->out, "  %-10s %s\n", name, visible_copy(d->arena, text_of(value)));
}

static const char *entity_string(const struct drawing *d, const char *pointer)
{
	return json_string_at(d->arena, d->entity, pointer, NULL);
}

/* ---- pools ---- */

/* A number as Palette writes it; "": there is none. */
static const char *number_at(struct arena *a, struct text object, const char *pointer)
{
	struct text value;

	if (!json_at(object, pointer, &value) || json_type_of(value) != JSON_TYPE_NUMBER)
		return "";
	return arena_copy(a, text_trim(value));
}

/* "3", or "2 to 5" where Palette scales it. */
static const char *count_of(struct arena *a, struct text pool)
{
	const char *least = number_at(a, pool, "/poolConfig/minSize");
	const char *most = number_at(a, pool, "/poolConfig/maxSize");
	const char *size = number_at(a, pool, "/poolConfig/size");

	if (*least != '\0' && *most != '\0')
		return arena_printf(a, "%s to %s", least, most);
	return *size == '\0' ? "1" : size;
}

/* A name, or how large the machine is. */
static const char *machine_of(struct arena *a, struct text pool)
{
	static const struct {
		const char *cpus, *memory, *disk, *disk_unit;
	} sizes[] = {
		{"/numCPUs", "/memoryMiB", "/diskGiB", "GiB disk"},
		{"/minCPU", "/minMemInMiB", "/minStorageGiB", "GiB storage"},
	};
	struct text type;

	if (!json_at(pool, "/cloudConfig/instanceType", &type))
		return "-";
	if (json_type_of(type) == JSON_TYPE_STRING)
		return visible_copy(
			a, text_of(json_string_at(a, pool, "/cloudConfig/instanceType", "-")));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const char *cpus = number_at(a, type, sizes[i].cpus);

		if (*cpus != '\0')
			return arena_printf(a, "%s CPUs, %s MiB, %s %s", cpus,
					    number_at(a, type, sizes[i].memory),
					    number_at(a, type, sizes[i].disk), sizes[i].disk_unit);
	}
	return "-";
}

static const char *role_of(struct text pool)
{
	struct text value;
	bool is_control = false;

	if (json_at(pool, "/poolConfig/isControlPlane", &value))
		(void)json_bool(value, &is_control);
	return is_control ? "control plane" : "worker";
}

static void add_pools(struct drawing *d)
{
	static const char *const headings[] = {"pool", "role", "count", "machine"};
	struct text *cells = arena_array(d->arena, struct text, MOST_POOLS * ARRAY_LEN(headings));
	struct grid grid = {.headings = headings, .columns = ARRAY_LEN(headings), .cells = cells};
	struct json_walk walk;
	struct text pools = TEXT("[]");
	struct text pool;

	(void)json_at(d->entity, "/spec/machinepoolconfig", &pools);
	walk = json_walk_begin(pools);
	while (grid.rows < MOST_POOLS && json_walk_item(&walk, &pool)) {
		struct text *row = &cells[grid.rows++ * ARRAY_LEN(headings)];

		row[0] = text_of(visible_copy(
			d->arena,
			text_of(json_string_at(d->arena, pool, "/poolConfig/name", "-"))));
		row[1] = text_of(role_of(pool));
		row[2] = text_of(count_of(d->arena, pool));
		row[3] = text_of(machine_of(d->arena, pool));
	}
	if (grid.rows == 0)
		return;
	buf_add_char(d->out, '\n');
	grid_add(d->out, &grid, 2, d->width);
	buf_add_char(d->out, '\n');
}

/* ---- profiles, account, price ---- */

static void add_profiles(struct drawing *d)
{
	struct text profiles = TEXT("[]");
	struct json_walk walk;
	struct text profile;
	const char *name = "profiles";

	(void)json_at(d->entity, "/spec/profiles", &profiles);
	walk = json_walk_begin(profiles);
	while (json_walk_item(&walk, &profile)) {
		add_row(d, name, json_string_at(d->arena, profile, "/uid", "-"));
		name = "";
	}
}

static const char *place_of(const struct drawing *d)
{
	static const char *const pointers[] = {
		"/spec/cloudConfig/region",
		"/spec/cloudConfig/location",
		"/spec/cloudConfig/placement/datacenter",
		NULL,
	};

	for (const char *const *p = pointers; *p != NULL; p++)
		if (entity_string(d, *p) != NULL)
			return entity_string(d, *p);
	return NULL;
}

static const char *group_of(const struct drawing *d)
{
	const char *uid =
		entity_string(d, "/spec/clusterConfig/hostClusterConfig/clusterGroup/uid");

	return uid != NULL ? uid
			   : entity_string(
				     d, "/spec/clusterConfig/hostClusterConfig/clusterGroup/name");
}

/* Palette's numbers are of one hour. */
static void add_price(struct drawing *d, struct text plan)
{
	const char *total = number_at(d->arena, plan, "/price/total");
	double hourly = strtod(total, NULL);
	char row[2 * LONGEST_NUMBER];

	if (*total == '\0' || strlen(total) >= LONGEST_NUMBER || hourly > 1e12)
		return;
	snprintf(row, sizeof row, "%.4g an hour, %.2f in 30 days, as Palette estimates it", hourly,
		 hourly * HOURS);
	add_row(d, "price", row);
}

static void add_warnings(struct drawing *d, struct text plan)
{
	struct text warnings = TEXT("[]");
	struct json_walk walk;
	struct text warning;

	(void)json_member(plan, "warnings", &warnings);
	walk = json_walk_begin(warnings);
	while (json_walk_item(&walk, &warning))
		buf_printf(d->out, "warning: %s\n",
			   visible_copy(d->arena, text_of(json_string_at(d->arena, warning,
									 "/message", ""))));
}

void cluster_draw_plan(struct buf *out, struct arena *a, const struct cluster_options *options,
		       struct text plan, size_t width)
{
	struct drawing d = {.out = out, .arena = a, .entity = TEXT("{}"), .width = width};

	(void)json_member(plan, "entity", &d.entity);
	buf_printf(out, "%s cluster %s\n",
		   visible_copy(a, text_of(json_string_at(a, plan, "/kind", "?"))),
		   visible_copy(a, text_of(json_string_at(a, d.entity, "/metadata/name", "?"))));
	add_row(&d, "project", options->project == NULL ? "none: the tenant" : options->project);
	add_row(&d, "account", entity_string(&d, "/spec/cloudAccountUid"));
	add_row(&d, "in", place_of(&d));
	add_row(&d, "group", group_of(&d));
	add_profiles(&d);
	add_price(&d, plan);
	add_pools(&d);
	add_warnings(&d, plan);
	buf_add_string(out, "Nothing was created. With --json you see all that would be sent.\n");
}
