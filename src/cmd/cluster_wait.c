/* cluster wait, and create --wait: until the cluster runs, fails, or somebody has waited enough. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/visible.h"
#include "cmd/cluster.h"
#include "cmd/progress.h"

enum { BACKLOG = 1000, LONGEST_COMMAND = 64 * 1024 };

/* ---- the work around it ---- */

bool cluster_open(struct cluster_work *work, struct error *err)
{
	work->cancel = http_cancel_new();
	/* A peer that closes its connection is no reason to end without a word. */
	signal(SIGPIPE, SIG_IGN);
	return interrupt_begin(work->cancel, &work->interrupt, err) &&
	       app_open_alone(work->config, &work->app, err);
}

void cluster_close(struct cluster_work *work)
{
	app_close(work->app);
	interrupt_end(work->interrupt);
	http_cancel_free(work->cancel);
}

void cluster_call(const struct cluster_work *work, struct call *call)
{
	app_local_call(work->app, work->arena, call);
	call->cancel = work->cancel;
}

const struct op *cluster_op(const char *name)
{
	for (const struct op *const *op = op_all(); *op != NULL; op++)
		if (strcmp((*op)->name, name) == 0)
			return *op;
	return NULL;
}

/* ---- how to go on ---- */

static const char again[] = "To follow it again:";

/* As a shell reads it back. */
static void add_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:=,@%+";

	buf_add_char(out, ' ');
	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		visible_add(out, text_of(word));
		return;
	}
	buf_add_char(out, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_add_string(out, "'\\''");
		else
			buf_add_char(out, *word);
	}
	buf_add_char(out, '\'');
}

static void add_option(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add_word(out, name);
	add_word(out, value);
}

void cluster_say_how_to_wait(FILE *to, const char *words, const struct cluster_options *options,
			     const char *uid)
{
	const struct options *common = options->common;
	struct buf out;

	buf_init(&out, LONGEST_COMMAND);
	buf_printf(&out, "%s spectrocloud-backend cluster wait", words);
	add_word(&out, uid);
	add_option(&out, "--project", options->project);
	add_option(&out, "--instance", options->instance);
	for (size_t i = 0; i < common->file_count; i++)
		add_option(&out, "--config", common->files[i]);
	for (size_t i = 0; i < common->override_count; i++)
		buf_add_string(&out, " --set ...");
	fprintf(to, "%s\n", out.ptr);
	buf_fini(&out);
}

/* ---- how it ended ---- */

