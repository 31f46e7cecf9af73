/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A sender writes to what its request points to between the call that sends it and the wait for the
 * answer.  The handler owns it as soon as the request is started.  The flag puts the read after the
 * write in time, and is relaxed, so that it orders nothing.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	int *number;
};

static _Alignas(8) atomic_bool written;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	const struct job *job = msg;
	int reply;

	(void)self;
	while (!atomic_load_explicit(&written, memory_order_relaxed))
		sched_yield();
	reply = 2 * *job->number; /* here */
	(void)ump_reply(rc, &reply);
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
	struct ump_config config = {.request.size = sizeof(struct job), .reply.size = sizeof(int)};
	static _Alignas(8) int number;
	struct job job = {&number};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;
	int reply = 0;

	number = 1;
	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK ||
		ump_client_req_async(client, &job, &wait_reply) != UMP_OK)
		return 1;
	number = 2; /* here */
	atomic_store_explicit(&written, true, memory_order_relaxed);
	(void)ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER);
	printf("reply %d\n", reply);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
