/* SPDX-License-Identifier: 0BSD */
#include "inbox.h"

#include "sync/sync.h"

_Static_assert(_Alignof(struct ump__node) >= UMP__INBOX_ALIGN, "node addresses are no states");

bool ump__inbox_push(struct ump__word *inbox, struct ump__node *node)
{
	uintptr_t seen = ump__word_peek(inbox);

	for (;;) {
		struct ump__inbox_push push = ump__inbox_push_step(seen, (uintptr_t)node);

		if (!push.accepted)
			return false;
		node->next = (struct ump__node *)push.link;
		if (ump__inbox_word_push(inbox, &seen, push.next)) {
			/* The node may be gone already; the inbox is not, while the sender's client
			 * lives. */
			if (push.wake)
				ump__wake(inbox);
			return true;
		}
	}
}

/* Sleep until the inbox is no longer empty; false: the deadline passed first. */
static bool sleep_while_empty(struct ump__word *inbox, ump_time deadline)
{
	uintptr_t seen = ump__word_peek(inbox);

	for (;;) {
		struct ump__inbox_step step = ump__inbox_park_step(seen);

		if (step.taken && !ump__inbox_word_park(inbox, &seen, step.next))
			continue;
		if (ump__inbox_is_node(seen))
			return true;
		if (!ump__park(inbox, UMP__INBOX_PARKED, deadline)) {
			seen = UMP__INBOX_PARKED;
			step = ump__inbox_unpark_step(seen);
			return !ump__inbox_word_park(inbox, &seen, step.next);
		}
		seen = ump__word_peek(inbox);
	}
}

bool ump__inbox_receive(
	struct ump__word *inbox, struct ump__queue *batch, ump_time deadline, int sender_cpu)
{
	if (!ump__inbox_is_node(ump__word_peek(inbox))) {
		if (deadline == UMP_NOW)
			return false;
		ump__spin(inbox, UMP__INBOX_EMPTY, UMP__SIDE_SERVER, sender_cpu);
		if (!ump__inbox_is_node(ump__word_peek(inbox)) &&
			!sleep_while_empty(inbox, deadline))
			return false;
	}
	/* Nobody but the receiver takes, so what was there still is, perhaps under newer ones. */
	uintptr_t top = ump__inbox_word_take(inbox);

	ump__queue_from_stack(batch, (struct ump__node *)ump__inbox_take_step(top).chain);
	return true;
}

void ump__inbox_close(struct ump__word *inbox, struct ump__queue *rest)
{
	uintptr_t top = ump__inbox_word_close(inbox);

	ump__queue_from_stack(rest, (struct ump__node *)ump__inbox_close_step(top).chain);
}
