/* SPDX-License-Identifier: 0BSD */
/*
 * The permits of a bounded inbox: limit-based flow control, as in QUIC (RFC 9000, section 4.1).
 * They are counted in two words, so that senders and the receiver seldom write to what the other
 * side reads:
 *
 * - `taken`, which senders change, holds two counts: the permits ever taken, and the further ones
 *   that are known to be free, which senders take without reading the other word.
 * - `limit`, which changes when a permit is given back, is the bound of the permits ever taken: the
 *   capacity at first, and one more for each permit given back.  It also states whether there is a
 *   wait queue.
 *
 * Invariant: there is a wait queue only while no permit is free.  A permit that is given back then
 * is handed to the first waiter, which changes neither word, and no sender overtakes the waiters.
 *
 * Both words count modulo 2^48.  To be misled, a sender would have to pause between two
 * instructions while 2^48 messages pass.
 */
#ifndef UMP_CORE_PERMIT_H
#define UMP_CORE_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

/* The largest capacity. */
#define UMP__PERMIT_MOST UINT32_C(0x7fffffff)
/* One taken permit, in `taken`; the bits below count those that are known to be free. */
#define UMP__PERMIT_TAKEN UINT64_C(0x10000)
/* The modulus of both counts. */
#define UMP__PERMIT_MODULUS UINT64_C(0x1000000000000)
/* In `limit`: there is a wait queue. */
#define UMP__PERMIT_QUEUE UMP__PERMIT_MODULUS

/*@ predicate is_limit(uint64_t l) = l < 2 * UMP__PERMIT_MODULUS;
  @
  @ logic integer taken_of(uint64_t w) = w / UMP__PERMIT_TAKEN;
  @ logic integer known_of(uint64_t w) = w % UMP__PERMIT_TAKEN;
  @ logic integer limit_of(uint64_t l) = l < UMP__PERMIT_QUEUE ? l : l - UMP__PERMIT_QUEUE;
  @
  @ // Number of free permits: the limit minus the number taken, modulo UMP__PERMIT_MODULUS.
  @ logic integer vacant_of(uint64_t w, uint64_t l) = limit_of(l) >= taken_of(w) ?
  @   limit_of(l) - taken_of(w) : limit_of(l) - taken_of(w) + UMP__PERMIT_MODULUS;
  @
  @ // How many of `more` free permits, beyond the one taken, the word can record as known.
  @ logic integer known_after(integer more) =
  @   more <= 0 ? 0 : more < UMP__PERMIT_TAKEN ? more : UMP__PERMIT_TAKEN - 1;
  @
  @ predicate next_on_cycle(integer a, integer b) =
  @   b == (a == UMP__PERMIT_MODULUS - 1 ? 0 : a + 1);
  @
  @ // Legal steps of the senders' word: take a permit that is known to be free, or one that the
  @ // limit shows to be free, and record others as known.
  @ predicate permit_takes(uint64_t w, uint64_t x) = known_of(w) > 0 &&
  @   next_on_cycle(taken_of(w), taken_of(x)) && known_of(x) == known_of(w) - 1;
  @ predicate permit_looks(uint64_t w, uint64_t l, uint64_t x) = known_of(w) == 0 &&
  @   next_on_cycle(taken_of(w), taken_of(x)) && known_of(x) < vacant_of(w, l);
  @
  @ // Legal steps of the limit: release a permit, begin or end a wait queue.
  @ predicate permit_gives(uint64_t l, uint64_t x) = l < UMP__PERMIT_QUEUE && next_on_cycle(l, x);
  @ predicate permit_begins(uint64_t w, uint64_t l, uint64_t x) = vacant_of(w, l) == 0 &&
  @   l < UMP__PERMIT_QUEUE && x == l + UMP__PERMIT_QUEUE;
  @ predicate permit_ends(uint64_t l, uint64_t x) = l >= UMP__PERMIT_QUEUE &&
  @   x == l - UMP__PERMIT_QUEUE;
  @*/

struct ump__permit_word_step {
	uint64_t next;
	/* Whether the step is legal; otherwise `next` is the word as it was. */
	bool taken;
};

/* A sender takes a permit that is known to be free.  Refused if none is. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ behavior known:
  @   assumes known_of(word) > 0;
  @   ensures step: \result.taken == \true && permit_takes(word, \result.next);
  @ behavior unknown:
  @   assumes known_of(word) == 0;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__permit_word_step ump__permit_word_take_step(uint64_t word);

/*
 * A sender that knows of no free permit has read the limit, and takes a permit.  Refused if none is
 * free.  Other free permits become known with this step, but only as many as keep the queue within
 * `reach`, the greatest depth that it has had: a sender that takes it deeper must notice that, and
 * so must take this step again.  If the word is older than the limit, more permits than the
 * capacity can seem free; the exchange will find the word changed.
 */
