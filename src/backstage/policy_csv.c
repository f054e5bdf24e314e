/* One line of a policy file: fields between commas, as CSV has them. */
#include "backstage/policy_rules.h"

/* How many bytes of a blank t begins with; a no-break space comes along when a page is copied. */
static size_t blank_at_start(struct text t)
{
	if (t.len > 0 && (t.ptr[0] == ' ' || t.ptr[0] == '\t'))
		return 1;
	return text_starts(t, "\xC2\xA0") ? 2 : 0;
}

static size_t blank_at_end(struct text t)
{
	if (t.len > 0 && (t.ptr[t.len - 1] == ' ' || t.ptr[t.len - 1] == '\t'))
		return 1;
	return text_ends(t, "\xC2\xA0") ? 2 : 0;
}

static struct text trim_start(struct text t)
{
	size_t blank;

	while ((blank = blank_at_start(t)) > 0)
		t = text_slice(t, blank, t.len);
	return t;
}

struct text policy_csv_trim(struct text t)
{
	size_t blank;

	t = trim_start(t);
	while ((blank = blank_at_end(t)) > 0)
		t.len -= blank;
	return t;
}

/* Takes an unquoted field; *rest stands at the comma behind it or at the end. */
static bool take_plain(struct text *rest, struct text *field, struct error *err)
{
	size_t comma = text_find(*rest, ',');
	struct text raw = text_slice(*rest, 0, comma);

	if (text_find(raw, '"') != SIZE_MAX)
		return error_set(err, ERROR_INPUT,
				 "a quote in the middle of a field; quote the whole field and "
				 "write two quotes for one");
	*field = policy_csv_trim(raw);
	*rest = text_slice(*rest, raw.len, rest->len);
	return true;
}

/* Where the quote stands that closes the field that *quoted begins; SIZE_MAX if nowhere. */
static size_t closing_quote(struct text quoted, size_t *doubled)
{
	*doubled = 0;
	for (size_t i = 1; i < quoted.len; i++) {
		if (quoted.ptr[i] != '"')
			continue;
		if (i + 1 == quoted.len || quoted.ptr[i + 1] != '"')
			return i;
		(*doubled)++;
		i++;
	}
	return SIZE_MAX;
}

static struct text undouble(struct arena *arena, struct text inside)
{
	char *bytes = arena_alloc(arena, inside.len);
	size_t len = 0;

	for (size_t i = 0; i < inside.len; i++) {
		bytes[len++] = inside.ptr[i];
		if (inside.ptr[i] == '"')
			i++;
	}
	return (struct text){bytes, len};
}

/* Takes a field that begins with a quote. What it holds is kept as it is, blanks too. */
static bool take_quoted(struct arena *arena, struct text *rest, struct text *field,
			struct error *err)
{
	size_t doubled;
	size_t end = closing_quote(*rest, &doubled);
	struct text inside;

	if (end == SIZE_MAX)
		return error_set(err, ERROR_INPUT, "a quote that is not closed on this line");
	inside = text_slice(*rest, 1, end - 1);
	*field = doubled == 0 ? inside : undouble(arena, inside);
	*rest = trim_start(text_slice(*rest, end + 1, rest->len));
	if (rest->len > 0 && rest->ptr[0] != ',')
		return error_set(err, ERROR_INPUT, "text between a closing quote and the comma");
	return true;
}

bool policy_csv_split(struct arena *arena, struct text line, struct policy_fields *fields,
		      struct error *err)
{
	struct policy_fields found = {.count = 0};
	struct text rest = line;

	for (;;) {
		struct text field;
		bool taken;

		rest = trim_start(rest);
		taken = text_starts(rest, "\"") ? take_quoted(arena, &rest, &field, err)
						: take_plain(&rest, &field, err);
		if (!taken)
			return false;
		if (found.count < POLICY_FIELDS)
			found.field[found.count] = field;
		found.count++;
		if (rest.len == 0)
			break;
		rest = text_slice(rest, 1, rest.len); /* the comma */
	}
	*fields = found;
	return true;
}
