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
		      "authkey\0"
		      "authstring\0",
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
	['k' - 'a'] = "keybase\0"
		      "keydata\0"
		      "keytab\0"
		      "kubeconfig\0",
	['l' - 'a'] = "licensekey\0",
	['m' - 'a'] = "masterauth\0"
		      "masterkey\0"
		      "mnemonic\0",
	['n' - 'a'] = "netrc\0",
	['p' - 'a'] = "passcode\0"
		      "passphrase\0"
		      "passwd\0"
		      "password\0"
		      "pgpass\0"
		      "privatekey\0"
		      "pwd\0",
	['r' - 'a'] = "requirepass\0"
		      "rootkey\0"
		      "rootpw\0",
	['s' - 'a'] = "secret\0"
		      "serverkey\0"
		      "sessionkey\0"
		      "sharedkey\0"
		      "signingkey\0"
		      "slackapiurl\0"
		      "slackwebhook\0"
		      "sslkey\0"
		      "storagekey\0"
		      "subscriptionkey\0",
	['t' - 'a'] = "tlskey\0"
		      "token\0",
	['u' - 'a'] = "unsealkey\0",
	['w' - 'a'] = "webhookurl\0",
};

/* What a piece may begin with and be something else: "tokenizer". */
static const char *const other_words[] = {
	"secretary", "secretariat", "tokeniz", "tokenis", "externalident",
};

/* Any word of a name. */
static const char *const secret_parts[] = {"pass", "psk", "pw"};

/* The last word of a name. */
static const char *const secret_words[] = {
	"auth", "dsn", "pin", "pat", "jwt", "otp", "pfx", "authorization", "key", "keys",
};

/* The last word too, but of a name that is often that of a map of settings. */
static const char *const shallow_words[] = {
	"cookie", "salt", "license", "licence", "webhook", "community", "chap",
};

/* The whole name. */
static const char *const secret_names[] = {"cert", "sig", "creds"};
static const char *const shallow_names[] = {"encrypt", "gossipencryption", "unseal"};

/* Before "key" at the end of a name: what is found or ordered by it, or told to everyone. */
static const char *const public_keys[] = {
	"public",    "topology", "label",     "labels",       "annotation", "taint",
	"selector",  "sort",     "partition", "primary",      "foreign",    "index",
	"group",     "cache",    "object",    "file",         "config",     "map",
	"node",      "value",    "name",      "username",     "email",      "tag",
	"attribute", "property", "header",    "lookup",       "project",    "issue",
	"dimension", "env",      "match",     "ssh",          "authorized", "metric",
	"field",     "param",    "parameter", "pub",          "trusted",    "known",
	"column",    "dedup",    "shard",     "distribution", "namespace",  "resource",
	"bucket",    "release",  "list",      "merge",        "reg",        "registry",
	"host",
};

/* The last word of a name that speaks of a secret and holds none. */
static const char *const harmless_words[] = {
	"name",      "names",      "ref",         "refs",       "reference",   "expiry",
	"expires",   "expiration", "ttl",         "lifetime",   "policy",      "policies",
	"type",      "types",      "kind",        "enabled",    "enable",      "disabled",
	"file",      "filename",   "files",       "path",       "paths",       "dir",
	"directory", "url",        "uri",         "endpoint",   "endpoints",   "length",
	"size",      "count",      "limit",       "seconds",    "minutes",     "hours",
	"days",      "duration",   "timeout",     "interval",   "period",      "rotation",
	"algorithm", "alg",        "format",      "version",    "mode",        "method",
	"methods",   "issuer",     "audience",    "audiences",  "namespace",   "provider",
	"class",     "store",      "annotations", "labels",     "description", "regex",
	"pattern",   "required",   "optional",    "region",     "scheme",      "strategy",
	"header",    "field",      "attribute",   "property",   "min",         "max",
	"age",       "stdin",      "title",       "claim",      "claims",      "scope",
	"scopes",    "mount",      "alias",       "algorithms", "ms",          "minute",
	"hour",      "mins",       "bytes",       "secure",
};

/* Whole names of the same sort. */
static const char *const harmless_names[] = {
	"imagepullsecret",
	"imagepullsecrets",
	"passthrough",
	"sslpassthrough",
	"bypass",
	"serviceaccounttoken",
	"maxtokens",
	"tokenreview",
	"tokenreviews",
	"pwdlastset",
	"tlssecret",
	"pullsecret",
	"pullsecrets",
	"compass",
	"secretkeys",
	"adminpasswordkey",
	"userpasswordkey",
	"replicationpasswordkey",
	"passwordsecretkey",
	"usernamesecretkey",
	"authorizedkeyssecret",
};

/* Behind the "/" of the name of an annotation. */
static const char *const harmless_annotations[] = {
	"authsecret",
	"authtlssecret",
	"proxysslsecret",
	"secret",
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
		if (*word == *list[i] && strcmp(word, list[i]) == 0)
			return true;
	return false;
}

#define IS_ONE(word, list) is_one((word), (list), ARRAY_LEN(list))

static bool starts_other_word(const char *folded)
{
	for (size_t i = 0; i < ARRAY_LEN(other_words); i++)
		if (strncmp(folded, other_words[i], strlen(other_words[i])) == 0)
			return true;
	return false;
}

