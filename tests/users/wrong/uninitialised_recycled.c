/* SPDX-License-Identifier: 0BSD */
/* tool: msan memcheck */
/*
 * A sender leaves a member of its last post uninitialised, and the handler decides on it.  Sending
 * copies the bytes of the value as they are, here into recycled memory, where a value was before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ump_server.h>

#define POSTS 70

struct job {
	int number;
	int urgent;
};

static struct ump_flow post(void *self, const void *msg)
{
	const struct job *job = msg;
	int *urgent = self;

	if (job->number == POSTS && job->urgent != 0) /* here */
		++*urgent;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct job)};
	ump_client *client = NULL;
	ump_thread *thread = NULL;
	int urgent = 0;
	struct job *job;

	if (ump_spawn_thread(&config, build, &urgent, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 1; i < POSTS; i++)
		(void)ump_client_post(client, &(struct job){i, 0});
	job = malloc(sizeof *job);
	if (job == NULL)
		return 1;
	job->number = POSTS;
	(void)ump_client_post(client, job);
	free(job);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("%d urgent\n", urgent);
	return 0;
}
