/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A program keeps the weak client that `init` was lent, and upgrades it after the server's end.  It
 * is lent until `drop` returns; to be kept for longer, it must be cloned.
 */
#include <stdio.h>
#include <ump_server.h>

static int init(void *self, ump_weak_client *me)
{
	ump_weak_client **kept = self;

	*kept = me;
	return 0;
}

static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .init = init, .post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_weak_client *weak = NULL;
	ump_client *client;
	ump_thread *thread;
	int result;

	if (ump_spawn_thread(&config, build, &weak, &client, &thread) != UMP_OK)
		return 1;
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	result = ump_weak_client_upgrade(weak, &client); /* here */
	printf("%s\n", ump_strerror(result));
	return 0;
}
