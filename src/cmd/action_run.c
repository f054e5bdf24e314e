/* action run: the call, and what became of it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/app.h"
#include "base/visible.h"
#include "cmd/action.h"
#include "cmd/pretty.h"
#include "json/json.h"

size_t action_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* ---- errors ---- */

struct asked {
	const struct config *config;
	const struct op *op;
	const struct action_options *options;
	struct arena *arena;
};

static void complain(const char *name, const char *message)
{
	fprintf(stderr, "spectrocloud-backend: %s: ", name);
	visible_print(stderr, text_of(message));
	fputc('\n', stderr);
}

static bool has_param(const struct op *op, const char *name)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

static const char *similar_param(const struct op *op, const char *name)
{
	const char *similar = NULL;
	unsigned least = 3;

	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++) {
		unsigned distance = text_distance(text_of(name), text_of(p->name));

		if (distance < least) {
			similar = p->name;
			least = distance;
		}
	}
	return similar;
}

static void print_fault(const struct asked *asked, struct text fault)
{
	/* Either a whole input, or a place inside of one. */
	const char *place = json_string_at(asked->arena, fault, "/pointer", NULL);
	const char *name = json_string_at(asked->arena, fault, "/field", place);
	const char *message = json_string_at(asked->arena, fault, "/message", "");
	const char *similar =
		place != NULL || has_param(asked->op, name) ? NULL : similar_param(asked->op, name);
	bool typed =
		place == NULL && (asked->options->input == NULL ||
				  action_has_argument(&asked->options->arguments, text_of(name)));
	struct buf line;

	buf_init(&line, SIZE_MAX);
	buf_add_string(&line, typed ? "  --arg " : "  ");
	visible_add(&line, text_of(name));
	buf_add_char(&line, ' ');
	visible_add(&line, text_of(message));
	if (similar != NULL)
		buf_printf(&line, "; did you mean %s?", similar);
	fprintf(stderr, "%s\n", line.ptr);
	buf_fini(&line);
}

static int fail(const struct asked *asked, const struct error *err)
{
	struct text faults = TEXT("[]");
	struct json_walk walk;
	struct text fault;
	bool any = false;

	(void)json_member(err->details, "faults", &faults);
	walk = json_walk_begin(faults);
	while (json_walk_item(&walk, &fault)) {
		if (!any)
			fprintf(stderr,
				"spectrocloud-backend: %s was not run: its inputs have faults\n",
				asked->op->tool->name);
		any = true;
		print_fault(asked, fault);
	}
	if (!any)
		complain(asked->op->tool->name, err->message);
	return error_face(err->kind)->exit_status;
}

/* ---- inputs ---- */

static bool read_object(const struct asked *asked, struct text *object, struct error *err)
{
	const char *path = asked->options->input;
	const char *name = path == NULL || strcmp(path, "-") != 0 ? path : "standard input";
	struct buf bytes;
	struct text copy;

	*object = TEXT("{}");
	if (path == NULL)
		return true;
	buf_init(&bytes, (size_t)asked->config->max_body_bytes);
	if (!action_read(path, &bytes, err)) {
		buf_fini(&bytes);
		return error_in(err, "--input: cannot read %s", name);
	}
	copy = arena_copy_text(asked->arena, buf_text(&bytes));
	buf_fini(&bytes);
	if (!json_check(copy, object, err))
		return error_in(err, "--input: %s is not valid JSON", name);
	if (json_type_of(*object) != JSON_TYPE_OBJECT)
		return error_set(err, ERROR_INPUT, "--input: %s must hold a JSON object", name);
	return true;
}

/* ---- the run ---- */

static void print_answer(const struct asked *asked, struct text answer)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	if (asked->options->json || !isatty(STDOUT_FILENO)) {
		pretty_add_json(&out, answer);
		buf_add_char(&out, '\n');
	} else {
		action_draw(&out, asked->arena, asked->op, answer, action_width());
	}
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
}

static int call(const struct asked *asked, const struct app *app, struct text input)
{
	struct result res = {.status = 0};
	struct call caller;
	struct error err;

	app_local_call(app, asked->arena, &caller);
	if (!tool_run(&caller, DOOR_SHELL, asked->op, input, &res, &err)) {
		if (err.reauthenticate)
			error_in(&err, "SPECTROCLOUD_TOKEN");
		return fail(asked, &err);
	}
	/* Whoever reads the answer may have enough of it. */
	signal(SIGPIPE, SIG_DFL);
	print_answer(asked, res.body_owned.len > 0 ? buf_text(&res.body_owned) : res.body);
	result_fini(&res);
	return 0;
}

static int run_with(const struct asked *asked)
{
	struct text object;
	struct text input;
	struct error err;
	struct app *app;
	int status;

	if (!read_object(asked, &object, &err) ||
	    !action_input(asked->arena, asked->op, &asked->options->arguments, object, &input,
			  &err) ||
	    !app_open_alone(asked->config, &app, &err))
		return fail(asked, &err);
	/* A peer that closes its connection is no reason to end without a word. */
	signal(SIGPIPE, SIG_IGN);
	status = call(asked, app, input);
	app_close(app);
	return status;
}

int action_run(const struct config *config, const struct op *op,
	       const struct action_options *options)
{
	struct arena arena;
	struct asked asked = {.config = config, .op = op, .options = options, .arena = &arena};
	int status;

	arena_init(&arena);
	status = run_with(&asked);
	arena_fini(&arena);
	return status;
}
