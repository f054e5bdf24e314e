/* Creating clusters, and asking Palette beforehand whether it would, and at what price. */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "json/json.h"

enum {
	LONGEST_FINDINGS = 64 * 1024,
	MOST_NAMED = 5,
	ROOM_AROUND_PARTS = 256,
	LONGEST_UID = 128,
	LARGEST_PRICE = 256 * 1024, /* of a hundred pools, and of some more */
	PRICE_MS = 10000,           /* nobody waits longer for what may be missing */
};

#define PERIOD "hourly"

/* ---- creating ---- */

/* One that can be asked about later: Palette's have 24 hexadecimal digits. */
static bool is_uid(struct text uid)
{
	for (size_t i = 0; i < uid.len; i++)
		if (uid.ptr[i] <= ' ' || uid.ptr[i] >= 0x7F)
			return false;
	return uid.len > 0 && uid.len <= LONGEST_UID;
}

bool palette_create_cluster(struct palette *p, const char *project, const char *kind,
			    const char *name, struct text entity, struct buf *out,
			    struct error *err)
{
	struct palette_request r = {
		.purpose = PALETTE_CREATE,
		.expect = PALETTE_OBJECT,
		.form = PALETTE_FORM_UID,
		.method = "POST",
		.path = http_url(p->arena, "/v1/spectroclusters/%s", kind),
		.project = project,
		.body = entity,
		.name = name,
		.what = arena_printf(p->arena, "Creating the %s cluster", kind),
	};

	if (!palette_fetch(p, &r, err))
		return false;
	if (!is_uid(text_of(json_string_at(p->arena, buf_text(&r.answer), "/uid", "")))) {
		buf_fini(&r.answer);
		error_set(err, ERROR_UPSTREAM, "%s: Palette's answer names no uid that can be used",
			  r.what);
		palette_say_unknown(p, &r, err);
		return false;
	}
	*out = r.answer;
	return true;
}

/* ---- asking ---- */

/* What Palette has to say against an entity. */
struct findings {
	struct arena *arena;
	struct json_writer w; /* {"findings":[{"pool" or "profile" and "pack","code","message"}]} */
	struct buf details;
	struct buf message; /* the first few, for a person */
	size_t count;
	size_t left_out; /* of details, for want of room */
};

/* A finding of a pool, or of a pack of a profile. */
struct subject {
	const char *pool; /* NULL: it is about a pack */
	const char *profile;
	const char *pack;
};

static void put_member(struct json_writer *w, const char *name, const char *value)
{
	if (value == NULL)
		return;
	json_key(w, name);
	json_put_cstr(w, value);
}

static void say(struct findings *f, const struct subject *subject, const char *message)
{
	if (f->count > MOST_NAMED)
		return;
	if (subject->pool != NULL)
		buf_printf(&f->message, "%smachine pool %s: %s", f->count > 1 ? "; " : "",
			   subject->pool, message);
	else
		buf_printf(&f->message, "%spack %s of profile %s: %s", f->count > 1 ? "; " : "",
			   subject->pack, subject->profile, message);
}

static void add_finding(struct findings *f, const struct subject *subject, struct text error)
{
	const char *message = json_string_at(f->arena, error, "/message", "refused");
	const char *code = json_string_at(f->arena, error, "/code", NULL);

	f->count++;
	say(f, subject, message);
	if (f->details.len + error.len > LONGEST_FINDINGS / 8) {
		f->left_out++;
		return;
	}
	json_object_begin(&f->w);
	put_member(&f->w, "pool", subject->pool);
	put_member(&f->w, "profile", subject->profile);
	put_member(&f->w, "pack", subject->pack);
	put_member(&f->w, "code", code);
	put_member(&f->w, "message", message);
	json_object_end(&f->w);
}

/* Palette's own name for a thing, as its interface shows it. */
static const char *name_of(struct arena *a, struct text result)
{
	const char *name = json_string_at(a, result, "/displayName", "");

	return *name != '\0' ? name : json_string_at(a, result, "/name", "(unnamed)");
}

/* {"results":[{"name","displayName","errors":[{"code","message"}]}]} of pools, or of a profile. */
static void read_results(struct findings *f, struct text response, const char *profile)
{
	struct json_walk results;
	struct json_walk errors;
	struct text list;
	struct text result;
	struct text error;

	if (!json_member(response, "results", &list))
		return;
	results = json_walk_begin(list);
	while (json_walk_item(&results, &result)) {
		const char *name = name_of(f->arena, result);
		struct subject subject = {
			.pool = profile == NULL ? name : NULL,
			.profile = profile,
			.pack = profile == NULL ? NULL : name,
		};

		if (!json_member(result, "errors", &list))
			continue;
		errors = json_walk_begin(list);
		while (json_walk_item(&errors, &error))
			add_finding(f, &subject, error);
	}
}

static void read_findings(struct findings *f, struct text answer)
{
	struct json_walk profiles;
	struct text profile;
	struct text part;

	if (json_member(answer, "machinePools", &part))
		read_results(f, part, NULL);
	if (!json_member(answer, "profiles", &part))
		return;
	profiles = json_walk_begin(part);
	while (json_walk_item(&profiles, &profile)) {
		const char *uid = json_string_at(f->arena, profile, "/uid", "(unnamed)");

		if (json_member(profile, "packs", &part))
			read_results(f, part, uid);
	}
}

