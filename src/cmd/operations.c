/* operations: list what the service can do. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "op/op.h"

static int run(int argc, char **argv)
{
	const struct op *const *all = op_all();
	struct command_line typed;
	int status;

	if (!command_read(&command_operations, argc, argv, NULL, &typed, &status))
		return status;
	for (size_t i = 0; all[i] != NULL; i++) {
		bool tool = all[i]->tool != NULL;

		printf("%-32s %-4s %-58s %s\n", all[i]->name, tool ? "tool" : all[i]->method,
		       tool ? all[i]->tool->name : all[i]->path, all[i]->summary);
	}
	return 0;
}

const struct command command_operations = {
	.name = "operations",
	.summary = "List the operations: name, route or tool, what it does",
	.run = run,
};
