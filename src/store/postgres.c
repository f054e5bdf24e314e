/*
 * libpq. Connecting blocks, and is left to threads of the store's; once connected, nothing waits in
 * libpq: it is asked to send and to read what is there, and poll() waits, until the deadline.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "store/inside.h"
#include "store/pg.h"

enum { AFTER_CONNECT_MS = 5000 };

struct pg_target {
	const struct config_postgres *config;
	int ca; /* a file in memory, as libpq takes certificates from files only; -1: none */
	char ca_path[32];
	char search_path[80]; /* empty: the default one */
};

struct pg {
	PGconn *conn;
	char state[8];
};

/* ---- how to connect ---- */

static bool make_ca(struct pg_target *t, struct error *err)
{
	struct text left = text_of(t->config->ca);

	t->ca = memfd_create("certificates", MFD_CLOEXEC);
	if (t->ca < 0)
		return error_set(err, ERROR_INTERNAL, "no file in memory: %s", strerror(errno));
	while (left.len > 0) {
		ssize_t n = write(t->ca, left.ptr, left.len);

		if (n <= 0)
			return error_set(err, ERROR_INTERNAL, "certificates: %s", strerror(errno));
		left = text_slice(left, (size_t)n, left.len);
	}
	snprintf(t->ca_path, sizeof t->ca_path, "/proc/self/fd/%d", t->ca);
	return true;
}

/* What libpq says of a string that it cannot read may repeat a part of it. */
static bool check_connection(const struct config_postgres *config, struct error *err)
{
	PQconninfoOption *options;
	char *message = NULL;

	if (!secret_is_set(&config->connection))
		return true;
	options = PQconninfoParse(config->connection.ptr, &message);
	PQfreemem(message);
	if (options == NULL)
		return error_set(err, ERROR_INPUT,
				 "the connection to PostgreSQL is neither a URL nor keywords and "
				 "values as libpq takes them");
	PQconninfoFree(options);
	return true;
}

bool pg_target_new(const struct config_postgres *config, struct pg_target **target,
		   struct error *err)
{
	struct pg_target *t;

	if (!check_connection(config, err))
		return false;
	t = heap_alloc(sizeof *t);
	*t = (struct pg_target){.config = config, .ca = -1};
	if (config->schema != NULL)
		snprintf(t->search_path, sizeof t->search_path, "\"%s\"", config->schema);
	if (config->ca != NULL && !make_ca(t, err)) {
		pg_target_free(t);
		return false;
	}
	*target = t;
	return true;
}

void pg_target_free(struct pg_target *target)
{
	if (target == NULL)
		return;
	if (target->ca >= 0)
		close(target->ca);
	free(target);
}

/* The system's certificates; this libpq does not know where they are. */
static const char *system_certificates(void)
{
	static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
					    "/etc/pki/tls/certs/ca-bundle.crt",
					    "/etc/ssl/cert.pem"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

/* Of a folder that it may not look into, such as a home that is hidden from services, libpq makes
 * an error; so it looks where surely nothing is. */
static const char *own_certificate(void)
{
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	if (home == NULL)
		return "/dev/null/none";
	snprintf(path, sizeof path, "%s/.postgresql/postgresql.crt", home);
	return access(path, R_OK) != 0 && errno == EACCES ? "/dev/null/none" : NULL;
}

static const char *ssl_mode(enum config_tls tls)
{
	switch (tls) {
	case CONFIG_TLS_OFF:
		return "disable";
	case CONFIG_TLS_UNVERIFIED:
		return "require";
	case CONFIG_TLS_VERIFIED:
		return "verify-full";
	default:
		return NULL;
	}
}

/* Of several values the last one holds, and NULL is none: first what the connection string may
 * replace, then that string, then what is laid over it. */
static PGconn *connect_now(const struct pg_target *t, const char *database)
{
	const struct config_postgres *c = t->config;
	const char *const options[][2] = {
		{"connect_timeout", "5"},
		{"keepalives_idle", "15"},
		{"keepalives_interval", "5"},
		{"keepalives_count", "3"},
		{"tcp_user_timeout", "15000"},
		{"application_name", "spectrocloud-backend"},
		{"sslrootcert", c->tls == CONFIG_TLS_VERIFIED ? system_certificates() : NULL},
		{"sslcert", own_certificate()},
		{"dbname", c->connection.ptr},
		{"host", c->host},
		{"port", c->port},
		{"user", c->user},
		{"password", c->password.ptr},
		{"sslmode", ssl_mode(c->tls)},
		{"sslrootcert", t->ca >= 0 ? t->ca_path : NULL},
		{"dbname", database != NULL ? database : c->database},
		{"client_encoding", "UTF8"},
	};
	const char *names[ARRAY_LEN(options) + 1];
	const char *values[ARRAY_LEN(options) + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (options[i][1] == NULL)
			continue;
		names[n] = options[i][0];
		values[n++] = options[i][1];
	}
	names[n] = NULL;
	values[n] = NULL;
	return PQconnectdbParams(names, values, c->connection.ptr != NULL);
}

static void ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

/* What the driver says on one line; it names hosts, users and databases. */
static bool connect_failed(PGconn *conn, struct error *err)
{
	char line[400];
	size_t len = 0;

	for (const char *p = PQerrorMessage(conn); *p != '\0' && len + 1 < sizeof line; p++)
		line[len++] = (char)((unsigned char)*p < 0x20 ? ' ' : *p);
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len] = '\0';
	return error_set(err, ERROR_UNAVAILABLE, "PostgreSQL: %s", line);
}

