/* Keeps what is in this process's memory to itself. */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cmd/cmd.h"

void command_protect_memory(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
