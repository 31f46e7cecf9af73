/* SPDX-License-Identifier: 0BSD */
#include "core/patience.h"

bool ump__patience_lasts(uint32_t vain)
{
	return vain < UMP__PATIENCE_TRIES || vain >= UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS;
}

uint32_t ump__patience_next(uint32_t vain, bool paid)
{
	if (paid)
		return 0;
	/* The spin that was tried again failed, too. */
	if (vain >= UMP__PATIENCE_TRIES + UMP__PATIENCE_RESTS)
		return UMP__PATIENCE_TRIES;
	return vain + 1;
}

uint32_t ump__looks_in_10us(int64_t ns)
{
	int64_t looks;

	if (ns <= 0)
		return UMP__LOOKS_USUAL;
	looks = UMP__LOOKS_TIMED * 10000 / ns;
	if (looks < UMP__LOOKS_LEAST)
		return UMP__LOOKS_LEAST;
	return looks < UMP__LOOKS_MOST ? (uint32_t)looks : UMP__LOOKS_MOST;
}

uint32_t ump__looks_in(uint32_t ns, uint32_t in_10us)
{
	return (uint32_t)((uint64_t)ns * in_10us / 10000);
}
