/* SPDX-License-Identifier: 0BSD */
/* The scenario's clients.  Simulated code: compiled like the library. */
#include "scenario/scenario_parts.h"

ump_client *client_clone(ump_client *from, int server)
{
	ump_client *clone = NULL;
	int code;

	oracle_making_strong(server);
	code = ump_client_clone(from, &clone);
	oracle_made_strong(server, code == UMP_OK);
	if (code != UMP_OK)
		oracle_refused();
	return clone;
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* What a message points to must stay the caller's unless it was delivered. */
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

void client_completed(int number, int code, const struct reply *reply)
{
	sim_remark("message %d: %s", number, ump_strerror(code));
	oracle_completed(number, code, code == UMP_OK ? number_of_reply(reply) : -1);
}

bool client_use_permit(struct client *client, int number)
{
	struct strong *strong = client_top(client);
	bool had = strong->reservation == PERMIT_HELD;

	if (had)
		oracle_permit_used(number, client->server);
	else if (strong->reservation != NOT_RESERVED && number >= 0)
		oracle_has_reservation(number);
	/* This message may use up the permit of a reservation that is not reported yet. */
	strong->sent = strong->sent || number >= 0;
	strong->reservation = had ? NOT_RESERVED : strong->reservation;
	return had;
}

void client_keep_permit(struct client *client, bool had, enum reservation reservation)
{
	if (!had)
		return;
	client_top(client)->reservation = reservation;
	if (reservation == PERMIT_HELD)
		oracle_permit_kept(client->server);
}

static void send_request(struct client *client, const struct message *message, bool timed)
{
	int number = (int)message->number;
	ump_time deadline = timed ? ump_after(SOON) : UMP_FOREVER;
	struct reply reply;
	bool had;
	int code;

	sim_remark("sends request %d%s", number, timed ? " with a deadline" : "");
	had = client_use_permit(client, number);
	oracle_send(number, timed ? SEND_TIMED : SEND_REQUEST, client->server, ORACLE_CLIENT);
	code = ump_client_req(client_top(client)->client, message, &reply, deadline);
	/* Some of these codes mean that it was not sent, others that it was sent and not
	 * handled. */
	if (code < 0 && code != UMP_NO_REPLY)
		client_keep_permit(client, had, PERMIT_UNKNOWN);
	if (timed && code == UMP_TIMED_OUT) {
		sim_remark("message %d: %s", number, ump_strerror(code));
		/* The library read the clock once before it sent anything; but it may have waited
		 * for capacity then, or a handler that it ran may have read the clock too. */
		oracle_timed_out(number,
			program_capacity(client->program) != 0 ||
				(client->program->traits & COMBINING) != 0 ||
				sim_clock_read() < deadline,
			deadline);
		return;
	}
	client_completed(number, code, &reply);
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

static void send_async(struct client *client, const struct message *message, enum action action)
{
	int number = (int)message->number;
	ump_client *to = client_top(client)->client;
	bool had;
	int code;

	give_up(client);
	sim_remark("sends request %d and does not wait", number);
	had = client_use_permit(client, number);
	oracle_send(number, action, client->server, ORACLE_CLIENT);
	code = action == SEND_ASYNC
		       ? ump_client_req_async(to, message, &client->waiting)
		       : ump_client_req_async_until(to, message, &client->waiting, UMP_FOREVER);
	oracle_sent(number, code);
	if (code != UMP_OK)
		client_keep_permit(client, had, PERMIT_HELD);
	client->waiting_for = number;
}

static void send_post(struct client *client, const struct message *message, enum action action)
{
	int number = (int)message->number;
	bool had = false;
	int code;

	sim_remark("posts message %d", number);
	if (action != SEND_POST_CLIENT)
		had = client_use_permit(client, number);
	oracle_send(number, action, client->server, ORACLE_CLIENT);
	if (action == SEND_POST_CLIENT)
		code = ump_post_client_post(client->post[client->posts - 1], message);
	else if (action == SEND_POST_UNTIL)
		code = ump_client_post_until(client_top(client)->client, message, UMP_FOREVER);
	else
		code = ump_client_post(client_top(client)->client, message);
	sim_remark("message %d: %s", number, ump_strerror(code));
	oracle_sent(number, code);
	if (code != UMP_OK)
		client_keep_permit(client, had, PERMIT_HELD);
}

/* Post, waiting for capacity until a deadline. */
static void send_post_timed(struct client *client, const struct message *message)
{
	int number = (int)message->number;
	ump_time deadline = ump_after(SOON);
	bool passed;
	bool had;
	int code;

	sim_remark("posts message %d, until a deadline", number);
	had = client_use_permit(client, number);
	oracle_send(number, SEND_POST_TIMED, client->server, ORACLE_CLIENT);
	passed = sim_clock() >= deadline;
	code = ump_client_post_until(client_top(client)->client, message, deadline);
	sim_remark("message %d: %s", number, ump_strerror(code));
	if (code == UMP_TIMED_OUT && passed)
		sim_fail("[deadline]", "message %d waited, and its deadline had passed", number);
	/* The library may have read the clock only after the call had begun. */
	if (code == UMP_FULL && sim_clock_read() >= deadline)
		oracle_too_late_to_wait(number);
	if (code == UMP_TIMED_OUT)
		oracle_sent_too_late(number, deadline);
	else
		oracle_sent(number, code);
	if (code == UMP_OK)
		return;
	check_message(message, number);
	client_keep_permit(client, had, PERMIT_HELD);
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
	client_completed(client->waiting_for, code, &reply);
}

/* ---- Handles ------------------------------------------------------------------------------- */

static void drop_strong(struct client *client)
{
	struct strong *strong;

	/* A borrowed client must not be dropped. */
	if (client->strongs <= (client->borrowed ? 1 : 0))
		return;
	sim_remark("drops a client");
	strong = client_top(client);
	if (strong->reservation == RESERVATION_PENDING)
		oracle_client_goes(strong->reservation_message);
	(void)client_use_permit(client, ORACLE_NO_MESSAGE);
	oracle_dropping_strong(client->server);
	ump_client_drop(&strong->client);
	strong->reservation = NOT_RESERVED;
	client->strongs--;
	oracle_dropped_strong(client->server);
}

static void push_strong(struct client *client, ump_client *strong)
{
	if (strong == NULL)
		return;
	client->strong[client->strongs].client = strong;
	client->strong[client->strongs].reservation = NOT_RESERVED;
	client->strong[client->strongs].orphaned = false;
	client->strongs++;
}

static void upgrade(struct client *client)
{
	bool gone = oracle_strong_gone(client->server);
	ump_client *strong = NULL;
	int code;

	sim_remark("upgrades a weak client");
	oracle_making_strong(client->server);
	code = ump_weak_client_upgrade(client->weak[client->weaks - 1], &strong);
	oracle_made_strong(client->server, code == UMP_OK);
	oracle_upgraded(client->server, gone, code);
	push_strong(client, strong);
}

static void make_weak(struct client *client, bool clone)
{
	ump_weak_client *weak = NULL;
	int code = clone ? ump_weak_client_clone(client->weak[client->weaks - 1], &weak)
			 : ump_client_weak(client_top(client)->client, &weak);

	if (code != UMP_OK)
		oracle_refused();
	else
		client->weak[client->weaks++] = weak;
}

static void make_post_client(struct client *client, bool clone)
{
	ump_post_client *post = NULL;
	int code;

	oracle_making_strong(client->server);
	code = clone ? ump_post_client_clone(client->post[client->posts - 1], &post)
		     : ump_client_post_client(client_top(client)->client, &post);
	oracle_made_strong(client->server, code == UMP_OK);
	if (code != UMP_OK)
		oracle_refused();
	else
		client->post[client->posts++] = post;
}

static void drop_post_client(struct client *client)
{
	oracle_dropping_strong(client->server);
	ump_post_client_drop(&client->post[--client->posts]);
	oracle_dropped_strong(client->server);
}

void client_drop_all(struct client *client)
{
	give_up(client);
	completions_drop(client);
	delayed_drop(client);
	client->borrowed = client->borrowed && client->number != 0;
	while (client->posts > 0)
		drop_post_client(client);
	while (client->strongs > (client->borrowed ? 1 : 0))
		drop_strong(client);
	while (client->weaks > 0)
		ump_weak_client_drop(&client->weak[--client->weaks]);
}

static void read_stats(struct client *client)
{
	struct ump_stats stats;

	if (ump_client_stats(client_top(client)->client, &stats) != UMP_OK)
		sim_fail("[misuse]", "numbers cannot be read");
	oracle_numbers(client->server, stats.depth, stats.depth_most, stats.handled);
	/* The first thread joins it. */
	if (client->number == 0)
		workers_stats(&client->servers[client->server], false);
}

static void stop(struct client *client, enum action action, int number)
{
	void *value = (void *)(VALUE_STOP + number);
	int code;

	sim_remark("stops server %d", client->server);
	oracle_stop(number, action, client->server, ORACLE_CLIENT);
	if (action == STOP)
		code = ump_client_stop(client_top(client)->client, value, scenario_drop_stop);
	else if (action == STOP_POST_CLIENT)
		code = ump_post_client_stop(
			client->post[client->posts - 1], value, scenario_drop_stop);
	else
		code = scenario_stop_weak(client->weak[client->weaks - 1], client->server, value);
	sim_remark("stop %d: %s", number, ump_strerror(code));
	oracle_stopped(number, code);
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
	case SEND_ASYNC_UNTIL:
		send_async(client, message, action);
		break;
	case SEND_POST:
	case SEND_POST_UNTIL:
		send_post(client, message, action);
		break;
	case SEND_POST_TIMED:
		send_post_timed(client, message);
		break;
	case SEND_COMPLETION:
	case SEND_CANCELLABLE:
	case SEND_EXPIRING:
		completions_send(client, message, action);
		break;
	case RESERVE:
		completions_reserve(client, (int)message->number);
		break;
	case WATCH:
		completions_watch(client, action, (int)message->number);
		break;
	case STATS:
		read_stats(client);
		break;
	case STOP:
		stop(client, action, (int)message->number);
		break;
	case SPAWN:
		client_spawn(client, message);
		break;
	case SEND_AT:
	case SEND_EVERY:
		delayed_send(client, message, action == SEND_EVERY);
		break;
	case CLONE:
		push_strong(client, client_clone(client_top(client)->client, client->server));
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
		if (client->weaks > 0 && client->strongs < STRONGS)
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
	case STOP_POST_CLIENT:
		if (client->posts > 0)
			stop(client, action, (int)message->number);
		break;
	case STOP_WEAK:
		if (client->weaks > 0)
			stop(client, action, (int)message->number);
		break;
	case GIVE_UP:
		give_up(client);
		break;
	case WATCH_WEAK:
	case WATCH_HANDLE:
		completions_watch(client, action, (int)message->number);
		break;
	case NEXT:
	case NEXT_WAIT:
	case NEXT_TIMED:
	case NEXT_POLL:
	case NEXT_POLL_ONE:
		completions_get(client, action);
		break;
	case COMPLETIONS_DROP:
		completions_drop(client);
		break;
	case CANCEL:
		completions_cancel(client);
		break;
	case DELAYED_CANCEL:
	case DELAYED_CANCEL_ASIDE:
	case DELAYED_PAUSE:
	case DELAYED_RESUME:
	case DELAYED_PERIOD:
	case DELAYED_DROP:
		delayed_change(client, action);
		break;
	default:
		wait_reply(client, action);
	}
}

static bool needs_strong(enum action action)
{
	return action < SEND_POST_CLIENT || action == CLONE || action == DROP || action == WEAKEN ||
	       action == POST_CLIENT || action == RESERVE || action == STATS || action == SPAWN ||
	       action == STOP || action == WATCH || action == SEND_AT || action == SEND_EVERY;
}

/* A client that waits for capacity may wait for itself if it may keep a permit with another
 * handle. */
static bool may_wait_for_itself(const struct client *client, enum action action)
{
	if (action > SEND_POST_CLIENT && action != RESERVE)
		return false;
	for (int i = 0; i < client->strongs - 1; i++) {
		if (client->strong[i].reservation != NOT_RESERVED)
			return true;
	}
	return false;
}

void client_operations(struct client *client)
{
	const struct program *program = client->program;

	for (int i = 0; i < program->lengths[client->number]; i++) {
		const struct operation_type *type =
			&operation_types[program->operations[client->number][i]];
		struct message message = {
			(uint32_t)oracle_message(client->number, i), (uint32_t)type->behaviour};

		/* A client without a strong handle, or with too many, skips the operation. */
		if (!needs_strong(type->action))
			operation_without(client, type->action, &message);
		else if (client->strongs > 0 && !may_wait_for_itself(client, type->action) &&
			 (type->action != CLONE || client->strongs < STRONGS))
			operation_with_strong(client, type->action, &message);
	}
}

void client_run(void *arg)
{
	client_operations(arg);
	client_drop_all(arg);
}
