/*
 * How fast slices are, beside jansson on the same bytes in the same run: a list of 20 MB, checked,
 * walked, two fields read of every item; against reading it into a tree and printing it again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "json/json.h"

enum {
	DOCUMENT_BYTES = 20 * 1000 * 1000,
	ROUNDS = 9, /* the fastest counts */
};

static void put_condition(struct json_writer *w, const char *type, unsigned i)
{
	json_object_begin(w);
	json_key(w, "type");
	json_put_cstr(w, type);
	json_key(w, "status");
	json_put_cstr(w, i % 7 == 0 ? "False" : "True");
	json_key(w, "message");
	json_put_cstr(w, i % 7 == 0 ? "waiting for \"control-plane\"\nto answer" : "");
	json_key(w, "lastTransitionTime");
	json_put_cstr(w, "2026-01-31T10:00:00.000Z");
	json_object_end(w);
}

static void put_metadata(struct json_writer *w, unsigned i)
{
	char text[64];

	json_key(w, "metadata");
	json_object_begin(w);
	json_key(w, "annotations");
	json_object_begin(w);
	json_key(w, "projectUid");
	json_put_cstr(w, "5f9b4f1e8d3c2a0012345678");
	json_key(w, "description");
	json_put_cstr(w, i % 16 == 0 ? "Entwicklung f\u00fcr M\u00fcnchen" : "production cluster");
	json_object_end(w);
	json_key(w, "creationTimestamp");
	json_put_cstr(w, "2026-01-31T10:00:00.000Z");
	json_key(w, "labels");
	json_object_begin(w);
	json_key(w, "env");
	json_put_cstr(w, i % 3 == 0 ? "prod" : "dev");
	json_object_end(w);
	snprintf(text, sizeof text, "cluster-%06u", i);
	json_key(w, "name");
	json_put_cstr(w, text);
	snprintf(text, sizeof text, "64b0c0ffee%014u", i);
	json_key(w, "uid");
	json_put_cstr(w, text);
	json_object_end(w);
}

static void put_spec(struct json_writer *w)
{
	json_key(w, "specSummary");
	json_object_begin(w);
	json_key(w, "cloudConfig");
	json_object_begin(w);
	json_key(w, "cloudType");
	json_put_cstr(w, "vsphere");
	json_key(w, "machinePoolConfig");
	json_array_begin(w);
	for (int pool = 0; pool < 3; pool++) {
		json_object_begin(w);
		json_key(w, "isControlPlane");
		json_put_bool(w, pool == 0);
		json_key(w, "size");
		json_put_int(w, 3 + pool);
		json_key(w, "taints");
		json_put_null(w);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
	json_object_end(w);
}

static void put_item(struct json_writer *w, unsigned i)
{
	json_object_begin(w);
	put_metadata(w, i);
	put_spec(w);
	json_key(w, "status");
	json_object_begin(w);
	json_key(w, "state");
	json_put_cstr(w, "Running");
	json_key(w, "conditions");
	json_array_begin(w);
	put_condition(w, "Ready", i);
	put_condition(w, "CloudInfrastructureReady", i + 1);
	put_condition(w, "ControlPlaneNodeAdditionDone", i + 2);
	json_array_end(w);
	json_object_end(w);
	json_object_end(w);
}

/* The list, and how many items it has. */
static unsigned make_list(struct buf *out)
{
	struct json_writer w;
	unsigned count = 0;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "items");
	json_array_begin(&w);
	while (out->len < DOCUMENT_BYTES)
		put_item(&w, count++);
	json_array_end(&w);
	json_object_end(&w);
	return count;
}

static void stop(const char *why)
{
	fprintf(stderr, "json_bench: %s\n", why);
	exit(1);
}

static void check(struct text document, unsigned count)
{
	struct text value;
	struct error err;

	(void)count;
	if (!json_check(document, &value, &err))
		stop(err.message);
}

static void walk(struct text document, unsigned count)
{
	struct json_walk items;
	struct text list;
	struct text item;
	struct text field;
	unsigned found = 0;

	if (!json_at(document, "/items", &list))
		stop("no items");
	items = json_walk_begin(list);
	while (json_walk_item(&items, &item))
		found += json_at(item, "/metadata/uid", &field) &&
			 json_at(item, "/specSummary/cloudConfig/cloudType", &field);
	if (found != count)
		stop("items got lost");
}

static void check_and_walk(struct text document, unsigned count)
{
	check(document, count);
	walk(document, count);
}

static void jansson_parse(struct text document, unsigned count)
{
	json_t *tree = json_loadb(document.ptr, document.len, 0, NULL);

	if (tree == NULL || json_array_size(json_object_get(tree, "items")) != count)
		stop("jansson does not read the list");
	json_decref(tree);
}

static void jansson_round_trip(struct text document, unsigned count)
{
	json_t *tree = json_loadb(document.ptr, document.len, 0, NULL);
	char *printed = json_dumps(tree, JSON_COMPACT);

	(void)count;
	if (printed == NULL)
		stop("jansson does not print the list");
	free(printed);
	json_decref(tree);
}

static double measure(const char *name, void (*way)(struct text, unsigned), int rounds,
		      struct text document, unsigned count)
{
	int64_t best = INT64_MAX;
	double rate;

	for (int i = 0; i < rounds; i++) {
		int64_t start = clock_now_us();
		int64_t took;

		way(document, count);
		took = clock_now_us() - start;
		if (took < best)
			best = took;
	}
	rate = (double)document.len / (double)best;
	printf("%-20s %8.1f ms %8.1f MB/s\n", name, (double)best / 1000, rate);
	return rate;
}

int main(void)
{
	struct text document;
	struct buf out;
	unsigned count;
	double ours;
	double theirs;

	buf_init(&out, (size_t)2 * DOCUMENT_BYTES);
	count = make_list(&out);
	document = buf_text(&out);
	printf("%u items, %zu bytes\n", count, document.len);
	measure("check", check, ROUNDS, document, count);
	measure("walk", walk, ROUNDS, document, count);
	ours = measure("check and walk", check_and_walk, ROUNDS, document, count);
	measure("jansson parse", jansson_parse, 3, document, count);
	theirs = measure("jansson round trip", jansson_round_trip, 3, document, count);
	printf("check and walk is %.1f times as fast as a jansson round trip\n", ours / theirs);
	buf_fini(&out);
	return 0;
}
