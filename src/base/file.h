/* Small files, read whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"

/*
 * Appends what a file holds to out, up to out's ceiling. Regular files and devices only: a pipe
 * could keep us waiting for ever. Fails with ERROR_INPUT and what the system said, without naming
 * the file; out then holds less than all of it.
 */
MUST_USE bool file_read(const char *path, struct buf *out, struct error *err);

#endif
