/* The state of files: device, inode, size and times, of what a symbolic link leads to. */
#include "app/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"

enum {
	/* Who looks once a second may come a little early. */
	QUIET_MS = 900,
	PATIENCE_MS = 3000,
	/* The clock of a file system moves in steps, and may be another machine's. */
	YOUNG_MS = 1000,
};

struct stamp {
	int problem; /* errno of the attempt to see it; then the rest is 0 */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written;
	struct timespec changed;
};

struct watched {
	char *path;
	bool expected; /* it was there when it was read */
	struct stamp stamp;
};

struct watch {
	struct watched *items;
	size_t count;
	size_t capacity;
	bool changed;
	int64_t quiet_since_ms; /* of clock_now_ms(); 0: the next look says */
};

/* ---- one file ---- */

static struct stamp stamp_of(const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return (struct stamp){.problem = errno};
	/* A device is read like a file, and its times change with that. */
	if (!S_ISREG(info.st_mode))
		return (struct stamp){.device = info.st_dev, .inode = info.st_ino};
	return (struct stamp){.device = info.st_dev,
			      .inode = info.st_ino,
			      .size = info.st_size,
			      .written = info.st_mtim,
			      .changed = info.st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->problem == b->problem && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && same_time(a->written, b->written) &&
	       same_time(a->changed, b->changed);
}

/* Changed since then, or just before; not in some future. */
static bool is_young(const struct stamp *stamp, int64_t begun_ms)
{
	int64_t changed_ms =
		(int64_t)stamp->changed.tv_sec * 1000 + stamp->changed.tv_nsec / 1000000;

	return stamp->problem == 0 && changed_ms >= begun_ms - YOUNG_MS &&
	       changed_ms <= clock_calendar_ms() + YOUNG_MS;
}

/* ---- all of them ---- */

static void forget(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].path);
	w->count = 0;
	w->changed = false;
	w->quiet_since_ms = 0;
}

struct watch *watch_new(void)
{
	return heap_alloc(sizeof(struct watch));
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	forget(watch);
	free(watch->items);
	free(watch);
}

static bool is_watched(const struct watch *w, const char *path)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->items[i].path, path) == 0)
			return true;
	return false;
}

static void add(struct watch *w, const struct config_file *file, int64_t begun_ms)
{
	struct watched *added;

	if (w->count == w->capacity) {
		w->capacity = w->capacity == 0 ? 16 : w->capacity * 2;
		w->items = heap_resize(w->items, w->capacity * sizeof w->items[0]);
	}
	added = &w->items[w->count++];
	*added = (struct watched){.path = heap_copy(text_of(file->path)),
				  .expected = file->there,
				  .stamp = stamp_of(file->path)};
	if (is_young(&added->stamp, begun_ms) || file->there != (added->stamp.problem == 0))
		w->changed = true;
}

void watch_add(struct watch *watch, const struct config_file *files, size_t count, int64_t begun_ms)
{
	for (size_t i = 0; i < count; i++)
		if (!files[i].apart && !is_watched(watch, files[i].path))
			add(watch, &files[i], begun_ms);
}

void watch_begin(struct watch *watch, const struct config_file *files, size_t count,
		 int64_t begun_ms)
{
	forget(watch);
	watch_add(watch, files, count, begun_ms);
}

/* Sees all files anew. missing: out, one is not there that should be. */
static bool have_changed(struct watch *w, bool *missing)
{
	bool changed = false;

	*missing = false;
	for (size_t i = 0; i < w->count; i++) {
		struct watched *file = &w->items[i];
		struct stamp now = stamp_of(file->path);

		changed = changed || !same_stamp(&now, &file->stamp);
		file->stamp = now;
		*missing = *missing || (file->expected && now.problem != 0);
	}
	return changed;
}

bool watch_look(struct watch *w, int64_t now_ms)
{
	bool missing;
	bool changed = have_changed(w, &missing);

	if (changed || (w->changed && w->quiet_since_ms == 0))
		w->quiet_since_ms = now_ms;
	w->changed = w->changed || changed;
	if (!w->changed || now_ms - w->quiet_since_ms < (missing ? PATIENCE_MS : QUIET_MS))
		return false;
	w->changed = false;
	w->quiet_since_ms = 0;
	return true;
}
