/*
 * What creating a cluster can go right and wrong with: profiles for each cloud and for none,
 * accounts behind gateways of every state, groups that are gone or have no limits. It comes after
 * all else, so that the rest of a world does not depend on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "world.h"

/* Room for more items behind those that there are; zeroed. */
static void *grow(void *items, int count, size_t more, size_t size)
{
	char *grown = heap_resize(items, ((size_t)count + more) * size);

	memset(grown + (size_t)count * size, 0, more * size);
	return grown;
}

static char *name_with_seed(const struct world *w, const char *name)
{
	char whole[120];

	snprintf(whole, sizeof(whole), "%s-s%llu", name, (unsigned long long)w->seed);
	return heap_copy(text_of(whole));
}

/* ---- profiles ---- */

static const struct choice_of_profile {
	const char *name;
	const char *type;
	const char *cloud;
	bool draft;
	bool many_variables;
} profiles[] = {
	{"base-eks", "infra", "eks", false, false},
	{"base-aws", "infra", "aws", false, false},
	{"base-aks", "infra", "aks", false, false},
	{"base-azure", "infra", "azure", false, false},
	{"base-vsphere", "infra", "vsphere", false, false},
	{"whole-eks", "cluster", "eks", false, true},
	{"more-all", "add-on", "all", false, false},
	{"more-eks", "add-on", "eks", false, false},
	{"more-nested", "add-on", "nested", false, false},
	{"draft-eks", "infra", "eks", true, false},
	{"draft-all", "add-on", "all", true, false},
	{"many-variables", "add-on", "all", false, true},
};

static void add_profile(struct world *w, const struct choice_of_profile *choice)
{
	struct family *f = &w->families[w->family_count];
	struct profile *p = &w->profiles[w->profile_count];

	*f = (struct family){
		.name = name_with_seed(w, choice->name),
		.project = SCOPE_TENANT,
		.type = choice->type,
		.cloud = choice->cloud,
		.many_variables = choice->many_variables,
		.first = w->profile_count,
		.count = 1,
	};
	object_begin(w, &p->head, KIND_PROFILE, w->profile_count, SCOPE_TENANT);
	p->head.name = f->name;
	p->family = w->family_count;
	p->version = "1.0.0";
	p->description = heap_copy(TEXT("for one sort of cluster"));
	p->labels = json_object();
	p->published = !choice->draft;
	w->family_count++;
	w->profile_count++;
}

static void add_profiles(struct world *w)
{
	w->families = grow(w->families, w->family_count, ARRAY_LEN(profiles), sizeof(*w->families));
	w->profiles =
		grow(w->profiles, w->profile_count, ARRAY_LEN(profiles), sizeof(*w->profiles));
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		add_profile(w, &profiles[i]);
}

/* ---- gateways and accounts ---- */

/* Those of the world are 0, the system's; 1, which runs; 2, which is being set up. */
enum { GATEWAY_SYSTEM, GATEWAY_RUNNING, GATEWAY_NEW, GATEWAY_BROKEN, GATEWAY_OTHER };

static void add_overlord(struct world *w, const char *name, const char *state, int pools)
{
	struct overlord *o = &w->overlords[w->overlord_count];

	object_begin(w, &o->head, KIND_OVERLORD, w->overlord_count, SCOPE_TENANT);
	o->head.name = name_with_seed(w, name);
	o->state = state;
	o->account = -1;
	o->pool_count = pools;
	w->overlord_count++;
}

static const struct choice_of_account {
	const char *name;
	enum account_type type;
	const char *state;
	int overlord;
	bool named_by_overlord;
	int site;
} accounts[] = {
	{"vsphere-gateway-new", ACCOUNT_VSPHERE, "Running", GATEWAY_NEW, false, 0},
	{"vsphere-gateway-broken", ACCOUNT_VSPHERE, "Running", GATEWAY_BROKEN, false, 0},
	{"vsphere-gateway-system", ACCOUNT_VSPHERE, "Running", GATEWAY_SYSTEM, false, 0},
	{"vsphere-other-site", ACCOUNT_VSPHERE, "Running", GATEWAY_OTHER, true, 1},
	{"vsphere-no-gateway", ACCOUNT_VSPHERE, "Running", -1, false, 0},
	{"aws-disabled", ACCOUNT_AWS, "Disabled", -1, false, 0},
	{"azure-error", ACCOUNT_AZURE, "Error", -1, false, 0},
};

static void add_account(struct world *w, const struct choice_of_account *choice)
{
	struct account *a = &w->accounts[w->account_count];

	object_begin(w, &a->head, KIND_ACCOUNT, w->account_count, SCOPE_TENANT);
	a->head.name = name_with_seed(w, choice->name);
	a->type = choice->type;
	a->state = choice->state;
	a->overlord = choice->overlord;
	a->names_overlord = choice->overlord >= 0 && !choice->named_by_overlord;
	a->site = choice->site;
	if (choice->named_by_overlord)
		w->overlords[choice->overlord].account = w->account_count;
	w->account_count++;
}

static void add_accounts(struct world *w)
{
	w->overlords = grow(w->overlords, w->overlord_count, 2, sizeof(*w->overlords));
	add_overlord(w, "gateway-broken", "Error", 0);
	add_overlord(w, "gateway-other", "Running", 2);
	w->accounts =
		grow(w->accounts, w->account_count, ARRAY_LEN(accounts), sizeof(*w->accounts));
	for (size_t i = 0; i < ARRAY_LEN(accounts); i++)
		add_account(w, &accounts[i]);
}

/* ---- groups ---- */

static void add_groups(struct world *w)
{
	static const struct {
		const char *name;
		bool gone;
		bool unlimited;
	} rows[] = {{"group-gone", true, false}, {"group-unlimited", false, true}};

	w->groups = grow(w->groups, w->group_count, ARRAY_LEN(rows), sizeof(*w->groups));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct group *g = &w->groups[w->group_count];

		object_begin(w, &g->head, KIND_GROUP, w->group_count, SCOPE_TENANT);
		g->head.name = name_with_seed(w, rows[i].name);
		g->endpoint = "LoadBalancer";
		g->hosts[0] = w->groups[0].hosts[0];
		g->hosts[1] = -1;
		g->gone = rows[i].gone;
		g->unlimited = rows[i].unlimited;
		w->group_count++;
	}
}

/* A world that was asked for without any of a kind stays so. */
void world_add_choices(struct world *w)
{
	if (w->profile_count > 0)
		add_profiles(w);
	if (w->account_count > 0)
		add_accounts(w);
	if (w->group_count > 0)
		add_groups(w);
}
