/*
 * Where Palette sessions of users are kept, so that they outlive a restart and every replica has
 * them: in memory, in an SQLite file, or in PostgreSQL, behind one struct of functions. Beside them
 * the public halves of the keys with which this plugin's replicas sign.
 *
 * A session belongs to one e-mail address and one environment. Addresses are compared without the
 * case of A to Z: they are kept in lower case. At rest a token is sealed with AES-256-GCM
 * (crypto/seal.h); its associated data are the address, the environment with its URL, and the end,
 * so that a row that is copied or changed opens nothing.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "crypto/jose.h"

struct store;

enum {
	STORE_LONGEST_EMAIL = 320,
	STORE_LONGEST_ENVIRONMENT = 256, /* empty: the one without a name */
	STORE_LONGEST_TOKEN = 64 * 1024,
	STORE_LONGEST_KEY = 16 * 1024,
	/* In memory; beyond, the session that ends first goes. */
	STORE_MOST_IN_MEMORY = 100000,
	/* Public keys that are kept in memory or given out; those that end last. */
	STORE_MOST_KEYS = 256,
	STORE_LONGEST_NOTE = 64 * 1024,
	/* Deeds that are kept in memory, and what their notes may take together; beyond, none
	 * begins. */
	STORE_MOST_ONCE = 100000,
	STORE_MOST_ONCE_BYTES = 64 * 1024 * 1024,
};

/*
 * Opens what the configuration says and brings its tables up to date, under an advisory lock where
 * replicas share it. store: out, owned: store_close(). Blocks for seconds; for the start only.
 * Fails with ERROR_INPUT (what is configured cannot be) or ERROR_UNAVAILABLE (it does not answer).
 * The message may name a host, a user and a file, and never a password.
 */
MUST_USE bool store_open(const struct config *config, struct store **store, struct error *err);
/*
 * Whether the configuration says where a store can be, as far as that can be known without opening
 * it. Fails with ERROR_INPUT; the message repeats nothing that may be part of a password.
 */
MUST_USE bool store_check(const struct config *config, struct error *err);
/* Makes the folder of SQLite's file, if it is to be there and only it is missing; that it could not
 * is seen when the store is opened. */
void store_make_folder(const struct config *config);
/*
 * The same store as another configuration sees it: with the environments of that one, and a watcher
 * of its own. What is kept is the same.
 * config  borrowed for the view's life. Owned: store_close(), before that of the store.
 */
struct store *store_view(struct store *store, const struct config *config);
/* Of either. NULL is fine. No call may be under way. Of what store_open() made, waits for an
 * attempt to connect that is under way. */
void store_close(struct store *store);

/* "memory", "sqlite" or "postgresql"; static. */
const char *store_kind(const struct store *store);

/*
 * All of these block, at most until deadline_ms of clock_now_ms(), and fail with ERROR_UNAVAILABLE
 * where the store does not answer, with ERROR_INPUT for what is longer than the limits above or no
 * address (empty, control characters, not UTF-8), and with ERROR_INTERNAL where it refuses what we
 * ask. A call that failed may have been carried out all the same, but not after its deadline (with
 * PostgreSQL: as exactly as the database's clock goes, see store/pg.h). Any worker may call them at
 * once.
 */

/* Puts a session in the place of the one that is there. Times are calendar milliseconds. */
MUST_USE bool store_put(struct store *store, struct text email, const char *environment,
			struct text token, int64_t expires_ms, int64_t deadline_ms,
			struct error *err);

struct session {
	struct text token; /* arena; ptr NULL: there is no live one. A credential: never log it */
	struct text mark;  /* arena; of this one: no two that are put have the same */
	int64_t expires_ms;
};
/* A row that cannot be opened (another key, broken) counts as none, with a log line, once a minute
 * at most. */
MUST_USE bool store_get(struct store *store, struct arena *a, struct text email,
			const char *environment, int64_t deadline_ms, struct session *session,
			struct error *err);

/* environment NULL: of all. *deleted: out, how many there were; fewer, if the connection broke
 * after the database had done it and before it said so. */
MUST_USE bool store_delete(struct store *store, struct text email, const char *environment,
			   int64_t deadline_ms, size_t *deleted, struct error *err);
/* The session of that mark, but not one that was put in its place meanwhile. */
MUST_USE bool store_delete_marked(struct store *store, struct text email, const char *environment,
				  struct text mark, int64_t deadline_ms, size_t *deleted,
				  struct error *err);

/* Live ones. */
MUST_USE bool store_count(struct store *store, int64_t deadline_ms, size_t *count,
			  struct error *err);

/* Without tokens, for an operator. Ordered by address; at most `most`. Arena. */
struct session_row {
	const char *email;
	const char *environment;
	int64_t expires_ms;
};
MUST_USE bool store_list(struct store *store, struct arena *a, size_t most, int64_t deadline_ms,
			 struct session_row **rows, size_t *count, struct error *err);

/* Drops what has expired; called now and then. What it has no time for goes next time. */
MUST_USE bool store_purge(struct store *store, int64_t deadline_ms, size_t *dropped,
			  struct error *err);

/*
 * What an address is called where it need not be known: SHA-256 of its lower case, in hexadecimal
 * digits, NUL-terminated. The same in every replica.
 */
enum { STORE_DIGEST_SIZE = 65 };
void store_digest(struct text email, char digest[STORE_DIGEST_SIZE]);

/*
 * Called for every change to sessions that this or another replica made, with the digest of the
 * address; "" means that anything may have changed (a connection was lost meanwhile). Own changes
 * are told by the thread that made them, before its call returns; others' by a thread of the
 * store's, which tells own ones once more. It must not wait, and must not call the store.
 * Where the store cannot tell of others' changes (memory, SQLite, databases that do not know
 * LISTEN, and while the connection that listens is lost) it is called for this process's own alone,
 * and store_tells_of_others() is false.
 */
