/* SPDX-License-Identifier: 0BSD */
#include "core/adaptive_spin.h"

#include "check.h"

/* Return the number of spins in `waits` waits, if none succeeds. */
static uint32_t spins_that_fail(uint32_t *failed, uint32_t waits)
{
	uint32_t spins = 0;

	for (; waits > 0; waits--) {
		spins += ump__adaptive_spin_lasts(*failed);
		*failed = ump__adaptive_spin_next(*failed, false);
	}
	return spins;
}

static void it_stops(void)
{
	const uint32_t period = UMP__ADAPTIVE_SPIN_RESTS + 1;
	uint32_t failed = 0;

	CHECK_INT(spins_that_fail(&failed, UMP__ADAPTIVE_SPIN_TRIES), ==, UMP__ADAPTIVE_SPIN_TRIES);
	CHECK_INT(spins_that_fail(&failed, UMP__ADAPTIVE_SPIN_RESTS), ==, 0);
	/* From then on, one in each period. */
	CHECK_INT(spins_that_fail(&failed, 1), ==, 1);
	CHECK_INT(spins_that_fail(&failed, UMP__ADAPTIVE_SPIN_RESTS), ==, 0);
	CHECK_INT(spins_that_fail(&failed, 1000 * period), ==, 1000);
}

static void it_comes_back(void)
{
	uint32_t failed = 0;

	(void)spins_that_fail(&failed, UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS);
	CHECK(ump__adaptive_spin_lasts(failed));
	failed = ump__adaptive_spin_next(failed, true);
	CHECK_INT(failed, ==, 0);
	CHECK_INT(spins_that_fail(&failed, UMP__ADAPTIVE_SPIN_TRIES), ==, UMP__ADAPTIVE_SPIN_TRIES);
	/* Isolated failures must not stop the spinning. */
	failed = 0;
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(spins_that_fail(&failed, UMP__ADAPTIVE_SPIN_TRIES - 1), ==,
			UMP__ADAPTIVE_SPIN_TRIES - 1);
		failed = ump__adaptive_spin_next(failed, true);
	}
}

static void it_is_sane(void)
{
	/* Any counter value must yield a valid next one. */
	CHECK(ump__adaptive_spin_lasts(UINT32_MAX));
	CHECK_INT(ump__adaptive_spin_next(UINT32_MAX, false), ==, UMP__ADAPTIVE_SPIN_TRIES);
}

static void speed(void)
{
	/* 36 ns and 1 ns for a poll. */
	CHECK_INT(ump__polls_in_10us(UMP__POLLS_TIMED * 36), ==, 277);
	CHECK_INT(ump__polls_in_10us(UMP__POLLS_TIMED), ==, 10000);
	CHECK_INT(ump__polls_in(14000, 277), ==, 387);
	CHECK_INT(ump__polls_in(1000, 10000), ==, 1000);
	CHECK_INT(ump__polls_in(0, 277), ==, 0);
	CHECK_INT(ump__polls_in(UMP__SPIN_MOST, UMP__POLLS_MOST), ==, 10000000);
}

static void odd_clocks(void)
{
	CHECK_INT(ump__polls_in_10us(0), ==, UMP__POLLS_USUAL);
	CHECK_INT(ump__polls_in_10us(-1), ==, UMP__POLLS_USUAL);
	CHECK_INT(ump__polls_in_10us(INT64_MIN), ==, UMP__POLLS_USUAL);
	CHECK_INT(ump__polls_in_10us(1), ==, UMP__POLLS_MOST);
	CHECK_INT(ump__polls_in_10us(UMP__POLLS_TIMED * 1000), ==, UMP__POLLS_LEAST);
	CHECK_INT(ump__polls_in_10us(UMP__POLLS_TIMED * 1000 + 1), ==, UMP__POLLS_LEAST);
	CHECK_INT(ump__polls_in_10us(INT64_MAX), ==, UMP__POLLS_LEAST);
}

static const struct check_test tests[] = {
	{"failed spins stop the spinning, but for one in each period", it_stops},
	{"one successful spin restores the spinning", it_comes_back},
	{"any count is valid", it_is_sane},
	{"budgets in time become numbers of polls", speed},
	{"a clock that misbehaves gives budgets that are sane", odd_clocks},
};

CHECK_MAIN(tests)
