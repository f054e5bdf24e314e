/* DNS messages for tests. */
#include "unit/http/dns_message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void dns_add_u8(struct dns_message *m, unsigned value)
{
	assert(m->len < sizeof m->bytes);
	m->bytes[m->len++] = (unsigned char)value;
}

void dns_add_u16(struct dns_message *m, unsigned value)
{
	dns_add_u8(m, value >> 8 & 0xFF);
	dns_add_u8(m, value & 0xFF);
}

void dns_add_name(struct dns_message *m, const char *name)
{
	struct text rest = text_of(name);
	struct text label;

	if (strcmp(name, ".") == 0)
		rest.ptr = NULL;
	while (text_next(&rest, '.', &label)) {
		if (text_starts(label, "^")) {
			dns_add_u16(m, 0xC000 | (unsigned)atoi(label.ptr + 1));
			return;
		}
		dns_add_u8(m, (unsigned)label.len);
		for (size_t i = 0; i < label.len; i++)
			dns_add_u8(m, (unsigned char)label.ptr[i]);
	}
	dns_add_u8(m, 0);
}

void dns_begin(struct dns_message *m, uint16_t id, const char *name)
{
	m->len = 0;
	dns_add_u16(m, id);
	dns_add_u16(m, 0x8180); /* an answer; recursion was wanted and is there */
	dns_add_u16(m, 1);
	for (int i = 0; i < 3; i++)
		dns_add_u16(m, 0);
	dns_add_name(m, name);
	dns_add_u16(m, DNS_SRV);
	dns_add_u16(m, 1);
}

void dns_set_code(struct dns_message *m, unsigned code)
{
	m->bytes[3] = (unsigned char)((m->bytes[3] & 0xF0) | code);
}

void dns_set_truncated(struct dns_message *m)
{
	m->bytes[2] |= DNS_TC;
}

void dns_begin_record(struct dns_message *m, const char *owner, unsigned type, unsigned data_len)
{
	unsigned count = (unsigned)(m->bytes[6] << 8 | m->bytes[7]) + 1;

	m->bytes[6] = (unsigned char)(count >> 8);
	m->bytes[7] = (unsigned char)count;
	dns_add_name(m, owner);
	dns_add_u16(m, type);
	dns_add_u16(m, 1);
	dns_add_u16(m, 0);
	dns_add_u16(m, 300);
	dns_add_u16(m, data_len);
}

/* Sets the length of the data that began at start. */
static void end_record(struct dns_message *m, size_t start)
{
	size_t len = m->len - start;

	m->bytes[start - 2] = (unsigned char)(len >> 8);
	m->bytes[start - 1] = (unsigned char)len;
}

void dns_add_srv(struct dns_message *m, const char *owner, unsigned priority, unsigned weight,
		 unsigned port, const char *target)
{
	size_t start;

	dns_begin_record(m, owner, DNS_SRV, 0);
	start = m->len;
	dns_add_u16(m, priority);
	dns_add_u16(m, weight);
	dns_add_u16(m, port);
	dns_add_name(m, target);
	end_record(m, start);
}

void dns_add_cname(struct dns_message *m, const char *owner, const char *target)
{
	size_t start;

	dns_begin_record(m, owner, DNS_CNAME, 0);
	start = m->len;
	dns_add_name(m, target);
	end_record(m, start);
}

struct text dns_text(const struct dns_message *m)
{
	return (struct text){(const char *)m->bytes, m->len};
}
