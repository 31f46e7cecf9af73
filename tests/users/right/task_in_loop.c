/* SPDX-License-Identifier: 0BSD */
/* A poll loop runs a task, which three threads call.  The handler and the loop share variables
 * without a lock, since both run on one thread; the callers lend it theirs. */
#include "check.h"

#include <poll.h>
#include <ump_server.h>

#define CALLERS  3
#define REQUESTS 200

struct loop {
	long handled;
	long posts;
	long rounds;
	long at_end;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct loop *loop = self;
	long *number = *(long *const *)msg;

	loop->handled++;
	*number += 1;
	CHECK(ump_reply(rc, &loop->rounds) == UMP_OK);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	struct loop *loop = self;
	long *number = *(long *const *)msg;

	loop->posts += *number;
	free(number);
	return ump_continue();
}

static struct ump_flow term(void *self, struct ump_flow how)
{
	struct loop *loop = self;

	loop->at_end = loop->handled;
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request, .post = post, .term = term};
	return 0;
}

static void *call(void *arg)
{
	ump_client **client = arg;
	long number = 0;
	int i;

	for (i = 0; i < REQUESTS; i++) {
		long *lent = &number;
		long *given = malloc(sizeof *given);
		long rounds;

		CHECK(given != NULL);
		*given = 1;
		CHECK(ump_client_post(*client, &given) == UMP_OK);
		CHECK(ump_client_req(*client, &lent, &rounds, UMP_FOREVER) == UMP_OK);
		number++;
	}
	CHECK(number == 2 * REQUESTS);
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(long *),
		.reply.size = sizeof(long),
		.post.size = sizeof(long *)};
	pthread_t threads[CALLERS];
	ump_client *clients[CALLERS];
	struct loop loop = {0};
	ump_task *task;
	int i;

	CHECK(ump_spawn_task(&config, build, &loop, &clients[0], &task) == UMP_OK);
	for (i = 1; i < CALLERS; i++)
		CHECK(ump_client_clone(clients[0], &clients[i]) == UMP_OK);
	for (i = 0; i < CALLERS; i++)
		CHECK(pthread_create(&threads[i], NULL, call, &clients[i]) == 0);
	do {
		struct pollfd ready = {ump_task_fd(task), POLLIN, 0};

		CHECK(poll(&ready, 1, -1) == 1);
		loop.rounds++;
	} while (ump_task_dispatch(task, 5));
	CHECK(ump_task_join(&task, NULL) == UMP_OK);
	CHECK(loop.at_end == CALLERS * REQUESTS && loop.posts == CALLERS * REQUESTS);
	for (i = 0; i < CALLERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	return 0;
}
