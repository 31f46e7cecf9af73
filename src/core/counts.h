/* SPDX-License-Identifier: 0BSD */
/*
 * The reference counts of a channel, strong and weak as in Rust's Arc: strong handles in the high
 * half of a word, weak ones in the low half.  All strong handles together own one weak reference.
 * The thread that drops the last strong handle must release that reference after pushing the
 * end-of-stream (EOS) marker.  The receiving end owns another one.
 *
 * Each function maps a word to the next one and names the edge that the step crosses.  A step that
 * would overflow or underflow a count, or revive it from zero, is refused, and the word stays as it
 * is.  The code divides where a shift would do: provers know more of division, and compilers make
 * it a shift.
 */
#ifndef UMP_CORE_COUNTS_H
#define UMP_CORE_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#define UMP__COUNTS_STRONG UINT64_C(0x100000000)
#define UMP__COUNTS_MAX    UINT32_C(0xffffffff)
/* One strong handle; its weak reference, and that of the receiving end. */
#define UMP__COUNTS_FIRST (UMP__COUNTS_STRONG + 2)

enum ump__edge {
	UMP__EDGE_NONE,
	/* Last strong handle dropped: push the EOS marker, then release the shared weak
	 * reference. */
	UMP__EDGE_LAST_STRONG,
	/* Last reference dropped: free the channel. */
	UMP__EDGE_LAST
};

struct ump__counts_step {
	uint64_t next;
	bool taken;
	enum ump__edge edge;
};

/*@ logic integer strong_of(uint64_t w) = w / 4294967296;
  @ logic integer weak_of(uint64_t w) = w % 4294967296;
  @
  @ // All strong handles together own one weak reference.
  @ predicate is_counts(uint64_t w) = strong_of(w) > 0 ==> weak_of(w) > 0;
  @
  @ // Legal steps: add one reference, never to zero and never past the limit, or drop one, never
  @ // below zero.
  @ predicate adds_strong(uint64_t w, uint64_t x) = 0 < strong_of(w) < 0xffffffff &&
  @   strong_of(x) == strong_of(w) + 1 && weak_of(x) == weak_of(w);
  @ predicate adds_weak(uint64_t w, uint64_t x) = 0 < weak_of(w) < 0xffffffff &&
  @   strong_of(x) == strong_of(w) && weak_of(x) == weak_of(w) + 1;
  @ predicate drops_strong(uint64_t w, uint64_t x) = 0 < strong_of(w) &&
  @   strong_of(x) == strong_of(w) - 1 && weak_of(x) == weak_of(w);
  @ predicate drops_weak(uint64_t w, uint64_t x) = 0 < weak_of(w) &&
  @   strong_of(x) == strong_of(w) && weak_of(x) == weak_of(w) - 1;
  @*/

/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures half: \result == strong_of(word);
  @*/
static inline uint32_t ump__counts_strong(uint64_t word)
{
	return (uint32_t)(word / UMP__COUNTS_STRONG);
}

/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures half: \result == weak_of(word);
  @*/
static inline uint32_t ump__counts_weak(uint64_t word)
{
	return (uint32_t)(word % UMP__COUNTS_STRONG);
}

/* Check the invariant of a word of counts, at run time. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures mirror: \result <==> is_counts(word);
  @*/
static inline bool ump__counts_is_valid(uint64_t word)
{
	return ump__counts_strong(word) == 0 || ump__counts_weak(word) != 0;
}

/* Add a strong handle: a clone, or an upgrade.  Refused at zero, for good, and at the limit. */
/*@ requires inv: is_counts(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_counts(\result.next);
  @ ensures edge: \result.edge == UMP__EDGE_NONE;
  @ behavior refused:
  @   assumes strong_of(word) == 0 || strong_of(word) == 0xffffffff;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ behavior taken:
  @   assumes 0 < strong_of(word) < 0xffffffff;
  @   ensures step: \result.taken == \true && adds_strong(word, \result.next);
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__counts_step ump__counts_add_strong(uint64_t word);

/* Add a weak reference.  Refused at zero and at the limit. */
/*@ requires inv: is_counts(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_counts(\result.next);
  @ ensures edge: \result.edge == UMP__EDGE_NONE;
  @ behavior refused:
  @   assumes weak_of(word) == 0 || weak_of(word) == 0xffffffff;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ behavior taken:
  @   assumes 0 < weak_of(word) < 0xffffffff;
  @   ensures step: \result.taken == \true && adds_weak(word, \result.next);
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__counts_step ump__counts_add_weak(uint64_t word);

/* Drop a strong handle.  Refused at zero. */
/*@ requires inv: is_counts(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_counts(\result.next);
  @ ensures edge: \result.edge == UMP__EDGE_LAST_STRONG <==>
  @   \result.taken && strong_of(\result.next) == 0;
  @ behavior refused:
  @   assumes strong_of(word) == 0;
  @   ensures same: \result.taken == \false && \result.next == word;
  @   ensures none: \result.edge == UMP__EDGE_NONE;
  @ behavior more:
  @   assumes strong_of(word) > 1;
  @   ensures step: \result.taken == \true && drops_strong(word, \result.next);
  @   ensures none: \result.edge == UMP__EDGE_NONE;
  @ behavior last:
  @   assumes strong_of(word) == 1;
  @   ensures step: \result.taken == \true && drops_strong(word, \result.next);
  @   ensures last: \result.edge == UMP__EDGE_LAST_STRONG && weak_of(\result.next) > 0;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__counts_step ump__counts_drop_strong(uint64_t word);

/* Drop a weak reference.  Refused at zero.  The one that the strong handles share cannot be dropped
 * while there is a strong handle. */
/*@ requires inv: is_counts(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_counts(\result.next);
  @ ensures edge: \result.edge == UMP__EDGE_LAST <==> \result.taken && \result.next == 0;
  @ behavior refused:
  @   assumes weak_of(word) == 0 || (weak_of(word) == 1 && strong_of(word) > 0);
  @   ensures same: \result.taken == \false && \result.next == word;
  @   ensures none: \result.edge == UMP__EDGE_NONE;
  @ behavior more:
  @   assumes weak_of(word) > 1;
  @   ensures step: \result.taken == \true && drops_weak(word, \result.next);
  @   ensures none: \result.edge == UMP__EDGE_NONE;
  @ behavior last:
  @   assumes weak_of(word) == 1 && strong_of(word) == 0;
  @   ensures step: \result.taken == \true && drops_weak(word, \result.next);
  @   ensures last: \result.edge == UMP__EDGE_LAST;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__counts_step ump__counts_drop_weak(uint64_t word);

#endif
