/* The user and group that the process goes on as, when it was started as root. */
#include "app/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"

enum {
	ENTRY_ROOM = 64 * 1024, /* of one line of the system's lists */
	LONGEST_NAME = 63,
	MOST_CAPABILITIES = 64,
};

/* ---- finding ---- */

/* The numbers of users and groups end before this one, which stands for "unchanged". */
static bool read_number(const char *name, unsigned *number)
{
	int64_t value;

	if (!text_to_int(text_of(name), &value) || value < 0 || value >= UINT32_MAX)
		return false;
	*number = (unsigned)value;
	return true;
}

static bool find_user(const char *name, char *room, struct identity *found, struct error *err)
{
	struct passwd *entry = NULL;
	struct passwd space;
	unsigned number;

	if ((getpwnam_r(name, &space, room, ENTRY_ROOM, &entry) != 0 || entry == NULL) &&
	    read_number(name, &number))
		(void)getpwuid_r((uid_t)number, &space, room, ENTRY_ROOM, &entry);
	if (entry == NULL)
		return error_set(err, ERROR_INPUT, "--user: there is no user `%s`", name);
	if (entry->pw_uid == 0)
		return error_set(err, ERROR_INPUT,
				 "--user: `%s` is root; name a user with fewer rights", name);
	if (strlen(entry->pw_name) >= sizeof found->name ||
	    strlen(entry->pw_dir) >= sizeof found->home)
		return error_set(err, ERROR_INPUT, "--user: the name or home of `%s` is too long",
				 name);
	strcpy(found->name, entry->pw_name);
	strcpy(found->home, entry->pw_dir);
	found->uid = entry->pw_uid;
	found->gid = entry->pw_gid;
	return true;
}

static bool find_group(const char *name, char *room, struct identity *found, struct error *err)
{
	struct group *entry = NULL;
	struct group space;
	unsigned number;

	if ((getgrnam_r(name, &space, room, ENTRY_ROOM, &entry) != 0 || entry == NULL) &&
	    read_number(name, &number))
		(void)getgrgid_r((gid_t)number, &space, room, ENTRY_ROOM, &entry);
	if (entry == NULL)
		return error_set(err, ERROR_INPUT, "--user: there is no group `%s`", name);
	if (entry->gr_gid == 0)
		return error_set(err, ERROR_INPUT,
				 "--user: the group `%s` is root's; name one with fewer rights",
				 name);
	found->gid = entry->gr_gid;
	return true;
}

bool identity_find(const char *wanted, struct identity *identity, struct error *err)
{
	struct identity found = {.uid = 0};
	const char *colon = strchr(wanted, ':');
	size_t length = colon == NULL ? strlen(wanted) : (size_t)(colon - wanted);
	char user[LONGEST_NAME + 1];
	char *room;
	bool ok;

	if (length == 0 || length > LONGEST_NAME)
		return error_set(err, ERROR_INPUT, "--user: wants NAME[:GROUP]");
	memcpy(user, wanted, length);
	user[length] = '\0';
	room = heap_alloc(ENTRY_ROOM);
	ok = find_user(user, room, &found, err) &&
	     (colon == NULL || find_group(colon + 1, room, &found, err));
	free(room);
	if (ok)
		*identity = found;
	return ok;
}

/* ---- becoming ---- */

static bool fail(struct error *err, const struct identity *identity, const char *step)
{
	return error_set(err, ERROR_INTERNAL, "could not become the user %s: %s: %s",
			 identity->name, step, strerror(errno));
}

/* Capabilities that no file could give back; the kernel says where its list ends. */
static void forget_capabilities(void)
{
	for (unsigned long i = 0; i < MOST_CAPABILITIES; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0)
			break;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static bool holds_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{.effective = 0}};

	if (syscall(SYS_capget, &header, data) != 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		if ((data[i].effective | data[i].permitted | data[i].inheritable) != 0)
			return true;
	return false;
}

static bool is_all(const struct identity *identity)
{
	uid_t real_user, user, saved_user;
	gid_t real_group, group, saved_group;

	return getresuid(&real_user, &user, &saved_user) == 0 &&
	       getresgid(&real_group, &group, &saved_group) == 0 && real_user == identity->uid &&
	       user == identity->uid && saved_user == identity->uid &&
	       real_group == identity->gid && group == identity->gid &&
	       saved_group == identity->gid;
}

/* The way back must be closed. If it is not, trying it has opened it, and the caller ends. */
static bool is_for_good(const struct identity *identity)
{
	return is_all(identity) && !holds_capabilities() && setuid(0) != 0 && seteuid(0) != 0 &&
	       setgid(0) != 0 && setegid(0) != 0 && setgroups(0, NULL) != 0;
}

static bool change(const struct identity *identity, struct error *err)
{
	forget_capabilities();
	if (initgroups(identity->name, identity->gid) != 0)
		return fail(err, identity, "its groups");
	if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
		return fail(err, identity, "its group");
	if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
		return fail(err, identity, "its number");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(err, identity, "giving up more rights");
	if (!is_for_good(identity))
		return error_set(err, ERROR_INTERNAL,
				 "could not become the user %s: root's rights are still there",
				 identity->name);
	/* Where libraries look for certificates and passwords. */
	if (setenv("HOME", identity->home, 1) != 0)
		return fail(err, identity, "its home");
	return true;
}

bool identity_become(const struct identity *identity, struct error *err)
{
	if (geteuid() != 0 && is_all(identity))
		return true;
	if (geteuid() != 0)
		return error_set(err, ERROR_INPUT,
				 "--user: only root can become the user %s; this process runs "
				 "as uid %u",
				 identity->name, (unsigned)geteuid());
	return change(identity, err);
}
