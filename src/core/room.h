/* SPDX-License-Identifier: 0BSD */
/*
 * Room in the inbox of a server with a capacity.  It is kept in two words, so that senders and the
 * receiver seldom write to what the other side reads:
 *
 * - `taken`, which senders change, counts the places that were ever taken, and those that are known
 *   to be free beyond: these are taken without a look at the other word.
 * - `limit`, which is changed where a place becomes free, says up to where that count may go: to
 *   the capacity at first, and by one more for each place that was given back; and whether anybody
 *   stands in line for room.
 *
 * There is a line only while there is no room: what becomes free is handed to its first one, which
 * changes neither word, and nobody gets ahead of it.
 *
 * Both count on a circle of 2^48.  A sender would have to pause for as many messages between two
 * instructions to be misled.
 */
#ifndef UMP_CORE_ROOM_H
#define UMP_CORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* The largest capacity. */
#define UMP__ROOM_MOST UINT32_C(0x7fffffff)
/* One place taken, in the senders' word; below it is what is known to be free. */
#define UMP__ROOM_TAKEN UINT64_C(0x10000)
/* Where counting begins anew. */
#define UMP__ROOM_CIRCLE UINT64_C(0x1000000000000)
/* In the limit: there is a line. */
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
	/* Whether the word may change so; otherwise `next` is the word as it was. */
	bool taken;
};

/* A sender takes a place that is known to be free.  Refused if none is. */
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
 * A sender who knows of no room has looked at the limit, and takes a place.  Refused if there is
 * none.  With it, further ones become known; but no more than leave the inbox as deep as it has
 * been before, since whoever takes it to a new depth has to see that (`reach` is that depth).  If
 * the word is older than the limit there seems to be more room than the capacity; it will be found
 * to have changed.
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

/* A place becomes free.  Refused if there is a line: then the place is its first one's. */
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

/* Somebody begins a line.  Refused if there is room, or a line already. */
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

/* The line has become empty.  Refused if there was none. */
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

/* How many places are free. */
/*@ requires inv: is_limit(limit);
  @ terminates \true;
  @ assigns \result \from word, limit;
  @ ensures left: \result == room_of(word, limit);
  @*/
uint64_t ump__room_left(uint64_t word, uint64_t limit);

/* How many of `capacity` places are taken; 0 if one of the words is older than the other. */
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

/* Whether there is a line. */
/*@ terminates \true;
  @ assigns \result \from limit;
  @ ensures line: \result <==> limit >= UMP__ROOM_LINE;
  @*/
static inline bool ump__room_has_line(uint64_t limit)
{
	return limit >= UMP__ROOM_LINE;
}

/* What every limit satisfies, at run time. */
/*@ terminates \true;
  @ assigns \result \from limit;
  @ ensures mirror: \result <==> is_limit(limit);
  @*/
static inline bool ump__room_is_valid(uint64_t limit)
{
	return limit < 2 * UMP__ROOM_CIRCLE;
}

#endif
