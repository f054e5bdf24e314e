/*
 * One HTTP request through libcurl.
 *
 * Requests that curl sends twice. If a kept connection ends before the first byte of an answer,
 * curl 7.88 sends the request again, on another connection, up to five times, and does so for POST
 * with its body as well; there is no option against it. It happens on reused connections only. So a
 * request marked `once` gets a fresh connection (CURLOPT_FRESH_CONNECT), and should curl try a
 * second time all the same, on_ready() refuses. on_ready() is called when a connection stands and
 * nothing of the request has gone out: what failed before it was certainly not sent, all else may
 * have been. The other way to send a body twice is the answer 417 to "Expect: 100-continue": we
 * never send that header.
 *
 * No handle of curl's is used twice. It keeps the place of an answer's last header, and curl 7.88
 * still has it when the next answer begins: one whose first header line begins with a blank, as the
 * continuation of another one does, would be added to memory that was given back. Connections and
 * addresses are kept by the multi handle, so that this costs some microseconds.
 *
 * What curl does not notice: a gzip stream that stops too early although the length of the answer
 * is right. Whoever reads the answer sees an unfinished document.
 */
#include "http/transfer.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

enum {
	MAX_ANSWER_HEADER_BYTES = 64 * 1024,
	MAX_URL_BYTES = 64 * 1024,
	MAX_RESERVE_BYTES = 1024 * 1024,
	MAX_TIMEOUT_MS = 24 * 3600 * 1000,
	KEPT_PER_LIMIT = 8, /* so many hosts can keep all the connections they may have */
};

struct wire {
	CURLM *multi;
	int connect_timeout_ms;
	char *user_agent;           /* owned */
	const char *system_ca_file; /* static */
	const char *system_ca_path; /* static */
	atomic_uint_fast64_t connections_opened;
};

/* A request's header lines as curl wants them, in one piece of memory. */
struct header_list {
	size_t size; /* of the whole, to wipe it */
	struct curl_slist nodes[];
};

/* ---- Outcomes ---- */

struct problem {
	CURLcode code;
	const char *phrase;
	const char *cause; /* see http_fetch_cause(); NULL: as its end says */
};

static const struct problem before_sending[] = {
	{CURLE_COULDNT_RESOLVE_PROXY, "the proxy's name cannot be resolved", "dns"},
	{CURLE_COULDNT_RESOLVE_HOST, "its name cannot be resolved", "dns"},
	{CURLE_COULDNT_CONNECT, "nothing answers at its address"},
	{CURLE_OPERATION_TIMEDOUT, "connecting took too long", "timeout"},
	{CURLE_SSL_CONNECT_ERROR, "the TLS handshake failed", "tls"},
	{CURLE_PEER_FAILED_VERIFICATION, "its TLS certificate is not trusted", "tls"},
	{CURLE_SSL_CACERT_BADFILE, "the CA file cannot be read", "tls"},
	{CURLE_PROXY, "the proxy refused", "proxy"},
	{CURLE_RECV_ERROR, "the proxy or the TLS handshake broke off", "tls"},
	{CURLE_URL_MALFORMAT, "its URL is not valid"},
	{CURLE_LOGIN_DENIED, "its URL holds a user name"},
	{CURLE_OK, "no connection could be made"},
};

static const struct problem after_sending[] = {
	{CURLE_GOT_NOTHING, "the connection closed without an answer"},
	{CURLE_PARTIAL_FILE, "the answer broke off"},
	{CURLE_BAD_CONTENT_ENCODING, "the answer's compression is damaged"},
	{CURLE_UNSUPPORTED_PROTOCOL, "the answer is not HTTP"},
	{CURLE_WEIRD_SERVER_REPLY, "the answer is not HTTP"},
	{CURLE_OK, "the connection broke"},
};

static const char headers_too_large[] = "the answer's headers are too large";

static const struct problem *problem_of(const struct problem *problems, CURLcode code)
{
	while (problems->code != code && problems->code != CURLE_OK)
		problems++;
	return problems;
}

/* Tells apart a certificate that does not hold and a good one for another name: then OpenSSL has no
 * complaint, and curl leaves the result at what it sets before the handshake, 1. */
