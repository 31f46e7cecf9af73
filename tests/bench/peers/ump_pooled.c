/* SPDX-License-Identifier: 0BSD */
/* This library: servers on the threads of a pool. */
#include "ump.h"

#include <stdlib.h>

static ump_thread_pool *threads;

static void drop_threads(void)
{
	ump_thread_pool_drop(&threads);
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	if (threads == NULL) {
		bench_ump_must(ump_thread_pool_open(&threads, 0, 0));
		atexit(drop_threads);
	}
	return bench_ump_thread_open_on(work, plan, threads);
}

const struct bench_peer the_peer = {
	.name = "ump-pooled",
	.open = open_server,
	.join = bench_ump_thread_join,
	.client = bench_ump_client,
	.client_end = bench_ump_client_end,
	.call = bench_ump_call,
};
