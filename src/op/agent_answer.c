/* Answers for agents, put together piece by piece: what is bounded, and masked, in one place. */
#include "op/agent.h"
#include "palette/mask.h"

static size_t room_of(const struct call *c)
{
	return (size_t)c->services->config->upstream_max_answer_bytes * 4;
}

void answer_begin(struct call *c, struct answer *a)
{
	*a = (struct answer){.max_bytes = room_of(c)};
	buf_init(&a->out, a->max_bytes);
	json_writer_init(&a->w, &a->out);
	json_object_begin(&a->w);
}

void answer_put(struct answer *a, const char *key, const char *value)
{
	json_put_pair(&a->w, key, value);
}

/* What does not fit is left out whole: the answer is an error then, in answer_finish(). */
void answer_put_masked(struct answer *a, const char *key, struct text value)
{
	struct buf masked;

	buf_init(&masked, a->max_bytes);
	a->masked += mask_json(value, &masked);
	json_key(&a->w, key);
	if (buf_complete(&masked) && masked.len > 0)
		json_put_raw(&a->w, buf_text(&masked));
	else
		json_put_null(&a->w);
	a->too_large = a->too_large || !buf_complete(&masked);
	buf_fini(&masked);
}

void answer_put_count(struct answer *a, const char *key, size_t count)
{
	json_key(&a->w, key);
	json_put_int(&a->w, (int64_t)count);
}

void answer_drop(struct answer *a)
{
	buf_fini(&a->out);
}

bool answer_finish(struct answer *a, struct result *res, struct error *err)
{
	json_object_end(&a->w);
	if (!a->too_large && buf_complete(&a->out)) {
		result_json_owned(res, &a->out);
		return true;
	}
	buf_fini(&a->out);
	return error_set(err, ERROR_UPSTREAM,
			 "Palette's answer is larger than spectrocloud.upstream.maxAnswerBytes "
			 "allows for");
}
