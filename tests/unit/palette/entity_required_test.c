/*
 * What Palette's schema requires of an entity: each field of each kind, left out, null and of other
 * types, is exactly one fault at its place.
 */
#include "unit/palette/entity_examples.h"
#include "unit/palette/entity_fixture.h"

/* ---- entities that have all that can be required ---- */

#define PROFILES                                                                          \
	"'profiles':[{'uid':'f','packValues':[{'name':'p','manifests':[{'name':'m'}]}],'" \
	"variables'"                                                                      \
	":[{'name':'v','value':'1'}]}]"

static const struct {
	const char *kind;
	const char *entity;
	const char *more; /* of spec, with what the example does not have */
} whole[] = {
	{"eks", entity_eks,
	 "{'fargateProfiles':[{'name':'f','selectors':[{'namespace':'n'}]}]," PROFILES
	 ",'cloudConfig':{'addons':[{'name':'a','version':'1'}]}}"},
	{"aws", entity_aws, "{" PROFILES "}"},
	{"aks", entity_aks,
	 "{" PROFILES ",'cloudConfig':{'aadProfile':{'managed':true,'adminGroupObjectIDs':[]}}}"},
	{"azure", entity_azure,
	 "{" PROFILES ",'cloudConfig':{'aadProfile':{'managed':true,'adminGroupObjectIDs':[]}}}"},
	{"vsphere", entity_vsphere,
	 "{" PROFILES ",'cloudConfig':{'placement':{'network':{'networkName':'n'}}}}"},
	{"virtual", entity_virtual,
	 "{" PROFILES ",'cloudConfig':{'controlPlaneEndpoint':{'host':'h','port':1}}}"},
};

/* RFC 7386 without null. */
static void merge(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)patch, key, value)
	{
		json_t *old = json_object_get(target, key);

		if (json_is_object(value) && json_is_object(old))
			merge(old, value);
		else
			json_object_set(target, key, value);
	}
}

static json_t *whole_entity(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		json_t *entity;
		json_t *more;

		if (strcmp(whole[i].kind, kind) != 0)
			continue;
		entity = tree_of(quoted(whole[i].entity));
		more = tree_of(quoted(whole[i].more));
		merge(json_object_get(entity, "spec"), more);
		json_decref(more);
		return entity;
	}
	fail_msg("no kind %s", kind);
	return NULL;
}

/* The container at all but the last segment of pointer, and that segment. */
static json_t *container_at(json_t *tree, const char *pointer, struct text *last)
{
	struct text rest = text_of(pointer + 1);
	struct text segment;
	int64_t index;

	while (text_next(&rest, '/', &segment) && rest.ptr != NULL) {
		if (json_is_array(tree)) {
			assert_true(text_to_int(segment, &index));
			tree = json_array_get(tree, (size_t)index);
		} else {
			tree = json_object_get(tree, arena_copy(&arena, segment));
		}
	}
	*last = segment;
	assert_non_null(tree);
	return tree;
}

/* value NULL: takes it out. */
static void change(json_t *tree, const char *pointer, const char *value)
{
	struct text last;
	json_t *container = container_at(tree, pointer, &last);
	const char *key = arena_copy(&arena, last);

	if (json_object_get(container, key) == NULL)
		fail_msg("nothing at %s", pointer);
	if (value == NULL)
		json_object_del(container, key);
	else
		json_object_set_new(container, key, json_loads(value, JSON_DECODE_ANY, NULL));
}

static void rename_member(json_t *tree, const char *pointer, const char *name)
{
	struct text last;
	json_t *container = container_at(tree, pointer, &last);

	json_object_set(container, name, json_object_get(container, arena_copy(&arena, last)));
	json_object_del(container, arena_copy(&arena, last));
}

/* ---- each field ---- */

enum type { STRING, NUMBER, BOOL, OBJECT, ARRAY, SOME };

static const struct {
	const char *message;
	const char *wrong[8]; /* values of other types */
} types[] = {
	[STRING] = {"must be a string", {"1", "true", "[]", "{}", "[\"a\"]"}},
	[NUMBER] = {"must be a whole number", {"\"1\"", "1.5", "1e3", "true", "[]", "{}"}},
	[BOOL] = {"must be true or false", {"\"true\"", "1", "{}", "[]"}},
	[OBJECT] = {"must be an object", {"\"a\"", "1", "[]", "false"}},
	[ARRAY] = {"must be an array", {"\"a\"", "1", "{}", "true"}},
	[SOME] = {"must be an array", {"\"a\"", "1", "{}", "true"}},
};

