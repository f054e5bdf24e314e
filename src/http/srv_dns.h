/* The parts of srv.h: reading an answer, choosing from it, asking for it. Private to srv*.c. */
#ifndef HTTP_SRV_DNS_H
#define HTTP_SRV_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "http/srv.h"

enum {
	SRV_MAX_RECORDS = 256,   /* of one priority */
	SRV_MAX_NAME = 253,      /* bytes, without a '.' at the end */
	SRV_MAX_MESSAGE = 65535, /* bytes of an answer */
	SRV_MAX_SERVERS = 3,
};

struct srv_record {
	unsigned weight;
	struct srv_target target;
};

/* The targets with the lowest priority number that can be used; at least one. */
struct srv_records {
	struct srv_record *items; /* owned: srv_records_free() */
	size_t count;
};

/* NULL in it is fine. */
void srv_records_free(struct srv_records *records);

/* ---- reading: srv_answer.c ---- */

enum srv_reading {
	SRV_FOUND,     /* records are set */
	SRV_NONE,      /* the answer is that there is nothing; the error says so */
	SRV_TRUNCATED, /* ask again over TCP */
	SRV_USELESS,   /* another server may do better; the error says why */
	SRV_FOREIGN,   /* not the answer to this question; wait for it */
};

/*
 * Reads a DNS message.
 *
 * id, name  of the question; name without '.' at its end.
 * records   out, only where SRV_FOUND, owned: srv_records_free().
 * err       set where SRV_NONE or SRV_USELESS, of kind ERROR_UPSTREAM.
 */
MUST_USE enum srv_reading srv_read_answer(struct text message, uint16_t id, const char *name,
					  struct srv_records *records, struct error *err);

/* ---- choosing: srv_answer.c ---- */

/*
 * One of the records, by their weights; borrowed from them. Those of weight 0 share one part in
 * all, so that they are chosen rarely beside others and evenly among themselves.
 */
const struct srv_record *srv_pick(const struct srv_records *records,
				  uint32_t (*random)(void *context, uint32_t below), void *context);

/* ---- asking: srv_query.c ---- */

struct srv_server {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t len;
};

struct srv_servers {
	struct srv_server list[SRV_MAX_SERVERS];
	size_t count;
};

/* False if address is neither IPv4 nor IPv6. */
MUST_USE bool srv_server_of(const char *address, unsigned port, struct srv_server *server);

/*
 * Asks one server after the other until one knows, at most until the deadline (of clock_now_ms()).
 * servers  NULL: the system's.
 * records  out, owned: srv_records_free().
 * Fails as srv_choose() does.
 */
MUST_USE bool srv_ask(const struct srv_servers *servers, const char *name, int64_t deadline_ms,
		      struct srv_records *records, struct error *err);

#endif
