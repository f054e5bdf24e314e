/* The policy file: reading it, noticing that it has changed, and answering meanwhile. */
#include "backstage/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backstage/policy_rules.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

enum {
	LOOK_EVERY_MS = 1000,
	/* The clock of a file system moves in steps. What was written within the step in which we
	 * read would look unchanged, so a file as young as that is read once more. */
	YOUNG_MS = 1000,
};

struct policy {
	char *path;

	/* Held for one question or one exchange of pointers, so that nobody asks rules that go. */
	pthread_mutex_t lock;
	struct policy_rules *rules;

	atomic_int_least64_t next_look_ms; /* of clock_now_ms() */

	/* Held by the one caller who looks at the file. */
	pthread_mutex_t look_lock;
	struct file_stamp seen;
	bool young;      /* when it was read last */
	uint64_t digest; /* of the bytes that were read last, good or bad */
};

/* ---- the file ---- */

static bool is_young(const struct file_stamp *stamp)
{
	int64_t changed_ms = file_stamp_changed_ms(stamp);

	return stamp->problem == 0 && llabs(clock_calendar_ms() - changed_ms) < YOUNG_MS;
}

static bool read_all(int fd, const char *path, struct buf *bytes, struct error *err)
{
	char piece[16 * 1024];
	ssize_t got;

	while (buf_complete(bytes)) {
		got = read(fd, piece, sizeof piece);
		if (got == 0)
			return true;
		if (got < 0 && errno != EINTR)
			return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
		if (got > 0)
			buf_add(bytes, (struct text){piece, (size_t)got});
	}
	return error_set(err, ERROR_INPUT, "%s: larger than %d MiB", path,
			 (int)POLICY_MAX_BYTES / (1024 * 1024));
}

/* Reads an open file; stamp is that of the moment before. */
static bool read_open(int fd, const char *path, struct file_stamp *stamp, struct buf *bytes,
		      struct error *err)
{
	struct file_stamp after;
	struct stat info;

	if (fstat(fd, &info) != 0)
		return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return error_set(err, ERROR_INPUT, "%s: not a file", path);
	*stamp = file_stamp_of(&info);
	if (!read_all(fd, path, bytes, err))
		return false;
	if (fstat(fd, &info) != 0)
		return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
	after = file_stamp_of(&info);
	if (!file_stamp_equal(stamp, &after))
		return error_set(err, ERROR_INPUT, "%s: it was written to while it was read", path);
	return true;
}

/*
 * Reads the file into bytes, whose ceiling is set.
 * stamp  out, also on failure: what stands for the state that was met.
 */
static bool read_file(const char *path, struct file_stamp *stamp, struct buf *bytes,
		      struct error *err)
{
	int fd;
	bool ok;

