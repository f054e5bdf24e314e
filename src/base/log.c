/* The log: one event name and its fields a line, on standard error. */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
	LONGEST_LINE = 16 * 1024,
	PATIENCE_MS = 2000, /* with who reads the log */
	IMPATIENT_MS = 10 * 1000,
};

static atomic_int least_level = LOG_INFO;
static atomic_int line_format = LOG_TEXT;
/* Of each module, as struct log_levels has it. */
static atomic_uchar module_levels[LOG_MODULES];
static atomic_bool has_module_levels;
static _Thread_local const char *thread_request;
static _Thread_local const char *thread_trace;
static atomic_uint_fast64_t lines[LOG_OFF]; /* written, by level */

static const char *const level_names[] = {"debug", "info", "warn", "error"};

const struct log_module log_modules[] = {
	{"request", "request", "requests, one line each, and those that were refused at the door"},
	{"audit", "audit", "the audit trail, where it goes to standard error"},
	{"palette", "upstream circuit budget create",
	 "calls to Palette: failures, at level `debug` each attempt; circuits, rate limits, "
	 "creates that were not settled"},
	{"backstage", "keys permission policy",
	 "keys of tokens, ours and Backstage's; who decides about permissions; the policy file"},
	{"sessions", "sessions", "users' Palette sessions"},
	{"store", "store", "the database or file of the sessions"},
	{"mcp", "mcp stdio", "agents: the MCP endpoint, and MCP over pipes"},
	{"http", "http connections", "the HTTP server: connections"},
	{"config", "config", "reading the configuration, and remarks about it"},
	{"telemetry", "telemetry", "spans and the audit trail: what could not be written or sent"},
	{"service", "started stopping stopped inherited user confined core log",
	 "start, stop, and the rights of the process; lines that nobody took"},
	{.name = NULL},
};
_Static_assert(sizeof log_modules / sizeof log_modules[0] == LOG_MODULES + 1, "one level each");

void log_open(enum log_level least, enum log_format format)
{
	atomic_store(&least_level, (int)least);
	atomic_store(&line_format, (int)format);
}

void log_set_request(const char *id)
{
	thread_request = id;
}

void log_set_trace(const char *trace_id)
{
	thread_trace = trace_id;
}

enum log_format log_format_used(void)
{
	return (enum log_format)atomic_load(&line_format);
}

void log_set_levels(const struct log_levels *levels)
{
	bool any = false;

	for (size_t i = 0; i < LOG_MODULES; i++) {
		atomic_store(&module_levels[i], levels->of[i]);
		any = any || levels->of[i] != 0;
	}
	atomic_store(&has_module_levels, any);
}

/* Whether its first word is one of these. */
static bool is_of(struct text event, const char *words)
{
	struct text rest = text_of(words);
	struct text first = text_slice(event, 0, text_find(event, '.'));
	struct text word;

	while (text_next(&rest, ' ', &word))
		if (text_equal(word, first))
			return true;
	return false;
}

static int level_of_event(const char *event, int usual)
{
	for (size_t i = 0; i < LOG_MODULES; i++) {
		int own = atomic_load_explicit(&module_levels[i], memory_order_relaxed);

		if (own != 0 && is_of(text_of(event), log_modules[i].events))
			return own - 1;
	}
	return usual;
}

static int lowest_level(int usual)
{
	for (size_t i = 0; i < LOG_MODULES; i++) {
		int own = atomic_load_explicit(&module_levels[i], memory_order_relaxed);

		if (own != 0 && own - 1 < usual)
			usual = own - 1;
	}
	return usual;
}

bool log_wants(enum log_level level, const char *event)
{
	int least = atomic_load_explicit(&least_level, memory_order_relaxed);

	if (least != LOG_OFF && atomic_load_explicit(&has_module_levels, memory_order_relaxed))
		least = event == NULL ? lowest_level(least) : level_of_event(event, least);
	return (int)level >= least;
}

uint64_t log_lines(enum log_level level)
{
	return atomic_load_explicit(&lines[level], memory_order_relaxed);
}

