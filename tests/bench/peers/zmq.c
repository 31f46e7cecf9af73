/* SPDX-License-Identifier: 0BSD */
/* ZeroMQ inside the process: REP and a DEALER for each client, or PULL and a PUSH for each. */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

struct server {
	void *socket;
	char url[64];
	struct bench_plan plan;
	struct bench_work *work;
	pthread_t thread;
};

/* One context for all servers, as the manual of ZeroMQ recommends. */
static void *context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
	context = zmq_ctx_new();
	/* As many sockets as the system allows. */
	zmq_ctx_set(context, ZMQ_MAX_SOCKETS, zmq_ctx_get(context, ZMQ_SOCKET_LIMIT));
}

static void must(bool fine)
{
	if (!fine)
		bench_fail("%s", zmq_strerror(zmq_errno()));
}

static void *serve(void *arg)
{
	struct server *me = arg;
	struct bench_message msg, reply;
	unsigned ended = 0;

	while (ended < me->plan.clients) {
		int size = zmq_recv(me->socket, &msg, sizeof(msg), 0);

		must(size >= 0);
		if (size == 0) {
			/* A client announces that it has sent everything. */
			ended++;
			must(me->plan.posts || zmq_send(me->socket, "", 0, 0) == 0);
		} else if (me->plan.posts) {
			bench_post(me->work, &msg);
		} else {
			bench_request(me->work, &msg, &reply);
			must(zmq_send(me->socket, &reply, sizeof(reply), 0) == sizeof(reply));
		}
	}
	return NULL;
}

/* Each end holds half of the capacity; 0: no limit. */
static void *open_socket(int type, size_t capacity)
{
	void *socket = zmq_socket(context, type);
	int half = (int)(capacity / 2);

	must(socket != NULL);
	must(zmq_setsockopt(socket, ZMQ_SNDHWM, &half, sizeof(half)) == 0);
	must(zmq_setsockopt(socket, ZMQ_RCVHWM, &half, sizeof(half)) == 0);
	return socket;
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	static _Atomic unsigned count;
	struct server *me = bench_alloc(sizeof(*me));

	pthread_once(&once, begin);
	me->plan = *plan;
	me->work = work;
	me->socket = open_socket(plan->posts ? ZMQ_PULL : ZMQ_REP, plan->capacity);
	snprintf(me->url, sizeof(me->url), "inproc://server-%u", atomic_fetch_add(&count, 1));
	must(zmq_bind(me->socket, me->url) == 0);
	if (pthread_create(&me->thread, NULL, serve, me) != 0)
		bench_fail("no thread");
	return me;
}

static void *make_client(void *server)
{
	const struct server *serving = server;
	void *socket =
		open_socket(serving->plan.posts ? ZMQ_PUSH : ZMQ_DEALER, serving->plan.capacity);

	must(zmq_connect(socket, serving->url) == 0);
	return socket;
}

/* A DEALER writes the empty frame that REP expects, and that REQ would write. */
static void send_one(void *client, unsigned slot, const struct bench_message *msg)
{
	(void)slot;
	must(zmq_send(client, "", 0, ZMQ_SNDMORE) == 0);
	must(zmq_send(client, msg, sizeof(*msg), 0) == sizeof(*msg));
}

/* Replies come in the order of the requests. */
static void receive(void *client, unsigned slot, struct bench_message *reply)
{
	(void)slot;
	must(zmq_recv(client, reply, sizeof(*reply), 0) == 0);
	must(zmq_recv(client, reply, sizeof(*reply), 0) == sizeof(*reply));
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	send_one(client, 0, msg);
	receive(client, 0, reply);
}

static void post(void *client, const struct bench_message *msg)
{
	must(zmq_send(client, msg, sizeof(*msg), 0) == sizeof(*msg));
}

/* Send the end-of-stream marker.  Queued messages still arrive, since sockets linger. */
static void client_end(void *client)
{
	int type;
	size_t size = sizeof(type);

	must(zmq_getsockopt(client, ZMQ_TYPE, &type, &size) == 0);
	must(type == ZMQ_PUSH || zmq_send(client, "", 0, ZMQ_SNDMORE) == 0);
	must(zmq_send(client, "", 0, 0) == 0);
	zmq_close(client);
}

static void join(void *server)
{
	struct server *me = server;

	pthread_join(me->thread, NULL);
	zmq_close(me->socket);
	free(me);
}

const struct bench_peer the_peer = {
	.name = "zmq",
	.unbounded = true,
	.bounded = true,
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = client_end,
	.call = call,
	.post = post,
	.send = send_one,
	.receive = receive,
};
