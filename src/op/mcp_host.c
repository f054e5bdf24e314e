/* Runs the tools that MCP's clients call, and knows which calls are running. */
#include "op/mcp_host.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "json/json.h"

enum {
	QUIET_MS = 15 * 1000,
	LONGEST_INSTRUCTIONS = 16 * 1024,
	LONGEST_EXPLANATION = 64 * 1024,
	LONGEST_NOTIFICATION = 16 * 1024,
};

/* The calls that run; hosts that follow one another know the same. */
struct mcp_runs {
	atomic_uint hosts;
	pthread_mutex_t lock; /* guards the next, and that one message is sent after the other */
	struct mcp_run *first;
};

struct mcp_host {
	const struct toolbox *box;
	struct mcp_server server;
	struct buf instructions;
	struct mcp_runs *runs;
};

/* ---- what a model is told before anything else ---- */

static void list_writing(struct buf *out, const struct toolbox *box)
{
	size_t count = 0;

	for (const struct op *const *op = toolbox_offered(box, DOOR_MCP); *op != NULL; op++) {
		if (((*op)->tool->does & TOOL_WRITES) == 0)
			continue;
		buf_printf(out, "%s%s", count++ == 0 ? " These change something: " : ", ",
			   (*op)->tool->name);
	}
	buf_add_string(out, count == 0 ? " All of them only read." : "; all others only read.");
}

static void write_instructions(struct buf *out, const struct toolbox *box)
{
	buf_add_string(
		out,
		"Tools for Kubernetes clusters that Spectro Cloud Palette manages: clusters, "
		"virtual clusters, cluster groups, cluster profiles, cloud accounts and "
		"projects. Clusters and profiles are meant by the name that the catalog shows, "
		"other objects by their uid; most belong to a project, whose UID goes with a "
		"uid: find both with a tool that lists. Long lists "
		"come in pages: while there is a nextCursor, there is more.");
	list_writing(out, box);
}

static struct mcp_runs *runs_new(void)
{
	struct mcp_runs *runs = heap_alloc(sizeof *runs);

	runs->first = NULL;
	atomic_init(&runs->hosts, 0);
	pthread_mutex_init(&runs->lock, NULL);
	return runs;
}

static void runs_leave(struct mcp_runs *runs)
{
	if (atomic_fetch_sub(&runs->hosts, 1) > 1)
		return;
	pthread_mutex_destroy(&runs->lock);
	free(runs);
}

struct mcp_host *mcp_host_new(const struct toolbox *box)
{
	return mcp_host_new_after(NULL, box);
}

struct mcp_host *mcp_host_new_after(struct mcp_host *before, const struct toolbox *box)
{
	struct mcp_host *host = heap_alloc(sizeof *host);

	host->box = box;
	host->runs = before == NULL ? runs_new() : before->runs;
	atomic_fetch_add(&host->runs->hosts, 1);
	buf_init(&host->instructions, LONGEST_INSTRUCTIONS);
	write_instructions(&host->instructions, box);
	host->server = (struct mcp_server){
		.name = "spectrocloud-backend",
		.title = "Spectro Cloud Palette",
		.version = PROJECT_VERSION,
		.instructions = host->instructions.ptr,
		.tools = toolbox_tools(box),
	};
	return host;
}

void mcp_host_free(struct mcp_host *host)
{
	if (host == NULL)
		return;
	runs_leave(host->runs);
	buf_fini(&host->instructions);
	free(host);
}

const struct mcp_server *mcp_host_server(const struct mcp_host *host)
{
	return &host->server;
}

/* ---- the calls that run ---- */

void mcp_run_begin(struct mcp_host *host, struct mcp_run *run)
{
	struct mcp_runs *runs = host->runs;

	run->host = host;
	run->said_ms = clock_now_ms();
	pthread_mutex_lock(&runs->lock);
	run->next = runs->first;
	run->link = &runs->first;
	if (run->next != NULL)
		run->next->link = &run->next;
	runs->first = run;
	pthread_mutex_unlock(&runs->lock);
}

void mcp_run_end(struct mcp_run *run)
{
	pthread_mutex_lock(&run->host->runs->lock);
	*run->link = run->next;
	if (run->next != NULL)
		run->next->link = run->link;
	pthread_mutex_unlock(&run->host->runs->lock);
}

static bool is_same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static struct text user_agent(const struct call *c)
{
	const struct http_header *found =
		http_header_find(c->headers, c->header_count, "User-Agent");

	return found == NULL ? TEXT("") : found->value;
}

static bool is_same_client(const struct call *a, const struct call *b)
{
	return is_same(a->principal.subject, b->principal.subject) &&
	       is_same(a->principal.actor, b->principal.actor) && is_same(a->peer, b->peer) &&
	       text_equal(a->authorization, b->authorization) &&
	       text_equal(user_agent(a), user_agent(b));
}

