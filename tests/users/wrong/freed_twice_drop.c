/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler frees what a message points to, but keeps the pointer, and its `drop` frees it again.
 * The handler owns what the message points to, and must release it once.
 */
#include <stdlib.h>
#include <ump_server.h>

struct text {
	char *bytes;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct text *last = self;

	*last = *(const struct text *)msg;
	free(last->bytes); /* the first time */
	return ump_continue();
}

static void drop(void *self)
{
	struct text *last = self;

	free(last->bytes); /* here */
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .drop = drop};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct text)};
	struct text last = {NULL};
	struct text text = {malloc(16)};
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, &last, &client, &thread) != UMP_OK)
		return 1;
	if (ump_sent_is_mine(ump_client_post(client, &text)))
		free(text.bytes);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
