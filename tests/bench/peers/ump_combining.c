/* SPDX-License-Identifier: 0BSD */
/* This library: a combining server, which has no thread: its senders run it.  It is not the same
 * service as the other peers': handlers run on the callers' threads. */
#include "ump.h"

struct server {
	struct bench_ump_first first;
	ump_combining *combining;
};

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct ump_config config = bench_ump_config(plan);

	me->first = bench_ump_first(plan);
	bench_ump_must(ump_spawn_combining(
		&config, bench_ump_build, work, &me->first.client, &me->combining));
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	bench_ump_must(ump_combining_join(&me->combining, NULL, UMP_FOREVER));
	bench_free_aside(me);
}

const struct bench_peer the_peer = {
	.name = "ump-combining",
	.unbounded = true,
	.bounded = true,
	.open = open_server,
	.join = join,
	.client = bench_ump_client,
	.client_end = bench_ump_client_end,
	.call = bench_ump_call,
	.post = bench_ump_post,
	.send = bench_ump_send,
	.receive = bench_ump_receive,
};
