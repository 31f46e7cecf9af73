/* SPDX-License-Identifier: 0BSD */
/* tool: tsan helgrind drd */
/*
 * A thread reads a handler's state after a request to the server was answered, which orders what
 * the handler did before that answer, but not what it does with a later post.  The flag puts the
 * read after that in time, and is relaxed.  An annotation that orders a server's handling before
 * any later call of a sender, such as the last post here, would hide the race.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

static _Alignas(8) atomic_bool handled;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	int *sum = self;

	*sum += *(const int *)msg;
	(void)ump_reply(rc, NULL);
	return ump_continue();
}

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
	*out = (struct ump_handler){.self = arg, .request = request, .post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int), .post.size = sizeof(int)};
	ump_client *client;
	ump_thread *thread;
	static _Alignas(8) int sum;
	int number = 4;
	int none = 0;

	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	(void)ump_client_req(client, &number, NULL, UMP_FOREVER);
	(void)ump_client_post(client, &number);
	(void)ump_client_post(client, &none);
	while (!atomic_load_explicit(&handled, memory_order_relaxed))
		sched_yield();
	(void)ump_client_post(client, &none);
	printf("sum %d\n", sum); /* here */
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
