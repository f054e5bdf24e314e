/* Landlock: which files may be changed, and that none may be executed. */
#include "app/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that came with later versions than the one whose header this may be compiled with. */
#define RIGHT_REFER    (1ULL << 13) /* version 2 */
#define RIGHT_TRUNCATE (1ULL << 14) /* version 3 */
#define RIGHT_IOCTL    (1ULL << 15) /* version 5, of devices */
#define SCOPE_SIGNALS  (1ULL << 1)  /* version 6 */
enum { VERSION_OF_REFER = 2, VERSION_OF_TRUNCATE = 3, VERSION_OF_IOCTL = 5, VERSION_OF_SCOPES = 6 };

#define RIGHTS_OF_SOCKETS (LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define RIGHTS_OF_FILES                                                \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | RIGHT_TRUNCATE)
#define RIGHTS_OF_NULL (LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL)

/* The header's struct landlock_ruleset_attr as it is from version 6 on; an older kernel takes as
 * much of it as it knows, if the rest is zero. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

/* What needs a rule from now on: everything but reading. */
static struct ruleset what_is_decided(int abi)
{
	struct ruleset r = {.files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				     LANDLOCK_ACCESS_FS_REMOVE_DIR |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
				     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
				     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM};

	if (abi >= VERSION_OF_REFER)
		r.files |= RIGHT_REFER;
	if (abi >= VERSION_OF_TRUNCATE)
		r.files |= RIGHT_TRUNCATE;
	if (abi >= VERSION_OF_IOCTL)
		r.files |= RIGHT_IOCTL;
	if (abi >= VERSION_OF_SCOPES)
		r.scoped = SCOPE_SIGNALS;
	return r;
}

static bool fail(struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE, "Landlock: %s", strerror(errno));
}

static uint64_t rights_of(unsigned changes)
{
	return ((changes & CONFINE_SOCKETS) != 0 ? RIGHTS_OF_SOCKETS : 0) |
	       ((changes & CONFINE_FILES) != 0 ? RIGHTS_OF_FILES : 0);
}

/* path is a folder or a file; one that is not there needs no rule. */
static bool allow(int ruleset, const char *path, uint64_t rights, struct error *err)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights};
	long status;
	int place;

	if (rights == 0)
		return true;
	place = open(path, O_PATH | O_CLOEXEC);
	if (place < 0)
		return true;
	rule.parent_fd = place;
	status = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (status != 0)
		(void)fail(err);
	close(place);
	return status == 0;
}

static bool allow_all(int ruleset, uint64_t decided, const struct confine_place *places,
		      size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!allow(ruleset, places[i].folder, rights_of(places[i].changes) & decided, err))
			return false;
	return allow(ruleset, "/dev/null", RIGHTS_OF_NULL & decided, err);
}

static bool enter(int ruleset, struct error *err)
{
	return (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		syscall(SYS_landlock_restrict_self, ruleset, 0) == 0) ||
	       fail(err);
}

bool confine_files(const struct confine_place *places, size_t count, int *abi, struct error *err)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset decided = what_is_decided((int)version);
	long ruleset;
	bool ok;

	if (version < 1)
		return fail(err);
	ruleset = syscall(SYS_landlock_create_ruleset, &decided, sizeof decided, 0);
	if (ruleset < 0)
		return fail(err);
	ok = allow_all((int)ruleset, decided.files, places, count, err) && enter((int)ruleset, err);
	close((int)ruleset);
	if (ok)
		*abi = (int)version;
	return ok;
}
