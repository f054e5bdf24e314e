/* Reads a call's inputs as its row declares them, and names every fault at once. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "op/param_value.h"
#include "json/json.h"

enum {
	LONGEST_SHOWN = 64, /* of a name that is not ours */
	LONGEST_FAULTS = 64 * 1024,
	MOST_FAULTS = 64,
};

/* What is wrong so far: sentences for people, objects for programs. */
struct faults {
	struct buf message;
	struct buf details;
	size_t count;
};

const char *param_place(enum param_in in)
{
	switch (in) {
	case IN_PATH:
		return "path";
	case IN_QUERY:
		return "query";
	case IN_ARGUMENT:
		return "input";
	case IN_HEADER:
		return "header";
	default:
		return "body";
	}
}

static void add_fault(struct faults *f, const struct param *param, const char *problem)
{
	struct json_writer w;

	buf_printf(&f->message, "%s%s (in the %s) %s", f->count == 0 ? "" : "; ", param->name,
		   param_place(param->in), problem);
	if (f->count++ > 0)
		buf_add_char(&f->details, ',');
	json_writer_init(&w, &f->details);
	json_object_begin(&w);
	json_key(&w, "field");
	json_put_cstr(&w, param->name);
	json_key(&w, "in");
	json_put_cstr(&w, param_place(param->in));
	json_key(&w, "message");
	json_put_cstr(&w, problem);
	json_object_end(&w);
}
/* ---- headers ---- */

static const struct http_header *find_header(const struct call *c, const char *name, size_t *count)
{
	const struct http_header *found = NULL;

	*count = 0;
	for (size_t i = 0; i < c->header_count; i++) {
		if (!text_equal_nocase(c->headers[i].name, text_of(name)))
			continue;
		found = &c->headers[i];
		++*count;
	}
	return found;
}

/* One that is empty is a fault: whoever sends it has meant to say something. */
static void read_header(struct call *c, const struct param *param, struct value *value,
			struct faults *faults)
{
	size_t count;
	const struct http_header *found = find_header(c, param->name, &count);
	const char *problem = NULL;

	if (count > 1)
		problem = "was given more than once";
	else if (found == NULL && param->required)
		problem = "is required";
	else if (found != NULL && param->type == PARAM_KEY)
		problem = param_read_key(c->arena, text_trim(found->value), value);
	else if (found != NULL)
		problem = param_read_text(c->arena, param, text_trim(found->value), value);
	if (problem != NULL)
		add_fault(faults, param, problem);
}

/* ---- where they come from ---- */

/* An empty identifier where something is to be changed: perhaps a script's variable that is not
 * set, and then the wrong thing would be. */
static bool is_unset(const struct call *c, const struct param *param, struct text value)
{
	return param->in == IN_QUERY && param->type == PARAM_IDENTIFIER && value.ptr != NULL &&
	       value.len == 0 && (c->op->flags & OP_STRICT) != 0;
}

static void read_path_or_query(struct call *c, const struct param *param, struct value *value,
			       struct faults *faults)
{
	const struct call_input *found = NULL;
	const char *problem;

	for (size_t i = 0; i < c->input_count; i++) {
		const struct call_input *input = &c->inputs[i];

		if (input->in != param->in || !text_is(input->name, param->name))
			continue;
		if (found != NULL) {
			add_fault(faults, param, "was given more than once");
			return;
		}
		found = input;
	}
	if (found != NULL && param->type == PARAM_FLAG) {
		problem = param_read_flag(found->value, value);
		if (problem != NULL)
			add_fault(faults, param, problem);
		return;
	}
	if (found != NULL && is_unset(c, param, found->value)) {
		add_fault(faults, param, "must not be empty: leave it out, or say what is meant");
		return;
	}
	/* An empty query value is how forms say that there is none. */
	if (found != NULL &&
	    (found->value.ptr == NULL || found->value.len > 0 || param->in == IN_PATH)) {
		problem = param_read_text(c->arena, param, found->value, value);
		if (problem != NULL)
			add_fault(faults, param, problem);
	} else if (param->fallback != NULL) {
		(void)param_read_text(c->arena, param, text_of(param->fallback), value);
	} else if (param->required) {
		add_fault(faults, param, "is required");
	}
}

