/* Checks of the way to Palette: name, connection, certificate, answer, clock. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/doctor.h"
#include "http/probe.h"
#include "json/json.h"

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	SKEW_WARNS_MS = 10 * 1000,
	SKEW_FAULT_MS = 60 * 1000,
};

/* How it is reached. proxy: out, NULL for none; variable: that names it. */
struct way {
	struct http_target target;
	struct http_place place;
	const char *proxy;
	const char *variable;
};

static bool find_way(struct doctor_task *t, struct way *way)
{
	struct error err;

	*way = (struct way){.proxy = NULL};
	palette_reach(t->environment, &way->target);
	if (!way->target.direct)
		way->proxy = http_proxy_of(&t->arena, t->environment->url, getenv, &way->variable);
	if (http_place_of(&t->arena, t->environment->url, &way->place, &err))
		return true;
	doctor_fault(t, "the url is none");
	doctor_answer(t, "%s", err.message);
	doctor_advice(t, "put %s right", doctor_setting(t, "url"));
	return false;
}

/* ---- name ---- */

void doctor_check_name(struct doctor_task *t)
{
	const char *addresses;
	struct error err;
	struct way way;

	if (!find_way(t, &way))
		return;
	if (way.proxy != NULL) {
		doctor_skip(t, "the proxy %s looks it up (%s)", way.proxy, way.variable);
		return;
	}
	doctor_tried(t, "looking %s up", way.place.host);
	if (http_probe_name(&t->arena, way.place.host, &addresses, &err)) {
		if (strcmp(addresses, way.place.host) == 0)
			doctor_ok(t, "%s is an address already", addresses);
		else
			doctor_ok(t, "%s is at %s", way.place.host, addresses);
		return;
	}
	doctor_fault(t, "%s has no address", way.place.host);
	doctor_answer(t, "%s", err.message);
	doctor_advice(t,
		      "look for a misspelling in %s, and whether this machine's name server knows "
		      "the name",
		      doctor_setting(t, "url"));
}

/* ---- connection ---- */

void doctor_check_connect(struct doctor_task *t)
{
	struct http_place place;
	const char *address;
	struct error err;
	struct way way;

	if (!find_way(t, &way))
		return;
	place = way.place;
	if (way.proxy != NULL && !http_place_of_proxy(&t->arena, way.proxy, &place)) {
		doctor_skip(t, "the proxy %s (%s) is of a kind that is not looked at", way.proxy,
			    way.variable);
		return;
	}
	doctor_tried(t, "connecting to %s port %s%s%s", place.host, place.port,
		     way.proxy == NULL ? "" : ", the proxy of the variable ",
		     way.proxy == NULL ? "" : way.variable);
	if (http_probe_connect(&t->arena, &place, t->deadline_ms, &address, &err)) {
		doctor_ok(t,
			  way.proxy == NULL ? "%s port %s takes connections"
					    : "the proxy at %s port %s takes connections",
			  address, place.port);
		return;
	}
	doctor_answer(t, "%s", err.message);
	if (way.proxy != NULL) {
		doctor_fault(t, "the proxy takes no connection");
		doctor_advice(t, "put the variable %s right, or name the host in no_proxy",
			      way.variable);
	} else {
		doctor_fault(t, "nothing takes a connection there");
		doctor_advice(t,
			      "look at the port in %s, whether Palette runs, and for a firewall "
			      "between; where only a proxy leads out, set https_proxy",
			      doctor_setting(t, "url"));
	}
}

/* ---- certificate ---- */

static void tell_certificate(struct doctor_task *t, const struct http_probe *p)
{
	const struct http_certificate *c = &p->certificate;

	if (!c->shown) {
		doctor_answer(t, "%s", p->problem);
		return;
	}
	doctor_answer(t, "%s; the certificate is of %s, for %s, signed by %s, until %s", p->problem,
		      c->subject, *c->names == '\0' ? "no names" : c->names, c->issuer,
		      c->until_ms == 0 ? "an unreadable time"
				       : doctor_date(&t->arena, c->until_ms));
}

