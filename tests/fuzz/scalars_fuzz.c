/*
 * Texts that stand for one value: numbers, times, sizes, durations, versions, base64, URLs. What is
 * read means the same when it is written out and read again, and versions have an order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/check.h"
#include "config/value.h"
#include "crypto/base64.h"
#include "http/probe.h"
#include "op/mcp_door.h"
#include "op/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No setting may be as large; beyond it, digits are lost in a double. */
#define LARGEST ((int64_t)1 << 42)

/* 0001-01-01T00:00:00Z */
#define FIRST_YEAR_MS (-62135596800000)

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_number(struct arena *a, struct text t)
{
	const char *copy = arena_copy(a, t);
	int64_t number = 7;
	char *end;

	if (!text_to_int(t, &number)) {
		must(number == 7, "what fails leaves things alone");
		return;
	}
	must(strtoll(copy, &end, 10) == number && *end == '\0' && end == copy + t.len,
	     "it is the number that the library reads");
}

static void check_time(struct text t)
{
	char written[CLOCK_ISO_SIZE];
	int64_t again = 0;
	int64_t ms;

	/* Of years from 1 on, which the other form can say. */
	if ((clock_parse_http(t, &ms) || clock_parse_certificate(t, &ms)) && ms >= FIRST_YEAR_MS) {
		clock_format_iso(ms, written);
		must(clock_parse_iso(text_of(written), &again) && again == ms,
		     "a time is the same in another form");
	}
	if (!clock_parse_iso(t, &ms))
		return;
	clock_format_iso(ms, written);
	must(clock_parse_iso(text_of(written), &again) && again == ms, "a time is the same again");
}

static void check_values(struct arena *a, struct text t)
{
	struct node *node = config_node_plain(a, arena_copy_text(a, t), (struct place){"f", 1, 1});
	struct node *string = config_node_string(a, arena_copy_text(a, t), node->place);
	int64_t value;
	int64_t again = -1;
	bool flag;

	(void)(value_bool(node, &flag) && value_bool(string, &flag));
	(void)(value_int(node, &value) && value_int(string, &value));
	if (value_size(string, &value) && value >= 0 && value < LARGEST)
		must(value_size(config_node_string(a, text_of(value_print_size(a, value)),
						   node->place),
				&again) &&
			     again == value,
		     "a size is the same again");
	if (value_duration_ms(string, &value) && value >= 0 && value < LARGEST)
		must(value_duration_ms(config_node_string(a,
							  text_of(value_print_duration(a, value)),
							  node->place),
				       &again) &&
			     again == value,
		     "a duration is the same again");
}

static void check_base64(struct arena *a, struct text t)
{
	struct text bytes;
	struct buf out;
	struct buf again;

	buf_init(&out, t.len + 64);
	buf_init(&again, t.len * 2 + 64);
	if (base64url_decode(t, &out)) {
		base64url_encode(buf_text(&out), &again);
		must(text_equal(buf_text(&again), t), "one text has one encoding");
	} else {
		must(out.len == 0, "what fails leaves things alone");
	}
	buf_truncate(&out, 0);
	must(base64_decode(t, &out) || out.len == 0, "and here");
	(void)value_base64(a, t, &bytes);
	buf_fini(&out);
	buf_fini(&again);
}

static void check_url_of(struct arena *a, struct text t)
{
	struct text origin = mcp_origin_of(t);
	bool loopback = false;

	must(text_equal(mcp_origin_of(origin), origin), "an origin is its own");
	for (unsigned may = 0; may < 16; may++)
		if (check_url(a, arena_copy_text(a, t), may, &loopback) == NULL)
			must(text_find(t, ' ') == SIZE_MAX && text_find(t, '\n') == SIZE_MAX,
			     "a URL is one word");
}

static const char *proxy; /* what every variable says */

static char *get_proxy(const char *name)
{
	return strcasecmp(name, "no_proxy") == 0 ? NULL : (char *)proxy;
}

static void check_place(struct arena *a, struct text t)
{
	const char *url = arena_copy(a, t);
	struct http_place place = {.host = NULL};
	const char *variable = NULL;
	const char *found;
	struct error err;

	if (http_place_of(a, url, &place, &err)) {
		must(strpbrk(place.host, "/?#") == NULL, "a host is no path");
		must(*place.port != '\0', "there is a port");
	} else {
		must(place.host == NULL, "what fails leaves things alone");
	}
	proxy = url;
	found = http_proxy_of(a, "http://host.test/", get_proxy, &variable);
	must((found != NULL) == (*url != '\0'), "a proxy is what is set");
	must(found == NULL || (variable != NULL && strchr(found, '@') == NULL),
	     "without name and password");
}

static void check_versions(struct text all)
{
	struct text v[3] = {TEXT(""), TEXT(""), TEXT("")};
	int ab;
	int ba;
	int bc;
	int ac;

	for (size_t i = 0; i < 3; i++)
		(void)text_next(&all, '\n', &v[i]);
	if (!version_compare(v[0], v[1], &ab))
		return;
	must(version_compare(v[1], v[0], &ba) && (ab < 0) == (ba > 0) && (ab == 0) == (ba == 0),
	     "the other way round it is the opposite");
	must(version_compare(v[0], v[0], &ac) && ac == 0, "each is equal to itself");
	if (version_compare(v[1], v[2], &bc) && ab <= 0 && bc <= 0)
		must(version_compare(v[0], v[2], &ac) && ac <= 0, "there is an order");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text t = {(const char *)data, size};
	struct arena a = {0};

	check_number(&a, t);
	check_time(t);
	check_values(&a, t);
	check_base64(&a, t);
	check_url_of(&a, t);
	check_place(&a, t);
	check_versions(t);
	arena_fini(&a);
	return 0;
}
