/*
 * MCP over stdio: the calling thread reads lines and answers what needs no tool; workers run the
 * tools. Answers go out as they are ready, each on one line.
 */
#include "app/stdio.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/workers.h"
#include "base/clock.h"
#include "base/log.h"
#include "mcp/lines.h"
#include "op/mcp_host.h"
#include "telemetry/trace.h"

enum {
	THREADS = 8,
	QUEUE = 64,
	PIECE = 64 * 1024,
	/* What a pipe that is ready takes without blocking (PIPE_BUF). */
	LARGEST_WRITE = 4096,
	LAST_WORDS_MS = 1000,
	/* What was asked before the input ended is answered, if it is done by then. */
	GRACE_MS = 2000,
	LOOK_MS = 5,
};

struct stdio {
	const struct app *app;
	struct mcp_host *host;
	struct workers *workers;
	int in;
	int out;
	unsigned count;       /* of calls so far */
	atomic_bool deaf;     /* nobody reads what we write */
	pthread_mutex_t lock; /* one line after the other */
};

/* A call of a tool, from its message to its answer. */
struct job {
	struct stdio *stdio;
	struct arena arena;
	struct call call;
	struct trace trace;
	struct mcp_message message;
	struct mcp_run run;
};

/* ---- out ---- */

/* Waits until something can be written. A client that has closed our input and reads no more is not
 * waited for: it expects us to end. */
