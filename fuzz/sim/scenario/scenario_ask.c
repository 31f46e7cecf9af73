/* SPDX-License-Identifier: 0BSD */
/* Requests and watches of the scenario's handlers themselves; [ask].  Simulated code: compiled like
 * the library. */
#include "scenario/scenario_parts.h"

/* The asked server answers; or keeps the context, so that another thread does. */
static enum behaviour asked_behaviour(enum behaviour behaviour)
{
	return behaviour == ASK || behaviour == ASK_AND_BREAK ? ANSWER : KEEP;
}

static struct ump_flow on_answer(void *self, void *arg, int result, const void *reply)
{
	struct server *server = self;
	struct asked *asked = arg;

	sim_remark("server %d: message %d is answered: %s", server->number, asked->number,
		ump_strerror(result));
	if (!asked->pending)
		sim_fail("[ask]", "an answer comes twice, or was cancelled");
	asked->pending = false;
	if ((reply != NULL) != (result == UMP_OK && !asked->watches))
		sim_fail("[ask]", "a reply without UMP_OK, or none with it");
	if (asked->watches)
		oracle_watched_ended(server->number, server->next->number);
	else
		oracle_answered(server->number, asked->number, result);
	if (asked->watches && result != UMP_OK)
		sim_fail("[ask]", "a watch ends with %s", ump_strerror(result));
	if (asked->watches || result == UMP_CANCELLED)
		return ump_continue();
	if (result == UMP_TIMED_OUT) {
		if (asked->deadline == UMP_FOREVER)
			sim_fail("[ask]", "a request times out that has no deadline");
		oracle_timed_out(asked->number, true, asked->deadline);
		oracle_came_unanswered(asked->number);
	} else {
		client_completed(asked->number, result, reply);
	}
	return ump_continue();
}

static void cancel(struct asked *asked)
{
	int code;

	if (!asked->watches)
		oracle_giving_up(asked->number);
	code = ump_ask_cancel(asked->id);
	sim_remark("ump_ask_cancel of message %d: %s", asked->number, ump_strerror(code));
	if (code != (asked->pending ? UMP_OK : UMP_EMPTY))
		sim_fail("[ask]", "cancelling is not exact: %s", ump_strerror(code));
	asked->pending = false;
	if (!asked->watches)
		oracle_gave_up(asked->number);
}

/* Send a request; `strong` is dropped while it is in flight. */
static void ask(struct server *server, ump_client *strong, struct asked *asked,
	const struct message *message, bool timed)
{
	int number = asked->number;
	int code;

	if (program_is_combining(server->program, server->next->number))
		oracle_waits(server->number, server->next->number, number);
	oracle_send(number, timed ? SEND_EXPIRING : SEND_COMPLETION, server->next->number,
		server->number);
	oracle_asks(number);
	code = ump_client_ask(strong, message, asked->deadline, on_answer, asked, &asked->id);
	oracle_waited(server->number);
	sim_remark("server %d asks the next one, as %d: %s", server->number, number,
		ump_strerror(code));
	oracle_sent(number, code);
	asked->pending = code == UMP_OK;
}

/* A worker has no loop of its own, to which an answer could come. */
static void must_be_refused(ump_client *strong, const struct message *message, struct asked *asked)
{
	if (ump_client_ask(strong, message, UMP_FOREVER, on_answer, asked, &asked->id) !=
			UMP_INVALID ||
		ump_client_watch_call(strong, on_answer, asked, &asked->id) != UMP_INVALID)
		sim_fail("[ask]", "a worker may ask, or watch");
}

static void watch(const struct server *server, ump_client *strong, struct asked *asked)
{
	int code = ump_client_watch_call(strong, on_answer, asked, &asked->id);

	sim_remark("ump_client_watch_call: %s", ump_strerror(code));
	if (code == UMP_NO_MEMORY)
		oracle_refused();
	else if (code != UMP_OK)
		sim_fail("[ask]", "a watch is refused: %s", ump_strerror(code));
	asked->pending = code == UMP_OK;
	if (asked->pending)
		oracle_watches(server->number);
}

void server_ask(struct server *server, const struct message *message)
{
	enum behaviour behaviour = (enum behaviour)message->behaviour;
	bool combining = program_is_combining(server->program, server->number);
	struct message next = {
		message->number + ORACLE_CHAINED, (uint32_t)asked_behaviour(behaviour)};
	struct asked *asked = &server->asked[server->asked_count];
	bool timed = behaviour == ASK_TIMED && !combining;
	ump_client *strong;

	/* A handler that joins a server which waits for its answer waits for itself. */
	if (program_joins(server->program))
		return;
	if (server->raw != NULL || next.number >= ORACLE_MESSAGES || server->asked_count == ASKED ||
		(combining && behaviour == ASK_WATCH))
		return;
	strong = server_to_next(server);
	if (strong == NULL)
		return;
	server->asked_count++;
	*asked = (struct asked){.number = (int)next.number,
		.deadline = timed ? ump_after(SOON) : UMP_FOREVER,
		.watches = behaviour == ASK_WATCH};
	if (server->whole != NULL)
		must_be_refused(strong, &next, asked);
	else if (asked->watches)
		watch(server, strong, asked);
	else
		ask(server, strong, asked, &next, timed);
	if (behaviour == ASK_CANCEL && asked->pending)
		cancel(asked);
	server_drop_next(server, strong);
}

void server_check_asks(const struct server *server)
{
	for (int i = 0; i < server->asked_count; i++) {
		if (server->asked[i].pending && !server->asked[i].watches)
			sim_fail("[ask]", "the loop has ended, and a request has not");
	}
}
