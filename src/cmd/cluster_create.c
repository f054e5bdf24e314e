/* cluster create: the file, the call, and what became of it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/visible.h"
#include "cmd/action.h"
#include "cmd/cluster.h"
#include "cmd/pretty.h"
#include "json/json.h"

/* ---- the file ---- */

static bool read_bytes(const struct cluster_work *work, struct text *bytes, struct error *err)
{
	const char *path = work->options->file;
	bool is_input = strcmp(path, "-") == 0;
	struct buf read;
	bool ok;

	if (is_input && isatty(STDIN_FILENO))
		fputs("cluster create: reads the cluster from the terminal; Ctrl-D ends it\n",
		      stderr);
	buf_init(&read, (size_t)work->config->max_body_bytes);
	ok = action_read(path, &read, err);
	if (ok)
		*bytes = arena_copy_text(work->arena, buf_text(&read));
	else
		error_in(err, "cannot read %s", is_input ? "standard input" : path);
	buf_fini(&read);
	return ok;
}

/* Says what is wrong with it; nothing more is to be said then. */
static bool read_body(const struct cluster_work *work, struct written *written, struct text *json,
		      int *status)
{
	const char *path = work->options->file;
	struct text bytes;
	struct error err;

	*status = CLUSTER_FAULTY;
	if (!read_bytes(work, &bytes, &err)) {
		cluster_say("create", err.message);
		return false;
	}
	if (!written_read(work->arena, strcmp(path, "-") == 0 ? "<stdin>" : path, bytes, written,
			  &err)) {
		cluster_print(stderr, "", err.message);
		fputs("spectrocloud-backend: nothing was created: the file cannot be read\n",
		      stderr);
		return false;
	}
	if (!written_json(written, (size_t)work->config->max_body_bytes, json, &err)) {
		(void)cluster_complain(work, written, TEXT("{}"), &err);
		return false;
	}
	if (json_type_of(*json) == JSON_TYPE_OBJECT)
		return true;
	error_set(&err, ERROR_INPUT, "no object");
	err.details = TEXT("{\"faults\":[{\"pointer\":\"\",\"message\":\"must be an object, with "
			   "cloudType at its top, or Palette's own with spec\"}]}");
	(void)cluster_complain(work, written, TEXT("{}"), &err);
	return false;
}

/* ---- the answer ---- */

static void print_json(struct text json)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	pretty_add_json(&out, json);
	buf_add_char(&out, '\n');
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
}

static void show_plan(const struct cluster_work *work, struct text plan)
{
	struct buf out;

	if (work->options->json || !isatty(STDOUT_FILENO)) {
		cluster_warn(work->arena, plan);
		print_json(plan);
		return;
	}
	buf_init(&out, SIZE_MAX);
	cluster_draw_plan(&out, work->arena, work->options, plan, action_width());
	fwrite(out.ptr, 1, out.len, stdout);
	buf_fini(&out);
}

/* What is followed is a line an object, so the answer is one, too. */
static void print_created_line(struct text answer, const char *name)
{
	struct json_writer w;
	struct buf shown;
	struct buf out;
	struct text value;

	buf_init(&out, SIZE_MAX);
	buf_init(&shown, SIZE_MAX);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_put_pair(&w, "event", "created");
	json_key(&w, "uid");
	json_put_raw(&w, json_member(answer, "uid", &value) ? value : TEXT("null"));
	json_put_pair(&w, "name", name);
	if (json_member(answer, "warnings", &value)) {
		json_key(&w, "warnings");
		json_put_raw(&w, value);
	}
	json_object_end(&w);
	visible_add_json(&shown, buf_text(&out));
	fprintf(stdout, "%s\n", shown.ptr);
	buf_fini(&shown);
	buf_fini(&out);
}

