/*
 * For tests of what creates clusters: a Palette that has all that a good body names, and answers
 * what is asked before a creation. The things of its vSphere are called as in CREATING_VSPHERE.
 */
#ifndef UNIT_OP_CREATING_H
#define UNIT_OP_CREATING_H

#include <stdbool.h>
#include <string.h>

#include "unit/palette/canned_http.h"

/* One answer. */
struct creating_row {
	const char *path;    /* what the path starts with; NULL ends a list */
	const char *project; /* of the request; NULL: any, "": none */
	enum http_fetch_end end;
	int status;
	const char *body;
};

#define CREATING_ACCOUNT(kind)                                                         \
	"{\"kind\":\"" kind "\",\"metadata\":{\"uid\":\"a1\",\"name\":\"my account\"," \
	"\"annotations\":{\"overlordUid\":\"g1\"}},\"status\":{\"state\":\"Running\"}}"
#define CREATING_PROFILE(type, cloud)                                                     \
	"{\"metadata\":{\"uid\":\"f\",\"name\":\"my profile\"},\"spec\":{\"published\":{" \
	"\"type\":\"" type "\",\"cloudType\":\"" cloud "\"}},\"status\":{\"isPublished\":true}}"
#define CREATING_GATEWAYS                                                               \
	"{\"items\":[{\"metadata\":{\"uid\":\"g0\",\"name\":\"other\"},\"spec\":{"      \
	"\"cloudAccountUid\":\"a1\"},\"status\":{\"state\":\"Error\"}},{\"metadata\":{" \
	"\"uid\":\"g1\",\"name\":\"mine\"},\"status\":{\"state\":\"Running\"}}]}"
#define CREATING_DATACENTERS                                                       \
	"{\"items\":[{\"datacenter\":\"dc1\",\"computeclusters\":[\"c1\",\"c2\"]," \
	"\"folders\":[\"f1\"]},{\"datacenter\":\"dc2\",\"computeclusters\":null}]}"
#define CREATING_RESOURCES                                                             \
	"{\"datacenter\":\"dc1\",\"computecluster\":{\"name\":\"c1\",\"datastores\":[" \
	"\"ds1\"],\"networks\":[\"n1\"],\"resourcePools\":[\"\",\"rp1\"]}}"
#define CREATING_POOLS                                                                             \
	"{\"items\":[{\"metadata\":{\"uid\":\"ip1\",\"name\":\"pool 1\"},\"status\":{"             \
	"\"availableIps\":[\"10.0.0.1\"]}},{\"metadata\":{\"uid\":\"ip2\",\"name\":\"pool 2\"},"   \
	"\"status\":{\"availableIps\":[]}},{\"metadata\":{\"uid\":\"ip3\",\"name\":\"pool 3\"},"   \
	"\"spec\":{\"restrictToSingleCluster\":true},\"status\":{\"associatedClusters\":[\"x\"]}}" \
	"]}"
#define CREATING_GROUP                                                                             \
	"{\"metadata\":{\"uid\":\"g1\",\"name\":\"beehive\"},\"spec\":{\"clustersConfig\":{"       \
	"\"endpointType\":\"Ingress\",\"limitConfig\":{\"cpuMilliCore\":8000,\"memoryMiB\":16384," \
	"\"storageGiB\":50}}},\"status\":{\"isActive\":true}}"

