/* SPDX-License-Identifier: 0BSD */
/*
 * A binary heap of times (J. W. J. Williams, "Algorithm 232: Heapsort", 1964), each in a numbered
 * slot, so that its owner can find, change and remove any of them.  Sequential: no atomics, no
 * threads, no memory of its own.
 *
 * The owner provides two arrays of `room` elements.  `entries` is a permutation of the slots: the
 * first `count` are the heap, in its order, and the others are the free slots.  `places` is the
 * inverse permutation.  So taking and freeing a slot needs no list besides.  The key lies beside
 * the slot, so that a comparison reads no other memory.
 */
#ifndef UMP_CORE_HEAP_H
#define UMP_CORE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* The most slots of a heap: the numbers of an entry's children must not overflow. */
#define UMP__HEAP_MOST ((uint32_t)1 << 31)

struct ump__heap_entry {
	int64_t key;
	/* Below `room`.  Its type fills the entry, and differs from that of places, so that a
	 * prover sees that a write to one is none to the other. */
	uint64_t slot;
};

struct ump__heap {
	struct ump__heap_entry *entries;
	/* The place of each slot in `entries`. */
	uint32_t *places;
	/* Slots in use: the size of the heap. */
	uint32_t count;
	/* All slots. */
	uint32_t room;
};

/*@ // The arrays are there, and apart.
  @ predicate heap_memory{L}(struct ump__heap *h) =
  @   \valid{L}(h) && h->count <= h->room <= UMP__HEAP_MOST &&
  @   \valid{L}(h->entries + (0 .. h->room - 1)) && \valid{L}(h->places + (0 .. h->room - 1)) &&
  @   \separated(h, h->entries + (0 .. h->room - 1), h->places + (0 .. h->room - 1));
  @
  @ // Each entry names a slot whose place it is; and each slot has a place that names it.
  @ predicate heap_names{L}(struct ump__heap_entry *e, uint32_t *at, integer room) =
  @   \forall integer p; 0 <= p < room ==> e[p].slot < room && at[e[p].slot] == p;
  @ predicate heap_places{L}(struct ump__heap_entry *e, uint32_t *at, integer room) =
  @   \forall integer s; 0 <= s < room ==> at[s] < room && e[at[s]].slot == s;
  @
  @ // The same, but for the place `hole`, which waits for the slot `held`.
  @ predicate heap_names_but{L}(struct ump__heap_entry *e, uint32_t *at, integer room,
  @   integer hole, integer held) =
  @   \forall integer p; 0 <= p < room && p != hole ==>
  @     e[p].slot < room && e[p].slot != held && at[e[p].slot] == p;
  @ predicate heap_places_but{L}(struct ump__heap_entry *e, uint32_t *at, integer room,
  @   integer hole, integer held) =
  @   \forall integer s; 0 <= s < room && s != held ==>
  @     at[s] < room && at[s] != hole && e[at[s]].slot == s;
  @
  @ // No entry is before its parent.
  @ predicate heap_ordered{L}(struct ump__heap_entry *e, integer count) =
  @   \forall integer p, q; 0 <= p && 2 * p + 1 <= q <= 2 * p + 2 && q < count ==>
  @     e[p].key <= e[q].key;
  @
  @ // The same, but for the place `hole`; and its children are not before its parent.
  @ predicate heap_ordered_but{L}(struct ump__heap_entry *e, integer count, integer hole) =
  @   \forall integer p, q; 0 <= p && 2 * p + 1 <= q <= 2 * p + 2 && q < count &&
  @     p != hole && q != hole ==> e[p].key <= e[q].key;
  @ predicate heap_bridged{L}(struct ump__heap_entry *e, integer count, integer hole) =
  @   \forall integer p, q; 0 <= p && 2 * p + 1 <= hole <= 2 * p + 2 &&
  @     2 * hole + 1 <= q <= 2 * hole + 2 && q < count ==> e[p].key <= e[q].key;
  @
  @ // No child of the place `hole` is before `key`.
  @ predicate heap_below{L}(struct ump__heap_entry *e, integer count, integer hole, integer key) =
  @   \forall integer q; 2 * hole + 1 <= q <= 2 * hole + 2 && q < count ==> key <= e[q].key;
  @
  @ // The parent of the place `hole` is not after `key`.
  @ predicate heap_above{L}(struct ump__heap_entry *e, integer hole, integer key) =
  @   \forall integer p; 0 <= p && 2 * p + 1 <= hole <= 2 * p + 2 ==> e[p].key <= key;
  @
  @ predicate heap_is_valid{L}(struct ump__heap *h) =
  @   heap_memory{L}(h) && heap_names{L}(h->entries, h->places, h->room) &&
  @   heap_places{L}(h->entries, h->places, h->room) &&
  @   heap_ordered{L}(h->entries, h->count);
  @
  @ predicate heap_has{L}(struct ump__heap *h, integer s) =
  @   0 <= s < h->room && h->places[s] < h->count;
  @
  @ logic integer heap_key{L}(struct ump__heap *h, integer s) = h->entries[h->places[s]].key;
  @
  @ // What the slots other than `held` contain is the same at two moments.
  @ predicate heap_same_but{K, L}(struct ump__heap_entry *e, uint32_t *at, integer room,
  @   integer was, integer count, integer held) =
  @   \forall integer s; 0 <= s < room && s != held ==>
  @     (\at(at[s], K) < was <==> \at(at[s], L) < count) &&
  @     (\at(at[s], L) < count ==>
  @       \at(e[\at(at[s], K)].key, K) == \at(e[\at(at[s], L)].key, L));
  @*/

