/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * An event loop reads a reply after it has got the next completion.  The value is lent until the
 * next call on the completion queue; it must be copied to be used for longer.  After 70
 * requests their memory is recycled; the value is smaller than the 8 bytes that ASan forbids
 * together.
 */
#include <stdio.h>
#include <ump_server.h>

#define REQUESTS 70

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
	struct ump_completion completion;
	ump_completions *completions;
	ump_client *client;
	ump_thread *thread;
	const int *reply = NULL;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK ||
		ump_completions_open(&completions) != UMP_OK)
		return 1;
	for (int i = 1; i <= REQUESTS; i++) {
		(void)ump_client_req_completion(client, &i, completions, NULL);
		if (ump_completions_wait(completions, &completion, UMP_FOREVER) != UMP_OK)
			return 1;
		if (i == REQUESTS - 1)
			reply = completion.reply;
	}
	if (reply != NULL)
		printf("the last but one is %d\n", *reply); /* here */
	ump_completions_drop(&completions);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