static const char *certificate_phrase(CURL *easy)
{
	long complaint = 0;

	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &complaint);
	return complaint <= 1 ? "its TLS certificate is for another name"
			      : problem_of(before_sending, CURLE_PEER_FAILED_VERIFICATION)->phrase;
}

void transfer_end(struct transfer *t, enum http_fetch_end end, const char *problem)
{
	struct http_fetch *f = t->fetch;

	f->end = end;
	f->problem = problem;
	f->may_have_arrived = t->sent;
	f->took_us = clock_now_us() - t->asked_us;
	if (end != HTTP_FETCH_DONE)
		buf_fini(&f->answer);
}

void transfer_call_off(struct transfer *t)
{
	transfer_end(t, HTTP_FETCH_CANCELLED, "nobody waits for its answer any more");
}

static void unreachable(struct transfer *t, CURLcode code)
{
	const struct problem *problem = problem_of(before_sending, code);

	t->fetch->unsendable = code == CURLE_URL_MALFORMAT || code == CURLE_LOGIN_DENIED;
	t->fetch->cause = problem->cause;
	transfer_end(t, HTTP_FETCH_UNREACHABLE,
		     code == CURLE_PEER_FAILED_VERIFICATION ? certificate_phrase(t->easy)
							    : problem->phrase);
}

/* What went wrong with a transfer that did not bring a whole answer. */
static void transfer_fail(struct transfer *t, CURLcode code)
{
	bool refused_late = code == CURLE_ABORTED_BY_CALLBACK && /* by on_ready() */
			    clock_left_ms(t->fetch->deadline_ms) == 0;
	/* what curl says of one header line over 100 KB; where memory really ends, we abort */
	bool endless_line = code == CURLE_OUT_OF_MEMORY && t->sent;
	bool late = refused_late ||
		    (code == CURLE_OPERATION_TIMEDOUT && (t->sent || !t->connect_ends_first));

	if (t->too_large != NULL)
		transfer_end(t, HTTP_FETCH_TOO_LARGE, t->too_large);
	else if (endless_line)
		transfer_end(t, HTTP_FETCH_TOO_LARGE, headers_too_large);
	else if (late)
		transfer_end(t, HTTP_FETCH_TOO_SLOW,
			     t->sent ? "no whole answer came in time"
				     : "no connection stood in time");
	else if (t->sent)
		transfer_end(t, HTTP_FETCH_BROKEN, problem_of(after_sending, code)->phrase);
	else
		unreachable(t, code);
}

/* "Text/HTML ; charset=x" to "text/html"; what does not fit is left out, not cut. */
static void read_content_type(CURL *easy, char *out, size_t size)
{
	struct text rest, type;
	char *value = NULL;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &value);
	rest = text_of(value);
	if (!text_next(&rest, ';', &type))
		return;
	type = text_trim(type);
	if (type.len >= size)
		return;
	for (size_t i = 0; i < type.len; i++) {
		char c = type.ptr[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[type.len] = '\0';
}

/* Of a value of nothing but blanks curl 7.88 gives the end of its line. */
static void read_retry_after(CURL *easy, char *out, size_t size)
{
	struct curl_header *header;
	struct text value;

	if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return;
	value = text_trim(text_of(header->value));
	if (value.len >= size)
		return;
	memcpy(out, value.ptr, value.len);
	out[value.len] = '\0';
}

/*
 * "Expire date:Nov 27 18:00:00 2027 GMT" of the first certificate, the server's own; curl has them
 * only where a handshake was made. 0: there is none.
 */
static int64_t certificate_end(CURL *easy)
{
	static const char label[] = "Expire date:";
	struct curl_certinfo *shown = NULL;
	time_t end;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &shown) != CURLE_OK || shown == NULL ||
	    shown->num_of_certs < 1)
		return 0;
	for (const struct curl_slist *l = shown->certinfo[0]; l != NULL; l = l->next) {
		if (!text_starts(text_of(l->data), label))
			continue;
		end = curl_getdate(l->data + strlen(label), NULL);
		return end > 0 ? (int64_t)end : 0;
	}
	return 0;
}

/* A final status, or 0 if the transfer ended without one. */
static int final_status(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status <= 999 ? (int)status : 0;
}

