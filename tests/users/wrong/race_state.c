/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A thread reads a handler's state while the server runs.  Only an answer, or the end of the join,
 * orders what the handler did before what another thread does.  The flag puts the read after the
 * write in time, and is relaxed, so that it orders nothing.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

static _Alignas(8) atomic_bool handled;

static struct ump_flow post(void *self, const void *msg)
{
	int *sum = self;

	*sum += *(const int *)msg; /* here */
	atomic_store_explicit(&handled, true, memory_order_relaxed);
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
	struct ump_config config = {.post.size = sizeof(int)};
	ump_client *client;
	ump_thread *thread;
	static _Alignas(8) int sum;
	int number = 4;

	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	(void)ump_client_post(client, &number);
	while (!atomic_load_explicit(&handled, memory_order_relaxed))
		sched_yield();
	printf("sum %d\n", sum); /* here */
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
