/* palette-sim: reads the options, opens the two ports, waits to be told to stop. */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "parts.h"

enum { OPTION_NUMBER, OPTION_TEXT, OPTION_FLAG, OPTION_KEY, OPTION_TOKEN, OPTION_RATES };
enum { OPTION_SEED = 1000, OPTION_SECONDS, OPTION_DENIED, OPTION_HELP };

#define INTO(member) offsetof(struct options, member)

static const struct row {
	const char *name;
	const char *value; /* how help shows it; NULL: none is taken */
	int type;
	size_t into;
	int max;
	const char *help;
} rows[] = {
	{"listen", "HOST:PORT", OPTION_TEXT, INTO(listen), 0,
	 "where Palette answers (127.0.0.1:0; port 0: a free one)"},
	{"control", "HOST:PORT", OPTION_TEXT, INTO(control), 0,
	 "where tests give orders (127.0.0.1:0)"},
	{"seed", "N", OPTION_SEED, INTO(seed), 0, "what the tenant is made from (1)"},
	{"name", "TENANT", OPTION_TEXT, INTO(tenant), 0, "its name (sim-tenant-sSEED)"},
	{"projects", "N", OPTION_NUMBER, INTO(projects), 100000, "projects (3)"},
	{"clusters", "N", OPTION_NUMBER, INTO(clusters), 500000,
	 "host clusters, spread over projects and tenant (12)"},
	{"virtual-clusters", "N", OPTION_NUMBER, INTO(virtual_clusters), 100000,
	 "virtual clusters (4)"},
	{"profiles", "N", OPTION_NUMBER, INTO(profiles), 100000, "cluster profiles (7)"},
	{"cluster-groups", "N", OPTION_NUMBER, INTO(cluster_groups), 100000, "cluster groups (3)"},
	{"accounts", "N", OPTION_NUMBER, INTO(accounts), 100000, "cloud accounts of each type (3)"},
	{"api-key", "SPEC", OPTION_KEY, 0, 0,
	 "a key for the ApiKey header, repeatable (sim-key, a tenant admin)"},
	{"session-token", "SPEC", OPTION_TOKEN, 0, 0,
	 "a token for a bare Authorization header, repeatable"},
	{"rate-limits", "MODE", OPTION_RATES, INTO(published_rates), 0,
	 "off, or published: 10 or 50 a second by path, as sim/README.md says (off)"},
	{"latency", "MS", OPTION_NUMBER, INTO(latency_ms), 600000, "added to every answer (0)"},
	{"provision-seconds", "N", OPTION_SECONDS, INTO(provision_ms), 86400,
	 "from a cluster's creation until it runs; may be 0.5 (2)"},
	{"tenant-list-denied", "HOW", OPTION_DENIED, INTO(empty_denied), 0,
	 "403, or empty: a tenant list without permission (403)"},
	{"inherit-tenant-objects", NULL, OPTION_FLAG, INTO(inherit), 0,
	 "project lists also hold the tenant's profiles, accounts, groups"},
	{"log-limit", "N", OPTION_NUMBER, INTO(log_limit), 10000000, "requests remembered (50000)"},
	{"die-with-parent", NULL, OPTION_FLAG, INTO(die_with_parent), 0,
	 "end when the parent process ends"},
	{"help", NULL, OPTION_HELP, 0, 0, "this text"},
};

static void print_help(void)
{
	puts("palette-sim: a Spectro Cloud Palette tenant to test against, made from a seed\n\n"
	     "usage: palette-sim [options]\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", rows[i].name,
			 rows[i].value != NULL ? rows[i].value : "");
		printf("  %-28s %s\n", left, rows[i].help);
	}
	puts("\nSPEC is VALUE[:projects=P,P...][:deny=PERMISSION,...][:expires=DAYS]. With "
	     "projects="
	     "\n"
	     "it is a user of those projects (uids, or numbers from 1) without any permission in "
	     "the\n"
	     "tenant. A key ends after so many days (365; 0: never), which only GET /v1/apiKeys "
	     "tells.\n\n"
	     "The first two lines of output are \"listening URL\" and \"control URL\".");
}

static bool bad_value(const struct row *row, const char *given)
{
	fprintf(stderr, "palette-sim: --%s %s: expected %s\n", row->name, given, row->value);
	return false;
}

static bool read_count(const struct row *row, const char *given, int *into)
{
	int64_t n;

	if (!text_to_int(text_of(given), &n) || n < 0 || n > row->max)
		return bad_value(row, given);
	*into = (int)n;
	return true;
}

