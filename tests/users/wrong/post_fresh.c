/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler keeps the pointer to a post's message and reads it at the next post.  The message is
 * valid until `post` returns; this one is an allocation of its own, which is freed then.
 */
#include <stdio.h>
#include <ump_server.h>

struct state {
	const int *kept;
	int sum;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct state *state = self;

	if (state->kept != NULL)
		state->sum += *state->kept; /* here */
	state->kept = msg;
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
	for (int i = 1; i <= 2; i++)
		(void)ump_client_post(client, &i);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", state.sum);
	return 0;
}