/* The profiles are called base-eks and so on; every other one is an add-on for any cloud. */
static const struct creating_row creating_rows[] = {
	{"/v1/spectroclusters/validate/name?", NULL, HTTP_FETCH_DONE, 204, ""},
	{"/v1/cloudaccounts/vsphere/a1/properties/datacenters", NULL, HTTP_FETCH_DONE, 200,
	 CREATING_DATACENTERS},
	{"/v1/cloudaccounts/vsphere/a1/properties/computecluster/", NULL, HTTP_FETCH_DONE, 200,
	 CREATING_RESOURCES},
	{"/v1/cloudaccounts/aws/a1", NULL, HTTP_FETCH_DONE, 200, CREATING_ACCOUNT("aws")},
	{"/v1/cloudaccounts/azure/a1", NULL, HTTP_FETCH_DONE, 200, CREATING_ACCOUNT("azure")},
	{"/v1/cloudaccounts/vsphere/a1", NULL, HTTP_FETCH_DONE, 200, CREATING_ACCOUNT("vsphere")},
	{"/v1/clusterprofiles/base-eks/variables", NULL, HTTP_FETCH_DONE, 200,
	 "{\"variables\":[{\"name\":\"size\"}]}"},
	{"/v1/clusterprofiles/base-eks", NULL, HTTP_FETCH_DONE, 200,
	 CREATING_PROFILE("infra", "eks")},
	{"/v1/clusterprofiles/base-vsphere/variables", NULL, HTTP_FETCH_DONE, 200,
	 "{\"variables\":null}"},
	{"/v1/clusterprofiles/base-vsphere", NULL, HTTP_FETCH_DONE, 200,
	 CREATING_PROFILE("infra", "vsphere")},
	{"/v1/clusterprofiles/f1/variables", NULL, HTTP_FETCH_DONE, 200, "{}"},
	{"/v1/clusterprofiles/f2/variables", NULL, HTTP_FETCH_DONE, 200, "{}"},
	{"/v1/clusterprofiles/", NULL, HTTP_FETCH_DONE, 200, CREATING_PROFILE("add-on", "all")},
	{"/v1/overlords/vsphere/g1/pools", NULL, HTTP_FETCH_DONE, 200, CREATING_POOLS},
	{"/v1/overlords", NULL, HTTP_FETCH_DONE, 200, CREATING_GATEWAYS},
	{"/v1/clustergroups/", NULL, HTTP_FETCH_DONE, 200, CREATING_GROUP},
	{"/v1/dashboard/spectroclusters/", NULL, HTTP_FETCH_DONE, 200, "{\"metadata\":{}}"},
	{.path = NULL},
};

static inline const struct creating_row *creating_find(const struct creating_row *rows,
						       const struct canned_request *request)
{
	const char *project = request->project == NULL ? "" : request->project;

	for (; rows->path != NULL; rows++)
		if (strncmp(request->path, rows->path, strlen(rows->path)) == 0 &&
		    (rows->project == NULL || strcmp(rows->project, project) == 0))
			return rows;
	return NULL;
}

/* Answers a GET; the first row that fits counts. first: rows that count before the good ones. */
static inline void creating_answer(const struct creating_row *first,
				   const struct canned_request *request,
				   struct canned_answer *answer)
{
	const struct creating_row *row = creating_find(first, request);

	if (row == NULL)
		row = creating_find(creating_rows, request);
	answer->end = row == NULL ? HTTP_FETCH_DONE : row->end;
	answer->status = row == NULL ? 404 : row->status;
	buf_add_string(answer->body, row == NULL ? "" : row->body);
}

#define CREATING_EKS                                                                          \
	"{\"cloudType\":\"eks\",\"name\":\"e1\",\"cloudAccountUid\":\"a1\",\"profileUids\":[" \
	"\"base-eks\",\"f1\"],\"machinePoolConfig\":[{\"name\":\"w\",\"count\":1,"            \
	"\"instanceType\":\"t3\"}],\"cloudConfig\":{\"region\":\"r\"}}"
#define CREATING_VSPHERE                                                                          \
	"{\"cloudType\":\"vsphere\",\"name\":\"v1\",\"cloudAccountUid\":\"a1\",\"profileUids\":[" \
	"\"base-vsphere\"],\"vsphere\":{\"datacenter\":\"dc1\",\"folder\":\"f1\",\"datastore\":"  \
	"\"ds1\",\"network\":\"n1\",\"resourcePool\":\"rp1\",\"ipPoolUid\":\"ip1\"},"             \
	"\"machinePoolConfig\":[{\"name\":\"w\",\"count\":1}],\"cloudConfig\":{"                  \
	"\"computeCluster\":\"c1\",\"sshKeys\":[\"ssh-rsa A\"],\"controlPlaneEndpoint\":{"        \
	"\"type\":\"VIP\",\"host\":\"10.0.0.9\"}}}"

#endif
