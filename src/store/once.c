/* What must not be done twice: the notes of deeds are sealed here, and whose they are is decided.
 */
#include <string.h>

#include "base/clock.h"
#include "crypto/seal.h"
#include "store/inside.h"

enum { MOST_LOOKS = 5, LONGEST_ASSOCIATED = 128 };

/* ---- sealing ---- */

/* What a note is sealed for: the deed, who began it, how far it is, and until when it is kept. A
 * row that is copied or changed opens nothing. */
static void associate(const struct once_row *row, struct buf *out)
{
	buf_init(out, LONGEST_ASSOCIATED);
	buf_add(out, row->id);
	buf_add(out, row->mark);
	buf_printf(out, "%d %lld", (int)row->stage, (long long)row->expires_ms);
}

static void seal_note(const struct store *store, struct once_row *row, struct text note,
		      struct buf *sealed)
{
	struct buf associated;

	associate(row, &associated);
	buf_init(sealed, STORE_LONGEST_NOTE + SEAL_OVERHEAD);
	seal(store_seal_keys(store), buf_text(&associated), note, sealed);
	buf_fini(&associated);
	row->sealed = buf_text(sealed);
}

static void open_note(struct store *store, struct arena *a, const struct once_row *row,
		      struct store_once *found)
{
	struct buf associated;
	struct buf note;

	associate(row, &associated);
	buf_init(&note, STORE_LONGEST_NOTE);
	if (seal_open(store_seal_keys(store), buf_text(&associated), row->sealed, &note) &&
	    buf_complete(&note))
		found->note = arena_copy_text(a, buf_text(&note));
	else
		store_tell_unreadable(store);
	buf_fini(&associated);
	buf_fini(&note);
}

/* ---- rows ---- */

static struct text bytes_of(const void *bytes, size_t size)
{
	return (struct text){bytes, size};
}

static struct once_row row_of(const struct store_once *deed)
{
	return (struct once_row){
		.id = bytes_of(deed->id.bytes, DIGEST_SIZE),
		.mark = bytes_of(deed->mark, STORE_MARK_SIZE),
		.stage = deed->stage,
		.until_ms = deed->until_ms,
		.expires_ms = deed->expires_ms,
	};
}

/* A stage that nobody here knows, and a mark that nobody here made, are no reason to do it again.
 */
static void read_row(struct store *store, struct arena *a, const struct once_row *row,
		     struct store_once *found)
{
	bool is_known = row->stage == STORE_BEGUN || row->stage == STORE_DONE;

	found->stage = is_known ? row->stage : STORE_UNKNOWN;
	found->until_ms = row->until_ms;
	found->expires_ms = row->expires_ms;
	if (row->mark.len == STORE_MARK_SIZE)
		memcpy(found->mark, row->mark.ptr, STORE_MARK_SIZE);
	open_note(store, a, row, found);
}

static bool check_note(struct text note, struct error *err)
{
	return (note.len > 0 && note.len <= STORE_LONGEST_NOTE) ||
	       error_set(err, ERROR_INPUT, "a note has 1 to %d bytes", STORE_LONGEST_NOTE);
}

/* ---- the calls ---- */

bool store_once_look(struct store *store, struct arena *a, const struct digest *id,
		     int64_t deadline_ms, struct store_once *found, struct error *err)
{
	void *self;
	const struct store_kind *kind = store_kind_of(store, &self);
	struct once_row row = {.id = bytes_of(id->bytes, DIGEST_SIZE)};

	if (!store_said(store, kind->once_get(self, a, &row, clock_calendar_ms(), deadline_ms, err),
			err))
		return false;
	*found = (struct store_once){.id = *id};
	if (row.mark.ptr != NULL)
		read_row(store, a, &row, found);
	return true;
}

/* Puts ours, and sees whose is there. None: the other's was released between the two. */
static bool put_and_look(struct store *store, struct arena *a, const struct once_row *row,
			 const struct store_once *deed, int64_t deadline_ms,
			 struct store_once *found, struct error *err)
{
	void *self;
	const struct store_kind *kind = store_kind_of(store, &self);

	for (unsigned i = 0; i < MOST_LOOKS; i++) {
		if (!store_said(store,
				kind->once_put(self, row, clock_calendar_ms(), deadline_ms, err),
				err) ||
		    !store_once_look(store, a, &deed->id, deadline_ms, found, err))
			return false;
		if (found->stage != STORE_NOT_BEGUN)
			return true;
	}
	return store_too_slow(err);
}

bool store_once_begin(struct store *store, struct arena *a, struct store_once *deed,
		      int64_t deadline_ms, bool *begun, struct store_once *found, struct error *err)
{
	struct once_row row;
	struct buf sealed;
	bool ok;

	if (!check_note(deed->note, err))
		return false;
	random_bytes(deed->mark, sizeof deed->mark);
	deed->stage = STORE_BEGUN;
	row = row_of(deed);
	seal_note(store, &row, deed->note, &sealed);
	ok = put_and_look(store, a, &row, deed, deadline_ms, found, err);
	if (ok)
		*begun = memcmp(found->mark, deed->mark, sizeof deed->mark) == 0;
	buf_fini(&sealed);
	return ok;
}

bool store_once_settle(struct store *store, const struct store_once *deed, int64_t deadline_ms,
		       struct error *err)
{
	void *self;
	const struct store_kind *kind = store_kind_of(store, &self);
	struct once_row row = row_of(deed);
	struct buf sealed;
	size_t set = 0;
	bool ok;

	if (!check_note(deed->note, err))
		return false;
	seal_note(store, &row, deed->note, &sealed);
	ok = store_said(store, kind->once_set(self, &row, deadline_ms, &set, err), err);
	buf_fini(&sealed);
	if (ok && set == 0)
		return error_set(err, ERROR_NOT_FOUND, "nothing of it is written down any more");
	return ok;
}

bool store_once_release(struct store *store, const struct store_once *deed, int64_t deadline_ms,
			struct error *err)
{
	void *self;
	const struct store_kind *kind = store_kind_of(store, &self);
	const struct once_row row = row_of(deed);

	return store_said(store, kind->once_drop(self, &row, deadline_ms, err), err);
}
