/* SPDX-License-Identifier: 0BSD */
/*
 * NNG inside the process: REP and a REQ for each client, or PULL and a PUSH for each client.  Its
 * queues are bounded, so a post may wait; their capacity cannot be set.
 */
#include "bench.h"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct server {
	nng_socket socket;
	char url[64];
	bool posts;
	/* Number of clients; each announces when it has sent everything. */
	unsigned clients;
	/* To be closed when everything has arrived: closing a socket may lose messages. */
	struct client *first;
	struct bench_work *work;
	pthread_t thread;
};

struct client {
	nng_socket socket;
	struct client *next;
};

static void must(int result)
{
	if (result != 0)
		bench_fail("%s", nng_strerror(result));
}

static void serve_posts(struct server *me)
{
	unsigned ended = 0;

	while (ended < me->clients) {
		struct bench_message msg;
		nng_msg *parcel;

		must(nng_recvmsg(me->socket, &parcel, 0));
		if (nng_msg_len(parcel) == 0) {
			ended++;
		} else {
			memcpy(&msg, nng_msg_body(parcel), sizeof(msg));
			bench_post(me->work, &msg);
		}
		nng_msg_free(parcel);
	}
}

static void serve_requests(struct server *me)
{
	unsigned ended = 0;

	while (ended < me->clients) {
		struct bench_message msg, reply;
		nng_msg *parcel;

		must(nng_recvmsg(me->socket, &parcel, 0));
		if (nng_msg_len(parcel) == 0) {
			ended++;
		} else {
			memcpy(&msg, nng_msg_body(parcel), sizeof(msg));
			bench_request(me->work, &msg, &reply);
			memcpy(nng_msg_body(parcel), &reply, sizeof(reply));
		}
		must(nng_sendmsg(me->socket, parcel, 0));
	}
}

static void *serve(void *arg)
{
	struct server *me = arg;

	if (me->posts)
		serve_posts(me);
	else
		serve_requests(me);
	return NULL;
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	static _Atomic unsigned count;
	struct server *me = bench_alloc(sizeof(*me));

	me->posts = plan->posts;
	me->clients = plan->clients;
	me->work = work;
	snprintf(me->url, sizeof(me->url), "inproc://server-%u", atomic_fetch_add(&count, 1));
	must(me->posts ? nng_pull0_open(&me->socket) : nng_rep0_open(&me->socket));
	must(nng_listen(me->socket, me->url, NULL, 0));
	if (pthread_create(&me->thread, NULL, serve, me) != 0)
		bench_fail("no thread");
	return me;
}

static void *make_client(void *server)
{
	struct server *serving = server;
	struct client *me = bench_alloc(sizeof(*me));

	me->next = serving->first;
	serving->first = me;
	must(serving->posts ? nng_push0_open(&me->socket) : nng_req0_open(&me->socket));
	must(nng_dial(me->socket, serving->url, NULL, 0));
	return me;
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	struct client *me = client;
	nng_msg *parcel;

	must(nng_msg_alloc(&parcel, sizeof(*msg)));
	memcpy(nng_msg_body(parcel), msg, sizeof(*msg));
	must(nng_sendmsg(me->socket, parcel, 0));
	must(nng_recvmsg(me->socket, &parcel, 0));
	memcpy(reply, nng_msg_body(parcel), sizeof(*reply));
	nng_msg_free(parcel);
}

static void post(void *client, const struct bench_message *msg)
{
	struct client *me = client;
	nng_msg *parcel;

	must(nng_msg_alloc(&parcel, sizeof(*msg)));
	memcpy(nng_msg_body(parcel), msg, sizeof(*msg));
	must(nng_sendmsg(me->socket, parcel, 0));
}

/* Send the end-of-stream marker. */
static void client_end(void *client)
{
	struct client *me = client;
	nng_msg *parcel;

	must(nng_msg_alloc(&parcel, 0));
	must(nng_sendmsg(me->socket, parcel, 0));
}

static void join(void *server)
{
	struct server *me = server;

	pthread_join(me->thread, NULL);
	while (me->first != NULL) {
		struct client *client = me->first;

		me->first = client->next;
		nng_close(client->socket);
		free(client);
	}
	nng_close(me->socket);
	free(me);
}

const struct bench_peer the_peer = {
	.name = "nng",
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = client_end,
	.call = call,
	.post = post,
};
