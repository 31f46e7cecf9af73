/* SPDX-License-Identifier: 0BSD */
/* The scenario's event loops, and handlers that suspend.  This file is simulated code: it is
 * compiled as the library is. */
#include "scenario_parts.h"

/* How often a task may be woken for nothing: more often than anybody can ring late. */
#define IDLE 40

/* ---- Handlers that suspend ----------------------------------------------------------------- */

/* Suspend and resume at once. */
static void resume_at_once(struct server *server, ump_suspension *suspension)
{
	oracle_resuming(server->number, false);
	oracle_resumed(server->number, ump_task_resume(&suspension, ump_continue()));
	if (ump_suspend() != NULL)
		sim_fail("[suspend]", "a handler suspends twice");
}

bool server_suspend(struct server *server, const struct message *message, ump_reply_context **rc)
{
	struct kept *kept;
	ump_suspension *suspension = ump_suspend();

	if (suspension == NULL) {
		if (server->task != NULL)
			oracle_refused();
		return false;
	}
	if (server->task == NULL)
		sim_fail("[suspend]", "a handler suspends that is no task's");
	sim_remark("suspends with message %d", (int)message->number);
	oracle_suspended(server->number);
	kept = message->behaviour == RESUME ? NULL : server_keep(server, message);
	if (kept == NULL) {
		resume_at_once(server, suspension);
		return false;
	}
	if (rc != NULL) {
		oracle_kept((int)message->number);
		kept->rc = ump_reply_keep(rc);
	}
	kept->suspension = suspension;
	server_hand_over(kept);
	return true;
}

/* ---- The event loop ------------------------------------------------------------------------ */

void server_quit(struct server *server)
{
	if (server->task == NULL)
		return;
	sim_remark("drops the task");
	oracle_quits(server->number);
	ump_task_drop(&server->task);
	if (server->task != NULL)
		sim_fail("[task]", "the handle of a dropped task is left");
}

/* Wait until there is something to do, and do it.  false: the loop has ended. */
static bool dispatch(struct server *server)
{
	unsigned before = server->handled;
	bool budget = (server->program->traits & BUDGET) != 0;
	int fd = ump_task_fd(server->task);
	bool more;

	sim_poll(fd, INT64_MAX);
	oracle_runs(server->number, true);
	more = ump_task_dispatch(server->task, budget ? 1 : 0);
	oracle_runs(server->number, false);
	if (!more)
		return false;
	oracle_rests(server->number, sim_readable(fd));
	if (server->handled == before && ++server->idle > IDLE)
		sim_fail("[task]", "the task is woken for nothing, over and over");
	if (budget && server->handled > before + 1)
		sim_fail("[task]", "more was handled than the budget");
	return true;
}

/* Let it run: for a while at first, then to its end.  false: the loop has ended. */
static bool run(struct server *server, bool timed)
{
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	int code;

	oracle_runs(server->number, true);
	code = ump_task_run(server->task, deadline);
	oracle_runs(server->number, false);
	if (code == UMP_TIMED_OUT && timed && sim_clock() >= deadline)
		return true;
	if (code != UMP_OK)
		sim_fail("[deadline]", "running a task failed: %s", ump_strerror(code));
	return false;
}

/* The loop has ended, by itself or by a break. */
static void join(struct server *server)
{
	struct ump_flow how;
	int code;

	if (ump_task_dispatch(server->task, 0))
		sim_fail("[task]", "a loop that has ended goes on");
	code = ump_task_join(&server->task, &how);
	if (code != UMP_OK || server->task != NULL)
		sim_fail("[once]", "joining a task failed: %s", ump_strerror(code));
	oracle_joined(server->number, how.stop, (intptr_t)how.value);
}

void server_task_loop(void *arg)
{
	struct server *server = arg;
	unsigned traits = server->program->traits;
	bool going = true;

	for (int turn = 0; going; turn++) {
		if (turn == 1 && (traits & (QUITS | DETACH)) != 0) {
			oracle_runs(server->number, true);
			server_quit(server);
			oracle_runs(server->number, false);
			return;
		}
		if (ump_task_join(&server->task, NULL) != UMP_EMPTY)
			sim_fail("[task]", "a task is joined that has not ended");
		going = traits & RUN ? run(server, turn == 0) : dispatch(server);
	}
	/* A handler may have dropped it. */
	if (server->task != NULL)
		join(server);
}
