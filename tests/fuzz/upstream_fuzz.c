/*
 * Bytes as Palette's answers, and the catalog's, to whatever an operation asks: every operation
 * ends in an answer or in an error as errors are. A tool's answer fits its schema, a list holds
 * nothing twice, and no secret of the configuration is in anything.
 *
 * The first byte chooses the operation, the second which of its optional inputs are given. The rest
 * is cut at bytes 0x1E into answers; the last one is given from then on. The first character of an
 * answer is its status or its end, see `outcomes`.
 */
#include "fuzz/service.h"
#include "palette/seen.h"
#include "unit/op/fits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;

/* ---- what is answered ---- */

static const struct outcome {
	char letter;
	int status;
	enum http_fetch_end end;
	const char *retry_after;
} outcomes[] = {
	{'+', 200, HTTP_FETCH_DONE, NULL},
	{'1', 201, HTTP_FETCH_DONE, NULL},
	{'-', 204, HTTP_FETCH_DONE, NULL},
	{'3', 302, HTTP_FETCH_DONE, NULL},
	{'0', 400, HTTP_FETCH_DONE, NULL},
	{'?', 401, HTTP_FETCH_DONE, NULL},
	{'!', 403, HTTP_FETCH_DONE, NULL},
	{'4', 404, HTTP_FETCH_DONE, NULL},
	{'9', 409, HTTP_FETCH_DONE, NULL},
	{'2', 422, HTTP_FETCH_DONE, NULL},
	{'r', 429, HTTP_FETCH_DONE, "0"},
	{'R', 429, HTTP_FETCH_DONE, "Wed, 21 Oct 2076 07:28:00 GMT"},
	{'5', 500, HTTP_FETCH_DONE, NULL},
	{'6', 503, HTTP_FETCH_DONE, "2"},
	{'u', 0, HTTP_FETCH_UNREACHABLE, NULL},
	{'b', 0, HTTP_FETCH_BROKEN, NULL},
	{'s', 0, HTTP_FETCH_TOO_SLOW, NULL},
	{'l', 0, HTTP_FETCH_TOO_LARGE, NULL},
};

static struct text rest;
static struct text last;

static const struct outcome *outcome_of(struct text piece)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		if (piece.len > 0 && piece.ptr[0] == outcomes[i].letter)
			return &outcomes[i];
	return &outcomes[0];
}

static void answer_next(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	const struct outcome *outcome;

	(void)context;
	service_check_request(request);
	if (strcmp(request->host, "http://backstage.test") == 0 &&
	    strstr(request->path, "/catalog/") == NULL) {
		service_answer_backstage(&service, request, answer);
		return;
	}
	(void)text_next(&rest, '\x1E', &last);
	outcome = outcome_of(last);
	answer->end = outcome->end;
	answer->status = outcome->status;
	answer->retry_after = outcome->retry_after;
	buf_add(answer->body, text_slice(last, 1, SIZE_MAX));
}

/* ---- what is asked ---- */

enum { MOST_OPS = 256 };

static const struct op *ops[MOST_OPS];
static size_t op_count;

/* Those that ask Palette; what carries other operations is about them. */
static void collect(void)
{
	for (const struct op *const *op = op_all(); *op != NULL && op_count < MOST_OPS; op++)
		if (((*op)->flags & (OP_LOCAL | OP_CARRIER)) == 0)
			ops[op_count++] = *op;
}

/* Left out: what would only be refused, and what never ends. */
static bool is_given(const struct param *p, size_t index, uint8_t mask)
{
	static const char *const never[] = {"cursor", "follow", "after"};

	if (p->required || p->in == IN_WHOLE_BODY)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (strcmp(p->name, never[i]) == 0)
			return false;
	return (mask >> (index % 8) & 1) != 0;
}

/* Good values, as they stand in a path or a query. */
static const char *plain_value(const struct param *p)
{
	switch (p->type) {
	case PARAM_CHOICE:
		return p->choices[0];
	case PARAM_FLAG:
		return "true";
	case PARAM_NOT_FALSE:
		return "false";
	case PARAM_COUNT:
		return "2";
	case PARAM_EMAIL:
		return "ada@example.com";
	case PARAM_TEXT:
		return strncmp(p->name, "instance", strlen("instance")) == 0 ? "prod" : "one";
	default:
		return "u1";
	}
}

