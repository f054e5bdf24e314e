/*
 * libpq. Connecting blocks, and is left to threads of the store's; once connected, nothing waits in
 * libpq: it is asked to send and to read what is there, and poll() waits, until the deadline.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "store/inside.h"
#include "store/pg.h"

enum {
	AFTER_CONNECT_MS = 5000,
	MEASURE_EVERY_MS = 60 * 1000, /* clocks are set, and go at different speeds */
	MEASURE_WELL_MS = 20,         /* a round trip that needs no second try */
	MEASURE_TRIES = 3,
	BARELY_MS = 100,
};

struct pg {
	PGconn *conn;
	char state[8];
	int64_t ahead_ms;    /* of our steady clock the server's is ahead, at the least */
	int64_t measured_ms; /* when that was found out */
};

/* ---- connecting ---- */

bool pg_parse(const char *connection, pg_option_fn *tell, void *context)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(connection, &message);

	PQfreemem(message);
	if (options == NULL)
		return false;
	for (PQconninfoOption *o = options; o->keyword != NULL; o++) {
		if (o->val == NULL)
			continue;
		tell(context, o->keyword, o->val);
		explicit_bzero(o->val, strlen(o->val)); /* it may be the password */
	}
	PQconninfoFree(options);
	return true;
}

static PGconn *connect_now(const struct pg_target *t, const char *database)
{
	const char *names[PG_MOST_OPTIONS + 1];
	const char *values[PG_MOST_OPTIONS + 1];
	bool expand = pg_target_options(t, database, names, values);

	return PQconnectdbParams(names, values, expand);
}

/*
 * How far the server's clock is ahead of ours. The server looks at it between our asking and its
 * answer's arrival; with the latter, what is a deadline there is never later than it is here, and
 * earlier by one round trip at most. So the shortest of a few counts.
 */
static enum pg_outcome measure(struct pg *pg, int64_t deadline_ms, struct error *err)
{
	int64_t best = INT64_MIN;

	for (unsigned i = 0; i < MEASURE_TRIES; i++) {
		struct pg_rows *rows = NULL;
		int64_t asked_ms = clock_now_ms();
		enum pg_outcome outcome =
			pg_run(pg, "SELECT " PG_CLOCK_MS, NULL, 0, deadline_ms, &rows, err);
		int64_t told_ms = clock_now_ms();
		int64_t ahead;

		if (outcome != PG_DONE)
			return outcome;
		/* Ours has begun another millisecond. */
		ahead = pg_rows_number(rows, 0, 0) - (told_ms + 1);
		pg_rows_free(rows);
		best = ahead > best ? ahead : best;
		if (told_ms - asked_ms <= MEASURE_WELL_MS)
			break;
	}
	pg->ahead_ms = best;
	pg->measured_ms = clock_now_ms();
	return PG_DONE;
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
	const struct pg_param path = pg_text(text_of(pg_target_search_path(target)));
	bool has_path = database == NULL && path.text.len > 0;
	struct pg *made = heap_alloc(sizeof *made);
	int64_t until_ms;

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
	until_ms = clock_now_ms() + AFTER_CONNECT_MS;
	if (pg_run(made, has_path ? prepare_path : prepare, &path, has_path ? 1 : 0, until_ms, NULL,
		   err) != PG_DONE ||
	    measure(made, until_ms, err) != PG_DONE) {
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

/* By the server's clock it was too late. If there is time left by ours, its clock was set
 * meanwhile, and all connections have a wrong idea of it. */
static enum pg_outcome was_late(int64_t deadline_ms, struct error *err)
{
	store_too_slow(err);
	return clock_left_ms(deadline_ms) > BARELY_MS ? PG_BROKEN : PG_REFUSED;
}

static enum pg_outcome is_read_only(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
		  "the store of sessions refused, for the database is read-only: SQLSTATE 25006");
	return PG_BROKEN; /* after a change of roles another one may be found */
}

static enum pg_outcome judge(struct pg *pg, const PGresult *result, int64_t deadline_ms,
			     struct error *err)
{
	ExecStatusType status = PQresultStatus(result);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return PG_DONE;
	if (state == NULL || state_is(state, "08") || state_is(state, "57P"))
		return broken(err);
	if (state_is(state, "22012"))
		return was_late(deadline_ms, err);
	if (state_is(state, "25006"))
		return is_read_only(err);
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
			   size_t count, int64_t deadline_ms)
{
	struct pg_param deadline = pg_number(deadline_ms + pg->ahead_ms);
	const char *values[PG_MOST_PARAMS];
	int lengths[PG_MOST_PARAMS];
	int formats[PG_MOST_PARAMS];

	for (size_t i = 0; i < count; i++) {
		const struct pg_param *p = params[i].is_deadline ? &deadline : &params[i];
		bool is_number = p->text.ptr == NULL && !p->binary;

		values[i] = is_number ? p->number : p->text.ptr;
		lengths[i] = (int)p->text.len;
		formats[i] = p->binary ? 1 : 0;
	}
	return PQsendQueryParams(pg->conn, sql, (int)count, NULL, values, lengths, formats, 1) == 1;
}

static bool has_deadline(const struct pg_param *params, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (params[i].is_deadline)
			return true;
	return false;
}

enum pg_outcome pg_run(struct pg *pg, const char *sql, const struct pg_param *params, size_t count,
		       int64_t deadline_ms, struct pg_rows **rows, struct error *err)
{
	PGresult *result = NULL;
	enum pg_outcome outcome = PG_DONE;

	if (!is_alive(pg))
		return broken(err);
	if (has_deadline(params, count) && clock_left_ms(pg->measured_ms + MEASURE_EVERY_MS) == 0)
		outcome = measure(pg, deadline_ms, err);
	if (outcome != PG_DONE)
		return outcome;
	if (!send_statement(pg, sql, params, count, deadline_ms))
		return broken(err);
	outcome = send_all(pg, deadline_ms, err);
	if (outcome == PG_DONE)
		outcome = read_all(pg, deadline_ms, &result, err);
	if (outcome == PG_DONE)
		outcome = judge(pg, result, deadline_ms, err);
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
