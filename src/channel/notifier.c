/* SPDX-License-Identifier: 0BSD */
#include "channel/notifier.h"

int ump__notifier_make(struct ump__notifier *notifier)
{
	ump__word_init(&notifier->gate, UMP__GATE_OPEN);
	return ump__notifier_open(notifier);
}

void ump__notifier_raise(struct ump__notifier *notifier)
{
	uintptr_t found = ump__gate_enter(&notifier->gate);

	if ((found & UMP__GATE_SHUT) == 0)
		ump__notifier_signal(notifier);
	/* The last thread to leave wakes the owner, if that waits. */
	if (ump__gate_leave(&notifier->gate) == (UMP__GATE_SHUT | UMP__GATE_RAISER))
		ump__wake(&notifier->gate);
}

void ump__notifier_end(struct ump__notifier *notifier)
{
	uintptr_t seen = ump__gate_shut(&notifier->gate);

	while (seen != UMP__GATE_SHUT) {
		(void)ump__park(&notifier->gate, seen, UMP_FOREVER);
		seen = ump__gate_load(&notifier->gate);
	}
	ump__notifier_close(notifier);
}
