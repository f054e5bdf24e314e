/* Masking: what a name says of its value. */
#include <string.h>

#include "palette/mask.h"
#include "palette/mask_inside.h"

enum { MAX_NAME = 256 };

/* Anywhere in a name, folded: by their first letter, each with a NUL behind it. */
static const char *const secret_pieces[26] = {
	['a' - 'a'] = "accesskey\0"
		      "accountkey\0"
		      "aeskey\0"
		      "apikey\0"
		      "authkey\0",
	['b' - 'a'] = "basicauth\0"
		      "bearer\0",
	['c' - 'a'] = "certificatekey\0"
		      "certkey\0"
		      "clientkey\0"
		      "connectionstring\0"
		      "connstr\0"
		      "connstring\0"
		      "credential\0"
		      "cryptkey\0",
	['d' - 'a'] = "deploykey\0"
		      "dockercfg\0"
		      "dockerconfig\0"
		      "dockerconfigjson\0",
	['e' - 'a'] = "encryptionkey\0"
		      "encryptkey\0"
		      "externalid\0",
	['h' - 'a'] = "hmackey\0"
		      "hostkey\0"
		      "htpasswd\0",
	['i' - 'a'] = "ided25519\0"
		      "idrsa\0",
	['j' - 'a'] = "joinkey\0",
	['k' - 'a'] = "keydata\0"
		      "keytab\0"
		      "kubeconfig\0",
	['l' - 'a'] = "licensekey\0",
	['m' - 'a'] = "masterkey\0",
	['n' - 'a'] = "netrc\0",
	['p' - 'a'] = "passcode\0"
		      "passphrase\0"
		      "passwd\0"
		      "password\0"
		      "pgpass\0"
		      "privatekey\0"
		      "pwd\0",
	['r' - 'a'] = "rootkey\0",
	['s' - 'a'] = "secret\0"
		      "serverkey\0"
		      "sessionkey\0"
		      "sharedkey\0"
		      "signingkey\0"
		      "slackwebhook\0"
		      "sslkey\0"
		      "storagekey\0"
		      "subscriptionkey\0",
	['t' - 'a'] = "tlskey\0"
		      "token\0",
	['u' - 'a'] = "unsealkey\0",
	['w' - 'a'] = "webhookurl\0",
};

/* The last word of a name. */
static const char *const secret_words[] = {
	"pass", "auth", "dsn", "pin", "pat", "psk", "jwt", "otp", "pfx", "authorization", "pw",
};

/* The whole name. */
static const char *const secret_names[] = {"cert", "sig", "creds", "cookie"};

/* The last word of a name that speaks of a secret and holds none. */
static const char *const harmless_words[] = {
	"name",        "names",    "ref",         "refs",      "reference", "expiry",   "expires",
	"expiration",  "ttl",      "lifetime",    "policy",    "policies",  "type",     "types",
	"kind",        "enabled",  "enable",      "disabled",  "file",      "filename", "files",
	"path",        "paths",    "dir",         "directory", "url",       "uri",      "endpoint",
	"endpoints",   "length",   "size",        "count",     "limit",     "seconds",  "minutes",
	"hours",       "days",     "duration",    "timeout",   "interval",  "period",   "rotation",
	"algorithm",   "alg",      "format",      "version",   "mode",      "method",   "methods",
	"issuer",      "audience", "audiences",   "namespace", "provider",  "class",    "store",
	"annotations", "labels",   "description", "regex",     "pattern",   "required", "optional",
	"region",      "scheme",   "strategy",    "prefix",    "suffix",    "header",   "field",
	"attribute",   "property", "min",         "max",       "age",       "stdin",    "hint",
	"title",       "claim",    "claims",      "scope",     "scopes",
};

/* Whole names of the same sort. */
static const char *const harmless_names[] = {
	"imagepullsecret",     "imagepullsecrets", "passthrough", "sslpassthrough", "bypass",
	"serviceaccounttoken", "maxtokens",        "tokenreview", "tokenreviews",   "pwdlastset",
};

/* Lower case, and only letters and digits: access_key and accessKey are one. */
static size_t fold(struct text name, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[len++] = c;
	}
	out[len] = '\0';
	return len;
}

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

/* "Type" of "authType", "TYPE" of "AUTH_TYPE", without digits at its end. */
static struct text last_word(struct text name)
{
	size_t end = name.len;
	size_t start;

