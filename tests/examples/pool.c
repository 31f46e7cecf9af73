/* SPDX-License-Identifier: 0BSD */
/*
 * A pool of connections.  A server owns them.  A requester that finds none idle waits: the server
 * keeps its reply context, and replies with the next connection that is returned.  No thread holds
 * a lock.  A requester that has given up costs no connection: the reply returns UMP_ORIGIN_GONE,
 * and the next one in the queue is served.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <ump_server.h>

#define CONNECTIONS 3
#define THREADS     8
#define USES        400
#define WAITERS     (THREADS + 1)

struct take {
	int unused;
};

struct give_back {
	int connection;
};

struct pool {
	int idle[CONNECTIONS];
	int idle_count;
	/* Ring of the waiting requesters. */
	ump_reply_context *waiting[WAITERS];
	int first;
	int waiting_count;
};

static struct ump_flow take(void *self, const void *msg, ump_reply_context **rc)
{
	struct pool *pool = self;

	(void)msg;
	if (pool->idle_count > 0) {
		/* If the requester has given up, the connection stays in the pool. */
		if (ump_reply(rc, &pool->idle[pool->idle_count - 1]) == UMP_OK)
			pool->idle_count--;
	} else if (pool->waiting_count < WAITERS) {
		pool->waiting[(pool->first + pool->waiting_count++) % WAITERS] = ump_reply_keep(rc);
	}
	/* If the ring is full, the context is dropped: the caller gets UMP_NO_REPLY. */
	return ump_continue();
}

static struct ump_flow give_back(void *self, const void *msg)
{
	struct pool *pool = self;
	int connection = ((const struct give_back *)msg)->connection;

	while (pool->waiting_count > 0) {
		ump_reply_context *waiting = pool->waiting[pool->first];

		pool->first = (pool->first + 1) % WAITERS;
		pool->waiting_count--;
		if (ump_reply(&waiting, &connection) == UMP_OK)
			return ump_continue();
	}
	pool->idle[pool->idle_count++] = connection;
	return ump_continue();
}

static struct ump_flow report(void *self, struct ump_flow how)
{
	const struct pool *pool = self;

	printf("%d connections are back in the pool\n", pool->idle_count);
	return how;
}

static int open_connections(void *arg, ump_client *client, struct ump_handler *out)
{
	struct pool *pool = arg;

	(void)client;
	for (int i = 0; i < CONNECTIONS; i++)
		pool->idle[pool->idle_count++] = i;
	*out = (struct ump_handler){
		.self = pool, .request = take, .post = give_back, .term = report};
	return 0;
}

/* ---- Its users ----------------------------------------------------------------------------- */

static atomic_int in_use[CONNECTIONS];
static atomic_int shared;
static atomic_int uses;
static atomic_int given_up;

/* The reply's value is dropped if its requester has given up; the handler keeps it in the pool. */
static void use_once(const ump_client *pool, ump_time deadline)
{
	struct give_back used;
	int result = ump_client_req(pool, &(struct take){0}, &used.connection, deadline);

	if (result == UMP_TIMED_OUT) {
		given_up++;
		return;
	}
	if (result != UMP_OK) {
		fprintf(stderr, "pool: %s\n", ump_strerror(result));
		return;
	}
	shared += atomic_fetch_add(&in_use[used.connection], 1) != 0;
	uses++;
	atomic_fetch_sub(&in_use[used.connection], 1);
	ump_client_post(pool, &used);
}

static void *use(void *arg)
{
	const ump_client *pool = arg;

	for (int i = 0; i < USES; i++)
		/* Every fourth use has a short deadline. */
		use_once(pool, i % 4 == 3 ? ump_after(10000) : UMP_FOREVER);
	return NULL;
}

int main(void)
{
	struct ump_config config = {.request.size = sizeof(struct take),
		.reply.size = sizeof(int),
		.post.size = sizeof(struct give_back)};
	static struct pool pool;
	pthread_t threads[THREADS];
	ump_client *client;
	ump_thread *thread;

	if (ump_spawn_thread(&config, open_connections, &pool, &client, &thread) != UMP_OK)
		return 1;
	/* One client for all threads: it may be shared. */
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, use, client) != 0)
			return 1;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ump_client_drop(&client);
	ump_join(&thread, NULL, UMP_FOREVER);
	printf("%d times asked for one, used or given up\n", uses + given_up);
	printf("used by two at once: %d\n", (int)shared);
	return 0;
}
