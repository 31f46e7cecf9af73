/* SPDX-License-Identifier: 0BSD */
/* tool: msan memcheck */
/*
 * A handler fills a part of the reply buffer, and the caller decides on the rest.  The buffer has
 * no defined contents: the handler must write the whole value there.
 */
#include <stdio.h>
#include <ump_server.h>

struct answer {
	int number;
	int rounded;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct answer *answer = ump_reply_buffer(*rc);

	(void)self;
	answer->number = *(const int *)msg;
	(void)ump_reply(rc, answer);
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
	struct ump_config config = {
		.request.size = sizeof(int), .reply.size = sizeof(struct answer)};
	ump_client *client = NULL;
	ump_thread *thread = NULL;
	struct answer answer;
	int number = 1;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return 1;
	if (ump_client_req(client, &number, &answer, ump_after(10000000000)) != UMP_OK)
		return 1;
	if (answer.rounded != 0) /* here */
		printf("about %d\n", answer.number);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
