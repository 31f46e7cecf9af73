/* SPDX-License-Identifier: 0BSD */
#include "core/room.h"

#include <assert.h>

/* The senders' word with one more permit taken, and `known` free ones beyond. */
/*@ requires known: known < UMP__ROOM_TAKEN;
  @ terminates \true;
  @ assigns \result \from word, known;
  @ ensures taken: next_on_circle(taken_of(word), taken_of(\result));
  @ ensures known: known_of(\result) == known;
  @*/
static uint64_t one_more(uint64_t word, uint64_t known)
{
	uint64_t taken = word / UMP__ROOM_TAKEN;

	taken = taken == UMP__ROOM_CIRCLE - 1 ? 0 : taken + 1;
	return taken * UMP__ROOM_TAKEN + known;
}

uint64_t ump__room_left(uint64_t word, uint64_t limit)
{
	uint64_t taken = word / UMP__ROOM_TAKEN;
	uint64_t end = limit < UMP__ROOM_LINE ? limit : limit - UMP__ROOM_LINE;

	assert(ump__room_is_valid(limit));
	return end >= taken ? end - taken : end + UMP__ROOM_CIRCLE - taken;
}

struct ump__room_step ump__room_take_step(uint64_t word)
{
	struct ump__room_step step = {word, false};
	uint64_t known = word % UMP__ROOM_TAKEN;

	if (known != 0) {
		step.next = one_more(word, known - 1);
		step.taken = true;
	}
	return step;
}

struct ump__room_step ump__room_look_step(
	uint64_t word, uint64_t limit, uint32_t capacity, uint32_t reach)
{
	struct ump__room_step step = {word, false};
	uint64_t room = ump__room_left(word, limit);
	uint64_t depth = ump__room_depth(word, limit, capacity);
	uint64_t known = 0;

	/* Invariant: the limit is never older than what has been taken up to it. */
	assert(room < UMP__ROOM_CIRCLE / 2);
	if (room == 0)
		return step;
	if (reach > depth)
		known = reach - depth - 1;
	if (known >= UMP__ROOM_TAKEN)
		known = UMP__ROOM_TAKEN - 1;
	step.next = one_more(word, known);
	step.taken = true;
	return step;
}

struct ump__room_step ump__room_give_step(uint64_t limit)
{
	struct ump__room_step step = {limit, false};

	if (limit < UMP__ROOM_LINE) {
		step.next = limit == UMP__ROOM_CIRCLE - 1 ? 0 : limit + 1;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

struct ump__room_step ump__room_begin_step(uint64_t word, uint64_t limit)
{
	struct ump__room_step step = {limit, false};

	if (limit < UMP__ROOM_LINE && ump__room_left(word, limit) == 0) {
		step.next = limit + UMP__ROOM_LINE;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

struct ump__room_step ump__room_end_step(uint64_t limit)
{
	struct ump__room_step step = {limit, false};

	if (limit >= UMP__ROOM_LINE) {
		step.next = limit - UMP__ROOM_LINE;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

uint32_t ump__room_depth(uint64_t word, uint64_t limit, uint32_t capacity)
{
	uint64_t room = ump__room_left(word, limit);

	return room <= capacity ? capacity - (uint32_t)room : 0;
}
