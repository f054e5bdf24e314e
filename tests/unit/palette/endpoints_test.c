/* Palette's endpoints by their paths: no identifier stays in what they are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "palette/fetch.h"

#define UID "0123456789abcdef01234567"

static void identifiers_are_left_out(void **state)
{
	static const struct {
		const char *method;
		const char *path;
		const char *endpoint;
	} rows[] = {
		{"GET", "/v1/spectroclusters/" UID, "/v1/spectroclusters/{uid}"},
		{"GET", "/v1/spectroclusters/" UID "?includeTags=true",
		 "/v1/spectroclusters/{uid}"},
		{"POST", "/v1/spectroclusters/eks", "/v1/spectroclusters/{cloud}"},
		{"POST", "/v1/spectroclusters/eks/validate",
		 "/v1/spectroclusters/{cloud}/validate"},
		{"GET", "/v1/spectroclusters/validate/name?name=x",
		 "/v1/spectroclusters/validate/name"},
		{"GET", "/v1/spectroclusters/" UID "/assets/kubeconfig?frp=true",
		 "/v1/spectroclusters/{uid}/assets/kubeconfig"},
		{"GET", "/v1/spectroclusters/" UID "/pack/manifests/" UID,
		 "/v1/spectroclusters/{uid}/pack/manifests/{uid}"},
		{"GET", "/v1/dashboard/spectroclusters/meta?limit=50",
		 "/v1/dashboard/spectroclusters/meta"},
		{"GET", "/v1/dashboard/spectroclusters/" UID,
		 "/v1/dashboard/spectroclusters/{uid}"},
		{"GET", "/v1/cloudaccounts/aws", "/v1/cloudaccounts/{cloud}"},
		{"GET", "/v1/cloudaccounts/aws/" UID, "/v1/cloudaccounts/{cloud}/{uid}"},
		{"GET",
		 "/v1/cloudaccounts/vsphere/" UID
		 "/properties/computecluster/resources?datacenter=d",
		 "/v1/cloudaccounts/vsphere/{uid}/properties/computecluster/resources"},
		{"GET", "/v1/clustergroups/hostCluster", "/v1/clustergroups/hostCluster"},
		{"GET", "/v1/clustergroups/" UID, "/v1/clustergroups/{uid}"},
		{"GET", "/v1/cloudconfigs/eks/" UID "/machinePools/a%20pool/machines",
		 "/v1/cloudconfigs/{cloud}/{uid}/machinePools/{name}/machines"},
		{"GET", "/v1/users/me", "/v1/users/me"},
		/* what there is not */
		{"GET", "/v1/users/" UID, "other"},
		{"GET", "/v1/users/me/", "other"},
		{"GET", "/v1/spectroclusters/", "other"},
		{"GET", "/v1/spectroclusters/" UID "/secrets/" UID, "other"},
		{"GET", "/v1", "other"},
		{"GET", "", "other"},
		{"GET", "?x", "other"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *endpoint = palette_endpoint(rows[i].method, rows[i].path);

		assert_string_equal(endpoint, rows[i].endpoint);
		assert_null(strstr(endpoint, UID));
	}
}

static void environments_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(palette_label("production"), "production");
	assert_string_equal(palette_label(""), "(unnamed)");
	assert_string_equal(palette_label(NULL), "(unnamed)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identifiers_are_left_out),
		cmocka_unit_test(environments_have_a_name),
	};

	return cmocka_run_group_tests_name("palette/endpoints", tests, NULL, NULL);
}
