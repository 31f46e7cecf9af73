/* SPDX-License-Identifier: 0BSD */
/*
 * A peer with the fault that BENCH_WRONG in the environment names, or without a fault if that is
 * empty.  The harness must detect it.  There is no server; the sender does the work.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define AT 100 /* the message that goes wrong */

struct place {
	struct bench_work *work;
	const char *wrong;
	struct bench_message held;
	struct bench_message replies[BENCH_SLOTS];
};

static bool is(const struct place *place, const char *wrong, const struct bench_message *msg)
{
	return strcmp(place->wrong, wrong) == 0 && msg->words[0] == AT;
}

static void *open_place(struct bench_work *work, const struct bench_plan *plan)
{
	struct place *place = bench_alloc(sizeof(*place));
	const char *wrong = getenv("BENCH_WRONG");

	(void)plan;
	place->work = work;
	place->wrong = wrong == NULL ? "" : wrong;
	return place;
}

static void *client(void *server)
{
	return server;
}

static void client_end(void *client)
{
	(void)client;
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	struct place *place = client;

	if (is(place, "skip", msg))
		reply->words[0] = msg->words[0] + 1;
	else
		bench_request(place->work, msg, reply);
	if (is(place, "reply", msg))
		reply->words[0]++;
	if (is(place, "hang", msg))
		for (;;)
			continue;
}

static void post(void *client, const struct bench_message *msg)
{
	struct place *place = client;

	if (is(place, "lose", msg))
		return;
	if (is(place, "order", msg)) {
		place->held = *msg;
		return;
	}
	bench_post(place->work, msg);
	if (is(place, "twice", msg))
		bench_post(place->work, msg);
	if (place->held.words[0] != 0) {
		bench_post(place->work, &place->held);
		place->held.words[0] = 0;
	}
}

static void send_one(void *client, unsigned slot, const struct bench_message *msg)
{
	struct place *place = client;

	call(client, msg, &place->replies[slot]);
}

static void receive(void *client, unsigned slot, struct bench_message *reply)
{
	struct place *place = client;

	*reply = place->replies[slot];
}

const struct bench_peer the_peer = {
	.name = "wrong",
	.bounded = true,
	.open = open_place,
	.join = free,
	.client = client,
	.client_end = client_end,
	.call = call,
	.post = post,
	.send = send_one,
	.receive = receive,
};