static const char *advice_on_trust(struct doctor_task *t, const struct http_certificate *c)
{
	const char *ca_file = t->environment->ca_file;

	if (c->until_ms != 0 && c->until_ms < clock_calendar_ms())
		return "it has expired: have Palette's certificate renewed";
	if (c->from_ms > clock_calendar_ms())
		return "it is not valid yet: look at this machine's clock";
	if (ca_file != NULL)
		return arena_printf(&t->arena,
				    "put the certificate of its issuer into %s, which is what %s "
				    "names, and trusts nothing else",
				    ca_file, doctor_setting(t, "caFile"));
	return arena_printf(&t->arena, "set %s to a file with the certificate of its issuer",
			    doctor_setting(t, "caFile"));
}

static void fail_handshake(struct doctor_task *t, const struct way *way, const struct http_probe *p)
{
	tell_certificate(t, p);
	switch (p->end) {
	case HTTP_PROBE_WRONG_NAME:
		doctor_fault(t, "the certificate is not for %s", way->place.host);
		doctor_advice(t, "use one of its names in %s", doctor_setting(t, "url"));
		break;
	case HTTP_PROBE_NOT_TRUSTED:
		doctor_fault(t, "the certificate is not trusted");
		doctor_advice(t, "%s", advice_on_trust(t, &p->certificate));
		break;
	case HTTP_PROBE_NO_CA_FILE:
		doctor_fault(t, "the file of trusted certificates is not usable");
		doctor_advice(t, "put %s right: PEM certificates, readable",
			      doctor_setting(t, "caFile"));
		break;
	case HTTP_PROBE_NO_PROXY:
		doctor_fault(t, "the proxy lets nobody through to it");
		doctor_advice(t, "ask whoever runs the proxy to allow %s port %s", way->place.host,
			      way->place.port);
		break;
	default:
		doctor_fault(t, "no TLS handshake came about");
		doctor_advice(t,
			      "look whether the port in %s speaks TLS 1.2 or newer, and not plain "
			      "http",
			      doctor_setting(t, "url"));
	}
	/* What nobody verifies does not stop the service. */
	if (t->environment->insecure_skip_verify &&
	    (p->end == HTTP_PROBE_WRONG_NAME || p->end == HTTP_PROBE_NOT_TRUSTED))
		doctor_warn(t, "%s, and used all the same, as insecureSkipVerify says",
			    t->found.summary);
}

static void judge_certificate(struct doctor_task *t, const struct http_certificate *c)
{
	int64_t left_ms = c->until_ms - clock_calendar_ms();

	if (c->until_ms != 0 && left_ms < (int64_t)DOCTOR_EXPIRY_DAYS * DAY_MS) {
		doctor_warn(t, "the certificate ends in %s", doctor_duration(&t->arena, left_ms));
		doctor_answer(t, "%s, until %s", c->subject, doctor_date(&t->arena, c->until_ms));
		doctor_advice(t, "have it renewed in time");
	} else if (t->environment->insecure_skip_verify) {
		doctor_warn(t, "the certificate is good, and not looked at");
		doctor_answer(t,
			      "insecureSkipVerify is set: anybody on the way can read the token");
		doctor_advice(t, "leave %s out", doctor_setting(t, "insecureSkipVerify"));
	} else {
		doctor_ok(t, "signed by %s, until %s", c->issuer,
			  c->until_ms == 0 ? "an unreadable time"
					   : doctor_date(&t->arena, c->until_ms));
	}
}

