/* SPDX-License-Identifier: 0BSD */
#include "core/walk.h"

/*@ requires valid: \valid(walk);
  @ terminates \true;
  @ assigns walk->newest, walk->kept, walk->left, walk->stride;
  @ ensures new: walk_is_new(walk) && walk_is_valid(walk);
  @*/
static void round_begin(struct ump__walk *walk)
{
	walk->newest = 0;
	walk->kept = 0;
	walk->left = 1;
	walk->stride = 1;
}

void ump__walk_begin(struct ump__walk *walk)
{
	walk->marks = false;
	walk->moment = 0;
	round_begin(walk);
}

bool ump__walk_edge(struct ump__walk *walk, uint64_t mark, uintptr_t vertex)
{
	bool again = vertex == walk->kept;

	if (walk->newest < mark)
		walk->newest = mark;
	walk->left--;
	if (walk->left == 0) {
		walk->kept = vertex;
		walk->stride *= 2;
		walk->left = walk->stride;
	}
	return !again;
}

bool ump__walk_back(struct ump__walk *walk, uint64_t mark, uint64_t now)
{
	if (walk->marks && mark <= walk->moment && walk->newest <= walk->moment)
		return true;
	walk->marks = true;
	walk->moment = now;
	round_begin(walk);
	return false;
}
