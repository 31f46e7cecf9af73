/* SPDX-License-Identifier: 0BSD */
/* A server inside a plain epoll loop.  Threads call it. */
#include "load.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int open_timer(void)
{
	struct itimerspec every = {{0, TICK_NS}, {0, TICK_NS}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	must(fd >= 0 && timerfd_settime(fd, 0, &every, NULL) == 0, "timerfd");
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void run(ump_task *task, struct pulse *pulse)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int timer = open_timer();
	bool goes_on = true;

	must(epoll >= 0, "epoll_create1");
	watch(epoll, ump_task_fd(task));
	watch(epoll, timer);
	while (goes_on) {
		struct epoll_event events[2];
		int ready = epoll_wait(epoll, events, 2, -1);
		uint64_t expired;
		int i;

		for (i = 0; i < ready; i++) {
			if (events[i].data.fd == ump_task_fd(task))
				goes_on = ump_task_dispatch(task, BUDGET);
			else if (read(timer, &expired, sizeof expired) > 0)
				pulse_tick(pulse);
		}
	}
	close(timer);
	close(epoll);
}

int main(int argc, char **argv)
{
	struct adder adder = {0};
	struct callers callers;
	struct pulse pulse;
	struct ump_flow how;
	ump_client *client;
	ump_task *task;

	must_ok(ump_spawn_task(&adder_config, adder_build, &adder, &client, &task), "the server");
	callers_start(&callers, &client, load_requests(argc, argv));
	pulse_start(&pulse);
	run(task, &pulse);
	must_ok(ump_task_join(&task, &how), "join");
	return callers_report(&callers, &adder, &pulse, how);
}
