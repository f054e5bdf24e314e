/* sessions revoke: of these addresses or of everybody, with a line in the audit trail for each. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/visible.h"
#include "cmd/sessions.h"
#include "telemetry/trail.h"

enum { LONGEST_NAME = 256 };

/* ---- the audit trail ---- */

/* Who signed in, also behind sudo, or else whose process this is. */
static void find_operator(char principal[LONGEST_NAME + 16])
{
	char name[LONGEST_NAME];
	char space[4096];
	struct passwd entry;
	struct passwd *found = NULL;

	if (getlogin_r(name, sizeof name) == 0 && name[0] != '\0')
		snprintf(principal, LONGEST_NAME + 16, "operator:%s", name);
	else if (getpwuid_r(getuid(), &entry, space, sizeof space, &found) == 0 && found != NULL)
		snprintf(principal, LONGEST_NAME + 16, "operator:%.255s", found->pw_name);
	else
		snprintf(principal, LONGEST_NAME + 16, "operator:%u", (unsigned)getuid());
}

/* As the service writes it (op/audit.c), and harmless: it may go to this terminal. False: it is not
 * in the trail. */
static bool audit(const struct sessions_revoking *how, const char *principal,
		  struct text shown_email, struct audit_event *e)
{
	struct buf shown;
	bool ok;

	buf_init(&shown, SESSIONS_LONGEST_SHOWN);
	visible_add(&shown, text_of(how->environment));
	e->id = "session-revoke";
	e->severity = AUDIT_HIGH;
	e->values[AUDIT_OPERATION] = TEXT("session.revoke");
	e->values[AUDIT_ACTOR] = text_of(principal);
	e->values[AUDIT_KIND] = TEXT("shell");
	e->values[AUDIT_ENVIRONMENT] = buf_text(&shown);
	e->values[AUDIT_OBJECT] = shown_email;
	ok = trail_write(how->trail, e);
	buf_fini(&shown);
	return ok;
}

static bool audit_begin(const struct sessions_revoking *how, const char *principal,
			struct text shown_email, struct error *err)
{
	struct audit_event e = {.status = AUDIT_INITIATED};

	return !how->trail_required || audit(how, principal, shown_email, &e) ||
	       error_set(err, ERROR_UNAVAILABLE,
			 "the audit trail cannot be written, and without it nothing is revoked "
			 "(spectrocloud.audit.required)");
}

static void audit_end(const struct sessions_revoking *how, const char *principal,
		      struct text shown_email, size_t revoked, const char *why_not)
{
	struct audit_event e = {.status = why_not == NULL ? AUDIT_SUCCEEDED : AUDIT_FAILED};
	char count[24];

	snprintf(count, sizeof count, "%zu", revoked);
	e.values[AUDIT_OUTCOME] = text_of(why_not == NULL ? "succeeded" : "failed");
	e.values[AUDIT_ERROR] = text_of(why_not);
	e.values[AUDIT_COUNT] = text_of(count);
	(void)audit(how, principal, shown_email, &e);
}

/* ---- revoking ---- */

static void print_line(struct text shown, size_t revoked)
{
	printf("%.*s: %zu revoked\n", (int)shown.len, shown.ptr, revoked);
	fflush(stdout); /* it is done, whatever comes next */
}

static bool revoke_one(struct store *store, const struct sessions_revoking *how,
		       const char *principal, struct text email, size_t *revoked, struct error *err)
{
	struct buf shown;
	bool ok;

	buf_init(&shown, SESSIONS_LONGEST_SHOWN);
	visible_add(&shown, email);
	ok = audit_begin(how, principal, buf_text(&shown), err) &&
	     store_delete(store, email, how->environment, sessions_deadline(), revoked, err);
	if (ok)
		print_line(buf_text(&shown), *revoked);
	audit_end(how, principal, buf_text(&shown), *revoked, ok ? NULL : err->message);
	if (!ok)
		error_in(err, "%.*s", (int)shown.len, shown.ptr);
	buf_fini(&shown);
	return ok;
}

/* Ends early where the store does not work: each further address would have to wait as long. */
static int revoke_each(struct store *store, const struct sessions_revoking *how,
		       const struct text *emails, size_t count)
{
	char principal[LONGEST_NAME + 16];
	struct error err;
	int status = 0;

	find_operator(principal);
	for (size_t i = 0; i < count; i++) {
		size_t revoked = 0;

		if (revoke_one(store, how, principal, emails[i], &revoked, &err)) {
			/* Of everybody's, one that has just ended is no miss. */
			if (revoked == 0 && !how->all)
				status = 1;
			continue;
		}
		status = sessions_failed(&err);
		if (err.kind == ERROR_INPUT)
			continue;
		fprintf(stderr, "%zu of %zu address%s not done.\n", count - i, count,
			count == 1 ? " is" : "es are");
		break;
	}
	return status;
}

/* ---- everybody ---- */

struct everybody {
	struct text *emails;
	size_t email_count;
	size_t session_count;
};

/* The rows come by address. */
static void pick(const struct session_row *rows, size_t count, const char *environment,
		 struct everybody *all)
{
	for (size_t i = 0; i < count; i++) {
		struct text email = text_of(rows[i].email);

		if (environment != NULL && strcmp(rows[i].environment, environment) != 0)
			continue;
		all->session_count++;
		if (all->email_count == 0 || !text_equal(all->emails[all->email_count - 1], email))
			all->emails[all->email_count++] = email;
	}
}

bool sessions_can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool confirm(const struct everybody *all)
{
	char answer[16] = "";
	struct text said;

	fprintf(stderr, "Revoke %zu session%s of %zu address%s? [y/N] ", all->session_count,
		all->session_count == 1 ? "" : "s", all->email_count,
		all->email_count == 1 ? "" : "es");
	if (fgets(answer, sizeof answer, stdin) == NULL)
		fputc('\n', stderr);
	said = text_trim(text_of(answer));
	return text_equal_nocase(said, TEXT("y")) || text_equal_nocase(said, TEXT("yes"));
}

static int revoke_found(struct store *store, const struct sessions_revoking *how,
			const struct everybody *all)
{
	if (all->email_count == 0) {
		fprintf(stderr, "There are no sessions%s.\n",
			how->environment == NULL ? "" : " in this environment");
		return 0;
	}
	if (!how->yes && !confirm(all)) {
		fputs("Nothing was revoked.\n", stderr);
		return 1;
	}
	return revoke_each(store, how, all->emails, all->email_count);
}

static int revoke_all(struct store *store, const struct sessions_revoking *how)
{
	struct session_row *rows = NULL;
	struct everybody all = {.email_count = 0};
	struct arena arena;
	struct error err;
	size_t count = 0;
	int status;

	arena_init(&arena);
	if (store_list(store, &arena, SESSIONS_MOST, sessions_deadline(), &rows, &count, &err)) {
		all.emails = arena_array(&arena, struct text, count);
		pick(rows, count, how->environment, &all);
		status = revoke_found(store, how, &all);
	} else {
		status = sessions_failed(&err);
	}
	arena_fini(&arena);
	if (count < SESSIONS_MOST)
		return status;
	fprintf(stderr, "Only %d sessions were looked at; there may be more.\n", SESSIONS_MOST);
	return 1;
}

int sessions_revoke(struct store *store, const struct sessions_revoking *how)
{
	return how->all ? revoke_all(store, how)
			: revoke_each(store, how, how->emails, how->email_count);
}
