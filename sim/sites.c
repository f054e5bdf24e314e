/* What vSphere has behind an account: datacenters, folders, compute clusters and what is in them.
 */
#include <string.h>

#include "world.h"

static const struct site_datacenter sites[][3] = {
	{
		{
			.name = "dc1",
			.folders = {"folder1", "spectro-templates", "vm/Größe 1"},
			.clusters = {{"cluster-1",
				      {"ds1", "vsan größer"},
				      {"network1", "VM Network/2"},
				      {"pool1", ""}},
				     {"cluster-2",
				      {"ds2", "vsan größer"},
				      {"network2", "VM Network/2"},
				      {"pool2", ""}}},
		},
		{
			.name = "dc zwei/Süd",
			.folders = {"folder1", "spectro-templates", "vm/Größe 1"},
			.clusters = {{"einziger Cluster & Co",
				      {"ds1", "vsan größer"},
				      {"network1", "VM Network/2"},
				      {"pool1", ""}}},
		},
	},
	{
		{
			.name = "dc3",
			.folders = {"folder3"},
			.clusters = {{"cluster-3", {"ds3"}, {"network3"}, {"pool3", ""}}},
		},
	},
};

const struct site_datacenter *site_datacenters(int site)
{
	return sites[site];
}

const struct site_datacenter *site_datacenter(int site, const char *name)
{
	for (const struct site_datacenter *d = sites[site]; d->name != NULL; d++) {
		if (strcmp(d->name, name) == 0)
			return d;
	}
	return NULL;
}

const struct site_cluster *site_cluster(const struct site_datacenter *d, const char *name)
{
	for (const struct site_cluster *c = d->clusters; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

bool site_has(const char *const *names, const char *name)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

/* ---- addresses ---- */

static const struct ip_pool pools[] = {
	{.start = "10.10.1.10", .end = "10.10.1.90", .subnet = "", .available = 40, .taken = true},
	{.start = "", .end = "", .subnet = "10.10.2.0/24", .available = -1},
	{.start = "10.10.3.10",
	 .end = "10.10.3.90",
	 .subnet = "",
	 .available = 40,
	 .restricted = true,
	 .taken = true},
	{.start = "10.10.4.10", .end = "10.10.4.12", .subnet = "", .available = 0, .taken = true},
};

const struct ip_pool *ip_pool(int n)
{
	return &pools[n % (int)ARRAY_LEN(pools)];
}
