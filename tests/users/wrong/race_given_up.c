/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A caller uses again what its request points to after it has given the request up.  After
 * ump_wait_reply_drop the handler owns it if the request is started, and may still read it.  The
 * flags put the write after the start and the read after the write, and are relaxed.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	int *number;
};

static _Alignas(8) atomic_bool started;
static _Alignas(8) atomic_bool written;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	const struct job *job = msg;
	int *sum = self;

	(void)rc;
	atomic_store_explicit(&started, true, memory_order_relaxed);
	while (!atomic_load_explicit(&written, memory_order_relaxed))
		sched_yield();
	*sum += *job->number; /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(struct job)};
	static _Alignas(8) int number;
	struct job job = {&number};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;
	int sum = 0;

	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK ||
		ump_client_req_async(client, &job, &wait_reply) != UMP_OK)
		return 1;
	while (!atomic_load_explicit(&started, memory_order_relaxed))
		sched_yield();
	ump_wait_reply_drop(&wait_reply);
	number = 2; /* here */
	atomic_store_explicit(&written, true, memory_order_relaxed);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", sum);
	return 0;
}
