/* SPDX-License-Identifier: 0BSD */
/* Print the failed line, or 0, of the program and of the library, and whether they share a copy. */
#include "copy.h"

#include <stdio.h>
#include <ump_server.h>

/* The handler of a server that lives while the library does its work. */
static struct ump_flow post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->post = post;
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = 1};
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return 1;
	ump_client_post(client, "");
	printf("%d %d ", copy_work(), library_work());
	ump_client_post(client, "");
	ump_client_drop(&client);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	puts(ump_strerror(UMP_OK) == library_copy() ? "one copy" : "two copies");
	return 0;
}
