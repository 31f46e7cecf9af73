/* SPDX-License-Identifier: 0BSD */
#include "channel/combiner.h"

#include "sync/tools.h"

/*@ requires valid: \valid(inbox) && \valid(node) && \separated(inbox, node);
  @ requires aligned: is_node_word((uintptr_t)node);
  @ requires role: of_sender(ump__knows);
  @ terminates \false;
  @ assigns inbox->value, node->next, ump__knows, ump__pushed;
  @ ensures once: ump__pushed == (uint64_t)(\old(ump__pushed) + (\result >= 0 ? 1 : 0));
  @ ensures combiner: \result == UMP__RUN ==> ump__knows == UMP__KNOWS_NODES;
  @ ensures others: \result == UMP_OK ==> of_sender(ump__knows);
  @ ensures refused: \result != UMP__RUN && \result != UMP_OK ==>
  @   \result == UMP_SERVER_GONE && ump__knows == UMP__KNOWS_CLOSED;
  @*/
int ump__combiner_push(struct ump__word *inbox, struct ump__node *node)
{
	uintptr_t seen = ump__word_peek(inbox);

	ump__tools_push(node);
	/*@ loop invariant rely: inbox_rely(ump__knows, seen) && of_sender(ump__knows);
	  @ loop invariant closed: seen == UMP__INBOX_CLOSED ==> ump__knows == UMP__KNOWS_CLOSED;
	  @ loop invariant none: ump__pushed == \at(ump__pushed, Pre);
	  @ loop assigns seen, inbox->value, node->next, ump__knows, ump__pushed;
	  @*/
	for (;;) {
		struct ump__inbox_push push = ump__inbox_push_step(seen, (uintptr_t)node);

		if (!push.accepted)
			return UMP_SERVER_GONE;
		node->next = (struct ump__node *)push.link;
		/* The node may be gone from here on, unless this thread is the combiner. */
		if (ump__inbox_word_push_combiner(inbox, &seen, push.next)) {
			if (!push.wake)
				return UMP_OK;
			ump__tools_acquire(inbox);
			return UMP__RUN;
		}
	}
}

/*@ requires valid: \valid(inbox);
  @ requires role: of_sender(ump__knows);
  @ terminates \true;
  @ assigns inbox->value, ump__knows;
  @ ensures combiner: \result ==> ump__knows == UMP__KNOWS_AWAKE;
  @ ensures refused: \result == \false ==> of_sender(ump__knows);
  @*/
bool ump__combiner_take(struct ump__word *inbox)
{
	uintptr_t seen = ump__word_peek(inbox);

	if (seen != UMP__INBOX_PARKED || !ump__inbox_word_claim(inbox, &seen, UMP__INBOX_EMPTY))
		return false;
	ump__tools_acquire(inbox);
	return true;
}

/*@ requires valid: \valid(inbox);
  @ requires role: of_receiver(ump__knows);
  @ terminates \true;
  @ assigns inbox->value, ump__knows;
  @ ensures given: \result ==> ump__knows == UMP__KNOWS_NOTHING;
  @ ensures nodes: \result == \false ==> ump__knows == UMP__KNOWS_NODES;
  @*/
bool ump__combiner_give(struct ump__word *inbox)
{
	uintptr_t seen = ump__word_peek(inbox);

	ump__tools_release(inbox);
	return seen == UMP__INBOX_EMPTY && ump__inbox_word_release(inbox, &seen, UMP__INBOX_PARKED);
}
