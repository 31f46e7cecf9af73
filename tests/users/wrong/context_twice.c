/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A request is answered twice, through two copies of the pointer to its kept context.  An answer
 * consumes the context: the application must answer or drop it once.
 */
#include <ump_server.h>

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	ump_reply_context **kept = self;

	(void)msg;
	*kept = ump_reply_keep(rc);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .request = request};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(int), .reply.size = sizeof(int)};
	ump_reply_context *kept = NULL;
	ump_reply_context *copy;
	ump_wait_reply *wait_reply;
	ump_client *client;
	ump_task *task;
	int number = 1;
	int reply;

	if (ump_spawn_task(&config, build, &kept, &client, &task) != UMP_OK ||
		ump_client_req_async(client, &number, &wait_reply) != UMP_OK)
		return 1;
	(void)ump_task_dispatch(task, 0);
	copy = kept;
	(void)ump_reply(&kept, &number);
	(void)ump_wait_reply_wait(&wait_reply, &reply, UMP_FOREVER);
	(void)ump_reply(&copy, &number); /* here */
	ump_client_drop(&client);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	return 0;
}
