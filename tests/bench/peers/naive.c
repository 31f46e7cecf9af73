/* SPDX-License-Identifier: 0BSD */
/* The obvious implementation: a ring under a mutex, with condition variables. */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

/* Where the client waits for a reply. */
struct answer {
	pthread_mutex_t lock;
	pthread_cond_t there;
	bool done;
	struct bench_message reply;
};

struct entry {
	struct bench_message msg;
	struct answer *answer; /* NULL: a post */
};

struct server {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_cond_t emptied;
	struct entry *ring;
	size_t size;
	size_t first;
	size_t count;
	bool bounded;
	bool ends;
	struct bench_work *work;
	unsigned slots;
	pthread_t thread;
};

struct client {
	struct server *server;
	struct answer answers[];
};

static void grow(struct server *me)
{
	struct entry *ring = malloc(2 * me->size * sizeof(*ring));

	if (ring == NULL)
		bench_fail("no memory");
	for (size_t i = 0; i < me->count; i++)
		ring[i] = me->ring[(me->first + i) % me->size];
	free(me->ring);
	me->ring = ring;
	me->first = 0;
	me->size *= 2;
}

static void push(struct server *me, const struct bench_message *msg, struct answer *answer)
{
	pthread_mutex_lock(&me->lock);
	while (me->bounded && me->count == me->size)
		pthread_cond_wait(&me->emptied, &me->lock);
	if (me->count == me->size)
		grow(me);
	me->ring[(me->first + me->count++) % me->size] = (struct entry){*msg, answer};
	pthread_cond_signal(&me->filled);
	pthread_mutex_unlock(&me->lock);
}

/* Return false once the server must end and everything is handled. */
static bool pop(struct server *me, struct entry *entry)
{
	bool there;

	pthread_mutex_lock(&me->lock);
	while (me->count == 0 && !me->ends)
		pthread_cond_wait(&me->filled, &me->lock);
	there = me->count > 0;
	if (there) {
		*entry = me->ring[me->first];
		me->first = (me->first + 1) % me->size;
		me->count--;
		if (me->bounded)
			pthread_cond_signal(&me->emptied);
	}
	pthread_mutex_unlock(&me->lock);
	return there;
}

static void *serve(void *arg)
{
	struct server *me = arg;
	struct entry entry;

	while (pop(me, &entry)) {
		struct answer *answer = entry.answer;

		if (answer == NULL) {
			bench_post(me->work, &entry.msg);
			continue;
		}
		pthread_mutex_lock(&answer->lock);
		bench_request(me->work, &entry.msg, &answer->reply);
		answer->done = true;
		pthread_cond_signal(&answer->there);
		pthread_mutex_unlock(&answer->lock);
	}
	return NULL;
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc(sizeof(*me));

	pthread_mutex_init(&me->lock, NULL);
	pthread_cond_init(&me->filled, NULL);
	pthread_cond_init(&me->emptied, NULL);
	me->slots = plan->slots;
	me->bounded = plan->capacity != 0;
	me->size = me->bounded ? plan->capacity : 16;
	me->ring = malloc(me->size * sizeof(*me->ring));
	me->work = work;
	if (me->ring == NULL || pthread_create(&me->thread, NULL, serve, me) != 0)
		bench_fail("no server");
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	pthread_mutex_lock(&me->lock);
	me->ends = true;
	pthread_cond_signal(&me->filled);
	pthread_mutex_unlock(&me->lock);
	pthread_join(me->thread, NULL);
	pthread_mutex_destroy(&me->lock);
	pthread_cond_destroy(&me->filled);
	pthread_cond_destroy(&me->emptied);
	free(me->ring);
	free(me);
}

static void *make_client(void *server)
{
	unsigned slots = ((struct server *)server)->slots;
	struct client *me = bench_alloc(sizeof(*me) + slots * sizeof(*me->answers));

	me->server = server;
	for (unsigned i = 0; i < slots; i++) {
		pthread_mutex_init(&me->answers[i].lock, NULL);
		pthread_cond_init(&me->answers[i].there, NULL);
	}
	return me;
}

static void send_one(void *client, unsigned slot, const struct bench_message *msg)
{
	struct client *me = client;

	push(me->server, msg, &me->answers[slot]);
}

static void receive(void *client, unsigned slot, struct bench_message *reply)
{
	struct client *me = client;
	struct answer *answer = &me->answers[slot];

	pthread_mutex_lock(&answer->lock);
	while (!answer->done)
		pthread_cond_wait(&answer->there, &answer->lock);
	answer->done = false;
	*reply = answer->reply;
	pthread_mutex_unlock(&answer->lock);
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	send_one(client, 0, msg);
	receive(client, 0, reply);
}

static void post(void *client, const struct bench_message *msg)
{
	struct client *me = client;

	push(me->server, msg, NULL);
}

const struct bench_peer the_peer = {
	.name = "naive",
	.unbounded = true,
	.bounded = true,
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = free,
	.call = call,
	.post = post,
	.send = send_one,
	.receive = receive,
};