/*
 * The length of a character that a terminal would obey rather than show, or that changes how others
 * are shown: C1 controls, marks of direction, line separators and what has no width. 0: it is none.
 */
static size_t unshowable(struct text t, unsigned *code)
{
	const unsigned char *c = (const unsigned char *)t.ptr;

	if (t.len >= 2 && c[0] == 0xC2 && c[1] < 0xA0) {
		*code = c[1];
		return 2;
	}
	if (t.len < 3 || c[0] != 0xE2 || (c[1] != 0x80 && c[1] != 0x81))
		return 0;
	*code = 0x2000U | (unsigned)(c[1] & 1) << 6 | (c[2] & 0x3FU);
	return (*code >= 0x200B && *code <= 0x200F) || (*code >= 0x2028 && *code <= 0x202E) ||
			       (*code >= 0x2060 && *code <= 0x206F)
		       ? 3
		       : 0;
}

/* How many bytes in front may stand in a line as they are. */
static size_t count_plain(struct text t, bool utf8)
{
	unsigned code;
	size_t i;

	for (i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.ptr[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F ||
		    (c >= 0x80 && (!utf8 || unshowable(text_slice(t, i, SIZE_MAX), &code) > 0)))
			break;
	}
	return i;
}

static void add_code(struct buf *line, unsigned code)
{
	static const char digits[] = "0123456789abcdef";
	const char escape[] = {'\\',
			       'u',
			       digits[code >> 12 & 15],
			       digits[code >> 8 & 15],
			       digits[code >> 4 & 15],
			       digits[code & 15]};

	buf_add(line, (struct text){escape, sizeof escape});
}

/* The character in front, escaped; its length. */
static size_t add_escaped(struct buf *line, struct text t, bool utf8)
{
	unsigned code = (unsigned char)t.ptr[0];
	size_t odd = utf8 ? unshowable(t, &code) : 0;

	if (code == '"' || code == '\\')
		buf_printf(line, "\\%c", (char)code);
	else
		add_code(line, code);
	return odd > 0 ? odd : 1;
}

/* A JSON string; what a line of log must not hold as it is, such as a line break, is escaped. */
void log_add_quoted(struct buf *line, struct text t)
{
	bool utf8 = text_is_utf8(t);

	buf_add_char(line, '"');
	while (t.len > 0) {
		size_t plain = count_plain(t, utf8);

		buf_add(line, text_slice(t, 0, plain));
		t = text_slice(t, plain, SIZE_MAX);
		if (t.len > 0)
			t = text_slice(t, add_escaped(line, t, utf8), SIZE_MAX);
	}
	buf_add_char(line, '"');
}

static void add_json(struct buf *line, enum log_level level, const char *event,
		     const struct log_field *fields, const char *time)
{
	buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", time, level_names[level]);
	log_add_quoted(line, text_of(event));
	if (thread_request != NULL) {
		buf_add_string(line, ",\"requestId\":");
		log_add_quoted(line, text_of(thread_request));
	}
	if (thread_trace != NULL)
		buf_printf(line, ",\"traceId\":\"%s\"", thread_trace);
	for (; fields->name != NULL; fields++) {
		buf_printf(line, ",\"%s\":", fields->name);
		if (fields->type == LOG_FIELD_INT)
			buf_printf(line, "%lld", (long long)fields->number);
		else
			log_add_quoted(line, fields->text);
	}
	buf_add_char(line, '}');
}

static void add_text(struct buf *line, enum log_level level, const char *event,
		     const struct log_field *fields, const char *time)
{
	buf_printf(line, "%s %-5s %s", time, level_names[level], event);
	if (thread_request != NULL)
		buf_printf(line, " request=%s", thread_request);
	for (; fields->name != NULL; fields++) {
		buf_printf(line, " %s=", fields->name);
		if (fields->type == LOG_FIELD_INT)
			buf_printf(line, "%lld", (long long)fields->number);
		else
			log_add_quoted(line, fields->text);
	}
	if (thread_trace != NULL)
		buf_printf(line, " trace=%s", thread_trace);
}

