/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A thread reads the state of a combining server outside its handlers.  Callbacks run on the
 * threads that send, one after the other, and each sees what the previous one wrote; no other code
 * does.  The flags put the read after the write in time, and are relaxed, so that they order
 * nothing.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

/* ThreadSanitizer may lose the place of an access of a thread that is new, or has ended, and then
 * reports nothing. */
#define TIMES 4

static _Alignas(8) atomic_bool sent;
static _Alignas(8) atomic_bool read;

static struct ump_flow post(void *self, const void *msg)
{
	int *sum = self;

	*sum += *(const int *)msg; /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

static void *send(void *arg)
{
	const ump_client *client = arg;
	int number = 4;

	for (int i = 0; i < TIMES; i++)
		(void)ump_client_post(client, &number);
	atomic_store_explicit(&sent, true, memory_order_relaxed);
	while (!atomic_load_explicit(&read, memory_order_relaxed))
		sched_yield();
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_combining *combining;
	ump_client *client;
	pthread_t thread;
	static _Alignas(8) int sum;

	if (ump_spawn_combining(&config, build, &sum, &client, &combining) != UMP_OK ||
		pthread_create(&thread, NULL, send, client) != 0)
		return 1;
	while (!atomic_load_explicit(&sent, memory_order_relaxed))
		sched_yield();
	printf("sum %d\n", sum); /* here */
	atomic_store_explicit(&read, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	ump_client_drop(&client);
	(void)ump_combining_join(&combining, NULL, UMP_FOREVER);
	return 0;
}
