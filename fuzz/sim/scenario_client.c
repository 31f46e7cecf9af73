/* SPDX-License-Identifier: 0BSD */
/* The scenario's clients.  This file is simulated code: it is compiled as the library is. */
#include "scenario_parts.h"

ump_client *client_clone(ump_client *from)
{
	ump_client *clone = NULL;
	int code;

	oracle_making_strong();
	code = ump_client_clone(from, &clone);
	oracle_made_strong(code == UMP_OK);
	if (code != UMP_OK)
		oracle_refused();
	return clone;
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* What a message points to stays the caller's unless it was delivered. */
static void check_message(const struct message *message, int number)
{
	if ((int)message->number != number)
		sim_fail("[gone]", "message %d was changed", number);
}

static int number_of_reply(const struct reply *reply)
{
	if (reply->twice != 2 * reply->number)
		sim_fail("[once]", "a reply is not what was written");
	return (int)reply->number;
}

static void completed(int number, int code, const struct reply *reply)
{
	sim_remark("message %d: %s", number, ump_strerror(code));
	oracle_completed(number, code, code == UMP_OK ? number_of_reply(reply) : -1);
}

static void send_request(struct client *client, const struct message *message, bool timed)
{
	int number = (int)message->number;
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	struct reply reply;
	int code;

	sim_remark("sends request %d%s", number, timed ? " with a deadline" : "");
	oracle_send(number, timed ? SEND_TIMED : SEND_REQUEST);
	code = ump_client_req(client->strong[client->strongs - 1], message, &reply, deadline);
	if (timed && code == UMP_TIMED_OUT) {
		sim_remark("message %d: %s", number, ump_strerror(code));
		/* The library looked at the clock once, before it sent anything. */
		oracle_timed_out(number, sim_clock_read() < deadline, deadline);
		return;
	}
	completed(number, code, &reply);
	if (code == UMP_SERVER_GONE)
		check_message(message, number);
}

static void give_up(struct client *client)
{
	if (client->waiting == NULL)
		return;
	sim_remark("gives message %d up", client->waiting_for);
	oracle_giving_up(client->waiting_for);
	ump_wait_reply_drop(&client->waiting);
	oracle_gave_up(client->waiting_for);
}

static void send_async(struct client *client, const struct message *message)
{
	int number = (int)message->number;
	int code;

	give_up(client);
	sim_remark("sends request %d and does not wait", number);
	oracle_send(number, SEND_ASYNC);
	code = ump_client_req_async(client->strong[client->strongs - 1], message, &client->waiting);
	oracle_sent(number, code);
	client->waiting_for = number;
}

static void send_post(struct client *client, const struct message *message, enum action action)
{
	int number = (int)message->number;

	sim_remark("posts message %d", number);
	oracle_send(number, action);
	oracle_sent(
		number, action == SEND_POST
				? ump_client_post(client->strong[client->strongs - 1], message)
				: ump_post_client_post(client->post[client->posts - 1], message));
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void wait_reply(struct client *client, enum action action)
{
	ump_time deadline = action == WAIT_TIMED ? ump_after(SOON) : UMP_FOREVER;
	struct reply reply;
	int code;

	if (client->waiting == NULL)
		return;
	sim_remark("waits for message %d", client->waiting_for);
	code = action == TRY ? ump_wait_reply_try(&client->waiting, &reply)
			     : ump_wait_reply_wait(&client->waiting, &reply, deadline);
	if (code == UMP_EMPTY && action == TRY)
		return;
	if (code == UMP_TIMED_OUT && action == WAIT_TIMED) {
		oracle_timed_out(client->waiting_for, true, deadline);
		return;
	}
	if (client->waiting != NULL)
		sim_fail("[once]", "message %d is complete and its handle is still there",
			client->waiting_for);
	completed(client->waiting_for, code, &reply);
}

/* ---- Handles ------------------------------------------------------------------------------- */

static void drop_strong(struct client *client)
{
	/* What is lent is not dropped. */
	if (client->strongs <= (client->borrowed ? 1 : 0))
		return;
	sim_remark("drops a client");
	oracle_dropping_strong();
	ump_client_drop(&client->strong[--client->strongs]);
	oracle_dropped_strong();
}

static void upgrade(struct client *client)
{
	bool gone = oracle_strong_gone();
	ump_client *strong = NULL;
	int code;

	sim_remark("upgrades a weak client");
	oracle_making_strong();
	code = ump_weak_client_upgrade(client->weak[client->weaks - 1], &strong);
	oracle_made_strong(code == UMP_OK);
	oracle_upgraded(gone, code);
	if (code == UMP_OK)
		client->strong[client->strongs++] = strong;
}

static void make_weak(struct client *client, bool clone)
{
	ump_weak_client *weak = NULL;
	int code = clone ? ump_weak_client_clone(client->weak[client->weaks - 1], &weak)
			 : ump_client_weak(client->strong[client->strongs - 1], &weak);

	if (code != UMP_OK)
		oracle_refused();
	else
		client->weak[client->weaks++] = weak;
}

static void make_post_client(struct client *client, bool clone)
{
	ump_post_client *post = NULL;
	int code;

	oracle_making_strong();
	code = clone ? ump_post_client_clone(client->post[client->posts - 1], &post)
		     : ump_client_post_client(client->strong[client->strongs - 1], &post);
	oracle_made_strong(code == UMP_OK);
	if (code != UMP_OK)
		oracle_refused();
	else
		client->post[client->posts++] = post;
}

static void drop_post_client(struct client *client)
{
	oracle_dropping_strong();
	ump_post_client_drop(&client->post[--client->posts]);
	oracle_dropped_strong();
}

void client_drop_all(struct client *client)
{
	give_up(client);
	client->borrowed = client->borrowed && client->number != 0;
	while (client->posts > 0)
		drop_post_client(client);
	while (client->strongs > (client->borrowed ? 1 : 0))
		drop_strong(client);
	while (client->weaks > 0)
		ump_weak_client_drop(&client->weak[--client->weaks]);
}

/* ---- Operations ---------------------------------------------------------------------------- */

static void operation_with_strong(
	struct client *client, enum action action, const struct message *message)
{
	switch (action) {
	case SEND_REQUEST:
	case SEND_TIMED:
		send_request(client, message, action == SEND_TIMED);
		break;
	case SEND_ASYNC:
		send_async(client, message);
		break;
	case SEND_POST:
		send_post(client, message, action);
		break;
	case CLONE:
		client->strong[client->strongs] = client_clone(client->strong[client->strongs - 1]);
		client->strongs += client->strong[client->strongs] != NULL;
		break;
	case WEAKEN:
		make_weak(client, false);
		break;
	case POST_CLIENT:
		make_post_client(client, false);
		break;
	default:
		drop_strong(client);
	}
}

static void operation_without(
	struct client *client, enum action action, const struct message *message)
{
	switch (action) {
	case UPGRADE:
		if (client->weaks > 0 && client->strongs < 4)
			upgrade(client);
		break;
	case WEAK_CLONE:
		if (client->weaks > 0)
			make_weak(client, true);
		break;
	case WEAK_DROP:
		if (client->weaks > 0)
			ump_weak_client_drop(&client->weak[--client->weaks]);
		break;
	case SEND_POST_CLIENT:
		if (client->posts > 0)
			send_post(client, message, action);
		break;
	case POST_CLIENT_CLONE:
		if (client->posts > 0)
			make_post_client(client, true);
		break;
	case POST_CLIENT_DROP:
		if (client->posts > 0)
			drop_post_client(client);
		break;
	case GIVE_UP:
		give_up(client);
		break;
	default:
		wait_reply(client, action);
	}
}

static bool needs_strong(enum action action)
{
	return action <= SEND_POST || action == CLONE || action == DROP || action == WEAKEN ||
	       action == POST_CLIENT;
}

void client_operations(struct client *client)
{
	const struct program *program = client->program;

	for (int i = 0; i < program->lengths[client->number]; i++) {
		const struct operation_type *type =
			&operation_types[program->operations[client->number][i]];
		struct message message = {
			(uint32_t)oracle_message(client->number, i), (uint32_t)type->behaviour};

		/* One who has no client, or too many, goes on to what is next. */
		if (!needs_strong(type->action))
			operation_without(client, type->action, &message);
		else if (client->strongs > 0 && (type->action != CLONE || client->strongs < 4))
			operation_with_strong(client, type->action, &message);
	}
}

void client_run(void *arg)
{
	client_operations(arg);
	client_drop_all(arg);
}
