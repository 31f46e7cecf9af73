/* SPDX-License-Identifier: 0BSD */
/* tool: asan */
/*
 * A handler keeps the pointer to a request's message beyond its answer.  The message is valid until
 * the context is consumed; without a deadline, it is the caller's own variable, which is gone.
 */
#include <stdio.h>
#include <ump_server.h>

struct state {
	const int *kept;
	int sum;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct state *state = self;

	if (state->kept != NULL)
		state->sum += *state->kept; /* here */
	state->kept = msg;
	(void)ump_reply(rc, NULL);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request};
	return 0;
}

__attribute__((noinline)) static void ask(const ump_client *client, int number)
{
	int copy = number;

	(void)ump_client_req(client, &copy, NULL, UMP_FOREVER);
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int)};
	struct state state = {NULL, 0};
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, &state, &client, &thread) != UMP_OK)
		return 1;
	ask(client, 1);
	ask(client, 2);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", state.sum);
	return 0;
}
