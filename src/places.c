/* SPDX-License-Identifier: 0BSD */
#include "places.h"

/*@ requires valid: \valid(places);
  @ requires role: ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->value, ump__last_places, ump__own_places, ump__line;
  @ ensures taken: \result ==> ump__own_places == \old(ump__own_places) + 1;
  @ ensures bound: ump__own_places <= ump__capacity;
  @ ensures full: \result == \false ==> ump__own_places == \old(ump__own_places) &&
  @   (ump__last_places == 0 || ump__last_places == UMP__ROOM_LINE);
  @ ensures behind: ump__has_lock && \old(ump__line) ==> \result == \false;
  @ ensures line: ump__line == \old(ump__line);
  @*/
bool ump__place_take(struct ump__places *places)
{
	uint32_t seen = ump__places_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: places_rely(ump__own_places, seen) && ump__last_places == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre);
	  @ loop assigns seen, step, places->value, ump__last_places, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_take_step(seen);
	} while (step.taken && !ump__places_change(places, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(places);
  @ requires role: 0 < ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->value, ump__last_places, ump__own_places, ump__line;
  @ ensures given: \result ==> ump__own_places == \old(ump__own_places) - 1;
  @ ensures waited_for: \result == \false ==> ump__own_places == \old(ump__own_places) &&
  @   ump__last_places == UMP__ROOM_LINE;
  @ ensures sure: ump__has_lock ==> (\result <==> \old(ump__line) == \false);
  @ ensures line: ump__line == \old(ump__line);
  @*/
bool ump__place_give(struct ump__places *places)
{
	uint32_t seen = ump__places_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: places_rely(ump__own_places, seen) && ump__last_places == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre);
	  @ loop assigns seen, step, places->value, ump__last_places, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_give_step(seen);
	} while (step.taken && !ump__places_change(places, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(places);
  @ requires role: ump__has_lock && ump__line == \false;
  @ requires own: ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->value, ump__last_places, ump__own_places, ump__line;
  @ ensures begun: \result <==> ump__line == \true;
  @ ensures room: \result == \false ==> 0 < ump__last_places <= UMP__ROOM_MOST;
  @ ensures own: ump__own_places == \old(ump__own_places);
  @*/
bool ump__line_begin(struct ump__places *places)
{
	uint32_t seen = ump__places_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: places_rely(ump__own_places, seen) && ump__last_places == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre);
	  @ loop assigns seen, step, places->value, ump__last_places, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_begin_step(seen);
	} while (step.taken && !ump__places_change(places, &seen, step.next));
	return step.taken;
}

/*@ requires valid: \valid(places);
  @ requires role: ump__has_lock && ump__line == \true;
  @ requires own: ump__own_places <= ump__capacity <= UMP__ROOM_MOST;
  @ terminates \false;
  @ assigns places->value, ump__last_places, ump__own_places, ump__line;
  @ ensures ended: ump__line == \false && ump__last_places == 0;
  @ ensures own: ump__own_places == \old(ump__own_places);
  @*/
void ump__line_end(struct ump__places *places)
{
	uint32_t seen = ump__places_load(places);
	struct ump__room_step step;

	/*@ loop invariant rely: places_rely(ump__own_places, seen) && ump__last_places == seen;
	  @ loop invariant none: ump__own_places == \at(ump__own_places, Pre) &&
	  @   ump__line == \at(ump__line, Pre);
	  @ loop assigns seen, step, places->value, ump__last_places, ump__own_places, ump__line;
	  @*/
	do {
		step = ump__room_end_step(seen);
	} while (step.taken && !ump__places_change(places, &seen, step.next));
}
