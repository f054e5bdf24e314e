/* The trail in a file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "telemetry/trail_inside.h"

enum { MODE = 0640 };

void trail_file_close(struct trail_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->torn = false;
	f->absent = false;
}

/* A pipe would hold up whoever writes, and end the process with its reader. */
static bool is_usable(const struct stat *info)
{
	return S_ISREG(info->st_mode) || S_ISCHR(info->st_mode);
}

/* Whose the folder is, mostly the service's: for root, who writes with a command in a shell. */
static bool find_owner(const struct trail_file *f, struct stat *folder)
{
	const char *slash = strrchr(f->path, '/');
	char path[PATH_MAX];

	if (geteuid() != 0 || slash == NULL || slash == f->path)
		return false;
	snprintf(path, sizeof path, "%.*s", (int)(slash - f->path), f->path);
	return stat(path, folder) == 0;
}

/* What root makes is for the folder's owner. Where that is somebody else root follows no link
 * there: it could lead to any file of root's. */
static int open_or_make(const struct trail_file *f)
{
	struct stat folder;
	bool known = find_owner(f, &folder);
	const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
			  (known && folder.st_uid != 0 ? O_NOFOLLOW : 0);
	int fd = open(f->path, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(f->path, flags | O_CREAT | O_EXCL, MODE);
	if (fd < 0 && errno == EEXIST) /* somebody else was first */
		return open(f->path, flags);
	if (fd >= 0 && known && fchown(fd, folder.st_uid, folder.st_gid) != 0)
		return fd; /* it stays root's, and whoever opens it says so */
	return fd;
}

bool trail_file_open(struct trail_file *f)
{
	struct stat info;
	int fd = open_or_make(f);

	if (fd < 0)
		return false;
	if (fstat(fd, &info) != 0 || !is_usable(&info)) {
		close(fd);
		errno = EINVAL;
		return false;
	}
	trail_file_close(f);
	f->fd = fd;
	f->device = info.st_dev;
	f->inode = info.st_ino;
	return true;
}

bool trail_file_has_moved(struct trail_file *f, bool patient)
{
	struct stat own;
	struct stat info;

	if (f->fd < 0)
		return true;
	if (stat(f->path, &info) == 0) {
		f->absent = false;
		return info.st_dev != f->device || info.st_ino != f->inode;
	}
	if (fstat(f->fd, &own) != 0 || own.st_nlink == 0)
		return true;
	if (!patient && f->absent)
		return true;
	f->absent = f->absent || !patient;
	return false;
}

/* Takes the beginning of a line back, if nobody has written behind it. */
static bool take_back(const struct trail_file *f, size_t written)
{
	off_t end = lseek(f->fd, 0, SEEK_CUR);
	struct stat info;

	return end >= (off_t)written && fstat(f->fd, &info) == 0 && info.st_size == end &&
	       ftruncate(f->fd, end - (off_t)written) == 0;
}

static ssize_t write_once(int fd, struct text bytes)
{
	ssize_t written;

	do
		written = write(fd, bytes.ptr, bytes.len);
	while (written < 0 && errno == EINTR);
	return written;
}

bool trail_file_write(struct trail_file *f, struct text line)
{
	ssize_t written;

	/* So that the line does not become the end of what was torn. */
	if (f->torn && write_once(f->fd, TEXT("\n")) != 1)
		return false;
	f->torn = false;
	written = write_once(f->fd, line);
	if (written == (ssize_t)line.len)
		return true;
	if (written > 0) {
		f->torn = !take_back(f, (size_t)written);
		errno = ENOSPC;
	}
	return false;
}