static void transfer_judge(struct transfer *t, CURLcode code)
{
	struct http_fetch *f = t->fetch;
	int status = final_status(t->easy);

	f->certificate_ends_s = certificate_end(t->easy);
	if (code == CURLE_OK && status == 0)
		code = CURLE_WEIRD_SERVER_REPLY;
	if (code != CURLE_OK) {
		transfer_fail(t, code);
		return;
	}
	f->status = status;
	read_content_type(t->easy, f->content_type, sizeof f->content_type);
	read_retry_after(t->easy, f->retry_after, sizeof f->retry_after);
	transfer_end(t, HTTP_FETCH_DONE, NULL);
}

/* ---- What curl calls while a transfer runs ---- */

/* The connection stands, and nothing of the request has been sent over it. */
static int on_ready(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *t = context;

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	if (t->fetch->once && t->sent)
		return CURL_PREREQFUNC_ABORT;
	if (clock_left_ms(t->fetch->deadline_ms) == 0)
		return CURL_PREREQFUNC_ABORT;
	if (!t->sent)
		t->fetch->queued_us = clock_now_us() - t->asked_us;
	t->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* Headers are read from the handle at the end; here they are only bounded, trailers and interim
 * answers included. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *t = context;

	(void)bytes;
	t->header_bytes += size * count;
	if (t->header_bytes > MAX_ANSWER_HEADER_BYTES) {
		t->too_large = headers_too_large;
		return 0;
	}
	return size * count;
}

/* Takes room for the announced length at once: a large answer is not copied as it grows. */
static void reserve_announced(struct transfer *t)
{
	curl_off_t announced = 0;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	if (announced > MAX_RESERVE_BYTES)
		announced = MAX_RESERVE_BYTES;
	if (announced > 0)
		buf_reserve(&t->fetch->answer, (size_t)announced);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	struct buf *answer = &t->fetch->answer;

	if (answer->ptr == NULL)
		reserve_announced(t);
	buf_add(answer, (struct text){bytes, size * count});
	if (!buf_complete(answer)) {
		t->too_large = "the answer is too large";
		return 0;
	}
	return size * count;
}

/* ---- One transfer ---- */

/* What is the same for every request. */
static const struct {
	CURLoption option;
	long value;
} constants[] = {
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_FOLLOWLOCATION, 0},
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
	{CURLOPT_PATH_AS_IS, 1},
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_CA_CACHE_TIMEOUT, 300}, /* s; then a replaced CA file is noticed */
	{CURLOPT_TCP_NODELAY, 1},
	{CURLOPT_TCP_KEEPALIVE, 1},
	{CURLOPT_MAXAGE_CONN, 50}, /* s; the usual load balancers close idle ones after 60 */
	{CURLOPT_DNS_CACHE_TIMEOUT, 60},
	{CURLOPT_QUICK_EXIT, 1}, /* giving up on a hanging name server must not block the thread */
	{CURLOPT_BUFFERSIZE, 64 * 1024},
	{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1}, /* a proxy's own are not the answer's */
	{CURLOPT_CERTINFO, 1},                 /* for certificate_end() */
};

/* False if this libcurl lacks one of them. */
static bool set_constants(const struct wire *w, CURL *e)
{
	for (size_t i = 0; i < ARRAY_LEN(constants); i++)
		if (curl_easy_setopt(e, constants[i].option, constants[i].value) != CURLE_OK)
			return false;
	return curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_USERAGENT, w->user_agent) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_ready) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
}

static CURL *easy_new(const struct wire *w)
{
	CURL *easy = curl_easy_init();

	if (easy != NULL && set_constants(w, easy))
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

/* One for each request: see the top of the file. */
static CURL *easy_take(const struct wire *w)
{
	CURL *easy = easy_new(w);

	if (easy == NULL)
		arena_out_of_memory(0); /* wire_open() has seen that the options are good */
	return easy;
}

static bool is_token(struct text name)
{
	static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
				      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == '\0' || strchr(allowed, name.ptr[i]) == NULL)
			return false;
	return name.len > 0;
}

