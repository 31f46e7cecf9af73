/* SPDX-License-Identifier: 0BSD */
/* The scenario's event loops, and handlers that suspend.  Simulated code: compiled like the
 * library. */
#include "scenario/scenario_parts.h"

/* Spurious wake-ups allowed to a task: more than notifiers can be raised late. */
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

/* Suspend for the next server.  NULL: that one waits for this task, or is gone, or there is no
 * memory; `closes_cycle` says whether it was the first. */
static ump_suspension *suspend_for_next(struct server *server, bool *closes_cycle)
{
	ump_client *strong = server_to_next(server);
	ump_suspension *suspension = NULL;
	int code;

	if (strong == NULL)
		return ump_suspend();
	oracle_waits(server->number, server->next->number, ORACLE_NO_MESSAGE);
	code = ump_suspend_for(strong, &suspension);
	sim_remark("suspends for server %d: %s", server->next->number, ump_strerror(code));
	*closes_cycle = code == UMP_DEADLOCK;
	if (*closes_cycle)
		oracle_deadlock(server->number);
	if (code != UMP_OK)
		oracle_waited(server->number);
	server_drop_next(server, strong);
	return suspension;
}

bool server_suspend(struct server *server, const struct message *message, ump_reply_context **rc)
{
	struct kept *kept;
	bool closes_cycle = false;
	ump_suspension *suspension = message->behaviour == SUSPEND_FOR
					     ? suspend_for_next(server, &closes_cycle)
					     : ump_suspend();

	if (closes_cycle)
		return false;
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

/* ---- A nested loop --------------------------------------------------------------------------- */

void server_nested_loop(struct server *server)
{
	int fd = ump_task_fd(server->task);

	if (server->task == NULL || (server->program->traits & NESTED) == 0)
		return;
	sim_remark("runs a loop within the loop");
	if (!ump_task_dispatch(server->task, 0))
		sim_fail("[task]", "a task has ended before its callback has returned");
	if (sim_readable(fd))
		sim_fail("[task]", "the notifier is raised inside a callback");
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

/* Wait until there is work, and do it.  false: the loop has ended. */
static bool dispatch(struct server *server)
{
	unsigned before = server->handled;
	unsigned due_before = server->due_posts;
	bool budget = (server->program->traits & BUDGET) != 0;
	int fd = ump_task_fd(server->task);
	bool more;

	sim_poll(fd, ump_task_due(server->task));
	(void)sim_was_raised(fd);
	oracle_runs(server->number, true);
	more = ump_task_dispatch(server->task, budget ? 1 : 0);
	oracle_runs(server->number, false);
	if (!more)
		return false;
	oracle_idle(server->number, sim_readable(fd), sim_was_raised(fd));
	if (server->handled == before && server->due_posts == due_before && ++server->idle > IDLE)
		sim_fail("[task]", "the task is woken for nothing, over and over");
	if (budget && server->handled > before + 1)
		sim_fail("[task]", "more was handled than the budget");
	return true;
}

/* Run it: with a deadline at first, then to its end.  false: the loop has ended. */
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

/* Run it until it has ended, or is dropped. */
static void run_or_quit(struct server *server)
{
	unsigned traits = server->program->traits;
	bool going = true;

	for (int round = 0; going; round++) {
		if (round == 1 && (traits & (QUITS | DETACH)) != 0) {
			oracle_runs(server->number, true);
			server_quit(server);
			oracle_runs(server->number, false);
			return;
		}
		if (ump_task_join(&server->task, NULL) != UMP_EMPTY)
			sim_fail("[task]", "a task is joined that has not ended");
		going = traits & RUN ? run(server, round == 0) : dispatch(server);
	}
	/* A handler may have dropped it. */
	if (server->task != NULL)
		join(server);
}

void server_task_loop(void *arg)
{
	struct server *server = arg;
	int fd = ump_task_fd(server->task);

	run_or_quit(server);
	if (sim_open(fd))
		sim_fail("[clean]", "a task has gone, and its descriptor is open");
}

/* ---- One more server ----------------------------------------------------------------------- */

/* Its number among the servers: after all others. */
#define SPAWNED (PROGRAM_SERVERS - 1)

/* Spawn a server with a weak client of the client's server. */
static bool spawn(struct client *client, struct server *server, ump_client **strong)
{
	struct ump_config config = server_config(client->program);
	int code;

	*server = (struct server){.program = client->program,
		.number = SPAWNED,
		.loop = -1,
		.next = &client->servers[client->server]};
	oracle_runs(SPAWNED, true);
	code = ump_spawn_task(&config, server_build, server, strong, &server->task);
	oracle_runs(SPAWNED, false);
	if (code == UMP_OK &&
		ump_client_weak(client_top(client)->client, &server->to_next) == UMP_OK)
		return true;
	oracle_refused();
	return code == UMP_OK;
}

static bool may_spawn(const struct client *client)
{
	if (client->number != 0 || client->spawned ||
		program_servers(client->program) == PROGRAM_SERVERS ||
		(client->program->traits & (RAW | INIT_FAILS | BUILDER_FAILS | LATE)) != 0)
		return false;
	/* The task may wait for capacity, of which this client may keep a permit itself. */
	for (int i = 0; i < client->strongs; i++) {
		if (client->strong[i].reservation != NOT_RESERVED)
			return false;
	}
	return true;
}

void client_spawn(struct client *client, const struct message *message)
{
	struct server *server = &client->servers[SPAWNED];
	ump_client *strong = NULL;
	int number = (int)message->number;

	if (!may_spawn(client))
		return;
	sim_remark("spawns a task");
	client->spawned = true;
	if (!spawn(client, server, &strong))
		return;
	oracle_send(number, SEND_POST, SPAWNED, ORACLE_CLIENT);
	oracle_sent(number, ump_client_post(strong, message));
	oracle_dropping_strong(SPAWNED);
	ump_client_drop(&strong);
	oracle_dropped_strong(SPAWNED);
	server_task_loop(server);
}
