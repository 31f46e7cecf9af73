/* SPDX-License-Identifier: 0BSD */
/*
 * Room in the inbox of a server with a capacity: how many more messages it takes, and whether
 * anybody stands in line for room, in one word.  While there is a line there is no room: what
 * becomes free is handed to the first of the line, and nobody gets ahead of it.
 */
#ifndef UMP_CORE_ROOM_H
#define UMP_CORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* There is a line; with it the room is 0. */
#define UMP__ROOM_LINE UINT32_C(0x80000000)
/* The largest capacity. */
#define UMP__ROOM_MOST UINT32_C(0x7fffffff)

/*@ predicate is_room(uint32_t w) = w <= UMP__ROOM_LINE;
  @
  @ // How many places are free.
  @ logic integer room_of(uint32_t w) = w == UMP__ROOM_LINE ? 0 : w;
  @
  @ // What a step makes of the word: a place taken, a place given back, a line begun or ended.
  @ predicate room_takes(uint32_t w, uint32_t x) = 0 < w <= UMP__ROOM_MOST && x == w - 1;
  @ predicate room_gives(uint32_t w, uint32_t x) = w < UMP__ROOM_MOST && x == w + 1;
  @ predicate room_begins(uint32_t w, uint32_t x) = w == 0 && x == UMP__ROOM_LINE;
  @ predicate room_ends(uint32_t w, uint32_t x) = w == UMP__ROOM_LINE && x == 0;
  @*/

struct ump__room_step {
	uint32_t next;
	/* Whether the word may change so; otherwise `next` is the word as it was. */
	bool taken;
};

/* A sender takes a place.  Refused if there is none. */
/*@ requires inv: is_room(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_room(\result.next);
  @ behavior room:
  @   assumes 0 < word <= UMP__ROOM_MOST;
  @   ensures step: \result.taken == \true && room_takes(word, \result.next);
  @ behavior full:
  @   assumes word == 0 || word == UMP__ROOM_LINE;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_take_step(uint32_t word);

/* A place becomes free.  Refused if there is a line: then the place is its first one's. */
/*@ requires inv: is_room(word);
  @ requires taken: word != UMP__ROOM_MOST;
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_room(\result.next);
  @ behavior room:
  @   assumes word < UMP__ROOM_MOST;
  @   ensures step: \result.taken == \true && room_gives(word, \result.next);
  @ behavior line:
  @   assumes word == UMP__ROOM_LINE;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_give_step(uint32_t word);

/* Somebody begins a line.  Refused if there is room, or a line already. */
/*@ requires inv: is_room(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_room(\result.next);
  @ behavior none:
  @   assumes word == 0;
  @   ensures step: \result.taken == \true && room_begins(word, \result.next);
  @ behavior refused:
  @   assumes word != 0;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_begin_step(uint32_t word);

/* The line has become empty.  Refused if there was none. */
/*@ requires inv: is_room(word);
  @ terminates \true;
  @ assigns \result \from word;
  @ ensures inv: is_room(\result.next);
  @ behavior line:
  @   assumes word == UMP__ROOM_LINE;
  @   ensures step: \result.taken == \true && room_ends(word, \result.next);
  @ behavior refused:
  @   assumes word != UMP__ROOM_LINE;
  @   ensures same: \result.taken == \false && \result.next == word;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
struct ump__room_step ump__room_end_step(uint32_t word);

/* How many messages are queued, of `capacity`. */
/*@ requires inv: is_room(word) && capacity <= UMP__ROOM_MOST;
  @ terminates \true;
  @ assigns \result \from word, capacity;
  @ ensures bound: \result <= capacity;
  @ behavior own:
  @   assumes room_of(word) <= capacity;
  @   ensures depth: \result == capacity - room_of(word);
  @ behavior foreign:
  @   assumes room_of(word) > capacity;
  @   ensures depth: \result == 0;
  @ complete behaviors;
  @ disjoint behaviors;
  @*/
uint32_t ump__room_depth(uint32_t word, uint32_t capacity);

/* What every word satisfies, at run time. */
/*@ terminates \true;
  @ assigns \result \from word;
  @ ensures mirror: \result <==> is_room(word);
  @*/
static inline bool ump__room_is_valid(uint32_t word)
{
	return word <= UMP__ROOM_LINE;
}

#endif
