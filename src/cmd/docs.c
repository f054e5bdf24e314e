/* docs: print the documents that are made from the tables. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/doctor.h"
#include "cmd/man.h"
#include "face/face.h"
#include "telemetry/metrics.h"

enum { LONGEST_PAGE = 16 * 1024 * 1024 };

enum page {
	PAGE_CLUSTERS,
	PAGE_DOCTOR,
	PAGE_MAN1,
	PAGE_MAN5,
	PAGE_METRICS,
	PAGE_OPENAPI,
	PAGE_OPERATIONS,
	PAGE_SETTINGS,
	PAGE_TOOLS
};

static const struct command_word words[] = {
	[PAGE_CLUSTERS] = {.name = "clusters",
			   .help = "the fields of flat cluster bodies as a page, Markdown"},
	[PAGE_DOCTOR] = {.name = "doctor",
			 .help = "the checks of `doctor` and how to use them, Markdown"},
	[PAGE_MAN1] = {.name = "man1",
		       .help = "the manual of the commands, spectrocloud-backend(1)"},
	[PAGE_MAN5] = {.name = "man5",
		       .help = "the manual of the configuration, spectrocloud-backend(5)"},
	[PAGE_METRICS] = {.name = "metrics", .help = "the metrics for operators, Markdown"},
	[PAGE_OPENAPI] = {.name = "openapi", .help = "the HTTP API as OpenAPI 3.1, JSON"},
	[PAGE_OPERATIONS] = {.name = "operations", .help = "the HTTP API as a page, Markdown"},
	[PAGE_SETTINGS] = {.name = "settings", .help = "the configuration reference, Markdown"},
	[PAGE_TOOLS] = {.name = "tools", .help = "the tools of agents as a page, Markdown"},
	{.name = NULL},
};

static void (*const pages[])(struct buf *out) = {
	[PAGE_CLUSTERS] = face_clusters_page,
	[PAGE_DOCTOR] = doctor_page,
	[PAGE_MAN1] = man_commands,
	[PAGE_MAN5] = man_configuration,
	[PAGE_METRICS] = metrics_page,
	[PAGE_OPENAPI] = face_openapi,
	[PAGE_OPERATIONS] = face_operations_page,
	[PAGE_SETTINGS] = config_document,
	[PAGE_TOOLS] = face_tools_page,
};

static int run(int argc, char **argv)
{
	struct command_line typed;
	struct buf out;
	int status;

	if (!command_read(&command_docs, argc, argv, NULL, &typed, &status))
		return status;
	buf_init(&out, LONGEST_PAGE);
	pages[typed.word](&out);
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
	return 0;
}

static const struct example_row examples[] = {
	{"spectrocloud-backend docs man5 | man -l -", "the configuration, as man shows it"},
	{.line = NULL},
};

const struct command command_docs = {
	.name = "docs",
	.arguments = "PAGE",
	.summary = "Print a document that is made from the program's own tables",
	.words = words,
	.examples = examples,
	.run = run,
};