static bool is_header_value(struct text value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_plain_url(struct text url)
{
	if (!text_starts(url, "http://") && !text_starts(url, "https://"))
		return false;
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~')
			return false;
	return url.len <= MAX_URL_BYTES;
}

/* Why a request cannot go out as it is, or would say something else than it means; else NULL. */
static const char *unsendable(const struct http_fetch *f)
{
	if (!is_plain_url(text_of(f->url)))
		return "its URL is not valid";
	for (size_t i = 0; i < f->header_count; i++)
		if (!is_token(f->headers[i].name) || !is_header_value(f->headers[i].value))
			return "a header of the request is not valid";
	return NULL;
}

static char *put(char *to, struct text t)
{
	if (t.len > 0)
		memcpy(to, t.ptr, t.len);
	return to + t.len;
}

/* "name: value", or "name;" which is how curl is told of an empty value. */
static char *put_header(char *to, struct http_header h)
{
	struct text value = text_trim(h.value);

	to = put(to, h.name);
	if (value.len == 0) {
		*to++ = ';';
	} else {
		to = put(to, TEXT(": "));
		to = put(to, value);
	}
	*to++ = '\0';
	return to;
}

/* The caller's headers, and two that keep curl from adding its own: a content type of a form, and
 * the question whether to send the body. owned: headers_free(). */
static struct header_list *headers_new(const struct http_fetch *f)
{
	static const struct text without[] = {TEXT("Expect:"), TEXT("Content-Type:")};
	size_t count = f->header_count + ARRAY_LEN(without);
	size_t size = sizeof(struct header_list) + count * sizeof(struct curl_slist);
	struct header_list *list;
	bool typed = false;
	char *to;

	for (size_t i = 0; i < f->header_count; i++) {
		size += f->headers[i].name.len + f->headers[i].value.len + sizeof ": ";
		typed = typed || text_equal_nocase(f->headers[i].name, TEXT("Content-Type"));
	}
	for (size_t i = 0; i < ARRAY_LEN(without); i++)
		size += without[i].len + 1;
	if (typed)
		count--;

	list = heap_alloc(size);
	list->size = size;
	to = (char *)(list->nodes + f->header_count + ARRAY_LEN(without));
	for (size_t i = 0; i < count; i++) {
		list->nodes[i].data = to;
		list->nodes[i].next = i + 1 < count ? &list->nodes[i + 1] : NULL;
		if (i < f->header_count)
			to = put_header(to, f->headers[i]);
		else
			to = put(to, without[i - f->header_count]) + 1;
	}
	return list;
}

static void headers_free(struct header_list *list)
{
	explicit_bzero(list, list->size);
	free(list);
}

static void set_method(CURL *e, const struct http_fetch *f)
{
	bool with_body = f->body.len > 0 || strcmp(f->method, "POST") == 0 ||
			 strcmp(f->method, "PUT") == 0 || strcmp(f->method, "PATCH") == 0;

	curl_easy_setopt(e, CURLOPT_HTTPGET, 1L); /* undoes what the last request chose */
	if (strcmp(f->method, "HEAD") == 0) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	} else if (with_body) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body.len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, f->body.len > 0 ? f->body.ptr : "");
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, f->method);
}

/*
 * A CA file stands instead of the system's certificates, not beside them. The system's come from
 * one file where there is one: with a directory as well, curl would not keep what it has parsed and
 * would read some hundred certificates for each connection.
 */
static void set_trust(const struct wire *w, CURL *e, const struct http_target *target)
{
	bool verify = !target->insecure_skip_verify;
	bool by_system = verify && target->ca_file == NULL;
	const char *file = by_system ? w->system_ca_file : verify ? target->ca_file : NULL;
	const char *path = by_system && file == NULL ? w->system_ca_path : NULL;

	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	curl_easy_setopt(e, CURLOPT_CAINFO, file);
	curl_easy_setopt(e, CURLOPT_CAPATH, path);
}

static void set_limits(const struct wire *w, struct transfer *t)
{
	int64_t left = clock_left_ms(t->fetch->deadline_ms);
	int64_t connect = w->connect_timeout_ms;

	/* 0 would mean for ever; on_ready() keeps what has no time left from being sent */
	if (left < 1)
		left = 1;
	if (left > MAX_TIMEOUT_MS)
		left = MAX_TIMEOUT_MS;
	t->connect_ends_first = connect > 0 && connect < left;
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
			 t->connect_ends_first ? (long)connect : (long)left);
}

