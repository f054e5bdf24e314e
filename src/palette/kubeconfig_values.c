/* Kubeconfigs: what a value may look like. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/base64.h"
#include "palette/kubeconfig_inside.h"

enum {
	MAX_VALUE = 1024,
	MAX_PROSE = 2048,
	MAX_RANDOM = 31,       /* letters and digits in a row; a UID has 24, half a hash 32 */
	MAX_RANDOM_MIXED = 19, /* the same with capitals among them */
};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_upper(c) || is_lower(c) || is_digit(c);
}

/* Only letters, digits and what else is named, and something at all. */
static bool consists_of(struct text t, const char *others, size_t max)
{
	if (t.len == 0 || t.len > max)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!is_alnum(t.ptr[i]) && (t.ptr[i] == '\0' || strchr(others, t.ptr[i]) == NULL))
			return false;
	return true;
}

/* ---- secrets ---- */

static bool is_random(struct text run)
{
	bool upper = false;
	bool lower = false;
	bool digit = false;

	for (size_t i = 0; i < run.len; i++) {
		upper = upper || is_upper(run.ptr[i]);
		lower = lower || is_lower(run.ptr[i]);
		digit = digit || is_digit(run.ptr[i]);
	}
	return (digit && run.len > MAX_RANDOM) ||
	       (digit && upper && lower && run.len > MAX_RANDOM_MIXED) || run.len > 63;
}

static bool has_known_prefix(struct text run)
{
	static const char *const prefixes[] = {
		"eyJ",   "AKIA", "ASIA", "ghp", "gho", "ghs",    "ghu",     "ghr",
		"glpat", "xox",  "AIza", "hvs", "npm", "LS0tLS", "k8s-aws", "dop",
	};

	if (run.len >= 12)
		for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
			if (text_starts(run, prefixes[i]))
				return true;
	return false;
}

bool kubeconfig_looks_secret(struct text value)
{
	static const char pem[] = "-----BEGIN";

	if (memmem(value.ptr, value.len, pem, sizeof pem - 1) != NULL)
		return true;
	for (size_t at = 0; at < value.len;) {
		size_t end = at;
		size_t word;

		while (end < value.len && is_alnum(value.ptr[end]))
			end++;
		/* The known forms go on behind a line or a dot. */
		for (word = end;
		     word < value.len &&
		     (is_alnum(value.ptr[word]) || strchr("_-.", value.ptr[word]) != NULL) &&
		     word - at < 12;
		     word++)
			continue;
		if (is_random(text_slice(value, at, end - at)) ||
		    has_known_prefix(text_slice(value, at, word - at)))
			return true;
		at = end == at ? at + 1 : end;
	}
	return false;
}

/* ---- addresses ---- */

static bool take_scheme(struct text *url)
{
	static const char *const schemes[] = {"https://", "http://", "socks5://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!text_starts(*url, schemes[i]))
			continue;
		*url = text_slice(*url, strlen(schemes[i]), url->len);
		return true;
	}
	return false;
}

/* No @ anywhere, so no user; no ? and #, so no query and no fragment. */
static bool is_url(struct text t)
{
	return take_scheme(&t) && consists_of(t, "-._~:/[]+,", MAX_VALUE) && t.ptr[0] != '/' &&
	       t.ptr[0] != ':' && !kubeconfig_looks_secret(t);
}

static bool is_hosts(struct text t)
{
	return consists_of(t, "-.:[],*/", MAX_VALUE) && !kubeconfig_looks_secret(t);
}

/* ---- sentences ---- */

/* A person's word, with its punctuation; digits only in short ones, such as "v1.30" or "k8s". */
static bool is_prose_word(struct text word)
{
	static const char *const telling[] = {"password", "passwd", "token",  "secret",
					      "bearer",   "basic",  "apikey", "pwd"};
	bool digits = false;

	if (text_starts(word, "http://") || text_starts(word, "https://")) {
		size_t fragment = text_find(word, '#');

		return is_url(text_slice(word, 0, fragment)) &&
		       (fragment == SIZE_MAX ||
			(consists_of(text_slice(word, fragment + 1, word.len), "-_.", 64) &&
			 !kubeconfig_looks_secret(word)));
	}
	if (!consists_of(word, "-_.,:;!?'\"()/`$", 40) || kubeconfig_looks_secret(word))
		return false;
	for (size_t i = 0; i < word.len; i++)
		digits = digits || is_digit(word.ptr[i]);
	for (size_t i = 0; i < ARRAY_LEN(telling); i++)
		for (size_t at = 0; at < word.len; at++)
			if (text_equal_nocase(text_slice(word, at, strlen(telling[i])),
					      text_of(telling[i])))
				return false;
	return !digits || word.len <= 8;
}

static bool is_prose(struct text t)
{
	if (t.len > MAX_PROSE)
		return false;
	for (size_t at = 0; at < t.len;) {
		size_t end = at;

		while (end < t.len && strchr(" \t\r\n", t.ptr[end]) == NULL)
			end++;
		if (end > at && !is_prose_word(text_slice(t, at, end - at)))
			return false;
		at = end + 1;
	}
	return true;
}

/* ---- certificates ---- */

