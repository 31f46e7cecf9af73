/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler reads a request's message right after its answer, before its caller may have got that.
 * An answer consumes the context, and the message must not be read after that.  This is the first
 * message of its client.
 */
#include <semaphore.h>
#include <stdio.h>
#include <ump_server.h>

#define REQUESTS 1

struct order {
	long number;
	long amount;
};

/* Posted when the handler has done its last read: the client takes no answer before. */
static sem_t has_read;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long *sum = self;
	const struct order *order = msg;
	bool last = order->number == REQUESTS;

	(void)ump_reply(rc, NULL);
	if (last) {
		*sum += order->amount; /* here */
		sem_post(&has_read);
	}
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
	struct ump_config config = {.request.size = sizeof(struct order)};
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *thread;
	long sum = 0;

	sem_init(&has_read, 0, 0);
	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	for (long i = 1; i <= REQUESTS; i++) {
		struct order order = {i, 3};

		if (ump_client_req_async(client, &order, &wait_reply) != UMP_OK)
			return 1;
		if (i == REQUESTS)
			sem_wait(&has_read);
		(void)ump_wait_reply_wait(&wait_reply, NULL, UMP_FOREVER);
	}
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %ld\n", sum);
	return 0;
}
