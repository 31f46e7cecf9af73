/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A second try through a copy of a wait reply that was consumed.  Every result of
 * ump_wait_reply_wait but UMP_TIMED_OUT, UMP_DEADLOCK and UMP_INVALID consumes the handle, which is
 * freed then.
 */
#include <stdio.h>
#include <ump_server.h>

#define REQUESTS 1

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

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_wait_reply *wait_reply = NULL;
	ump_wait_reply *copy = NULL;
	ump_client *client;
	ump_thread *thread;
	int reply;
	int result;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 1; i <= REQUESTS; i++) {
		if (ump_client_req_async(client, &i, &wait_reply) != UMP_OK)
			return 1;
		copy = wait_reply;
		(void)ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER);
	}
	result = ump_wait_reply_try(&copy, &reply); /* here */
	printf("%s\n", ump_strerror(result));
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