enum { DER_SEQUENCE = 0x30, DER_BITS = 0x03 };

/* Takes one element off; false if it does not fit. */
static bool der_take(struct text *rest, unsigned tag, struct text *inside)
{
	const unsigned char *p = (const unsigned char *)rest->ptr;
	size_t header = 2;
	size_t len;

	if (rest->len < 2 || p[0] != tag)
		return false;
	len = p[1];
	if (len > 0x80 && len <= 0x83) {
		size_t octets = len - 0x80;

		if (rest->len < 2 + octets)
			return false;
		for (len = 0; header < 2 + octets; header++)
			len = len << 8 | p[header];
	} else if (len >= 0x80) {
		return false;
	}
	if (len > rest->len - header)
		return false;
	*inside = text_slice(*rest, header, len);
	*rest = text_slice(*rest, header + len, rest->len);
	return true;
}

/* A certificate is what is to be signed, an algorithm, and the signature. No form of a private key
 * has these three. */
static bool is_certificate(struct text der)
{
	struct text inside;
	struct text part;

	return der_take(&der, DER_SEQUENCE, &inside) && der.len == 0 &&
	       der_take(&inside, DER_SEQUENCE, &part) && der_take(&inside, DER_SEQUENCE, &part) &&
	       der_take(&inside, DER_BITS, &part) && inside.len == 0;
}

/* Takes "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----" off. */
static bool take_certificate(struct text *pem)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char finish[] = "-----END CERTIFICATE-----";
	struct text body;
	struct buf der;
	size_t dash;
	bool ok;

	if (!text_starts(*pem, begin))
		return false;
	*pem = text_slice(*pem, sizeof begin - 1, pem->len);
	dash = text_find(*pem, '-');
	body = text_trim(text_slice(*pem, 0, dash));
	*pem = text_slice(*pem, dash, pem->len);
	if (!text_starts(*pem, finish))
		return false;
	*pem = text_trim(text_slice(*pem, sizeof finish - 1, pem->len));
	buf_init(&der, body.len);
	ok = base64_decode(body, &der) && is_certificate(buf_text(&der));
	buf_fini(&der);
	return ok;
}

static bool is_ca(struct text t)
{
	struct text pem;
	struct buf buf;
	bool ok;

	buf_init(&buf, t.len);
	ok = base64_decode(text_trim(t), &buf);
	pem = text_trim(buf_text(&buf));
	ok = ok && pem.len > 0;
	while (ok && pem.len > 0)
		ok = take_certificate(&pem);
	buf_fini(&buf);
	return ok;
}

/* ---- the others ---- */

static bool is_number(struct text t)
{
	return consists_of(t, "", 10) && is_digit(t.ptr[0]);
}

static bool is_request(struct text t)
{
	static const char *const known[] = {"audience",    "resource",    "prompt",
					    "access_type", "domain_hint", "connector_id",
					    "organization"};
	size_t at = text_find(t, '=');

	if (at == SIZE_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (text_is(text_slice(t, 0, at), known[i])) {
			t = text_slice(t, at + 1, t.len);
			return kubeconfig_value_is(VALUE_WORD, t) || is_url(t);
		}
	return false;
}

static bool is_info(struct text t)
{
	static const char *const versions[] = {"v1alpha1", "v1beta1", "v1"};
	char squeezed[128];
	char expected[128];
	size_t len = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (strchr(" \t\r\n", t.ptr[i]) != NULL)
			continue;
		if (len == sizeof squeezed)
			return false;
		squeezed[len++] = t.ptr[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		int n = snprintf(expected, sizeof expected,
				 "{\"apiVersion\":\"client.authentication.k8s.io/%s\"}",
				 versions[i]);

		if (text_equal((struct text){squeezed, len}, (struct text){expected, (size_t)n}))
			return true;
	}
	return t.len == 0;
}

/* No address with a user in it: names have "@" before ":", or only one of both. */
static bool is_word(struct text t)
{
	size_t colon = text_find(t, ':');

	return consists_of(t, "-._:/@+~", 253) && !kubeconfig_looks_secret(t) &&
	       (colon == SIZE_MAX || text_find(text_slice(t, colon, t.len), '@') == SIZE_MAX);
}

bool kubeconfig_value_is(enum value_kind kind, struct text t)
{
	switch (kind) {
	case VALUE_WORD:
		return is_word(t);
	case VALUE_PUBLIC:
		return consists_of(t, "-._:/", 128) && !text_starts(t, "eyJ") &&
		       !text_starts(t, "LS0t");
	case VALUE_URL:
		return is_url(t);
	case VALUE_PATH:
		return consists_of(t, "-._:/\\~+ ", MAX_VALUE) && !kubeconfig_looks_secret(t);
	case VALUE_BOOL:
		return text_equal_nocase(t, TEXT("true")) || text_equal_nocase(t, TEXT("false"));
	case VALUE_NUMBER:
		return is_number(t);
	case VALUE_HOST:
		return is_hosts(t);
	case VALUE_PROSE:
		return is_prose(t);
	case VALUE_CA:
		return is_ca(t);
	case VALUE_REQUEST:
		return is_request(t);
	case VALUE_INFO:
		return is_info(t);
	}
	return false;
}
