/* Finds the subcommand in the table and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/visible.h"
#include "cmd/cmd.h"

enum { LONGEST_USAGE = 64 * 1024, LONGEST_SHOWN = 100 };

static void print_usage(FILE *to)
{
	struct buf out;

	buf_init(&out, LONGEST_USAGE);
	commands_add_usage(&out);
	fwrite(out.ptr, 1, out.len, to);
	buf_fini(&out);
}

/* What was printed may have met a full disk: then the status says so. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("spectrocloud-backend: could not write all of the output\n", stderr);
	return status != 0 ? status : 1;
}

/* A file or a socket that is opened later must not become what is printed to. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(1);
}

static void print_unknown(const char *name)
{
	fputs("spectrocloud-backend: there is no command `", stderr);
	visible_print(stderr, visible_cut(text_of(name), LONGEST_SHOWN));
	fputs("`\n\n", stderr);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	fill_standard_descriptors();
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		print_usage(stdout);
		return finish(0);
	}
	if (strcmp(name, "--version") == 0) {
		puts("spectrocloud-backend " PROJECT_VERSION);
		return finish(0);
	}
	for (size_t i = 0; command_table[i] != NULL; i++)
		if (strcmp(name, command_table[i]->name) == 0)
			return finish(command_table[i]->run(argc - 1, argv + 1));
	if (argc > 1)
		print_unknown(name);
	print_usage(stderr);
	return 2;
}
