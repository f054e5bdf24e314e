/* The parts of the status page below the environments. */
#include <string.h>

#include "op/status.h"

/* ---- pieces of tables ---- */

static void begin_panel(struct buf *out, const char *id, const char *title)
{
	buf_printf(out, "<section class=\"card\" aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n",
		   id, id, title);
}

static void end_panel(struct buf *out)
{
	buf_add_string(out, "</section>\n");
}

/* heads: of the columns, the first of them of the rows' names; ends with NULL. */
static void begin_table(struct buf *out, const char *const *heads)
{
	buf_add_string(out, "<div class=\"scroll\"><table><thead><tr>");
	for (const char *const *h = heads; *h != NULL; h++)
		buf_printf(out, "<th scope=\"col\"%s>%s</th>", h == heads ? "" : " class=\"n\"",
			   *h);
	buf_add_string(out, "</tr></thead><tbody>\n");
}
#define HEADS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void end_table(struct buf *out)
{
	buf_add_string(out, "</tbody></table></div>");
}

static void begin_row(struct buf *out, const char *name)
{
	buf_add_string(out, "<tr><th scope=\"row\">");
	html_name(out, name);
	buf_add_string(out, "</th>");
}

/* strong: it is not as it should be, if there is any. */
static void put_count(struct buf *out, uint64_t count, bool strong)
{
	buf_printf(out, "<td class=\"n%s\">", count == 0 ? " zero" : "");
	if (strong && count > 0)
		buf_add_string(out, "<strong>");
	html_count(out, count);
	if (strong && count > 0)
		buf_add_string(out, "</strong>");
	buf_add_string(out, "</td>");
}

static void end_row(struct buf *out)
{
	buf_add_string(out, "</tr>\n");
}

static uint64_t whole(double value)
{
	return value < 0 ? 0 : (uint64_t)(value + 0.5);
}

/* How a word of a metric reads on the page. */
struct reading {
	const char *word, *text;
	bool bad;
};

static const struct reading *reading_of(const struct reading *readings, const char *word)
{
	while (readings->word != NULL && strcmp(readings->word, word) != 0)
		readings++;
	return readings;
}

static void put_counts(struct buf *out, const char *what, const struct status_counts *counts,
		       const struct reading *readings)
{
	begin_table(out, HEADS(what, "last hour", "since the start"));
	for (size_t i = 0; i < counts->count; i++) {
		const struct status_count *c = &counts->items[i];
		const struct reading *reading = reading_of(readings, c->name);

		begin_row(out, reading->word == NULL ? c->name : reading->text);
		put_count(out, c->hour, reading->bad);
		put_count(out, c->total, false);
		end_row(out);
	}
	end_table(out);
}

/* ---- requests and work ---- */

static void put_requests(struct buf *out, const struct status *s)
{
	begin_panel(out, "requests", "Requests to this service");
	status_put_load(out, "gr", "Requests to this service", &s->load);
	end_panel(out);
}

static void put_pool(struct buf *out, const struct status_pool *p)
{
	static const struct reading readings[] = {
		{"requests", "requests", false},
		{"aside", "our public keys", false},
		{"following", "following clusters", false},
		{"refreshing", "asking again", false},
		{NULL, NULL, false},
	};
	const struct reading *reading = reading_of(readings, p->name);

	begin_row(out, reading->word == NULL ? p->name : reading->text);
	buf_add_string(out, "<td class=\"n\">");
	html_count(out, whole(p->busy));
	buf_add_string(out, " of ");
	html_count(out, whole(p->most));
	buf_add_string(out, "</td>");
	put_count(out, whole(p->waiting), false);
	if (p->queued < 0)
		buf_add_string(out, "<td class=\"n zero\">–</td>");
	else
		put_count(out, whole(p->queued), p->busy >= p->most);
	end_row(out);
}

static void put_refused(struct buf *out, const struct status_counts *refused)
{
	size_t said = 0;

	for (size_t i = 0; i < refused->count; i++) {
		if (refused->items[i].hour == 0)
			continue;
		buf_add_string(
			out, said++ == 0
				     ? "<p class=\"note\">Turned away in the last hour, by reason: "
				     : ", ");
		html_text(out, refused->items[i].name);
		buf_add_char(out, ' ');
		html_count(out, refused->items[i].hour);
	}
	buf_add_string(out, said > 0 ? ".</p>" : "");
}

static void put_work(struct buf *out, const struct status *s)
{
	begin_panel(out, "work", "Workers, queue, connections");
	begin_table(out, HEADS("threads for", "at work", "only wait", "queue"));
	for (size_t i = 0; i < s->pool_count; i++)
		put_pool(out, &s->pools[i]);
	end_table(out);
	buf_add_string(out, "<p class=\"note\">Connections: ");
	html_count(out, whole(s->connections));
	buf_add_string(out, ". Clusters that are followed: ");
	html_count(out, whole(s->followers));
	buf_add_string(out, ". Memory: ");
	html_bytes(out, s->memory_bytes);
	buf_add_string(out, ". Open files: ");
	html_count(out, whole(s->open_files));
	buf_add_string(out, " of ");
	html_count(out, whole(s->most_files));
	buf_add_string(out, ".</p>");
	put_refused(out, &s->refused);
	end_panel(out);
}

/* ---- what is kept ---- */

static void put_cache(struct buf *out, const struct status *s)
{
	static const struct reading readings[] = {
		{"hit", "answered from it", false},
		{"stale", "answered past its time", false},
		{"miss", "Palette was asked", false},
		{"coalesced", "waited for another's answer", false},
		{NULL, NULL, false},
	};

	begin_panel(out, "cache", "Cache");
	put_counts(out, "questions", &s->cache, readings);
	buf_add_string(out, "<p class=\"note\">Kept: ");
	html_count(out, whole(s->cache_entries));
	buf_add_string(out,
		       s->cache_entries > 0 && s->cache_entries < 2 ? " answer, " : " answers, ");
	html_bytes(out, s->cache_bytes);
	buf_add_string(out, ".</p>");
	end_panel(out);
}

