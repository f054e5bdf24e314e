/* config check: everything that is wrong, for people and for programs. */
#include "cmd/config_check.h"

#include <stdint.h>
#include <stdio.h>

#include "backstage/backstage.h"
#include "base/log.h"
#include "cmd/pretty.h"
#include "config/tree.h"
#include "store/store.h"
#include "json/json.h"

/* What was found in all: by the load, and then in what the configuration names. */
struct found {
	const struct config_findings *findings;
	struct error beyond[2];
	size_t beyond_count;
	const struct config *config; /* NULL: it has faults */
};

static size_t count_faults(const struct found *f)
{
	size_t faults = f->beyond_count;

	for (size_t i = 0; i < f->findings->count; i++)
		if (f->findings->items[i].is_fault)
			faults++;
	return faults;
}

static size_t count_notices(const struct found *f)
{
	return f->findings->count + f->beyond_count - count_faults(f);
}

/* ---- for people ---- */

static void print_finding(struct arena *a, const struct config_finding *finding)
{
	const struct place place = {finding->file, finding->line, finding->column};

	fprintf(stderr, "%s%s: %s%s%s\n",
		finding->is_fault ? "" : "warning: ", place_print(a, place),
		finding->path == NULL ? "" : finding->path, finding->path == NULL ? "" : ": ",
		finding->message);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_found(const struct found *f)
{
	size_t notices = count_notices(f);
	size_t environments, external;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < f->findings->count; i++)
		print_finding(&a, &f->findings->items[i]);
	for (size_t i = 0; i < f->beyond_count; i++)
		fprintf(stderr, "%s\n", f->beyond[i].message);
	arena_fini(&a);
	if (f->config == NULL || count_faults(f) > 0)
		return;
	if (notices == 0)
		printf("The configuration is fine");
	else
		printf("No faults, but %zu warning%s", notices, plural(notices));
	environments = f->config->environment_count;
	external = config_usable_external(f->config);
	printf(": %zu environment%s, %zu external caller%s.\n", environments, plural(environments),
	       external, plural(external));
}

/* ---- for programs ---- */

static void put_number(struct json_writer *w, const char *name, unsigned number)
{
	json_key(w, name);
	if (number == 0)
		json_put_null(w);
	else
		json_put_int(w, number);
}

static void put_finding(struct json_writer *w, const struct config_finding *finding)
{
	json_object_begin(w);
	json_put_pair(w, "file", finding->file);
	put_number(w, "line", finding->line);
	put_number(w, "column", finding->column);
	json_put_pair(w, "path", finding->path);
	json_put_pair(w, "message", finding->message);
	json_object_end(w);
}

static void put_findings(struct json_writer *w, const struct found *f, bool faults)
{
	json_key(w, faults ? "faults" : "notices");
	json_array_begin(w);
	for (size_t i = 0; i < f->findings->count; i++)
		if (f->findings->items[i].is_fault == faults)
			put_finding(w, &f->findings->items[i]);
	for (size_t i = 0; i < f->beyond_count && faults; i++)
		put_finding(w, &(struct config_finding){.message = f->beyond[i].message});
	json_array_end(w);
}

static void put_found(const struct found *f)
{
	struct json_writer w;
	struct buf compact;
	struct buf out;

	buf_init(&compact, SIZE_MAX);
	buf_init(&out, SIZE_MAX);
	json_writer_init(&w, &compact);
	json_object_begin(&w);
	json_key(&w, "ok");
	json_put_bool(&w, count_faults(f) == 0);
	put_findings(&w, f, true);
	put_findings(&w, f, false);
	json_object_end(&w);
	pretty_add_json(&out, buf_text(&compact));
	buf_add_char(&out, '\n');
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
	buf_fini(&compact);
}

/* ---- finding it ---- */

/* In files that the configuration names: keys and rules, and what only the store can judge. */
static void look_beyond(struct found *f)
{
	log_open(LOG_WARN, LOG_TEXT); /* that a file was read is no news here */
	if (!backstage_check(f->config, &f->beyond[f->beyond_count]))
		f->beyond_count++;
	if (!store_check(f->config, &f->beyond[f->beyond_count]))
		f->beyond_count++;
}

int config_check(const struct options *options, bool json)
{
	struct config_options how = options_source(options);
	struct config_findings findings;
	struct found found = {.findings = &findings};
	struct config *config = NULL;
	struct error err;
	int status;

	how.findings = &findings;
	if (config_load(&how, &config, NULL, NULL, &err)) {
		found.config = config;
		look_beyond(&found);
	} else if (count_faults(&found) == 0) { /* it never came to that */
		fprintf(stderr, "%s\n", err.message);
	}
	if (json)
		put_found(&found);
	else
		print_found(&found);
	status = config != NULL && count_faults(&found) == 0 ? 0 : 2;
	config_findings_fini(&findings);
	config_free(config);
	return status;
}
