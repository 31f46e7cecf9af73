/* SPDX-License-Identifier: 0BSD */
/* tool: tsan */
/*
 * Two threads use one completion queue without order: it is for one thread at a time, also to send
 * with.  The flag puts the second call after the first in time, so that nothing breaks; it is
 * relaxed, and orders nothing.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

struct shared {
	ump_client *client;
	ump_completions *completions;
};

static _Alignas(8) atomic_bool sent;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	(void)ump_reply(rc, NULL);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

static void *send(void *arg)
{
	const struct shared *shared = arg;
	int number = 1;

	(void)ump_client_req_completion(/* here */
		shared->client, &number, shared->completions, NULL);
	atomic_store_explicit(&sent, true, memory_order_relaxed);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int)};
	struct ump_completion completion;
	struct shared shared;
	ump_thread *server;
	pthread_t thread;

	if (ump_spawn_thread(&config, build, NULL, &shared.client, &server) != UMP_OK ||
		ump_completions_open(&shared.completions) != UMP_OK ||
		pthread_create(&thread, NULL, send, &shared) != 0)
		return 1;
	while (!atomic_load_explicit(&sent, memory_order_relaxed))
		sched_yield();
	printf("%zu in flight\n", ump_completions_in_flight(shared.completions)); /* here */
	pthread_join(thread, NULL);
	(void)ump_completions_wait(shared.completions, &completion, UMP_FOREVER);
	ump_completions_drop(&shared.completions);
	ump_client_drop(&shared.client);
	(void)ump_thread_join(&server, NULL, UMP_FOREVER);
	return 0;
}
