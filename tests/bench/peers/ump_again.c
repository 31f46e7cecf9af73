/* SPDX-License-Identifier: 0BSD */
/* This library: servers on threads that are used again. */
#include "ump.h"

#include <stdlib.h>

struct server {
	struct bench_ump_first first;
	ump_thread *thread;
};

static ump_threads *threads;

static void drop_threads(void)
{
	ump_threads_drop(&threads);
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	struct server *me = bench_alloc_aside(sizeof(*me));
	struct ump_config config = bench_ump_config(plan);

	if (threads == NULL) {
		bench_ump_must(ump_threads_open(&threads, 0, 0));
		atexit(drop_threads);
	}
	config.threads = threads;
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

static void *client(void *server)
{
	return bench_ump_client(&((struct server *)server)->first);
}

const struct bench_peer the_peer = {
	.name = "ump-again",
	.open = open_server,
	.join = join,
	.client = client,
	.client_end = bench_ump_client_end,
	.call = bench_ump_call,
};
