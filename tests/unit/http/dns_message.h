/* Puts DNS messages together for tests, also ones that no server would send. */
#ifndef UNIT_HTTP_DNS_MESSAGE_H
#define UNIT_HTTP_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { DNS_QUESTION = 12 }; /* where the name of the question begins */
enum { DNS_TC = 0x02, DNS_SRV = 33, DNS_CNAME = 5, DNS_A = 1 };

struct dns_message {
	unsigned char bytes[65535];
	size_t len;
};

/* An answer to the question for services of that name: head and question. */
void dns_begin(struct dns_message *m, uint16_t id, const char *name);
void dns_set_code(struct dns_message *m, unsigned code);
void dns_set_truncated(struct dns_message *m);

void dns_add_u8(struct dns_message *m, unsigned value);
void dns_add_u16(struct dns_message *m, unsigned value);
/* "a.b"; "." for the root; a label "^12" is a pointer to that offset and ends the name. */
void dns_add_name(struct dns_message *m, const char *name);

/* Records of the answer; they are counted in the head. */
void dns_add_srv(struct dns_message *m, const char *owner, unsigned priority, unsigned weight,
		 unsigned port, const char *target);
void dns_add_cname(struct dns_message *m, const char *owner, const char *target);
/* One of any type; data_len may lie about what follows. */
void dns_begin_record(struct dns_message *m, const char *owner, unsigned type, unsigned data_len);

struct text dns_text(const struct dns_message *m);

#endif