#define POOL_OF(kind, n)                                                         \
	{kind, "/spec/machinepoolconfig/" n "/poolConfig/name", STRING},         \
		{kind, "/spec/machinepoolconfig/" n "/poolConfig/size", NUMBER}, \
	{                                                                        \
		kind, "/spec/machinepoolconfig/" n "/poolConfig/labels", ARRAY   \
	}
#define PROFILES_OF(kind)                                                         \
	{kind, "/spec/profiles/0/packValues/0/name", STRING},                     \
		{kind, "/spec/profiles/0/packValues/0/manifests/0/name", STRING}, \
	{                                                                         \
		kind, "/spec/profiles/0/variables/0/name", STRING                 \
	}
#define AZURE_OF(kind)                                                             \
	{kind, "/spec/cloudAccountUid", STRING},                                   \
		{kind, "/spec/cloudConfig/subscriptionId", STRING},                \
		{kind, "/spec/cloudConfig/location", STRING},                      \
		{kind, "/spec/cloudConfig/sshKey", STRING},                        \
		{kind, "/spec/cloudConfig/aadProfile/managed", BOOL},              \
		{kind, "/spec/cloudConfig/aadProfile/adminGroupObjectIDs", ARRAY}, \
		{kind, "/spec/machinepoolconfig/0/cloudConfig", OBJECT},           \
	{                                                                          \
		kind, "/spec/machinepoolconfig/1/cloudConfig", OBJECT              \
	}

static const struct {
	const char *kind;
	const char *pointer;
	enum type type;
} rows[] = {
	{"eks", "/metadata/name", STRING},
	{"eks", "/spec/cloudAccountUid", STRING},
	{"eks", "/spec/cloudConfig/region", STRING},
	{"eks", "/spec/cloudConfig/addons/0/name", STRING},
	{"eks", "/spec/cloudConfig/addons/0/version", STRING},
	{"eks", "/spec/fargateProfiles/0/name", STRING},
	{"eks", "/spec/fargateProfiles/0/selectors/0/namespace", STRING},
	{"eks", "/spec/machinepoolconfig", SOME},
	POOL_OF("eks", "0"),
	PROFILES_OF("eks"),
	{"aws", "/metadata/name", STRING},
	{"aws", "/spec/cloudAccountUid", STRING},
	{"aws", "/spec/cloudConfig/region", STRING},
	{"aws", "/spec/machinepoolconfig", SOME},
	{"aws", "/spec/machinepoolconfig/0/cloudConfig/instanceType", STRING},
	{"aws", "/spec/machinepoolconfig/1/cloudConfig/instanceType", STRING},
	POOL_OF("aws", "0"),
	POOL_OF("aws", "1"),
	PROFILES_OF("aws"),
	{"aks", "/metadata/name", STRING},
	{"aks", "/spec/machinepoolconfig", SOME},
	AZURE_OF("aks"),
	POOL_OF("aks", "1"),
	PROFILES_OF("aks"),
	{"azure", "/metadata/name", STRING},
	{"azure", "/spec/machinepoolconfig", SOME},
	AZURE_OF("azure"),
	POOL_OF("azure", "1"),
	PROFILES_OF("azure"),
	{"vsphere", "/metadata/name", STRING},
	{"vsphere", "/spec/cloudConfig/placement", OBJECT},
	{"vsphere", "/spec/cloudConfig/placement/network/networkName", STRING},
	{"vsphere", "/spec/machinepoolconfig", SOME},
	{"vsphere", "/spec/machinepoolconfig/1/cloudConfig/instanceType/numCPUs", NUMBER},
	{"vsphere", "/spec/machinepoolconfig/1/cloudConfig/instanceType/memoryMiB", NUMBER},
	{"vsphere", "/spec/machinepoolconfig/1/cloudConfig/instanceType/diskGiB", NUMBER},
	{"vsphere", "/spec/machinepoolconfig/0/cloudConfig/placements/0/network/networkName",
	 STRING},
	POOL_OF("vsphere", "0"),
	PROFILES_OF("vsphere"),
	{"virtual", "/metadata/name", STRING},
	{"virtual", "/spec/clusterConfig", OBJECT},
	{"virtual", "/spec/cloudConfig/controlPlaneEndpoint/host", STRING},
	{"virtual", "/spec/cloudConfig/controlPlaneEndpoint/port", NUMBER},
	{"virtual", "/spec/machinepoolconfig/0/cloudConfig/instanceType", OBJECT},
	PROFILES_OF("virtual"),
};

