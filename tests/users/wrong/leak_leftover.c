/* SPDX-License-Identifier: 0BSD */
/* tool: lsan memcheck */
/*
 * A `leftover` counts the posts after a break, and does not free what they point to.  The handler
 * owns that as in `post`: a post that was passed to `leftover` is not given to `drop`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ump_server.h>

struct job {
	int *number;
};

static void drop_job(void *value)
{
	struct job *job = value;

	free(job->number);
}

static struct ump_flow post(void *self, const void *msg)
{
	const struct job *job = msg;

	(void)self;
	free(job->number);
	return ump_break(NULL);
}

static void leftover(void *self, const void *msg, ump_reply_context **rc)
{
	int *count = self;

	(void)msg;
	(void)rc;
	++*count;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .leftover = leftover};
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
	struct ump_config config = {.post = {.size = sizeof(struct job), .drop = drop_job}};
	ump_client *client;
	ump_task *task;
	int count = 0;

	if (ump_spawn_task(&config, build, &count, &client, &task) != UMP_OK)
		return 1;
	for (int i = 0; i < 3; i++)
		send(client);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	ump_client_drop(&client);
	printf("%d left\n", count);
	return 0;
}
