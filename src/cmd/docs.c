/* docs: print the documents that are made from the tables. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/doctor.h"
#include "face/face.h"
#include "telemetry/metrics.h"

enum { LONGEST_PAGE = 16 * 1024 * 1024 };

static const struct page {
	const char *name;
	void (*write)(struct buf *out);
} pages[] = {
	{"audit", face_audit_page},
	{"clusters", face_clusters_page},
	{"doctor", doctor_page},
	{"log", face_log_page},
	{"metrics", metrics_page},
	{"openapi", face_openapi},
	{"operations", face_operations_page},
	{"settings", config_document},
	{"tools", face_tools_page},
};

static int run(int argc, char **argv)
{
	struct buf out;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		command_print_help(&command_docs);
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(pages); i++) {
		if (strcmp(argv[1], pages[i].name) != 0)
			continue;
		buf_init(&out, LONGEST_PAGE);
		pages[i].write(&out);
		fwrite(out.ptr, 1, out.len, stdout);
		buf_fini(&out);
		return 0;
	}
	fprintf(stderr, "docs: say audit, clusters, doctor, log, metrics, openapi, operations, "
			"settings or tools\n");
	return 2;
}

const struct command command_docs = {
	.name = "docs",
	.arguments = "PAGE",
	.summary = "Print a document that is made from the program's own tables",
	.help = "audit        events and fields of the audit trail as a page, Markdown\n"
		"clusters     the fields of flat cluster bodies as a page, Markdown\n"
		"doctor       the checks of `doctor` and how to use them, Markdown\n"
		"log          the modules of the log as a page, Markdown\n"
		"metrics      the metrics for operators, Markdown\n"
		"openapi      the HTTP API as OpenAPI 3.1, JSON\n"
		"operations   the HTTP API as a page, Markdown\n"
		"settings     the configuration reference, Markdown\n"
		"tools        the tools of agents as a page, Markdown\n",
	.run = run,
};