static void read_fallback(struct call *c, const struct param *param, struct value *value)
{
	if (param_is_textual(param))
		(void)param_read_text(c->arena, param, text_of(param->fallback), value);
	else
		(void)param_read_json(c->arena, param, text_of(param->fallback), value);
}

static void read_member(struct call *c, const struct param *param, struct text body,
			struct value *value, struct faults *faults)
{
	struct json_walk walk = json_walk_begin(body);
	struct text found = {NULL, 0};
	struct text key;
	struct text member;
	const char *problem;

	while (json_walk_member(&walk, &key, &member)) {
		if (!json_string_is(key, param->name))
			continue;
		if (found.ptr != NULL) {
			add_fault(faults, param, "was given more than once");
			return;
		}
		found = member;
	}
	if (found.ptr == NULL) {
		if (param->fallback != NULL)
			read_fallback(c, param, value);
		else if (param->required)
			add_fault(faults, param, "is required");
		return;
	}
	problem = param_read_json(c->arena, param, found, value);
	if (problem != NULL)
		add_fault(faults, param, problem);
}

static const struct param *find_param(const struct op *op, enum param_in in, struct text name)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (p->in == in && text_is(name, p->name))
			return p;
	return NULL;
}

static void add_unknown(const struct call *c, enum param_in in, struct text name,
			struct faults *faults)
{
	const struct param unknown = {
		.name = name.len <= LONGEST_SHOWN ? arena_copy(c->arena, name)
						  : "a parameter with a long name",
		.in = in,
	};

	add_fault(faults, &unknown, "is not a parameter here");
}

/* A misspelt parameter of an operation that changes something is not passed over. */
static void refuse_unknown(const struct call *c, const struct op *op, struct faults *faults)
{
	for (size_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].in == IN_QUERY &&
		    find_param(op, IN_QUERY, c->inputs[i].name) == NULL)
			add_unknown(c, IN_QUERY, c->inputs[i].name, faults);
}

/* Nor is one that stands in the body, where nobody would look for it: {"dryRun":true} creates. */
static void refuse_misplaced(const struct call *c, const struct op *op, struct text body,
			     struct faults *faults)
{
	struct json_walk walk = json_walk_begin(body);
	const struct param *param;
	struct text value;
	struct text name;
	struct text key;

	while (faults->count < MOST_FAULTS && json_walk_member(&walk, &key, &value)) {
		struct param misplaced;

		if (!json_unescape(c->arena, key, &name))
			continue;
		param = find_param(op, IN_QUERY, name);
		if (param == NULL)
			continue;
		misplaced = *param;
		misplaced.in = IN_BODY;
		add_fault(faults, &misplaced, "goes into the query, not here");
	}
}

/* Nor is one of a tool: a model that misspells it would take the answer for what it asked for. */
static void refuse_unknown_arguments(const struct call *c, const struct op *op,
				     struct faults *faults)
{
	struct json_walk walk = json_walk_begin(c->arguments);
	struct text value;
	struct text name;
	struct text key;

	while (faults->count < MOST_FAULTS && json_walk_member(&walk, &key, &value)) {
		if (!json_unescape(c->arena, key, &name))
			name = TEXT("");
		if (find_param(op, IN_ARGUMENT, name) == NULL)
			add_unknown(c, IN_ARGUMENT, name, faults);
	}
}

static bool wants_body(const struct op *op)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (p->in == IN_BODY || p->in == IN_WHOLE_BODY)
			return true;
	return false;
}

/* The body as one JSON object; an empty one counts as {}. */
static bool read_body(const struct call *c, struct text *body, struct error *err)
{
	struct text trimmed = text_trim(c->body);

	if (trimmed.len == 0) {
		*body = TEXT("{}");
		return true;
	}
	if (!json_check(trimmed, body, err))
		return error_in(err, "The body is not valid JSON");
	if (json_type_of(*body) != JSON_TYPE_OBJECT)
		return error_set(err, ERROR_INPUT, "The body must be a JSON object");
	return true;
}

