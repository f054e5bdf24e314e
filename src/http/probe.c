/*
 * One look at a server, through libcurl as the client uses it. Where a certificate is not trusted a
 * second handshake, which verifies nothing and sends nothing, reads what it says.
 */
#include "http/probe.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MOST_BODY = 64 * 1024 };

/* ---- what libcurl calls ---- */

struct reading {
	struct buf body;
	bool enough;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct reading *r = context;
	struct text piece = {bytes, size * count};
	size_t room = MOST_BODY - r->body.len;

	buf_add(&r->body, text_slice(piece, 0, room));
	r->enough = piece.len >= room;
	return r->enough ? 0 : piece.len;
}

/* ---- the certificate ---- */

static bool take(const char *line, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0 || line[len] != ':')
		return false;
	*value = line + len + 1;
	return true;
}

static int64_t time_of(const char *written)
{
	int64_t ms;

	return clock_parse_certificate(text_trim(text_of(written)), &ms) ? ms : 0;
}

/* The server's own comes first. */
static void read_certificate(struct arena *a, CURL *easy, struct http_certificate *c)
{
	struct curl_certinfo *chain = NULL;

	*c = (struct http_certificate){.subject = "", .issuer = "", .names = ""};
	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
	    chain->num_of_certs < 1)
		return;
	c->shown = true;
	for (const struct curl_slist *l = chain->certinfo[0]; l != NULL; l = l->next) {
		const char *value;

		if (take(l->data, "Subject", &value))
			c->subject = arena_copy(a, text_trim(text_of(value)));
		else if (take(l->data, "Issuer", &value))
			c->issuer = arena_copy(a, text_trim(text_of(value)));
		else if (take(l->data, "X509v3 Subject Alternative Name", &value))
			c->names = arena_copy(a, text_trim(text_of(value)));
		else if (take(l->data, "Start date", &value))
			c->from_ms = time_of(value);
		else if (take(l->data, "Expire date", &value))
			c->until_ms = time_of(value);
	}
}

/* ---- the outcome ---- */

static const struct {
	CURLcode code;
	enum http_probe_end end;
} ends[] = {
	{CURLE_OK, HTTP_PROBE_DONE},
	{CURLE_COULDNT_RESOLVE_HOST, HTTP_PROBE_NO_NAME},
	{CURLE_COULDNT_RESOLVE_PROXY, HTTP_PROBE_NO_PROXY},
	{CURLE_PROXY, HTTP_PROBE_NO_PROXY},
	{CURLE_COULDNT_CONNECT, HTTP_PROBE_NO_CONNECTION},
	{CURLE_OPERATION_TIMEDOUT, HTTP_PROBE_TOO_SLOW},
	{CURLE_SSL_CACERT_BADFILE, HTTP_PROBE_NO_CA_FILE},
	{CURLE_PEER_FAILED_VERIFICATION, HTTP_PROBE_NOT_TRUSTED},
	{CURLE_SSL_CONNECT_ERROR, HTTP_PROBE_NO_TLS},
};

static enum http_probe_end end_of(CURL *easy, CURLcode code)
{
	long complaint = 0;

	if (code == CURLE_PEER_FAILED_VERIFICATION) {
		/* OpenSSL has no complaint about one that is good for another name; libcurl leaves
		 * the result at what it sets before the handshake, 1. */
		curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &complaint);
		if (complaint <= 1)
			return HTTP_PROBE_WRONG_NAME;
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends[i].code == code)
			return ends[i].end;
	return HTTP_PROBE_NO_ANSWER;
}

static const char *header(struct arena *a, CURL *easy, const char *name)
{
	struct curl_header *found;

	return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK
		       ? arena_copy(a, text_of(found->value))
		       : "";
}

static void read_answer(struct arena *a, CURL *easy, struct http_probe *p)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	p->status = (int)status;
	p->date = header(a, easy, "Date");
	p->content_type = header(a, easy, "Content-Type");
	p->authenticate = header(a, easy, "WWW-Authenticate");
}

/* ---- one connection ---- */

enum way {
	AS_TARGETED,     /* a request, verified as the target wants it */
	VERIFIED,        /* a handshake, verified whatever it wants */
	CERTIFICATE_ONLY /* a handshake that verifies nothing */
};

static void set_trust(CURL *easy, const struct http_target *target, enum way way)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	const char *file = target->ca_file != NULL ? target->ca_file : info->cainfo;
	bool verify = way == VERIFIED || (way == AS_TARGETED && !target->insecure_skip_verify);

	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (!verify)
		return;
	curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, file == NULL ? info->capath : NULL);
}

static void set_up(CURL *easy, const struct http_probe *p, enum way way)
{
	int64_t left_ms = clock_left_ms(p->deadline_ms);

	curl_easy_setopt(easy, CURLOPT_URL, p->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(left_ms < 1 ? 1 : left_ms));
	curl_easy_setopt(easy, CURLOPT_NOPROXY, p->target->direct ? "*" : NULL);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "spectrocloud-backend/" PROJECT_VERSION);
	if (way != AS_TARGETED)
		curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	set_trust(easy, p->target, way);
}

static void record(struct arena *a, CURL *easy, CURLcode code, const char *words,
		   struct http_probe *p)
{
	p->end = end_of(easy, code);
	p->problem = arena_copy(a, text_of(*words != '\0' ? words : curl_easy_strerror(code)));
	read_answer(a, easy, p);
}

static void look(struct arena *a, struct http_probe *p, enum way way)
{
	char words[CURL_ERROR_SIZE] = "";
	struct reading reading = {.enough = false};
	CURL *easy = curl_easy_init();
	CURLcode code;

	if (easy == NULL)
		arena_out_of_memory(0);
	buf_init(&reading.body, MOST_BODY);
	set_up(easy, p, way);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reading);
	code = curl_easy_perform(easy);
	if (code == CURLE_WRITE_ERROR && reading.enough)
		code = CURLE_OK;
	read_certificate(a, easy, &p->certificate);
	if (way != CERTIFICATE_ONLY) {
		record(a, easy, code, words, p);
		p->body = arena_copy_text(a, buf_text(&reading.body));
	}
	curl_easy_cleanup(easy);
	buf_fini(&reading.body);
}

void http_probe(struct arena *a, struct http_probe *p)
{
	look(a, p, p->handshake_only ? VERIFIED : AS_TARGETED);
	if (p->end == HTTP_PROBE_NOT_TRUSTED || p->end == HTTP_PROBE_WRONG_NAME)
		look(a, p, CERTIFICATE_ONLY);
}