static void assert_one_fault(const char *kind, const json_t *entity, const char *pointer,
			     const char *message)
{
	struct outcome o = go(text_of_tree(entity));

	if (o.ok)
		fail_msg("%s without a fault at %s: %s", kind, pointer, message);
	if (o.faults.count != 1 || strcmp(o.faults.items[0].pointer, pointer) != 0 ||
	    strcmp(o.faults.items[0].message, message) != 0)
		fail_msg("%s: wanted %s %s, got %s", kind, pointer, message, o.err.message);
}

static void try_row(size_t i, const char *value, const char *message)
{
	json_t *entity = whole_entity(rows[i].kind);

	change(entity, rows[i].pointer, value);
	assert_one_fault(rows[i].kind, entity, rows[i].pointer, message);
	json_decref(entity);
}

static void each_field_is_missed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		try_row(i, NULL, "is required");
		try_row(i, "null", "is required");
		for (const char *const *wrong = types[rows[i].type].wrong; *wrong != NULL; wrong++)
			try_row(i, *wrong, types[rows[i].type].message);
		if (rows[i].type == SOME)
			try_row(i, "[]", "must not be an empty array");
	}
}

/* Also under the name that another frontend has for the pools. */
static void pools_are_called_as_the_caller_did(void **state)
{
	static const char theirs[] = "/spec/machinepoolconfig";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *below = rows[i].pointer + sizeof theirs - 1;
		json_t *entity;

		if (!text_starts(text_of(rows[i].pointer), theirs) || *below == '\0')
			continue;
		entity = whole_entity(rows[i].kind);
		change(entity, rows[i].pointer, NULL);
		rename_member(entity, theirs, "machinePoolConfig");
		assert_one_fault(rows[i].kind, entity,
				 arena_printf(&arena, "/spec/machinePoolConfig%s", below),
				 "is required");
		json_decref(entity);
	}
}

static void whole_entities_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		json_t *tree = whole_entity(whole[i].kind);
		struct text entity = text_of_tree(tree);

		assert_text(go_well(entity), entity);
		json_decref(tree);
	}
}

/* ---- what is not there at all, or of another type, above the fields ---- */