static const char *print_duration(struct arena *a, int64_t ms)
{
	int64_t seconds = (ms + 500) / 1000;

	if (seconds < 60)
		return arena_printf(a, "%d s", (int)seconds);
	if (seconds < 3600)
		return arena_printf(a, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
	return arena_printf(a, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
}

static int status_of_end(const struct cluster_work *work, const struct follow_end *end)
{
	int number = interrupt_signal(work->interrupt);

	switch (end->reason) {
	case FOLLOW_RUNNING:
		return 0;
	case FOLLOW_FAILED:
	case FOLLOW_DELETED:
		return CLUSTER_BROKEN;
	case FOLLOW_TIME_UP:
		return CLUSTER_TIME_UP;
	default:
		return number != 0 ? CLUSTER_BY_SIGNAL + number : CLUSTER_UNFOLLOWED;
	}
}

static const char *sentence_of(const struct cluster_work *work, const char *name,
			       const struct follow_end *end, int64_t took_ms)
{
	const char *took = print_duration(work->arena, took_ms);

	switch (end->reason) {
	case FOLLOW_RUNNING:
		return arena_printf(work->arena, "%s runs (%s)", name, took);
	case FOLLOW_FAILED:
		return arena_printf(work->arena, "%s has failed (%s): %s", name, took,
				    end->message);
	case FOLLOW_DELETED:
		return arena_printf(work->arena, "%s was deleted (%s)", name, took);
	case FOLLOW_TIME_UP:
		return arena_printf(work->arena, "%s is not ready after %s: its state is %s", name,
				    took, *end->state == '\0' ? "not known" : end->state);
	case FOLLOW_LEFT:
		return arena_printf(
			work->arena,
			"interrupted: no longer following %s, which goes on without this "
			"command",
			name);
	default:
		return arena_printf(work->arena, "cannot follow %s any more: %s", name,
				    end->message);
	}
}

/* Whether there may be more to see later. */
static bool may_go_on(enum follow_reason reason)
{
	return reason != FOLLOW_RUNNING && reason != FOLLOW_FAILED && reason != FOLLOW_DELETED;
}

/* ---- following ---- */

static bool follow(const struct cluster_work *work, const struct cluster_followed *followed,
		   struct progress *progress, struct follow_end *end, struct error *err)
{
	const struct follow_sink sink = progress_sink(progress);
	const struct follow_options options = {
		.backlog = followed->is_new ? BACKLOG : 0,
		.deadline_ms = clock_now_ms() + work->options->timeout_ms,
		.quiet_ms = progress_quiet_ms(progress),
	};
	struct call call;

	cluster_call(work, &call);
	call.op = cluster_op("cluster.get");
	return call_choose_environment(&call, "--instance", work->options->instance, err) &&
	       follow_cluster(&call, work->options->project, followed->uid, &options, &sink, end,
			      err);
}

/* It was not even seen once. */
static int not_begun(const struct cluster_work *work, const struct cluster_followed *followed,
		     struct error *err)
{
	int number = interrupt_signal(work->interrupt);

	if (err->reauthenticate)
		error_in(err, "SPECTROCLOUD_TOKEN");
	if (number == 0)
		cluster_say("wait", err->message);
	if (number == 0 && work->options->project == NULL &&
	    (err->upstream_status == 403 || err->upstream_status == 404))
		fputs("spectrocloud-backend: that is in the tenant's scope; --project UID names a "
		      "project\n",
		      stderr);
	if (number != 0 || followed->is_new)
		cluster_say_how_to_wait(stderr, again, work->options, followed->uid);
	if (number != 0)
		return CLUSTER_BY_SIGNAL + number;
	return followed->is_new ? CLUSTER_UNFOLLOWED : error_face(err->kind)->exit_status;
}

int cluster_follow(const struct cluster_work *work, const struct cluster_followed *followed)
{
	const char *name = followed->name != NULL ? followed->name : followed->uid;
	int64_t started_ms = clock_now_ms();
	struct progress *progress = progress_new(
		followed->to, progress_look_of(followed->to, work->options->json), name);
	struct follow_end end;
	struct error err;
	int status;

	if (!follow(work, followed, progress, &end, &err)) {
		progress_free(progress);
		return not_begun(work, followed, &err);
	}
	progress_end(progress, followed->uid, &end, end.reason == FOLLOW_RUNNING,
		     sentence_of(work, name, &end, clock_now_ms() - started_ms));
	progress_free(progress);
	status = status_of_end(work, &end);
	if (may_go_on(end.reason))
		cluster_say_how_to_wait(stderr, again, work->options, followed->uid);
	return status;
}

int cluster_wait(const struct config *config, const struct cluster_options *options,
		 const char *uid)
{
	const char *problem = param_identifier_problem(text_of(uid));
	struct cluster_followed followed = {.uid = uid, .to = stdout};
	struct arena arena;
	struct cluster_work work = {.config = config, .options = options, .arena = &arena};
	struct error err;
	int status;

	if (problem == NULL && options->project != NULL &&
	    (problem = param_identifier_problem(text_of(options->project))) != NULL) {
		fprintf(stderr, "spectrocloud-backend: --project %s\n", problem);
		return CLUSTER_FAULTY;
	}
	if (problem != NULL) {
		fprintf(stderr, "spectrocloud-backend: the cluster's UID %s\n", problem);
		return CLUSTER_FAULTY;
	}
	arena_init(&arena);
	if (cluster_open(&work, &err)) {
		status = cluster_follow(&work, &followed);
	} else {
		cluster_say("wait", err.message);
		status = error_face(err.kind)->exit_status;
	}
	cluster_close(&work);
	arena_fini(&arena);
	return status;
}
