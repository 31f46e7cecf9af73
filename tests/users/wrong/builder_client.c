/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A handler keeps the client that its builder was lent, and posts through it after that client was
 * dropped.  It is lent for the call: the builder must clone it, or create a weak one, to keep one.
 */
#include <ump_server.h>

static struct ump_flow post(void *self, const void *msg)
{
	ump_client **kept = self;
	int number = *(const int *)msg;

	if (number-- > 0)
		(void)ump_client_post(*kept, &number); /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	ump_client **kept = arg;

	*kept = client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_client *kept = NULL;
	ump_client *client;
	ump_client *clone;
	ump_task *task;
	int number = 1;

	if (ump_spawn_task(&config, build, &kept, &client, &task) != UMP_OK ||
		ump_client_clone(client, &clone) != UMP_OK)
		return 1;
	(void)ump_client_post(clone, &number);
	ump_client_drop(&client);
	(void)ump_task_dispatch(task, 0);
	ump_client_drop(&clone);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	return 0;
}