static void put_sessions(struct buf *out, const struct status *s)
{
	static const struct reading readings[] = {
		{"hit", "remembered", false},
		{"miss", "found in the store", false},
		{"expired", "had ended", false},
		{"none", "there was none", false},
		{"lost", "the store did not answer", true},
		{"dropped", "dropped at their end", false},
		{"reauthentications", "told to sign in again", false},
		{NULL, NULL, false},
	};

	begin_panel(out, "sessions", "Palette sessions of users");
	put_counts(out, "looks and ends", &s->sessions, readings);
	end_panel(out);
}

/* ---- who may, and what was made ---- */

static void put_permissions(struct buf *out, const struct status *s)
{
	begin_panel(out, "permissions", "Permissions in the last hour");
	begin_table(out, HEADS("permission", "allowed", "denied", "unclear"));
	for (size_t i = 0; i < s->decision_count; i++) {
		const struct status_decisions *d = &s->decisions[i];

		begin_row(out, d->permission);
		put_count(out, d->allowed, false);
		put_count(out, d->denied, false);
		put_count(out, d->unclear, true);
		end_row(out);
	}
	end_table(out);
	end_panel(out);
}

/* With how the last one ended. */
static void put_cloud(struct buf *out, const struct status *s, const struct status_creations *c)
{
	struct arena a;

	buf_add_string(out, "<tr><th scope=\"row\">");
	html_text(out, c->cloud);
	if (c->outcome != NULL) {
		arena_init(&a);
		buf_add_string(out, "<small>last ");
		html_text(out, c->outcome);
		buf_printf(out, ", %s ago</small>", status_span(&a, s->now_ms - c->ended_ms));
		arena_fini(&a);
	}
	buf_add_string(out, "</th>");
}

static void put_creations(struct buf *out, const struct status *s)
{
	begin_panel(out, "creations", "Clusters created in the last hour");
	begin_table(out, HEADS("cloud", "at work", "created", "failed", "unknown"));
	for (size_t i = 0; i < s->creation_count; i++) {
		const struct status_creations *c = &s->creations[i];

		put_cloud(out, s, c);
		put_count(out, c->running, false);
		put_count(out, c->succeeded, false);
		put_count(out, c->failed, false);
		put_count(out, c->unknown, true);
		end_row(out);
	}
	end_table(out);
	buf_add_string(
		out, "<p class=\"note\">Created: Palette has taken the order. Failed: nothing was "
		     "created. Unknown: look in Palette.</p>");
	end_panel(out);
}

/* ---- configuration, certificates ---- */

static void put_configuration(struct buf *out, const struct status *s)
{
	struct arena a;

	begin_panel(out, "configuration", "Configuration");
	buf_add_string(out, "<p>In force: what was read at ");
	html_time(out, s->configuration_read_ms);
	buf_add_string(out, ".</p><p>");
	arena_init(&a);
	if (s->reload == NULL) {
		buf_add_string(out, "It was not read again since the start.");
	} else {
		buf_add_string(out, "Read again ");
		html_text(out, status_span(&a, s->now_ms - s->reload_ms));
		buf_add_string(out, " ago: ");
		if (strcmp(s->reload, "refused") == 0) {
			html_icon(out, STATUS_WARNING);
			buf_add_string(out, "<strong>refused</strong>");
			if (s->reload_place[0] != '\0') {
				buf_add_string(out, ", for what stands at <code>");
				html_text(out, s->reload_place);
				buf_add_string(out, "</code>");
			}
			buf_add_string(out,
				       ". The log has the reason (<code>config.refused</code>).");
		} else {
			html_icon(out, STATUS_GOOD);
			buf_printf(out, "%s.", s->reload);
		}
	}
	buf_add_string(out, "</p>");
	arena_fini(&a);
	end_panel(out);
}

static void put_certificate(struct buf *out, const struct status *s,
			    const struct status_environment *e)
{
	int64_t left_ms = e->certificate_ends_s * 1000 - s->now_ms;
	struct arena a;

	arena_init(&a);
	begin_row(out, e->name);
	buf_add_string(out, "<td class=\"n\">");
	html_day(out, e->certificate_ends_s * 1000);
	buf_add_string(out, "</td><td class=\"n\">");
	html_text(out, left_ms <= 0 ? "has ended" : status_span(&a, left_ms));
	buf_add_string(out, "</td>");
	end_row(out);
	arena_fini(&a);
}

static void put_certificates(struct buf *out, const struct status *s)
{
	size_t known = 0;

	begin_panel(out, "certificates", "Certificates of Palette");
	for (size_t i = 0; i < s->environment_count; i++)
		known += s->environments[i].certificate_ends_s != 0;
	if (known == 0) {
		buf_add_string(out, "<p>None was seen since the start.</p>");
	} else {
		begin_table(out, HEADS("environment", "ends", "left"));
		for (size_t i = 0; i < s->environment_count; i++)
			if (s->environments[i].certificate_ends_s != 0)
				put_certificate(out, s, &s->environments[i]);
		end_table(out);
	}
	end_panel(out);
}

void status_put_tables(struct buf *out, const struct status *s)
{
	buf_add_string(out, "<div class=\"panels\">\n");
	put_requests(out, s);
	put_work(out, s);
	put_creations(out, s);
	put_configuration(out, s);
	put_certificates(out, s);
	put_permissions(out, s);
	put_sessions(out, s);
	put_cache(out, s);
	buf_add_string(out, "</div>\n");
}