static bool report(struct call *c, struct faults *faults, struct error *err)
{
	if (faults->count == 0)
		return true;
	error_set(err, ERROR_INPUT, "%s", faults->message.ptr);
	err->details = text_of(arena_printf(c->arena, "{\"faults\":[%s]}", faults->details.ptr));
	return false;
}

bool call_read_params(struct call *c, const struct op *op, struct error *err)
{
	struct text body = TEXT("{}");
	struct faults faults = {.count = 0};
	bool ok;

	if (op->params == NULL && op->tool == NULL)
		return true;
	if (wants_body(op) && !read_body(c, &body, err))
		return false;
	buf_init(&faults.message, LONGEST_FAULTS);
	buf_init(&faults.details, LONGEST_FAULTS);
	for (size_t i = 0; op->params != NULL && op->params[i].name != NULL; i++) {
		const struct param *param = &op->params[i];

		if (param->in == IN_PATH || param->in == IN_QUERY)
			read_path_or_query(c, param, &c->values[i], &faults);
		else if (param->in == IN_HEADER)
			read_header(c, param, &c->values[i], &faults);
		else if (param->in == IN_BODY)
			read_member(c, param, body, &c->values[i], &faults);
		else if (param->in == IN_ARGUMENT)
			read_member(c, param, c->arguments, &c->values[i], &faults);
		else
			c->values[i] = (struct value){.given = true, .json = body};
	}
	if (op->flags & OP_STRICT) {
		refuse_unknown(c, op, &faults);
		refuse_misplaced(c, op, body, &faults);
	}
	if (op->tool != NULL)
		refuse_unknown_arguments(c, op, &faults);
	ok = report(c, &faults, err);
	buf_fini(&faults.message);
	buf_fini(&faults.details);
	return ok;
}

bool call_refuse(struct call *c, const char *param, const char *problem, struct error *err)
{
	struct faults faults = {.count = 0};

	buf_init(&faults.message, LONGEST_FAULTS);
	buf_init(&faults.details, LONGEST_FAULTS);
	for (const struct param *p = c->op->params; p->name != NULL; p++)
		if (strcmp(p->name, param) == 0)
			add_fault(&faults, p, problem);
	assert(faults.count > 0 && "a handler refuses a parameter that its row does not have");
	(void)report(c, &faults, err);
	buf_fini(&faults.message);
	buf_fini(&faults.details);
	return false;
}

bool op_holds_thread(const struct op *op, const struct call *c)
{
	const struct param *param = find_param(op, IN_QUERY, TEXT("follow"));
	struct value value = {.given = false};

	if ((op->flags & OP_FOLLOWS) == 0 || param == NULL)
		return false;
	for (size_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].in == IN_QUERY && text_is(c->inputs[i].name, param->name))
			return param_read_flag(c->inputs[i].value, &value) == NULL && value.boolean;
	return false;
}

/* ---- for handlers ---- */

static const struct value *value_of(const struct call *c, const char *name)
{
	for (size_t i = 0; c->op->params != NULL && c->op->params[i].name != NULL; i++)
		if (strcmp(c->op->params[i].name, name) == 0)
			return &c->values[i];
	assert(false && "a handler asks for a parameter that its row does not have");
	return NULL;
}

const char *call_string(const struct call *c, const char *param)
{
	return value_of(c, param)->string;
}

bool call_bool(const struct call *c, const char *param)
{
	return value_of(c, param)->boolean;
}

int64_t call_number(const struct call *c, const char *param)
{
	return value_of(c, param)->number;
}

const char *const *call_strings(const struct call *c, const char *param, size_t *count)
{
	const struct value *value = value_of(c, param);

	*count = value->count;
	return value->strings;
}

struct text call_json(const struct call *c, const char *param)
{
	return value_of(c, param)->json;
}
