/* SPDX-License-Identifier: 0BSD */
#include "bell.h"

int ump__bell_make(struct ump__bell *bell)
{
	ump__word_init(&bell->gate, UMP__GATE_OPEN);
	return ump__bell_open(bell);
}

void ump__bell_ring(struct ump__bell *bell)
{
	uintptr_t found = ump__gate_enter(&bell->gate);

	if ((found & UMP__GATE_SHUT) == 0)
		ump__bell_strike(bell);
	/* The last thread to leave wakes the owner, if that waits. */
	if (ump__gate_leave(&bell->gate) == (UMP__GATE_SHUT | UMP__GATE_RINGER))
		ump__wake(&bell->gate);
}

void ump__bell_end(struct ump__bell *bell)
{
	uintptr_t seen = ump__gate_shut(&bell->gate);

	while (seen != UMP__GATE_SHUT) {
		(void)ump__park(&bell->gate, seen, UMP_FOREVER);
		seen = ump__gate_load(&bell->gate);
	}
	ump__bell_close(bell);
}
