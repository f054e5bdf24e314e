/* The private cloud gateway of a vSphere account: does it run? */
#include "op/create_check.h"

#include <string.h>
#include <strings.h>

/* Palette's own gateway always runs, whatever its state says. */
static bool is_system(struct checking *k, struct text gateway)
{
	bool is_system = false;
	struct text value;

	if (json_at(gateway, "/spec/isSystem", &value))
		(void)json_bool(value, &is_system);
	return is_system || strcmp(json_string_at(k->arena, gateway, "/metadata/name", ""),
				   "System Private Gateway") == 0;
}

static void know_gateway(struct checking *k, struct text gateway, const char *uid)
{
	const char *state = json_string_at(k->arena, gateway, "/status/state", "");

	k->gateway = (struct gateway_facts){
		.known = true,
		.running = strcasecmp(state, "Running") == 0 || is_system(k, gateway),
		.uid = uid,
		.name = json_string_at(k->arena, gateway, "/metadata/name", uid),
		.state = *state == '\0' ? "unknown" : state,
	};
}

/* The account names its gateway, or a gateway the account; the former counts more. The account's
 * answer has come before this one. */
static void take_overlords(struct checking *k, size_t index, struct text answer)
{
	const struct account_facts *account = check_account(k);
	struct json_walk walk;
	struct text items;
	struct text item;

	(void)index;
	if (account == NULL || !json_member(answer, "items", &items))
		return;
	walk = json_walk_begin(items);
	if (walk.of != JSON_TYPE_ARRAY)
		return;
	while (json_walk_item(&walk, &item)) {
		const char *uid = json_string_at(k->arena, item, "/metadata/uid", "");
		const char *of = json_string_at(k->arena, item, "/spec/cloudAccountUid", "");

		if (*uid == '\0')
			continue;
		if (*account->overlord != '\0') {
			if (strcmp(uid, account->overlord) == 0)
				know_gateway(k, item, uid);
		} else if (!k->gateway.known && strcmp(of, k->claims->account.value) == 0) {
			know_gateway(k, item, uid);
		}
	}
}

void check_ask_gateway(struct checking *k)
{
	if (strcmp(k->creation->kind->name, "vsphere") == 0 && k->claims->account.value != NULL)
		k->overlords =
			check_ask(k, palette_overlords_question(k->call->palette, k->project),
				  take_overlords, 0);
}

bool check_judge_gateway(struct checking *k, struct error *err)
{
	const struct account_facts *account = check_account(k);
	struct gateway_facts *gateway = &k->gateway;

	if (k->overlords == NULL || account == NULL)
		return true;
	if (check_outcome(k->overlords) == CHECK_FAILED)
		return check_fail(k->overlords, err);
	if (gateway->uid == NULL && *account->overlord != '\0' &&
	    param_identifier_problem(text_of(account->overlord)) == NULL)
		gateway->uid = account->overlord;
	if (check_outcome(k->overlords) == CHECK_REFUSED)
		check_pass_over(k, "Whether the private cloud gateway runs", k->overlords);
	else if (!gateway->known)
		creation_warn(k->call, k->creation,
			      "Whether the private cloud gateway runs was not checked: Palette "
			      "does not say which one reaches the cloud account");
	else if (!gateway->running)
		entity_fault_at(&k->faults, k->claims->account.pointer,
				"is reached through the private cloud gateway %s, which is in "
				"state %s; it must be Running",
				name_shown(k->arena, gateway->name),
				name_shown(k->arena, gateway->state));
	return true;
}
