/* SPDX-License-Identifier: 0BSD */
#include "channel/inbox.h"

#include "channel/notifier.h"
#include "sync/tools.h"

_Static_assert(_Alignof(struct ump__node) >= UMP__INBOX_ALIGN, "node addresses are no states");

/*@ requires valid: \valid(inbox) && \valid(node) && \separated(inbox, node);
  @ requires notifier: notifier == \null || \valid_read(notifier);
  @ requires aligned: is_node_word((uintptr_t)node);
  @ requires role: of_sender(ump__knows) && ump__owes_wake == \false;
  @ terminates \false;
  @ assigns inbox->value, node->next, ump__knows, ump__owes_wake, ump__pushed;
  @ ensures woken: ump__owes_wake == \false;
  @ ensures once: ump__pushed == (uint64_t)(\old(ump__pushed) + (\result ? 1 : 0));
  @ ensures refused: \result == \false ==> ump__knows == UMP__KNOWS_CLOSED;
  @*/
bool ump__inbox_push(
	struct ump__word *inbox, struct ump__node *node, struct ump__notifier *notifier)
{
	uintptr_t seen = ump__word_peek(inbox);

	ump__tools_push(node);
	/*@ loop invariant rely: inbox_rely(ump__knows, seen) && of_sender(ump__knows);
	  @ loop invariant closed: seen == UMP__INBOX_CLOSED ==> ump__knows == UMP__KNOWS_CLOSED;
	  @ loop invariant quiet: ump__owes_wake == \false;
	  @ loop invariant none: ump__pushed == \at(ump__pushed, Pre);
	  @ loop assigns seen, inbox->value, node->next, ump__knows, ump__owes_wake, ump__pushed;
	  @*/
	for (;;) {
		struct ump__inbox_push push = ump__inbox_push_step(seen, (uintptr_t)node);

		if (!push.accepted)
			return false;
		node->next = (struct ump__node *)push.link;
		if (ump__inbox_word_push(inbox, &seen, push.next)) {
			/* The node may be gone already; the inbox and its notifier exist while the
			 * sender holds its reference. */
			if (push.wake && notifier != NULL)
				ump__notifier_raise(notifier);
			else if (push.wake)
				ump__wake(inbox);
			return true;
		}
	}
}

/*@ requires valid: \valid_read(inbox);
  @ requires role: of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED;
  @ terminates \true;
  @ assigns ump__knows;
  @ ensures nodes: \result ==> ump__knows == UMP__KNOWS_NODES;
  @ ensures none: \result == \false ==> ump__knows == \old(ump__knows);
  @*/
bool ump__inbox_linger(const struct ump__word *inbox, enum ump__side side, int sender_cpu)
{
	if (ump__inbox_is_node(ump__word_peek(inbox)))
		return true;
	ump__spin(inbox, UMP__INBOX_EMPTY, side, sender_cpu);
	return ump__inbox_is_node(ump__word_peek(inbox));
}

/* Sleep until the inbox is no longer empty.  Returns false if the deadline passed first. */
/*@ requires valid: \valid(inbox);
  @ requires role: of_receiver(ump__knows);
  @ terminates \false;
  @ assigns inbox->value, ump__knows;
  @ ensures nodes: \result ==> ump__knows == UMP__KNOWS_NODES;
  @ ensures awake: \result == \false ==> ump__knows == UMP__KNOWS_AWAKE;
  @*/
