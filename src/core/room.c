/* SPDX-License-Identifier: 0BSD */
#include "core/room.h"

#include <assert.h>

struct ump__room_step ump__room_take_step(uint32_t word)
{
	struct ump__room_step step = {word, false};

	if (word != 0 && word != UMP__ROOM_LINE) {
		step.next = word - 1;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

struct ump__room_step ump__room_give_step(uint32_t word)
{
	struct ump__room_step step = {word, false};

	if (word != UMP__ROOM_LINE) {
		step.next = word + 1;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

struct ump__room_step ump__room_begin_step(uint32_t word)
{
	struct ump__room_step step = {word, false};

	if (word == 0) {
		step.next = UMP__ROOM_LINE;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

struct ump__room_step ump__room_end_step(uint32_t word)
{
	struct ump__room_step step = {word, false};

	if (word == UMP__ROOM_LINE) {
		step.next = 0;
		step.taken = true;
	}
	assert(ump__room_is_valid(step.next));
	return step;
}

uint32_t ump__room_depth(uint32_t word, uint32_t capacity)
{
	if (word == UMP__ROOM_LINE)
		return capacity;
	return word <= capacity ? capacity - word : 0;
}
