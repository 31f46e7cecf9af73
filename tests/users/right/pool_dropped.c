/* SPDX-License-Identifier: 0BSD */
/* A thread pool is dropped while servers run on its threads.  The last of them frees it; what each
 * server wrote is read after its join. */
#include "check.h"

#include <ump_server.h>

#define SERVERS 3
#define ROUNDS  60
#define POSTS   5

static struct ump_flow post(void *self, const void *msg)
{
	*(long *)self += *(const long *)msg;
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = post;
	return 0;
}

struct run {
	ump_client *client;
	ump_thread *thread;
	long sum;
};

/* Use one server from its first message to its join. */
static void *use(void *arg)
{
	struct run *run = arg;
	long i;

	for (i = 0; i < POSTS; i++)
		CHECK(ump_client_post(run->client, &i) == UMP_OK);
	ump_client_drop(&run->client);
	CHECK(ump_thread_join(&run->thread, NULL, UMP_FOREVER) == UMP_OK);
	CHECK(run->sum == POSTS * (POSTS - 1) / 2);
	run->sum = 0;
	return NULL;
}

static void round_of(void)
{
	struct run runs[SERVERS] = {{0}};
	struct ump_config config = {.post.size = sizeof(long)};
	pthread_t threads[SERVERS];
	int i;

	CHECK(ump_thread_pool_open(&config.thread_pool, 0, 0) == UMP_OK);
	for (i = 0; i < SERVERS; i++)
		CHECK(ump_spawn_thread(&config, build, &runs[i].sum, &runs[i].client,
			      &runs[i].thread) == UMP_OK);
	for (i = 0; i < SERVERS; i++)
		CHECK(pthread_create(&threads[i], NULL, use, &runs[i]) == 0);
	ump_thread_pool_drop(&config.thread_pool);
	for (i = 0; i < SERVERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0 && runs[i].sum == 0);
}

int main(void)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		round_of();
	return 0;
}
