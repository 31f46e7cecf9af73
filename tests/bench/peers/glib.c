/* SPDX-License-Identifier: 0BSD */
/* GLib's GAsyncQueue: one for the server, and one for each client's replies. */
#include "bench.h"

#include <glib.h>
#include <stdlib.h>

struct entry {
	struct bench_message msg;
	struct bench_message reply;
	GAsyncQueue *replies; /* NULL: a post */
};

struct server {
	GAsyncQueue *queue;
	GThread *thread;
	struct bench_work *work;
	unsigned slots;
	struct entry end;
};

struct client {
	GAsyncQueue *queue;
	GAsyncQueue *replies;
	struct entry entries[];
};

/* A post needs no more than its message. */
struct parcel {
	struct bench_message msg;
};

static gpointer serve_requests(gpointer arg)
{
	struct server *me = arg;
	struct entry *entry;

	while ((entry = g_async_queue_pop(me->queue)) != &me->end) {
		bench_request(me->work, &entry->msg, &entry->reply);
		g_async_queue_push(entry->replies, entry);
	}
	return NULL;
}

static gpointer serve_posts(gpointer arg)
{
	struct server *me = arg;
	struct parcel *parcel;

	while ((parcel = g_async_queue_pop(me->queue)) != (struct parcel *)&me->end) {
		bench_post(me->work, &parcel->msg);
		g_free(parcel);
	}
	return NULL;
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc(sizeof(*me));

	me->queue = g_async_queue_new();
	me->slots = plan->slots;
	me->work = work;
	me->thread = g_thread_new("server", plan->posts ? serve_posts : serve_requests, me);
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	g_async_queue_push(me->queue, &me->end);
	g_thread_join(me->thread);
	g_async_queue_unref(me->queue);
	free(me);
}

static void *make_client(void *server)
{
	const struct server *serving = server;
	struct client *me = bench_alloc(sizeof(*me) + serving->slots * sizeof(*me->entries));

	me->queue = serving->queue;
	me->replies = g_async_queue_new();
	return me;
}

static void client_end(void *client)
{
	struct client *me = client;

	g_async_queue_unref(me->replies);
	free(me);
}

static void send_one(void *client, unsigned slot, const struct bench_message *msg)
{
	struct client *me = client;
	struct entry *entry = &me->entries[slot];

	entry->msg = *msg;
	entry->replies = me->replies;
	g_async_queue_push(me->queue, entry);
}

/* Replies come in the order of the requests. */
static void receive(void *client, unsigned slot, struct bench_message *reply)
{
	struct client *me = client;
	const struct entry *entry = g_async_queue_pop(me->replies);

	if (entry != &me->entries[slot])
		bench_fail("a reply came out of order");
	*reply = entry->reply;
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	send_one(client, 0, msg);
	receive(client, 0, reply);
}

static void post(void *client, const struct bench_message *msg)
{
	struct client *me = client;
	struct parcel *parcel = g_new(struct parcel, 1);

	parcel->msg = *msg;
	g_async_queue_push(me->queue, parcel);
}

const struct bench_peer the_peer = {
	.name = "glib",
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