static const struct {
	const char *kind;
	const char *pointer; /* what is changed */
	const char *value;   /* NULL: taken out */
	const char *faults;
} around[] = {
	{"eks", "/spec/cloudConfig", NULL, "/spec/cloudConfig/region"},
	{"eks", "/spec/cloudConfig", "null", "/spec/cloudConfig/region"},
	{"eks", "/spec/cloudConfig", "[]", "/spec/cloudConfig"},
	{"eks", "/spec/cloudConfig/addons", NULL, ""},
	{"eks", "/spec/cloudConfig/addons", "null", ""},
	{"eks", "/spec/cloudConfig/addons", "[]", ""},
	{"eks", "/spec/cloudConfig/addons", "{}", "/spec/cloudConfig/addons"},
	{"eks", "/spec/cloudConfig/addons", "[null,{\"name\":\"a\"}]",
	 "/spec/cloudConfig/addons/0 /spec/cloudConfig/addons/1/version"},
	{"eks", "/spec/fargateProfiles/0/selectors", NULL, ""},
	{"eks", "/spec/machinepoolconfig", "[7]", "/spec/machinepoolconfig/0"},
	{"eks", "/spec/machinepoolconfig", "[{}]",
	 "/spec/machinepoolconfig/0/poolConfig/name /spec/machinepoolconfig/0/poolConfig/size "
	 "/spec/machinepoolconfig/0/poolConfig/labels"},
	{"eks", "/spec/machinepoolconfig/0/poolConfig", "\"x\"",
	 "/spec/machinepoolconfig/0/poolConfig"},
	{"eks", "/spec/machinepoolconfig/0/cloudConfig", NULL, ""},
	{"eks", "/spec/machinepoolconfig/0/poolConfig/labels", "[]", ""},
	{"eks", "/spec/profiles", NULL, ""},
	{"eks", "/spec/profiles", "{}", "/spec/profiles"},
	{"eks", "/spec/profiles", "[{},{\"variables\":[{}]}]", "/spec/profiles/1/variables/0/name"},
	{"eks", "/spec/cloudAccountUid", "\"\"", ""}, /* it is there */
	{"aws", "/spec/machinepoolconfig/0/cloudConfig", NULL,
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType"},
	{"aks", "/spec/cloudConfig", NULL,
	 "/spec/cloudConfig/subscriptionId /spec/cloudConfig/location /spec/cloudConfig/sshKey"},
	{"aks", "/spec/cloudConfig/aadProfile", NULL, ""},
	{"azure", "/spec/cloudConfig/aadProfile", "{}",
	 "/spec/cloudConfig/aadProfile/managed /spec/cloudConfig/aadProfile/adminGroupObjectIDs"},
	{"azure", "/spec/machinepoolconfig/0/cloudConfig", "{}", ""},
	{"vsphere", "/spec/cloudConfig", NULL, "/spec/cloudConfig/placement"},
	{"vsphere", "/spec/cloudConfig/placement/network", NULL, ""},
	{"vsphere", "/spec/cloudConfig/placement", "{}", ""},
	{"vsphere", "/spec/machinepoolconfig/0/cloudConfig", NULL,
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType/numCPUs "
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType/memoryMiB "
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType/diskGiB"},
	{"vsphere", "/spec/machinepoolconfig/0/cloudConfig/instanceType", "\"t3.large\"",
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType"},
	{"vsphere", "/spec/machinepoolconfig/0/cloudConfig/placements", NULL, ""},
	{"vsphere", "/spec/machinepoolconfig/0/cloudConfig/placements/0/network", NULL, ""},
	{"vsphere", "/spec/machinepoolconfig/0/cloudConfig/placements/0/network", "{}",
	 "/spec/machinepoolconfig/0/cloudConfig/placements/0/network/networkName"},
	{"vsphere", "/spec/cloudAccountUid", NULL, ""},
	{"virtual", "/spec/cloudConfig", NULL, ""},
	{"virtual", "/spec/machinepoolconfig", NULL, ""},
	{"virtual", "/spec/machinepoolconfig", "[]", ""},
	{"virtual", "/spec/machinepoolconfig", "[{}]",
	 "/spec/machinepoolconfig/0/cloudConfig/instanceType"},
	{"virtual", "/metadata", NULL, "/metadata/name"},
	{"virtual", "/metadata", "[]", "/metadata/name"},
};

static void what_lies_around_the_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(around); i++) {
		json_t *entity = whole_entity(around[i].kind);
		struct outcome o;

		change(entity, around[i].pointer, around[i].value);
		o = go(text_of_tree(entity));
		if (!text_is(pointers_of(&o.faults), around[i].faults))
			fail_msg("%s %s: wanted %s, got %s", around[i].kind, around[i].pointer,
				 around[i].faults, pointers_of(&o.faults).ptr);
		json_decref(entity);
	}
}

/* ---- pools of the old interface ---- */

static void made_pools_have_all_they_need(void **state)
{
	static const char *const clouds[] = {"eks", "aws", "aks", "azure"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++) {
		json_t *entity = whole_entity(clouds[i]);
		json_t *config = json_object_get(json_object_get(entity, "spec"), "cloudConfig");
		struct outcome o;

		change(entity, "/spec/machinepoolconfig", NULL);
		json_object_set_new(
			config, "workerPools",
			json_loads("[{\"name\":\"w\",\"size\":1,\"instanceType\":\"t\"}]", 0,
				   NULL));
		(void)go_well(text_of_tree(entity));
		/* Another fault stands beside those of the pools, which lie where they were
		 * written. */
		change(entity, "/spec/cloudAccountUid", NULL);
		json_object_set_new(config, "workerPools",
				    json_loads("[{\"name\":\"w\",\"size\":1}]", 0, NULL));
		o = go(text_of_tree(entity));
		assert_text(pointers_of(&o.faults),
			    TEXT("/spec/cloudConfig/workerPools/0/instanceType "
				 "/spec/cloudAccountUid"));
		json_object_set_new(config, "workerPools", json_array());
		o = go(text_of_tree(entity));
		assert_text(pointers_of(&o.faults),
			    TEXT("/spec/cloudAccountUid /spec/machinepoolconfig"));
		json_decref(entity);
	}
}

/* ---- the route of virtual clusters ---- */

static const struct {
	const char *body;
	const char *faults; /* below /clusterConfig */
} wrapped[] = {
	{"{'spec':null}", "/metadata/name /spec/clusterConfig/hostClusterConfig/clusterGroup/uid"},
	{"{'spec':[]}", "/metadata/name /spec"},
	{"{'metadata':{'name':'v'},'spec':{'clusterConfig':[]}}", "/spec/clusterConfig"},
	{"{'metadata':{'name':'v'},'spec':{'clusterConfig':{'hostClusterConfig':{'clusterGroup':{"
	 "'uid':''}}}}}",
	 "/spec/clusterConfig/hostClusterConfig/clusterGroup/uid"},
	{"{'metadata':{'name':'V'},'spec':{'clusterConfig':{'hostClusterConfig':{'clusterGroup':{"
	 "'uid':7}}},'machinePoolConfig':[{}]}}",
	 "/metadata/name /spec/clusterConfig/hostClusterConfig/clusterGroup/uid "
	 "/spec/machinePoolConfig/0/cloudConfig/instanceType"},
	{"{'metadata':{'name':'v'},'spec':{'clusterConfig':{'hostClusterConfig':{'clusterGroup':{"
	 "'uid':'g'}}},'machinePoolConfig':[{'cloudConfig':{'instanceType':{}}}]}}",
	 ""},
	{"{'metadata':{'name':'v'},'spec':{'cloudConfig':{'controlPlaneEndpoint':{'host':1}},"
	 "'clusterConfig':{'hostClusterConfig':{'clusterGroup':{'uid':'g'}}}}}",
	 "/spec/cloudConfig/controlPlaneEndpoint/host "
	 "/spec/cloudConfig/controlPlaneEndpoint/port"},
};

static void virtual_clusters_of_their_own_route(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrapped); i++) {
		const struct entity_kind *kind = entity_kind_named(TEXT("virtual"));
		struct entity_repairs repairs;
		struct entity_faults faults;
		struct text entity;
		bool ok;

		entity_faults_init(&faults, &arena, "");
		ok = entity_repair(&arena, kind, quoted(wrapped[i].body), true, &faults, &repairs,
				   &entity);
		assert_int_equal(ok, faults.count == 0);
		if (!text_is(pointers_of(&faults), wrapped[i].faults))
			fail_msg("%s: wanted %s, got %s", wrapped[i].body, wrapped[i].faults,
				 pointers_of(&faults).ptr);
	}
}

