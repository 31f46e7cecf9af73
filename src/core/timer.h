/* SPDX-License-Identifier: 0BSD */
/*
 * The planned times of a periodic timer: `due`, and each `period` after it.  A call that comes late
 * covers all planned times that have passed, and the next one is planned as if it had come in time:
 * the timer does not drift.
 */
#ifndef UMP_CORE_TIMER_H
#define UMP_CORE_TIMER_H

#include <stdint.h>

/* A time that never comes. */
#define UMP__TIMER_NEVER INT64_MAX

struct ump__timer_step {
	/* The first planned time after now; UMP__TIMER_NEVER if it cannot be represented. */
	int64_t due;
	/* Planned times up to now. */
	uint64_t count;
};

/* Return what follows a call at `now`, of a timer that was due at `due`. */
/*@ requires times: 0 <= due <= now;
  @ requires period: period > 0;
  @ terminates \true;
  @ assigns \result \from due, period, now;
  @ ensures count: \result.count == (now - due) / period + 1;
  @ ensures later: \result.due > now || \result.due == UMP__TIMER_NEVER;
  @ ensures no_drift: \result.due == UMP__TIMER_NEVER ||
  @   \result.due == now - (now - due) % period + period;
  @ ensures soon: \result.due == UMP__TIMER_NEVER || \result.due - period <= now;
  @*/
struct ump__timer_step ump__timer_next_step(int64_t due, int64_t period, int64_t now);

#endif
