/* SPDX-License-Identifier: 0BSD */
/* tool: lsan memcheck */
/*
 * A post that owns memory is still queued when the handler breaks.  It is given to its type's
 * `drop`, which must release what it points to; this type has none.
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
	return ump_break(NULL);
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

	if (ump_sent_is_mine(ump_client_post(client, &job)))
		free(job.number);
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct job)};
	ump_client *client;
	ump_task *task;

	if (ump_spawn_task(&config, build, NULL, &client, &task) != UMP_OK)
		return 1;
	for (int i = 0; i < 3; i++)
		send(client);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	ump_client_drop(&client);
	return 0;
}
