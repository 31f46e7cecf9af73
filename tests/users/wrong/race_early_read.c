/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A caller reads the result that a handler has written for it before it waits for the answer.  Only
 * the wait that returns the answer orders what the handler did before what the caller does.  The
 * flag puts the read after the write in time, and is relaxed, so that it orders nothing.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	int *result;
};

static _Alignas(8) atomic_bool answered;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	const struct job *job = msg;

	(void)self;
	*job->result = 5; /* here */
	(void)ump_reply(rc, NULL);
	atomic_store_explicit(&answered, true, memory_order_relaxed);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(struct job)};
	static _Alignas(8) int result;
	struct job job = {&result};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK ||
		ump_client_req_async(client, &job, &wait_reply) != UMP_OK)
		return 1;
	while (!atomic_load_explicit(&answered, memory_order_relaxed))
		sched_yield();
	printf("result %d\n", result); /* here */
	(void)ump_wait_reply_wait(&wait_reply, NULL, UMP_FOREVER);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
