/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler keeps the pointer to a post's message and reads it at the next post.  The message is
 * valid until `post` returns; after 70 posts its memory is recycled, not freed.
 */
#include <stdio.h>
#include <ump_server.h>

#define POSTS 70

struct state {
	const int *kept;
	int sum;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct state *state = self;
	int number = *(const int *)msg;

	if (number == POSTS - 1)
		state->kept = msg;
	if (number == POSTS)
		state->sum += *state->kept; /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	struct state state = {NULL, 0};
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, &state, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 1; i <= POSTS; i++)
		(void)ump_client_post(client, &i);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", state.sum);
	return 0;
}
