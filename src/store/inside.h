/* What store.c asks of each kind of store: rows, with tokens that are sealed already. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include "store/store.h"

/* Addresses are in lower case; environment is never NULL here. Texts may hold no NUL but `sealed`.
 */
struct store_row {
	struct text email;
	struct text environment;
	struct text sealed; /* ptr NULL: there is none */
	int64_t expires_ms;
};

/* A deed, with a note that is sealed already. */
struct once_row {
	struct text id;   /* DIGEST_SIZE bytes */
	struct text mark; /* STORE_MARK_SIZE bytes; ptr NULL: there is none */
	enum store_stage stage;
	struct text sealed;
	int64_t until_ms;
	int64_t expires_ms;
};

/* Told from any thread that somebody's sessions changed; store.c passes it on. */
void store_tell(struct store *store, const char *digest);

/* Refuses with ERROR_UNAVAILABLE, as do all that wait too long. */
bool store_too_slow(struct error *err);

/*
 * self is what the kind's open function made. Calls come from any thread, also at once. Live is
 * what ends after now_ms, of the calendar. Outputs go into the arena; the functions are otherwise
 * those of store.h.
 */
struct store_kind {
	const char *name;
	bool is_remote;
	void (*close)(void *self);
	bool (*tells_of_others)(const void *self);
	/* digest: of the row's address, for other replicas. */
	bool (*put)(void *self, const struct store_row *row, const char *digest,
		    int64_t deadline_ms, struct error *err);
	/* Fills sealed and expires_ms of the row, of which address and environment are given. */
	bool (*get)(void *self, struct arena *a, struct store_row *row, int64_t now_ms,
		    int64_t deadline_ms, struct error *err);
	/* Of the row: environment's ptr NULL for all; sealed's NULL for whatever is there, else
	 * only the one that is sealed just so. */
	bool (*drop)(void *self, const struct store_row *which, const char *digest,
		     int64_t deadline_ms, size_t *dropped, struct error *err);
	bool (*count)(void *self, int64_t now_ms, int64_t deadline_ms, size_t *count,
		      struct error *err);
	/* Ordered by the bytes of address and environment; without `sealed`. Live ones. */
	bool (*list)(void *self, struct arena *a, size_t most, int64_t now_ms, int64_t deadline_ms,
		     struct store_row **rows, size_t *count, struct error *err);
	/* Sessions, keys, deeds and replicas; *dropped counts the sessions. It may do some of it,
	 * and leave the rest to the next time, where the deadline comes first. */
	bool (*purge)(void *self, int64_t now_ms, int64_t deadline_ms, size_t *dropped,
		      struct error *err);
	bool (*put_key)(void *self, struct text id, struct text jwk, int64_t expires_ms,
			int64_t deadline_ms, struct error *err);
	bool (*keys)(void *self, struct arena *a, int64_t now_ms, int64_t deadline_ms,
		     struct text **jwks, size_t *count, struct error *err);
	/* NULL: replicas cannot meet there. */
	bool (*budget_meet)(void *self, struct arena *a, struct text replica,
			    struct store_meeting *meetings, size_t count, int64_t deadline_ms,
			    struct error *err);
	bool (*budget_leave)(void *self, struct text replica, int64_t deadline_ms,
			     struct error *err);
	/* Puts the row where none of its id is, or one that is over. It may be called again with
	 * the same row; whose row is there is seen with once_get. */
	bool (*once_put)(void *self, const struct once_row *row, int64_t now_ms,
			 int64_t deadline_ms, struct error *err);
	/* Fills all but the id, which is given. */
	bool (*once_get)(void *self, struct arena *a, struct once_row *row, int64_t now_ms,
			 int64_t deadline_ms, struct error *err);
	/* Stage and `sealed` of the row of that id and mark. */
	bool (*once_set)(void *self, const struct once_row *row, int64_t deadline_ms, size_t *set,
			 struct error *err);
	/* The row of that id and mark. */
	bool (*once_drop)(void *self, const struct once_row *row, int64_t deadline_ms,
			  struct error *err);
};

extern const struct store_kind store_kind_memory, store_kind_sqlite, store_kind_postgres;

/* For once.c. */
struct seal_keys;
const struct store_kind *store_kind_of(const struct store *store, void **self);
const struct seal_keys *store_seal_keys(const struct store *store);
/* Returns ok; what the store could not do is counted. */
bool store_said(const struct store *store, bool ok, const struct error *err);
/* One line a minute: with a wrong key, every read finds such a row. */
void store_tell_unreadable(struct store *store);

/* self: out, owned by the kind's close(). */
void *memory_open(size_t most);
MUST_USE bool sqlite_open(const char *file, void **self, struct error *err);
/* Makes the file, and its folder, where they are missing, for their owner alone; SQLite makes the
 * files beside it alike. Fails with ERROR_INPUT. */
MUST_USE bool sqlite_make_file(const char *file, struct error *err);
/* store: whom to tell of changes, also before this returns. */
MUST_USE bool postgres_open(const struct config_postgres *config, struct store *store, void **self,
			    struct error *err);

/* What a look at a store finds. */
struct store_found {
	bool missing;
	size_t live;
	size_t expired;
	int64_t first_end_ms;
	struct store_row *rows; /* arena; live ones, with `sealed`, at most STORE_MOST_TRIED */
	size_t row_count;
};
enum { STORE_MOST_TRIED = 100 };
MUST_USE bool sqlite_survey(const char *file, struct arena *a, int64_t deadline_ms,
			    struct store_found *found, struct error *err);
MUST_USE bool postgres_survey(const struct config_postgres *config, struct arena *a,
			      int64_t deadline_ms, struct store_found *found, struct error *err);

#endif