/* A list of count items. */
static const char *list_of(size_t count, const char *item)
{
	struct text list;
	struct buf b;

	buf_init(&b, 16 * 1024 * 1024);
	for (size_t i = 0; i < count; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ",", item);
	list = arena_copy_text(&arena, buf_text(&b));
	buf_fini(&b);
	return list.ptr;
}

/* The rows of pools share those that are no objects, which count once, and take no memory beyond
 * the faults that are listed. */
static void very_many_faults_are_only_counted(void **state)
{
	enum { POOLS = 100 * 1000, OTHERS = 2, FEW = 64 };
	static const char body[] =
		"{'metadata':{'name':'x'},'spec':{'cloudType':'eks','machinepoolconfig':[%s]}}";
	static const struct {
		size_t pools;
		const char *pool;
		size_t faults; /* of each */
	} many[] = {
		{FEW, "0", 1},
		{ENTITY_MOST_FAULTS, "0", 1},
		{POOLS, "0", 1},
		{POOLS, "{}", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		const char *pools = list_of(many[i].pools, many[i].pool);
		const struct entity_kind *kind = entity_kind_named(TEXT("eks"));
		struct text entity = quoted(arena_printf(&arena, body, pools));
		struct entity_repairs repairs;
		struct entity_faults faults;
		struct text unused;
		size_t taken = arena.taken;

		entity_faults_init(&faults, &arena, "");
		assert_false(
			entity_repair(&arena, kind, entity, false, &faults, &repairs, &unused));
		assert_int_equal(faults.count + faults.left_out,
				 OTHERS + many[i].pools * many[i].faults);
		if (arena.taken - taken > entity.len + 1024 * 1024)
			fail_msg("%zu pools %s took %zu bytes", many[i].pools, many[i].pool,
				 arena.taken - taken);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(whole_entities_pass),
		TEST(each_field_is_missed),
		TEST(pools_are_called_as_the_caller_did),
		TEST(what_lies_around_the_fields),
		TEST(made_pools_have_all_they_need),
		TEST(virtual_clusters_of_their_own_route),
		TEST(very_many_faults_are_only_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
