/* SPDX-License-Identifier: 0BSD */
/* liburcu's wfcqueue, with a futex to sleep on, and a semaphore for each reply. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "bench.h"

#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <urcu/wfcqueue.h>

struct entry {
	struct cds_wfcq_node node; /* first, so that its address is the entry's */
	struct bench_message msg;
	struct bench_message *reply; /* NULL: a post, to be freed */
	sem_t *done;
};

struct server {
	struct cds_wfcq_head head;
	_Alignas(128) struct cds_wfcq_tail tail;
	/* 1 while the server sleeps or prepares to. */
	_Alignas(128) _Atomic uint32_t asleep;
	_Atomic bool ends;
	struct bench_work *work;
	unsigned slots;
	pthread_t thread;
};

/* A request in flight. */
struct slot {
	struct entry entry;
	struct bench_message reply;
	sem_t done;
};

struct client {
	struct server *server;
	struct slot slots[];
};

static void wake(struct server *me)
{
	if (atomic_load(&me->asleep) != 0 && atomic_exchange(&me->asleep, 0) != 0)
		syscall(SYS_futex, &me->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void push(struct server *me, struct entry *entry)
{
	cds_wfcq_node_init(&entry->node);
	/* A full barrier, so `asleep` is read after it. */
	cds_wfcq_enqueue(&me->head, &me->tail, &entry->node);
	wake(me);
}

static struct cds_wfcq_node *take(struct server *me)
{
	return __cds_wfcq_dequeue_blocking(&me->head, &me->tail);
}

/* Return NULL once the server must end and everything is handled. */
static struct entry *pop(struct server *me)
{
	struct cds_wfcq_node *node;

	while ((node = take(me)) == NULL) {
		atomic_store(&me->asleep, 1);
		node = take(me);
		if (node != NULL || atomic_load(&me->ends)) {
			atomic_store(&me->asleep, 0);
			break;
		}
		while (atomic_load(&me->asleep) != 0)
			syscall(SYS_futex, &me->asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	}
	return (struct entry *)node;
}

static void *serve(void *arg)
{
	struct server *me = arg;
	struct entry *entry;

	while ((entry = pop(me)) != NULL) {
		if (entry->reply == NULL) {
			bench_post(me->work, &entry->msg);
			free(entry);
		} else {
			bench_request(me->work, &entry->msg, entry->reply);
			sem_post(entry->done);
		}
	}
	return NULL;
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc(sizeof(*me));

	cds_wfcq_init(&me->head, &me->tail);
	me->work = work;
	me->slots = plan->slots;
	if (pthread_create(&me->thread, NULL, serve, me) != 0)
		bench_fail("no thread");
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	atomic_store(&me->ends, true);
	wake(me);
	pthread_join(me->thread, NULL);
	cds_wfcq_destroy(&me->head, &me->tail);
	free(me);
}

static void *make_client(void *server)
{
	unsigned slots = ((struct server *)server)->slots;
	struct client *me = bench_alloc(sizeof(*me) + slots * sizeof(*me->slots));

	me->server = server;
	for (unsigned i = 0; i < slots; i++)
		sem_init(&me->slots[i].done, 0, 0);
	return me;
}

static void send_one(void *client, unsigned slot, const struct bench_message *msg)
{
	struct client *me = client;
	struct entry *entry = &me->slots[slot].entry;

	entry->msg = *msg;
	entry->reply = &me->slots[slot].reply;
	entry->done = &me->slots[slot].done;
	push(me->server, entry);
}

static void receive(void *client, unsigned slot, struct bench_message *reply)
{
	struct client *me = client;

	while (sem_wait(&me->slots[slot].done) != 0)
		continue;
	*reply = me->slots[slot].reply;
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	send_one(client, 0, msg);
	receive(client, 0, reply);
}

static void post(void *client, const struct bench_message *msg)
{
	struct client *me = client;
	struct entry *entry = malloc(sizeof(*entry));

	if (entry == NULL)
		bench_fail("no memory");
	entry->msg = *msg;
	entry->reply = NULL;
	push(me->server, entry);
}

const struct bench_peer the_peer = {
	.name = "urcu",
	.unbounded = true,
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = free,
	.call = call,
	.post = post,
	.send = send_one,
	.receive = receive,
};
