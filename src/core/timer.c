/* SPDX-License-Identifier: 0BSD */
#include "core/timer.h"

struct ump__timer_step ump__timer_next_step(int64_t due, int64_t period, int64_t now)
{
	int64_t late = now - due;
	/* The last planned time up to now. */
	int64_t last = now - late % period;
	struct ump__timer_step step = {UMP__TIMER_NEVER, (uint64_t)(late / period) + 1};

	if (period <= UMP__TIMER_NEVER - last)
		step.due = last + period;
	return step;
}
