/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A suspended handler goes on with its message after it was resumed and its task has run.  The
 * message of a post stays valid until the suspension is resumed, not longer.
 */
#include <stdio.h>
#include <ump_server.h>

struct state {
	ump_suspension *suspension;
	const int *msg;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct state *state = self;

	state->msg = msg;
	state->suspension = ump_suspend();
	return ump_pending();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

/* The rest of the handler, once what it waits for has come. */
static void finish(struct state *state, ump_task *task)
{
	(void)ump_task_resume(&state->suspension, ump_continue());
	(void)ump_task_dispatch(task, 0);
	printf("finished %d\n", *state->msg); /* here */
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	struct state state = {NULL, NULL};
	ump_client *client;
	ump_task *task;
	int number = 3;

	if (ump_spawn_task(&config, build, &state, &client, &task) != UMP_OK)
		return 1;
	(void)ump_client_post(client, &number);
	(void)ump_task_dispatch(task, 0);
	finish(&state, task);
	ump_client_drop(&client);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	return 0;
}
