/* SPDX-License-Identifier: 0BSD */
/* This library: requests of a handler, while BENCH_BLOCKED other handlers are blocked in unrelated
 * requests.  The handler belongs to a combining server, which its caller runs, so that only the
 * request itself and a call are measured. */
#include "ump.h"

#include <sched.h>

#ifndef BENCH_BLOCKED
#define BENCH_BLOCKED 0
#endif

static const unsigned others = BENCH_BLOCKED;

/* A blocked handler. */
struct blocked {
	ump_client *client;
	ump_thread *thread;
};

struct server {
	struct bench_ump_first first;
	ump_combining *combining;
	/* The server on a thread to which the handler sends its requests. */
	void *inner;
	void *inner_client;
	/* What the blocked handlers wait for: a channel from which nothing is received. */
	ump_server *stuck;
	ump_client *to_stuck;
	struct blocked blocked[BENCH_BLOCKED + 1];
};

static struct ump_flow forward(void *self, const void *msg, ump_reply_context **rc)
{
	struct server *me = self;
	struct bench_message *reply = ump_reply_buffer(*rc);

	bench_ump_call(me->inner_client, msg, reply);
	ump_reply(rc, reply);
	return ump_continue();
}

static struct ump_flow no_post(void *self, const void *msg)
{
	(void)self;
	(void)msg;
	bench_fail("a post, where requests are measured");
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->request = forward;
	out->post = no_post;
	return 0;
}

static struct ump_flow block(void *self, const void *msg)
{
	struct server *me = self;
	char none = 0;

	(void)msg;
	if (ump_client_req(me->to_stuck, &none, NULL, UMP_FOREVER) != UMP_SERVER_GONE)
		bench_fail("a request that is not received has ended");
	return ump_continue();
}

static int build_blocked(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = block;
	return 0;
}

static void block_others(struct server *me)
{
	/* Only a bounded channel has a depth in its statistics. */
	struct ump_config stuck = {.request.size = 1, .capacity = BENCH_BLOCKED + 1};
	struct ump_config blocked = {.post.size = 1, .stack_size = 1 << 16};
	struct ump_stats stats;

	bench_ump_must(ump_channel_open(&me->stuck, &me->to_stuck, &stuck));
	for (unsigned i = 0; i < others; i++) {
		struct blocked *one = &me->blocked[i];

		bench_ump_must(
			ump_spawn_thread(&blocked, build_blocked, me, &one->client, &one->thread));
		bench_ump_must(ump_client_post(one->client, ""));
	}
	do {
		sched_yield();
		bench_ump_must(ump_client_stats(me->to_stuck, &stats));
	} while (stats.depth < others);
}

static void release_others(struct server *me)
{
	ump_server_drop(&me->stuck);
	for (unsigned i = 0; i < others; i++) {
		ump_client_drop(&me->blocked[i].client);
		bench_ump_must(ump_thread_join(&me->blocked[i].thread, NULL, UMP_FOREVER));
	}
	ump_client_drop(&me->to_stuck);
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct bench_plan one = {.clients = 1, .slots = plan->slots};
	struct ump_config config = bench_ump_config(plan);

	block_others(me);
	me->first = bench_ump_first(plan);
	me->inner = bench_ump_thread_open(work, &one);
	me->inner_client = bench_ump_client(me->inner);
	bench_ump_must(ump_spawn_combining(&config, build, me, &me->first.client, &me->combining));
	return me;
}

static void join(void *server)
{
	struct server *me = server;

	bench_ump_must(ump_combining_join(&me->combining, NULL, UMP_FOREVER));
	bench_ump_client_end(me->inner_client);
	bench_ump_thread_join(me->inner);
	release_others(me);
	bench_free_aside(me);
}

const struct bench_peer the_peer = {
	.name = "ump-handler",
	.open = open_server,
	.join = join,
	.client = bench_ump_client,
	.client_end = bench_ump_client_end,
	.call = bench_ump_call,
};
