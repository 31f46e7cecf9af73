/* SPDX-License-Identifier: 0BSD */
#include "probe.h"

#define MS INT64_C(1000000)

/* A request that was received, and whose caller then gave up. */
static ump_reply_context *received_and_given_up(
	ump_server *server, ump_client *client, struct token *token)
{
	ump_wait_reply *wait_reply = probe_req_async(client, OP_ECHO, 1, token);
	ump_reply_context *rc;
	const void *msg;

	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	CHECK(!ump_reply_origin_gone(rc));
	ump_wait_reply_drop(&wait_reply);
	CHECK(wait_reply == NULL);
	CHECK(ump_reply_origin_gone(rc));
	return rc;
}

static void answering(void)
{
	struct token request = {0};
	struct token answer = {0};
	struct reply reply = {1, &answer};
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	struct reply *buffer;

	probe_open(&server, &client);
	rc = received_and_given_up(server, client, &request);
	CHECK_INT(ump_reply(&rc, &reply), ==, UMP_ORIGIN_GONE);
	CHECK(rc == NULL);
	CHECK_INT(answer.dropped, ==, 1);
	/* The request was delivered: the receiver owns its value. */
	CHECK_INT(request.dropped, ==, 0);

	rc = received_and_given_up(server, client, NULL);
	buffer = ump_reply_buffer(rc);
	*buffer = reply;
	CHECK_INT(ump_reply(&rc, buffer), ==, UMP_ORIGIN_GONE);
	CHECK_INT(answer.dropped, ==, 2);

	rc = received_and_given_up(server, client, NULL);
	CHECK_INT(ump_reply_fail(&rc, 3), ==, UMP_ORIGIN_GONE);
	rc = received_and_given_up(server, client, NULL);
	ump_reply_drop(&rc);
	CHECK_INT(answer.dropped, ==, 2);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static void skipped(void)
{
	struct token token = {0};
	ump_wait_reply *first;
	ump_wait_reply *second;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	struct reply reply = {0, NULL};
	const void *msg;

	probe_open(&server, &client);
	first = probe_req_async(client, OP_ECHO, 1, &token);
	second = probe_req_async(client, OP_ECHO, 2, NULL);
	ump_wait_reply_drop(&first);
	CHECK_INT(token.dropped, ==, 0);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(((const struct order *)msg)->value, ==, 2);
	CHECK_INT(token.dropped, ==, 1);
	CHECK_INT(ump_server_skipped(server), ==, 1);
	CHECK_INT(ump_reply(&rc, &reply), ==, UMP_OK);
	ump_wait_reply_drop(&second);
	/* Only one that was given up is queued: there is no message, and the loop has not ended. */
	first = probe_req_async(client, OP_ECHO, 3, &token);
	ump_wait_reply_drop(&first);
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_EMPTY);
	CHECK_INT(ump_server_skipped(server), ==, 2);
	ump_server_drop(&server);
	ump_client_drop(&client);
	CHECK_INT(token.dropped, ==, 2);
}

static void loop_goes_on(void)
{
	static struct probe probe;
	struct token token = {0};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe_spawn(&probe, &client, &thread);
	probe_hold(&probe, client);
	wait_reply = probe_req_async(client, OP_ECHO, 1, &token);
	ump_wait_reply_drop(&wait_reply);
	probe_release(&probe);
	CHECK_INT(probe_req(client, OP_ECHO, 2, NULL), ==, UMP_OK);
	CHECK_INT(token.delivered, ==, 0);
	CHECK_INT(token.dropped, ==, 1);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.handled, ==, 2);
}

static void answered_and_not_looked_at(void)
{
	static struct probe probe;
	struct token answer = {0};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	probe_init(&probe);
	probe.reply_token = &answer;
	probe_spawn(&probe, &client, &thread);
	wait_reply = probe_req_async(client, OP_ECHO, 1, NULL);
	/* The second request is answered after the first. */
	CHECK_INT(probe_req(client, OP_FAIL, 2, NULL), ==, 2);
	ump_wait_reply_drop(&wait_reply);
	CHECK_INT(answer.dropped, ==, 1);
	wait_reply = probe_req_async(client, OP_FAIL, 3, NULL);
	CHECK_INT(probe_req(client, OP_FAIL, 2, NULL), ==, 2);
	ump_wait_reply_drop(&wait_reply);
	CHECK_INT(answer.dropped, ==, 1);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
}

static void timed_out_request(void)
{
	static struct probe probe;
	struct token token = {0};
	struct token answer = {0};
	struct order order = {OP_GATE, 1, &token};
	struct reply reply;
	ump_client *client;
	ump_thread *thread;
	int tries = 0;

	probe_init(&probe);
	probe.reply_token = &answer;
	probe_spawn(&probe, &client, &thread);
	/* A request that timed out before the server started it was dropped instead. */
	while (token.delivered == 0) {
		tries++;
		CHECK_INT(ump_client_req(client, &order, &reply, ump_after(tries * 30 * MS)), ==,
			UMP_TIMED_OUT);
		while (token.delivered + token.dropped < tries)
			check_nap(1);
	}
	probe_release(&probe);
	ump_client_drop(&client);
	CHECK(!probe_join(&thread).stop);
	CHECK_INT(probe.last_reply_result, ==, UMP_ORIGIN_GONE);
	CHECK_INT(answer.dropped, ==, 1);
	CHECK_INT(token.delivered, ==, 1);
	CHECK_INT(token.dropped, ==, tries - 1);
}

static const struct check_test tests[] = {
	{"[origin] a reply to a requester that gave up gives UMP_ORIGIN_GONE and drops the value",
		answering},
	{"[origin] a queued request that was given up is skipped and counted", skipped},
	{"[origin] a request that was given up does not end the loop", loop_goes_on},
	{"[origin] a reply that is not received is dropped", answered_and_not_looked_at},
	{"[origin] [deadline] a blocking request that timed out has given up", timed_out_request},
};

CHECK_MAIN(tests)
