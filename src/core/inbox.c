/* SPDX-License-Identifier: 0BSD */
#include "core/inbox.h"

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
	return step;
}

struct ump__inbox_step ump__inbox_park_step(uintptr_t word)
{
	struct ump__inbox_step step = {word, 0, false};

	if (word == UMP__INBOX_EMPTY) {
		step.next = UMP__INBOX_PARKED;
		step.taken = true;
	}
	return step;
}

struct ump__inbox_step ump__inbox_unpark_step(uintptr_t word)
{
	struct ump__inbox_step step = {word, 0, false};

	if (word == UMP__INBOX_PARKED) {
		step.next = UMP__INBOX_EMPTY;
		step.taken = true;
	}
	return step;
}

struct ump__inbox_step ump__inbox_close_step(uintptr_t word)
{
	struct ump__inbox_step step = {UMP__INBOX_CLOSED, 0, true};

	if (ump__inbox_is_node(word))
		step.chain = word;
	return step;
}
