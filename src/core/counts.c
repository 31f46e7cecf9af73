/* SPDX-License-Identifier: 0BSD */
#include "core/counts.h"

#include <assert.h>

struct ump__counts_step ump__counts_add_strong(uint64_t word)
{
	struct ump__counts_step step = {word, false, UMP__EDGE_NONE};
	uint32_t strong = ump__counts_strong(word);

	if (strong != 0 && strong != UMP__COUNTS_MAX) {
		step.next = word + UMP__COUNTS_STRONG;
		step.taken = true;
	}
	assert(ump__counts_is_valid(step.next));
	return step;
}

struct ump__counts_step ump__counts_add_weak(uint64_t word)
{
	struct ump__counts_step step = {word, false, UMP__EDGE_NONE};
	uint32_t weak = ump__counts_weak(word);

	if (weak != 0 && weak != UMP__COUNTS_MAX) {
		step.next = word + 1;
		step.taken = true;
	}
	assert(ump__counts_is_valid(step.next));
	return step;
}

struct ump__counts_step ump__counts_drop_strong(uint64_t word)
{
	struct ump__counts_step step = {word, false, UMP__EDGE_NONE};
	uint32_t strong = ump__counts_strong(word);

	if (strong != 0) {
		step.next = word - UMP__COUNTS_STRONG;
		step.taken = true;
		if (strong == 1)
			step.edge = UMP__EDGE_LAST_STRONG;
	}
	assert(ump__counts_is_valid(step.next));
	return step;
}

struct ump__counts_step ump__counts_drop_weak(uint64_t word)
{
	struct ump__counts_step step = {word, false, UMP__EDGE_NONE};
	uint32_t weak = ump__counts_weak(word);

	/* The strong handles own the last weak reference while there is a strong handle. */
	if (weak > 1 || (weak == 1 && ump__counts_strong(word) == 0)) {
		step.next = word - 1;
		step.taken = true;
		if (weak == 1)
			step.edge = UMP__EDGE_LAST;
	}
	assert(ump__counts_is_valid(step.next));
	return step;
}
