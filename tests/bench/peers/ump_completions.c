/* SPDX-License-Identifier: 0BSD */
/* This library: requests in flight through completions, to a server on a thread. */
#include "ump.h"

struct client {
	struct bench_ump_client *client;
	ump_completions *completions;
};

static void *make_client(void *server)
{
	struct client *me = bench_alloc_aside(sizeof(*me));

	me->client = bench_ump_client(server);
	bench_ump_must(ump_completions_open(&me->completions));
	return me;
}

static void client_end(void *client)
{
	struct client *me = client;

	bench_ump_client_end(me->client);
	ump_completions_drop(&me->completions);
	bench_free_aside(me);
}

static void send_one(void *client, unsigned slot, const struct bench_message *msg)
{
	struct client *me = client;

	bench_ump_must(ump_client_req_completion(
		me->client->client, msg, me->completions, &me->client->slots[slot]));
}

/* One server answers in order, so the completions arrive in the order of the requests. */
static void receive(void *client, unsigned slot, struct bench_message *reply)
{
	struct client *me = client;
	struct ump_completion completion;

	bench_ump_must(ump_completions_wait(me->completions, &completion, UMP_FOREVER));
	bench_ump_must(completion.result);
	if (completion.tag != &me->client->slots[slot])
		bench_fail("a completion came out of order");
	*reply = *(const struct bench_message *)completion.reply;
}

const struct bench_peer the_peer = {
	.name = "ump-completions",
	.open = bench_ump_thread_open,
	.join = bench_ump_thread_join,
	.client = make_client,
	.client_end = client_end,
	.send = send_one,
	.receive = receive,
};
