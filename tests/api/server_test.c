/* SPDX-License-Identifier: 0BSD */
/* The raw receiving end. */
#include "probe.h"

static void a_life(void)
{
	struct order order = {OP_ECHO, 4, NULL};
	struct reply reply = {8, NULL};
	ump_wait_reply *wait_reply;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;

	probe_open(&server, &client);
	CHECK(ump_server_was_empty(server));
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	wait_reply = probe_req_async(client, OP_ECHO, 5, NULL);
	CHECK(!ump_server_was_empty(server));
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	CHECK(rc == NULL);
	CHECK_INT(((const struct order *)msg)->value, ==, 4);
	CHECK(!ump_server_was_empty(server));
	CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_OK);
	CHECK(rc != NULL);
	CHECK_INT(((const struct order *)msg)->value, ==, 5);
	CHECK(ump_server_was_empty(server));
	CHECK_INT(ump_reply(&rc, &reply), ==, UMP_OK);
	CHECK_INT(ump_wait_reply_try(&wait_reply, &reply), ==, UMP_OK);
	CHECK_INT(reply.value, ==, 8);
	ump_server_drop(&server);
	ump_client_drop(&client);
}

static void clients_gone(void)
{
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;

	probe_open(&server, &client);
	probe_post(client, OP_ECHO, 1);
	ump_client_drop(&client);
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	/* The end-of-stream marker is not a message. */
	CHECK(ump_server_was_empty(server));
	for (int i = 0; i < 3; i++) {
		CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_CLIENTS_GONE);
		CHECK_INT(ump_server_try_pop(server, &msg, &rc), ==, UMP_CLIENTS_GONE);
		CHECK(msg == NULL);
	}
	ump_server_drop(&server);
}

static void only_eos(void)
{
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;

	probe_open(&server, &client);
	ump_client_drop(&client);
	CHECK(ump_server_was_empty(server));
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_CLIENTS_GONE);
	CHECK(ump_server_was_empty(server));
	ump_server_drop(&server);
}

static void dropped_with_messages(void)
{
	struct token post = {0};
	struct token request = {0};
	struct order order = {OP_ECHO, 1, &post};
	struct reply reply;
	ump_wait_reply *wait_reply;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;

	probe_open(&server, &client);
	for (int i = 0; i < 3; i++)
		CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	wait_reply = probe_req_async(client, OP_ECHO, 1, &request);
	/* The rest of the batch, which was taken with the first message, is undelivered as well. */
	CHECK_INT(ump_server_wait(server, &msg, &rc, UMP_FOREVER), ==, UMP_OK);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_OK);
	ump_server_drop(&server);
	CHECK(server == NULL);
	CHECK_INT(post.dropped, ==, 3);
	CHECK_INT(ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER), ==, UMP_SERVER_GONE);
	CHECK_INT(request.dropped, ==, 1);
	CHECK_INT(ump_client_post(client, &order), ==, UMP_SERVER_GONE);
	ump_client_drop(&client);
}

static void dropped_last(void)
{
	ump_weak_client *weak;
	ump_server *server;
	ump_client *client;

	probe_open(&server, &client);
	CHECK_INT(ump_client_weak(client, &weak), ==, UMP_OK);
	ump_client_drop(&client);
	ump_server_drop(&server);
	CHECK_INT(ump_weak_client_upgrade(weak, &client), ==, UMP_CLIENTS_GONE);
	ump_weak_client_drop(&weak);
}

static void *post_later(void *arg)
{
	ump_client *client = arg;

	for (int i = 0; i < 20; i++) {
		check_nap(1);
		probe_post(client, OP_ECHO, i);
	}
	ump_client_drop(&client);
	return NULL;
}

static void waits_for_messages(void)
{
	pthread_t poster;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;
	int got = 0;

	probe_open(&server, &client);
	CHECK_INT(pthread_create(&poster, NULL, post_later, client), ==, 0);
	while (ump_server_wait(server, &msg, &rc, UMP_FOREVER) == UMP_OK) {
		CHECK_INT(((const struct order *)msg)->value, ==, got);
		got++;
	}
	CHECK_INT(got, ==, 20);
	pthread_join(poster, NULL);
	ump_server_drop(&server);
}

static const struct check_test tests[] = {
	{"[fifo] a raw server receives posts and requests", a_life},
	{"[drain] a raw server gets UMP_CLIENTS_GONE once its clients are gone, and ever after",
		clients_gone},
	{"[drain] the end-of-stream marker of the last client is no message", only_eos},
	{"[once] [clean] dropping a raw server completes and drops what is queued",
		dropped_with_messages},
	{"[weak] a server may go last or first", dropped_last},
	{"[quiet] a raw server sleeps until a message comes", waits_for_messages},
};

CHECK_MAIN(tests)
