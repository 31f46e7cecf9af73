/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler keeps the pointer to a request's message beyond the answer.  The message is valid until
 * the context is consumed; with a deadline, it is a copy in the library's memory.  This one is
 * freed when the caller has got its answer.
 */
#include <stdio.h>
#include <ump_server.h>

#define REQUESTS 1

struct state {
	const int *kept;
	int sum;
};

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	struct state *state = self;

	state->kept = msg;
	(void)ump_reply(rc, msg);
	return ump_continue();
}

static struct ump_flow post(void *self, const void *msg)
{
	struct state *state = self;

	(void)msg;
	state->sum += *state->kept; /* here */
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
	struct ump_config config = {
		.request.size = sizeof(int), .reply.size = sizeof(int), .post.size = sizeof(int)};
	struct state state = {NULL, 0};
	ump_client *client;
	ump_thread *thread;
	int reply;
	int add = 0;

	if (ump_spawn_thread(&config, build, &state, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 1; i <= REQUESTS; i++)
		(void)ump_client_req(client, &i, &reply, ump_after(10000000000));
	/* Handled after all answers were retrieved. */
	(void)ump_client_post(client, &add);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", state.sum);
	return 0;
}
