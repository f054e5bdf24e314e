/* Masking: what a name says of its value. */
#include <string.h>

#include "palette/mask.h"
#include "palette/mask_inside.h"

enum { MAX_NAME = 256 };

/* Anywhere in a name, folded. */
static const char *const secret_pieces[] = {
	"secret",
	"password",
	"passwd",
	"passphrase",
	"passcode",
	"token",
	"credential",
	"privatekey",
	"apikey",
	"accesskey",
	"sessionkey",
	"signingkey",
	"encryptionkey",
	"encryptkey",
	"masterkey",
	"sharedkey",
	"accountkey",
	"storagekey",
	"licensekey",
	"clientkey",
	"serverkey",
	"tlskey",
	"sslkey",
	"hostkey",
	"authkey",
	"rootkey",
	"unsealkey",
	"joinkey",
	"deploykey",
	"subscriptionkey",
	"keydata",
	"certkey",
	"certificatekey",
	"hmackey",
	"aeskey",
	"cryptkey",
	"connectionstring",
	"connstring",
	"connstr",
	"htpasswd",
	"dockerconfigjson",
	"dockercfg",
	"dockerconfig",
	"bearer",
	"basicauth",
	"externalid",
	"kubeconfig",
	"keytab",
	"idrsa",
	"ided25519",
	"slackwebhook",
	"webhookurl",
	"pgpass",
	"netrc",
	"pwd",
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

static bool has_piece(const char *folded)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_pieces); i++)
		if (strstr(folded, secret_pieces[i]) != NULL)
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
