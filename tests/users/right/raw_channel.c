/* SPDX-License-Identifier: 0BSD */
/* A program's own loop receives from a raw channel: it reads each post until the next call, and
 * collects requests, whose messages stay valid until it answers them. */
#include "check.h"

#include <ump_server.h>

#define SENDERS 3
#define ROUNDS  200
#define HELD    2

struct held {
	const long *msg;
	ump_reply_context *rc;
};

struct loop {
	ump_server *server;
	struct held held[HELD];
	int count;
	long posts;
	long requests;
};

static void answer_held(struct loop *loop)
{
	for (; loop->count > 0; loop->count--) {
		struct held *held = &loop->held[loop->count - 1];
		long *answer = malloc(sizeof *answer);

		CHECK(answer != NULL);
		*answer = *held->msg + 1;
		CHECK(ump_reply(&held->rc, &answer) == UMP_OK);
		loop->requests++;
	}
}

static void handle(struct loop *loop, const void *msg, ump_reply_context *rc)
{
	if (rc == NULL) {
		loop->posts += *(const long *)msg;
		return;
	}
	loop->held[loop->count++] = (struct held){msg, rc};
	if (loop->count == HELD)
		answer_held(loop);
}

/* Answer whenever nothing else is there: all callers may be waiting. */
static void *run(void *arg)
{
	struct loop *loop = arg;
	ump_reply_context *rc;
	const void *msg;
	int result;

	do {
		result = ump_server_try_pop(loop->server, &msg, &rc);
		if (result == UMP_EMPTY) {
			answer_held(loop);
			result = ump_server_wait(loop->server, &msg, &rc, UMP_FOREVER);
		}
		if (result == UMP_OK)
			handle(loop, msg, rc);
	} while (result == UMP_OK);
	CHECK(result == UMP_CLIENTS_GONE);
	answer_held(loop);
	ump_server_drop(&loop->server);
	return NULL;
}

static void *send(void *arg)
{
	ump_client **client = arg;
	long i;

	for (i = 0; i < ROUNDS; i++) {
		ump_time deadline = i % 2 == 0 ? UMP_FOREVER : ump_after(INT64_C(20000000000));
		long *answer;
		long one = 1;

		CHECK(ump_client_post(*client, &one) == UMP_OK);
		CHECK(ump_client_req(*client, &i, &answer, deadline) == UMP_OK);
		CHECK(*answer == i + 1);
		free(answer);
	}
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long),
		.reply.size = sizeof(long *),
		.post.size = sizeof(long)};
	ump_client *clients[SENDERS];
	struct loop loop = {0};
	pthread_t thread;
	int i;

	CHECK(ump_channel_open(&loop.server, &clients[0], &config) == UMP_OK);
	for (i = 1; i < SENDERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	CHECK(pthread_create(&thread, NULL, run, &loop) == 0);
	run_threads(send, clients, sizeof(ump_client *), SENDERS);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(loop.posts == SENDERS * ROUNDS && loop.requests == SENDERS * ROUNDS);
	return 0;
}
