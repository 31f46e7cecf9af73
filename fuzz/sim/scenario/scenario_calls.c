/* SPDX-License-Identifier: 0BSD */
/* Handlers that wait for other servers.  Simulated code: compiled like the library. */
#include "scenario/scenario_parts.h"

/* Behaviour of the next server for the request that it gets. */
static enum behaviour next_behaviour(enum behaviour behaviour)
{
	switch (behaviour) {
	case CALL_ROUND:
	case CALL_TIMED:
	case CALL_ASYNC:
		return CALL_ROUND;
	case CALL_KEPT:
		return KEEP;
	case CALL_REVERSE:
		return ANSWER_AND_CALL;
	default:
		return ANSWER;
	}
}

/* Send a request and wait for the answer. */
static void call(struct server *server, ump_client *to, const struct message *message, bool timed)
{
	int number = (int)message->number;
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	struct reply reply;
	int code;

	sim_remark("server %d sends the next one a request, as %d", server->number, number);
	oracle_waits(server->number, server->next->number, number);
	oracle_send(
		number, timed ? SEND_TIMED : SEND_REQUEST, server->next->number, server->number);
	code = ump_client_req(to, message, &reply, deadline);
	sim_remark("message %d: %s", number, ump_strerror(code));
	if (timed && code == UMP_TIMED_OUT)
		oracle_timed_out(number, true, deadline);
	else
		client_completed(number, code, &reply);
	oracle_waited(server->number);
}

/* The same in two calls. */
static void call_async(struct server *server, ump_client *to, const struct message *message)
{
	int number = (int)message->number;
	ump_wait_reply *waiting = NULL;
	struct reply reply;
	int code;

	/* Sending may run that server. */
	if (program_is_combining(server->program, server->next->number))
		oracle_waits(server->number, server->next->number, number);
	oracle_send(number, SEND_ASYNC, server->next->number, server->number);
	code = ump_client_req_async(to, message, &waiting);
	oracle_waited(server->number);
	oracle_sent(number, code);
	if (code != UMP_OK)
		return;
	sim_remark("server %d waits for message %d", server->number, number);
	oracle_waits(server->number, server->next->number, number);
	code = ump_wait_reply_wait(&waiting, &reply, UMP_FOREVER);
	if (code == UMP_DEADLOCK) {
		oracle_deadlock(server->number);
		oracle_waited(server->number);
		oracle_giving_up(number);
		ump_wait_reply_drop(&waiting);
		oracle_gave_up(number);
		return;
	}
	oracle_waited(server->number);
	client_completed(number, code, &reply);
}

/* Post, waiting for capacity. */
static void push(struct server *server, ump_client *to, const struct message *message)
{
	int number = (int)message->number;

	sim_remark("server %d pushes message %d", server->number, number);
	oracle_waits(server->number, server->next->number, ORACLE_NO_MESSAGE);
	oracle_send(number, SEND_POST_UNTIL, server->next->number, server->number);
	oracle_sent(number, ump_client_post_until(to, message, UMP_FOREVER));
	oracle_waited(server->number);
}

void server_join_thread(struct server *server)
{
	struct ump_flow how;
	bool timed = (server->program->traits & JOIN_TIMED) != 0;
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	int code = ump_thread_join(&server->thread, &how, deadline);

	if (code == UMP_TIMED_OUT && timed && sim_clock() >= deadline)
		code = ump_thread_join(&server->thread, &how, UMP_FOREVER);
	if (code != UMP_OK || server->thread != NULL)
		sim_fail("[once]", "join failed: %s", ump_strerror(code));
	oracle_joined(server->number, how.stop, (intptr_t)how.value);
}

void server_join_combining(struct server *server)
{
	struct ump_flow how;
	bool timed = (server->program->traits & JOIN_TIMED) != 0;
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	int code = ump_combining_join(&server->combining, &how, deadline);

	if (code == UMP_TIMED_OUT && timed && sim_clock() >= deadline)
		code = ump_combining_join(&server->combining, &how, UMP_FOREVER);
	if (code != UMP_OK || server->combining != NULL)
		sim_fail("[once]", "join failed: %s", ump_strerror(code));
	oracle_joined(server->number, how.stop, (intptr_t)how.value);
}

/* Wait for the end of the next server's thread. */
static void join_next(struct server *server)
{
	struct server *next = server->next;
	struct ump_flow how;
	int code;

	/* The handle must be used by one thread at a time, and must not be dropped elsewhere. */
	if (server->number != 0 || (server->program->traits & DETACH) != 0)
		return;
	/* The walk does not see all cycles through the end of workers. */
	if (next->thread == NULL || (server->program->traits & WORKERS) != 0)
		return;
	sim_remark("server %d waits for the end of server %d", server->number, next->number);
	oracle_waits(server->number, next->number, ORACLE_NO_MESSAGE);
	code = ump_thread_join(&next->thread, &how, UMP_FOREVER);
	sim_remark("join of server %d: %s", next->number, ump_strerror(code));
	if (code == UMP_DEADLOCK)
		oracle_deadlock(server->number);
	else if (code == UMP_OK)
		oracle_joined(next->number, how.stop, (intptr_t)how.value);
	else
		sim_fail("[once]", "join failed: %s", ump_strerror(code));
	oracle_waited(server->number);
}

ump_client *server_to_next(struct server *server)
{
	int next = server->next->number;
	bool gone = oracle_strong_gone(next);
	ump_client *strong = NULL;
	int code;

	if (server->to_next == NULL)
		return NULL;
	oracle_making_strong(next);
	code = ump_weak_client_upgrade(server->to_next, &strong);
	oracle_made_strong(next, code == UMP_OK);
	oracle_upgraded(next, gone, code);
	return strong;
}

void server_drop_next(const struct server *server, ump_client *strong)
{
	oracle_dropping_strong(server->next->number);
	ump_client_drop(&strong);
	oracle_dropped_strong(server->next->number);
}

void server_call(struct server *server, const struct message *message)
{
	enum behaviour behaviour = (enum behaviour)message->behaviour;
	struct message next = {
		message->number + ORACLE_CHAINED, (uint32_t)next_behaviour(behaviour)};
	ump_client *strong;

	/* A raw loop is not a handler: the library cannot know that it waits. */
	if (server->raw != NULL || next.number >= ORACLE_MESSAGES)
		return;
	if (behaviour == JOIN) {
		join_next(server);
		return;
	}
	/* By key, not all cycles are seen: one by messages of busy keys that have all permits, and
	 * one by a request that was sent without waiting. */
	if (program_has_keys(server->program->traits) &&
		(program_capacity(server->program) != 0 || behaviour == CALL_ASYNC))
		return;
	/* A client that waits for an answer may keep the permit that the handler waits for. */
	if ((server->program->traits & WORKERS) != 0 && program_reserves(server->program))
		return;
	strong = server_to_next(server);
	if (strong == NULL)
		return;
	if (behaviour == CALL_ASYNC)
		call_async(server, strong, &next);
	else if (behaviour == PUSH)
		push(server, strong, &next);
	else
		call(server, strong, &next, behaviour == CALL_TIMED);
	server_drop_next(server, strong);
}
