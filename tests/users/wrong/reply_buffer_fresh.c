/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler writes to the reply buffer of a request that was answered, and whose caller has got the
 * answer.  The buffer is lent until the context is consumed.  With a deadline, the buffer is in the
 * library's memory, here freed by then.
 */
#include <ump_server.h>

#define REQUESTS 1

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	long **buffer = self;

	*buffer = ump_reply_buffer(*rc);
	**buffer = *(const long *)msg;
	(void)ump_reply(rc, *buffer);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	long **buffer = self;

	**buffer = *(const long *)msg; /* here */
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
	struct ump_config config = {.request.size = sizeof(long),
		.reply.size = sizeof(long),
		.post.size = sizeof(long)};
	ump_client *client;
	ump_thread *thread;
	long *buffer = NULL;
	long reply;
	long update = 0;

	if (ump_spawn_thread(&config, build, &buffer, &client, &thread) != UMP_OK)
		return 1;
	for (long i = 1; i <= REQUESTS; i++)
		(void)ump_client_req(client, &i, &reply, ump_after(10000000000));
	/* Handled after all requests were answered, and their answers retrieved. */
	(void)ump_client_post(client, &update);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
