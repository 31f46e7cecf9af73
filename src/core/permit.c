/* SPDX-License-Identifier: 0BSD */
#include "core/permit.h"

#include <assert.h>

/* The senders' word with one more permit taken, and `known` free ones beyond. */
/*@ requires known: known < UMP__PERMIT_TAKEN;
  @ terminates \true;
  @ assigns \result \from word, known;
  @ ensures taken: next_on_cycle(taken_of(word), taken_of(\result));
  @ ensures known: known_of(\result) == known;
  @*/
static uint64_t one_more(uint64_t word, uint64_t known)
{
	uint64_t taken = word / UMP__PERMIT_TAKEN;

	taken = taken == UMP__PERMIT_MODULUS - 1 ? 0 : taken + 1;
	return taken * UMP__PERMIT_TAKEN + known;
}

uint64_t ump__permit_word_left(uint64_t word, uint64_t limit)
{
	uint64_t taken = word / UMP__PERMIT_TAKEN;
	uint64_t end = limit < UMP__PERMIT_QUEUE ? limit : limit - UMP__PERMIT_QUEUE;

	assert(ump__permit_word_is_valid(limit));
	return end >= taken ? end - taken : end + UMP__PERMIT_MODULUS - taken;
}

struct ump__permit_word_step ump__permit_word_take_step(uint64_t word)
{
	struct ump__permit_word_step step = {word, false};
	uint64_t known = word % UMP__PERMIT_TAKEN;

	if (known != 0) {
		step.next = one_more(word, known - 1);
		step.taken = true;
	}
	return step;
}

struct ump__permit_word_step ump__permit_word_look_step(
	uint64_t word, uint64_t limit, uint32_t capacity, uint32_t reach)
{
	struct ump__permit_word_step step = {word, false};
	uint64_t vacant = ump__permit_word_left(word, limit);
	uint64_t depth = ump__permit_word_depth(word, limit, capacity);
	uint64_t known = 0;

	/* Invariant: the limit is never older than what has been taken up to it. */
	assert(vacant < UMP__PERMIT_MODULUS / 2);
	if (vacant == 0)
		return step;
	if (reach > depth)
		known = reach - depth - 1;
	if (known >= UMP__PERMIT_TAKEN)
		known = UMP__PERMIT_TAKEN - 1;
	step.next = one_more(word, known);
	step.taken = true;
	return step;
}

struct ump__permit_word_step ump__permit_word_give_step(uint64_t limit)
{
	struct ump__permit_word_step step = {limit, false};

	if (limit < UMP__PERMIT_QUEUE) {
		step.next = limit == UMP__PERMIT_MODULUS - 1 ? 0 : limit + 1;
		step.taken = true;
	}
	assert(ump__permit_word_is_valid(step.next));
	return step;
}

struct ump__permit_word_step ump__permit_word_begin_step(uint64_t word, uint64_t limit)
{
	struct ump__permit_word_step step = {limit, false};

	if (limit < UMP__PERMIT_QUEUE && ump__permit_word_left(word, limit) == 0) {
		step.next = limit + UMP__PERMIT_QUEUE;
		step.taken = true;
	}
	assert(ump__permit_word_is_valid(step.next));
	return step;
}

struct ump__permit_word_step ump__permit_word_end_step(uint64_t limit)
{
	struct ump__permit_word_step step = {limit, false};

	if (limit >= UMP__PERMIT_QUEUE) {
		step.next = limit - UMP__PERMIT_QUEUE;
		step.taken = true;
	}
	assert(ump__permit_word_is_valid(step.next));
	return step;
}

uint32_t ump__permit_word_depth(uint64_t word, uint64_t limit, uint32_t capacity)
{
	uint64_t vacant = ump__permit_word_left(word, limit);

	return vacant <= capacity ? capacity - (uint32_t)vacant : 0;
}