bool pg_connect(const struct pg_target *target, const char *database, struct pg **pg,
		struct error *err)
{
	/* What a deadline leaves behind at the server must not go on for ever there. */
	static const char prepare[] = "SELECT set_config('statement_timeout', '30000', false)";
	static const char prepare_path[] = "SELECT set_config('statement_timeout', '30000', "
					   "false), set_config('search_path', $1, false)";
	const struct pg_param path = pg_text(text_of(target->search_path));
	bool has_path = database == NULL && path.text.len > 0;
	struct pg *made = heap_alloc(sizeof *made);

	*made = (struct pg){.conn = connect_now(target, database)};
	if (made->conn == NULL)
		arena_out_of_memory(sizeof *made);
	if (PQstatus(made->conn) != CONNECTION_OK) {
		connect_failed(made->conn, err);
		pg_close(made);
		return false;
	}
	PQsetNoticeProcessor(made->conn, ignore_notice, NULL);
	PQsetnonblocking(made->conn, 1);
	if (pg_run(made, has_path ? prepare_path : prepare, &path, has_path ? 1 : 0,
		   clock_now_ms() + AFTER_CONNECT_MS, NULL, err) != PG_DONE) {
		pg_close(made);
		err->kind = ERROR_UNAVAILABLE;
		return false;
	}
	*pg = made;
	return true;
}

void pg_close(struct pg *pg)
{
	if (pg == NULL)
		return;
	PQfinish(pg->conn);
	free(pg);
}

/* ---- parameters, rows ---- */

struct pg_param pg_number(int64_t number)
{
	struct pg_param param = {.text = {NULL, 0}};

	snprintf(param.number, sizeof param.number, "%" PRId64, number);
	return param;
}

/* They are the results of libpq, under another name. */
static const PGresult *result_of(const struct pg_rows *rows)
{
	return (const PGresult *)rows;
}

void pg_rows_free(struct pg_rows *rows)
{
	PQclear((PGresult *)rows);
}

size_t pg_rows_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(result_of(rows));
}

struct text pg_rows_text(const struct pg_rows *rows, size_t row, int column)
{
	return (struct text){PQgetvalue(result_of(rows), (int)row, column),
			     (size_t)PQgetlength(result_of(rows), (int)row, column)};
}

int64_t pg_rows_number(const struct pg_rows *rows, size_t row, int column)
{
	struct text bytes = pg_rows_text(rows, row, column);
	uint64_t number = 0;

	if (bytes.len > sizeof number)
		return 0;
	for (size_t i = 0; i < bytes.len; i++)
		number = number << 8 | (unsigned char)bytes.ptr[i];
	return (int64_t)number;
}

/* ---- one statement ---- */

static enum pg_outcome broken(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE, "the connection to the store of sessions was lost");
	return PG_BROKEN;
}

static enum pg_outcome wait_for(struct pg *pg, short events, int64_t deadline_ms, struct error *err)
{
	struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};
	int64_t left = clock_left_ms(deadline_ms);
	int ready = poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left);

	if (ready > 0 || (ready < 0 && errno == EINTR))
		return PG_DONE;
	if (ready < 0)
		return broken(err);
	store_too_slow(err);
	return PG_LATE;
}

/* An idle connection that can be read has something to say, most often that it is closed. */
static bool is_alive(struct pg *pg)
{
	struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};

	if (PQstatus(pg->conn) != CONNECTION_OK)
		return false;
	return poll(&fd, 1, 0) == 0 ||
	       (PQconsumeInput(pg->conn) == 1 && PQstatus(pg->conn) == CONNECTION_OK);
}

static enum pg_outcome send_all(struct pg *pg, int64_t deadline_ms, struct error *err)
{
	enum pg_outcome outcome = PG_DONE;
	int left;

