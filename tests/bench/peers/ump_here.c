/* SPDX-License-Identifier: 0BSD */
/* This library: a task without a thread, run by the requester: the cost of the task itself. */
#include "ump.h"

struct server {
	struct bench_ump_first first;
	ump_task *task;
};

struct client {
	struct bench_ump_client *client;
	ump_task *task;
};

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct ump_config config = bench_ump_config(plan);

	me->first = bench_ump_first(plan);
	bench_ump_must(
		ump_spawn_task(&config, bench_ump_build, work, &me->first.client, &me->task));
	return me;
}

static void *make_client(void *server)
{
	struct server *serving = server;
	struct client *me = bench_alloc_aside(sizeof(*me));

	me->client = bench_ump_client(serving);
	me->task = serving->task;
	return me;
}

static void call(void *client, const struct bench_message *msg, struct bench_message *reply)
{
	struct client *me = client;

	bench_ump_send(me->client, 0, msg);
	ump_task_dispatch(me->task, 0);
	bench_ump_receive(me->client, 0, reply);
}

static void client_end(void *client)
{
	struct client *me = client;

	bench_ump_client_end(me->client);
	bench_free_aside(me);
}

static void join(void *server)
{
	struct server *me = server;

	while (ump_task_dispatch(me->task, 0))
		continue;
	bench_ump_must(ump_task_join(&me->task, NULL));
	bench_free_aside(me);
}

const struct bench_peer the_peer = {
	.name = "ump-here",
	.open = open_server,
	.join = join,
	.client = make_client,
	.client_end = client_end,
	.call = call,
};
