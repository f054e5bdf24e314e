/* The cloud account of a new cluster: is it there, for this cloud, and in order? */
#include "op/create_check.h"

#include <string.h>
#include <strings.h>

enum { MOST_ENTRIES = 5000 };

/* ---- the account itself ---- */

static void take_account(struct checking *k, size_t index, struct text answer)
{
	k->accounts[index] = (struct account_facts){
		.known = true,
		.project = index == 0 ? k->project : NULL,
		.name = json_string_at(k->arena, answer, "/metadata/name",
				       k->claims->account.value),
		.kind = json_string_at(k->arena, answer, "/kind", ""),
		.state = json_string_at(k->arena, answer, "/status/state", ""),
		.overlord =
			json_string_at(k->arena, answer, "/metadata/annotations/overlordUid", ""),
	};
}

void check_ask_account(struct checking *k)
{
	const struct entity_claim *claim = &k->claims->account;
	const char *kind = k->creation->kind->name;
	struct palette *p = k->call->palette;

	if (claim->value == NULL)
		return;
	if (k->project != NULL)
		k->account.questions[0] =
			check_ask(k, palette_account_question(p, k->project, kind, claim->value),
				  take_account, 0);
	k->account.questions[1] = check_ask(
		k, palette_account_question(p, NULL, kind, claim->value), take_account, 1);
}

const struct account_facts *check_account(const struct checking *k)
{
	for (size_t i = 0; i < ARRAY_LEN(k->accounts); i++)
		if (k->accounts[i].known)
			return &k->accounts[i];
	return NULL;
}

static bool has_other_kind(const struct checking *k, const char *kind)
{
	return *kind != '\0' &&
	       strcasecmp(kind, palette_account_type(k->creation->kind->name)) != 0;
}

static bool is_out_of_order(const char *state)
{
	return strcasecmp(state, "disabled") == 0 || strcasecmp(state, "error") == 0;
}

bool check_account_fits(const struct checking *k, const struct account_facts *account)
{
	return !has_other_kind(k, account->kind) && !is_out_of_order(account->state);
}

/* ---- where it is not there: which are? ---- */

static void take_account_names(struct checking *k, size_t index, struct text answer)
{
	struct account_list *list = &k->account_lists[index];
	struct json_walk walk;
	struct text items;
	struct text item;
	size_t count = 0;

	if (!json_member(answer, "items", &items) || json_type_of(items) != JSON_TYPE_ARRAY)
		return;
	walk = json_walk_begin(items);
	while (count < MOST_ENTRIES && json_walk_item(&walk, &item))
		count++;
	list->items = arena_array(k->arena, struct account_entry, count);
	walk = json_walk_begin(items);
	while (list->count < count && json_walk_item(&walk, &item))
		list->items[list->count++] = (struct account_entry){
			.uid = json_string_at(k->arena, item, "/metadata/uid", ""),
			.name = json_string_at(k->arena, item, "/metadata/name", ""),
			.kind = json_string_at(k->arena, item, "/kind", ""),
			.project = json_string_at(k->arena, item,
						  "/metadata/annotations/projectUid", ""),
		};
}

static struct palette_question account_names(struct palette *p, const char *project,
					     const char *uid)
{
	(void)uid;
	return palette_account_names_question(p, project);
}

void check_ask_account_again(struct checking *k)
{
	size_t at;

	if (k->claims->account.value != NULL && check_scoped(&k->account, &at) == CHECK_REFUSED)
		check_ask_scoped(k, &k->account_names, account_names, NULL, take_account_names);
}

/* Whether clusters of this creation's scope may use it. */
static bool is_usable(const struct checking *k, const struct account_entry *entry)
{
	return *entry->project == '\0' ||
	       (k->project != NULL && strcmp(entry->project, k->project) == 0);
}

static const struct account_entry *find_entry(const struct checking *k)
{
	for (size_t i = 0; i < ARRAY_LEN(k->account_lists); i++) {
		const struct account_list *list = &k->account_lists[i];

		for (size_t n = 0; n < list->count; n++)
			if (strcmp(list->items[n].uid, k->claims->account.value) == 0)
				return &list->items[n];
	}
	return NULL;
}

/* Those that would do, "name (uid)". */
static struct names usable_accounts(const struct checking *k)
{
	struct names names = {.count = 0};

	for (size_t i = 0; i < ARRAY_LEN(k->account_lists); i++) {
		const struct account_list *list = &k->account_lists[i];

		for (size_t n = 0; n < list->count; n++) {
			const struct account_entry *entry = &list->items[n];
			const char *told = arena_printf(k->arena, "%s (%s)", entry->name,
							name_shown(k->arena, entry->uid));

			if (!has_other_kind(k, entry->kind) && is_usable(k, entry) &&
			    !names_have(&names, told))
				names_add(k->arena, &names, told);
		}
	}
	return names;
}

static void fault_other_kind(struct checking *k, const char *kind)
{
	const char *wanted = k->creation->kind->name;

	entity_fault_at(&k->faults, k->claims->account.pointer,
			"is an account for %s, but clusters of kind %s need one for %s",
			name_shown(k->arena, kind), wanted, palette_account_type(wanted));
}

static void judge_missing(struct checking *k)
{
	const struct account_entry *entry = find_entry(k);
	const char *type = palette_account_type(k->creation->kind->name);
	struct names names;

	if (entry != NULL && has_other_kind(k, entry->kind)) {
		fault_other_kind(k, entry->kind);
	} else if (entry != NULL && is_usable(k, entry)) {
		/* It is there and of the right kind, but is not shown to this caller. */
		check_pass_over(k, "The state of the cloud account",
				k->account.questions[k->project != NULL ? 0 : 1]);
	} else if (entry != NULL) {
		entity_fault_at(&k->faults, k->claims->account.pointer,
				"is an account of another project");
	} else {
		names = usable_accounts(k);
		entity_fault_at(&k->faults, k->claims->account.pointer,
				"is no %s account that can be used here%s", type,
				names.count == 0
					? ""
					: names_tell(k->arena, &names, k->claims->account.value));
	}
}

bool check_judge_account(struct checking *k, struct error *err)
{
	const struct account_facts *account;
	size_t at;

	if (k->claims->account.value == NULL)
		return true;
	switch (check_scoped(&k->account, &at)) {
	case CHECK_FAILED:
		return check_fail_scoped(&k->account, err);
	case CHECK_REFUSED:
		judge_missing(k);
		return true;
	default:
		break;
	}
	account = &k->accounts[at];
	if (has_other_kind(k, account->kind))
		fault_other_kind(k, account->kind);
	else if (is_out_of_order(account->state))
		entity_fault_at(&k->faults, k->claims->account.pointer,
				"is the account %s, which is in state %s",
				name_shown(k->arena, account->name),
				name_shown(k->arena, account->state));
	return true;
}
