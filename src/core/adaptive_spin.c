/* SPDX-License-Identifier: 0BSD */
#include "core/adaptive_spin.h"

bool ump__adaptive_spin_lasts(uint32_t failed)
{
	return failed < UMP__ADAPTIVE_SPIN_TRIES ||
	       failed >= UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS;
}

uint32_t ump__adaptive_spin_next(uint32_t failed, bool succeeded)
{
	if (succeeded)
		return 0;
	/* The spin that was tried again failed, too. */
	if (failed >= UMP__ADAPTIVE_SPIN_TRIES + UMP__ADAPTIVE_SPIN_RESTS)
		return UMP__ADAPTIVE_SPIN_TRIES;
	return failed + 1;
}

uint32_t ump__polls_in_10us(int64_t ns)
{
	int64_t polls;

	if (ns <= 0)
		return UMP__POLLS_USUAL;
	polls = UMP__POLLS_TIMED * 10000 / ns;
	if (polls < UMP__POLLS_LEAST)
		return UMP__POLLS_LEAST;
	return polls < UMP__POLLS_MOST ? (uint32_t)polls : UMP__POLLS_MOST;
}

uint32_t ump__polls_in(uint32_t ns, uint32_t in_10us)
{
	return (uint32_t)((uint64_t)ns * in_10us / 10000);
}
