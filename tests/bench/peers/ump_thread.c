/* SPDX-License-Identifier: 0BSD */
/* This library: a server on a thread of its own. */
#include "ump.h"

const struct bench_peer the_peer = {
	.name = "ump",
	.unbounded = true,
	.bounded = true,
	.open = bench_ump_thread_open,
	.join = bench_ump_thread_join,
	.client = bench_ump_client,
	.client_end = bench_ump_client_end,
	.call = bench_ump_call,
	.post = bench_ump_post,
	.send = bench_ump_send,
	.receive = bench_ump_receive,
};
