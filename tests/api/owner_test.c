/* SPDX-License-Identifier: 0BSD */
/* Ownership of what a message points to, by call and result, for each way to send and each kind of
 * server. */
#include "probe.h"

/* What leftover does with requests. */
enum leftover {
	NO_LEFTOVER,
	LEAVES,
	DROPS,
	ANSWERS,
	KEEPS,
	LEFTOVERS
};

/* What happens to the sender's side of a request that was sent without waiting. */
enum sender {
	WAITS,
	TRIES,
	COMPLETES,
	/* Before the server ends, and after it. */
	GIVES_UP,
	GIVES_UP_LATE,
	GIVES_UP_COMPLETIONS,
	GIVES_UP_COMPLETIONS_LATE,
	SENDERS
};

struct sent {
	struct token token;
	ump_wait_reply *wait_reply;
	ump_completions *completions;
};

static void drop_left(struct probe *probe, ump_reply_context **rc)
{
	(void)probe;
	if (rc != NULL)
		ump_reply_drop(rc);
}

static void prepare(struct probe *probe, enum leftover leftover)
{
	probe_init(probe);
	probe->takes_leftovers = leftover != NO_LEFTOVER;
	probe->on_left = leftover == DROPS ? drop_left : NULL;
	probe->answers_leftovers = leftover == ANSWERS;
	probe->keeps_leftovers = leftover == KEEPS;
}

static bool completes(enum sender sender)
{
	return sender == COMPLETES || sender == GIVES_UP_COMPLETIONS ||
	       sender == GIVES_UP_COMPLETIONS_LATE;
}

static void give_up(struct sent *sent)
{
	ump_wait_reply_drop(&sent->wait_reply);
	ump_completions_drop(&sent->completions);
}

static void send_one(struct sent *sent, const ump_client *client, enum sender sender)
{
	struct order order = {OP_ECHO, 1, &sent->token};
	int result;

	*sent = (struct sent){.wait_reply = NULL};
	if (completes(sender)) {
		CHECK_INT(ump_completions_open(&sent->completions), ==, UMP_OK);
		result = ump_client_req_completion(client, &order, sent->completions, sent);
	} else {
		result = ump_client_req_async(client, &order, &sent->wait_reply);
	}
	CHECK(!ump_sent_is_mine(result));
	if (sender == GIVES_UP || sender == GIVES_UP_COMPLETIONS)
		give_up(sent);
}

/* Return the result that the sender gets; it gives up now, or gave up before. */
static int told(struct sent *sent, enum sender sender)
{
	struct ump_completion completion = {NULL, UMP_EMPTY, NULL};
	struct reply reply;

	switch (sender) {
	case WAITS:
		return ump_wait_reply_wait(&sent->wait_reply, &reply, UMP_FOREVER);
	case TRIES:
		return ump_wait_reply_try(&sent->wait_reply, &reply);
	case COMPLETES:
		CHECK_INT(ump_completions_next(sent->completions, &completion), ==, UMP_OK);
		ump_completions_drop(&sent->completions);
		return completion.result;
	default:
		give_up(sent);
		return UMP_EMPTY;
	}
}

/* The server has broken, or was dropped, while this request was queued. */
static void never_started(
	struct probe *probe, struct sent *sent, enum leftover leftover, enum sender sender)
{
	bool early = sender == GIVES_UP || sender == GIVES_UP_COMPLETIONS;
	bool taken = !early && (leftover == ANSWERS || leftover == KEEPS);
	int expected = sender >= GIVES_UP    ? UMP_EMPTY
		       : leftover == ANSWERS ? UMP_OK
		       : leftover == KEEPS   ? UMP_NO_REPLY
					     : UMP_SERVER_GONE;

	CHECK_INT(sent->token.dropped, ==, !taken);
	if (probe->kept_count != 0)
		ump_reply_drop(&probe->kept[0]);
	CHECK_INT(told(sent, sender), ==, expected);
	CHECK_INT(sent->token.dropped, ==, !taken);
	CHECK_INT(sent->token.left, ==, taken);
	CHECK_INT(sent->token.delivered, ==, 0);
}

