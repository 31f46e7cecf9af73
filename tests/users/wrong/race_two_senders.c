/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * Two threads write to one variable, one before its post to a server and one after a later post to
 * it.  A post orders its sender before the handler, and no sender before another.  The flag puts
 * the second post after the first in time, and is relaxed.  An annotation of the inbox instead of
 * the message would hide the race.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

static _Alignas(8) atomic_bool sent;
static _Alignas(8) int shared;

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.post = post};
	return 0;
}

static void *send(void *arg)
{
	ump_client *client = arg;
	int number = 1;

	shared = 1; /* here */
	(void)ump_client_post(client, &number);
	atomic_store_explicit(&sent, true, memory_order_relaxed);
	ump_client_drop(&client);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_client *client;
	ump_client *clone;
	ump_thread *server;
	pthread_t thread;
	int number = 2;

	if (ump_spawn_thread(&config, build, NULL, &client, &server) != UMP_OK ||
		ump_client_clone(client, &clone) != UMP_OK ||
		pthread_create(&thread, NULL, send, clone) != 0)
		return 1;
	while (!atomic_load_explicit(&sent, memory_order_relaxed))
		sched_yield();
	(void)ump_client_post(client, &number);
	shared = 2; /* here */
	pthread_join(thread, NULL);
	ump_client_drop(&client);
	(void)ump_thread_join(&server, NULL, UMP_FOREVER);
	printf("shared %d\n", shared);
	return 0;
}
