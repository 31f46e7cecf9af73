/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * Two callers of a combining server write to one variable, each after its request.  Only callbacks
 * run one after the other; what callers do outside them is not ordered.  The flag puts the second
 * request after the first write in time, and is relaxed.  An annotation of the whole server, which
 * the drop of a client or a send would pass on, would hide the race.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

/* ThreadSanitizer may lose the place of an access of a thread that is new, or has ended, and then
 * reports nothing. */
#define TIMES 4

static _Alignas(8) atomic_bool written;
static _Alignas(8) atomic_bool done;
static _Alignas(8) int answers;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)ump_reply(rc, msg);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

static void *ask(void *arg)
{
	ump_client *client = arg;
	int number = 1;
	int reply;

	for (int i = 0; i < TIMES; i++) {
		(void)ump_client_req(client, &number, &reply, UMP_FOREVER);
		answers++; /* here */
	}
	ump_client_drop(&client);
	atomic_store_explicit(&written, true, memory_order_relaxed);
	while (!atomic_load_explicit(&done, memory_order_relaxed))
		sched_yield();
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_combining *combining;
	ump_client *client;
	ump_client *clone;
	pthread_t thread;
	int number = 2;
	int reply;

	if (ump_spawn_combining(&config, build, NULL, &client, &combining) != UMP_OK ||
		ump_client_clone(client, &clone) != UMP_OK ||
		pthread_create(&thread, NULL, ask, clone) != 0)
		return 1;
	while (!atomic_load_explicit(&written, memory_order_relaxed))
		sched_yield();
	(void)ump_client_req(client, &number, &reply, UMP_FOREVER);
	answers++; /* here */
	atomic_store_explicit(&done, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	ump_client_drop(&client);
	(void)ump_combining_join(&combining, NULL, UMP_FOREVER);
	printf("%d answers\n", answers);
	return 0;
}
