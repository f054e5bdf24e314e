/*
 * DNS answers about services: whatever they are, there is a verdict, and what is found are hosts
 * and ports that may stand in a URL.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/srv_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char name[] = "_http._tcp.catalog.example";

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static uint32_t next_number(void *context, uint32_t below)
{
	uint32_t *n = context;

	must(below > 0, "a choice has a range");
	*n = *n * 1664525 + 1013904223;
	return *n % below;
}

static void check_found(const struct srv_records *records)
{
	uint32_t seed = 1;

	must(records->count > 0 && records->count <= SRV_MAX_RECORDS, "some records");
	for (size_t i = 0; i < records->count; i++) {
		const struct srv_target *t = &records->items[i].target;
		size_t len = strlen(t->host);

		must(len > 0 && len <= SRV_MAX_NAME, "a host of some length");
		must(strspn(t->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_.") == len,
		     "of plain letters");
		must(t->port > 0 && t->port < 65536, "a port");
		must(records->items[i].weight < 65536, "a weight");
	}
	for (int i = 0; i < 10; i++) {
		const struct srv_record *r = srv_pick(records, next_number, &seed);

		must(r >= records->items && r < records->items + records->count, "one of them");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text message = {(const char *)data, size};
	struct srv_records records = {NULL, 77};
	uint16_t id = (uint16_t)(size < 2 ? 0 : data[0] << 8 | data[1]);
	struct error err = {0};

	must(srv_read_answer(message, (uint16_t)(id + 1), name, &records, &err) == SRV_FOREIGN,
	     "the id counts");
	switch (srv_read_answer(message, id, name, &records, &err)) {
	case SRV_FOUND:
		check_found(&records);
		srv_records_free(&records);
		return 0;
	case SRV_NONE:
	case SRV_USELESS:
		must(err.kind == ERROR_UPSTREAM && strstr(err.message, name) != NULL,
		     "the error names the service");
		break;
	case SRV_TRUNCATED:
	case SRV_FOREIGN:
		break;
	}
	must(records.items == NULL && records.count == 77, "outputs are left alone");
	return 0;
}
