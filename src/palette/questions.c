/* Many questions at once, each with its own outcome. */
#include "http/http.h"
#include "palette/fetch.h"

static struct palette_request request_of(const struct palette_question *q)
{
	static const enum palette_purpose purposes[] = {
		[PALETTE_ABOUT_OBJECT] = PALETTE_READ,
		[PALETTE_ABOUT_OURS] = PALETTE_LIST,
		[PALETTE_ABOUT_VALUE] = PALETTE_CHECK,
	};

	return (struct palette_request){
		.purpose = purposes[q->kind],
		.expect = q->kind == PALETTE_ABOUT_VALUE ? PALETTE_NOTHING : PALETTE_OBJECT,
		.form = q->form,
		.method = "GET",
		.path = q->path,
		.project = q->project,
		.what = q->what,
	};
}

static void settle(struct palette_question *q, const struct palette_request *r)
{
	q->ok = r->ok;
	q->status = r->status;
	if (!r->ok)
		q->error = r->error;
	else if (q->take != NULL)
		q->take(q->context, q->kind == PALETTE_ABOUT_VALUE
					    ? TEXT("")
					    : text_trim(buf_text(&r->answer)));
}

/* As many as may have their answers in memory at a time. */
static void ask_batch(struct palette *p, struct palette_question *const *questions, size_t count)
{
	struct palette_request *requests = arena_array(p->arena, struct palette_request, count);
	struct palette_request **all = arena_array(p->arena, struct palette_request *, count);

	for (size_t i = 0; i < count; i++) {
		requests[i] = request_of(questions[i]);
		all[i] = &requests[i];
	}
	palette_fetch_all(p, all, count);
	for (size_t i = 0; i < count; i++)
		settle(questions[i], &requests[i]);
	palette_requests_fini(requests, count);
}

void palette_ask(struct palette *p, struct palette_question *const *questions, size_t count)
{
	size_t most = palette_batch(p);

	for (size_t i = 0; i < count; i += most)
		ask_batch(p, questions + i, count - i < most ? count - i : most);
}

bool palette_answer(struct palette *p, const struct palette_question *question, struct buf *out,
		    struct error *err)
{
	struct palette_request r = request_of(question);

	if (!palette_fetch(p, &r, err))
		return false;
	*out = r.answer;
	return true;
}

struct palette_question palette_cluster_name_question(struct palette *p, const char *project,
						      const char *name)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_VALUE,
		.path = http_url(p->arena, "/v1/spectroclusters/validate/name?name=%s", name),
		.project = project,
		.what = "Checking the name",
	};
}
