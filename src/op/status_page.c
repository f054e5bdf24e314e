/*
 * The status page as a whole: one document that needs nothing else. It has no script, and its
 * policy lets it fetch nothing; a browser loads it anew by itself once a minute.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base64.h"
#include "crypto/jose.h"
#include "op/status.h"

#define RENEW_S "60"

/* ---- the policy ---- */

static char policy[256];
static pthread_once_t policy_once = PTHREAD_ONCE_INIT;

static void make_policy(void)
{
	struct digest digest;
	struct buf hash;

	digest_plain(text_of(status_style), &digest);
	buf_init(&hash, 64);
	base64_encode((struct text){(const char *)digest.bytes, DIGEST_SIZE}, &hash);
	snprintf(policy, sizeof policy,
		 "default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; "
		 "form-action 'none'; frame-ancestors 'none'",
		 hash.ptr);
	buf_fini(&hash);
}

const char *status_policy(void)
{
	pthread_once(&policy_once, make_policy);
	return policy;
}

/* ---- the head ---- */

/* In the tab, so that it is seen among others. */
static const char *favicon_of(enum status_level level)
{
	static const char *const shapes[] = {
		[STATUS_GOOD] = "%3Ccircle cx='8' cy='8' r='7' fill='%231a7f4b'/%3E",
		[STATUS_WARNING] = "%3Cpath d='M8 1l7.5 14H.5z' fill='%23b7791f'/%3E",
		[STATUS_BAD] = "%3Cpath d='M1 1h14v14H1z' fill='%23c62f25'/%3E",
	};

	return shapes[level];
}

static void put_head(struct buf *out, const struct status *s)
{
	buf_add_string(out,
		       "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<meta name=\"robots\" content=\"noindex\">\n"
		       "<meta http-equiv=\"refresh\" content=\"" RENEW_S "\">\n<title>");
	html_text(out, s->sentence);
	buf_add_string(out, " spectrocloud-backend</title>\n");
	buf_printf(out,
		   "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg "
		   "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%%3E%s%%3C/svg%%3E\">\n",
		   favicon_of(s->level));
	buf_add_string(out, "<style>");
	buf_add_string(out, status_style);
	buf_add_string(out, "</style></head>\n");
}

/* ---- what is seen first ---- */

static void put_top(struct buf *out, const struct status *s)
{
	buf_printf(out,
		   "<body class=\"%s\"><header class=\"top\"><p class=\"product\">"
		   "spectrocloud-backend<span class=\"on\"> on <bdi>",
		   status_level_word(s->level));
	html_text(out, s->replica[0] == '\0' ? "this host" : s->replica);
	buf_add_string(out, "</bdi></span></p>\n<h1>");
	html_icon(out, s->level);
	buf_printf(out, "<span><span class=\"unseen\">%s: </span>", status_level_word(s->level));
	html_text(out, s->sentence);
	buf_add_string(out, "</span></h1>\n<p class=\"when\">As of ");
	html_time(out, s->now_ms);
	buf_add_string(out, "; renewed every minute.");
	if (s->minutes < HISTORY_MINUTES)
		buf_printf(out, " It has run for %zu %s of the last hour.", s->minutes,
			   s->minutes == 1 ? "minute" : "minutes");
	buf_add_string(out, "</p></header>\n<main>\n");
}

static void put_notices(struct buf *out, const struct status *s)
{
	if (s->notice_count == 0)
		return;
	buf_add_string(out, "<section class=\"notices\" aria-labelledby=\"look\"><h2 id=\"look\">"
			    "What needs a look</h2>\n<ul>\n");
	for (size_t i = 0; i < s->notice_count; i++) {
		const struct status_notice *n = &s->notices[i];

		buf_printf(out, "<li class=\"%s\">", status_level_word(n->level));
		html_icon(out, n->level);
		buf_printf(out, "<span><span class=\"unseen\">%s: </span>",
			   status_level_word(n->level));
		html_text(out, n->text);
		buf_printf(out, " <a href=\"#%s\">%s</a></span></li>\n", n->about, n->about);
	}
	buf_add_string(out, "</ul>");
	if (s->more_notices > 0)
		buf_printf(out, "<p class=\"note\">And %zu more.</p>", s->more_notices);
	buf_add_string(out, "</section>\n");
}

static void begin_fact(struct buf *out, const char *name)
{
	buf_printf(out, "<div><dt>%s</dt><dd>", name);
}

static void put_fact(struct buf *out, const char *name, const char *value)
{
	begin_fact(out, name);
	html_text(out, value);
	buf_add_string(out, "</dd></div>");
}

static void put_service(struct buf *out, const struct status *s)
{
	struct arena a;

	arena_init(&a);
	buf_add_string(out,
		       "<section aria-labelledby=\"service\"><h2 class=\"unseen\" id=\"service\">"
		       "Service</h2><dl class=\"facts\">");
	begin_fact(out, "Ready");
	html_icon(out, s->not_ready == NULL ? STATUS_GOOD : STATUS_BAD);
	buf_printf(out, "%s</dd></div>", s->not_ready == NULL ? "yes" : "no");
	put_fact(out, "Phase", status_phase_word(s->phase));
	put_fact(out, "Version", s->version);
	put_fact(out, "Up for", status_span(&a, s->uptime_s * 1000));
	put_fact(out, "Listens on", s->listen);
	put_fact(out, "Replica", s->replica);
	buf_add_string(out, "</dl></section>\n");
	arena_fini(&a);
}

void status_write_page(const struct status *s, struct buf *out)
{
	put_head(out, s);
	put_top(out, s);
	put_notices(out, s);
	put_service(out, s);
	status_put_environments(out, s);
	status_put_tables(out, s);
	buf_add_string(out, "</main>\n<footer><p>Figures are this replica's own. The same as JSON: "
			    "<code>Accept: application/json</code>.</p></footer></body></html>\n");
}