	/* First: a file that appears between the two must not count as seen. */
	*stamp = file_stamp_at(path);
	/* Nobody waits for the other end of a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
	ok = read_open(fd, path, stamp, bytes, err);
	close(fd);
	return ok;
}

/* ---- its rules ---- */

static void log_rules(const char *event, const char *path, const struct policy_rules *rules)
{
	const struct policy_summary *s = policy_rules_summary(rules);

	log_info(event, F_STR("file", path), F_INT("rules", s->rules),
		 F_INT("memberships", s->memberships));
	if (s->idle_rules > 0)
		log_warn("policy.rules_never_match", F_STR("file", path),
			 F_INT("line", s->idle_line), F_INT("count", s->idle_rules),
			 F_STR("permission", s->idle_permission->name),
			 F_STR("its_action", s->idle_permission->action));
}

static void replace_rules(struct policy *policy, struct policy_rules *rules)
{
	struct policy_rules *old;

	pthread_mutex_lock(&policy->lock);
	old = policy->rules;
	policy->rules = rules;
	pthread_mutex_unlock(&policy->lock);
	policy_rules_free(old);
}

static void log_kept(const struct policy *policy, const char *reason)
{
	log_warn("policy.kept", F_STR("file", policy->path), F_STR("reason", reason),
		 F_STR("effect", "the policy that was read before stays in force"));
}

static void parse_again(struct policy *policy, struct text bytes)
{
	struct policy_rules *rules;
	struct error err;

	if (!policy_rules_parse(policy->path, bytes, &rules, &err)) {
		log_kept(policy, err.message);
		return;
	}
	log_rules("policy.reloaded", policy->path, rules);
	replace_rules(policy, rules);
}

static void read_again(struct policy *policy)
{
	struct error err;
	struct buf bytes;
	uint64_t digest;

	buf_init(&bytes, POLICY_MAX_BYTES);
	if (!read_file(policy->path, &policy->seen, &bytes, &err)) {
		log_kept(policy, err.message);
		policy->young = false;
		policy->digest = 0;
	} else {
		policy->young = is_young(&policy->seen);
		digest = hash_text(HASH_START, buf_text(&bytes));
		if (digest != policy->digest)
			parse_again(policy, buf_text(&bytes));
		policy->digest = digest;
	}
	buf_fini(&bytes);
}

static void look_at_file(struct policy *policy)
{
	struct file_stamp now;

	/* Whoever comes while another reads goes on with what there is. */
	if (pthread_mutex_trylock(&policy->look_lock) != 0)
		return;
	now = file_stamp_at(policy->path);
	if (policy->young || !file_stamp_equal(&now, &policy->seen))
		read_again(policy);
	pthread_mutex_unlock(&policy->look_lock);
}

/* True for one caller each time the interval has passed. */
static bool is_time_to_look(struct policy *policy)
{
	int64_t now = clock_now_ms();
	int_least64_t next = atomic_load_explicit(&policy->next_look_ms, memory_order_relaxed);

	return now >= next &&
	       atomic_compare_exchange_strong(&policy->next_look_ms, &next, now + LOOK_EVERY_MS);
}

/* ---- what others call ---- */

static struct policy *policy_new(const char *path)
{
	struct policy *policy = heap_alloc(sizeof *policy);

	policy->path = heap_copy(text_of(path));
	pthread_mutex_init(&policy->lock, NULL);
	pthread_mutex_init(&policy->look_lock, NULL);
	atomic_init(&policy->next_look_ms, clock_now_ms() + LOOK_EVERY_MS);
	return policy;
}

bool policy_open(const char *path, struct policy **policy, struct error *err)
{
	struct policy *opened = policy_new(path);
	struct buf bytes;
	bool ok;

	buf_init(&bytes, POLICY_MAX_BYTES);
	ok = read_file(path, &opened->seen, &bytes, err) &&
	     policy_rules_parse(path, buf_text(&bytes), &opened->rules, err);
	if (ok) {
		opened->young = is_young(&opened->seen);
		opened->digest = hash_text(HASH_START, buf_text(&bytes));
		log_rules("policy.loaded", path, opened->rules);
		*policy = opened;
	} else {
		policy_close(opened);
	}
	buf_fini(&bytes);
	return ok;
}

void policy_close(struct policy *policy)
{
	if (policy == NULL)
		return;
	policy_rules_free(policy->rules);
	pthread_mutex_destroy(&policy->look_lock);
	pthread_mutex_destroy(&policy->lock);
	free(policy->path);
	free(policy);
}

bool policy_allows(struct policy *policy, const char *subject, const struct permission *permission,
		   const char **why)
{
	static const char *const reasons[] = {
		[POLICY_SILENT] = "no rule allows it",
		[POLICY_ALLOWED] = NULL,
		[POLICY_DENIED] = "a rule denies it",
	};
	enum policy_verdict verdict;

	if (is_time_to_look(policy))
		look_at_file(policy);
	pthread_mutex_lock(&policy->lock);
	verdict = policy_rules_ask(policy->rules, text_of(subject), permission);
	pthread_mutex_unlock(&policy->lock);
	if (why != NULL)
		*why = reasons[verdict];
	return verdict == POLICY_ALLOWED;
}

void policy_look_soon(struct policy *policy)
{
	atomic_store_explicit(&policy->next_look_ms, 0, memory_order_relaxed);
}