/* Make an empty heap without slots. */
/*@ requires valid: \valid(heap);
  @ terminates \true;
  @ assigns *heap;
  @ ensures none: heap->count == 0 && heap->room == 0;
  @*/
void ump__heap_init(struct ump__heap *heap);

/* Move a heap to larger arrays.  The new slots are free, and follow the old ones in number.  The
 * old arrays are the caller's again. */
/*@ requires valid: heap_is_valid(heap);
  @ requires larger: heap->room <= room <= UMP__HEAP_MOST;
  @ requires arrays: \valid(entries + (0 .. room - 1)) && \valid(places + (0 .. room - 1));
  @ requires apart: \separated(heap, entries + (0 .. room - 1), places + (0 .. room - 1),
  @   heap->entries + (0 .. heap->room - 1), heap->places + (0 .. heap->room - 1));
  @ terminates \true;
  @ assigns *heap, entries[0 .. room - 1], places[0 .. room - 1];
  @ ensures there: heap->entries == entries && heap->places == places && heap->room == room;
  @ ensures count: heap->count == \old(heap->count);
  @ ensures valid: heap_is_valid(heap);
  @ ensures same: \forall integer s; 0 <= s < \old(heap->room) ==>
  @   heap->places[s] == \old(heap->places[s]) && heap_key(heap, s) == \old(heap_key(heap, s));
  @*/
void ump__heap_grow(
	struct ump__heap *heap, struct ump__heap_entry *entries, uint32_t *places, uint32_t room);

/* Take a free slot for `key`, and return it. */
/*@ requires valid: heap_is_valid(heap);
  @ requires free: heap->count < heap->room;
  @ terminates \true;
  @ assigns heap->count, heap->entries[0 .. heap->room - 1], heap->places[0 .. heap->room - 1];
  @ ensures valid: heap_is_valid(heap);
  @ ensures count: heap->count == \old(heap->count) + 1;
  @ ensures new: heap_has(heap, \result) && heap_key(heap, \result) == key;
  @ ensures free: !\old(heap_has(heap, \result));
  @ ensures rest: heap_same_but{Pre, Post}(heap->entries, heap->places, heap->room,
  @   \old(heap->count), heap->count, \result);
  @*/
uint32_t ump__heap_push(struct ump__heap *heap, int64_t key);

/* Change the key of a slot in use. */
/*@ requires valid: heap_is_valid(heap);
  @ requires used: heap_has(heap, slot);
  @ terminates \true;
  @ assigns heap->entries[0 .. heap->room - 1], heap->places[0 .. heap->room - 1];
  @ ensures valid: heap_is_valid(heap);
  @ ensures key: heap_has(heap, slot) && heap_key(heap, slot) == key;
  @ ensures rest: heap_same_but{Pre, Post}(heap->entries, heap->places, heap->room,
  @   heap->count, heap->count, slot);
  @*/
void ump__heap_change(struct ump__heap *heap, uint32_t slot, int64_t key);

/* Free a slot in use. */
/*@ requires valid: heap_is_valid(heap);
  @ requires used: heap_has(heap, slot);
  @ terminates \true;
  @ assigns heap->count, heap->entries[0 .. heap->room - 1], heap->places[0 .. heap->room - 1];
  @ ensures valid: heap_is_valid(heap);
  @ ensures count: heap->count == \old(heap->count) - 1;
  @ ensures gone: !heap_has(heap, slot);
  @ ensures rest: heap_same_but{Pre, Post}(heap->entries, heap->places, heap->room,
  @   \old(heap->count), heap->count, slot);
  @*/
void ump__heap_remove(struct ump__heap *heap, uint32_t slot);

/* Return the slot with the least key; one of them, if several are equal. */
/*@ requires valid: heap_is_valid(heap);
  @ requires some: heap->count > 0;
  @ terminates \true;
  @ assigns \result \from heap->entries[0].slot;
  @ ensures used: heap_has(heap, \result) && heap->places[\result] == 0;
  @ ensures least: \forall integer p; 0 <= p < heap->count ==>
  @   heap_key(heap, \result) <= heap->entries[p].key;
  @*/
uint32_t ump__heap_first(const struct ump__heap *heap);

/* Return whether a slot is in use. */
/*@ requires valid: heap_is_valid(heap);
  @ terminates \true;
  @ assigns \result \from heap->room, heap->count, heap->places[0 .. heap->room - 1], slot;
  @ ensures has: \result <==> heap_has(heap, slot);
  @*/
static inline bool ump__heap_has(const struct ump__heap *heap, uint32_t slot)
{
	return slot < heap->room && heap->places[slot] < heap->count;
}

/* Return the key of a slot in use. */
/*@ requires valid: heap_is_valid(heap);
  @ requires used: heap_has(heap, slot);
  @ terminates \true;
  @ assigns \result \from heap->entries[0 .. heap->room - 1], heap->places[0 .. heap->room - 1],
  @   slot;
  @ ensures key: \result == heap_key(heap, slot);
  @*/
static inline int64_t ump__heap_key(const struct ump__heap *heap, uint32_t slot)
{
	return heap->entries[heap->places[slot]].key;
}

/* Check the invariant of a heap, at run time. */
/*@ requires memory: heap_memory(heap);
  @ terminates \true;
  @ assigns \result \from *heap, heap->entries[0 .. heap->room - 1],
  @   heap->places[0 .. heap->room - 1];
  @ ensures mirror: \result <==> heap_is_valid(heap);
  @*/
bool ump__heap_is_valid(const struct ump__heap *heap);

#endif
