/* SPDX-License-Identifier: 0BSD */
/* Two threads post pointers into a small inbox and reserve capacity when it is full: each waits for
 * the completion of its reservation, and then sends with the permit. */
#include "check.h"

#include <ump_server.h>

#define SENDERS 2
#define POSTS   300

static struct ump_flow post(void *self, const void *msg)
{
	long *number = *(long *const *)msg;

	*(long *)self += *number;
	free(number);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = post;
	return 0;
}

/* Post, with a reservation if the inbox is full.  `tag` belongs to this thread. */
static void send(ump_client *client, ump_completions *completions, long **number, long *tag)
{
	struct ump_completion done;
	int result = ump_client_post(client, number);

	if (result == UMP_OK)
		return;
	CHECK(result == UMP_FULL);
	CHECK(ump_client_reserve(client, completions, tag) == UMP_OK);
	CHECK(ump_completions_wait(completions, &done, UMP_FOREVER) == UMP_OK);
	CHECK(done.tag == tag && done.result == UMP_OK);
	++*tag;
	CHECK(ump_client_post(client, number) == UMP_OK);
}

static void *send_all(void *arg)
{
	ump_client **client = arg;
	ump_completions *completions;
	long tag = 0;
	int i;

	CHECK(ump_completions_open(&completions) == UMP_OK);
	for (i = 0; i < POSTS; i++) {
		long *number = malloc(sizeof *number);

		CHECK(number != NULL);
		*number = 1;
		send(*client, completions, &number, &tag);
	}
	ump_completions_drop(&completions);
	ump_client_drop(client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(long *), .capacity = 2};
	ump_client *clients[SENDERS];
	ump_thread *thread;
	long sum = 0;

	CHECK(ump_spawn_thread(&config, build, &sum, &clients[0], &thread) == UMP_OK);
	CHECK(ump_client_clone(clients[0], &clients[1]) == UMP_OK);
	run_threads(send_all, clients, sizeof(ump_client *), SENDERS);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(sum == SENDERS * POSTS);
	return 0;
}
