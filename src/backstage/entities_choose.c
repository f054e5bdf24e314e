/* Which of several entities the caller means, and how they are told that it is not clear. */
#include <ctype.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/visible.h"
#include "json/json.h"

enum {
	LONGEST_PART = 253,  /* of a reference; 63 where nobody has changed the rules */
	LONGEST_QUOTE = 120, /* of a title in a message */
	MOST_NAMED = 20,
	MOST_BYTES_NAMED = 640, /* so that the sentence around them fits too */
	LARGEST_DETAILS = 4 * 1024 * 1024,
};

/* ---- references ---- */

static bool is_ref_part(struct text part)
{
	for (size_t i = 0; i < part.len; i++)
		if (!isalnum((unsigned char)part.ptr[i]) && strchr("-_.", part.ptr[i]) == NULL)
			return false;
	return part.len > 0 && part.len <= LONGEST_PART && isalnum((unsigned char)part.ptr[0]) &&
	       isalnum((unsigned char)part.ptr[part.len - 1]);
}

bool catalog_ref_read(struct arena *a, const char *ref, const char **full, struct error *err)
{
	struct text rest = text_of(ref);
	struct text kind = TEXT("resource");
	struct text space = TEXT("default");
	size_t colon = text_find(rest, ':');
	size_t slash;
	char *lower;

	if (colon != SIZE_MAX) {
		kind = text_slice(rest, 0, colon);
		rest = text_slice(rest, colon + 1, rest.len);
	}
	slash = text_find(rest, '/');
	if (slash != SIZE_MAX) {
		space = text_slice(rest, 0, slash);
		rest = text_slice(rest, slash + 1, rest.len);
	}
	if (!is_ref_part(kind) || !is_ref_part(space) || !is_ref_part(rest))
		return error_set(err, ERROR_INPUT,
				 "entityRef is no reference of an entity, which looks like "
				 "resource:default/name");
	lower = arena_printf(a, "%.*s:%.*s/%.*s", (int)kind.len, kind.ptr, (int)space.len,
			     space.ptr, (int)rest.len, rest.ptr);
	for (char *at = lower; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	*full = lower;
	return true;
}

/* ---- messages ---- */

/* As much of it as a message holds, cut between characters. On one line, as names are: the catalog
 * may let anything into them. */
static const char *quoted(struct arena *a, const char *s)
{
	struct text whole = text_of(s);
	size_t len = LONGEST_QUOTE;

	if (whole.len <= LONGEST_QUOTE)
		return arena_printf(a, "\"%s\"", visible_copy(a, whole));
	while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
		len--;
	return arena_printf(a, "\"%s...\"", visible_copy(a, text_slice(whole, 0, len)));
}

/* "resource:default/a, resource:default/b and 3 more" */
static const char *names_of(struct arena *a, const struct catalog_entity *const *all, size_t count)
{
	struct buf out;
	const char *names;
	size_t named = 0;

	buf_init(&out, MOST_BYTES_NAMED + 64);
	for (; named < count && named < MOST_NAMED; named++) {
		const char *ref = visible_copy(a, text_of(all[named]->ref));

		if (out.len + strlen(ref) + 2 > MOST_BYTES_NAMED)
			break;
		buf_printf(&out, "%s%s", named == 0 ? "" : ", ", ref);
	}
	if (named < count)
		buf_printf(&out, "%s%zu more", named == 0 ? "" : " and ", count - named);
	names = arena_copy(a, buf_text(&out));
	buf_fini(&out);
	return names;
}

static struct text details_of(struct arena *a, const struct catalog_entity *const *all,
			      size_t count)
{
	struct text details = {NULL, 0};
	struct json_writer w;
	struct buf out;

	buf_init(&out, LARGEST_DETAILS);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "candidates");
	json_array_begin(&w);
	for (size_t i = 0; i < count; i++)
		json_put_cstr(&w, all[i]->ref);
	json_array_end(&w);
	json_object_end(&w);
	if (buf_complete(&out))
		details = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	return details;
}

/* ---- the choice ---- */

static bool is_said(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static bool agrees(const char *said, const char *is)
{
	return !is_said(said) || (is != NULL && strcmp(said, is) == 0);
}

/* What is looked for: 'with the title "web"' or its reference. */
static const char *what_is_wanted(struct arena *a, const struct catalog_wanted *wanted)
{
	if (wanted->title != NULL)
		return arena_printf(a, "with the title %s", quoted(a, wanted->title));
	return is_said(wanted->entity_ref) ? quoted(a, wanted->entity_ref) : "of that kind";
}

static bool nothing_there(struct arena *a, const struct catalog_wanted *wanted, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "No %s entity %s that you may see is in the catalog",
			 catalog_type_name(wanted->type), what_is_wanted(a, wanted));
}

static bool none_fits(struct arena *a, const struct catalog_wanted *wanted,
		      const struct catalog_entity *const *all, size_t count, struct error *err)
{
	error_set(err, ERROR_NOT_FOUND,
		  "No %s entity %s fits entityRef, projectUid and instanceName as they are given; "
		  "there %s %s",
		  catalog_type_name(wanted->type), what_is_wanted(a, wanted),
		  count == 1 ? "is" : "are", names_of(a, all, count));
	err->details = details_of(a, all, count);
	return false;
}

static bool several_fit(struct arena *a, const struct catalog_wanted *wanted,
			const struct catalog_entity *const *all, size_t count, struct error *err)
{
	error_set(err, ERROR_INPUT,
		  "There are %zu %s entities %s: %s. Say which one with entityRef, projectUid or "
		  "instanceName",
		  count, catalog_type_name(wanted->type), what_is_wanted(a, wanted),
		  names_of(a, all, count));
	err->details = details_of(a, all, count);
	return false;
}

bool catalog_choose(struct arena *a, const struct catalog_entity *found, size_t count,
		    const struct catalog_wanted *wanted, const struct catalog_entity **chosen,
		    struct error *err)
{
	const struct catalog_entity **all = arena_array(a, const struct catalog_entity *, count);
	const struct catalog_entity **fit = arena_array(a, const struct catalog_entity *, count);
	const char *ref = NULL;
	size_t fitting = 0;

	if (is_said(wanted->entity_ref) && !catalog_ref_read(a, wanted->entity_ref, &ref, err))
		return false;
	if (count == 0)
		return nothing_there(a, wanted, err);
	for (size_t i = 0; i < count; i++) {
		const struct catalog_entity *e = all[i] = &found[i];

		if (agrees(ref, e->ref) && agrees(wanted->project, e->project) &&
		    agrees(wanted->instance, e->instance))
			fit[fitting++] = e;
	}
	if (fitting == 0)
		return none_fits(a, wanted, all, count, err);
	if (fitting > 1)
		return several_fit(a, wanted, fit, fitting, err);
	*chosen = fit[0];
	return true;
}
