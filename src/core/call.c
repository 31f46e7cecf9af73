/* SPDX-License-Identifier: 0BSD */
#include "core/call.h"

#include <assert.h>

struct ump__call_step ump__call_finish_step(uintptr_t word)
{
	struct ump__call_step step = {word, false, false, false};

	if (word == UMP__CALL_DONE)
		return step;
	step.next = UMP__CALL_DONE;
	step.taken = true;
	step.wake = word == UMP__CALL_WAITING;
	step.owns = word == UMP__CALL_ABANDONED;
	assert(ump__call_is_valid(step.next));
	return step;
}

struct ump__call_step ump__call_sleep_step(uintptr_t word)
{
	struct ump__call_step step = {word, false, false, false};

	if (word == UMP__CALL_PENDING) {
		step.next = UMP__CALL_WAITING;
		step.taken = true;
	}
	assert(ump__call_is_valid(step.next));
	return step;
}

struct ump__call_step ump__call_unpark_step(uintptr_t word)
{
	struct ump__call_step step = {word, false, false, false};

	if (word == UMP__CALL_WAITING) {
		step.next = UMP__CALL_PENDING;
		step.taken = true;
	}
	assert(ump__call_is_valid(step.next));
	return step;
}

struct ump__call_step ump__call_abandon_step(uintptr_t word)
{
	struct ump__call_step step = {word, false, false, false};

	if (word == UMP__CALL_PENDING || word == UMP__CALL_WAITING) {
		step.next = UMP__CALL_ABANDONED;
		step.taken = true;
	} else if (word == UMP__CALL_DONE) {
		step.owns = true;
	}
	assert(ump__call_is_valid(step.next));
	return step;
}
