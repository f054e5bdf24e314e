/* The status page of operators: its row, and who else may see it. */
#include "op/status.h"

#include <string.h>

#include "base/loopback.h"
#include "http/fields.h"
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

/* By what proxies add, those of a service mesh beside each process included. */
static bool is_passed_on(struct text header)
{
	static const char *const names[] = {"Forwarded", "Via", "X-Real-IP"};
	static const char *const beginnings[] = {"X-Forwarded-", "X-Envoy-"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (text_equal_nocase(header, text_of(names[i])))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		if (text_equal_nocase(text_slice(header, 0, strlen(beginnings[i])),
				      text_of(beginnings[i])))
			return true;
	return false;
}

/* A browser here may have been led here by a name that a stranger has pointed at this machine, and
 * a proxy here may have passed on what strangers ask. */
bool status_is_local(const char *peer, const struct http_header *headers, size_t header_count)
{
	const struct http_header *host = http_header_find(headers, header_count, "Host");

	for (size_t i = 0; i < header_count; i++)
		if (is_passed_on(headers[i].name))
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