	while (end > 0 && !is_upper(name.ptr[end - 1]) && !is_lower(name.ptr[end - 1]))
		end--;
	start = end;
	if (start > 0 && is_upper(name.ptr[start - 1])) {
		while (start > 0 && is_upper(name.ptr[start - 1]))
			start--;
	} else {
		while (start > 0 &&
		       (is_lower(name.ptr[start - 1]) || is_digit(name.ptr[start - 1])))
			start--;
		if (start > 0 && is_upper(name.ptr[start - 1]))
			start--;
	}
	return text_slice(name, start, end - start);
}

static bool is_one(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

#define IS_ONE(word, list) is_one((word), (list), ARRAY_LEN(list))

static bool starts_piece(const char *folded)
{
	const char *piece;

	if (*folded < 'a' || *folded > 'z' || secret_pieces[*folded - 'a'] == NULL)
		return false;
	for (piece = secret_pieces[*folded - 'a']; *piece != '\0'; piece += strlen(piece) + 1)
		if (strncmp(folded, piece, strlen(piece)) == 0)
			return true;
	return false;
}

static bool has_piece(const char *folded)
{
	for (; *folded != '\0'; folded++)
		if (starts_piece(folded))
			return true;
	return false;
}

/* "dbpass", written as one word. */
static bool ends_in_pass(const char *folded, size_t len)
{
	return len > 4 && strcmp(folded + len - 4, "pass") == 0;
}

enum mask_name mask_name_of(struct text name)
{
	char folded[MAX_NAME + 1];
	char word[MAX_NAME + 1];
	bool secret;
	size_t len;

	/* Nobody's name is so long; what it holds is not known. */
	if (name.len > MAX_NAME)
		return MASK_NAME_SECRET;
	len = fold(name, folded);
	if (strcmp(folded, "key") == 0)
		return MASK_NAME_KEY;
	fold(last_word(name), word);
	secret = has_piece(folded) || IS_ONE(word, secret_words) || IS_ONE(folded, secret_names) ||
		 IS_ONE(folded, secret_words) || ends_in_pass(folded, len);
	if (!secret)
		return MASK_NAME_PLAIN;
	if (IS_ONE(word, harmless_words) || IS_ONE(folded, harmless_names) ||
	    strncmp(folded, "existingsecret", strlen("existingsecret")) == 0)
		return MASK_NAME_HARMLESS;
	return MASK_NAME_SECRET;
}

bool mask_is_secret_name(struct text name)
{
	enum mask_name is = mask_name_of(name);

	return is == MASK_NAME_SECRET || is == MASK_NAME_KEY;
}

static bool folds_to_one(struct text name, const char *const *list, size_t count)
{
	char folded[MAX_NAME + 1];

	if (name.len > MAX_NAME)
		return false;
	fold(name, folded);
	return is_one(folded, list, count);
}

bool mask_name_selects(struct text name)
{
	static const char *const list[] = {
		"tolerations", "taints",       "matchexpressions", "matchfields",
		"items",       "secretkeyref", "configmapkeyref",  "labelselector",
	};

	return folds_to_one(name, list, ARRAY_LEN(list));
}

bool mask_name_names(struct text name)
{
	static const char *const list[] = {"name",     "key",  "displayname", "parameter",
					   "variable", "path", "env",         "id"};

	return folds_to_one(name, list, ARRAY_LEN(list));
}

bool mask_name_holds(struct text name)
{
	static const char *const list[] = {"value",   "defaultvalue", "default", "values",
					   "content", "options",      "val",     "stringvalue"};

	return folds_to_one(name, list, ARRAY_LEN(list));
}

bool mask_name_marks(struct text name)
{
	static const char *const list[] = {"issensitive", "sensitive", "issecret", "isencrypted"};

	return folds_to_one(name, list, ARRAY_LEN(list));
}

bool mask_name_describes(struct text name)
{
	static const char *const list[] = {
		"name",      "displayname", "description", "format", "inputtype", "required",
		"hidden",    "immutable",   "issensitive", "regex",  "uid",       "profileuid",
		"sensitive", "issecret",    "isencrypted", "type",   "id",        "key",
	};

	return folds_to_one(name, list, ARRAY_LEN(list));
}