static void on_thread(enum leftover leftover, enum sender sender)
{
	static struct probe probe;
	struct sent sent;
	ump_client *client;
	ump_thread *thread;

	prepare(&probe, leftover);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	probe_post(client, OP_BREAK, 1);
	send_one(&sent, client, sender);
	probe_release(&probe);
	CHECK(probe_join(&thread).stop);
	never_started(&probe, &sent, leftover, sender);
	ump_client_drop(&client);
}

static void in_task(enum leftover leftover, enum sender sender)
{
	static struct probe probe;
	struct sent sent;
	ump_client *client;
	ump_task *task;

	prepare(&probe, leftover);
	probe_spawn_task(&probe, &client, &task);
	send_one(&sent, client, sender);
	ump_task_drop(&task);
	never_started(&probe, &sent, leftover, sender);
	ump_client_drop(&client);
}

/* What a handler sends to its own combining server is queued until it returns. */
static struct ump_flow send_and_break(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	struct sent *sent = probe->arg;
	ump_client *client;

	(void)rc;
	CHECK_INT(ump_weak_client_upgrade(probe->me, &client), ==, UMP_OK);
	send_one(sent, client, (enum sender)order->value);
	ump_client_drop(&client);
	return ump_break(probe);
}

static void run_combining(enum leftover leftover, enum sender sender)
{
	static struct probe probe;
	struct sent sent;
	ump_client *client;
	ump_combining *combining;

	prepare(&probe, leftover);
	probe.on_call = send_and_break;
	probe.arg = &sent;
	probe.roams = true;
	probe_spawn_combining(&probe, &client, &combining);
	probe_post(client, OP_CALL, (int)sender);
	CHECK(probe_join_combining(&combining).stop);
	never_started(&probe, &sent, leftover, sender);
	ump_client_drop(&client);
}

/* The same, by a handler that has suspended, in a task that is dropped. */
static struct ump_flow suspend(
	struct probe *probe, const struct order *order, ump_reply_context **rc)
{
	(void)order;
	(void)rc;
	probe->arg = ump_suspend();
	CHECK(probe->arg != NULL);
	return ump_pending();
}

