/* DNS answers about services: reading them, and choosing one target. */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "http/srv_dns.h"

enum { MOST_ALIASES = 8 };

/* A record as it came. */
struct raw_record {
	unsigned priority;
	unsigned weight;
	unsigned port;
	char host[NS_MAXDNAME];
};

/* What the walk over an answer has found so far. */
struct finding {
	struct srv_records records; /* of the priority */
	unsigned priority;
	size_t seen;      /* records of the service */
	bool unavailable; /* one of them says that there is no such service */
	bool too_many;
};

void srv_records_free(struct srv_records *records)
{
	free(records->items);
	*records = (struct srv_records){NULL, 0};
}

/* ---- one record ---- */

static bool same_name(const char *a, const char *b)
{
	return text_equal_nocase(text_of(a), text_of(b));
}

/* Reads the name that fills a record from offset on. */
static bool read_name(const ns_msg *message, const ns_rr *rr, size_t offset, char *out)
{
	int used;

	if (ns_rr_rdlen(*rr) <= offset)
		return false;
	used = ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message),
				  ns_rr_rdata(*rr) + offset, out, NS_MAXDNAME);
	return used > 0 && (size_t)used + offset == ns_rr_rdlen(*rr);
}

static bool read_record(const ns_msg *message, const ns_rr *rr, struct raw_record *out)
{
	const unsigned char *data = ns_rr_rdata(*rr);

	if (!read_name(message, rr, 3 * sizeof(uint16_t), out->host))
		return false;
	out->priority = (unsigned)(data[0] << 8 | data[1]);
	out->weight = (unsigned)(data[2] << 8 | data[3]);
	out->port = (unsigned)(data[4] << 8 | data[5]);
	return true;
}

static bool is_host_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* A host goes into a URL: what could mean something else there is no host. */
static bool is_host(struct text host)
{
	if (host.len == 0 || host.len > SRV_MAX_NAME || host.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < host.len; i++)
		if (!is_host_char(host.ptr[i]))
			return false;
	return true;
}

static void keep(struct finding *f, const struct raw_record *raw)
{
	struct srv_record *record;

	f->seen++;
	if (strcmp(raw->host, ".") == 0)
		f->unavailable = true;
	if (!is_host(text_of(raw->host)) || raw->port == 0)
		return;
	if (f->records.count > 0 && raw->priority > f->priority)
		return;
	if (raw->priority < f->priority) {
		f->records.count = 0;
		f->too_many = false;
	}
	f->priority = raw->priority;
	if (f->records.count == SRV_MAX_RECORDS) {
		f->too_many = true;
		return;
	}
	f->records.items =
		heap_resize(f->records.items, (f->records.count + 1) * sizeof *f->records.items);
	record = &f->records.items[f->records.count++];
	*record = (struct srv_record){.weight = raw->weight, .target = {.port = raw->port}};
	memcpy(record->target.host, raw->host, strlen(raw->host) + 1);
}

/* ---- a message ---- */

/* Replaces name by the one it is an alias of. *is_alias: out. False on nonsense. */
static bool follow_alias(ns_msg *message, char name[NS_MAXDNAME], bool *is_alias)
{
	ns_rr rr;

	*is_alias = false;
	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		if (ns_parserr(message, ns_s_an, i, &rr) != 0)
			return false;
		if (ns_rr_type(rr) != ns_t_cname || ns_rr_class(rr) != ns_c_in ||
		    !same_name(ns_rr_name(rr), name))
			continue;
		*is_alias = true;
		return read_name(message, &rr, 0, name);
	}
	return true;
}

static bool follow_aliases(ns_msg *message, char name[NS_MAXDNAME])
{
	bool is_alias = true;

	for (int i = 0; i <= MOST_ALIASES && is_alias; i++)
		if (!follow_alias(message, name, &is_alias))
			return false;
	return !is_alias; /* else they run in a circle */
}

static bool find_records(ns_msg *message, const char *name, struct finding *f)
{
	struct raw_record raw;
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		if (ns_parserr(message, ns_s_an, i, &rr) != 0)
			return false;
		if (ns_rr_type(rr) != ns_t_srv || ns_rr_class(rr) != ns_c_in ||
		    !same_name(ns_rr_name(rr), name))
			continue;
		if (!read_record(message, &rr, &raw))
			return false;
		keep(f, &raw);
	}
	return true;
}

