/* SPDX-License-Identifier: 0BSD */
/* tool: lsan memcheck */
/*
 * A handler keeps a context and forgets it.  The application must answer or drop a kept context;
 * until then its message, and what that points to, stay in use, after the server's end too.
 */
#include <stdlib.h>
#include <ump_server.h>

struct job {
	int *number;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	(void)ump_reply_keep(rc);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

__attribute__((noinline)) static void send(const ump_client *client)
{
	struct job job = {malloc(sizeof(int))}; /* here */
	ump_wait_reply *wait_reply;
	int result = ump_client_req_async(client, &job, &wait_reply); /* here */

	if (ump_sent_is_mine(result)) {
		free(job.number);
		return;
	}
	/* The request is started, and then given up. */
	(void)ump_wait_reply_wait(&wait_reply, NULL, ump_after(20000000));
	ump_wait_reply_drop(&wait_reply);
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(struct job)};
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 0; i < 2; i++)
		send(client);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
