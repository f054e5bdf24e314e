/*
 * What Palette's published schema requires of an entity, so that the caller hears of all that is
 * missing at once, where Palette would refuse the cluster with less to say. Nothing else of an
 * entity is looked at.
 */
#include <stdio.h>
#include <string.h>

#include "palette/entity_work.h"

enum {
	EKS = 1 << 0,
	AWS = 1 << 1,
	AKS = 1 << 2,
	AZURE = 1 << 3,
	VSPHERE = 1 << 4,
	VIRTUAL = 1 << 5,
	GROUP = 1 << 6, /* a virtual cluster that has to name its cluster group */
	AMAZON = EKS | AWS,
	MICROSOFT = AKS | AZURE,
	NODES = AMAZON | MICROSOFT | VSPHERE, /* machine pools are nodes */
	ALL = NODES | VIRTUAL | GROUP,
};

enum required_type {
	A_STRING,
	A_NUMBER, /* whole */
	A_BOOL,
	AN_OBJECT,
	AN_ARRAY,
	SOME, /* an array of at least one item */
};

enum { LONGEST_SEGMENT = 63 };

#define POOL "/spec/machinepoolconfig/*/"

/*
 * One field. The objects around it are required along with it, up to one whose name ends with "?":
 * that one need not be there, nor then the field. "*" is each item of an array; whether the array
 * has to be there is for a row of its own.
 */
static const struct required {
	unsigned kinds;
	const char *pointer;
	enum required_type type;
} table[] = {
	{AMAZON | MICROSOFT, "/spec/cloudAccountUid", A_STRING},
	{AMAZON, "/spec/cloudConfig/region", A_STRING},
	{MICROSOFT, "/spec/cloudConfig/subscriptionId", A_STRING},
	{MICROSOFT, "/spec/cloudConfig/location", A_STRING},
	{MICROSOFT, "/spec/cloudConfig/sshKey", A_STRING},
	{MICROSOFT, "/spec/cloudConfig/aadProfile?/managed", A_BOOL},
	{MICROSOFT, "/spec/cloudConfig/aadProfile?/adminGroupObjectIDs", AN_ARRAY},
	{VSPHERE, "/spec/cloudConfig/placement", AN_OBJECT},
	{VSPHERE, "/spec/cloudConfig/placement/network?/networkName", A_STRING},
	{VIRTUAL, "/spec/clusterConfig", AN_OBJECT},
	{GROUP, "/spec/clusterConfig/hostClusterConfig/clusterGroup/uid", A_STRING},
	{VIRTUAL | GROUP, "/spec/cloudConfig?/controlPlaneEndpoint?/host", A_STRING},
	{VIRTUAL | GROUP, "/spec/cloudConfig?/controlPlaneEndpoint?/port", A_NUMBER},
	{EKS, "/spec/cloudConfig/addons?/*/name", A_STRING},
	{EKS, "/spec/cloudConfig/addons?/*/version", A_STRING},
	{EKS, "/spec/fargateProfiles?/*/name", A_STRING},
	{EKS, "/spec/fargateProfiles?/*/selectors?/*/namespace", A_STRING},

	{NODES, "/spec/machinepoolconfig", SOME},
	{AWS, POOL "cloudConfig/instanceType", A_STRING},
	{MICROSOFT, POOL "cloudConfig", AN_OBJECT},
	{VSPHERE, POOL "cloudConfig/instanceType/numCPUs", A_NUMBER},
	{VSPHERE, POOL "cloudConfig/instanceType/memoryMiB", A_NUMBER},
	{VSPHERE, POOL "cloudConfig/instanceType/diskGiB", A_NUMBER},
	{VSPHERE, POOL "cloudConfig/placements?/*/network?/networkName", A_STRING},
	{VIRTUAL | GROUP, POOL "cloudConfig/instanceType", AN_OBJECT},
	{NODES, POOL "poolConfig/name", A_STRING},
	{NODES, POOL "poolConfig/size", A_NUMBER},
	{NODES, POOL "poolConfig/labels", AN_ARRAY},

	{ALL, "/spec/profiles?/*/packValues?/*/name", A_STRING},
	{ALL, "/spec/profiles?/*/packValues?/*/manifests?/*/name", A_STRING},
	{ALL, "/spec/profiles?/*/variables?/*/name", A_STRING},
};

static const struct {
	const char *kind;
	unsigned bit;
} kinds[] = {
	{"eks", EKS},     {"aws", AWS},         {"aks", AKS},
	{"azure", AZURE}, {"vsphere", VSPHERE}, {"virtual", VIRTUAL},
};

static const char *const must[] = {
	[A_STRING] = "must be a string",    [A_NUMBER] = "must be a whole number",
	[A_BOOL] = "must be true or false", [AN_OBJECT] = "must be an object",
	[AN_ARRAY] = "must be an array",    [SOME] = "must be an array",
};

/* One row on its way through an entity. */
struct checking {
	const struct entity_required *required;
	const struct required *row;
	unsigned bit; /* of the kind of cluster */
};

static unsigned bit_of(const struct entity_required *required)
{
	if (required->with_group)
		return GROUP;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(required->kind->name, kinds[i].kind) == 0)
			return kinds[i].bit;
	return 0;
}