/* In a pipe the uid alone, for `uid=$(...)`. */
static void print_created(const struct cluster_work *work, struct text answer, const char *uid,
			  const char *name)
{
	FILE *to;

	if (work->options->json && work->options->wait) {
		print_created_line(answer, name);
		return;
	}
	if (work->options->json) {
		print_json(answer);
		return;
	}
	to = isatty(STDOUT_FILENO) ? stdout : stderr;
	fputs("created cluster ", to);
	visible_print(to, text_of(name));
	cluster_print(to, " ", uid);
	if (to == stderr)
		cluster_print(stdout, "", uid);
}

static int show_created(const struct cluster_work *work, struct text body, struct text answer)
{
	const char *uid = json_string_at(work->arena, answer, "/uid", "");
	const char *name = json_string_at(work->arena, body, "/name", NULL);
	bool apart = !work->options->json && !isatty(STDOUT_FILENO);
	struct cluster_followed followed = {
		.uid = uid, .is_new = true, .to = apart ? stderr : stdout};
	bool is_written;

	if (name == NULL)
		name = json_string_at(work->arena, body, "/metadata/name", "");
	cluster_warn(work->arena, answer);
	print_created(work, answer, uid, name);
	/* It is done, whatever comes next; and whoever waits for the uid may have to look for it.
	 */
	is_written = fflush(stdout) == 0 && !ferror(stdout);
	if (!work->options->wait && !work->options->json && !apart)
		cluster_say_how_to_wait(stdout, "To follow it:", work->options, uid);
	if (!work->options->wait)
		return is_written ? 0 : CLUSTER_UNKNOWN;
	followed.name = name;
	return cluster_follow(work, &followed);
}

/* ---- the call ---- */

static void add_input(struct call_input *inputs, size_t *count, struct text name, const char *value)
{
	if (value != NULL)
		inputs[(*count)++] =
			(struct call_input){.in = IN_QUERY, .name = name, .value = text_of(value)};
}

/* A create that is on its way is carried through, which takes as long as Palette does. */
static void say_at_interrupt(const struct cluster_work *work)
{
	if (!work->options->dry_run)
		interrupt_say(work->interrupt,
			      "spectrocloud-backend: interrupted; what Palette was asked to create "
			      "is waited for, and a second time ends this at once",
			      "spectrocloud-backend: nobody knows whether the cluster was created: "
			      "look for its name before trying again");
}

static int call(const struct cluster_work *work, const struct written *written, struct text body)
{
	struct call_input inputs[3];
	struct result res = {.status = 0};
	struct text answer;
	struct call call;
	struct error err = {.kind = ERROR_INTERNAL};
	int status = 0;
	bool ok;

	cluster_call(work, &call);
	add_input(inputs, &call.input_count, TEXT("dryRun"),
		  work->options->dry_run ? "true" : NULL);
	add_input(inputs, &call.input_count, TEXT("projectUid"), work->options->project);
	add_input(inputs, &call.input_count, TEXT("instance"), work->options->instance);
	call.inputs = inputs;
	call.body = body;
	say_at_interrupt(work);
	ok = op_run(cluster_op("cluster.create"), &call, &res, &err);
	interrupt_say(work->interrupt, NULL, NULL);
	if (!ok)
		return cluster_complain(work, written, body, &err);
	answer = res.body_owned.len > 0 ? buf_text(&res.body_owned) : res.body;
	if (work->options->dry_run)
		show_plan(work, answer);
	else
		status = show_created(work, body, answer);
	result_fini(&res);
	return status;
}

static int create(struct cluster_work *work)
{
	struct written written;
	struct text body;
	struct error err;
	int status;

	if (!read_body(work, &written, &body, &status))
		return status;
	if (cluster_open(work, &err)) {
		status = call(work, &written, body);
	} else {
		cluster_say("create", err.message);
		status = error_face(err.kind)->exit_status;
	}
	cluster_close(work);
	return status;
}

int cluster_create(const struct config *config, const struct cluster_options *options)
{
	struct arena arena;
	struct cluster_work work = {.config = config, .options = options, .arena = &arena};
	int status;

	arena_init(&arena);
	status = create(&work);
	arena_fini(&arena);
	return status;
}
