/* SPDX-License-Identifier: 0BSD */
/* libuv: a loop on a thread of its own, woken by uv_async_send; a list under a mutex. */
#include "bench.h"

#include <stdlib.h>
#include <uv.h>

struct entry {
	struct entry *next;
	struct bench_message msg;
	struct bench_message *reply; /* NULL: a post, to be freed */
	uv_sem_t *done;
};

struct server {
	uv_loop_t loop;
	uv_async_t wakeup;
	uv_thread_t thread;
	uv_mutex_t lock;
	struct entry *first;
	struct entry **last;
	bool ends;
	struct bench_work *work;
	unsigned slots;
};

/* A request in flight. */
struct slot {
	struct entry entry;
	struct bench_message reply;
	uv_sem_t done;
};

struct client {
	struct server *server;
	struct slot slots[];
};

static void handle(struct server *me, struct entry *entry)
{
	if (entry->reply == NULL) {
		bench_post(me->work, &entry->msg);
		free(entry);
	} else {
		bench_request(me->work, &entry->msg, entry->reply);
		uv_sem_post(entry->done);
	}
}

/* Take all queued messages, since libuv coalesces several sends into one call. */
static void on_wakeup(uv_async_t *wakeup)
{
	struct server *me = wakeup->data;
	struct entry *entry, *next;
	bool ends;

	uv_mutex_lock(&me->lock);
	entry = me->first;
	me->first = NULL;
	me->last = &me->first;
	ends = me->ends;
	uv_mutex_unlock(&me->lock);
	for (; entry != NULL; entry = next) {
		next = entry->next;
		handle(me, entry);
	}
	if (ends)
		uv_close((uv_handle_t *)wakeup, NULL);
}

static void serve(void *arg)
{
	struct server *me = arg;

	uv_run(&me->loop, UV_RUN_DEFAULT);
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc(sizeof(*me));

	me->work = work;
	me->slots = plan->slots;
	me->last = &me->first;
	me->wakeup.data = me;
	if (uv_mutex_init(&me->lock) != 0 || uv_loop_init(&me->loop) != 0 ||
		uv_async_init(&me->loop, &me->wakeup, on_wakeup) != 0 ||
		uv_thread_create(&me->thread, serve, me) != 0)
		bench_fail("no server");
	return me;
}

static void push(struct server *me, struct entry *entry)
{
	entry->next = NULL;
	uv_mutex_lock(&me->lock);
	*me->last = entry;
	me->last = &entry->next;
	uv_mutex_unlock(&me->lock);
	uv_async_send(&me->wakeup);
}

static void join(void *server)
{
	struct server *me = server;

	uv_mutex_lock(&me->lock);
	me->ends = true;
	uv_mutex_unlock(&me->lock);
	uv_async_send(&me->wakeup);
	uv_thread_join(&me->thread);
	uv_loop_close(&me->loop);
	uv_mutex_destroy(&me->lock);
	free(me);
}

static void *make_client(void *server)
{
	unsigned slots = ((struct server *)server)->slots;
	struct client *me = bench_alloc(sizeof(*me) + slots * sizeof(*me->slots));

	me->server = server;
	for (unsigned i = 0; i < slots; i++)
		uv_sem_init(&me->slots[i].done, 0);
	return me;
}

static void client_end(void *client)
{
	struct client *me = client;

	for (unsigned i = 0; i < me->server->slots; i++)
		uv_sem_destroy(&me->slots[i].done);
	free(me);
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

	uv_sem_wait(&me->slots[slot].done);
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
	.name = "libuv",
	.unbounded = true,
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = client_end,
	.call = call,
	.post = post,
	.send = send_one,
	.receive = receive,
};
