/* SPDX-License-Identifier: 0BSD */
#include "core/inbox.h"

#include <assert.h>

struct ump__inbox_push ump__inbox_push_step(uintptr_t word, uintptr_t node)
{
	struct ump__inbox_push push = {word, 0, false, false};

	if (word == UMP__INBOX_CLOSED)
		return push;
	push.next = node;
	push.accepted = true;
	if (word == UMP__INBOX_PARKED)
		push.wake = true;
	else
		push.link = word;
	assert(ump__inbox_is_valid(push.next));
	return push;
}

struct ump__inbox_step ump__inbox_take_step(uintptr_t word)
{
	struct ump__inbox_step step = {word, 0, false};

	if (ump__inbox_is_node(word)) {
		step.next = UMP__INBOX_EMPTY;
		step.chain = word;
		step.taken = true;
	}
	assert(ump__inbox_is_valid(step.next));
	return step;
}

struct ump__inbox_step ump__inbox_park_step(uintptr_t word)
{
	struct ump__inbox_step step = {word, 0, false};

	if (word == UMP__INBOX_EMPTY) {
		step.next = UMP__INBOX_PARKED;
		step.taken = true;
	}
	assert(ump__inbox_is_valid(step.next));
	return step;
}

struct ump__inbox_step ump__inbox_unpark_step(uintptr_t word)
{
	struct ump__inbox_step step = {word, 0, false};

	if (word == UMP__INBOX_PARKED) {
		step.next = UMP__INBOX_EMPTY;
		step.taken = true;
	}
	assert(ump__inbox_is_valid(step.next));
	return step;
}

struct ump__inbox_step ump__inbox_close_step(uintptr_t word)
{
	struct ump__inbox_step step = {UMP__INBOX_CLOSED, 0, true};

	if (ump__inbox_is_node(word))
		step.chain = word;
	assert(ump__inbox_is_valid(step.next));
	return step;
}
