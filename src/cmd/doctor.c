/* doctor: why it does not work. Reads what was asked for, runs the checks, prints what they found.
 */
#include "cmd/doctor.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/visible.h"

/* ---- which checks ---- */

/* A name that is misspelt is told; nothing is run then. */
static bool check_names(const char *only)
{
	struct text rest = text_of(only);
	struct text name;

	while (text_next(&rest, ',', &name)) {
		if (doctor_find_check(text_trim(name)) != NULL)
			continue;
		fputs("doctor: there is no check `", stderr);
		visible_print(stderr, name);
		fputs("`; --list has all\n", stderr);
		return false;
	}
	return true;
}

static bool is_wanted(const struct doctor_check *check, const char *only)
{
	struct text rest = text_of(only);
	struct text name;

	if (only == NULL)
		return true;
	while (text_next(&rest, ',', &name))
		if (text_is(text_trim(name), check->name))
			return true;
	return false;
}

static void add_task(struct doctor_tasks *tasks, struct doctor *d, const struct doctor_check *check,
		     const struct config_environment *environment)
{
	struct doctor_task *t = &tasks->items[tasks->count++];

	*t = (struct doctor_task){.check = check, .doctor = d, .environment = environment};
	arena_init_secret(&t->arena);
}

static void add_environments(struct doctor_tasks *tasks, struct doctor *d,
			     const struct doctor_check *first, const char *only)
{
	for (size_t i = 0; i < d->config->environment_count; i++)
		for (const struct doctor_check *c = first; c->group == DOCTOR_PALETTE; c++)
			if (is_wanted(c, only))
				add_task(tasks, d, c, &d->config->environments[i]);
}

/* In the order of the rows; those of Palette environment by environment. items: owned. */
static void make_tasks(struct doctor_tasks *tasks, struct doctor *d, const char *only)
{
	const struct doctor_check *last = NULL;
	size_t rows = 0;

	while (doctor_checks[rows].name != NULL)
		rows++;
	tasks->count = 0;
	tasks->items =
		heap_alloc(rows * (d->config->environment_count + 1) * sizeof(struct doctor_task));
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; last = c++) {
		if (c->group != DOCTOR_PALETTE && is_wanted(c, only))
			add_task(tasks, d, c, NULL);
		else if (c->group == DOCTOR_PALETTE &&
			 (last == NULL || last->group != DOCTOR_PALETTE))
			add_environments(tasks, d, c, only);
	}
}

/* ---- how it is shown ---- */

static void choose_look(struct doctor_look *look)
{
	const char *no_color = getenv("NO_COLOR");
	struct winsize size = {.ws_col = 0};

	if (!isatty(STDOUT_FILENO))
		return;
	look->coloured = no_color == NULL || *no_color == '\0';
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		look->width = size.ws_col;
}

struct printing {
	const struct doctor_look *look;
	const struct doctor_tasks *tasks;
};

static void print_task(void *context, const struct doctor_task *task)
{
	const struct printing *p = context;

	doctor_print_task(p->look, task, p->tasks);
}

/* ---- a run ---- */

static void release(struct doctor *d, const struct doctor_tasks *tasks)
{
	for (size_t i = 0; i < tasks->count; i++)
		arena_fini(&tasks->items[i].arena);
	free(tasks->items);
	doctor_close(d);
}

static int examine(const struct config *config, const struct config_notices *notices,
		   const struct doctor_look *look, const char *only)
{
	/* Threads that are left over may still look at these. */
	static struct doctor d;
	static struct doctor_tasks tasks;
	const struct printing printing = {look, &tasks};
	struct error err;
	bool all_gone;
	int status;

	if (!doctor_open(&d, config, notices, &err)) {
		fprintf(stderr, "spectrocloud-backend: %s\n", err.message);
		doctor_close(&d);
		return 2;
	}
	make_tasks(&tasks, &d, only);
	all_gone = doctor_run_all(&tasks, print_task, (void *)&printing);
	doctor_print_end(look, &tasks);
	status = doctor_worst(&tasks) == DOCTOR_FAULT ? 1 : 0;
	if (!all_gone) {
		/* What they hold on to must stay: so the process ends without tidying up. */
		if (fflush(stdout) != 0)
			status = 1;
		_exit(status);
	}
	release(&d, &tasks);
	return status;
}

/* What was asked for besides the configuration. */
struct asked {
	struct doctor_look look;
	const char *only; /* names, separated by commas; NULL: all */
	bool list;
};

static int run(int argc, char **argv)
{
	struct asked asked = {.only = NULL};
	struct config_notices notices;
	struct command_line typed;
	struct config *config;
	int status;

	if (!command_read(&command_doctor, argc, argv, &asked, &typed, &status))
		return status;
	if (asked.list) {
		doctor_list(asked.look.json);
		return 0;
	}
	if (asked.only != NULL && !check_names(asked.only))
		return 2;
	command_protect_memory();
	log_open(LOG_OFF, LOG_TEXT); /* what matters is said by the checks */
	if (!options_load_unsaid(&typed.options, &config, &notices))
		return 2;
	choose_look(&asked.look);
	status = examine(config, &notices, &asked.look, asked.only);
	config_free(config);
	return status;
}

static const struct option_row options[] = {
	{
		.name = "only",
		.argument = "NAME,...",
		.into = offsetof(struct asked, only),
		.completes = COMPLETES_CHECKS,
		.help = "these checks alone",
	},
	{
		.name = "list",
		.into = offsetof(struct asked, list),
		.help = "the checks, a line each",
	},
	{
		.name = "json",
		.into = offsetof(struct asked, look.json),
		.help = "one JSON document, also with --list",
	},
	{.name = NULL},
};

static const struct exit_row exits[] = {
	{"0", "there is no fault"},
	{"1", "there is one"},
	{"2", "nothing could be looked at, as the configuration cannot be read"},
	{.status = NULL},
};

const struct command command_doctor = {
	.name = "doctor",
	.summary = "Find out why it does not work",
	.options = options,
	.common = OPTIONS_CONFIGURATION,
	.help = "Looks at everything that the service needs: its configuration, the way to each "
		"Palette and its token, Backstage, the catalog, sessions. Says of each what was "
		"tried, what came back, and what to do. It only reads.\n"
		"\n"
		"Backstage is asked with the keys of backend.auth.pluginKeyStore, if they are "
		"static, or with the token in the variable SPECTROCLOUD_DOCTOR_TOKEN, such as one "
		"of backend.auth.externalAccess. What cannot be looked at without is skipped. No "
		"secret is shown.\n",
	.exits = exits,
	.run = run,
};
