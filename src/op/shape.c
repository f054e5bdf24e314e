/* Answers without what must not leave: members are dropped by name, the rest is copied as raw
 * bytes. */
#include "op/shape.h"

#include <string.h>

#include "json/json.h"

/* Where a piece of a name says that its value is a secret. */
static const char *const secret_pieces[] = {
	"secret",     "password", "passwd",    "token",      "credential",
	"privatekey", "apikey",   "accesskey", "externalid",
};
/* Names that hold such a piece and no secret. */
static const char *const harmless[] = {"credentialtype", "tokenexpiry"};

/* Lower case, and only letters and digits, so that access_key and accessKey are one. */
static void fold(struct text name, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < name.len && len + 1 < size; i++) {
		char c = name.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[len++] = c;
	}
	out[len] = '\0';
}

bool shape_is_public(struct text name)
{
	char folded[128];

	/* Nobody's field has such a long name; what it holds is not known. */
	if (name.len >= sizeof folded)
		return false;
	fold(name, folded, sizeof folded);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (strcmp(folded, harmless[i]) == 0)
			return true;
	if (strcmp(folded, "key") == 0 || strcmp(folded, "cert") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(secret_pieces); i++)
		if (strstr(folded, secret_pieces[i]) != NULL)
			return false;
	return true;
}

bool shape_is_public_gateway(struct text name)
{
	return shape_is_public(name) && !text_is(name, "kubectlCommands");
}

static void filter_object(struct text object, shape_keep *keep, struct buf *out)
{
	struct json_walk walk = json_walk_begin(object);
	struct arena names;
	struct text value;
	struct text name;
	struct text key;
	bool first = true;

	arena_init(&names);
	buf_add_char(out, '{');
	while (json_walk_member(&walk, &key, &value)) {
		/* A name that cannot be read is not known to be harmless. */
		if (!json_unescape(&names, key, &name) || !keep(name))
			continue;
		if (!first)
			buf_add_char(out, ',');
		first = false;
		buf_add(out, key);
		buf_add_char(out, ':');
		shape_filter(value, keep, out);
	}
	buf_add_char(out, '}');
	arena_fini(&names);
}

static void filter_array(struct text array, shape_keep *keep, struct buf *out)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;
	bool first = true;

	buf_add_char(out, '[');
	while (json_walk_item(&walk, &item)) {
		if (!first)
			buf_add_char(out, ',');
		first = false;
		shape_filter(item, keep, out);
	}
	buf_add_char(out, ']');
}

/* The depth is that of a checked document: JSON_MAX_DEPTH at most. */
void shape_filter(struct text value, shape_keep *keep, struct buf *out)
{
	switch (json_type_of(value)) {
	case JSON_TYPE_OBJECT:
		filter_object(value, keep, out);
		break;
	case JSON_TYPE_ARRAY:
		filter_array(value, keep, out);
		break;
	default:
		buf_add(out, value);
	}
}