	while (outcome == PG_DONE && (left = PQflush(pg->conn)) != 0) {
		if (left < 0)
			return broken(err);
		outcome = wait_for(pg, POLLIN | POLLOUT, deadline_ms, err);
		if (outcome == PG_DONE && PQconsumeInput(pg->conn) != 1)
			return broken(err);
	}
	return outcome;
}

/* The result of the statement; with the last one libpq is ready for the next. */
static enum pg_outcome read_all(struct pg *pg, int64_t deadline_ms, PGresult **result,
				struct error *err)
{
	PGresult *next;

	for (;;) {
		while (PQisBusy(pg->conn) != 0) {
			enum pg_outcome outcome = wait_for(pg, POLLIN, deadline_ms, err);

			if (outcome != PG_DONE)
				return outcome;
			if (PQconsumeInput(pg->conn) != 1)
				return broken(err);
		}
		next = PQgetResult(pg->conn);
		if (next == NULL)
			return *result == NULL ? broken(err) : PG_DONE;
		PQclear(*result);
		*result = next;
	}
}

static bool state_is(const char *state, const char *class)
{
	return strncmp(state, class, strlen(class)) == 0;
}

static enum pg_outcome judge(struct pg *pg, const PGresult *result, struct error *err)
{
	ExecStatusType status = PQresultStatus(result);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return PG_DONE;
	/* Lost; shut down; or a server that only reads, after a change of roles. */
	if (state == NULL || state_is(state, "08") || state_is(state, "57P") ||
	    state_is(state, "25006"))
		return broken(err);
	snprintf(pg->state, sizeof pg->state, "%s", state);
	if (state_is(state, "57014")) { /* its own limit on a statement's time */
		store_too_slow(err);
		return PG_REFUSED;
	}
	error_set(err,
		  state_is(state, "53") || state_is(state, "40") ? ERROR_UNAVAILABLE
								 : ERROR_INTERNAL,
		  "the store of sessions refused%s: SQLSTATE %s",
		  state_is(state, "42501") ? ", for want of rights" : "", state);
	return state_is(state, "40") ? PG_AGAIN : PG_REFUSED;
}

static bool send_statement(struct pg *pg, const char *sql, const struct pg_param *params,
			   size_t count)
{
	const char *values[PG_MOST_PARAMS];
	int lengths[PG_MOST_PARAMS];
	int formats[PG_MOST_PARAMS];

	for (size_t i = 0; i < count; i++) {
		bool is_number = params[i].text.ptr == NULL && !params[i].binary;

		values[i] = is_number ? params[i].number : params[i].text.ptr;
		lengths[i] = (int)params[i].text.len;
		formats[i] = params[i].binary ? 1 : 0;
	}
	return PQsendQueryParams(pg->conn, sql, (int)count, NULL, values, lengths, formats, 1) == 1;
}

enum pg_outcome pg_run(struct pg *pg, const char *sql, const struct pg_param *params, size_t count,
		       int64_t deadline_ms, struct pg_rows **rows, struct error *err)
{
	PGresult *result = NULL;
	enum pg_outcome outcome;

	if (!is_alive(pg) || !send_statement(pg, sql, params, count))
		return broken(err);
	outcome = send_all(pg, deadline_ms, err);
	if (outcome == PG_DONE)
		outcome = read_all(pg, deadline_ms, &result, err);
	if (outcome == PG_DONE)
		outcome = judge(pg, result, err);
	if (outcome == PG_DONE && rows != NULL)
		*rows = (struct pg_rows *)result;
	else
		PQclear(result);
	return outcome;
}

const char *pg_state(const struct pg *pg)
{
	return pg->state;
}

/* ---- notifications ---- */

static bool take_note(struct pg *pg, char note[PG_LONGEST_NOTE])
{
	PGnotify *notify = PQnotifies(pg->conn);

	if (notify == NULL)
		return false;
	snprintf(note, PG_LONGEST_NOTE, "%s", notify->extra);
	PQfreemem(notify);
	return true;
}

bool pg_wait(struct pg *pg, int wake_fd, int64_t deadline_ms, bool *got, char note[PG_LONGEST_NOTE])
{
	struct pollfd fds[2] = {{.fd = PQsocket(pg->conn), .events = POLLIN},
				{.fd = wake_fd, .events = POLLIN}};
	int64_t left = clock_left_ms(deadline_ms);

	*got = take_note(pg, note);
	if (*got)
		return true;
	if (poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int)left) < 0)
		return errno == EINTR;
	if (fds[0].revents != 0 && PQconsumeInput(pg->conn) != 1)
		return false;
	*got = take_note(pg, note);
	return PQstatus(pg->conn) == CONNECTION_OK;
}