/* Palette's findings as an error; true when there are none. */
static bool judge(struct palette *p, struct text answer, struct error *err)
{
	struct findings f = {.arena = p->arena};
	bool ok;

	buf_init(&f.details, LONGEST_FINDINGS);
	buf_init(&f.message, sizeof err->message / 2);
	json_writer_init(&f.w, &f.details);
	json_object_begin(&f.w);
	json_key(&f.w, "findings");
	json_array_begin(&f.w);
	read_findings(&f, answer);
	json_array_end(&f.w);
	if (f.left_out > 0) {
		json_key(&f.w, "moreFindings");
		json_put_int(&f.w, (int64_t)f.left_out);
	}
	json_object_end(&f.w);
	ok = f.count == 0;
	if (!ok) {
		error_set(err, ERROR_UNPROCESSABLE,
			  "Palette would not create this cluster (%zu findings): %s", f.count,
			  f.message.ptr == NULL ? "see the details" : f.message.ptr);
		err->upstream_status = 200;
		if (buf_complete(&f.details))
			err->details = arena_copy_text(p->arena, buf_text(&f.details));
	}
	buf_fini(&f.details);
	buf_fini(&f.message);
	return ok;
}

/* ---- the price ---- */

/* Virtual clusters run on machines that are there, and Palette has no price for them. */
static bool has_price(const char *kind)
{
	return strcmp(kind, "virtual") != 0;
}

/* {"cloudConfig","machinepoolconfig"} out of the entity, as raw as they stand there. */
static struct text rate_body(struct arena *a, struct text entity)
{
	static const char *const parts[][2] = {
		{"cloudConfig", "/spec/cloudConfig"},
		{"machinepoolconfig", "/spec/machinepoolconfig"},
	};
	struct json_writer w;
	struct text value;
	struct text out;
	struct buf b;

	buf_init(&b, entity.len + ROOM_AROUND_PARTS);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!json_at(entity, parts[i][1], &value))
			continue;
		json_key(&w, parts[i][0]);
		json_put_raw(&w, value);
	}
	json_object_end(&w);
	out = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return out;
}

/* What of Palette's object says a price: {"rate":{"compute","storage","total"},"machinePools"}. */
static bool read_price(struct arena *a, struct text answer, struct text *price)
{
	static const char *const sums[] = {"compute", "storage", "total"};
	struct json_writer w;
	struct text value;
	struct buf b;

	if (!json_at(answer, "/rate/total", &value) || json_type_of(value) != JSON_TYPE_NUMBER)
		return false;
	buf_init(&b, answer.len + ROOM_AROUND_PARTS);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "periodType", PERIOD);
	for (size_t i = 0; i < ARRAY_LEN(sums); i++) {
		if (!json_at(answer, arena_printf(a, "/rate/%s", sums[i]), &value) ||
		    json_type_of(value) != JSON_TYPE_NUMBER)
			continue;
		json_key(&w, sums[i]);
		json_put_raw(&w, value);
	}
	if (json_member(answer, "machinePools", &value) && json_type_of(value) == JSON_TYPE_ARRAY) {
		json_key(&w, "machinePools");
		json_put_raw(&w, value);
	}
	json_object_end(&w);
	*price = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return true;
}

static void take_price(struct palette *p, struct palette_request *r, struct palette_price *price)
{
	if (!r->ok)
		price->missing = arena_copy(p->arena, text_of(r->error.message));
	else if (!read_price(p->arena, text_trim(buf_text(&r->answer)), &price->json))
		price->missing =
			arena_printf(p->arena, "%s: Palette's answer has no total", r->what);
	else if (price->json.len > LARGEST_PRICE)
		*price = (struct palette_price){
			.missing = arena_printf(p->arena, "%s: Palette's answer is too large",
						r->what)};
}

/* Both questions are asked at once. */
bool palette_try_cluster(struct palette *p, const char *project, const char *kind,
			 struct text entity, struct palette_price *price, struct error *err)
{
	struct palette_request check = {
		.purpose = PALETTE_CHECK,
		.expect = PALETTE_OBJECT,
		.form = PALETTE_FORM_FINDINGS,
		.method = "POST",
		.path = http_url(p->arena, "/v1/spectroclusters/%s/validate", kind),
		.project = project,
		.body = entity,
		.what = arena_printf(p->arena, "Checking the %s cluster", kind),
	};
	struct palette_request rate = {
		.purpose = PALETTE_CHECK,
		.expect = PALETTE_OBJECT,
		.form = PALETTE_FORM_PRICE,
		.method = "POST",
		.path = http_url(p->arena, "/v1/spectroclusters/%s/rate?periodType=" PERIOD, kind),
		.project = project,
		.patience_ms = PRICE_MS,
		.what = arena_printf(p->arena, "The price of the %s cluster", kind),
	};
	struct palette_request *const both[] = {&check, &rate};
	bool ok;

	*price = (struct palette_price){.missing = NULL};
	if (has_price(kind))
		rate.body = rate_body(p->arena, entity);
	palette_fetch_all(p, both, has_price(kind) ? 2 : 1);
	if (!check.ok)
		*err = check.error;
	ok = check.ok && judge(p, buf_text(&check.answer), err);
	if (ok && has_price(kind))
		take_price(p, &rate, price);
	palette_requests_fini(&check, 1);
	palette_requests_fini(&rate, 1);
	return ok;
}
