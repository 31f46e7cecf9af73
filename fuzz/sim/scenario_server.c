/* SPDX-License-Identifier: 0BSD */
/* The scenario's servers.  This file is simulated code: it is compiled as the library is. */
#include "scenario_parts.h"

static void drop_message(void *value)
{
	oracle_drop_value((int)((struct message *)value)->number);
}

static void drop_reply(void *value)
{
	oracle_drop_reply((int)((struct reply *)value)->number);
}

struct ump_config server_config(const struct program *program)
{
	bool drops = (program->traits & NO_DROP) == 0;
	struct ump_config config = {
		.request = {sizeof(struct message), drops ? drop_message : NULL},
		.reply = {sizeof(struct reply), drops ? drop_reply : NULL},
		.post = {sizeof(struct message), drops ? drop_message : NULL}};

	return config;
}

/* ---- Answers ------------------------------------------------------------------------------- */

static void answer(ump_reply_context **rc, int number, bool in_room)
{
	struct reply local;
	struct reply *reply = in_room ? ump_reply_room(*rc) : &local;
	int code;

	reply->number = (uint32_t)number;
	reply->twice = 2 * (uint32_t)number;
	oracle_replying(number, true);
	code = ump_reply(rc, reply);
	sim_remark("ump_reply of message %d: %s", number, ump_strerror(code));
	oracle_replied(number, code);
}

static void fail(ump_reply_context **rc, int number)
{
	int code;

	oracle_replying(number, false);
	code = ump_reply_fail(rc, CODE_FAIL);
	sim_remark("ump_reply_fail of message %d: %s", number, ump_strerror(code));
	oracle_replied(number, code);
}

/* A thread that answers a kept context, or drops it. */
static void helper(void *arg)
{
	struct kept *kept = arg;
	/* The message stays valid until the context is consumed. */
	int number = (int)kept->message->number;

	if (kept->message->behaviour == KEEP_AND_DROP) {
		oracle_context_dropped(number);
		ump_reply_drop(&kept->rc);
	} else {
		(void)ump_reply_origin_gone(kept->rc);
		answer(&kept->rc, number, false);
	}
}

static void keep(struct server *server, const struct message *message, ump_reply_context **rc)
{
	struct kept *kept = &server->kept[server->kept_count];

	if (server->kept_count == KEPT) {
		answer(rc, (int)message->number, false);
		return;
	}
	kept->rc = ump_reply_keep(rc);
	kept->message = message;
	kept->thread = sim_spawn(helper, kept);
	if (kept->thread < 0)
		/* There are threads enough. */
		helper(kept);
	else
		server->kept_count++;
}

