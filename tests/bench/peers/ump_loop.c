/* SPDX-License-Identifier: 0BSD */
/* This library: a task inside a foreign event loop, which sleeps in epoll_wait. */
#include "ump_task.h"

#include <sys/epoll.h>
#include <unistd.h>

static void run(ump_task *task)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, ump_task_fd(task), &event) != 0)
		bench_fail("no epoll");
	do
		epoll_wait(epoll, &event, 1, -1);
	while (ump_task_dispatch(task, 0));
	close(epoll);
}

static void *open_server(struct bench_work *work, const struct bench_plan *plan)
{
	return bench_ump_task_open(work, plan, run);
}

const struct bench_peer the_peer = {
	.name = "ump-loop",
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
