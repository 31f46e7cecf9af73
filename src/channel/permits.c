/* SPDX-License-Identifier: 0BSD */
#include "channel/permits.h"

/* Load the limit, and return the step that takes a permit, if one is free up to it. */
/*@ requires valid: \valid_read(permits);
  @ requires seen: ump__last_taken == seen && known_of(seen) == 0;
  @ requires capacity: permits->capacity == ump__capacity <= UMP__PERMIT_MOST;
  @ terminates \true;
  @ assigns \result, ump__last_limit \from seen, *permits, ump__last_taken;
  @ ensures rely: limit_rely(seen, ump__last_limit);
  @ ensures step: \result.taken ==> permit_looks(seen, ump__last_limit, \result.next);
  @ ensures full: \result.taken == \false ==> vacant_of(seen, ump__last_limit) == 0;
  @*/
static struct ump__permit_word_step look(const struct ump__permits *permits, uint64_t seen)
{
	uint64_t limit = ump__limit_load(permits);

	return ump__permit_word_look_step(seen, limit, permits->capacity, ump__reach_load(permits));
}

/*@ requires valid: \valid(permits);
  @ requires role: ump__own_permits <= ump__capacity <= UMP__PERMIT_MOST;
  @ requires capacity: permits->capacity == ump__capacity;
  @ terminates \false;
  @ assigns permits->taken, permits->reach, ump__last_taken, ump__last_limit, ump__own_permits;
  @ ensures taken: \result ==> ump__own_permits == \old(ump__own_permits) + 1;
  @ ensures bound: ump__own_permits <= ump__capacity;
  @ ensures full: \result == \false ==> ump__own_permits == \old(ump__own_permits) &&
  @   known_of(ump__last_taken) == 0 && vacant_of(ump__last_taken, ump__last_limit) == 0;
  @ ensures behind: ump__has_lock && ump__has_queue ==> \result == \false;
  @*/
bool ump__permit_take(struct ump__permits *permits)
{
	uint64_t seen = ump__taken_load(permits);
	struct ump__permit_word_step step;
	bool looks;

	/*@ loop invariant seen: ump__last_taken == seen;
	  @ loop invariant none: ump__own_permits == \at(ump__own_permits, Pre);
	  @ loop assigns seen, step, looks, permits->taken, ump__last_taken, ump__last_limit,
	  @   ump__own_permits;
	  @*/
	do {
		step = ump__permit_word_take_step(seen);
		looks = !step.taken;
		if (looks)
			step = look(permits, seen);
	} while (step.taken && !ump__taken_change(permits, &seen, step.next));
	/* The queue may get deeper than it ever was; the receiver must see that before the message
	 * arrives. */
	if (looks && step.taken)
		ump__reach_raise(permits, ump__permit_word_depth(step.next,
						  ump__limit_load(permits), permits->capacity));
	return step.taken;
}

/*@ requires valid: \valid(permits);
  @ requires role: 0 < ump__own_permits <= ump__capacity <= UMP__PERMIT_MOST;
  @ terminates \false;
  @ assigns permits->limit, ump__last_limit, ump__own_permits, ump__has_queue;
  @ ensures given: \result ==> ump__own_permits == \old(ump__own_permits) - 1;
  @ ensures waited_for: \result == \false ==> ump__own_permits == \old(ump__own_permits) &&
  @   ump__last_limit >= UMP__PERMIT_QUEUE;
  @ ensures sure: ump__has_lock ==> (\result <==> \old(ump__has_queue) == \false);
  @ ensures has_queue: ump__has_queue == \old(ump__has_queue);
  @*/
