/*
 * Inside op/: the checks before a creation. Each subject has its file, with a function that puts
 * its questions into a round and one that judges the answers; create_check.c has the order.
 *
 * A judge adds faults and warnings; it fails only where Palette failed.
 */
#ifndef OP_CREATE_CHECK_H
#define OP_CREATE_CHECK_H

#include "op/create.h"
#include "op/create_names.h"

enum { CHECK_MOST_QUESTIONS = 2 * ENTITY_MOST_PROFILES + ENTITY_MOST_CLUSTERS + 16 };

/* What lies in a project or is the tenant's, asked for in both scopes at once. */
struct scoped {
	struct palette_question *questions[2]; /* the project's first; NULL: not asked */
};

/* ---- what the answers say; strings in the arena, "" where Palette says nothing ---- */

struct account_facts {
	bool known;
	const char *project; /* the scope that knows it */
	const char *name;
	const char *kind;
	const char *state;
	const char *overlord; /* its private cloud gateway's uid */
};

/* An account as lists name it. */
struct account_entry {
	const char *uid;
	const char *name;
	const char *kind;
	const char *project; /* that it belongs to */
};

struct account_list {
	struct account_entry *items; /* arena */
	size_t count;
};

struct profile_facts {
	struct palette_question *question;
	struct palette_question *variables_question; /* NULL: not asked */
	bool known;
	bool published;
	const char *name;
	const char *type;
	const char *cloud;
	const char *project; /* that it belongs to */
};

/* A private cloud gateway. */
struct gateway_facts {
	bool known;
	bool running;
	const char *uid; /* also where nothing else is known; NULL: not even that */
	const char *name;
	const char *state;
};

struct datacenter_facts {
	bool known;
	struct names names;    /* of all there are */
	struct names folders;  /* of the one that is meant */
	struct names clusters; /* likewise */
};

struct resource_facts {
	bool known;
	struct names things[ENTITY_THINGS];
};

struct ip_pool_facts {
	const char *uid;
	const char *name;
	bool used_up;
	bool taken; /* it is for one cluster, and has it */
};

struct ip_pool_list {
	struct ip_pool_facts *items; /* arena */
	size_t count;
};

struct group_facts {
	bool known;
	bool active;
	const char *name;
	const char *endpoint;
	int64_t milli_cores; /* 0: no limit */
	int64_t memory_mib;
	int64_t storage_gib;
};

struct host_facts {
	bool nested;
	const char *state;
};

/* One creation on its way through the checks. */
struct checking {
	struct call *call;
	struct arena *arena;
	struct creation *creation;
	const struct entity_claims *claims;
	const char *project;
	struct entity_faults faults;
	struct palette_question *round[CHECK_MOST_QUESTIONS];
	size_t round_count;

	struct palette_question *name;
	struct scoped account;
	struct account_facts accounts[2];
	struct scoped account_names;
	struct account_list account_lists[2];
	struct profile_facts *profiles;
	struct palette_question *overlords;
	struct gateway_facts gateway;
	struct palette_question *datacenters;
	struct datacenter_facts datacenter;
	struct palette_question *resources_questions[ENTITY_MOST_CLUSTERS];
	struct resource_facts *resources; /* of each compute cluster */
	struct palette_question *ip_pools_question;
	struct ip_pool_list ip_pools;
	struct scoped group;
	struct group_facts groups[2];
	struct scoped group_names;
	struct names group_uids[2];
	struct scoped host;
	struct host_facts hosts[2];
};

/* Keeps what an answer says. index: which one of its sort. */
typedef void check_take_fn(struct checking *k, size_t index, struct text answer);

/* ---- create_check.c ---- */

/* Puts a question into the next round. */
struct palette_question *check_ask(struct checking *k, struct palette_question question,
				   check_take_fn *take, size_t index);

enum check_outcome {
	CHECK_ANSWERED,
	CHECK_REFUSED, /* Palette does not have it, or does not show it */
	CHECK_FAILED,  /* who knows */
};
/* NULL counts as refused. */
enum check_outcome check_outcome(const struct palette_question *question);
/* Asks in the project's scope and, with index + 1, in the tenant's; in the latter only where there
 * is no project. */
typedef struct palette_question check_question_fn(struct palette *p, const char *project,
						  const char *uid);
void check_ask_scoped(struct checking *k, struct scoped *scoped, check_question_fn *question,
		      const char *uid, check_take_fn *take);
/* Of the two scopes: answered by one of them (*at: which), else the worst. */
enum check_outcome check_scoped(const struct scoped *scoped, size_t *at);
/* The failure of a question as the creation's; false. */
bool check_fail(const struct palette_question *question, struct error *err);
bool check_fail_scoped(const struct scoped *scoped, struct error *err);

/* What could not be checked, and that Palette does not say it. */
void check_pass_over(struct checking *k, const char *what, const struct palette_question *question);

/* ---- create_check_account.c ---- */

void check_ask_account(struct checking *k);
void check_ask_account_again(struct checking *k);
bool check_judge_account(struct checking *k, struct error *err);
/* NULL: it is not known. */
const struct account_facts *check_account(const struct checking *k);
bool check_account_fits(const struct checking *k, const struct account_facts *account);

/* ---- create_check_profiles.c ---- */

void check_ask_profiles(struct checking *k);
bool check_judge_profiles(struct checking *k, struct error *err);
/* The entity of a flat body, unless there are faults by now. */
void check_finish_entity(struct checking *k);

/* ---- create_check_gateway.c, create_check_places.c ---- */

void check_ask_gateway(struct checking *k);
/* Finds the gateway that reaches the account. */
bool check_judge_gateway(struct checking *k, struct error *err);
void check_ask_places(struct checking *k);
bool check_judge_places(struct checking *k, struct error *err);

/* ---- create_check_virtual.c ---- */

void check_ask_group(struct checking *k);
void check_ask_group_again(struct checking *k);
bool check_judge_group(struct checking *k, struct error *err);

#endif
