/* SPDX-License-Identifier: 0BSD */
/* This library: a task, run by ump_task_run on a thread. */
#include "ump_task.h"

static void run(ump_task *task)
{
	bench_ump_must(ump_task_run(task, UMP_FOREVER));
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	return bench_ump_task_open(work, plan, run);
}

const struct bench_peer the_peer = {
	.name = "ump-task",
	.unbounded = true,
	.bounded = true,
	.open = open_server,
	.join = bench_ump_task_join,
	.client = bench_ump_client,
	.client_end = bench_ump_client_end,
	.call = bench_ump_call,
	.post = bench_ump_post,
	.send = bench_ump_send,
	.receive = bench_ump_receive,
};