bool ump__permit_give(struct ump__permits *permits)
{
	uint64_t seen = ump__limit_load(permits);
	struct ump__permit_word_step step;

	/*@ loop invariant rely: limit_rely(ump__last_taken, seen) && ump__last_limit == seen;
	  @ loop invariant none: ump__own_permits == \at(ump__own_permits, Pre) &&
	  @   ump__has_queue == \at(ump__has_queue, Pre);
	  @ loop assigns seen, step, permits->limit, ump__last_limit, ump__own_permits,
	  @   ump__has_queue;
	  @*/
	do {
		step = ump__permit_word_give_step(seen);
	} while (step.taken && !ump__limit_change(permits, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(permits);
  @ requires role: ump__has_lock && ump__has_queue == \false;
  @ requires own: ump__own_permits <= ump__capacity <= UMP__PERMIT_MOST;
  @ terminates \false;
  @ assigns permits->limit, ump__last_taken, ump__last_limit, ump__own_permits, ump__has_queue;
  @ ensures begun: \result <==> ump__has_queue == \true;
  @ ensures free: \result == \false ==> vacant_of(ump__last_taken, ump__last_limit) > 0;
  @ ensures own: ump__own_permits == \old(ump__own_permits);
  @*/
bool ump__permit_queue_begin(struct ump__permits *permits)
{
	/* If `taken` has reached the limit, it stays there until the limit changes, which the
	 * exchange detects. */
	uint64_t taken = ump__taken_load(permits);
	uint64_t seen = ump__limit_load(permits);
	struct ump__permit_word_step step;

	/*@ loop invariant rely: limit_rely(ump__last_taken, seen) && ump__last_limit == seen;
	  @ loop invariant none: ump__own_permits == \at(ump__own_permits, Pre) &&
	  @   ump__has_queue == \at(ump__has_queue, Pre) && ump__last_taken == taken;
	  @ loop assigns seen, step, permits->limit, ump__last_limit, ump__own_permits,
	  @   ump__has_queue;
	  @*/
	do {
		step = ump__permit_word_begin_step(taken, seen);
	} while (step.taken && !ump__limit_change(permits, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(permits);
  @ requires role: ump__has_lock && ump__has_queue == \true;
  @ requires own: ump__own_permits <= ump__capacity <= UMP__PERMIT_MOST;
  @ terminates \false;
  @ assigns permits->limit, ump__last_limit, ump__own_permits, ump__has_queue;
  @ ensures ended: ump__has_queue == \false && ump__last_limit < UMP__PERMIT_QUEUE;
  @ ensures own: ump__own_permits == \old(ump__own_permits);
  @*/
void ump__permit_queue_end(struct ump__permits *permits)
{
	uint64_t seen = ump__limit_load(permits);
	struct ump__permit_word_step step;

	/*@ loop invariant rely: limit_rely(ump__last_taken, seen) && ump__last_limit == seen;
	  @ loop invariant none: ump__own_permits == \at(ump__own_permits, Pre) &&
	  @   ump__has_queue == \at(ump__has_queue, Pre);
	  @ loop assigns seen, step, permits->limit, ump__last_limit, ump__own_permits,
	  @   ump__has_queue;
	  @*/
	do {
		step = ump__permit_word_end_step(seen);
	} while (step.taken && !ump__limit_change(permits, &seen, step.next));
}

/*@ requires valid: \valid_read(permits);
  @ requires capacity: permits->capacity == ump__capacity <= UMP__PERMIT_MOST;
  @ terminates \false;
  @ assigns ump__last_taken, ump__last_limit;
  @ ensures bound: \result <= ump__capacity;
  @*/
uint32_t ump__permits_depth(const struct ump__permits *permits)
{
	uint64_t taken = ump__taken_load(permits);
	uint64_t before;
	uint32_t depth;

	/* Any number of messages may pass between the two loads: repeat until `taken` is the same
	 * before and after that of the limit. */
	/*@ loop invariant seen: ump__last_taken == taken;
	  @ loop assigns taken, before, depth, ump__last_taken, ump__last_limit;
	  @*/
	do {
		before = taken;
		depth = ump__permit_word_depth(before, ump__limit_load(permits), permits->capacity);
		taken = ump__taken_load(permits);
	} while (taken != before);
	return depth;
}

/*@ requires valid: \valid_read(permits) && \valid(has_queue) && \separated(permits, has_queue);
  @ terminates \true;
  @ assigns \result, *has_queue, ump__last_taken, ump__last_limit \from *permits;
  @ ensures left: \result == vacant_of(ump__last_taken, ump__last_limit);
  @ ensures has_queue: *has_queue <==> ump__last_limit >= UMP__PERMIT_QUEUE;
  @*/
uint64_t ump__permits_left(const struct ump__permits *permits, bool *has_queue)
{
	uint64_t taken = ump__taken_load(permits);
	uint64_t limit = ump__limit_load(permits);

	*has_queue = ump__permit_word_has_queue(limit);
	return ump__permit_word_left(taken, limit);
}
