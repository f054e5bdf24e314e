/*
 * Whether a connection to PostgreSQL is what it seems to be. libpq and the server repeat hosts,
 * ports, users, databases and what else they find wrong; with a URL whose password is not encoded,
 * that is a part of the password. So nothing reaches libpq before its form is certain, and what is
 * said of it here repeats nothing of it.
 */
#include <string.h>

#include "store/pg.h"
#include "store/store.h"

enum kind {
	ANYTHING,
	NAME,
	HOSTS,
	PORTS,
	NUMBER,
	WORDS,
	CHOICE,
};

static const char *const wanted[] = {
	[NAME] = "a name",
	[HOSTS] = "names of hosts, addresses, or folders of sockets",
	[PORTS] = "a number from 1 to 65535",
	[NUMBER] = "a whole number",
	[WORDS] = "words, with commas between them",
};

#define TLS_VERSIONS "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"

/* What libpq knows that is of any use here. */
static const struct parameter {
	const char *name;
	enum kind kind;
	const char *choices;
} parameters[] = {
	{"host", HOSTS, NULL},
	{"hostaddr", HOSTS, NULL},
	{"port", PORTS, NULL},
	{"user", NAME, NULL},
	{"dbname", NAME, NULL},
	{"password", ANYTHING, NULL},
	{"passfile", ANYTHING, NULL},
	{"service", ANYTHING, NULL},
	{"options", ANYTHING, NULL},
	{"application_name", ANYTHING, NULL},
	{"fallback_application_name", ANYTHING, NULL},
	{"client_encoding", ANYTHING, NULL},
	{"connect_timeout", NUMBER, NULL},
	{"keepalives", NUMBER, NULL},
	{"keepalives_idle", NUMBER, NULL},
	{"keepalives_interval", NUMBER, NULL},
	{"keepalives_count", NUMBER, NULL},
	{"tcp_user_timeout", NUMBER, NULL},
	{"sslmode", CHOICE, "disable, allow, prefer, require, verify-ca, verify-full"},
	{"sslnegotiation", CHOICE, "postgres, direct"},
	{"sslcompression", NUMBER, NULL},
	{"sslsni", NUMBER, NULL},
	{"sslcert", ANYTHING, NULL},
	{"sslkey", ANYTHING, NULL},
	{"sslpassword", ANYTHING, NULL},
	{"sslcertmode", CHOICE, "disable, allow, require"},
	{"sslrootcert", ANYTHING, NULL},
	{"sslcrl", ANYTHING, NULL},
	{"sslcrldir", ANYTHING, NULL},
	{"ssl_min_protocol_version", CHOICE, TLS_VERSIONS},
	{"ssl_max_protocol_version", CHOICE, TLS_VERSIONS},
	{"requirepeer", ANYTHING, NULL},
	{"require_auth", WORDS, NULL},
	{"channel_binding", CHOICE, "disable, prefer, require"},
	{"gssencmode", CHOICE, "disable, prefer, require"},
	{"gssdelegation", NUMBER, NULL},
	{"gsslib", ANYTHING, NULL},
	{"krbsrvname", ANYTHING, NULL},
	{"target_session_attrs", CHOICE,
	 "any, read-write, read-only, primary, standby, prefer-standby"},
	{"load_balance_hosts", CHOICE, "disable, random"},
};

/* ---- characters ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether all of t are letters, digits, or of others. */
static bool only(struct text t, const char *others)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_letter(t.ptr[i]) && !is_digit(t.ptr[i]) &&
		    (t.ptr[i] == '\0' || strchr(others, t.ptr[i]) == NULL))
			return false;
	return true;
}

/* ---- values ---- */

/* Empty: the default one. */
static bool is_port(struct text t)
{
	int64_t number;

	return t.len == 0 || (is_digit(t.ptr[0]) && t.len <= 5 && text_to_int(t, &number) &&
			      number >= 1 && number <= 65535);
}

static bool is_host(struct text t)
{
	bool is_v6 = text_find(t, ':') != SIZE_MAX;
	struct text address = text_slice(t, 0, text_find(t, '%')); /* without its zone */

	if (text_starts(t, "/"))
		return true;
	if (!is_v6)
		return only(t, "._-");
	for (size_t i = 0; i < address.len; i++)
		if (strchr("0123456789abcdefABCDEF:.", address.ptr[i]) == NULL)
			return false;
	return only(text_slice(t, address.len, t.len), "%._-");
}

/* As libpq splits lists of hosts and ports. */
static bool each(struct text list, bool (*is)(struct text))
{
	struct text piece;

	while (text_next(&list, ',', &piece))
		if (!is(piece))
			return false;
	return true;
}

static bool is_number(struct text t)
{
	int64_t number;

	return text_to_int(t, &number) && number >= INT32_MIN && number <= INT32_MAX;
}

/* A whole URL in the place of a name would be told as that name. */
static bool is_name(struct text t)
{
	return strstr(t.ptr, "://") == NULL;
}

static bool is_choice(struct text t, const char *choices)
{
	struct text rest = text_of(choices);
	struct text choice;

	while (text_next(&rest, ',', &choice))
		if (text_equal(t, text_trim(choice)))
			return true;
	return false;
}

