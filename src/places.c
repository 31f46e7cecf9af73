/* SPDX-License-Identifier: 0BSD */
#include "places.h"

/* Load the limit, and derive how many permits are free up to it. */
/*@ requires valid: \valid_read(places);
  @ requires seen: ump__last_taken == seen && known_of(seen) == 0;
  @ requires capacity: places->capacity == ump__capacity <= UMP__ROOM_MOST;
  @ terminates \true;
  @ assigns \result, ump__last_limit \from seen, *places, ump__last_taken;
  @ ensures rely: limit_rely(seen, ump__last_limit);
  @ ensures step: \result.taken ==> room_looks(seen, ump__last_limit, \result.next);
  @ ensures full: \result.taken == \false ==> room_of(seen, ump__last_limit) == 0;
  @*/
static struct ump__room_step look(const struct ump__places *places, uint64_t seen)
{
	uint64_t limit = ump__limit_load(places);

	return ump__room_look_step(seen, limit, places->capacity, ump__reach_load(places));
}

/*@ requires valid: \valid(places);
  @ requires role: ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ requires capacity: places->capacity == ump__capacity;
  @ terminates \false;
  @ assigns places->taken, places->reach, ump__last_taken, ump__last_limit, ump__own_places;
  @ ensures taken: \result ==> ump__own_places == \old(ump__own_places) + 1;
  @ ensures bound: ump__own_places <= ump__capacity;
  @ ensures full: \result == \false ==> ump__own_places == \old(ump__own_places) &&
  @   known_of(ump__last_taken) == 0 && room_of(ump__last_taken, ump__last_limit) == 0;
  @ ensures behind: ump__has_lock && ump__line ==> \result == \false;
  @*/
bool ump__place_take(struct ump__places *places)
{
	uint64_t seen = ump__taken_load(places);
	struct ump__room_step step;
	bool looks;

	/*@ loop invariant seen: ump__last_taken == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre);
	  @ loop assigns seen, step, looks, places->taken, ump__last_taken, ump__last_limit,
	  @   ump__own_places;
	  @*/
	do {
		step = ump__room_take_step(seen);
		looks = !step.taken;
		if (looks)
			step = look(places, seen);
	} while (step.taken && !ump__taken_change(places, &seen, step.next));
	/* The queue may get deeper than ever; the receiver must know before the message arrives. */
	if (looks && step.taken)
		ump__reach_raise(places,
			ump__room_depth(step.next, ump__limit_load(places), places->capacity));
	return step.taken;
}

/*@ requires valid: \valid(places);
  @ requires role: 0 < ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->limit, ump__last_limit, ump__own_places, ump__line;
  @ ensures given: \result ==> ump__own_places == \old(ump__own_places) - 1;
  @ ensures waited_for: \result == \false ==> ump__own_places == \old(ump__own_places) &&
  @   ump__last_limit >= UMP__ROOM_LINE;
  @ ensures sure: ump__has_lock ==> (\result <==> \old(ump__line) == \false);
  @ ensures line: ump__line == \old(ump__line);
  @*/
bool ump__place_give(struct ump__places *places)
{
	uint64_t seen = ump__limit_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: limit_rely(ump__last_taken, seen) && ump__last_limit == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre);
	  @ loop assigns seen, step, places->limit, ump__last_limit, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_give_step(seen);
	} while (step.taken && !ump__limit_change(places, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(places);
  @ requires role: ump__has_lock && ump__line == \false;
  @ requires own: ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->limit, ump__last_taken, ump__last_limit, ump__own_places, ump__line;
  @ ensures begun: \result <==> ump__line == \true;
  @ ensures room: \result == \false ==> room_of(ump__last_taken, ump__last_limit) > 0;
  @ ensures own: ump__own_places == \old(ump__own_places);
  @*/
bool ump__line_begin(struct ump__places *places)
{
	/* If `taken` has reached the limit, it stays there until the limit changes, and the
	 * exchange detects that. */
	uint64_t taken = ump__taken_load(places);
	uint64_t seen = ump__limit_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: limit_rely(ump__last_taken, seen) && ump__last_limit == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre) && ump__last_taken == taken;
	  @ loop assigns seen, step, places->limit, ump__last_limit, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_begin_step(taken, seen);
	} while (step.taken && !ump__limit_change(places, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(places);
  @ requires role: ump__has_lock && ump__line == \true;
  @ requires own: ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->limit, ump__last_limit, ump__own_places, ump__line;
  @ ensures ended: ump__line == \false && ump__last_limit < UMP__ROOM_LINE;
  @ ensures own: ump__own_places == \old(ump__own_places);
  @*/
void ump__line_end(struct ump__places *places)
{
	uint64_t seen = ump__limit_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: limit_rely(ump__last_taken, seen) && ump__last_limit == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre);
	  @ loop assigns seen, step, places->limit, ump__last_limit, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_end_step(seen);
	} while (step.taken && !ump__limit_change(places, &seen, step.next));
}

/*@ requires valid: \valid_read(places);
  @ requires capacity: places->capacity == ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns ump__last_taken, ump__last_limit;
  @ ensures bound: \result <= ump__capacity;
  @*/
uint32_t ump__places_depth(const struct ump__places *places)
{
	uint64_t taken = ump__taken_load(places);
	uint64_t before;
	uint32_t depth;

	/* Any number of messages may pass between the two loads. */
	/*@ loop invariant seen: ump__last_taken == taken;
	  @ loop assigns taken, before, depth, ump__last_taken, ump__last_limit;
	  @*/
	do {
		before = taken;
		depth = ump__room_depth(before, ump__limit_load(places), places->capacity);
		taken = ump__taken_load(places);
	} while (taken != before);
	return depth;
}

/*@ requires valid: \valid_read(places) && \valid(line) && \separated(places, line);
  @ terminates \true;
  @ assigns \result, *line, ump__last_taken, ump__last_limit \from *places;
  @ ensures left: \result == room_of(ump__last_taken, ump__last_limit);
  @ ensures line: *line <==> ump__last_limit >= UMP__ROOM_LINE;
  @*/
uint64_t ump__places_left(const struct ump__places *places, bool *line)
{
	uint64_t taken = ump__taken_load(places);
	uint64_t limit = ump__limit_load(places);

	*line = ump__room_has_line(limit);
	return ump__room_left(taken, limit);
}
