/* SPDX-License-Identifier: 0BSD */
/*
 * Cycle detection for a walk along the wait-for graph.  The vertices are servers, and the edge of a
 * server leads to the server for which its handler waits.  Edges come and go during a walk, so
 * edges that were seen one after the other need not have existed together.
 *
 * A walk has rounds.  Each follows edges until it comes back to the walker, and from the second
 * round on it marks the edges with numbers that only grow.  A cycle is reported if all edges of a
 * round were marked before that round began: an edge that existed then, and exists when the walk
 * reaches it, has existed all the while.  So all of them existed when the round began.  A further
 * round means that an edge was replaced in the last one.
 *
 * A walk may also be led into a cycle that it is no part of.  The members of that cycle end it; the
 * walk ends when it reaches a vertex for the second time (R. P. Brent, "An improved Monte Carlo
 * factorization algorithm", 1980: compare with a vertex that is replaced after 1, 2, 4, ... steps).
 */
#ifndef UMP_CORE_WALK_H
#define UMP_CORE_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct ump__walk {
	/* Whether this round marks edges. */
	bool marks;
	/* A number from before this round: a mark not above it is older than the round. */
	uint64_t moment;
	/* The newest mark of this round. */
	uint64_t newest;
	/* The vertex that later ones are compared with, the steps left until it is replaced, and
	 * the steps between two replacements. */
	uintptr_t kept;
	uint64_t left;
	uint64_t stride;
};

/*@ predicate walk_is_new(struct ump__walk *walk) =
  @   walk->newest == 0 && walk->kept == 0 && walk->left == 1 && walk->stride == 1;
  @ predicate walk_is_valid(struct ump__walk *walk) =
  @   1 <= walk->left <= walk->stride;
  @*/

/*@ requires valid: \valid(walk);
  @ terminates \true;
  @ assigns *walk;
  @ ensures new: walk_is_new(walk) && walk->marks == \false;
  @ ensures valid: walk_is_valid(walk);
  @*/
void ump__walk_begin(struct ump__walk *walk);

/* Follow an edge with this mark (any, in a round that does not mark) to `vertex`, which must be
 * neither 0 nor part of the walker.  false: the walk runs in a cycle that it is no part of. */
/*@ requires valid: \valid(walk);
  @ requires sane: walk_is_valid(walk);
  @ requires few: walk->stride <= UINT64_MAX / 2;
  @ terminates \true;
  @ assigns walk->newest, walk->kept, walk->left, walk->stride;
  @ ensures sane: walk_is_valid(walk);
  @ ensures newest: walk->newest >= mark && walk->newest >= \old(walk->newest);
  @ ensures one: walk->newest == mark || walk->newest == \old(walk->newest);
  @ ensures again: \result == \false <==> vertex == \old(walk->kept);
  @ ensures kept: walk->kept == vertex || walk->kept == \old(walk->kept);
  @*/
bool ump__walk_edge(struct ump__walk *walk, uint64_t mark, uintptr_t vertex);

/* Come back to the walker, by an edge with this mark.  true: there was a cycle when this round
 * began.  Otherwise another round begins; `now` must be a new number. */
/*@ requires valid: \valid(walk);
  @ requires sane: walk_is_valid(walk);
  @ terminates \true;
  @ assigns *walk;
  @ behavior told:
  @   assumes walk->marks && mark <= walk->moment && walk->newest <= walk->moment;
  @   ensures told: \result == \true;
  @ behavior again:
  @   assumes !(walk->marks && mark <= walk->moment && walk->newest <= walk->moment);
  @   ensures again: \result == \false;
  @   ensures new: walk_is_new(walk) && walk->marks == \true && walk->moment == now;
  @   ensures sane: walk_is_valid(walk);
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
bool ump__walk_back(struct ump__walk *walk, uint64_t mark, uint64_t now);

#endif