void mcp_host_cancel(struct mcp_host *host, const struct call *c, struct text id)
{
	struct mcp_run *found = NULL;
	size_t count = 0;

	pthread_mutex_lock(&host->runs->lock);
	for (struct mcp_run *run = host->runs->first; run != NULL; run = run->next) {
		if (!run->by_id || !text_equal(run->message->id, id) ||
		    !is_same_client(run->call, c))
			continue;
		found = run;
		count++;
	}
	if (count == 1)
		http_cancel_set(found->call->cancel);
	pthread_mutex_unlock(&host->runs->lock);
}

void mcp_host_cancel_all(struct mcp_host *host)
{
	pthread_mutex_lock(&host->runs->lock);
	for (struct mcp_run *run = host->runs->first; run != NULL; run = run->next)
		http_cancel_set(run->call->cancel);
	pthread_mutex_unlock(&host->runs->lock);
}

bool mcp_host_is_busy(struct mcp_host *host)
{
	bool busy;

	pthread_mutex_lock(&host->runs->lock);
	busy = host->runs->first != NULL;
	pthread_mutex_unlock(&host->runs->lock);
	return busy;
}

void mcp_host_look_around(struct mcp_host *host)
{
	int64_t now_ms = clock_now_ms();

	pthread_mutex_lock(&host->runs->lock);
	for (struct mcp_run *run = host->runs->first; run != NULL; run = run->next) {
		if (run->keep_alive == NULL || now_ms - run->said_ms < QUIET_MS)
			continue;
		run->said_ms = now_ms;
		run->keep_alive(run->context);
	}
	pthread_mutex_unlock(&host->runs->lock);
}

/* A palette_progress_fn. */
static void report(void *context, int64_t done, int64_t total, const char *message)
{
	struct mcp_run *run = context;
	struct buf out;

	buf_init(&out, LONGEST_NOTIFICATION);
	if (mcp_put_progress(&out, run->message, done, total, message) && buf_complete(&out)) {
		pthread_mutex_lock(&run->host->runs->lock);
		run->said_ms = clock_now_ms();
		run->notify(run->context, buf_text(&out));
		pthread_mutex_unlock(&run->host->runs->lock);
	}
	buf_fini(&out);
}

/* ---- outcomes ---- */

/* What the message had no room for. */
static void add_candidates(struct buf *out, struct arena *a, struct text details)
{
	const char *separator = "\nCandidates: ";
	struct json_walk walk;
	struct text list;
	struct text item;
	struct text name;

	if (details.len == 0 || !json_member(details, "candidates", &list) ||
	    json_type_of(list) != JSON_TYPE_ARRAY)
		return;
	walk = json_walk_begin(list);
	while (json_walk_item(&walk, &item)) {
		if (!json_unescape(a, item, &name))
			continue;
		buf_add_string(out, separator);
		buf_add(out, name);
		separator = ", ";
	}
}

/* Why it did not work, and what the model, or the person behind it, may do. */
static const char *explain(const struct call *c, const struct error *err)
{
	struct buf out;
	const char *text;

	buf_init(&out, LONGEST_EXPLANATION);
	buf_add_string(&out, err->message);
	if (err->reauthenticate && !c->local)
		buf_add_string(&out,
			       "\nThe user has to sign in to Palette in Backstage; call again "
			       "after that.");
	if (err->kind == ERROR_UNAVAILABLE && err->retry_after_s > 0)
		buf_printf(&out, "\nTry again in %d seconds.", err->retry_after_s);
	add_candidates(&out, c->arena, err->details);
	text = arena_copy(c->arena, buf_text(&out));
	buf_fini(&out);
	return text;
}

static void put_outcome(struct mcp_host *host, struct call *c, const struct mcp_message *m,
			const struct op *op, struct buf *answer)
{
	struct result res = {.status = 0};
	struct error err;

	buf_init(&res.body_owned, 0);
	if (tool_run(c, DOOR_MCP, op, m->arguments, &res, &err))
		mcp_put_tool_result(answer, &host->server, m,
				    res.body_owned.len > 0 ? buf_text(&res.body_owned) : res.body,
				    NULL);
	else
		mcp_put_tool_error(answer, &host->server, m, explain(c, &err));
	result_fini(&res);
}

void mcp_run(struct mcp_run *run, struct buf *answer)
{
	struct mcp_host *host = run->host;
	struct call *c = run->call;
	const struct op *op = toolbox_find(host->box, DOOR_MCP, text_of(run->message->tool));

	if (op == NULL) {
		mcp_put_error(answer, run->message->id, MCP_INVALID_PARAMS,
			      "There is no such tool; tools/list names those that there are",
			      (struct text){NULL, 0});
		return;
	}
	if (run->notify != NULL && run->message->progress_token.ptr != NULL) {
		c->progress = report;
		c->progress_context = run;
	}
	put_outcome(host, c, run->message, op, answer);
}