static bool sleep_while_empty(struct ump__word *inbox, ump_time deadline)
{
	uintptr_t seen = ump__word_peek(inbox);

	/*@ loop invariant rely: inbox_rely(ump__knows, seen);
	  @ loop invariant role: of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED;
	  @ loop invariant learnt: is_node_word(seen) ==> ump__knows == UMP__KNOWS_NODES;
	  @ loop assigns seen, inbox->value, ump__knows;
	  @*/
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

/*@ requires valid: \valid(inbox) && \valid(batch) && \separated(inbox, batch);
  @ requires role: of_receiver(ump__knows) ||
  @   (ump__knows == UMP__KNOWS_PARKED && deadline == UMP_NOW);
  @ requires batch: ump__filled == batch;
  @ terminates \false;
  @ assigns inbox->value, batch->head, batch->tail, { x->next | struct ump__node *x; \true },
  @   ump__knows, ump__taken;
  @ ensures awake: \result || of_receiver(\old(ump__knows)) ==> of_receiver(ump__knows);
  @ ensures idle: \result == \false && \old(ump__knows) == UMP__KNOWS_PARKED ==>
  @   ump__knows == UMP__KNOWS_PARKED;
  @ ensures some: \result ==> batch->head != \null &&
  @   (\exists \list<struct ump__node *> l; is_queue(batch, l) && \length(l) == ump__taken);
  @ ensures none: \result == \false ==>
  @   batch->head == \old(batch->head) && batch->tail == \old(batch->tail);
  @*/
bool ump__inbox_receive(
	struct ump__word *inbox, struct ump__queue *batch, ump_time deadline, int sender_cpu)
{
	if (deadline == UMP_NOW)
		return ump__inbox_take(inbox, batch);
	if (!ump__inbox_linger(inbox, UMP__SIDE_SERVER, sender_cpu) &&
		!sleep_while_empty(inbox, deadline))
		return false;
	/* Only the receiver takes messages, so those seen before are still there, perhaps under
	 * newer ones. */
	uintptr_t top = ump__inbox_word_take(inbox);

	ump__queue_from_stack(batch, (struct ump__node *)ump__inbox_take_step(top).chain)
		/*@ ghost (ump__taken) */;
	return true;
}

/*@ requires valid: \valid(inbox) && \valid(batch) && \separated(inbox, batch);
  @ requires role: (of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED) &&
  @   ump__filled == batch;
  @ terminates \true;
  @ assigns inbox->value, batch->head, batch->tail, { x->next | struct ump__node *x; \true },
  @   ump__knows, ump__taken;
  @ ensures some: \result ==> ump__knows == UMP__KNOWS_AWAKE && batch->head != \null &&
  @   (\exists \list<struct ump__node *> l; is_queue(batch, l) && \length(l) == ump__taken);
  @ ensures none: \result == \false ==> ump__knows == \old(ump__knows) &&
  @   batch->head == \old(batch->head) && batch->tail == \old(batch->tail);
  @*/
bool ump__inbox_take(struct ump__word *inbox, struct ump__queue *batch)
{
	if (!ump__inbox_is_node(ump__word_peek(inbox)))
		return false;
	uintptr_t top = ump__inbox_word_take(inbox);

	ump__queue_from_stack(batch, (struct ump__node *)ump__inbox_take_step(top).chain)
		/*@ ghost (ump__taken) */;
	return true;
}

/*@ requires valid: \valid(inbox) && \valid_read(notifier);
  @ requires role: of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED;
  @ terminates \true;
  @ assigns inbox->value, ump__knows, ump__silent;
  @ ensures idle: \result ==> ump__knows == UMP__KNOWS_PARKED && ump__silent == \true;
  @ ensures nodes: \result == \false ==> ump__knows == UMP__KNOWS_NODES;
  @*/
bool ump__inbox_idle(struct ump__word *inbox, const struct ump__notifier *notifier)
{
	uintptr_t seen = ump__word_peek(inbox);
	struct ump__inbox_step step = ump__inbox_unpark_step(seen);

	/* The notifier must not be raised while it is being cleared, or the event would be lost. */
	if (step.taken && !ump__inbox_word_park(inbox, &seen, step.next))
		return false;
	if (ump__inbox_is_node(seen))
		return false;
	ump__notifier_clear(notifier);
	seen = UMP__INBOX_EMPTY;
	step = ump__inbox_park_step(seen);
	return ump__inbox_word_park(inbox, &seen, step.next);
}

/*@ requires valid: \valid(inbox);
  @ requires role: of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED;
  @ terminates \true;
  @ assigns inbox->value, ump__knows;
  @ ensures awake: of_receiver(ump__knows);
  @*/
void ump__inbox_unpark(struct ump__word *inbox)
{
	uintptr_t seen = ump__word_peek(inbox);
	struct ump__inbox_step step = ump__inbox_unpark_step(seen);

	if (step.taken)
		(void)ump__inbox_word_park(inbox, &seen, step.next);
}

/*@ requires valid: \valid_read(inbox);
  @ requires role: of_sender(ump__knows);
  @ terminates \true;
  @ assigns \result, ump__knows \from inbox->value, ump__knows;
  @ ensures closed: \result <==> ump__knows == UMP__KNOWS_CLOSED;
  @*/
bool ump__inbox_is_closed(const struct ump__word *inbox)
{
	return ump__word_peek(inbox) == UMP__INBOX_CLOSED;
}

/*@ requires valid: \valid(inbox) && \valid(rest) && \separated(inbox, rest);
  @ requires role: (of_receiver(ump__knows) || ump__knows == UMP__KNOWS_PARKED) &&
  @   ump__filled == rest;
  @ terminates \true;
  @ assigns inbox->value, rest->head, rest->tail, { x->next | struct ump__node *x; \true },
  @   ump__knows, ump__taken;
  @ ensures closed: ump__knows == UMP__KNOWS_CLOSED;
  @ ensures rest: \exists \list<struct ump__node *> l; is_queue(rest, l) &&
  @   \length(l) == ump__taken;
  @*/
void ump__inbox_close(struct ump__word *inbox, struct ump__queue *rest)
{
	uintptr_t top = ump__inbox_word_close(inbox);

	ump__queue_from_stack(rest, (struct ump__node *)ump__inbox_close_step(top).chain)
		/*@ ghost (ump__taken) */;
}
