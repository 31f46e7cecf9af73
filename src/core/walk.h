/* SPDX-License-Identifier: 0BSD */
/*
 * Cycle detection for a walk along the wait-for graph.  The vertices are servers, and the edge of a
 * server leads to the server for which its handler waits.  Edges come and go during a walk, so
 * edges that were seen one after the other need not have existed together.
 *
 * A walk has rounds.  Each follows edges until it comes back to the walker, the handler that begins
 * a wait.  From the second round on, each edge without a mark gets one, from a sequence of numbers
 * that only grow; a new edge has none.  A cycle is reported if all edges of a round were marked
 * before that round began: each of them has existed since it was marked, so all of them existed
 * when the round began.  The second round may have to mark the edges; each round after the third
 * means that an edge was replaced meanwhile.
 *
 * A walk may also be led into a cycle without the walker.  The walks of that cycle's members report
 * it; this one ends when it comes back to a vertex that it has kept (R. P. Brent, "An improved
 * Monte Carlo factorization algorithm", 1980: the kept vertex is replaced after 1, 2, 4, ...
 * steps).
 */
#ifndef UMP_CORE_WALK_H
#define UMP_CORE_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct ump__walk {
	/* Whether this round marks edges. */
	bool marks;
	/* Number that was drawn when this round began: a mark not above it is older. */
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
 * neither 0 nor a server of the walker.  false: the walk is in a cycle without the walker. */
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
 * began.  Otherwise another round begins; `now` must be a number drawn for it. */
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
