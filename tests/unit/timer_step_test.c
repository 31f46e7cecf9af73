/* SPDX-License-Identifier: 0BSD */
/* The planned times of a periodic timer, against a search. */
#include "check.h"
#include "core/timer.h"

static void small_numbers(void)
{
	for (int64_t due = 0; due < 12; due++)
		for (int64_t period = 1; period < 12; period++)
			for (int64_t now = due; now < 40; now++) {
				struct ump__timer_step step =
					ump__timer_next_step(due, period, now);
				int64_t next = due;
				uint64_t count = 0;

				for (; next <= now; next += period)
					count++;
				CHECK_INT(step.due, ==, next);
				CHECK_INT(step.count, ==, count);
			}
}

static void limits(void)
{
	struct ump__timer_step step = ump__timer_next_step(0, 1, INT64_MAX - 1);

	CHECK_INT(step.due, ==, INT64_MAX);
	CHECK(step.count == (uint64_t)INT64_MAX);
	step = ump__timer_next_step(0, 1, INT64_MAX);
	CHECK_INT(step.due, ==, UMP__TIMER_NEVER);
	CHECK(step.count == (uint64_t)INT64_MAX + 1);
	step = ump__timer_next_step(5, INT64_MAX, 7);
	CHECK_INT(step.due, ==, UMP__TIMER_NEVER);
	CHECK_INT(step.count, ==, 1);
	step = ump__timer_next_step(INT64_MAX, INT64_MAX, INT64_MAX);
	CHECK_INT(step.due, ==, UMP__TIMER_NEVER);
}

static const struct check_test tests[] = {
	{"[timer] planned times have no drift", small_numbers},
	{"[timer] planned times at the ends of the range", limits},
};

CHECK_MAIN(tests)
