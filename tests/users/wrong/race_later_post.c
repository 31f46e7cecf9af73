/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A sender writes to what its post points to before it sends another post.  Each post orders only
 * what its sender did before that very call.  The first post keeps the server busy until both
 * others are queued; its flag is relaxed.  An annotation of the inbox instead of the message would
 * hide the race, because the server takes both posts together.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	int *number;
};

static _Alignas(8) atomic_bool started;
static _Alignas(8) atomic_bool queued;

static struct ump_flow post(void *self, const void *msg)
{
	const struct job *job = msg;
	int *sum = self;

	if (job->number != NULL) {
		*sum += *job->number; /* here */
		return ump_continue();
	}
	atomic_store_explicit(&started, true, memory_order_relaxed);
	while (!atomic_load_explicit(&queued, memory_order_relaxed))
		sched_yield();
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
	static int numbers[2];
	struct job jobs[3] = {{NULL}, {&numbers[0]}, {&numbers[1]}};
	ump_client *client;
	ump_thread *thread;
	int sum = 0;

	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	(void)ump_client_post(client, &jobs[0]);
	while (!atomic_load_explicit(&started, memory_order_relaxed))
		sched_yield();
	(void)ump_client_post(client, &jobs[1]);
	numbers[0] = 2; /* here */
	(void)ump_client_post(client, &jobs[2]);
	atomic_store_explicit(&queued, true, memory_order_relaxed);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", sum);
	return 0;
}