/* Whether there is something in what was found; says why not. */
static bool judge(const struct finding *f, const char *name, struct error *err)
{
	if (f->too_many)
		return error_set(err, ERROR_UPSTREAM,
				 "DNS has more than %d targets of one priority for the service %s",
				 (int)SRV_MAX_RECORDS, name);
	if (f->records.count > 0)
		return true;
	if (f->seen == 0)
		return error_set(err, ERROR_UPSTREAM, "DNS has no service records (SRV) for %s",
				 name);
	if (f->unavailable)
		return error_set(err, ERROR_UPSTREAM, "DNS says that the service %s is not offered",
				 name);
	return error_set(err, ERROR_UPSTREAM,
			 "none of the targets that DNS has for the service %s can be used", name);
}

static enum srv_reading useless(struct error *err, const char *name, const char *why)
{
	error_set(err, ERROR_UPSTREAM, "DNS, asked for the service %s: %s", name, why);
	return SRV_USELESS;
}

static bool is_question(ns_msg *message, const char *name)
{
	ns_rr rr;

	return ns_msg_count(*message, ns_s_qd) == 1 && ns_parserr(message, ns_s_qd, 0, &rr) == 0 &&
	       ns_rr_type(rr) == ns_t_srv && ns_rr_class(rr) == ns_c_in &&
	       same_name(ns_rr_name(rr), name);
}

static enum srv_reading read_records(ns_msg *message, const char *name, struct srv_records *records,
				     struct error *err)
{
	struct finding f = {.priority = UINT16_MAX};
	char owner[NS_MAXDNAME];

	memcpy(owner, name, strlen(name) + 1);
	if (!follow_aliases(message, owner) || !find_records(message, owner, &f)) {
		srv_records_free(&f.records);
		return useless(err, name, "the answer makes no sense");
	}
	if (!judge(&f, name, err)) {
		srv_records_free(&f.records);
		return SRV_NONE;
	}
	*records = f.records;
	return SRV_FOUND;
}

static const char *code_name(unsigned code)
{
	switch (code) {
	case ns_r_formerr:
		return "the server does not understand the question (FORMERR)";
	case ns_r_servfail:
		return "the server failed (SERVFAIL)";
	case ns_r_notimpl:
		return "the server cannot do it (NOTIMP)";
	case ns_r_refused:
		return "the server refuses to answer (REFUSED)";
	default:
		return "the server answered with an error";
	}
}

enum srv_reading srv_read_answer(struct text message, uint16_t id, const char *name,
				 struct srv_records *records, struct error *err)
{
	const unsigned char *bytes = (const unsigned char *)message.ptr;
	unsigned code;
	ns_msg parsed;

	/* The fixed head first: a message that was cut need not be whole behind it. */
	if (message.len < NS_HFIXEDSZ || message.len > SRV_MAX_MESSAGE ||
	    (bytes[0] << 8 | bytes[1]) != id || (bytes[2] & 0xF8) != 0x80)
		return SRV_FOREIGN; /* other id, a question, or another kind of operation */
	if ((bytes[2] & 0x02) != 0)
		return SRV_TRUNCATED;
	code = bytes[3] & 0x0F;
	if (code != ns_r_noerror && code != ns_r_nxdomain)
		return useless(err, name, code_name(code));
	if (ns_initparse(bytes, (int)message.len, &parsed) != 0)
		return useless(err, name, "the answer cannot be read");
	if (!is_question(&parsed, name))
		return SRV_FOREIGN;
	if (code == ns_r_nxdomain) {
		error_set(err, ERROR_UPSTREAM, "DNS knows no service %s", name);
		return SRV_NONE;
	}
	return read_records(&parsed, name, records, err);
}

/* ---- choosing ---- */

/* The n-th of those without weight. */
static const struct srv_record *weightless(const struct srv_records *records, uint32_t n)
{
	const struct srv_record *r = records->items;

	while (r->weight != 0 || n-- > 0)
		r++;
	return r;
}

/* The one whose share of the weights, laid end to end, holds n; they begin at 1. */
static const struct srv_record *weighted(const struct srv_records *records, uint32_t n)
{
	const struct srv_record *r = records->items;

	for (; n > r->weight; r++)
		n -= r->weight;
	return r;
}

const struct srv_record *srv_pick(const struct srv_records *records,
				  uint32_t (*random)(void *context, uint32_t below), void *context)
{
	uint32_t without = 0;
	uint32_t sum = 0;
	uint32_t n;

	for (size_t i = 0; i < records->count; i++) {
		sum += records->items[i].weight;
		without += records->items[i].weight == 0;
	}
	/* RFC 2782: a number from 0 to the sum, where 0 falls to those without weight. Where there
	 * are none of these it would favour the first, so then it starts at 1. */
	n = without > 0 ? random(context, sum + 1) : 1 + random(context, sum);
	return n == 0 ? weightless(records, random(context, without)) : weighted(records, n);
}
