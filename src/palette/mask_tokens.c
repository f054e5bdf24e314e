/* Masking: what is a secret wherever it stands. */
#include <stdint.h>
#include <string.h>

#include "crypto/base64.h"
#include "palette/mask_words.h"

/* ---- URLs ---- */

/* Addresses to which everyone who knows them may write. */
static bool take_hook(struct words *w, size_t start)
{
	static const char *const hooks[] = {
		"hooks.slack.com/",
		"discord.com/api/webhooks/",
		"discordapp.com/api/webhooks/",
		"outlook.office.com/webhook/",
		"chat.googleapis.com/v1/",
		"api.telegram.org/bot",
	};
	size_t end = w->word_end;

	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		size_t from = start + strlen(hooks[i]);

		if (from >= end || !words_starts(w, start, hooks[i]))
			continue;
		while (end > from && words_one_of(w->text.ptr[end - 1], ",;)]}\\"))
			end--;
		words_hide(w, from, end);
		return true;
	}
	return false;
}

/* "user:password@" behind "://". */
bool words_user(struct words *w)
{
	size_t start = w->at + 3;
	size_t end = start;
	size_t at = SIZE_MAX;
	size_t colon = SIZE_MAX;

	if (!words_starts(w, w->at, "://"))
		return false;
	if (take_hook(w, start))
		return true;
	for (; end < w->word_end && !words_one_of(w->text.ptr[end], "/?#\\"); end++) {
		if (w->text.ptr[end] == '@')
			at = end;
		if (w->text.ptr[end] == ':' && colon == SIZE_MAX)
			colon = end;
	}
	/* A password with a slash in it. */
	if (at == SIZE_MAX && colon != SIZE_MAX && w->last_at != SIZE_MAX && w->last_at > colon)
		at = w->last_at;
	if (at == SIZE_MAX) {
		w->at = start;
		return true;
	}
	if (colon != SIZE_MAX && colon < at)
		words_hide(w, colon + 1, at);
	else if (!text_is(text_slice(w->text, start, at - start), "git"))
		words_hide(w, start, at);
	w->at = at;
	return true;
}

/* ---- tokens of known forms ---- */

static const struct {
	const char *prefix;
	size_t min;  /* with the prefix */
	bool digits; /* only with a digit behind the prefix: it might begin a name */
} forms[] = {
	{"eyJ", 12, false},      {"AKIA", 20, false},     {"ASIA", 20, false},
	{"ghp_", 20, false},     {"gho_", 20, false},     {"ghu_", 20, false},
	{"ghs_", 20, false},     {"ghr_", 20, false},     {"github_pat_", 22, false},
	{"glpat-", 16, false},   {"glrt-", 16, true},     {"gldt-", 16, true},
	{"xoxb-", 14, false},    {"xoxp-", 14, false},    {"xoxa-", 14, false},
	{"xoxs-", 14, false},    {"xapp-", 16, true},     {"AIza", 30, false},
	{"GOCSPX-", 16, false},  {"hvs.", 16, false},     {"hvb.", 16, false},
	{"npm_", 20, false},     {"dop_v1_", 20, false},  {"sk_live_", 16, false},
	{"sk_test_", 16, false}, {"rk_live_", 16, false}, {"rk_test_", 16, false},
	{"sk-proj-", 20, true},  {"sk-ant-", 20, true},   {"SG.", 20, true},
	{"hf_", 20, true},       {"pypi-", 24, true},     {"dckr_pat_", 16, false},
	{"pul-", 20, true},      {"dp.st.", 16, true},    {"dapi", 24, true},
	{"shpat_", 16, false},   {"shpss_", 16, false},   {"AGE-SECRET-KEY-", 24, false},
	{"key-", 36, true},      {"atlasv1.", 14, false}, {"LS0tLS1CRUdJTi", 20, false},
	{"$2a$", 20, false},     {"$2b$", 20, false},     {"$2y$", 20, false},
	{"$apr1$", 14, false},   {"$1$", 14, false},      {"$5$", 14, false},
	{"$6$", 14, false},      {"$argon2", 20, false},  {"{SHA}", 12, false},
	{"{SSHA}", 14, false},
};

