/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

static void after_the_end(void)
{
	static struct probe probe;
	struct token token = {0};
	struct order order = {OP_ECHO, 1, &token};
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_post_client *post_client;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(ump_client_post_client(client, &post_client), ==, UMP_OK);
	probe_post(client, OP_BREAK, 1);
	CHECK(probe_join(&thread).stop);
	CHECK_INT(ump_client_req(client, &order, &reply, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(
		ump_client_req(client, &order, &reply, ump_after(1000000000)), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_client_req_async(client, &order, &wait_reply), ==, UMP_SERVER_GONE);
	CHECK(wait_reply == NULL);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	CHECK_INT(ump_post_client_post(post_client, &order), ==, UMP_SERVER_GONE);
	CHECK_INT(token.dropped + token.delivered, ==, 0);
	CHECK_INT(order.value, ==, 1);
	ump_post_client_drop(&post_client);
	ump_client_drop(&client);
}

struct caller {
	pthread_t id;
	ump_client *client;
	struct token *token;
	int result;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	struct order order = {OP_ECHO, 1, caller->token};
	struct reply reply;

	caller->result = ump_client_req(caller->client, &order, &reply, UMP_FOREVER);
	return NULL;
}

/* A blocking request that is queued when the server ends: never started, so its caller keeps the
 * value. */
static void never_started(void)
{
	struct token token = {0};
	struct caller caller = {.token = &token};
	ump_server *server;

	probe_open(&server, &caller.client);
	CHECK_INT(pthread_create(&caller.id, NULL, call, &caller), ==, 0);
	while (ump_server_was_empty(server))
		check_nap(1);
	check_nap(2);
	ump_server_drop(&server);
	pthread_join(caller.id, NULL);
	CHECK_INT(caller.result, ==, UMP_SERVER_GONE);
	CHECK_INT(token.dropped, ==, 0);
	ump_client_drop(&caller.client);
}

/* A request that was received gets UMP_NO_REPLY, even if the server has ended since. */
static void started(void)
{
	struct caller caller = {.token = NULL};
	ump_reply_context *rc;
	ump_server *server;
	const void *msg;

	probe_open(&server, &caller.client);
	CHECK_INT(pthread_create(&caller.id, NULL, call, &caller), ==, 0);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	ump_server_drop(&server);
	ump_reply_drop(&rc);
	pthread_join(caller.id, NULL);
	CHECK_INT(caller.result, ==, UMP_NO_REPLY);
	ump_client_drop(&caller.client);
}

/* The value of a request that was sent without waiting, and is never started, is dropped exactly
 * once, whether its sender looks for the result or not. */
static void never_started_nobody_looks(void)
{
	struct token token = {0};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_server *server;

	probe_open(&server, &client);
	wait_reply = probe_req_async(client, OP_ECHO, 1, &token);
	ump_server_drop(&server);
	CHECK_INT(token.dropped, ==, 1);
	ump_wait_reply_drop(&wait_reply);
	CHECK_INT(token.dropped, ==, 1);
	ump_client_drop(&client);
}

static void forgotten(void)
{
	static struct probe probe;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	CHECK_INT(probe_req(client, OP_FORGET, 1, NULL), ==, UMP_NO_REPLY);
	CHECK_INT(probe_req(client, OP_ECHO, 1, NULL), ==, UMP_OK);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static const struct check_test tests[] = {
	{"[gone] after the end nothing is delivered and the value stays the caller's",
		after_the_end},
	{"[gone] a queued request that was never started gets UMP_SERVER_GONE", never_started},
	{"[gone] a request that was started gets UMP_NO_REPLY", started},
	{"[gone] a value whose sender has gone is dropped", never_started_nobody_looks},
	{"[forgot] a handler that forgets gives no reply, and the loop goes on", forgotten},
};

CHECK_MAIN(tests)
