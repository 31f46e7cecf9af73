/* SPDX-License-Identifier: 0BSD */
/* A server inside a loop on io_uring, which polls the task's descriptor.  Threads call it. */
#include "load.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The exit status of a program that could not do its work here. */
#define NOT_RUN 77

/* What a completion of the ring is about. */
enum {
	READABLE,
	TICK
};

static struct __kernel_timespec period = {.tv_nsec = TICK_NS};

/* Containers often forbid io_uring.  This program then prints that, and exits without a test. */
static void open_ring(struct io_uring *ring)
{
	int error = -io_uring_queue_init(8, ring, 0);

	if (error == EPERM || error == EACCES || error == ENOSYS) {
		fprintf(stderr, "not run: the kernel refuses io_uring: %s\n", strerror(error));
		exit(NOT_RUN);
	}
	must(error == 0, "io_uring_queue_init");
}

static struct io_uring_sqe *get_entry(struct io_uring *ring)
{
	struct io_uring_sqe *entry = io_uring_get_sqe(ring);

	must(entry != NULL, "io_uring_get_sqe");
	return entry;
}

/* One-shot: must be submitted again after each completion.  Completes at once if the descriptor is
 * readable already. */
static void ask_readable(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *entry = get_entry(ring);

	io_uring_prep_poll_add(entry, fd, POLLIN);
	io_uring_sqe_set_data64(entry, READABLE);
}

static void ask_tick(struct io_uring *ring)
{
	struct io_uring_sqe *entry = get_entry(ring);

	io_uring_prep_timeout(entry, &period, 0, 0);
	io_uring_sqe_set_data64(entry, TICK);
}

/* Return what the next completion is about. */
static uint64_t wait_next(struct io_uring *ring)
{
	struct io_uring_cqe *completed = NULL;
	uint64_t about;
	int error;

	do
		error = -io_uring_submit_and_wait(ring, 1);
	while (error == EINTR);
	must(error <= 0 && io_uring_peek_cqe(ring, &completed) == 0, "io_uring_submit_and_wait");
	about = io_uring_cqe_get_data64(completed);
	must(completed->res >= 0 || completed->res == -ETIME, "a completion of io_uring");
	io_uring_cqe_seen(ring, completed);
	return about;
}

static void run(struct io_uring *ring, ump_task *task, struct pulse *pulse)
{
	bool goes_on = true;

	ask_readable(ring, ump_task_fd(task));
	ask_tick(ring);
	while (goes_on) {
		if (wait_next(ring) == TICK) {
			pulse_tick(pulse);
			ask_tick(ring);
		} else {
			goes_on = ump_task_dispatch(task, BUDGET);
			if (goes_on)
				ask_readable(ring, ump_task_fd(task));
		}
	}
}

int main(int argc, char **argv)
{
	struct adder adder = {0};
	struct callers callers;
	struct pulse pulse;
	struct ump_flow how;
	struct io_uring ring;
	ump_client *client;
	ump_task *task;

	open_ring(&ring);
	must_ok(ump_spawn_task(&adder_config, adder_build, &adder, &client, &task), "the server");
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&pulse);
	run(&ring, task, &pulse);
	io_uring_queue_exit(&ring);
	must_ok(ump_task_join(&task, &how), "join");
	return callers_report(&callers, &adder, &pulse, how);
}
