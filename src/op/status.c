/* The status page of operators: its row, and who else may see it. */
#include "op/status.h"

#include <string.h>

#include "http/fields.h"
#include "base/loopback.h"
#include "op/rows.h"

bool status_answer(const struct op_services *services, struct arena *a,
		   const struct http_header *headers, size_t header_count,
		   struct status_answer *answer, struct error *err)
{
	bool json = http_accepts(headers, header_count, "application/json") &&
		    !http_accepts(headers, header_count, "text/html");
	struct status s;
	struct buf out;

	status_gather(services, a, &s);
	status_judge(a, &s);
	buf_init(&out, STATUS_LONGEST);
	if (json)
		status_write_json(&s, &out);
	else
		status_write_page(&s, &out);
	if (!buf_complete(&out)) {
		buf_fini(&out);
		return error_set(err, ERROR_INTERNAL, "there is more to say than fits");
	}
	*answer = (struct status_answer){
		.body = out, .content_type = json ? STATUS_JSON_TYPE : STATUS_PAGE_TYPE};
	return true;
}

static bool is_loopback_peer(const char *peer)
{
	return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

/* A browser here may have been led here by a name that a stranger has pointed at this machine, and
 * a proxy here may have passed on what strangers ask. */
bool status_is_local(const char *peer, const struct http_header *headers, size_t header_count)
{
	static const char *const passed_on[] = {"Forwarded", "Via", "X-Forwarded-For",
						"X-Forwarded-Host", "X-Real-IP"};
	const struct http_header *host = http_header_find(headers, header_count, "Host");

	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
		if (http_header_find(headers, header_count, passed_on[i]) != NULL)
			return false;
	if (strcmp(peer, "unix") == 0)
		return true;
	return is_loopback_peer(peer) && host != NULL && authority_is_loopback(host->value);
}

static bool service_status(struct call *c, struct result *res, struct error *err)
{
	struct status_answer answer = {.content_type = NULL};

	if (!status_answer(c->services, c->arena, c->headers, c->header_count, &answer, err))
		return false;
	res->content_type = answer.content_type;
	res->body_owned = answer.body;
	res->policy = status_policy();
	return true;
}

static const struct op_also as_json = {
	.status = 200,
	.when = "With Accept: application/json",
	.answer = status_fields,
};

const struct op status_ops[] = {
	{
		.name = "service.status",
		.summary = "Show operators how this process and its environments do",
		GET("/status"),
		.permission = PERMIT_OPERATORS,
		.flags = OP_FRONT | OP_LOCAL | OP_ALWAYS | OP_SECRET,
		.content_type = STATUS_PAGE_TYPE,
		.also = &as_json,
		.run = service_status,
	},
	{.name = NULL},
};
