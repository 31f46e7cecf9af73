/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A caller frees what its request points to after a time-out.  With UMP_TIMED_OUT the caller no
 * longer owns it: it may still be handled, or, as here, was given to the request type's `drop`.
 */
#include <stdlib.h>
#include <ump_server.h>

struct text {
	char *bytes;
};

static void drop_text(void *value)
{
	struct text *text = value;

	free(text->bytes);
}

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	const struct text *text = msg;

	(void)self;
	free(text->bytes);
	(void)ump_reply(rc, NULL);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	*out = (struct ump_handler){.request = request};
	return 0;
}

int main(void)
{
	struct ump_config config = {.request = {.size = sizeof(struct text), .drop = drop_text}};
	struct text text = {malloc(16)};
	ump_client *client;
	ump_task *task;

	if (ump_spawn_task(&config, build, NULL, &client, &task) != UMP_OK)
		return 1;
	/* The task does not run meanwhile. */
	if (ump_client_req(client, &text, NULL, ump_after(1000000)) != UMP_OK) {
		(void)ump_task_dispatch(task, 0);
		free(text.bytes); /* here */
	}
	ump_client_drop(&client);
	(void)ump_task_run(task, UMP_FOREVER);
	(void)ump_task_join(&task, NULL);
	return 0;
}
