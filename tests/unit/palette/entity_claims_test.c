/*
 * What a body says exists, in both of its forms: each thing once, with the place where the caller
 * wrote it; and the bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "palette/entity.h"
#include "json/json.h"

static struct arena arena;
static struct entity_claims claims;
static struct entity_faults faults;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void find(const char *kind, enum entity_form form, const char *body)
{
	struct error err;
	struct text value;

	if (!json_check(text_of(body), &value, &err))
		fail_msg("%s: %s", err.message, body);
	entity_faults_init(&faults, &arena, "");
	entity_find_claims(&arena, entity_kind_named(text_of(kind)), form, value, &faults, &claims);
}

static void assert_claim(const struct entity_claim *claim, const char *value, const char *pointer)
{
	assert_non_null(claim->value);
	assert_string_equal(claim->value, value);
	assert_string_equal(claim->pointer, pointer);
}

static void assert_amount(const struct entity_amount *amount, int64_t value, int64_t times,
			  const char *pointer)
{
	assert_non_null(amount->pointer);
	assert_string_equal(amount->pointer, pointer);
	assert_int_equal(amount->value, value);
	assert_int_equal(amount->times, times);
}

/* "thing@cluster value pointer" lines. */
static const char *placed(void)
{
	const char *all = "";

	for (size_t i = 0; i < claims.placed_count; i++) {
		const struct entity_placed *p = &claims.placed[i];

		all = arena_printf(&arena, "%s%d@%s %s %s\n", all, (int)p->thing,
				   claims.clusters[p->cluster].value, p->claim.value,
				   p->claim.pointer);
	}
	return all;
}

/* ---- flat ---- */

static void of_a_flat_body(void **state)
{
	(void)state;
	find("eks", ENTITY_FLAT,
	     "{\"name\":\"n\",\"cloudAccountUid\":\"a\",\"profileUids\":[\"p\",\"\",7,\"q\",\"p\"],"
	     "\"vsphere\":{\"datacenter\":\"no\"},\"cpuCores\":4}");
	assert_claim(&claims.name, "n", "/name");
	assert_claim(&claims.account, "a", "/cloudAccountUid");
	assert_string_equal(claims.profiles_at, "/profileUids");
	assert_int_equal(claims.profile_count, 2);
	assert_claim(&claims.profiles[0], "p", "/profileUids/0");
	assert_claim(&claims.profiles[1], "q", "/profileUids/3");
	assert_null(claims.datacenter.value);
	assert_null(claims.cores.pointer);
	assert_int_equal(faults.count, 0);
}

static void of_flat_vsphere(void **state)
{
	(void)state;
	find("vsphere", ENTITY_FLAT,
	     "{\"vsphere\":{\"datacenter\":\"dc\",\"folder\":\"f\",\"datastore\":\"ds\","
	     "\"network\":"
	     "\"n\",\"resourcePool\":\"\",\"ipPoolUid\":\"ip\"},\"cloudConfig\":{"
	     "\"computeCluster\":"
	     "\"c\"},\"machinePoolConfig\":[{},{\"placement\":{}},{\"placement\":{\"datastore\":"
	     "\"ds2\",\"ipPoolUid\":\"\",\"resourcePool\":\"rp\"}},{\"placement\":{"
	     "\"computeCluster\":\"c2\",\"ipPoolUid\":\"ip2\",\"datastore\":7}}]}");
	assert_claim(&claims.datacenter, "dc", "/vsphere/datacenter");
	assert_claim(&claims.folder, "f", "/vsphere/folder");
	assert_int_equal(claims.cluster_count, 2);
	assert_claim(&claims.clusters[0], "c", "/cloudConfig/computeCluster");
	assert_claim(&claims.clusters[1], "c2", "/machinePoolConfig/3/placement/computeCluster");
	assert_string_equal(placed(), "2@c ds /vsphere/datastore\n"
				      "3@c n /vsphere/network\n"
				      "1@c rp /machinePoolConfig/2/placement/resourcePool\n"
				      "2@c ds2 /machinePoolConfig/2/placement/datastore\n"
				      "2@c2 ds /vsphere/datastore\n"
				      "3@c2 n /vsphere/network\n");
	assert_int_equal(claims.ip_pool_count, 2);
	assert_claim(&claims.ip_pools[0], "ip", "/vsphere/ipPoolUid");
	assert_claim(&claims.ip_pools[1], "ip2", "/machinePoolConfig/3/placement/ipPoolUid");
}

