/* SPDX-License-Identifier: 0BSD */
/* The obvious pool of threads: a ring under one mutex, with one condition variable. */
#include "workers.h"

#include <pthread.h>
#include <stdlib.h>

struct pool;

struct worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct bench_message *ring;
	size_t size;
	size_t first;
	size_t count;
	bool ends;
	struct bench_jobs *jobs;
	unsigned workers;
	struct worker all[BENCH_WORKERS];
};

static void grow(struct pool *me)
{
	struct bench_message *ring = malloc(2 * me->size * sizeof(*ring));

	if (ring == NULL)
		bench_fail("no memory");
	for (size_t i = 0; i < me->count; i++)
		ring[i] = me->ring[(me->first + i) % me->size];
	free(me->ring);
	me->ring = ring;
	me->first = 0;
	me->size *= 2;
}

static void post(void *client, const struct bench_message *msg)
{
	struct pool *me = client;

	pthread_mutex_lock(&me->lock);
	if (me->count == me->size)
		grow(me);
	me->ring[(me->first + me->count++) % me->size] = *msg;
	pthread_cond_signal(&me->filled);
	pthread_mutex_unlock(&me->lock);
}

/* Return false once the pool must end and no job is left. */
static bool pop(struct pool *me, struct bench_message *msg)
{
	bool there;

	pthread_mutex_lock(&me->lock);
	while (me->count == 0 && !me->ends)
		pthread_cond_wait(&me->filled, &me->lock);
	there = me->count > 0;
	if (there) {
		*msg = me->ring[me->first];
		me->first = (me->first + 1) % me->size;
		me->count--;
	}
	pthread_mutex_unlock(&me->lock);
	return there;
}

static void *work(void *arg)
{
	struct worker *me = arg;
	struct bench_message msg;

	while (pop(me->pool, &msg))
		bench_job(me->pool->jobs, me->number, &msg);
	return NULL;
}

static void *open_pool(struct bench_jobs *jobs, unsigned workers, unsigned clients)
{
	struct pool *me = bench_alloc(sizeof(*me));

	(void)clients;
	pthread_mutex_init(&me->lock, NULL);
	pthread_cond_init(&me->filled, NULL);
	me->size = 16;
	me->ring = malloc(me->size * sizeof(*me->ring));
	me->jobs = jobs;
	me->workers = workers;
	if (me->ring == NULL)
		bench_fail("no memory");
	for (unsigned i = 0; i < workers; i++) {
		me->all[i] = (struct worker){.pool = me, .number = i};
		if (pthread_create(&me->all[i].thread, NULL, work, &me->all[i]) != 0)
			bench_fail("no thread");
	}
	return me;
}

static void join(void *server)
{
	struct pool *me = server;

	pthread_mutex_lock(&me->lock);
	me->ends = true;
	pthread_cond_broadcast(&me->filled);
	pthread_mutex_unlock(&me->lock);
	for (unsigned i = 0; i < me->workers; i++)
		pthread_join(me->all[i].thread, NULL);
	pthread_mutex_destroy(&me->lock);
	pthread_cond_destroy(&me->filled);
	free(me->ring);
	free(me);
}

static void *client(void *server)
{
	return server;
}

static void client_end(void *client)
{
	(void)client;
}

const struct bench_peer the_peer = {.name = "pool"};
const struct bench_workers_peer the_workers = {
	.open = open_pool, .join = join, .client = client, .client_end = client_end, .post = post};
