/* SPDX-License-Identifier: 0BSD */
/*
 * The interface of a peer that has timers: a program of its own, made of this part of the harness
 * and of one object that defines `the_timers`.
 */
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include "bench.h"

/* What a run does in the callbacks of the loop. */
struct bench_timers;

/* Each returns whether the loop must end. */
bool bench_timers_begin(struct bench_timers *timers);
bool bench_timers_due(struct bench_timers *timers, unsigned slot);

/* A planned time, in ns of CLOCK_MONOTONIC, is a whole number of ms after `now`. */
struct bench_timers_peer {
	/* Start a loop with `slots` timers, call bench_timers_begin in one of its callbacks, and
	 * return when the loop has ended. */
	void (*run)(struct bench_timers *timers, unsigned slots);
	/* In a callback: start the timer of a slot, which is not pending.  At its time it must call
	 * bench_timers_due. */
	void (*start)(unsigned slot, int64_t due, int64_t now);
	/* In a callback: cancel the timer of a slot, which is pending.  NULL: the peer is for few
	 * timers. */
	void (*cancel)(unsigned slot);
};

extern const struct bench_timers_peer the_timers;

#endif
