/* SPDX-License-Identifier: 0BSD */
/* Event loops by poll and by epoll, and observers of statistics. */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* ---- Event loops ---------------------------------------------------------------------------- */

void stress_loop_open(struct stress_loop *loop, struct stress_rng *rng)
{
	loop->count = 0;
	loop->epoll = -1;
	if (!stress_one_in(rng, 2))
		return;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	CHECK(loop->epoll >= 0);
}

void stress_loop_close(struct stress_loop *loop)
{
	if (loop->epoll >= 0)
		CHECK_INT(close(loop->epoll), ==, 0);
}

void stress_loop_add(struct stress_loop *loop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	CHECK(fd >= 0 && loop->count < STRESS_FDS);
	loop->readable[loop->count] = false;
	loop->fds[loop->count++] = fd;
	if (loop->epoll >= 0)
		CHECK_INT(epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event), ==, 0);
}

void stress_loop_remove(struct stress_loop *loop, unsigned at)
{
	CHECK(at < loop->count);
	if (loop->epoll >= 0)
		CHECK_INT(epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->fds[at], NULL), ==, 0);
	loop->count--;
	loop->fds[at] = loop->fds[loop->count];
	loop->readable[at] = loop->readable[loop->count];
}

/* Mark the descriptor as readable. */
static void mark(struct stress_loop *loop, int fd)
{
	for (unsigned i = 0; i < loop->count; i++)
		loop->readable[i] |= loop->fds[i] == fd;
}

static void wait_by_epoll(struct stress_loop *loop, int ms)
{
	struct epoll_event events[STRESS_FDS];
	int count = epoll_wait(loop->epoll, events, STRESS_FDS, ms);

	CHECK(count >= 0 || errno == EINTR);
	for (int i = 0; i < count; i++) {
		CHECK_INT(events[i].events, ==, EPOLLIN);
		mark(loop, events[i].data.fd);
	}
}

static void wait_by_poll(struct stress_loop *loop, int ms)
{
	struct pollfd wanted[STRESS_FDS];
	int count;

	for (unsigned i = 0; i < loop->count; i++)
		wanted[i] = (struct pollfd){loop->fds[i], POLLIN, 0};
	count = poll(wanted, loop->count, ms);
	CHECK(count >= 0 || errno == EINTR);
	for (unsigned i = 0; count > 0 && i < loop->count; i++) {
		CHECK(wanted[i].revents == 0 || wanted[i].revents == POLLIN);
		loop->readable[i] = wanted[i].revents != 0;
	}
}

void stress_loop_wait(struct stress_loop *loop, int ms)
{
	memset(loop->readable, 0, sizeof loop->readable);
	if (loop->epoll >= 0)
		wait_by_epoll(loop, ms);
	else
		wait_by_poll(loop, ms);
}

/* ---- Observers ------------------------------------------------------------------------------ */

/* Read the statistics once; no counter may have decreased since the last time. */
static void look(struct stress_watcher *watcher, struct ump_stats *last)
{
	struct ump_stats now;

	memset(&now, 0xff, sizeof now);
	CHECK_INT(ump_weak_client_stats(watcher->weak, &now), ==, UMP_OK);
	CHECK(now.handled >= last->handled && now.skipped >= last->skipped);
	CHECK(now.failed >= last->failed);
	CHECK(now.closed || !last->closed);
	/* Once the inbox is closed, nothing more is handled. */
	CHECK(!last->closed || now.handled == last->handled);
	CHECK_INT(now.busy_for, >=, -1);
	CHECK_INT(now.kept, <, 1000000);
	CHECK_INT(now.clients, <, 1000000);
	if (watcher->capacity == 0) {
		CHECK(now.depth == UMP_UNCOUNTED && now.depth_most == UMP_UNCOUNTED);
	} else {
		CHECK_INT(now.depth, <=, watcher->capacity);
		CHECK_INT(now.depth_most, <=, watcher->capacity);
		CHECK_INT(now.depth_most, >=, now.depth);
		CHECK_INT(now.depth_most, >=, last->depth_most);
	}
	*last = now;
	stress_count(STRESS_OBSERVATIONS, 1);
}

static void *watch(void *arg)
{
	struct stress_watcher *watcher = arg;
	struct ump_stats last;

	memset(&last, 0, sizeof last);
	while (!atomic_load_explicit(&watcher->stop, memory_order_relaxed)) {
		look(watcher, &last);
		stress_dawdle(&watcher->rng);
	}
	look(watcher, &last);
	ump_weak_client_drop(&watcher->weak);
	return NULL;
}

void stress_watch_start(
	struct stress_watcher *watcher, const struct stress_server *server, struct stress_rng *rng)
{
	memset(watcher, 0, sizeof *watcher);
	watcher->rng.state = stress_random(rng);
	watcher->capacity = server->capacity;
	CHECK_INT(ump_client_weak(server->client, &watcher->weak), ==, UMP_OK);
	watcher->thread = stress_thread(watch, watcher);
}

void stress_watch_stop(struct stress_watcher *watcher)
{
	atomic_store_explicit(&watcher->stop, true, memory_order_relaxed);
	stress_thread_join(watcher->thread);
}
