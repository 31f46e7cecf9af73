/* SPDX-License-Identifier: 0BSD */
/* tool: asan */
/*
 * A post points to a variable of a block that ends.  What a message points to moves with it: the
 * handler owns it, and it must stay until then.
 */
#include <semaphore.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	const int *number;
};

/* Posted when the block has ended. */
static sem_t ended;

static struct ump_flow post(void *self, const void *msg)
{
	int *sum = self;
	const struct job *job = msg;

	sem_wait(&ended);
	*sum += *job->number; /* here */
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
	ump_client *client;
	ump_thread *thread;
	int sum = 0;

	sem_init(&ended, 0, 0);
	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	for (int i = 1; i <= 2; i++) {
		int number = i * i;
		struct job job = {&number};

		(void)ump_client_post(client, &job);
	}
	sem_post(&ended);
	sem_post(&ended);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", sum);
	return 0;
}
