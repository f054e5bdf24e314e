/*
 * What stands at an address, for who looks for a fault: its name, a connection, its certificate,
 * its first answer, and of each why not. What the service itself asks goes through http/client.h;
 * this is one look, on a connection of its own, on the thread that wants to know. It sends no
 * credential.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "http/client.h"

/* ---- addresses ---- */

struct http_place {
	bool tls;
	const char *host; /* arena; an IPv6 address without its brackets */
	const char *port; /* arena; the usual one where the URL has none */
};
/* Of an http or https URL. Fails with ERROR_INPUT. */
MUST_USE bool http_place_of(struct arena *a, const char *url, struct http_place *place,
			    struct error *err);

/* The addresses of a name, "192.0.2.1, 2001:db8::1"; arena. Waits for as long as the resolver
 * does. Fails with ERROR_UNAVAILABLE and the resolver's words. */
MUST_USE bool http_probe_name(struct arena *a, const char *host, const char **addresses,
			      struct error *err);
/* Connects to the first of its addresses that takes it, which becomes *address (arena). Fails with
 * ERROR_UNAVAILABLE; the message has each address and what came of it. */
MUST_USE bool http_probe_connect(struct arena *a, const struct http_place *place,
				 int64_t deadline_ms, const char **address, struct error *err);

/*
 * The proxy that requests to url go through by the variables of the environment, as libcurl reads
 * them, without a user's name and password; arena. NULL: none.
 * variable  out: the variable that says so; static. get: getenv(), or what stands for it.
 */
typedef char *http_getenv_fn(const char *name);
const char *http_proxy_of(struct arena *a, const char *url, http_getenv_fn *get,
			  const char **variable);
/* Where that proxy is; the usual port is 1080, and 443 of one over TLS, as libcurl has it. False:
 * it speaks something else than HTTP. */
bool http_place_of_proxy(struct arena *a, const char *proxy, struct http_place *place);

/* ---- certificate and answer ---- */

enum http_probe_end {
	HTTP_PROBE_DONE,
	HTTP_PROBE_NO_NAME,
	HTTP_PROBE_NO_CONNECTION,
	HTTP_PROBE_NO_PROXY,   /* the proxy is not there, or refused */
	HTTP_PROBE_NO_CA_FILE, /* the file of trusted certificates is not usable */
	HTTP_PROBE_NOT_TRUSTED,
	HTTP_PROBE_WRONG_NAME, /* the certificate is good, and for another name */
	HTTP_PROBE_NO_TLS,     /* the handshake failed otherwise */
	HTTP_PROBE_NO_ANSWER,
	HTTP_PROBE_TOO_SLOW,
};

struct http_certificate {
	bool shown;
	const char *subject; /* arena, as all of these; "" where it has none */
	const char *issuer;
	const char *names; /* "DNS:a.example, DNS:b.example" */
	int64_t from_ms;   /* calendar; 0: not readable */
	int64_t until_ms;
};

struct http_probe {
	const char *url;
	const struct http_target *target;
	/* No request is sent, and the certificate is verified whatever the target says. Else GET.
	 */
	bool handshake_only;
	int64_t deadline_ms;

	/* out */
	enum http_probe_end end;
	const char *problem;                 /* arena: libcurl's words where it is not DONE */
	struct http_certificate certificate; /* also of one that is not trusted */
	int status;                          /* of a request */
	const char *date;                    /* headers; arena, "" where there is none: */
	const char *content_type;
	const char *authenticate; /* WWW-Authenticate */
	struct text body;         /* arena: the first 64 KiB of it */
};
/* Blocks, at most until the deadline; for two connections where a certificate is not trusted. */
void http_probe(struct arena *a, struct http_probe *probe);

#endif