static void add_line(struct buf *line, enum log_level level, const char *event,
		     const struct log_field *fields, const char *time)
{
	if (atomic_load(&line_format) == LOG_JSON)
		add_json(line, level, event, fields, time);
	else
		add_text(line, level, event, fields, time);
	buf_add_char(line, '\n');
}

/* ---- the way out ---- */

/* Who reads standard error may have stopped. */
static struct {
	pthread_mutex_t lock;       /* guards the others, and keeps lines apart */
	int64_t impatient_until_ms; /* until then nobody waits for them */
	uint64_t lost;              /* lines of which nothing was said yet */
	int problem;                /* why, as errno has it; 0: nobody read */
	bool torn;                  /* the last line has no end */
} out = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool wait_for_room(int64_t until_ms)
{
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	int ready;

	do
		ready = poll(&room, 1, (int)clock_left_ms(until_ms));
	while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		out.impatient_until_ms = clock_now_ms() + IMPATIENT_MS;
		out.problem = 0;
	}
	return ready > 0;
}

static ssize_t send_some(struct text line)
{
	return send(STDERR_FILENO, line.ptr, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What there is room for, so that it never holds us up: of a socket, such as the journal's, all of
 * it; a pipe that has any room has enough for a piece. */
static ssize_t write_some(struct text line, int64_t until_ms)
{
	ssize_t written = send_some(line);
	bool is_socket = errno != ENOTSOCK;

	if (written >= 0 || (is_socket && errno != EAGAIN))
		return written;
	if (!wait_for_room(until_ms))
		return 0;
	return is_socket
		       ? send_some(line)
		       : write(STDERR_FILENO, line.ptr, line.len < PIPE_BUF ? line.len : PIPE_BUF);
}

static bool write_whole(struct text line, int64_t until_ms)
{
	while (line.len > 0) {
		ssize_t written = write_some(line, until_ms);

		if (written < 0 && (errno == EINTR || errno == EAGAIN) &&
		    clock_left_ms(until_ms) > 0)
			continue;
		if (written < 0)
			out.problem = errno;
		if (written <= 0)
			return false;
		line = text_slice(line, (size_t)written, line.len);
		out.torn = line.len > 0;
	}
	return true;
}

/* Back to zero where it could be said, or is not wanted. */
static void say_lost(uint64_t lost, int problem)
{
	const char *because = problem == 0 ? "nobody read standard error" : strerror(problem);

	if (lost == 0 || !log_wants(LOG_WARN, "log.lost") ||
	    log_warn("log.lost", F_INT("count", lost), F_STR("because", because)))
		return;
	pthread_mutex_lock(&out.lock);
	out.lost += lost - 1; /* it was counted itself */
	pthread_mutex_unlock(&out.lock);
}

bool log_write_line(struct text line)
{
	uint64_t lost = 0;
	int problem = 0;
	int64_t until_ms;
	bool whole;

	pthread_mutex_lock(&out.lock);
	until_ms = clock_now_ms();
	if (until_ms >= out.impatient_until_ms)
		until_ms += PATIENCE_MS;
	whole = (!out.torn || write_whole(TEXT("\n"), until_ms)) && write_whole(line, until_ms);
	if (whole) {
		lost = out.lost;
		problem = out.problem;
		out.lost = 0;
		out.impatient_until_ms = 0;
	} else {
		out.lost++;
	}
	pthread_mutex_unlock(&out.lock);
	say_lost(lost, problem);
	return whole;
}

bool log_event(enum log_level level, const char *event, const struct log_field *fields)
{
	char time[CLOCK_ISO_SIZE];
	struct buf line;
	bool whole;

	if (level >= LOG_OFF || !log_wants(level, event))
		return false;
	clock_format_iso(clock_calendar_ms(), time);
	buf_init(&line, LONGEST_LINE);
	add_line(&line, level, event, fields, time);
	if (!buf_complete(&line)) {
		buf_truncate(&line, 0);
		line.overflowed = false;
		add_line(&line, level, event, LOG_FIELDS(F_STR("log", "fields too long")), time);
	}
	whole = log_write_line(buf_text(&line));
	if (whole)
		atomic_fetch_add_explicit(&lines[level], 1, memory_order_relaxed);
	buf_fini(&line);
	return whole;
}
