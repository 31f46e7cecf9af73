/* SPDX-License-Identifier: 0BSD */
/*
 * Permits for the inbox of a server with a capacity: limit-based flow control, as in QUIC (RFC
 * 9000, section 4.1).  They are kept in two words, so that senders and the receiver seldom write to
 * what the other side reads:
 *
 * - `taken`, which senders change, counts the permits ever taken, and the further ones that are
 *   known to be free: these are taken without reading the other word.
 * - `limit`, which changes where a permit becomes free, is the bound of that count: the capacity at
 *   first, and one more for each permit given back.  It also states whether there is a wait queue.
 *
 * Invariant: there is a wait queue only while no permit is free.  A permit that becomes free is
 * handed to the first waiter, which changes neither word, and no sender overtakes the waiters.
 *
 * Both words count modulo 2^48.  A sender would have to pause between two instructions for 2^48
 * messages to be misled.
 */
#ifndef UMP_CORE_ROOM_H
#define UMP_CORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* The largest capacity. */
#define UMP__ROOM_MOST UINT32_C(0x7fffffff)
/* One taken permit, in the senders' word; the bits below count those that are known to be free. */
#define UMP__ROOM_TAKEN UINT64_C(0x10000)
/* The modulus of both counts. */
#define UMP__ROOM_CIRCLE UINT64_C(0x1000000000000)
/* In the limit: there is a wait queue. */
#define UMP__ROOM_LINE UMP__ROOM_CIRCLE

/*@ predicate is_limit(uint64_t l) = l < 2 * UMP__ROOM_CIRCLE;
  @
  @ logic integer taken_of(uint64_t w) = w / UMP__ROOM_TAKEN;
  @ logic integer known_of(uint64_t w) = w % UMP__ROOM_TAKEN;
  @ logic integer limit_of(uint64_t l) = l < UMP__ROOM_LINE ? l : l - UMP__ROOM_LINE;
  @
  @ // How many places are free: how far it is from what is taken to the limit, on the circle.
  @ logic integer room_of(uint64_t w, uint64_t l) = limit_of(l) >= taken_of(w) ?
  @   limit_of(l) - taken_of(w) : limit_of(l) - taken_of(w) + UMP__ROOM_CIRCLE;
  @
  @ // Of `more` places beyond the one taken, so many can be known.
  @ logic integer known_after(integer more) =
  @   more <= 0 ? 0 : more < UMP__ROOM_TAKEN ? more : UMP__ROOM_TAKEN - 1;
  @
  @ predicate next_on_circle(integer a, integer b) =
  @   b == (a == UMP__ROOM_CIRCLE - 1 ? 0 : a + 1);
  @
  @ // What a step makes of the senders' word: a place is taken that was known to be free, or one
  @ // that was seen to be, with others that are known then.
  @ predicate room_takes(uint64_t w, uint64_t x) = known_of(w) > 0 &&
  @   next_on_circle(taken_of(w), taken_of(x)) && known_of(x) == known_of(w) - 1;
  @ predicate room_looks(uint64_t w, uint64_t l, uint64_t x) = known_of(w) == 0 &&
  @   next_on_circle(taken_of(w), taken_of(x)) && known_of(x) < room_of(w, l);
  @
  @ // And of the limit: a place given back, a line begun or ended.
  @ predicate room_gives(uint64_t l, uint64_t x) = l < UMP__ROOM_LINE && next_on_circle(l, x);
  @ predicate room_begins(uint64_t w, uint64_t l, uint64_t x) = room_of(w, l) == 0 &&
  @   l < UMP__ROOM_LINE && x == l + UMP__ROOM_LINE;
  @ predicate room_ends(uint64_t l, uint64_t x) = l >= UMP__ROOM_LINE && x == l - UMP__ROOM_LINE;
  @*/

struct ump__room_step {
	uint64_t next;
	/* Whether the step is legal; otherwise `next` is the word as it was. */
	bool taken;
};

