/* SPDX-License-Identifier: 0BSD */
/* Servers run one after the other on the threads of a pool.  Each works on the same memory without
 * a lock: a join hands it from one server to the main thread, and a spawn to the next server. */
#include "check.h"

#include <ump_server.h>

#define ROUNDS 100
#define POSTS  10

struct baton {
	long handled;
	long *buffer;
};

static struct ump_flow post(void *self, const void *msg)
{
	struct baton *baton = self;

	*baton->buffer += *(const long *)msg;
	baton->handled++;
	return ump_continue();
}

/* Each server replaces the buffer. */
static struct ump_flow term(void *self, struct ump_flow how)
{
	struct baton *baton = self;
	long *buffer = malloc(sizeof *buffer);

	CHECK(buffer != NULL);
	*buffer = *baton->buffer;
	free(baton->buffer);
	baton->buffer = buffer;
	return how;
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	*out = (struct ump_handler){.self = arg, .post = post, .term = term};
	return 0;
}

static void run_server(const struct ump_config *config, struct baton *baton)
{
	ump_client *client;
	ump_thread *thread;
	long i;

	CHECK(ump_spawn_thread(config, build, baton, &client, &thread) == UMP_OK);
	for (i = 0; i < POSTS; i++)
		CHECK(ump_client_post(client, &i) == UMP_OK);
	ump_client_drop(&client);
	CHECK(ump_thread_join(&thread, NULL, UMP_FOREVER) == UMP_OK);
	baton->handled++; /* the main thread's between two servers */
}

/* Two threads share the pool, so that a server's thread differs from round to round. */
static void *run(void *arg)
{
	struct ump_config config = {.post.size = sizeof(long), .thread_pool = arg};
	struct baton baton = {0, calloc(1, sizeof(long))};
	int i;

	CHECK(baton.buffer != NULL);
	for (i = 0; i < ROUNDS; i++)
		run_server(&config, &baton);
	CHECK(baton.handled == ROUNDS * (POSTS + 1));
	CHECK(*baton.buffer == ROUNDS * POSTS * (POSTS - 1) / 2);
	free(baton.buffer);
	return NULL;
}

int main(void)
{
	ump_thread_pool *pool;
	pthread_t other;

	CHECK(ump_thread_pool_open(&pool, 1, 0) == UMP_OK);
	CHECK(pthread_create(&other, NULL, run, pool) == 0);
	run(pool);
	CHECK(pthread_join(other, NULL) == 0);
	ump_thread_pool_drop(&pool);
	return 0;
}
