/* SPDX-License-Identifier: 0BSD */
/*
 * The inbox is one word: EMPTY, PARKED (empty; the next push must wake the receiver, or makes its
 * sender the combiner), CLOSED, or the newest node of a Treiber stack (R. K. Treiber, IBM RJ 5118,
 * 1986).  Senders push; the dispatcher drains the stack by one exchange and reverses it (queue.h).
 * Each function maps the word to the next one; none reads memory.
 */
#ifndef UMP_CORE_INBOX_H
#define UMP_CORE_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#define UMP__INBOX_EMPTY  ((uintptr_t)0)
#define UMP__INBOX_PARKED ((uintptr_t)1)
#define UMP__INBOX_CLOSED ((uintptr_t)2)
/* Minimum alignment of a node, so that no address equals one of the states above. */
#define UMP__INBOX_ALIGN ((uintptr_t)4)

/*@ predicate is_node_word(uintptr_t w) = w >= 4 && w % 4 == 0;
  @ predicate is_inbox(uintptr_t w) = w <= 2 || is_node_word(w);
  @
  @ // Legal step of a sender: push its node.  A closed inbox stays closed.
  @ predicate inbox_pushes(uintptr_t w, uintptr_t x) = w != UMP__INBOX_CLOSED && is_node_word(x);
  @ // Legal steps of the receiver: take all nodes, park, unpark, close.
  @ predicate inbox_takes(uintptr_t w, uintptr_t x) = is_node_word(w) && x == UMP__INBOX_EMPTY;
  @ predicate inbox_parks(uintptr_t w, uintptr_t x) =
  @   w == UMP__INBOX_EMPTY && x == UMP__INBOX_PARKED;
  @ predicate inbox_unparks(uintptr_t w, uintptr_t x) =
  @   w == UMP__INBOX_PARKED && x == UMP__INBOX_EMPTY;
  @ predicate inbox_closes(uintptr_t w, uintptr_t x) = x == UMP__INBOX_CLOSED;
  @
  @ // The newest node of a word, or 0.  No step may lose it.
  @ logic uintptr_t top_of(uintptr_t w) = w >= 4 ? w : (uintptr_t)0;
  @*/

struct ump__inbox_push {
	uintptr_t next;
	/* What the new node must point to before the word is published: the node below, or 0. */
	uintptr_t link;
	bool accepted;
	/* The dispatcher sleeps, and this push must wake it. */
	bool wake;
};

struct ump__inbox_step {
	uintptr_t next;
	/* The newest of the nodes that this step takes for the caller, which owns them; or 0. */
	uintptr_t chain;
	/* Whether the step is legal; otherwise `next` is the word as it was. */
	bool taken;
};

/* A sender puts `node` on top.  Refused if the inbox is closed. */
/*@ requires inv: is_inbox(word) && is_node_word(node);
  @ terminates \true;
  @ assigns \result \from word, node;
  @ ensures inv: is_inbox(\result.next);
  @ behavior closed:
  @   assumes word == UMP__INBOX_CLOSED;
  @   ensures refused: \result.accepted == \false && \result.wake == \false;
  @   ensures same: \result.next == word && \result.link == 0;
  @ behavior parked:
  @   assumes word == UMP__INBOX_PARKED;
  @   ensures step: \result.accepted == \true && inbox_pushes(word, \result.next);
  @   ensures top: \result.next == node && \result.link == 0;
  @   ensures wake: \result.wake == \true;
  @ behavior empty:
  @   assumes word == UMP__INBOX_EMPTY;
  @   ensures step: \result.accepted == \true && inbox_pushes(word, \result.next);
  @   ensures top: \result.next == node && \result.link == 0;
  @   ensures quiet: \result.wake == \false;
  @ behavior chained:
  @   assumes is_node_word(word);
  @   ensures step: \result.accepted == \true && inbox_pushes(word, \result.next);
  @   ensures top: \result.next == node && \result.link == word;
  @   ensures quiet: \result.wake == \false;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__inbox_push ump__inbox_push_step(uintptr_t word, uintptr_t node);

/* The dispatcher takes everything. */
/*@ requires inv: is_inbox(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_inbox(\result.next);
  @ ensures kept: top_of(word) == (\result.taken ? \result.chain : top_of(\result.next));
  @ behavior nodes:
  @   assumes is_node_word(word);
  @   ensures step: \result.taken == \true && inbox_takes(word, \result.next);
  @   ensures chain: \result.chain == word;
  @ behavior refused:
  @   assumes !is_node_word(word);
  @   ensures same: \result.taken == \false && \result.next == word && \result.chain == 0;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__inbox_step ump__inbox_take_step(uintptr_t word);

/* The dispatcher goes to sleep.  Refused unless the inbox is empty. */
/*@ requires inv: is_inbox(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_inbox(\result.next);
  @ ensures kept: top_of(\result.next) == top_of(word) && \result.chain == 0;
  @ behavior empty:
  @   assumes word == UMP__INBOX_EMPTY;
  @   ensures step: \result.taken == \true && inbox_parks(word, \result.next);
  @ behavior refused:
  @   assumes word != UMP__INBOX_EMPTY;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__inbox_step ump__inbox_park_step(uintptr_t word);

/* Unpark: the dispatcher woke for another reason than a message.  Refused unless it sleeps. */
/*@ requires inv: is_inbox(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_inbox(\result.next);
  @ ensures kept: top_of(\result.next) == top_of(word) && \result.chain == 0;
  @ behavior parked:
  @   assumes word == UMP__INBOX_PARKED;
  @   ensures step: \result.taken == \true && inbox_unparks(word, \result.next);
  @ behavior refused:
  @   assumes word != UMP__INBOX_PARKED;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__inbox_step ump__inbox_unpark_step(uintptr_t word);

/* The dispatcher closes the inbox for good, and takes what is left in it. */
/*@ requires inv: is_inbox(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures step: \result.taken == \true && inbox_closes(word, \result.next);
  @ ensures kept: \result.chain == top_of(word);
  @ behavior nodes:
  @   assumes is_node_word(word);
  @   ensures chain: \result.chain == word;
  @ behavior none:
  @   assumes !is_node_word(word);
  @   ensures chain: \result.chain == 0;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__inbox_step ump__inbox_close_step(uintptr_t word);

/*@ requires inv: is_inbox(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures node: \result <==> is_node_word(word);
  @*/
static inline bool ump__inbox_is_node(uintptr_t word)
{
	return word >= UMP__INBOX_ALIGN;
}

/* Check the invariant of an inbox's word, at run time. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures mirror: \result <==> is_inbox(word);
  @*/
static inline bool ump__inbox_is_valid(uintptr_t word)
{
	return word <= UMP__INBOX_CLOSED || word % UMP__INBOX_ALIGN == 0;
}

#endif