/* ---- faults ---- */

/* Whether an earlier row leads through what is at end of this one, and so has told its fault. */
static bool is_told(const struct checking *c, const char *end)
{
	size_t len = (size_t)(end - c->row->pointer);

	for (const struct required *r = table; r != c->row; r++)
		if ((r->kinds & c->bit) != 0 && strncmp(r->pointer, c->row->pointer, len) == 0 &&
		    (r->pointer[len] == '/' || r->pointer[len] == '\0'))
			return true;
	return false;
}

/*
 * Rows share the objects above them, of which one fault is enough. end: how far of the row it is.
 * Those beyond the last that is listed are only counted, for a body may have a million.
 */
static void fault_once(struct checking *c, const char *end, const struct entity_place *place,
		       const char *message)
{
	struct entity_faults *faults = c->required->faults;
	const char *pointer;
	const char *whole;

	if (entity_faults_full(faults)) {
		faults->left_out += is_told(c, end) ? 0 : 1;
		return;
	}
	pointer = entity_pointer(faults->arena, place);
	whole = arena_printf(faults->arena, "%s%s", faults->base, pointer);
	for (size_t i = 0; i < faults->count; i++)
		if (strcmp(faults->items[i].pointer, whole) == 0)
			return;
	entity_fault_at(faults, pointer, "%s", message);
}

static bool is_of_type(struct text value, enum required_type type)
{
	enum json_type found = json_type_of(value);
	int64_t number;
	bool boolean;

	switch (type) {
	case A_STRING:
		return found == JSON_TYPE_STRING;
	case A_NUMBER:
		return json_int(value, &number);
	case A_BOOL:
		return json_bool(value, &boolean);
	case AN_OBJECT:
		return found == JSON_TYPE_OBJECT;
	case AN_ARRAY:
	case SOME:
		return found == JSON_TYPE_ARRAY;
	}
	return false;
}

static void check_value(struct checking *c, const char *end, struct text value,
			const struct entity_place *place)
{
	enum required_type type = c->row->type;
	struct json_walk walk = json_walk_begin(value);
	struct text item;

	if (!is_of_type(value, type))
		fault_once(c, end, place, must[type]);
	else if (type == SOME && !json_walk_item(&walk, &item))
		fault_once(c, end, place, "must not be an empty array");
}

/* ---- the way through ---- */

/* The next segment of a row's pointer, without its "?". */
static struct text take_segment(const char **rest, bool *optional)
{
	const char *start = *rest + 1;
	size_t len = strcspn(start, "/");
	struct text segment = {start, len};

	*rest = start + len;
	*optional = text_ends(segment, "?");
	if (*optional)
		segment.len--;
	return segment;
}

/* As the caller wrote it. */
static struct text written(const struct checking *c, struct text segment)
{
	return text_is(segment, "machinepoolconfig") ? text_of(c->required->pools_name) : segment;
}

/* Nothing is at place. As deep as a row, which bounds the recursion. */
static void miss(struct checking *c, const char *rest, const struct entity_place *place)
{
	struct entity_place below;
	struct text segment;
	bool optional;

	if (*rest == '\0') {
		fault_once(c, rest, place, "is required");
		return;
	}
	segment = take_segment(&rest, &optional);
	if (optional || text_is(segment, "*"))
		return;
	below = PLACE_MEMBER(place, segment);
	miss(c, rest, &below);
}

/* As deep as a row. */
static void check_at(struct checking *c, const char *rest, struct text value,
		     const struct entity_place *place)
{
	struct json_walk walk = json_walk_begin(value);
	const char *here = rest;
	char name[LONGEST_SEGMENT + 1];
	struct entity_place below;
	struct text segment;
	struct text next;
	bool optional;

	if (*rest == '\0') {
		check_value(c, here, value, place);
		return;
	}
	segment = take_segment(&rest, &optional);
	if (text_is(segment, "*")) {
		if (walk.of != JSON_TYPE_ARRAY)
			fault_once(c, here, place, "must be an array");
		for (size_t i = 0; json_walk_item(&walk, &next); i++) {
			below = PLACE_ITEM(place, i);
			check_at(c, rest, next, &below);
		}
		return;
	}
	if (walk.of != JSON_TYPE_OBJECT) {
		fault_once(c, here, place, "must be an object");
		return;
	}
	below = PLACE_MEMBER(place, written(c, segment));
	snprintf(name, sizeof name, "%.*s", (int)segment.len, segment.ptr);
	if (json_member(value, name, &next) && json_type_of(next) != JSON_TYPE_NULL)
		check_at(c, rest, next, &below);
	else if (!optional)
		miss(c, rest, &below);
}

void entity_check_required(const struct entity_required *required, struct text entity)
{
	unsigned bit = bit_of(required);

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct checking c = {.required = required, .row = &table[i], .bit = bit};
		bool is_of_pools =
			text_starts(text_of(table[i].pointer), "/spec/machinepoolconfig");

		if ((table[i].kinds & bit) != 0 && !(is_of_pools && required->pools_are_ours))
			check_at(&c, table[i].pointer, entity, NULL);
	}
}