static bool read_seconds(const struct row *row, const char *given, int *into_ms)
{
	char *end;
	double seconds = strtod(given, &end);

	if (end == given || *end != '\0' || !(seconds >= 0) || seconds > row->max)
		return bad_value(row, given);
	*into_ms = (int)(seconds * 1000);
	return true;
}

/* One of two words; into says whether it is the second. */
static bool read_choice(const struct row *row, const char *given, const char *no, const char *yes,
			bool *into)
{
	if (strcmp(given, no) != 0 && strcmp(given, yes) != 0)
		return bad_value(row, given);
	*into = strcmp(given, yes) == 0;
	return true;
}

static bool read_option(struct sim *sim, const struct row *row, const char *given)
{
	char *into = (char *)&sim->options + row->into;
	int64_t seed;

	switch (row->type) {
	case OPTION_NUMBER:
		return read_count(row, given, (int *)(void *)into);
	case OPTION_TEXT:
		*(const char **)(void *)into = given;
		return true;
	case OPTION_FLAG:
		*(bool *)into = true;
		return true;
	case OPTION_KEY:
		return scopes_add(sim->scopes, false, given);
	case OPTION_TOKEN:
		return scopes_add(sim->scopes, true, given);
	case OPTION_RATES:
		return read_choice(row, given, "off", "published", (bool *)into);
	case OPTION_DENIED:
		return read_choice(row, given, "403", "empty", (bool *)into);
	case OPTION_SECONDS:
		return read_seconds(row, given, (int *)(void *)into);
	case OPTION_SEED:
		if (!text_to_int(text_of(given), &seed) || seed < 0)
			return bad_value(row, given);
		sim->options.seed = (uint64_t)seed;
		return true;
	default:
		print_help();
		exit(0);
	}
}

static bool read_options(struct sim *sim, int argc, char **argv)
{
	struct option longs[ARRAY_LEN(rows) + 1];
	int which;

	memset(longs, 0, sizeof(longs));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		longs[i] = (struct option){.name = rows[i].name,
					   .has_arg = rows[i].value != NULL ? required_argument
									    : no_argument};
	for (;;) {
		int c = getopt_long(argc, argv, "", longs, &which);

		if (c == -1)
			break;
		if (c != 0 || !read_option(sim, &rows[which], optarg))
			return false;
	}
	if (optind < argc)
		fprintf(stderr, "palette-sim: %s: not an option\n", argv[optind]);
	return optind == argc;
}

/* The signals that end the program are taken in one place, so no thread may get them. */
static void block_signals(sigset_t *ends)
{
	sigemptyset(ends);
	sigaddset(ends, SIGTERM);
	sigaddset(ends, SIGINT);
	sigaddset(ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ends, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool run(struct sim *sim, pid_t parent)
{
	char palette_url[128], control_url[128];
	struct peer *palette, *control = NULL;
	sigset_t ends;
	int which;

	block_signals(&ends);
	if (sim->options.die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			return true; /* it went before we asked */
	}
	palette = peer_open(sim, sim->options.listen, palette_run, palette_url);
	if (palette != NULL)
		control = peer_open(sim, sim->options.control, control_run, control_url);
	if (control != NULL) {
		printf("listening %s\ncontrol %s\n", palette_url, control_url);
		fflush(stdout);
		sigwait(&ends, &which);
	}
	if (eventfd_write(sim->stop_fd, 1) != 0)
		perror("palette-sim");
	peer_close(palette);
	peer_close(control);
	return control != NULL;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct sim sim = {
		.options = {.listen = "127.0.0.1:0",
			    .control = "127.0.0.1:0",
			    .seed = 1,
			    .projects = 3,
			    .clusters = 12,
			    .virtual_clusters = 4,
			    .profiles = 7,
			    .cluster_groups = 3,
			    .accounts = 3,
			    .provision_ms = 2000,
			    .log_limit = 50000},
		.scopes = scopes_new(),
		.stop_fd = eventfd(0, EFD_CLOEXEC),
		.started_ms = clock_now_ms(),
	};
	bool ok = read_options(&sim, argc, argv);

	if (ok && scopes_count(sim.scopes, false) == 0)
		ok = scopes_add(sim.scopes, false, "sim-key");
	if (ok) {
		sim.world = world_new(&sim.options);
		sim.faults = faults_new();
		sim.record = record_new(sim.options.log_limit < 1 ? 1 : sim.options.log_limit);
		sim.rates = rates_new(sim.options.published_rates);
		ok = scopes_resolve(sim.scopes, sim.world) && run(&sim, parent);
	}
	rates_free(sim.rates);
	record_free(sim.record);
	faults_free(sim.faults);
	world_free(sim.world);
	scopes_free(sim.scopes);
	close(sim.stop_fd);
	return ok ? 0 : 2;
}
