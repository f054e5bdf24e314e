/* Small files, read whole; and whether a file is still the one that it was. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"

/*
 * Appends what a file holds to out, up to out's ceiling. Regular files and devices only: a pipe
 * could keep us waiting for ever. Fails with ERROR_INPUT and what the system said, without naming
 * the file; out then holds less than all of it.
 */
MUST_USE bool file_read(const char *path, struct buf *out, struct error *err);

/* What tells one state of a file from another, of what a symbolic link leads to. */
struct file_stamp {
	int problem; /* errno of the attempt to see it; then the rest is 0 */
	dev_t device;
	ino_t inode;
	off_t size; /* this and the times: of regular files; others change with being read */
	struct timespec written;
	struct timespec changed;
};
struct stat;
struct file_stamp file_stamp_of(const struct stat *info);
struct file_stamp file_stamp_at(const char *path);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);
/* When the file changed last, by the calendar. */
int64_t file_stamp_changed_ms(const struct file_stamp *stamp);

#endif
