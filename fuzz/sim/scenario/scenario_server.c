/* SPDX-License-Identifier: 0BSD */
/* The scenario's servers.  Simulated code: compiled like the library. */
#include "scenario/scenario_parts.h"

static void drop_message(void *value)
{
	oracle_drop_value((int)((struct message *)value)->number);
}

void scenario_drop_stop(void *value)
{
	oracle_drop_stop((int)((intptr_t)value - VALUE_STOP));
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
		.post = {sizeof(struct message), drops ? drop_message : NULL},
		.capacity = program_capacity(program),
		.budget = program->traits & BUDGET ? 1 : 0};

	return config;
}

/* ---- Answers ------------------------------------------------------------------------------- */

void server_answer(ump_reply_context **rc, int number, bool in_buffer)
{
	struct reply local;
	struct reply *reply = in_buffer ? ump_reply_buffer(*rc) : &local;
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

/* Resume a suspended handler. */
static void resume(struct kept *kept, bool breaks)
{
	struct server *server = kept->server;
	struct ump_flow flow = breaks ? ump_break((void *)VALUE_BREAK) : ump_continue();
	int code;

	oracle_resuming(server->number, breaks);
	code = ump_task_resume(&kept->suspension, flow);
	sim_remark("resumes server %d: %s", server->number, ump_strerror(code));
	oracle_resumed(server->number, code);
}

/* A thread that answers or drops a kept context, and resumes the handler if it has suspended. */
void server_helper(void *arg)
{
	struct kept *kept = arg;
	/* The message stays valid until the context is consumed, or the handler is resumed. */
	int number = (int)kept->message->number;
	enum behaviour behaviour = (enum behaviour)kept->message->behaviour;

	if (kept->holds)
		oracle_dropping_strong(kept->server->number);
	if (kept->rc != NULL && (behaviour == KEEP_AND_DROP || behaviour == HOLD_AND_DROP)) {
		oracle_context_dropped(number);
		ump_reply_drop(&kept->rc);
	} else if (kept->rc != NULL) {
		(void)ump_reply_origin_gone(kept->rc);
		server_answer(&kept->rc, number, false);
	}
	if (kept->holds)
		oracle_dropped_strong(kept->server->number);
	if (behaviour == DUE_SUSPEND)
		oracle_due_post_over(number);
	if (kept->suspension != NULL)
		resume(kept, behaviour == SUSPEND_AND_BREAK);
}

struct kept *server_keep(struct server *server, const struct message *message)
{
	struct kept *kept = &server->kept[server->kept_count];

	if (server->kept_count == KEPT)
		return NULL;
	*kept = (struct kept){.server = server, .message = message};
	return kept;
}

void server_hand_over(struct kept *kept)
{
	kept->thread = sim_spawn(server_helper, kept);
	if (kept->thread < 0)
		/* There are too many threads: finish it here. */
		server_helper(kept);
	else
		kept->server->kept_count++;
}

/* Let a kept context hold the loop. */
static void hold(struct kept *kept)
{
	int server = kept->server->number;
	bool gone = oracle_strong_gone(server);
	int code;

	oracle_making_strong(server);
	code = ump_reply_hold(kept->rc);
	sim_remark(
		"ump_reply_hold of message %d: %s", (int)kept->message->number, ump_strerror(code));
	kept->holds = code == UMP_OK;
	oracle_made_strong(server, kept->holds);
	oracle_held(server, gone, code);
}

static void keep(struct server *server, const struct message *message, ump_reply_context **rc)
{
	struct kept *kept = server_keep(server, message);

	if (kept == NULL) {
		server_answer(rc, (int)message->number, false);
		return;
	}
	oracle_kept((int)message->number);
	kept->rc = ump_reply_keep(rc);
	if (message->behaviour == HOLD || message->behaviour == HOLD_AND_DROP)
		hold(kept);
	server_hand_over(kept);
}

void server_join_helpers(struct server *server)
{
	for (int i = 0; i < server->kept_count; i++)
		sim_join(server->kept[i].thread);
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* Post one more message to its own server, through a weak client. */
static void chain(struct server *server, int number)
{
	struct message next = {(uint32_t)number + ORACLE_CHAINED, ANSWER};
	ump_client *strong = NULL;
	bool gone = oracle_strong_gone(server->number);
	int code;

	if (server->me == NULL || number >= ORACLE_CHAINED)
		return;
	oracle_making_strong(server->number);
	code = ump_weak_client_upgrade(server->me, &strong);
	oracle_made_strong(server->number, code == UMP_OK);
	oracle_upgraded(server->number, gone, code);
	if (code != UMP_OK)
		return;
	oracle_send((int)next.number, SEND_POST, server->number, server->number);
	oracle_sent((int)next.number, ump_client_post(strong, &next));
	oracle_dropping_strong(server->number);
	ump_client_drop(&strong);
	oracle_dropped_strong(server->number);
}

int scenario_stop_weak(const ump_weak_client *weak, int server, void *value)
{
	int code;

	/* There may be a strong client during the call. */
	oracle_making_strong(server);
	code = ump_weak_client_stop(weak, value, scenario_drop_stop);
	oracle_made_strong(server, false);
	return code;
}

/* Stop its own server, through a weak client. */
static void stop_self(struct server *server, int number)
{
	int stop = number + ORACLE_CHAINED;
	int code;

	if (server->me == NULL || stop >= ORACLE_MESSAGES)
		return;
	oracle_stop(stop, STOP_WEAK, server->number, server->number);
	code = scenario_stop_weak(server->me, server->number, (void *)(VALUE_STOP + stop));
	sim_remark("stops its own server: %s", ump_strerror(code));
	oracle_stopped(stop, code);
}

/* Answer a request in the way that it specifies. */
static void respond(struct server *server, const struct message *message, ump_reply_context **rc)
{
	int number = (int)message->number;

	switch ((enum behaviour)message->behaviour) {
	case FAIL:
		fail(rc, number);
		break;
	case FORGET:
		oracle_context_dropped(number);
		/* A raw server has no dispatcher that would notice: the context must be dropped. */
		if (server->raw != NULL)
			ump_reply_drop(rc);
		break;
	case KEEP:
	case KEEP_AND_DROP:
	case HOLD:
	case HOLD_AND_DROP:
		keep(server, message, rc);
		break;
	default:
		server_answer(rc, number, message->behaviour == ANSWER_IN_BUFFER);
	}
}

/* Handle a message; return whether the handler breaks. */
static bool handle(struct server *server, const struct message *message, ump_reply_context **rc)
{
	enum behaviour behaviour = (enum behaviour)message->behaviour;
	/* The message is not valid after its answer. */
	struct message mine = *message;
	bool answered = rc == NULL;

	server_nested_loop(server);
	if (behaviour == CHAIN)
		chain(server, (int)mine.number);
	if (behaviour == STOP_SELF || behaviour == STOP_AND_BREAK)
		stop_self(server, (int)mine.number);
	if (behaviour == ANSWER_AND_CALL && !answered) {
		respond(server, message, rc);
		answered = true;
	}
	if (behaviour >= CALL && behaviour <= JOIN)
		server_call(server, &mine);
	if (behaviour >= SUSPEND && behaviour <= RESUME && server_suspend(server, message, rc))
		return false;
	if (!answered)
		respond(server, message, rc);
	if (behaviour == QUIT)
		server_quit(server);
	if (behaviour >= TIMER && behaviour <= TIMER_CANCEL)
		server_start_timers(server, &mine);
	if (behaviour >= ASK && behaviour <= ASK_WATCH)
		server_ask(server, &mine);
	return behaviour == BREAK || behaviour == STOP_AND_BREAK || behaviour == ASK_AND_BREAK;
}

struct ump_flow server_handle(
	struct server *server, const struct message *message, ump_reply_context **rc)
{
	bool breaks;

	workers_enter(server);
	sim_remark("server %d handles message %d", server->number, (int)message->number);
	server_check_timers(server);
	server_check_delayed(server, message);
	oracle_handle((int)message->number);
	server->handled++;
	workers_visit_key(server, (int)message->number);
	breaks = handle(server, message, rc);
	oracle_returns(server->number);
	if (!breaks)
		/* Without a suspension, these two are the same. */
		return server->task != NULL ? ump_pending() : ump_continue();
	oracle_broke(server->number);
	return ump_break((void *)(VALUE_BREAK + server->index));
}

static struct ump_flow on_request(void *self, const void *message, ump_reply_context **rc)
{
	return server_handle(self, message, rc);
}

static struct ump_flow on_post(void *self, const void *message)
{
	if (((const struct message *)message)->behaviour >= DUE)
		return server_due_post(self, message);
	return server_handle(self, message, NULL);
}

/* Answer requests that want the reply buffer or failure, keep those to be kept, and leave all
 * others. */
static void on_leftover(void *self, const void *value, ump_reply_context **rc)
{
	const struct message *message = value;
	int number = (int)message->number;
	enum behaviour behaviour = (enum behaviour)message->behaviour;
	bool taken = rc == NULL || behaviour == ANSWER_IN_BUFFER || behaviour == FAIL ||
		     behaviour == KEEP || behaviour == KEEP_AND_DROP || behaviour == HOLD ||
		     behaviour == HOLD_AND_DROP;

	workers_enter(self);
	sim_remark("has message %d left over", number);
	((struct server *)self)->handled++;
	if (behaviour >= DUE) {
		oracle_delayed_left(number);
		return;
	}
	oracle_leftover(number, taken);
	if (rc == NULL || !taken)
		return;
	if (behaviour == ANSWER_IN_BUFFER)
		server_answer(rc, number, true);
	else if (behaviour == FAIL)
		fail(rc, number);
	else
		keep(self, message, rc);
}

/* ---- The handler's life -------------------------------------------------------------------- */

static int on_init(void *self, ump_weak_client *me)
{
	struct server *server = self;

	workers_enter(server);
	oracle_init(server->number);
	/* Of workers, the last one's. */
	if ((server->program->traits & INIT_FAILS) != 0 &&
		(server->whole == NULL ||
			server->index == program_workers(server->program->traits) - 1))
		return CODE_INIT;
	if (ump_weak_client_clone(me, &server->me) != UMP_OK)
		oracle_refused();
	return 0;
}

static struct ump_flow on_term(void *self, struct ump_flow how)
{
	const struct server *server = self;

	workers_enter(server);
	oracle_term(server->number, how.stop, (intptr_t)how.value);
	return ump_break((void *)(VALUE_TERM + server->index));
}

static void on_drop(void *self)
{
	struct server *server = self;

	workers_enter(server);
	server_check_asks(server);
	oracle_handler_dropped(server->number);
	server->handled++;
	ump_weak_client_drop(&server->me);
	ump_weak_client_drop(&server->to_next);
}

int server_build(void *arg, ump_client *client, struct ump_handler *out)
{
	struct server *server = arg;
	unsigned traits = server->program->traits;

	/* The client that spawning is about to return. */
	if (server->built == 0) {
		oracle_making_strong(server->number);
		oracle_made_strong(server->number, true);
	}
	if ((traits & (INIT_FAILS | BUILDER_FAILS)) != 0 && server->built == 0)
		server->cloned = client_clone(client, server->number);
	server = workers_build(server);
	if (server == NULL)
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

/* ---- A raw loop ---------------------------------------------------------------------------- */

/* Receive in each possible way, in round. */
static int receive(struct server *server, int round, const void **message, ump_reply_context **rc)
{
	switch (round % 3) {
	case 0:
		return ump_server_try_pop(server->raw, message, rc);
	case 1:
		return ump_server_wait(server->raw, message, rc, ump_after(SOON));
	default:
		return ump_server_wait(server->raw, message, rc, UMP_FOREVER);
	}
}

/* Handle what was received.  A delayed post is lent, until the next receive call. */
static bool receive_breaks(struct server *server, const struct message *message,
	ump_reply_context *rc, const struct message **lent)
{
	*lent = NULL;
	if (rc != NULL || message->behaviour < DUE)
		return server_handle(server, message, rc != NULL ? &rc : NULL).stop;
	*lent = message;
	return server_due_post(server, message).stop;
}

/* What was lent is about to be given back. */
static void give_back(const struct message **lent)
{
	if (*lent != NULL)
		oracle_due_post_over((int)(*lent)->number);
	*lent = NULL;
}

void server_raw_loop(void *arg)
{
	struct server *server = arg;
	const struct message *lent = NULL;
	const void *message;
	ump_reply_context *rc;
	int result;

	for (int round = 0;; round++) {
		give_back(&lent);
		result = receive(server, round, &message, &rc);
		/* It is as good as now, or one of the planned times. */
		if (ump_server_due(server->raw) < UMP_NOW)
			sim_fail("[timer]", "the next due post is due before all times");
		if (result == UMP_EMPTY || result == UMP_TIMED_OUT)
			continue;
		if (result != UMP_OK || receive_breaks(server, message, rc, &lent))
			break;
	}
	give_back(&lent);
	if (result == UMP_CLIENTS_GONE &&
		!(ump_server_was_empty(server->raw) &&
			ump_server_try_pop(server->raw, &message, &rc) == UMP_CLIENTS_GONE))
		sim_fail("[drain]", "the clients are gone, and then they are not");
	oracle_raw_ended(ump_server_skipped(server->raw));
	ump_server_drop(&server->raw);
}