typedef void store_changed_fn(void *context, const char *digest);
/* One for the store, and one for each view. changed NULL: no longer. When it returns, the former
 * one is not called any more. */
void store_watch(struct store *store, store_changed_fn *changed, void *context);
bool store_tells_of_others(const struct store *store);
/* Whether it lies behind a network, so that what was read is worth keeping for a moment. */
bool store_is_remote(const struct store *store);

/* ---- for who looks for a fault ---- */

/* What stands in the store that a configuration names. */
struct store_survey {
	bool out_of_reach; /* in the memory of another process */
	bool missing;      /* there is no file or no table yet: no service has opened it */
	size_t live;
	size_t expired;
	int64_t first_end_ms; /* of all that are there, calendar; 0: there is none */
	size_t tried;         /* of the live ones, some */
	size_t opened;        /* of these, with a key that is configured */
};
/* Looks without store_open(): makes no file and no table, changes nothing, and keeps nothing open.
 * Blocks at most until the deadline, and with PostgreSQL a few seconds for a connection. Fails as
 * store_open(). */
MUST_USE bool store_survey(const struct config *config, int64_t deadline_ms,
			   struct store_survey *survey, struct error *err);

/* ---- public keys of all replicas ---- */

MUST_USE bool store_put_key(struct store *store, const char *id, struct text jwk,
			    int64_t expires_ms, int64_t deadline_ms, struct error *err);
/* Those that have not expired, as JSON Web Keys; arena. */
MUST_USE bool store_keys(struct store *store, struct arena *a, int64_t deadline_ms,
			 struct text **jwks, size_t *count, struct error *err);

/* ---- who else asks Palette from our address ---- */

enum { STORE_MOST_REPLICAS = 1000 };

/* Whether replicas can meet in it, as below. */
bool store_can_meet(const struct store *store);
enum { STORE_LONGEST_BUSY = 64 * 1024, STORE_MOST_MEETINGS = 100 };

/* What this replica says of one host, and what the others say. */
struct store_meeting {
	const char *host;    /* whom they share: a line */
	const char *busy;    /* a line of words, at most STORE_LONGEST_BUSY bytes */
	const char **others; /* out, arena: `busy` of each of the others with that host */
	size_t other_count;  /* out */
};
/*
 * Writes down that this replica is there, in the place of what it wrote before, and reads what the
 * others have written within the last five seconds, by the clock of the store. Any thread.
 *
 * replica   a name that no other has.
 * meetings  each host once; STORE_MOST_MEETINGS at most. Outputs are untouched on failure.
 * Of all hosts together count * STORE_MOST_REPLICAS others are read at most, the latest.
 * Fails as all do, and with ERROR_INTERNAL where replicas cannot meet.
 */
MUST_USE bool store_budget_meet(struct store *store, struct arena *a, const char *replica,
				struct store_meeting *meetings, size_t count, int64_t deadline_ms,
				struct error *err);
/* This replica is there no more. Rows of those that could not say so go with store_purge(). */
MUST_USE bool store_budget_leave(struct store *store, const char *replica, int64_t deadline_ms,
				 struct error *err);

/* ---- what must not be done twice: once.c ---- */

/*
 * A deed is known by a digest of who does what, and of the name that they gave it. It is written
 * down before it is done; whoever comes with the same digest, in whichever replica, finds it there.
 * What is kept in memory is so for one process, and forgotten with it.
 */
enum store_stage {
	STORE_NOT_BEGUN,
	STORE_BEGUN, /* being done; after until_ms whoever did it has died, or cannot say any more
		      */
	STORE_DONE,
	STORE_UNKNOWN, /* whether it was done */
};

enum { STORE_MARK_SIZE = 16 };

struct store_once {
	struct digest id;
	unsigned char mark[STORE_MARK_SIZE]; /* of the one who began; no two have the same */
	enum store_stage stage;
	/* Arena, sealed where it is kept: what is worth knowing of it, 1 to STORE_LONGEST_NOTE
	 * bytes; ptr NULL: it cannot be opened (another key, broken), and is there all the same. */
	struct text note;
	int64_t until_ms; /* calendar, as expires_ms, when it is forgotten */
	int64_t expires_ms;
};

/* found: out, of that id; STORE_NOT_BEGUN where there is none, or it has expired. Fails as all do.
 */
MUST_USE bool store_once_look(struct store *store, struct arena *a, const struct digest *id,
			      int64_t deadline_ms, struct store_once *found, struct error *err);

/*
 * Writes down that the deed begins, if nobody has: of many who call at once, one does it.
 *
 * deed   id, note, until_ms and expires_ms given; out: mark and stage, where *begun.
 * begun  out: it is the caller's to do, and is to be settled or released. When this returns it is
 *        safely kept, a power failure included.
 * found  out, where not *begun: what is there.
 *
 * Fails as all do, and with ERROR_UNAVAILABLE where there is no room. After a failure it may stand
 * there as begun, and should be released.
 */
MUST_USE bool store_once_begin(struct store *store, struct arena *a, struct store_once *deed,
			       int64_t deadline_ms, bool *begun, struct store_once *found,
			       struct error *err);

/* Writes down what became of it. deed: as begun, with the new note and stage. Fails as all do, and
 * with ERROR_NOT_FOUND where it does not stand there as begun by the caller. */
MUST_USE bool store_once_settle(struct store *store, const struct store_once *deed,
				int64_t deadline_ms, struct error *err);

/* Nothing was done: as if it had not begun. Does nothing where another one has begun it. */
MUST_USE bool store_once_release(struct store *store, const struct store_once *deed,
				 int64_t deadline_ms, struct error *err);

#endif
