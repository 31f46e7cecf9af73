/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler writes to the reply buffer of a request that was answered, and whose caller has got the
 * answer.  The buffer is lent until the context is consumed.  With a deadline, the buffer is in the
 * library's memory, here recycled by then.  The last request has no deadline, and needs no memory.
 */
#include <ump_server.h>

#define REQUESTS 70

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long **buffer = self;
	long number = *(const long *)msg;

	if (number > REQUESTS)
		**buffer = number; /* here */
	*buffer = ump_reply_buffer(*rc);
	**buffer = number;
	(void)ump_reply(rc, *buffer);
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
	struct ump_config config = {.request.size = sizeof(long), .reply.size = sizeof(long)};
	ump_client *client;
	ump_thread *thread;
	long *buffer = NULL;
	long last = REQUESTS + 1;
	long reply;

	if (ump_spawn_thread(&config, build, &buffer, &client, &thread) != UMP_OK)
		return 1;
	for (long i = 1; i <= REQUESTS; i++)
		(void)ump_client_req(client, &i, &reply, ump_after(10000000000));
	(void)ump_client_req(client, &last, &reply, UMP_FOREVER);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
