/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A post through a copy of the pointer to a client that was dropped.  ump_client_drop consumes the
 * client; each part of a program that keeps one needs a clone of its own.
 */
#include <stdio.h>
#include <ump_server.h>

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
	*out = (struct ump_handler){.post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	ump_client *client;
	ump_client *other;
	ump_client *copy;
	ump_thread *thread;
	int number = 1;
	int result;

	if (ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK ||
		ump_client_clone(client, &other) != UMP_OK)
		return 1;
	copy = other;
	ump_client_drop(&other);
	/* The server and its first client are still there. */
	result = ump_client_post(copy, &number); /* here */
	printf("%s\n", ump_strerror(result));
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
