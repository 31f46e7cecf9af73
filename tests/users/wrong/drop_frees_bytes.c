/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A `drop` frees the value itself besides what that points to.  It gets a pointer to the library's
 * copy, whose bytes it must not free.
 */
#include <stdlib.h>
#include <ump_server.h>

struct job {
	int *number;
};

static void drop_job(void *value)
{
	struct job *job = value;

	free(job->number);
	free(job); /* here */
}

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

int main(void)
{
	struct ump_config config = {.post = {.size = sizeof(struct job), .drop = drop_job}};
	ump_client *client;
	ump_task *task;

	if (ump_spawn_task(&config, build, NULL, &client, &task) != UMP_OK)
		return 1;
	for (int i = 0; i < 2; i++) {
		struct job job = {malloc(sizeof(int))};

		if (ump_sent_is_mine(ump_client_post(client, &job)))
			free(job.number);
	}
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	ump_client_drop(&client);
	return 0;
}
