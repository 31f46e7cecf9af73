/* SPDX-License-Identifier: 0BSD */
#include "core/patience.h"

#include "check.h"

/* Return the number of spins in `waits` waits, if none succeeds. */
static uint32_t awake_in_vain(uint32_t *vain, uint32_t waits)
{
	uint32_t awake = 0;

	for (; waits > 0; waits--) {
		awake += ump__patience_lasts(*vain);
		*vain = ump__patience_next(*vain, false);
	}
	return awake;
}

static void it_ends(void)
{
	const uint32_t period = UMP__PATIENCE_RESTS + 1;
	uint32_t vain = 0;

	CHECK_INT(awake_in_vain(&vain, UMP__PATIENCE_TRIES), ==, UMP__PATIENCE_TRIES);
	CHECK_INT(awake_in_vain(&vain, UMP__PATIENCE_RESTS), ==, 0);
	/* From then on, one in each period. */
	CHECK_INT(awake_in_vain(&vain, 1), ==, 1);
	CHECK_INT(awake_in_vain(&vain, UMP__PATIENCE_RESTS), ==, 0);
	CHECK_INT(awake_in_vain(&vain, 1000 * period), ==, 1000);
}

static void it_comes_back(void)
{
	uint32_t vain = 0;

	(void)awake_in_vain(&vain, UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS);
	CHECK(ump__patience_lasts(vain));
	vain = ump__patience_next(vain, true);
	CHECK_INT(vain, ==, 0);
	CHECK_INT(awake_in_vain(&vain, UMP__PATIENCE_TRIES), ==, UMP__PATIENCE_TRIES);
	/* Isolated failures must not stop the spinning. */
	vain = 0;
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(
			awake_in_vain(&vain, UMP__PATIENCE_TRIES - 1), ==, UMP__PATIENCE_TRIES - 1);
		vain = ump__patience_next(vain, true);
	}
}

static void it_is_sane(void)
{
	/* Any counter value must yield a valid next one. */
	CHECK(ump__patience_lasts(UINT32_MAX));
	CHECK_INT(ump__patience_next(UINT32_MAX, false), ==, UMP__PATIENCE_TRIES);
}

static void speed(void)
{
	/* 36 ns and 1 ns for a poll. */
	CHECK_INT(ump__looks_in_10us(UMP__LOOKS_TIMED * 36), ==, 277);
	CHECK_INT(ump__looks_in_10us(UMP__LOOKS_TIMED), ==, 10000);
	CHECK_INT(ump__looks_in(14000, 277), ==, 387);
	CHECK_INT(ump__looks_in(1000, 10000), ==, 1000);
	CHECK_INT(ump__looks_in(0, 277), ==, 0);
	CHECK_INT(ump__looks_in(UMP__AWAKE_MOST, UMP__LOOKS_MOST), ==, 10000000);
}

static void odd_clocks(void)
{
	CHECK_INT(ump__looks_in_10us(0), ==, UMP__LOOKS_USUAL);
	CHECK_INT(ump__looks_in_10us(-1), ==, UMP__LOOKS_USUAL);
	CHECK_INT(ump__looks_in_10us(INT64_MIN), ==, UMP__LOOKS_USUAL);
	CHECK_INT(ump__looks_in_10us(1), ==, UMP__LOOKS_MOST);
	CHECK_INT(ump__looks_in_10us(UMP__LOOKS_TIMED * 1000), ==, UMP__LOOKS_LEAST);
	CHECK_INT(ump__looks_in_10us(UMP__LOOKS_TIMED * 1000 + 1), ==, UMP__LOOKS_LEAST);
	CHECK_INT(ump__looks_in_10us(INT64_MAX), ==, UMP__LOOKS_LEAST);
}

static const struct check_test tests[] = {
	{"waits in vain end in rests, but for one now and then", it_ends},
	{"one wait that pays brings all patience back", it_comes_back},
	{"any count is understood", it_is_sane},
	{"budgets in time become numbers of looks", speed},
	{"a clock that misbehaves gives budgets that are sane", odd_clocks},
};

CHECK_MAIN(tests)
