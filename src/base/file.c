/* Small files, read whole, and what tells their states apart. */
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

/* ---- stamps ---- */

struct file_stamp file_stamp_of(const struct stat *info)
{
	struct file_stamp stamp = {.device = info->st_dev, .inode = info->st_ino};

	if (S_ISREG(info->st_mode)) {
		stamp.size = info->st_size;
		stamp.written = info->st_mtim;
		stamp.changed = info->st_ctim;
	}
	return stamp;
}

struct file_stamp file_stamp_at(const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return (struct file_stamp){.problem = errno};
	return file_stamp_of(&info);
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->problem == b->problem && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && same_time(a->written, b->written) &&
	       same_time(a->changed, b->changed);
}

int64_t file_stamp_changed_ms(const struct file_stamp *stamp)
{
	return (int64_t)stamp->changed.tv_sec * 1000 + stamp->changed.tv_nsec / 1000000;
}
