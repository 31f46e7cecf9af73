/* SPDX-License-Identifier: 0BSD */
/* tool: msan memcheck */
/*
 * A sender leaves a member of a post uninitialised, and the handler decides on it.  Sending copies
 * the bytes of the value as they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ump_server.h>

struct job {
	int number;
	int urgent;
};

static struct ump_flow post(void *self, const void *msg)
{
	const struct job *job = msg;

	(void)self;
	if (job->urgent != 0) /* here */
		printf("job %d is urgent\n", job->number);
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
	struct ump_config config = {.post.size = sizeof(struct job)};
	struct job *job = malloc(sizeof *job);
	ump_client *client = NULL;
	ump_thread *thread = NULL;

	if (job == NULL || ump_spawn_thread(&config, build, NULL, &client, &thread) != UMP_OK)
		return 1;
	job->number = 1;
	(void)ump_client_post(client, job);
	free(job);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
