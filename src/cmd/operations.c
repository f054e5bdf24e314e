/* operations: list what the service can do. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "op/op.h"

static int run(int argc, char **argv)
{
	const struct op *const *all = op_all();

	if (argc > 1) {
		bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;

		if (!help)
			fprintf(stderr, "operations takes no arguments\n");
		else
			command_print_help(&command_operations);
		return help ? 0 : 2;
	}
	for (size_t i = 0; all[i] != NULL; i++) {
		bool tool = all[i]->tool != NULL;

		printf("%-32s %-4s %-58s %s\n", all[i]->name, tool ? "tool" : all[i]->method,
		       tool ? all[i]->tool->name : all[i]->path, all[i]->summary);
	}
	return 0;
}

const struct command command_operations = {
	.name = "operations",
	.arguments = "",
	.summary = "List the operations: name, route or tool, what it does",
	.help = "",
	.run = run,
};