static bool wait_for_room(const struct stdio *s)
{
	struct pollfd fds[2] = {{.fd = s->out, .events = POLLOUT}, {.fd = s->in, .events = 0}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	if (fds[0].revents != 0)
		return true;
	return poll(fds, 1, LAST_WORDS_MS) > 0;
}

static bool write_all(const struct stdio *s, struct text bytes)
{
	while (bytes.len > 0) {
		size_t some = bytes.len < LARGEST_WRITE ? bytes.len : LARGEST_WRITE;
		ssize_t written;

		if (!wait_for_room(s))
			return false;
		written = write(s->out, bytes.ptr, some);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (written > 0)
			bytes = text_slice(bytes, (size_t)written, SIZE_MAX);
	}
	return true;
}

/* A line that cannot be written whole is the last one: behind its half nothing would be read. */
static void write_line(struct stdio *s, struct text line)
{
	pthread_mutex_lock(&s->lock);
	if (!atomic_load(&s->deaf) && (!write_all(s, line) || !write_all(s, TEXT("\n")))) {
		atomic_store(&s->deaf, true);
		log_warn("stdio.closed", F_STR("problem", "nobody reads the answers"));
	}
	pthread_mutex_unlock(&s->lock);
}

static void notify(void *context, struct text message)
{
	write_line(context, message);
}

/* ---- calls ---- */

static void job_free(struct job *job)
{
	mcp_run_end(&job->run);
	http_cancel_free(job->call.cancel);
	arena_fini(&job->arena);
	free(job);
}

/* A work_fn. A call that was called off is not answered. */
static void work(void *context, void *item)
{
	struct stdio *s = context;
	struct job *job = item;
	struct buf answer;

	log_set_request(job->call.id);
	trace_enter(&job->trace);
	buf_init(&answer, SIZE_MAX / 2); /* a tool's answer has a bound, the rest is small */
	if (!http_cancelled(job->call.cancel))
		mcp_run(&job->run, &answer);
	if (!http_cancelled(job->call.cancel))
		write_line(s, buf_text(&answer));
	buf_fini(&answer);
	trace_enter(NULL);
	log_set_request(NULL);
	job_free(job);
}

static void refuse_job(struct job *job)
{
	struct buf answer;

	buf_init(&answer, SIZE_MAX / 2);
	mcp_put_tool_error(&answer, mcp_host_server(job->stdio->host), &job->message,
			   "Too many calls at the moment; try again when one has ended");
	write_line(job->stdio, buf_text(&answer));
	buf_fini(&answer);
	job_free(job);
}

/* It is listed before it waits for its turn, so that it can be called off there, too. */
static void submit(struct stdio *s, struct job *job)
{
	const struct text none = {NULL, 0};

	app_local_call(s->app, &job->arena, &job->call);
	job->call.id = arena_printf(&job->arena, "stdio-%u", ++s->count);
	job->call.cancel = http_cancel_new();
	trace_begin(&job->trace, none, none, 0);
	job->run = (struct mcp_run){.call = &job->call,
				    .message = &job->message,
				    .by_id = true,
				    .notify = notify,
				    .context = s};
	mcp_run_begin(s->host, &job->run);
	if (!workers_submit(s->workers, job))
		refuse_job(job);
}

/* ---- in ---- */

static void cancel(struct stdio *s, struct job *job)
{
	app_local_call(s->app, &job->arena, &job->call);
	mcp_host_cancel(s->host, &job->call, job->message.cancel_id);
}

static void take_line(struct stdio *s, struct text line)
{
	const struct mcp_headers none = {.version = {NULL, 0}};
	struct job *job = heap_alloc(sizeof *job);
	struct buf answer;

	job->stdio = s;
	arena_init(&job->arena);
	buf_init(&answer, SIZE_MAX / 2);
	mcp_read(mcp_host_server(s->host), &job->arena, MCP_STDIO, &none,
		 arena_copy_text(&job->arena, line), &answer, &job->message);
	if (job->message.kind == MCP_CALL) {
		submit(s, job);
		return;
	}
	if (job->message.kind == MCP_CANCEL)
		cancel(s, job);
	else if (job->message.kind == MCP_ANSWER)
		write_line(s, buf_text(&answer));
	buf_fini(&answer);
	arena_fini(&job->arena);
	free(job);
}

static void take_long_line(struct stdio *s)
{
	struct buf answer;

	buf_init(&answer, SIZE_MAX / 2);
	mcp_put_error(&answer, (struct text){NULL, 0}, MCP_PARSE_ERROR,
		      "The message is longer than spectrocloud.server.maxBodyBytes",
		      (struct text){NULL, 0});
	write_line(s, buf_text(&answer));
	buf_fini(&answer);
}

static void take_lines(struct stdio *s, struct mcp_lines *lines, struct text bytes)
{
	enum mcp_line kind;
	struct text line;

	while ((kind = mcp_lines_next(lines, &bytes, &line)) != MCP_LINE_NONE) {
		if (kind == MCP_LINE_WHOLE)
			take_line(s, line);
		else
			take_long_line(s);
	}
}

static void take_last_line(struct stdio *s, struct mcp_lines *lines)
{
	struct text line;

	switch (mcp_lines_end(lines, &line)) {
	case MCP_LINE_WHOLE:
		take_line(s, line);
		break;
	case MCP_LINE_TOO_LONG:
		take_long_line(s);
		break;
	default:
		break;
	}
}

/* Also wakes up when the other end of `out` is closed. False at the end. */
static bool wait_for_input(const struct stdio *s)
{
	struct pollfd fds[2] = {{.fd = s->in, .events = POLLIN}, {.fd = s->out, .events = 0}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return (fds[1].revents & (POLLERR | POLLNVAL)) == 0 && !atomic_load(&s->deaf);
}

static bool read_all(struct stdio *s, struct error *err)
{
	char *piece = heap_alloc(PIECE);
	struct mcp_lines lines;
	ssize_t count = 0;
	bool ok = true;

	mcp_lines_init(&lines, (size_t)app_services(s->app)->config->max_body_bytes);
	while (wait_for_input(s)) {
		count = read(s->in, piece, PIECE);
		if (count < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (count <= 0)
			break;
		take_lines(s, &lines, (struct text){piece, (size_t)count});
	}
	if (count < 0)
		ok = error_set(err, ERROR_INTERNAL, "could not read standard input: %s",
			       strerror(errno));
	else if (count == 0)
		take_last_line(s, &lines);
	mcp_lines_fini(&lines);
	free(piece);
	return ok;
}

/* A client that closes our input goes on reading for a moment, as a pipe from a file does. */
static void wait_for_calls(const struct stdio *s)
{
	int64_t until_ms = clock_now_ms() + GRACE_MS;

	while (!atomic_load(&s->deaf) && mcp_host_is_busy(s->host) && clock_left_ms(until_ms) > 0)
		clock_sleep_ms(LOOK_MS);
	if (mcp_host_is_busy(s->host))
		log_warn("stdio.ended",
			 F_STR("problem", "the input ended before the last calls had"));
}

bool stdio_serve(const struct app *app, int in, int out, struct error *err)
{
	struct stdio s = {.app = app, .host = app_services(app)->mcp, .in = in, .out = out};
	bool ok;

	if (!workers_start(THREADS, 0, QUEUE, work, &s, &s.workers, err))
		return false;
	pthread_mutex_init(&s.lock, NULL);
	ok = read_all(&s, err);
	wait_for_calls(&s);
	mcp_host_cancel_all(s.host);
	workers_stop(s.workers);
	pthread_mutex_destroy(&s.lock);
	return ok;
}
