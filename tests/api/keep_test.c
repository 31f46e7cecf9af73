/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

static void *answer_kept(void *arg)
{
	struct reply reply = {123, NULL};

	CHECK_INT(ump_reply((ump_reply_context **)arg, &reply), ==, UMP_OK);
	return NULL;
}

struct caller {
	pthread_t id;
	ump_client *client;
	ump_time deadline;
	int result;
	struct reply reply;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct order order = {OP_KEEP, 5, NULL};

	caller->result = ump_client_req(caller->client, &order, &caller->reply, caller->deadline);
	ump_client_drop(&caller->client);
	return NULL;
}

static void answer_from_another_thread(ump_time deadline)
{
	static struct probe probe;
	struct caller caller = {.deadline = deadline};
	ump_client *client;
	ump_thread *thread;
	pthread_t answerer;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_clone(client, &caller.client), ==, UMP_OK);
	CHECK_INT(pthread_create(&caller.id, NULL, call, &caller), ==, 0);
	probe_await(&probe.kept_count, 1);
	/* A kept context does not block other requests. */
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	CHECK_INT(pthread_create(&answerer, NULL, answer_kept, &probe.kept[0]), ==, 0);
	pthread_join(answerer, NULL);
	pthread_join(caller.id, NULL);
	CHECK_INT(caller.result, ==, UMP_OK);
	CHECK_INT(caller.reply.value, ==, 123);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void on_any_thread(void)
{
	answer_from_another_thread(UMP_FOREVER);
	answer_from_another_thread(ump_after(INT64_C(60000000000)));
}

static void after_the_end(void)
{
	static struct probe probe;
	ump_wait_reply *waits[3];
	struct reply reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	for (int i = 0; i < 3; i++)
		waits[i] = probe_req_async(client, OP_KEEP, i, NULL);
	ump_client_drop(&client);
	/* Kept contexts do not keep the loop alive. */
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.kept_count, ==, 3);
	answer_kept(&probe.kept[0]);
	CHECK_INT(ump_reply_fail(&probe.kept[1], 9), ==, UMP_OK);
	ump_reply_drop(&probe.kept[2]);
	CHECK_INT(ump_wait_reply_wait(&waits[0], &reply, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 123);
	CHECK_INT(ump_wait_reply_wait(&waits[1], &reply, UMP_FOREVER), ==, 9);
	CHECK_INT(ump_wait_reply_wait(&waits[2], &reply, UMP_FOREVER), ==, UMP_NO_REPLY);
}

static void message_stays_valid(void)
{
	const struct order *order;
	ump_reply_context *rc;
	ump_reply_context *kept;
	ump_wait_reply *wait_reply;
	ump_server *server;
	ump_client *client;
	struct reply reply;
	const void *msg;

	probe_open(&server, &client);
	wait_reply = probe_req_async(client, OP_ECHO, 31, NULL);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_NOW), ==, UMP_OK);
	order = msg;
	kept = ump_reply_keep(&rc);
	CHECK(rc == NULL);
	CHECK(kept != NULL);
	ump_client_drop(&client);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_CLIENTS_GONE);
	ump_server_drop(&server);
	CHECK_INT(order->value, ==, 31);
	reply = (struct reply){32, NULL};
	CHECK_INT(ump_reply(&kept, &reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 32);
}

static const struct check_test tests[] = {
	{"[keep] a kept context is answered on another thread", on_any_thread},
	{"[keep] a kept context outlives the server, and does not keep it alive", after_the_end},
	{"[keep] a message stays valid until its context is consumed", message_stays_valid},
};

CHECK_MAIN(tests)
