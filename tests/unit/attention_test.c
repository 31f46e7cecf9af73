/* SPDX-License-Identifier: 0BSD */
#include "core/stop.h"

#include "check.h"
#include "core/disposition.h"

#define EVERY_BIT ((uint32_t)0x1f0)

static void each_step(void)
{
	for (uint32_t word = 0; word <= EVERY_BIT; word += UMP__ATTENTION_TIMED) {
		bool claimed = (word & UMP__ATTENTION_CLAIMED) != 0;
		bool ended = (word & UMP__ATTENTION_ENDED) != 0;

		CHECK_INT(ump__stop_is_claimed(word), ==, !claimed && !ended);
		CHECK_INT(ump__stop_is_accepted(word), ==, !ended);
		CHECK_INT(ump__stop_is_set(word), ==, (word & UMP__ATTENTION_STOP) != 0);
	}
}

/* Whichever of the two bits comes first: exactly one side owns the value. */
static void one_owner(void)
{
	for (int end_first = 0; end_first <= 1; end_first++) {
		uint32_t word = UMP__ATTENTION_TIMED | UMP__ATTENTION_CLAIMED;
		bool accepted = !end_first && ump__stop_is_accepted(word);
		bool loop_owns;

		word |= end_first ? 0 : UMP__ATTENTION_STOP;
		loop_owns = ump__stop_is_set(word);
		word |= UMP__ATTENTION_ENDED;
		if (end_first)
			accepted = ump__stop_is_accepted(word);
		CHECK_INT(accepted, ==, loop_owns);
		CHECK_INT(accepted, ==, !end_first);
	}
}

/* A dispatcher reads the kind and the word as one number. */
static void apart_from_kinds(void)
{
	CHECK_INT(UMP__KIND_RESERVATION, <, UMP__ATTENTION_TIMED);
	CHECK_INT(UMP__KIND_POST, <=, UMP__KIND_REQUEST);
	CHECK_INT(UMP__KIND_EOS, >, UMP__KIND_REQUEST);
}

static const struct check_test tests[] = {
	{"[stop] each step on each word", each_step},
	{"[stop] the value has one owner", one_owner},
	{"[stop] bits are no kinds", apart_from_kinds},
};

CHECK_MAIN(tests)
