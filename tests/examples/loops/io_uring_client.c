/* SPDX-License-Identifier: 0BSD */
/* A client inside a loop on io_uring, of a server on a thread. */
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

/* Answers have arrived.  All must be booked before the next send: otherwise a fast server could
 * keep this loop here forever. */
static bool on_replies(struct requester *requester)
{
	struct ump_completion done;

	while (ump_completions_next(requester->completions, &done) == UMP_OK)
		requester_book(requester, &done);
	return requester_send(requester);
}

static void run(struct io_uring *ring, struct requester *requester, struct pulse *pulse)
{
	int answers = ump_completions_fd(requester->completions);
	bool goes_on = requester_send(requester);

	ask_readable(ring, answers);
	ask_tick(ring);
	while (goes_on) {
		if (wait_next(ring) == TICK) {
			pulse_tick(pulse);
			ask_tick(ring);
		} else {
			goes_on = on_replies(requester);
			if (goes_on)
				ask_readable(ring, answers);
		}
	}
}

int main(int argc, char **argv)
{
	struct adder adder = {0};
	struct requester requester;
	struct pulse pulse;
	struct io_uring ring;
	ump_client *client;
	ump_thread *thread;

	open_ring(&ring);
	must_ok(ump_spawn_thread(&adder_config, adder_build, &adder, &client, &thread),
		"the server");
	requester_open(&requester, &client, load_requests(argc, argv));
	pulse_start(&pulse);
	run(&ring, &requester, &pulse);
	io_uring_queue_exit(&ring);
	return requester_report(&requester, &thread, &adder, &pulse);
}
