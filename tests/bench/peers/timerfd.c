/* SPDX-License-Identifier: 0BSD */
/* The system's own timer: one timerfd, which a loop reads. */
#include "timers.h"

#include <sys/timerfd.h>
#include <unistd.h>

static int timer;

static void run(struct bench_timers *timers, unsigned slots)
{
	uint64_t count;

	if (slots != 1)
		bench_fail("there is one timer");
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (timer < 0)
		bench_fail("no timerfd");
	if (!bench_timers_begin(timers)) {
		do {
			if (read(timer, &count, sizeof(count)) != (ssize_t)sizeof(count))
				bench_fail("cannot read a timerfd");
		} while (!bench_timers_due(timers, 0));
	}
	close(timer);
}

static void start(unsigned slot, int64_t when, int64_t now)
{
	struct itimerspec time = {
		.it_value = {.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000}};

	(void)slot;
	(void)now;
	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL) != 0)
		bench_fail("cannot set a timerfd");
}

const struct bench_peer the_peer = {.name = "timerfd"};
const struct bench_timers_peer the_timers = {.run = run, .start = start};
