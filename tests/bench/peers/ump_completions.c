/* SPDX-License-Identifier: 0BSD */
/* This library: requests in flight through completions, to a server on a thread. */
#include "ump.h"

struct server {
	struct bench_ump_first first;
	ump_thread *thread;
};

struct client {
	struct bench_ump_client *client;
	ump_completions *completions;
};

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct ump_config config = bench_ump_config(plan);

	me->first = bench_ump_first(plan);
	bench_ump_must(
		ump_spawn_thread(&config, bench_ump_build, work, &me->first.client, &me->thread));
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	bench_ump_must(ump_join(&me->thread, NULL, UMP_FOREVER));
	bench_free_aside(me);
}

static void *make_client(void *server)
{
	struct client *me = bench_alloc_aside(sizeof(*me));

	me->client = bench_ump_client(&((struct server *)server)->first);
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

/* One server answers in order, so the completions come in the order of the requests. */
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
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = client_end,
	.send = send_one,
	.receive = receive,
};
