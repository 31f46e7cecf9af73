/* SPDX-License-Identifier: 0BSD */
/* tool: tsan */
/*
 * Two threads wait on one wait reply at once, and neither gets the answer.  It is for one thread at
 * a time: the handle may move among threads, but the program must order the moves.  Nothing orders
 * the two waits here; each ends by its deadline.
 */
#include <pthread.h>
#include <stdio.h>
#include <ump_server.h>

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context **kept = self;

	(void)msg;
	*kept = ump_reply_keep(rc);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request};
	return 0;
}

static void *wait_for_it(void *arg)
{
	ump_wait_reply *wait_reply = arg;

	(void)ump_wait_reply_wait(&wait_reply, NULL, ump_after(50000000)); /* here */
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int)};
	ump_reply_context *kept = NULL;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_thread *server;
	pthread_t thread;
	int number = 2;

	if (ump_spawn_thread(&config, build, &kept, &client, &server) != UMP_OK ||
		ump_client_req_async(client, &number, &wait_reply) != UMP_OK ||
		pthread_create(&thread, NULL, wait_for_it, wait_reply) != 0)
		return 1;
	(void)ump_wait_reply_wait(&wait_reply, NULL, ump_after(50000000)); /* here */
	pthread_join(thread, NULL);
	ump_client_drop(&client);
	(void)ump_thread_join(&server, NULL, UMP_FOREVER);
	(void)ump_reply(&kept, NULL);
	printf("%s\n", ump_strerror(ump_wait_reply_wait(&wait_reply, NULL, UMP_FOREVER)));
	return 0;
}
