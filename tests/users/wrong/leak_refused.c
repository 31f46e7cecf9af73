/* SPDX-License-Identifier: 0BSD */
/* tool: lsan memcheck */
/*
 * A sender ignores the result of a post.  After any result but UMP_OK, here UMP_FULL, the caller
 * still owns what the message points to, and must release it or send it again.
 */
#include <stdlib.h>
#include <ump_server.h>

struct job {
	int *number;
};

static struct ump_flow post(void *self, const void *msg)
{
	const struct job *job = msg;

	(void)self;
	free(job->number);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.post = post};
	return 0;
}

__attribute__((noinline)) static void send(const ump_client *client)
{
	struct job job = {malloc(sizeof(int))}; /* here */

	(void)ump_client_post(client, &job);
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct job), .capacity = 1};
	ump_client *client;
	ump_task *task;

	if (ump_spawn_task(&config, build, NULL, &client, &task) != UMP_OK)
		return 1;
	for (int i = 0; i < 3; i++)
		send(client);
	ump_client_drop(&client);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	return 0;
}