/* And as JSON. */
static const char *json_value(struct arena *a, const struct param *p)
{
	switch (p->type) {
	case PARAM_STRINGS:
		return "[\"u1\",\"u2\"]";
	case PARAM_FIELDS:
		return arena_printf(a, "[\"%s\"]", p->fields[0].name);
	case PARAM_SWITCH:
		return p->fallback != NULL && strcmp(p->fallback, "true") == 0 ? "false" : "true";
	case PARAM_COUNT:
		return "2";
	case PARAM_TIME:
		return "1";
	case PARAM_OBJECT:
		return p->in == IN_WHOLE_BODY || p->kinds != NULL ? CREATING_EKS : "{}";
	default:
		return arena_printf(a, "\"%s\"", plain_value(p));
	}
}

struct asked {
	struct call_input inputs[MAX_PARAMS];
	struct http_header headers[1];
	struct text header_names[1];
	struct buf object;
	struct json_writer writer;
};

static void give(struct arena *a, struct asked *asked, struct call *c, const struct param *p)
{
	switch (p->in) {
	case IN_PATH:
	case IN_QUERY:
		asked->inputs[c->input_count++] =
			(struct call_input){p->in, text_of(p->name), text_of(plain_value(p))};
		break;
	case IN_WHOLE_BODY:
		c->body = text_of(json_value(a, p));
		break;
	case IN_HEADER:
		break;
	default:
		json_key(&asked->writer, p->name);
		json_put_raw(&asked->writer, text_of(json_value(a, p)));
	}
}

/* Fills the call's inputs. */
static void ask(struct arena *a, struct asked *asked, struct call *c, const struct op *op,
		uint8_t mask)
{
	struct text object;

	c->inputs = asked->inputs;
	buf_init(&asked->object, 64 * 1024);
	json_writer_init(&asked->writer, &asked->object);
	json_object_begin(&asked->writer);
	for (size_t i = 0; op->params != NULL && op->params[i].name != NULL; i++)
		if (is_given(&op->params[i], i, mask))
			give(a, asked, c, &op->params[i]);
	json_object_end(&asked->writer);
	object = arena_copy_text(a, buf_text(&asked->object));
	buf_fini(&asked->object);
	if (op->tool != NULL)
		c->arguments = object;
	else if (c->body.len == 0)
		c->body = object;
}

/* ---- what comes of it ---- */

/* The first member is the list. */
static void check_list(struct arena *a, struct text value)
{
	struct palette_seen *seen = palette_seen_new();
	struct json_walk walk = json_walk_begin(value);
	struct text items = TEXT("");
	struct text item;
	struct text key;

	must(json_walk_member(&walk, &key, &items), "there is a list");
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item)) {
		const char *uid = json_string_at(a, item, "/metadata/uid", "");

		must(uid[0] == '\0' || palette_seen_add(seen, text_of(uid)),
		     "every item stands once");
	}
	palette_seen_free(seen);
}

static void check_result(struct arena *a, const struct op *op, const struct result *res)
{
	struct text body = res->body_owned.len > 0 ? buf_text(&res->body_owned) : res->body;
	struct error ignored;
	struct text value;

	must(res->status >= 200 && res->status < 300, "it went well");
	must(!service_holds_secret(body), "no secret is in it");
	if (op->content_type != NULL || body.len == 0)
		return;
	must(json_check(body, &value, &ignored), "it is JSON");
	if (op->tool != NULL && op->answer != NULL)
		must(fits_fields(a, op->answer, value), "it fits the tool's schema");
	if (op->tool == NULL && (op->flags & OP_LIST))
		check_list(a, value);
}

static void run(const struct op *op, uint8_t mask)
{
	struct arena arena = {0};
	struct asked asked = {.inputs = {{.in = IN_PATH}}};
	struct call c = {
		.services = &service.services,
		.arena = &arena,
		.id = "r1",
		.started_us = clock_now_us(),
		.deadline_ms = clock_now_ms() + service.config->request_timeout_ms,
		.identified = true,
		.admitted = true,
		.principal = {.kind = PRINCIPAL_SERVICE,
			      .subject = "external:free",
			      .external = &service.config->external[0]},
		.door = DOOR_SHELL,
	};
	struct result res = {.status = 0, .body = TEXT("")};
	struct error err = {.message = ""};

	buf_init(&res.body_owned, 0);
	ask(&arena, &asked, &c, op, mask);
	if (op_run(op, &c, &res, &err))
		check_result(&arena, op, &res);
	else
		service_check_error(&err);
	result_fini(&res);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (service.config == NULL) {
		service_open(&service, answer_next, NULL);
		collect();
	}
	if (size < 2 || service_holds_secret((struct text){(const char *)data, size}))
		return 0;
	rest = (struct text){(const char *)data + 2, size - 2};
	last = TEXT("");
	run(ops[data[0] % op_count], data[1]);
	service_forget(&service);
	return 0;
}
