/* sessions revoke: of these addresses or of everybody, with a line in the audit trail for each. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/visible.h"
#include "cmd/sessions.h"

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

/* As the service writes it (op/run.c), and harmless: it may go to this terminal. */
static void audit(const char *principal, const char *environment, struct text shown_email,
		  size_t revoked, const char *why_not)
{
	struct buf shown;

	buf_init(&shown, SESSIONS_LONGEST_SHOWN);
	visible_add(&shown, text_of(environment));
	log_info("audit", F_STR("operation", "session.revoke"), F_STR("principal", principal),
		 F_STR("actor", ""), F_TEXT("environment", buf_text(&shown)),
		 F_TEXT("object", shown_email),
		 F_STR("outcome", why_not == NULL ? "succeeded" : "failed"),
		 F_STR("reason", why_not), F_INT("sessions", revoked));
	buf_fini(&shown);
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
	ok = store_delete(store, email, how->environment, sessions_deadline(), revoked, err);
	if (ok)
		print_line(buf_text(&shown), *revoked);
	audit(principal, how->environment, buf_text(&shown), *revoked, ok ? NULL : err->message);
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
		fprintf(stderr, "%zu of %zu address(es) are not done.\n", count - i, count);
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

	fprintf(stderr, "Revoke %zu session(s) of %zu address(es)? [y/N] ", all->session_count,
		all->email_count);
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