bool transfer_prepare(struct transfer *t)
{
	struct http_fetch *f = t->fetch;
	const char *problem = unsendable(f);

	buf_init(&f->answer, f->max_bytes);
	f->status = 0;
	f->content_type[0] = '\0';
	f->retry_after[0] = '\0';
	f->unsendable = problem != NULL;
	f->cause = NULL;
	f->certificate_ends_s = 0;
	f->queued_us = 0;
	if (problem != NULL)
		transfer_end(t, HTTP_FETCH_UNREACHABLE, problem);
	else if (clock_left_ms(f->deadline_ms) == 0)
		transfer_end(t, HTTP_FETCH_TOO_SLOW, "no time was left to send it");
	else
		return true;
	return false;
}

void transfer_start(struct wire *w, struct transfer *t)
{
	const struct http_fetch *f = t->fetch;
	CURL *e = easy_take(w);
	struct curl_slist *lines;

	t->easy = e;
	t->sent_headers = headers_new(f);
	lines = t->sent_headers->nodes;
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	set_method(e, f);
	set_trust(w, e, f->target);
	set_limits(w, t);
	curl_easy_setopt(e, CURLOPT_NOPROXY, f->target->direct ? "*" : NULL);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, f->once ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, lines);
	curl_easy_setopt(e, CURLOPT_URL, f->url);
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, f->uncompressed ? NULL : "gzip");
	if (curl_multi_add_handle(w->multi, e) != CURLM_OK)
		arena_out_of_memory(sizeof *t); /* nothing else makes it fail */
}

/* Takes a transfer back from curl; of one that has not ended the connection is closed. */
static void transfer_stop(struct wire *w, struct transfer *t)
{
	long opened = 0;

	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &opened);
	atomic_fetch_add(&w->connections_opened, (uint64_t)opened);
	curl_multi_remove_handle(w->multi, t->easy);
	curl_easy_cleanup(t->easy);
	headers_free(t->sent_headers);
	t->easy = NULL;
	t->sent_headers = NULL;
}

void transfer_abort(struct wire *w, struct transfer *t)
{
	transfer_stop(w, t);
	transfer_call_off(t);
}

/* ---- The wire ---- */

static bool set_up(struct wire *w, long limit)
{
	CURLM *m = curl_multi_init();
	CURL *probe;

	w->multi = m;
	if (m == NULL)
		return false;
	/* the caller holds requests back by itself; here idle connections count as well */
	if (curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, limit) != CURLM_OK ||
	    curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, limit * KEPT_PER_LIMIT) != CURLM_OK ||
	    curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK)
		return false;
	probe = easy_new(w);
	curl_easy_cleanup(probe);
	return probe != NULL;
}

bool wire_open(const struct http_client_options *options, struct wire **wire, struct error *err)
{
	const curl_version_info_data *info;
	struct wire *w;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, ERROR_INTERNAL, "libcurl could not be set up");
	info = curl_version_info(CURLVERSION_NOW);
	w = heap_alloc(sizeof *w);
	w->connect_timeout_ms = options->connect_timeout_ms;
	w->user_agent = heap_copy(text_of(options->user_agent));
	w->system_ca_file = info->cainfo;
	w->system_ca_path = info->capath;
	if (!set_up(w, (long)options->max_connections_per_host)) {
		wire_close(w);
		return error_set(err, ERROR_INTERNAL, "this libcurl lacks an option we need");
	}
	*wire = w;
	return true;
}

void wire_close(struct wire *w)
{
	curl_multi_cleanup(w->multi);
	free(w->user_agent);
	free(w);
	curl_global_cleanup();
}

void wire_wake(struct wire *w)
{
	curl_multi_wakeup(w->multi);
}

void wire_work(struct wire *w)
{
	int running;

	curl_multi_perform(w->multi, &running);
}

void wire_wait(struct wire *w, int at_most_ms)
{
	curl_multi_poll(w->multi, NULL, 0, at_most_ms, NULL);
}

struct transfer *wire_ended(struct wire *w)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(w->multi, &left)) != NULL) {
		CURLcode code = message->data.result; /* the message goes with its handle */
		struct transfer *t;
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		t = (struct transfer *)(void *)private;
		transfer_judge(t, code);
		transfer_stop(w, t);
		return t;
	}
	return NULL;
}

uint64_t wire_connections_opened(const struct wire *w)
{
	return atomic_load(&w->connections_opened);
}