void server_join_helpers(struct server *server)
{
	for (int i = 0; i < server->kept_count; i++)
		sim_join(server->kept[i].thread);
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* Post one more message to the own server, through a weak client. */
static void chain(struct server *server, int number)
{
	struct message next = {(uint32_t)number + ORACLE_CHAINED, ANSWER};
	ump_client *strong = NULL;
	bool gone = oracle_strong_gone();
	int code;

	if (server->me == NULL || number >= ORACLE_CHAINED)
		return;
	oracle_making_strong();
	code = ump_weak_client_upgrade(server->me, &strong);
	oracle_made_strong(code == UMP_OK);
	oracle_upgraded(gone, code);
	if (code != UMP_OK)
		return;
	oracle_send((int)next.number, SEND_POST);
	oracle_sent((int)next.number, ump_client_post(strong, &next));
	oracle_dropping_strong();
	ump_client_drop(&strong);
	oracle_dropped_strong();
}

static struct ump_flow handle(
	struct server *server, const struct message *message, ump_reply_context **rc)
{
	int number = (int)message->number;
	enum behaviour behaviour = (enum behaviour)message->behaviour;

	sim_remark("handles message %d", number);
	oracle_handle(number);
	server->handled++;
	if (behaviour == CHAIN)
		chain(server, number);
	if (rc != NULL) {
		switch (behaviour) {
		case FAIL:
			fail(rc, number);
			break;
		case FORGET:
			oracle_context_dropped(number);
			/* A raw server has nobody behind it to notice. */
			if (server->raw != NULL)
				ump_reply_drop(rc);
			break;
		case KEEP:
		case KEEP_AND_DROP:
			keep(server, message, rc);
			break;
		default:
			answer(rc, number, behaviour == ANSWER_IN_ROOM);
		}
	}
	if (behaviour != BREAK)
		return ump_continue();
	oracle_broke();
	return ump_break((void *)VALUE_BREAK);
}

static struct ump_flow on_request(void *self, const void *message, ump_reply_context **rc)
{
	return handle(self, message, rc);
}

static struct ump_flow on_post(void *self, const void *message)
{
	return handle(self, message, NULL);
}

/* Requests that ask for room or failure are answered, kept ones kept, and all others left alone. */
static void on_leftover(void *self, const void *value, ump_reply_context **rc)
{
	const struct message *message = value;
	int number = (int)message->number;
	enum behaviour behaviour = (enum behaviour)message->behaviour;
	bool taken = rc == NULL || behaviour == ANSWER_IN_ROOM || behaviour == FAIL ||
		     behaviour == KEEP || behaviour == KEEP_AND_DROP;

	sim_remark("has message %d left over", number);
	oracle_leftover(number, taken);
	if (rc == NULL || !taken)
		return;
	if (behaviour == ANSWER_IN_ROOM)
		answer(rc, number, true);
	else if (behaviour == FAIL)
		fail(rc, number);
	else
		keep(self, message, rc);
}

/* ---- The handler's life -------------------------------------------------------------------- */

static int on_init(void *self, ump_weak_client *me)
{
	struct server *server = self;

	oracle_init();
	if (server->program->traits & INIT_FAILS)
		return CODE_INIT;
	if (ump_weak_client_clone(me, &server->me) != UMP_OK)
		oracle_refused();
	return 0;
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	(void)self;
	(void)how;
	oracle_term();
	return ump_break((void *)VALUE_TERM);
}

static void on_drop(void *self)
{
	struct server *server = self;

	oracle_handler_dropped();
	server->handled++;
	ump_weak_client_drop(&server->me);
}

int server_build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct server *server = arg;
	unsigned traits = server->program->traits;

	/* The client that spawn is about to return. */
	oracle_making_strong();
	oracle_made_strong(true);
	if (traits & (INIT_FAILS | BUILDER_FAILS))
		server->cloned = client_clone(client);
	if (traits & BUILDER_FAILS)
		return CODE_BUILDER;
	*out = (struct ump_handler){.self = server,
		.init = traits & (INIT | INIT_FAILS) ? on_init : NULL,
		.request = on_request,
		.post = on_post,
		.leftover = traits & LEFTOVER ? on_leftover : NULL,
		.term = traits & TERM ? on_term : NULL,
		.drop = on_drop};
	return 0;
}

/* ---- A loop of one's own ------------------------------------------------------------------- */

/* Wait in each way that there is, in turn. */
static int receive(struct server *server, int turn, const void **message, ump_reply_context **rc)
{
	switch (turn % 3) {
	case 0:
		return ump_server_try_pop(server->raw, message, rc);
	case 1:
		return ump_server_wait(server->raw, message, rc, ump_after(SOON));
	default:
		return ump_server_wait(server->raw, message, rc, UMP_FOREVER);
	}
}

void server_raw_loop(void *arg)
{
	struct server *server = arg;
	const void *message;
	ump_reply_context *rc;
	int result;

	for (int turn = 0;; turn++) {
		result = receive(server, turn, &message, &rc);
		if (result == UMP_EMPTY || result == UMP_TIMED_OUT)
			continue;
		if (result != UMP_OK)
			break;
		if (handle(server, message, rc != NULL ? &rc : NULL).stop)
			break;
	}
	if (result == UMP_CLIENTS_GONE &&
		!(ump_server_was_empty(server->raw) &&
			ump_server_try_pop(server->raw, &message, &rc) == UMP_CLIENTS_GONE))
		sim_fail("[drain]", "the clients are gone, and then they are not");
	oracle_raw_ended(ump_server_skipped(server->raw));
	ump_server_drop(&server->raw);
}
