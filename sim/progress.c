/*
 * How a created cluster comes to be: its conditions appear and turn True one after the other, and
 * Palette's components tell of it, until it runs or somebody makes it fail. Also what else happens
 * to a cluster because a test says so.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "world.h"

/* What happens when so many percent of the time are over. */
struct step {
	int percent;
	const char *condition; /* NULL: none changes */
	bool done;             /* it is True from now on, else it appears as False */
	const char *reason;    /* of the event */
	const char *message;
	const char *component;
};

static const struct step steps[] = {
	{0, "ImageResolutionDone", false, "ProvisioningStarted", "provisioning has begun",
	 "palette-controller"},
	{10, "ImageResolutionDone", true, "ImageResolved", "images of 3 layers are resolved",
	 "palette-controller"},
	{10, "CloudInfrastructureReady", false, "CreatingInfrastructure",
	 "creating networks and load balancers", "capi-controller"},
	{40, "CloudInfrastructureReady", true, "InfrastructureReady",
	 "cloud infrastructure is ready", "capi-controller"},
	{40, "BootstrappingDone", false, "Bootstrapping", "the first control plane node starts",
	 "capi-controller"},
	{60, "BootstrappingDone", true, "Bootstrapped", "the control plane answers",
	 "capi-controller"},
	{60, "ControlPlaneNodeAdditionDone", false, "AddingNodes",
	 "adding nodes to the control plane", "capi-controller"},
	{70, "ControlPlaneNodeAdditionDone", true, "NodesAdded", "the control plane is complete",
	 "capi-controller"},
	{70, "WorkerNodeAdditionDone", false, "AddingNodes", "adding worker nodes",
	 "capi-controller"},
	{85, "WorkerNodeAdditionDone", true, "NodesAdded", "all worker nodes have joined",
	 "capi-controller"},
	{85, "AddOnDeploymentDone", false, "DeployingPacks",
	 "deploying packs:\n- nginx 1.9.5\n- prometheus \"stack\"", "cluster-agent"},
	{100, "AddOnDeploymentDone", true, "PacksDeployed", "all packs are ready", "cluster-agent"},
	{100, "KubeConfigReady", true, "ClusterRunning", "the cluster runs", "palette-controller"},
};

/* ---- what happens ---- */

void cluster_happens(struct world *w, struct cluster *c, const struct happening *what,
		     const char *message)
{
	struct happening *h;

	if (c->happening_count == c->happening_room) {
		c->happening_room = c->happening_room == 0 ? 16 : 2 * c->happening_room;
		c->happenings = heap_resize(c->happenings,
					    (size_t)c->happening_room * sizeof(*c->happenings));
	}
	h = &c->happenings[c->happening_count++];
	*h = *what;
	h->number = w->happening_count++;
	h->message = heap_copy(text_of(message));
}

void cluster_free_happenings(struct cluster *c)
{
	for (int i = 0; i < c->happening_count; i++)
		free(c->happenings[i].message);
	for (int i = 0; i < c->own_condition_count; i++)
		free(c->own_conditions[i].message);
	free(c->happenings);
}

static struct own_condition *condition_named(struct cluster *c, const char *type)
{
	struct own_condition *o;

	for (int i = 0; i < c->own_condition_count; i++) {
		if (strcmp(c->own_conditions[i].type, type) == 0)
			return &c->own_conditions[i];
	}
	o = &c->own_conditions[c->own_condition_count++];
	*o = (struct own_condition){.type = type, .reason = ""};
	return o;
}

static void take_step(struct world *w, struct cluster *c, const struct step *s)
{
	int64_t at_ms = c->head.created_ms + (int64_t)c->provision_ms * s->percent / 100;
	const struct happening what = {.at_ms = at_ms,
				       .severity = "Normal",
				       .reason = s->reason,
				       .component = s->component};
	struct own_condition *o = condition_named(c, s->condition);

	o->done = s->done;
	o->changed_ms = at_ms;
	c->head.modified_ms = at_ms;
	cluster_happens(w, c, &what, s->message);
}

/* ---- the way to Running ---- */

static void no_longer_pending(struct world *w, struct cluster *c)
{
	if (c->running_at_ms != 0)
		w->pending--;
	c->running_at_ms = 0;
}

void cluster_provision(struct world *w, struct cluster *c, int provision_ms)
{
	c->created = true;
	c->state = "Provisioning";
	c->provision_ms = provision_ms;
	c->running_at_ms = clock_now_ms() + provision_ms;
	w->pending++;
	cluster_progress(w, c);
}

static void run(struct world *w, struct cluster *c)
{
	no_longer_pending(w, c);
	c->state = "Running";
	c->health = "Healthy";
	c->has_kubeconfig = true;
	for (int k = 0; k < c->pool_count; k++)
		c->pools[k].healthy = c->pools[k].size;
}

void cluster_progress(struct world *w, struct cluster *c)
{
	int64_t left_ms = clock_left_ms(c->running_at_ms);
	int percent =
		left_ms == 0 ? 100
			     : (int)(100 - (left_ms * 100 + c->provision_ms - 1) / c->provision_ms);
	int before = c->step;

	while (c->step < (int)ARRAY_LEN(steps) && steps[c->step].percent <= percent)
		take_step(w, c, &steps[c->step++]);
	if (left_ms == 0)
		run(w, c);
	if (c->step != before || left_ms == 0)
		world_touch(w, c);
}

void cluster_fail(struct world *w, struct cluster *c, const char *reason, const char *message)
{
	const struct happening what = {.at_ms = clock_calendar_ms(),
				       .severity = "Error",
				       .reason = "ProvisioningFailed",
				       .component = "capi-controller"};

	no_longer_pending(w, c);
	c->state = "Error";
	for (int i = c->own_condition_count - 1; i >= 0; i--) {
		struct own_condition *o = &c->own_conditions[i];

		if (o->done)
			continue;
		o->reason = reason;
		free(o->message);
		o->message = heap_copy(text_of(message));
		o->changed_ms = what.at_ms;
		break;
	}
	cluster_happens(w, c, &what, message);
	world_touch(w, c);
}

/* ---- words that others give ---- */

/* Kept for the life of the process: a test says only a few. */
const char *world_word(struct world *w, const char *given)
{
	struct kept_word *word;

	for (word = w->words; word != NULL; word = word->next) {
		if (strcmp(word->text, given) == 0)
			return word->text;
	}
	word = heap_alloc(sizeof(*word));
	word->text = heap_copy(text_of(given));
	word->next = w->words;
	w->words = word;
	return word->text;
}

void world_free_words(struct world *w)
{
	struct kept_word *next;

	for (struct kept_word *word = w->words; word != NULL; word = next) {
		next = word->next;
		free(word->text);
		free(word);
	}
}
