/* Which of many files have changed since they were read. */
#include "app/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"

enum {
	/* Who looks once a second may come a little early. */
	QUIET_MS = 900,
	PATIENCE_MS = 3000,
	/* The clock of a file system moves in steps, and may be another machine's. */
	YOUNG_MS = 1000,
};

struct watched {
	char *path;
	bool expected; /* it was there when it was read */
	struct file_stamp stamp;
};

struct watch {
	struct watched *items;
	size_t count;
	size_t capacity;
	bool changed;
	int64_t quiet_since_ms; /* of clock_now_ms(); 0: the next look says */
};

/* ---- one file ---- */

/* Changed since then, or just before; not in some future. */
static bool is_young(const struct file_stamp *stamp, int64_t begun_ms)
{
	int64_t changed_ms = file_stamp_changed_ms(stamp);

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
				  .stamp = file_stamp_at(file->path)};
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
		struct file_stamp now = file_stamp_at(file->path);

		changed = changed || !file_stamp_equal(&now, &file->stamp);
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
