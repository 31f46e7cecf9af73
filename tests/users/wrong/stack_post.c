/* SPDX-License-Identifier: 0BSD */
/* tool: asan */
/*
 * A post points to a variable of a function that returns.  What a message points to moves with it:
 * the handler owns it, and it must stay until then.
 */
#include <semaphore.h>
#include <stdio.h>
#include <ump_server.h>

struct job {
	const int *number;
};

/* Posted when the function has returned. */
static sem_t returned;

static struct ump_flow post(void *self, const void *msg)
{
	int *sum = self;
	const struct job *job = msg;

	sem_wait(&returned);
	*sum += *job->number; /* here */
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post};
	return 0;
}

__attribute__((noinline)) static void send(const ump_client *client, int number)
{
	int copy = number;
	struct job job = {&copy};

	(void)ump_client_post(client, &job);
}

int main(void)
{
	struct ump_config config = {.post.size = sizeof(struct job)};
	ump_client *client;
	ump_thread *thread;
	int sum = 0;

	sem_init(&returned, 0, 0);
	if (ump_spawn_thread(&config, build, &sum, &client, &thread) != UMP_OK)
		return 1;
	send(client, 7);
	sem_post(&returned);
	ump_client_drop(&client);
	(void)ump_thread_join(&thread, NULL, UMP_FOREVER);
	printf("sum %d\n", sum);
	return 0;
}