static void of_flat_virtual(void **state)
{
	(void)state;
	find("virtual", ENTITY_FLAT,
	     "{\"clusterGroupUid\":\"g\",\"memoryGiB\":16,\"storageGiB\":\"20\"}");
	assert_claim(&claims.group, "g", "/clusterGroupUid");
	assert_null(claims.host.value);
	assert_null(claims.account.value);
	assert_amount(&claims.cores, 4, 1, "/cpuCores"); /* the usual */
	assert_amount(&claims.memory, 16, 1024, "/memoryGiB");
	assert_null(claims.storage.pointer); /* of a wrong type */
	find("virtual", ENTITY_FLAT, "{\"hostClusterUid\":\"h\"}");
	assert_claim(&claims.host, "h", "/hostClusterUid");
	assert_null(claims.group.value);
}

/* ---- Palette's own ---- */

static void of_palettes_entity(void **state)
{
	(void)state;
	find("aks", ENTITY_PALETTE,
	     "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"cloudAccountUid\":\"a\",\"profiles\":[{},"
	     "{\"uid\":\"p\"},{\"uid\":null},{\"uid\":\"p\"}]}}");
	assert_claim(&claims.name, "n", "/metadata/name");
	assert_claim(&claims.account, "a", "/spec/cloudAccountUid");
	assert_int_equal(claims.profile_count, 1);
	assert_claim(&claims.profiles[0], "p", "/spec/profiles/1/uid");
	assert_int_equal(faults.count, 1);
	assert_string_equal(faults.items[0].pointer, "/spec/profiles/3/uid");
	assert_false(claims.has_template);
	find("aks", ENTITY_PALETTE, "{\"spec\":{\"clusterTemplate\":{\"uid\":\"t\"}}}");
	assert_true(claims.has_template);
	assert_int_equal(claims.profile_count, 0);
	find("aks", ENTITY_PALETTE, "{\"spec\":{\"cloudAccountUid\":\"a\\u0000b\"}}");
	assert_null(claims.account.value);
	assert_string_equal(faults.items[0].pointer, "/spec/cloudAccountUid");
}

/* As the caller wrote it, also where it is renamed for Palette. */
static void of_palettes_vsphere(void **state)
{
#define POOLS                                                                                      \
	"[{\"cloudConfig\":{\"placements\":[{\"cluster\":\"c\",\"datastore\":\"ds\",\"network\":{" \
	"\"networkName\":\"n\",\"parentPoolUid\":\"ip\"}},{\"cluster\":\"c\",\"datastore\":"       \
	"\"ds2\",\"resourcePool\":\"rp\"}]}},{\"cloudConfig\":{\"placements\":[{\"datastore\":"    \
	"\"of no cluster\"}]}},5]"
	(void)state;
	find("vsphere", ENTITY_PALETTE,
	     "{\"spec\":{\"cloudConfig\":{\"placement\":{\"datacenter\":\"dc\",\"folder\":\"f\"}},"
	     "\"machinePoolConfig\":" POOLS "}}");
#define AT "/spec/machinePoolConfig/0/cloudConfig/placements/"
	assert_claim(&claims.datacenter, "dc", "/spec/cloudConfig/placement/datacenter");
	assert_claim(&claims.folder, "f", "/spec/cloudConfig/placement/folder");
	assert_int_equal(claims.cluster_count, 1);
	assert_claim(&claims.clusters[0], "c", AT "0/cluster");
	assert_string_equal(placed(), "2@c ds " AT "0/datastore\n"
				      "3@c n " AT "0/network/networkName\n"
				      "1@c rp " AT "1/resourcePool\n"
				      "2@c ds2 " AT "1/datastore\n");
	assert_int_equal(claims.ip_pool_count, 1);
	assert_claim(&claims.ip_pools[0], "ip", AT "0/network/parentPoolUid");
	find("vsphere", ENTITY_PALETTE, "{\"spec\":{\"machinepoolconfig\":" POOLS "}}");
	assert_claim(&claims.clusters[0], "c",
		     "/spec/machinepoolconfig/0/cloudConfig/placements/0/cluster");
}