static bool fits(const struct parameter *p, struct text value)
{
	switch (p->kind) {
	case NAME:
		return is_name(value);
	case HOSTS:
		return each(value, is_host);
	case PORTS:
		return each(value, is_port);
	case NUMBER:
		return is_number(value);
	case WORDS:
		return only(value, "!,_-");
	case CHOICE:
		return is_choice(value, p->choices);
	default:
		return true;
	}
}

/* ---- the parameters ---- */

struct look {
	const struct parameter *wrong; /* the first one */
	bool unknown;
};

/* value NULL: not set. */
static void look_at(void *context, const char *name, const char *value)
{
	struct look *look = context;

	for (size_t i = 0; value != NULL && i < ARRAY_LEN(parameters); i++) {
		if (strcmp(parameters[i].name, name) != 0)
			continue;
		if (look->wrong == NULL && !fits(&parameters[i], text_of(value)))
			look->wrong = &parameters[i];
		return;
	}
	look->unknown = look->unknown || value != NULL;
}

#define CONNECTION "the connection to PostgreSQL"
#define ENCODED                                                                              \
	"; in a URL, whatever is no letter, digit, or one of -._~ in user and password has " \
	"to be percent-encoded: / as %2F, @ as %40"

static bool report(const struct look *look, struct error *err)
{
	const struct parameter *p = look->wrong;

	if (p != NULL)
		return error_set(err, ERROR_INPUT, CONNECTION ": its %s has to be %s%s%s", p->name,
				 p->kind == CHOICE ? "one of " : "",
				 p->kind == CHOICE ? p->choices : wanted[p->kind],
				 p->kind == HOSTS || p->kind == PORTS ? ENCODED : "");
	if (look->unknown)
		return error_set(err, ERROR_INPUT, CONNECTION " has a parameter that is not known");
	return true;
}

/* ---- the URL ---- */

/* What may stand unencoded in each part; a percent sign too, and libpq sees whether two digits
 * follow it. */
#define SUB_DELIMITERS "!$&'()*+,;="

/* Splits what stands in front of the first of these characters off rest, which begins with it
 * then, or is empty. */
static struct text until(struct text *rest, const char *ends)
{
	struct text part = *rest;

	part.len = 0;
	while (part.len < rest->len && strchr(ends, rest->ptr[part.len]) == NULL)
		part.len++;
	*rest = text_slice(*rest, part.len, rest->len);
	return part;
}

/* Why url, behind its "://", is none; NULL if it is one. */
static const char *fault_of_url(struct text rest)
{
	size_t at = text_find(rest, '@');
	struct text user = text_slice(rest, 0, at == SIZE_MAX ? 0 : at);
	struct text hosts;
	struct text path;

	if (!only(user, "-._~%:" SUB_DELIMITERS))
		return "a character in its user or password is not encoded";
	if (at != SIZE_MAX)
		rest = text_slice(rest, at + 1, rest.len);
	if (text_find(rest, '@') != SIZE_MAX)
		return "its URL has more than one @";
	hosts = until(&rest, "/?");
	path = until(&rest, "?");
	if (!only(hosts, "-._%,:[]"))
		return "its host or port cannot be";
	if (!only(text_slice(path, 1, path.len), "-._~%" SUB_DELIMITERS))
		return "the name of its database cannot be";
	return only(rest, "-._~%:/?" SUB_DELIMITERS) ? NULL : "its parameters cannot be";
}

static bool check_url(struct text url, struct error *err)
{
	static const char *const schemes[] = {"postgresql://", "postgres://"};
	const char *fault;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!text_starts(url, schemes[i]))
			continue;
		fault = fault_of_url(text_slice(url, strlen(schemes[i]), url.len));
		return fault == NULL ||
		       error_set(err, ERROR_INPUT, CONNECTION ": %s%s", fault, ENCODED);
	}
	return true;
}

/* ---- all of it ---- */

/* What libpq says of a string that it cannot read repeats a part of it. */
static bool check_connection(const struct secret *connection, struct error *err)
{
	const struct text text = {connection->ptr, connection->len};
	struct look look = {.wrong = NULL};

	if (memchr(text.ptr, '\0', text.len) != NULL || !pg_parse(text.ptr, look_at, &look))
		return check_url(text, err) &&
		       error_set(err, ERROR_INPUT,
				 CONNECTION " is neither a URL nor keywords and values as libpq "
					    "takes them%s",
				 ENCODED);
	return check_url(text, err) && report(&look, err);
}

bool pg_check(const struct config_postgres *config, struct error *err)
{
	struct look look = {.wrong = NULL};

	if (secret_is_set(&config->connection) && !check_connection(&config->connection, err))
		return false;
	look_at(&look, "host", config->host);
	look_at(&look, "port", config->port);
	look_at(&look, "user", config->user);
	look_at(&look, "dbname", config->database);
	return report(&look, err);
}

bool store_check(const struct config *config, struct error *err)
{
	return config->store.type != CONFIG_STORE_POSTGRESQL ||
	       pg_check(&config->store.postgres, err);
}
