/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A sender writes to what its post points to after it has sent the post.  The handler owns that
 * from then on; only what the sender did before the call is ordered before the handler.  The flag
 * puts the read after the write in time, and is relaxed, so that it orders nothing.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	int *number;
};

static _Alignas(8) atomic_bool written;

static struct ump_flow post(void *self, const void *msg)
{
	const struct job *job = msg;
	int *sum = self;

	while (!atomic_load_explicit(&written, memory_order_relaxed))
		sched_yield();
	*sum += *job->number; /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct job)};
	static _Alignas(8) int number;
	struct job job = {&number};
	ump_client *client;
	ump_thread *thread;
	int sum = 0;

	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	number = 1;
	(void)ump_client_post(client, &job);
	number = 2; /* here */
	atomic_store_explicit(&written, true, memory_order_relaxed);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", sum);
	return 0;
}