/* Base64 of PEM: certificates may stay, if there is nothing else. */
static bool is_public_pem(struct text encoded)
{
	static const char private_key[] = "PRIVATE KEY";
	struct buf pem;
	bool ok;

	buf_init(&pem, encoded.len + 4);
	ok = base64_decode(encoded, &pem) &&
	     memmem(pem.ptr, pem.len, private_key, sizeof private_key - 1) == NULL;
	buf_fini(&pem);
	return ok;
}

bool words_token(struct words *w)
{
	size_t end = w->at;
	bool digit = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].prefix[0] == w->text.ptr[w->at] &&
		    words_starts(w, w->at, forms[i].prefix))
			break;
	if (i == ARRAY_LEN(forms))
		return false;
	end += strlen(forms[i].prefix);
	while (end < w->text.len &&
	       (words_is_name(w->text.ptr[end]) || words_one_of(w->text.ptr[end], "+/=$,"))) {
		digit = digit || words_is_digit(w->text.ptr[end]);
		end++;
	}
	if (end - w->at < forms[i].min || (forms[i].digits && !digit))
		return false;
	if (text_starts(text_of(forms[i].prefix), "LS0t") &&
	    is_public_pem(text_slice(w->text, w->at, end - w->at)))
		w->at = end;
	else
		words_hide(w, w->at, end);
	return true;
}

/* ---- "Bearer x", "Basic x" ---- */

static bool is_basic(struct text token)
{
	struct buf plain;
	bool ok;

	buf_init(&plain, token.len + 4);
	ok = token.len >= 8 && base64_decode(token, &plain) &&
	     text_find(buf_text(&plain), ':') != SIZE_MAX;
	buf_fini(&plain);
	return ok || (token.len >= 8 && text_ends(token, "="));
}

/* run: the word that ends at end. */
bool words_scheme(struct words *w, struct text run, size_t end)
{
	bool bearer = text_equal_nocase(run, TEXT("bearer"));
	size_t start = end;
	size_t stop;

	if (!bearer && !text_equal_nocase(run, TEXT("basic")))
		return false;
	while (start < w->text.len && words_is_blank(w->text.ptr[start]))
		start++;
	stop = start;
	while (stop < w->text.len && (words_is_alnum(w->text.ptr[stop]) ||
				      words_one_of(w->text.ptr[stop], "-._~+/=$!%&*:@^|")))
		stop++;
	if (start == end || stop == start)
		return false;
	w->at = end;
	if (bearer || is_basic(text_slice(w->text, start, stop - start)))
		words_hide(w, start, stop);
	return true;
}

/* ---- base64 ---- */

static bool is_encoded(char c)
{
	return words_is_alnum(c) || c == '+' || c == '/' || c == '=';
}

/* The form of a secret key of AWS: forty bytes of base64, mixed as no name and no path is. */
static bool is_aws_key(const struct words *w, size_t start, size_t end)
{
	size_t digits = 0;
	size_t signs = 0;
	size_t upper = 0;
	size_t lower = 0;

	if (end - start != 40 || words_is_name(words_byte(w, end)) ||
	    (start > 0 && words_is_name(w->text.ptr[start - 1])))
		return false;
	for (size_t i = start; i < end; i++) {
		char c = w->text.ptr[i];

		digits += words_is_digit(c);
		signs += c == '+' || c == '/';
		upper += c >= 'A' && c <= 'Z';
		lower += c >= 'a' && c <= 'z';
	}
	return upper >= 5 && lower >= 5 && digits >= 1 && (digits >= 4 || signs >= 1) &&
	       w->text.ptr[start] != '/';
}

bool words_encoded(struct words *w)
{
	enum { LEAST = 24, LEVEL = 4 };
	size_t end = w->at;
	struct buf plain;
	struct buf masked;
	bool readable;
	bool found;

	while (end < w->text.len && is_encoded(w->text.ptr[end]))
		end++;
	w->encoded_end = end;
	if (end - w->at < LEAST || (end - w->at) % 4 != 0)
		return false;
	buf_init(&plain, end - w->at + 4);
	buf_init(&masked, (end - w->at) * 8 + 64);
	readable = base64_decode(text_slice(w->text, w->at, end - w->at), &plain) &&
		   text_is_utf8(buf_text(&plain));
	found = readable ? mask_text(buf_text(&plain), LEVEL, &masked) > 0
			 : is_aws_key(w, w->at, end);
	buf_fini(&plain);
	buf_fini(&masked);
	if (found)
		words_hide(w, w->at, end);
	return found;
}
