/* SPDX-License-Identifier: 0BSD */
/* A client inside a plain epoll loop, of a server on a thread whose inbox has a small capacity. */
#include "load.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define CAPACITY 8

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

/* Answers have arrived.  All must be booked before the next send: otherwise a fast server could
 * keep this loop here forever. */
static bool on_replies(struct requester *requester)
{
	struct ump_completion done;

	while (ump_completions_next(requester->completions, &done) == UMP_OK)
		requester_book(requester, &done);
	return requester_send(requester);
}

static void run(struct requester *requester, struct pulse *pulse)
{
	int answers = ump_completions_fd(requester->completions);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int timer = open_timer();
	bool goes_on;

	must(epoll >= 0, "epoll_create1");
	watch(epoll, answers);
	watch(epoll, timer);
	goes_on = requester_send(requester);
	while (goes_on) {
		struct epoll_event events[2];
		int ready = epoll_wait(epoll, events, 2, -1);
		uint64_t expired;
		int i;

		for (i = 0; i < ready; i++) {
			if (events[i].data.fd == answers)
				goes_on = on_replies(requester);
			else if (read(timer, &expired, sizeof expired) > 0)
				pulse_tick(pulse);
		}
	}
	close(timer);
	close(epoll);
}

int main(int argc, char **argv)
{
	struct ump_config config = adder_config;
	struct adder adder = {0};
	struct requester requester;
	struct pulse pulse;
	ump_client *client;
	ump_thread *thread;

	config.capacity = CAPACITY;
	must_ok(ump_spawn_thread(&config, adder_build, &adder, &client, &thread), "the server");
	requester_open(&requester, &client, load_requests(argc, argv));
	pulse_start(&pulse);
	run(&requester, &pulse);
	return requester_report(&requester, &thread, &adder, &pulse);
}