/*@ requires inv: is_limit(limit);
  @ requires unknown: known_of(word) == 0;
  @ requires reach: reach <= capacity <= UMP__PERMIT_MOST;
  @ requires older: vacant_of(word, limit) < UMP__PERMIT_MODULUS / 2;
  @ terminates \true;
  @ assigns \result \from word, limit, capacity, reach;
  @ behavior vacant:
  @   assumes vacant_of(word, limit) > 0;
  @   ensures step: \result.taken == \true && permit_looks(word, limit, \result.next);
  @   ensures known: vacant_of(word, limit) <= capacity ==> known_of(\result.next) ==
  @     known_after(vacant_of(word, limit) + reach - capacity - 1);
  @ behavior full:
  @   assumes vacant_of(word, limit) == 0;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__permit_word_step ump__permit_word_look_step(
	uint64_t word, uint64_t limit, uint32_t capacity, uint32_t reach);

/* Give a permit back.  Refused if there is a wait queue: then the permit is its first waiter's. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from limit;
  @ ensures inv: is_limit(\result.next);
  @ behavior vacant:
  @   assumes limit < UMP__PERMIT_QUEUE;
  @   ensures step: \result.taken == \true && permit_gives(limit, \result.next);
  @ behavior queued:
  @   assumes limit >= UMP__PERMIT_QUEUE;
  @   ensures same: \result.taken == \false && \result.next == limit;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__permit_word_step ump__permit_word_give_step(uint64_t limit);

/* Begin a wait queue.  Refused if a permit is free, or if there is a wait queue already. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from word, limit;
  @ ensures inv: is_limit(\result.next);
  @ behavior none:
  @   assumes vacant_of(word, limit) == 0 && limit < UMP__PERMIT_QUEUE;
  @   ensures step: \result.taken == \true && permit_begins(word, limit, \result.next);
  @ behavior refused:
  @   assumes vacant_of(word, limit) != 0 || limit >= UMP__PERMIT_QUEUE;
  @   ensures same: \result.taken == \false && \result.next == limit;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__permit_word_step ump__permit_word_begin_step(uint64_t word, uint64_t limit);

/* End the wait queue, which has become empty.  Refused if there is none. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from limit;
  @ ensures inv: is_limit(\result.next);
  @ behavior queued:
  @   assumes limit >= UMP__PERMIT_QUEUE;
  @   ensures step: \result.taken == \true && permit_ends(limit, \result.next);
  @ behavior refused:
  @   assumes limit < UMP__PERMIT_QUEUE;
  @   ensures same: \result.taken == \false && \result.next == limit;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__permit_word_step ump__permit_word_end_step(uint64_t limit);

/* Return the number of free permits. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from word, limit;
  @ ensures left: \result == vacant_of(word, limit);
  @*/
uint64_t ump__permit_word_left(uint64_t word, uint64_t limit);

/* Return how many of `capacity` permits are in use; 0 if more than `capacity` seem free, because
 * one of the words is older than the other. */
/*@ requires inv: is_limit(limit) && capacity <= UMP__PERMIT_MOST;
  @ terminates \true;
  @ assigns \result \from word, limit, capacity;
  @ ensures bound: \result <= capacity;
  @ behavior own:
  @   assumes vacant_of(word, limit) <= capacity;
  @   ensures depth: \result == capacity - vacant_of(word, limit);
  @ behavior foreign:
  @   assumes vacant_of(word, limit) > capacity;
  @   ensures depth: \result == 0;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
uint32_t ump__permit_word_depth(uint64_t word, uint64_t limit, uint32_t capacity);

/* Return whether there is a wait queue. */
/*@ terminates \true;
  @ assigns \result \from limit;
  @ ensures queued: \result <==> limit >= UMP__PERMIT_QUEUE;
  @*/
static inline bool ump__permit_word_has_queue(uint64_t limit)
{
	return limit >= UMP__PERMIT_QUEUE;
}

/* Check the invariant of a limit, at run time. */
/*@ terminates \true;
  @ assigns \result \from limit;
  @ ensures mirror: \result <==> is_limit(limit);
  @*/
static inline bool ump__permit_word_is_valid(uint64_t limit)
{
	return limit < 2 * UMP__PERMIT_MODULUS;
}

#endif
