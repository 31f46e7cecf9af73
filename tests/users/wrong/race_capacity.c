/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A sender reads a handler's state after it has waited for capacity.  A permit is free when the
 * handler has got the message, and a post orders nothing that the handler did before what its
 * sender does next.  The flag puts the read after the write in time, and is relaxed.  An annotation
 * that orders a handler before the senders to its server would hide the race.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

/* ThreadSanitizer may lose the place of a new thread's first access, and then reports nothing. */
#define TIMES 4

static _Alignas(8) atomic_bool handled;

static struct ump_flow post(void *self, const void *msg)
{
	int *sum = self;
	int number = *(const int *)msg;

	if (number != 0)
		*sum += number; /* here */
	else
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
	struct ump_config config = {.post.size = sizeof(int), .capacity = 1};
	ump_client *client;
	ump_thread *thread;
	static _Alignas(8) int sum;
	int none = 0;

	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 1; i <= TIMES; i++)
		(void)ump_client_post_until(client, &i, UMP_FOREVER);
	(void)ump_client_post_until(client, &none, UMP_FOREVER);
	while (!atomic_load_explicit(&handled, memory_order_relaxed))
		sched_yield();
	for (int i = 0; i < 2; i++)
		(void)ump_client_post_until(client, &none, UMP_FOREVER);
	printf("sum %d\n", sum); /* here */
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
