/* Small files, read whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, or to the first piece that does not fit. */
static bool read_all(int fd, struct buf *out, struct error *err)
{
	char piece[16 * 1024];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, ERROR_INPUT, "%s", strerror(errno));
		buf_add(out, (struct text){piece, (size_t)n});
		if (!buf_complete(out))
			return error_set(err, ERROR_INPUT, "larger than %zu KiB",
					 out->max_bytes / 1024);
	}
	explicit_bzero(piece, sizeof piece);
	return true;
}

static bool read_open(int fd, struct buf *out, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return error_set(err, ERROR_INPUT, "%s", strerror(errno));
	if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode))
		return error_set(err, ERROR_INPUT, "not a file");
	return read_all(fd, out, err);
}

bool file_read(const char *path, struct buf *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return error_set(err, ERROR_INPUT, "%s", strerror(errno));
	ok = read_open(fd, out, err);
	close(fd);
	return ok;
}
