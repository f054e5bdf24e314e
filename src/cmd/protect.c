/* Keeps what is in this process's memory to itself, or lets a core file be written. */
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hidden.h"
#include "cmd/cmd.h"

void command_protect_memory(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Tokens often come in variables, whose text the kernel has put in one piece: until one of them is
 * changed, so this looks at them the first time only. */
static void hide_variables(void)
{
	static bool hidden;
	size_t count = 0;

	if (hidden)
		return;
	hidden = true;
	while (environ[count] != NULL)
		count++;
	if (count > 0)
		hidden_pages(environ[0], (size_t)(environ[count - 1] - environ[0]) +
						 strlen(environ[count - 1]) + 1);
}

void command_allow_core_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_CORE, &limit);
	}
	hide_variables();
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
