/* SPDX-License-Identifier: 0BSD */
/* tool: asan memcheck */
/*
 * A loop of its own keeps the pointer to a post's value and reads it after the next wait.  The
 * value is valid until the next call on the server; the last of 70 posts are in recycled
 * memory.
 */
#include <stdio.h>
#include <ump_server.h>

#define POSTS 70

int main(void)
{
	struct ump_config config = {.post.size = sizeof(int)};
	const int *previous = NULL;
	ump_reply_context *rc;
	ump_server *server;
	ump_client *client;
	const void *msg;
	int sum = 0;

	if (ump_channel_open(&server, &client, &config) != UMP_OK)
		return 1;
	for (int i = 0; i < POSTS; i++)
		(void)ump_client_post(client, &i);
	ump_client_drop(&client);
	for (int i = 0; ump_server_wait(server, &msg, &rc, UMP_FOREVER) == UMP_OK; i++) {
		if (i == POSTS - 1)
			sum += *previous; /* here */
		previous = msg;
	}
	printf("sum %d\n", sum);
	ump_server_drop(&server);
	return 0;
}