static bool starts_piece(const char *folded)
{
	const char *piece;

	if (*folded < 'a' || *folded > 'z' || secret_pieces[*folded - 'a'] == NULL)
		return false;
	for (piece = secret_pieces[*folded - 'a']; *piece != '\0'; piece += strlen(piece) + 1)
		if (folded[1] == piece[1] && strncmp(folded, piece, strlen(piece)) == 0)
			return !starts_other_word(folded);
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
static bool ends_in(const char *folded, size_t len, const char *what)
{
	size_t of = strlen(what);

	return len > of && strcmp(folded + len - of, what) == 0;
}

/* What is before the last word. */
static struct text before_word(struct text name, struct text word)
{
	return text_slice(name, 0, (size_t)(word.ptr - name.ptr));
}

/* A word anywhere: "pass" of "ADMIN_PASS_B64". */
static bool has_part(struct text name)
{
	char folded[MAX_NAME + 1];
	struct text word = last_word(name);

	for (; word.len > 0; word = last_word(name)) {
		fold(word, folded);
		if (IS_ONE(folded, secret_parts))
			return true;
		name = before_word(name, word);
	}
	return false;
}

/* Whether "key", the last word, ends the name of something that everyone may know. */
static bool is_public_key(struct text name, struct text word, const char *folded)
{
	char before[MAX_NAME + 1];
	size_t len = fold(word, before);

	if (strncmp(before, "key", 3) != 0)
		return false;
	/* "keys" alone are the keys of a map. */
	if (strlen(folded) == len)
		return true;
	fold(last_word(before_word(name, word)), before);
	return IS_ONE(before, public_keys);
}

static bool is_harmless(struct text name, const char *word, const char *folded)
{
	char behind[MAX_NAME + 1];
	size_t slash = text_find(name, '/');

	/* Whoever knows these addresses may write to them. */
	if (strstr(folded, "webhookurl") != NULL || strstr(folded, "slackapiurl") != NULL)
		return false;
	if (IS_ONE(word, harmless_words) || IS_ONE(folded, harmless_names) ||
	    strstr(folded, "passthrough") != NULL ||
	    strncmp(folded, "existingsecret", strlen("existingsecret")) == 0)
		return true;
	if (slash == SIZE_MAX)
		return false;
	fold(text_slice(name, slash + 1, name.len), behind);
	return IS_ONE(behind, harmless_annotations);
}

enum mask_name mask_name_of(struct text name)
{
	char folded[MAX_NAME + 1];
	char word[MAX_NAME + 1];
	struct text last;
	bool shallow;
	bool secret;
	size_t len;

	/* Nobody's name is so long; what it holds is not known. */
	if (name.len > MAX_NAME)
		return MASK_NAME_SECRET;
	len = fold(name, folded);
	if (strcmp(folded, "key") == 0)
		return MASK_NAME_KEY;
	last = last_word(name);
	fold(last, word);
	secret = has_piece(folded) || IS_ONE(folded, secret_names) || has_part(name) ||
		 ends_in(folded, len, "pass") ||
		 ((IS_ONE(word, secret_words) || IS_ONE(folded, secret_words)) &&
		  !is_public_key(name, last, folded));
	shallow = IS_ONE(word, shallow_words) || IS_ONE(folded, shallow_names);
	if (!secret && !shallow)
		return MASK_NAME_PLAIN;
	if (is_harmless(name, word, folded))
		return MASK_NAME_HARMLESS;
	return secret ? MASK_NAME_SECRET : MASK_NAME_SHALLOW;
}

bool mask_is_secret_name(struct text name)
{
	enum mask_name is = mask_name_of(name);

	return is == MASK_NAME_SECRET || is == MASK_NAME_KEY || is == MASK_NAME_SHALLOW;
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
		"extract",     "find",         "preferences",      "tags",
	};
	char folded[MAX_NAME + 1];

	if (folds_to_one(name, list, ARRAY_LEN(list)))
		return true;
	return name.len <= MAX_NAME && ends_in(folded, fold(name, folded), "ref");
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

enum mask_group mask_name_groups(struct text name)
{
	static const char *const settings[] = {
		"auth",      "authorization", "authentication", "oauth",
		"basicauth", "credentials",   "credential",
	};
	static const char *const objects[] = {"secret", "secrets", "chpasswd"};

	if (folds_to_one(name, settings, ARRAY_LEN(settings)))
		return MASK_GROUP_SETTINGS;
	return folds_to_one(name, objects, ARRAY_LEN(objects)) ? MASK_GROUP_OBJECTS
							       : MASK_GROUP_NONE;
}

bool mask_name_belongs(struct text name, enum mask_group group)
{
	static const char *const both[] = {
		"name",      "enabled",     "enable",  "create",   "type",
		"kind",      "provider",    "backend", "path",     "items",
		"mountpath", "defaultmode", "mode",    "optional", "expire",
		"namespace", "annotations", "labels",  "key",      "secretproviderclass",
		"audience",
	};
	static const char *const settings[] = {
		"username",
		"database",
		"role",
		"clientid",
		"issuer",
		"issuerurl",
		"realm",
		"method",
		"region",
		"tenantid",
		"scopes",
		"serviceaccount",
		"enablepostgresuser",
	};

	if (group == MASK_GROUP_NONE)
		return false;
	return folds_to_one(name, both, ARRAY_LEN(both)) ||
	       (group == MASK_GROUP_SETTINGS && folds_to_one(name, settings, ARRAY_LEN(settings)));
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