/* A sender takes a permit that is known to be free.  Refused if none is. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ behavior known:
  @   assumes known_of(word) > 0;
  @   ensures step: \result.taken == \true && room_takes(word, \result.next);
  @ behavior unknown:
  @   assumes known_of(word) == 0;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_take_step(uint64_t word);

/*
 * A sender that knows of no free permit has read the limit, and takes a permit.  Refused if none is
 * free.  Further ones become known with it, but no more than keep the inbox within `reach`, the
 * depth that it has had before: the sender that takes it to a new depth must see that.  If the word
 * is older than the limit, more permits than the capacity seem free; the exchange will find the
 * word changed.
 */
/*@ requires inv: is_limit(limit);
  @ requires unknown: known_of(word) == 0;
  @ requires reach: reach <= capacity <= UMP__ROOM_MOST;
  @ requires older: room_of(word, limit) < UMP__ROOM_CIRCLE / 2;
  @ terminates \true;
  @ assigns \result \from word, limit, capacity, reach;
  @ behavior room:
  @   assumes room_of(word, limit) > 0;
  @   ensures step: \result.taken == \true && room_looks(word, limit, \result.next);
  @   ensures known: room_of(word, limit) <= capacity ==> known_of(\result.next) ==
  @     known_after(room_of(word, limit) + reach - capacity - 1);
  @ behavior full:
  @   assumes room_of(word, limit) == 0;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_look_step(
	uint64_t word, uint64_t limit, uint32_t capacity, uint32_t reach);

/* Give a permit back.  Refused if there is a wait queue: then the permit is its first waiter's. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from limit;
  @ ensures inv: is_limit(\result.next);
  @ behavior room:
  @   assumes limit < UMP__ROOM_LINE;
  @   ensures step: \result.taken == \true && room_gives(limit, \result.next);
  @ behavior line:
  @   assumes limit >= UMP__ROOM_LINE;
  @   ensures same: \result.taken == \false && \result.next == limit;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_give_step(uint64_t limit);

/* Begin a wait queue.  Refused if a permit is free, or if there is a wait queue already. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from word, limit;
  @ ensures inv: is_limit(\result.next);
  @ behavior none:
  @   assumes room_of(word, limit) == 0 && limit < UMP__ROOM_LINE;
  @   ensures step: \result.taken == \true && room_begins(word, limit, \result.next);
  @ behavior refused:
  @   assumes room_of(word, limit) != 0 || limit >= UMP__ROOM_LINE;
  @   ensures same: \result.taken == \false && \result.next == limit;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_begin_step(uint64_t word, uint64_t limit);

/* End the wait queue, which has become empty.  Refused if there is none. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from limit;
  @ ensures inv: is_limit(\result.next);
  @ behavior line:
  @   assumes limit >= UMP__ROOM_LINE;
  @   ensures step: \result.taken == \true && room_ends(limit, \result.next);
  @ behavior refused:
  @   assumes limit < UMP__ROOM_LINE;
  @   ensures same: \result.taken == \false && \result.next == limit;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_end_step(uint64_t limit);

/* Return the number of free permits. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from word, limit;
  @ ensures left: \result == room_of(word, limit);
  @*/
uint64_t ump__room_left(uint64_t word, uint64_t limit);

/* Return the taken ones of `capacity` permits; 0 if one of the words is older than the other. */
/*@ requires inv: is_limit(limit) && capacity <= UMP__ROOM_MOST;
  @ terminates \true;
  @ assigns \result \from word, limit, capacity;
  @ ensures bound: \result <= capacity;
  @ behavior own:
  @   assumes room_of(word, limit) <= capacity;
  @   ensures depth: \result == capacity - room_of(word, limit);
  @ behavior foreign:
  @   assumes room_of(word, limit) > capacity;
  @   ensures depth: \result == 0;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
uint32_t ump__room_depth(uint64_t word, uint64_t limit, uint32_t capacity);

/* Return whether there is a wait queue. */
/*@ terminates \true;
  @ assigns \result \from limit;
  @ ensures line: \result <==> limit >= UMP__ROOM_LINE;
  @*/
static inline bool ump__room_has_line(uint64_t limit)
{
	return limit >= UMP__ROOM_LINE;
}

/* Check the invariant of a limit, at run time. */
/*@ terminates \true;
  @ assigns \result \from limit;
  @ ensures mirror: \result <==> is_limit(limit);
  @*/
static inline bool ump__room_is_valid(uint64_t limit)
{
	return limit < 2 * UMP__ROOM_CIRCLE;
}

#endif
