/* The environments on the status page, a card each. */
#include <stdio.h>

#include "op/status.h"

enum { ID_SIZE = 32, MOST_CAUSES = 4 };

static enum status_level level_of(const struct status_environment *e)
{
	switch (e->answering) {
	case STATUS_SILENT:
	case STATUS_FAILING:
	case STATUS_REFUSES:
		return STATUS_BAD;
	default:
		return STATUS_GOOD;
	}
}

static void put_state(struct buf *out, const struct status *s, const struct status_environment *e)
{
	struct arena a;

	arena_init(&a);
	buf_printf(out, "<p class=\"state %s\">",
		   e->answering == STATUS_UNASKED ? "idle" : status_level_word(level_of(e)));
	if (e->answering != STATUS_UNASKED)
		html_icon(out, level_of(e));
	if (e->answering == STATUS_SILENT)
		buf_printf(out, "no answer for %s",
			   status_span(&a, s->now_ms - e->silent_since_ms));
	else
		buf_add_string(out, status_answering_word(e->answering));
	buf_add_string(out, "</p>");
	arena_fini(&a);
}

static void put_figure(struct buf *out, const char *name)
{
	buf_printf(out, "<div><dt>%s</dt><dd>", name);
}

static void end_figure(struct buf *out)
{
	buf_add_string(out, "</dd></div>");
}

void status_put_load(struct buf *out, const char *id, const char *what,
		     const struct status_load *load)
{
	buf_add_string(out, "<div class=\"load\">");
	buf_add_string(out, "<dl class=\"figures\">");
	put_figure(out, "Requests");
	html_count(out, load->requests);
	end_figure(out);
	put_figure(out, "Failures");
	if (load->failures > 0)
		buf_add_string(out, "<strong>");
	html_count(out, load->failures);
	if (load->failures > 0)
		buf_add_string(out, "</strong>");
	end_figure(out);
	put_figure(out, "Median");
	html_duration(out, load->median_us);
	end_figure(out);
	put_figure(out, "95th");
	html_duration(out, load->p95_us);
	end_figure(out);
	buf_add_string(out, "</dl>\n");
	status_graph(out, id, what, load);
	buf_add_string(out, "</div>");
}

static void put_causes(struct buf *out, const struct status_environment *e)
{
	if (e->causes.count == 0)
		return;
	buf_add_string(out, "<p class=\"note\">Failures: ");
	for (size_t i = 0; i < e->causes.count && i < MOST_CAUSES; i++) {
		buf_add_string(out, i == 0 ? "" : ", ");
		html_text(out, e->causes.items[i].name);
		buf_add_char(out, ' ');
		html_count(out, e->causes.items[i].hour);
	}
	if (e->causes.count > MOST_CAUSES)
		buf_add_string(out, " and others");
	buf_add_string(out, "</p>");
}

static void put_circuit(struct buf *out, const struct status_environment *e)
{
	buf_printf(out, "<p class=\"note\">Circuit %s", e->circuit);
	if (e->failures_in_a_row > 0) {
		buf_add_string(out, ", ");
		html_count(out, e->failures_in_a_row);
		buf_add_string(out, e->failures_in_a_row == 1 ? " failure" : " failures in a row");
	}
	if (e->held_back > 0) {
		buf_add_string(out, "; not sent for want of a turn: ");
		html_count(out, e->held_back);
	}
	buf_add_string(out, "</p>");
}

/* Below a quarter it is worth seeing, without one whole request whoever comes waits. */
static enum status_level level_of_budget(const struct palette_budget *b)
{
	if (b->left < 1)
		return STATUS_BAD;
	return b->left * 4 < b->most ? STATUS_WARNING : STATUS_GOOD;
}

static void put_budget(struct buf *out, const struct status_environment *e)
{
	if (e->budget_count == 0)
		return;
	buf_add_string(out, "<table class=\"budget\"><caption>Left of Palette's rate limit"
			    "</caption><tbody>");
	for (size_t i = 0; i < e->budget_count; i++) {
		const struct palette_budget *b = &e->budget[i];

		buf_add_string(out, "<tr><th scope=\"row\">");
		html_name(out, b->path);
		buf_add_string(out, "</th><td>");
		status_bar(out, b->left, b->most, level_of_budget(b));
		buf_printf(out, "</td><td class=\"n\">%ld of %ld</td></tr>",
			   b->left < 0 ? 0 : (long)b->left, (long)b->most);
	}
	buf_add_string(out, "</tbody></table>");
}

static void put_card(struct buf *out, const struct status *s, size_t index)
{
	const struct status_environment *e = &s->environments[index];
	char id[ID_SIZE];

	snprintf(id, sizeof id, "e%zu", index);
	buf_printf(out,
		   "<article class=\"card %s\" aria-labelledby=\"%s\"><header><h3 id=\"%s\"><bdi>",
		   status_level_word(level_of(e)), id, id);
	html_text(out, e->name);
	buf_add_string(out, "</bdi></h3>");
	put_state(out, s, e);
	buf_add_string(out, "</header>\n");
	snprintf(id, sizeof id, "g%zu", index);
	status_put_load(out, id, e->name, &e->load);
	put_causes(out, e);
	put_circuit(out, e);
	put_budget(out, e);
	buf_add_string(out, "</article>\n");
}

void status_put_environments(struct buf *out, const struct status *s)
{
	buf_add_string(out, "<section aria-labelledby=\"environments\"><h2 id=\"environments\">"
			    "Environments</h2>\n<div class=\"cards\">\n");
	for (size_t i = 0; i < s->environment_count; i++)
		put_card(out, s, i);
	buf_add_string(out, "</div>");
	if (s->environment_count == 0)
		buf_add_string(out, "<p class=\"note\">None is configured.</p>");
	buf_add_string(out, "</section>\n");
}