static void of_palettes_virtual(void **state)
{
#define SIZE "/spec/machinepoolconfig/0/cloudConfig/instanceType/"
	(void)state;
	find("virtual", ENTITY_PALETTE,
	     "{\"spec\":{\"cloudAccountUid\":\"\",\"clusterConfig\":{\"hostClusterConfig\":{"
	     "\"clusterGroup\":{\"uid\":\"g\"},\"hostCluster\":{\"uid\":\"h\"}}},"
	     "\"machinepoolconfig\":[{\"cloudConfig\":{\"instanceType\":{\"minCPU\":2,\"maxCPU\":4,"
	     "\"minMemInMiB\":100}}}]}}");
	assert_claim(&claims.group, "g", "/spec/clusterConfig/hostClusterConfig/clusterGroup/uid");
	assert_claim(&claims.host, "h", "/spec/clusterConfig/hostClusterConfig/hostCluster/uid");
	assert_amount(&claims.cores, 4, 1, SIZE "maxCPU");
	assert_amount(&claims.memory, 100, 1, SIZE "minMemInMiB");
	assert_null(claims.storage.pointer);
}

/* ---- bounds ---- */

static const char *placements(const char *format, int count)
{
	const char *list = "";

	for (int i = 0; i < count; i++)
		list = arena_printf(&arena,
				    "%s%s{\"cluster\":\"c%d\",\"datastore\":\"ds%d\","
				    "\"network\":{\"parentPoolUid\":\"ip%d\"}}",
				    list, i > 0 ? "," : "", *format == 'c' ? i : 0, i, i);
	return arena_printf(
		&arena,
		"{\"spec\":{\"machinepoolconfig\":[{\"cloudConfig\":{\"placements\":[%s]"
		"}}]}}",
		list);
}

static void there_are_bounds(void **state)
{
	const char *profiles = "{\"uid\":\"p\"}";

	(void)state;
	find("vsphere", ENTITY_PALETTE, placements("c", ENTITY_MOST_CLUSTERS));
	assert_int_equal(faults.count, 0);
	find("vsphere", ENTITY_PALETTE, placements("c", ENTITY_MOST_CLUSTERS + 5));
	assert_int_equal(faults.count, 1);
	assert_int_equal(claims.cluster_count, ENTITY_MOST_CLUSTERS);
	find("vsphere", ENTITY_PALETTE, placements("d", ENTITY_MOST_PLACED));
	assert_int_equal(faults.count, 0);
	find("vsphere", ENTITY_PALETTE, placements("d", ENTITY_MOST_PLACED + 5));
	assert_int_equal(faults.count, 1);
	assert_int_equal(claims.placed_count, ENTITY_MOST_PLACED);
	for (int i = 1; i < ENTITY_MOST_PROFILES + 5; i++)
		profiles = arena_printf(&arena, "%s,{\"uid\":\"p%d\"}", profiles, i);
	find("eks", ENTITY_PALETTE,
	     arena_printf(&arena, "{\"spec\":{\"profiles\":[%s]}}", profiles));
	assert_int_equal(faults.count, 1);
	assert_int_equal(claims.profile_count, ENTITY_MOST_PROFILES);
}

static void odd_bodies_claim_nothing(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"[]",
		"5",
		"{\"spec\":null}",
		"{\"spec\":{\"machinepoolconfig\":{\"a\":1}}}",
		"{\"machinePoolConfig\":7,\"vsphere\":[]}",
		"{\"profileUids\":{\"a\":\"b\"}}",
		"{\"spec\":{\"profiles\":{\"uid\":\"x\"}}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		for (const struct entity_kind *k = entity_kinds; k->name != NULL; k++) {
			find(k->name, ENTITY_FLAT, bodies[i]);
			assert_int_equal(claims.cluster_count + claims.ip_pool_count, 0);
			find(k->name, ENTITY_PALETTE, bodies[i]);
			assert_int_equal(claims.profile_count + claims.cluster_count, 0);
			assert_int_equal(faults.count, 0);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(of_a_flat_body),     TEST(of_flat_vsphere),          TEST(of_flat_virtual),
		TEST(of_palettes_entity), TEST(of_palettes_vsphere),      TEST(of_palettes_virtual),
		TEST(there_are_bounds),   TEST(odd_bodies_claim_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