static void suspended(enum leftover leftover, enum sender sender)
{
	static struct probe probe;
	ump_suspension *suspension;
	struct sent sent;
	ump_client *client;
	ump_task *task;

	prepare(&probe, leftover);
	probe.on_call = suspend;
	probe_spawn_task(&probe, &client, &task);
	probe_post(client, OP_CALL, 1);
	CHECK(ump_task_dispatch(task, 0));
	send_one(&sent, client, sender);
	ump_task_drop(&task);
	never_started(&probe, &sent, leftover, sender);
	suspension = probe.arg;
	CHECK_INT(ump_task_resume(&suspension, ump_continue()), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
}

static void raw(enum leftover leftover, enum sender sender)
{
	static struct probe probe;
	struct sent sent;
	ump_client *client;
	ump_server *server;

	if (leftover != NO_LEFTOVER)
		return;
	prepare(&probe, leftover);
	probe_open(&server, &client);
	send_one(&sent, client, sender);
	ump_server_drop(&server);
	never_started(&probe, &sent, leftover, sender);
	ump_client_drop(&client);
}

static void in_all_ways(void (*way)(enum leftover leftover, enum sender sender))
{
	for (int leftover = 0; leftover < LEFTOVERS; leftover++) {
		for (int sender = 0; sender < SENDERS; sender++)
			way((enum leftover)leftover, (enum sender)sender);
	}
}

static void threads(void)
{
	in_all_ways(on_thread);
}

static void tasks(void)
{
	in_all_ways(in_task);
}

static void combining_servers(void)
{
	in_all_ways(run_combining);
}

static void suspended_tasks(void)
{
	in_all_ways(suspended);
}

static void raw_ends(void)
{
	in_all_ways(raw);
}

/* ---- Blocking callers ----------------------------------------------------------------------- */

struct caller {
	pthread_t id;
	ump_client *client;
	struct token token;
	ump_time deadline;
	int result;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct order order = {OP_ECHO, 1, &caller->token};
	struct reply reply;

	caller->result = ump_client_req(caller->client, &order, &reply, caller->deadline);
	return NULL;
}

/* It is queued when the server ends: with a deadline or without, its caller owns its value
 * again. */
static void blocked(void)
{
	for (int timed = 0; timed < 2; timed++) {
		struct caller caller = {
			.deadline = timed != 0 ? ump_after(INT64_C(60000000000)) : UMP_FOREVER};
		ump_server *server;

		probe_open(&server, &caller.client);
		CHECK_INT(pthread_create(&caller.id, NULL, call, &caller), ==, 0);
		while (ump_server_was_empty(server))
			check_nap(1);
		check_nap(2);
		ump_server_drop(&server);
		pthread_join(caller.id, NULL);
		CHECK_INT(caller.result, ==, UMP_SERVER_GONE);
		CHECK(ump_request_is_mine(caller.result));
		CHECK_INT(caller.token.dropped, ==, 0);
		ump_client_drop(&caller.client);
	}
}

/* It has timed out while it was queued, or before it could be sent: its value is dropped. */
static void timed_out(void)
{
	for (int late = 0; late < 2; late++) {
		struct token token = {0};
		struct order order = {OP_ECHO, 1, &token};
		struct reply reply;
		ump_client *client;
		ump_server *server;
		int result;

		probe_open(&server, &client);
		result = ump_client_req(
			client, &order, &reply, late != 0 ? UMP_NOW : ump_after(1000000));
		CHECK_INT(result, ==, UMP_TIMED_OUT);
		CHECK(!ump_request_is_mine(result));
		ump_server_drop(&server);
		CHECK_INT(token.dropped, ==, 1);
		ump_client_drop(&client);
	}
}

static void answered(void)
{
	static struct probe probe;
	static const enum op ops[] = {OP_ECHO, OP_FAIL, OP_FORGET};
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < 3; i++) {
		struct token token = {0};
		struct order order = {ops[i], 1, &token};
		struct reply reply;

		CHECK(!ump_request_is_mine(ump_client_req(client, &order, &reply, UMP_FOREVER)));
		CHECK_INT(token.delivered, ==, 1);
		CHECK_INT(token.dropped, ==, 0);
	}
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

/* The sender owns what was not sent, whatever the reason. */
static void not_sent(void)
{
	static const int codes[] = {
		UMP_SERVER_GONE, UMP_DEADLOCK, UMP_INVALID, UMP_NO_MEMORY, UMP_FULL, UMP_OVERFLOW};
	struct token token = {0};
	struct order order = {OP_ECHO, 1, &token};
	struct ump_config config = probe_config;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_server *server;

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		CHECK(ump_request_is_mine(codes[i]) && ump_sent_is_mine(codes[i]));
	config.capacity = 1;
	CHECK_INT(ump_channel_open(&server, &client, &config), ==, UMP_OK);
	probe_post(client, OP_ECHO, 1);
	/* UMP_TIMED_OUT, unless the deadline has passed before the call checks it. */
	CHECK(ump_sent_is_mine(ump_client_post_until(client, &order, ump_after(1000000))));
	CHECK(ump_sent_is_mine(
		ump_client_req_async_until(client, &order, &wait_reply, ump_after(1000000))));
	CHECK(ump_sent_is_mine(UMP_TIMED_OUT));
	ump_server_drop(&server);
	CHECK_INT(token.dropped, ==, 0);
	ump_client_drop(&client);
}

static const struct check_test tests[] = {
	{"[gone] [once] a thread's requests that were never started have one owner", threads},
	{"[gone] [once] a task's do", tasks},
	{"[gone] [once] a combining server's do", combining_servers},
	{"[gone] [suspend] those of a task that is dropped while suspended do", suspended_tasks},
	{"[gone] [once] a raw end's do", raw_ends},
	{"[gone] a caller that is blocked has its value back", blocked},
	{"[gone] [origin] a request that has timed out is dropped", timed_out},
	{"[gone] what was handled is the handler's", answered},
	{"[gone] what was not sent is the sender's", not_sent},
};

CHECK_MAIN(tests)
