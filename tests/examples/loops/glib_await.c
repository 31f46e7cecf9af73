/* SPDX-License-Identifier: 0BSD */
/*
 * A server inside GLib's main loop whose handler sends a request to another server, on a thread,
 * for each of its replies.  Waiting would stop the loop, so the handler suspends, and is resumed
 * when the answer has arrived.  Until then it handles no further message; [suspend].
 */
#include "load.h"

#include <glib-unix.h>

/* The code that callers get if the clerk cannot send its request. */
#define CLERK_FAILED 1

struct clerk {
	GMainLoop *loop;
	ump_task *task;
	struct pulse pulse;
	/* A client of the other server, and the completions that receive its answers. */
	ump_client *adder;
	ump_completions *completions;
	/* The suspended handler, and the reply context of its message. */
	ump_suspension *suspension;
	ump_reply_context *rc;
};

/* ---- The handler --------------------------------------------------------------------------- */

static void answer(struct clerk *clerk, const struct ump_completion *done)
{
	if (done->result == UMP_OK)
		(void)ump_reply(&clerk->rc, done->reply); /* no caller gives up here */
	else
		(void)ump_reply_fail(&clerk->rc, CLERK_FAILED);
	must_ok(ump_task_resume(&clerk->suspension, ump_continue()), "going on");
}

static struct ump_flow pass_on(void *self, const void *msg, ump_reply_context **rc)
{
	struct clerk *clerk = self;
	struct ump_completion failed = {.result = CLERK_FAILED};

	clerk->suspension = ump_suspend();
	if (clerk->suspension == NULL) {
		(void)ump_reply_fail(rc, CLERK_FAILED);
		return ump_continue();
	}
	clerk->rc = ump_reply_keep(rc);
	if (ump_client_req_completion(clerk->adder, msg, clerk->completions, NULL) != UMP_OK)
		answer(clerk, &failed);
	return ump_pending();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = pass_on;
	return 0;
}

/* ---- The loop ------------------------------------------------------------------------------ */

static gboolean on_answer(gint fd, GIOCondition condition, gpointer data)
{
	struct clerk *clerk = data;
	struct ump_completion done;

	(void)fd;
	(void)condition;
	while (ump_completions_next(clerk->completions, &done) == UMP_OK)
		answer(clerk, &done);
	return G_SOURCE_CONTINUE;
}

static gboolean on_message(gint fd, GIOCondition condition, gpointer data)
{
	struct clerk *clerk = data;

	(void)fd;
	(void)condition;
	if (ump_task_dispatch(clerk->task, BUDGET))
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(clerk->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_tick(gpointer data)
{
	struct clerk *clerk = data;

	pulse_tick(&clerk->pulse);
	return G_SOURCE_CONTINUE;
}

static void run(struct clerk *clerk)
{
	int answers = ump_completions_fd(clerk->completions);
	guint watch = g_unix_fd_add(answers, G_IO_IN, on_answer, clerk);
	guint timer = g_timeout_add(TICK_MS, on_tick, clerk);

	g_unix_fd_add(ump_task_fd(clerk->task), G_IO_IN, on_message, clerk);
	g_main_loop_run(clerk->loop);
	g_source_remove(timer);
	g_source_remove(watch);
	g_main_loop_unref(clerk->loop);
}

int main(int argc, char **argv)
{
	struct clerk clerk = {.loop = g_main_loop_new(NULL, FALSE)};
	struct adder adder = {0};
	struct callers callers;
	struct ump_flow how;
	ump_client *client;
	ump_thread *thread;

	must_ok(ump_spawn_thread(&adder_config, adder_build, &adder, &clerk.adder, &thread),
		"the adder");
	must_ok(ump_completions_open(&clerk.completions), "completions");
	must_ok(ump_spawn_task(&adder_config, build, &clerk, &client, &clerk.task), "the clerk");
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&clerk.pulse);
	run(&clerk);
	must_ok(ump_task_join(&clerk.task, &how), "join");
	ump_completions_drop(&clerk.completions);
	ump_client_drop(&clerk.adder);
	must_ok(ump_thread_join(&thread, NULL, UMP_FOREVER), "join the adder");
	return callers_report(&callers, &adder, &clerk.pulse, how);
}
