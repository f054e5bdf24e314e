/* The file that SQLite gets, with nothing in it yet. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/inside.h"

/* The folder of the file, if it is not there; the one around it must be. */
static void make_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *folder;

	if (slash == NULL || slash == file)
		return;
	folder = heap_copy((struct text){file, (size_t)(slash - file)});
	(void)mkdir(folder, 0700); /* that it failed is seen with the file */
	free(folder);
}

void store_make_folder(const struct config *config)
{
	if (config->store.type == CONFIG_STORE_SQLITE)
		make_folder(config->store.file);
}

/* Empty, or a database: any other file belongs to somebody else, and stays as it is. */
static bool could_be_ours(int fd, const struct stat *st)
{
	static const char header[] = "SQLite format 3";
	char found[sizeof header];

	return S_ISREG(st->st_mode) &&
	       (st->st_size == 0 || (pread(fd, found, sizeof found, 0) == (ssize_t)sizeof found &&
				     memcmp(found, header, sizeof found) == 0));
}

bool sqlite_make_file(const char *file, struct error *err)
{
	struct stat st;
	int fd;

	make_folder(file);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_INPUT,
				 "%s: its folder is not there, and could not be made", file);
	if (fd < 0)
		return error_set(err, ERROR_INPUT, "%s: %s", file, strerror(errno));
	if (fstat(fd, &st) != 0 || !could_be_ours(fd, &st)) {
		close(fd);
		return error_set(err, ERROR_INPUT, "%s: file is not a database", file);
	}
	if ((st.st_mode & 077) != 0 && fchmod(fd, 0600) != 0) {
		close(fd);
		return error_set(err, ERROR_INPUT, "%s: it cannot be made its owner's alone", file);
	}
	close(fd);
	return true;
}