void doctor_check_tls(struct doctor_task *t)
{
	struct http_probe probe = {
		.url = t->environment->url, .deadline_ms = t->deadline_ms, .handshake_only = true};
	struct way way;

	if (!find_way(t, &way))
		return;
	if (!way.place.tls && way.target.direct) {
		doctor_skip(t, "no TLS, as the url says; it stays on this machine");
		return;
	}
	if (!way.place.tls) {
		doctor_warn(t, "no TLS: the token travels in clear");
		doctor_answer(t, "%s is an http address", doctor_setting(t, "url"));
		doctor_advice(t, "use https, if Palette has it there");
		return;
	}
	probe.target = &way.target;
	doctor_tried(t, "a TLS handshake with %s port %s%s%s", way.place.host, way.place.port,
		     way.target.ca_file == NULL ? "" : ", trusting ",
		     way.target.ca_file == NULL ? "" : way.target.ca_file);
	http_probe(&t->arena, &probe);
	if (probe.end == HTTP_PROBE_DONE)
		judge_certificate(t, &probe.certificate);
	else
		fail_handshake(t, &way, &probe);
}

/* ---- answer ---- */

static void ping(struct doctor_task *t, struct http_probe *probe, struct http_target *target)
{
	palette_reach(t->environment, target);
	*probe = (struct http_probe){
		.url = arena_printf(&t->arena, "%s/v1/health/ping", t->environment->url),
		.target = target,
		.deadline_ms = t->deadline_ms,
	};
	doctor_tried(t, "GET %s", probe->url);
	http_probe(&t->arena, probe);
}

/* {"msg"}, or an error of Palette's, which has a code and a message. */
static bool is_palettes(const struct http_probe *p)
{
	struct text body;
	struct text value;
	struct error unused;

	if (!json_check(p->body, &body, &unused) || json_type_of(body) != JSON_TYPE_OBJECT)
		return false;
	return json_member(body, "msg", &value) ||
	       (json_member(body, "code", &value) && json_member(body, "message", &value));
}

void doctor_check_http(struct doctor_task *t)
{
	struct http_target target;
	struct http_probe p;

	ping(t, &p, &target);
	if (p.end != HTTP_PROBE_DONE) {
		doctor_fault(t, "no answer came");
		doctor_answer(t, "%s", p.problem);
		doctor_advice(t, "look at %s, and whether Palette works", doctor_setting(t, "url"));
		return;
	}
	doctor_answer(t, "%d%s%s", p.status, *p.content_type == '\0' ? "" : ", ", p.content_type);
	if (p.status >= 500) {
		doctor_fault(t, "Palette answers with %d", p.status);
		doctor_advice(t, "Palette, or what is in front of it, does not work: ask whoever "
				 "runs it");
	} else if (!is_palettes(&p) || p.status == 404) {
		doctor_fault(t, "what answers there is not Palette's API");
		doctor_advice(t,
			      "%s has to be where the API is, such as "
			      "https://api.spectrocloud.com: without /v1, and not a proxy's or a "
			      "portal's page",
			      doctor_setting(t, "url"));
	} else {
		doctor_ok(t, "the API answers with %d", p.status);
	}
}

/* ---- clock ---- */

void doctor_check_clock(struct doctor_task *t)
{
	int64_t before_ms = clock_calendar_ms();
	struct http_target target;
	struct http_probe p;
	int64_t there_ms;
	int64_t off_ms;

	ping(t, &p, &target);
	if (p.end != HTTP_PROBE_DONE || !clock_parse_http(text_of(p.date), &there_ms)) {
		doctor_skip(t, "its answer has no usable Date");
		return;
	}
	/* The header has whole seconds, of some moment between question and answer. */
	off_ms = there_ms + 500 - (before_ms + clock_calendar_ms()) / 2;
	if (off_ms > -SKEW_WARNS_MS && off_ms < SKEW_WARNS_MS) {
		doctor_ok(t, "the clocks agree");
		return;
	}
	doctor_answer(t, "there it is %s", p.date);
	doctor_advice(t, "have this machine's clock set by NTP; if it is, Palette's is wrong");
	if (off_ms > -SKEW_FAULT_MS && off_ms < SKEW_FAULT_MS)
		doctor_warn(t, "this machine's clock is %s %s", doctor_duration(&t->arena, off_ms),
			    off_ms > 0 ? "behind" : "ahead");
	else
		doctor_fault(t, "this machine's clock is %s %s", doctor_duration(&t->arena, off_ms),
			     off_ms > 0 ? "behind" : "ahead");
}
