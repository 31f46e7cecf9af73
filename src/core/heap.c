/* SPDX-License-Identifier: 0BSD */
#include "core/heap.h"

#include <stddef.h>

void ump__heap_init(struct ump__heap *heap)
{
	heap->entries = NULL;
	heap->places = NULL;
	heap->count = 0;
	heap->room = 0;
}

void ump__heap_grow(
	struct ump__heap *heap, struct ump__heap_entry *entries, uint32_t *places, uint32_t room)
{
	const struct ump__heap_entry *old = heap->entries;
	const uint32_t *was = heap->places;
	uint32_t end = heap->room;
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= end;
	  @ loop invariant keys: \forall integer p; 0 <= p < i ==> entries[p].key == old[p].key;
	  @ loop invariant slots: \forall integer p; 0 <= p < i ==> entries[p].slot == old[p].slot;
	  @ loop invariant places: \forall integer p; 0 <= p < i ==> places[p] == was[p];
	  @ loop assigns i, entries[0 .. end - 1], places[0 .. end - 1];
	  @ loop variant end - i;
	  @*/
	for (i = 0; i < end; i++) {
		entries[i].key = old[i].key;
		entries[i].slot = old[i].slot;
		places[i] = was[i];
	}
	/*@ loop invariant range: end <= i <= room;
	  @ loop invariant slots: \forall integer p; end <= p < i ==> entries[p].slot == p;
	  @ loop invariant places: \forall integer p; end <= p < i ==> places[p] == p;
	  @ loop assigns i, entries[end .. room - 1], places[end .. room - 1];
	  @ loop variant room - i;
	  @*/
	for (; i < room; i++) {
		entries[i].key = 0;
		entries[i].slot = i;
		places[i] = i;
	}
	/*@ assert names: heap_names(entries, places, room); */
	/*@ assert places: heap_places(entries, places, room); */
	/*@ assert ordered: heap_ordered(entries, heap->count); */
	/*@ assert keys: \forall integer s; 0 <= s < end ==>
	  @   entries[places[s]].key == old[was[s]].key; */
	heap->entries = entries;
	heap->places = places;
	heap->room = room;
}

/* Move the hole up, by moving parents down, until `key` is not before the parent of the hole.
 * Returns the hole, which waits for `slot`. */
/*@ requires memory: heap_memory(heap);
  @ requires range: hole < heap->count && slot < heap->room;
  @ requires names: heap_names_but(heap->entries, heap->places, heap->room, hole, slot);
  @ requires places: heap_places_but(heap->entries, heap->places, heap->room, hole, slot);
  @ requires ordered: heap_ordered_but(heap->entries, heap->count, hole);
  @ requires bridged: heap_bridged(heap->entries, heap->count, hole);
  @ terminates \true;
  @ assigns heap->entries[0 .. heap->count - 1], heap->places[0 .. heap->room - 1];
  @ ensures range: \result <= hole;
  @ ensures names: heap_names_but(heap->entries, heap->places, heap->room, \result, slot);
  @ ensures places: heap_places_but(heap->entries, heap->places, heap->room, \result, slot);
  @ ensures ordered: heap_ordered_but(heap->entries, heap->count, \result);
  @ ensures bridged: heap_bridged(heap->entries, heap->count, \result);
  @ ensures above: heap_above(heap->entries, \result, key);
  @ ensures rest: heap_same_but{Pre, Post}(heap->entries, heap->places, heap->room,
  @   heap->count, heap->count, slot);
  @*/
static uint32_t rise(const struct ump__heap *heap, uint32_t hole, int64_t key)
/*@ ghost (uint32_t slot) */
{
	struct ump__heap_entry *entries = heap->entries;
	uint32_t *places = heap->places;
	/*@ ghost uint32_t room = heap->room; */
	/*@ ghost uint32_t count = heap->count; */

	/*@ loop invariant range: hole <= \at(hole, Pre);
	  @ loop invariant names: heap_names_but(entries, places, room, hole, slot);
	  @ loop invariant places: heap_places_but(entries, places, room, hole, slot);
	  @ loop invariant ordered: heap_ordered_but(entries, count, hole);
	  @ loop invariant bridged: heap_bridged(entries, count, hole);
	  @ loop invariant rest: heap_same_but{Pre, Here}(entries, places, room, count, count,
	  @   slot);
	  @ loop assigns hole, entries[0 .. count - 1], places[0 .. room - 1];
	  @ loop variant hole;
	  @*/
	while (hole > 0) {
		uint32_t parent = (hole - 1) / 2;
		uint64_t moved = entries[parent].slot;

		/*@ assert parent: 2 * parent + 1 <= hole <= 2 * parent + 2; */
		/*@ assert moved: moved < room && moved != slot && places[moved] == parent; */
		if (entries[parent].key <= key)
			break;
		/*@ assert entries: \forall integer p; 0 <= p < room && p != hole && p != parent ==>
		  @   entries[p].slot != moved; */
		/*@ assert slots: \forall integer s; 0 <= s < room && s != slot && s != moved ==>
		  @   places[s] != parent; */
		entries[hole].key = entries[parent].key;
		entries[hole].slot = moved;
		places[moved] = hole;
		hole = parent;
	}
	return hole;
}

/* Move the hole down, by moving children up, until no child of the hole is before `key`.  Returns
 * the hole, which waits for `slot`. */
/*@ requires memory: heap_memory(heap);
  @ requires range: hole < heap->count && slot < heap->room;
  @ requires names: heap_names_but(heap->entries, heap->places, heap->room, hole, slot);
  @ requires places: heap_places_but(heap->entries, heap->places, heap->room, hole, slot);
  @ requires ordered: heap_ordered_but(heap->entries, heap->count, hole);
  @ requires bridged: heap_bridged(heap->entries, heap->count, hole);
  @ requires above: heap_above(heap->entries, hole, key);
  @ terminates \true;
  @ assigns heap->entries[0 .. heap->count - 1], heap->places[0 .. heap->room - 1];
  @ ensures range: \result < heap->count;
  @ ensures names: heap_names_but(heap->entries, heap->places, heap->room, \result, slot);
  @ ensures places: heap_places_but(heap->entries, heap->places, heap->room, \result, slot);
  @ ensures ordered: heap_ordered_but(heap->entries, heap->count, \result);
  @ ensures bridged: heap_bridged(heap->entries, heap->count, \result);
  @ ensures above: heap_above(heap->entries, \result, key);
  @ ensures below: heap_below(heap->entries, heap->count, \result, key);
  @ ensures rest: heap_same_but{Pre, Post}(heap->entries, heap->places, heap->room,
  @   heap->count, heap->count, slot);
  @*/
static uint32_t sink(const struct ump__heap *heap, uint32_t hole, int64_t key)
/*@ ghost (uint32_t slot) */
{
	struct ump__heap_entry *entries = heap->entries;
	uint32_t *places = heap->places;
	uint32_t count = heap->count;
	/*@ ghost uint32_t room = heap->room; */

	/*@ loop invariant range: hole < count;
	  @ loop invariant names: heap_names_but(entries, places, room, hole, slot);
	  @ loop invariant places: heap_places_but(entries, places, room, hole, slot);
	  @ loop invariant ordered: heap_ordered_but(entries, count, hole);
	  @ loop invariant bridged: heap_bridged(entries, count, hole);
	  @ loop invariant above: heap_above(entries, hole, key);
	  @ loop invariant rest: heap_same_but{Pre, Here}(entries, places, room, count, count,
	  @   slot);
	  @ loop assigns hole, entries[0 .. count - 1], places[0 .. room - 1];
	  @ loop variant count - hole;
	  @*/
	while (2 * hole + 1 < count) {
		uint32_t child = 2 * hole + 1;
		uint64_t moved;

		if (child + 1 < count && entries[child + 1].key < entries[child].key)
			child++;
		moved = entries[child].slot;
		/*@ assert moved: moved < room && moved != slot && places[moved] == child; */
		/*@ assert least: \forall integer q;
		  @   2 * hole + 1 <= q <= 2 * hole + 2 && q < count ==>
		  @   entries[child].key <= entries[q].key; */
		if (key <= entries[child].key)
			break;
		/*@ assert entries: \forall integer p; 0 <= p < room && p != hole && p != child ==>
		  @   entries[p].slot != moved; */
		/*@ assert slots: \forall integer s; 0 <= s < room && s != slot && s != moved ==>
		  @   places[s] != child; */
		entries[hole].key = entries[child].key;
		entries[hole].slot = moved;
		places[moved] = hole;
		hole = child;
	}
	return hole;
}

/* Fill the hole with `key` and `slot`, after moving the hole to where these belong. */
/*@ requires memory: heap_memory(heap);
  @ requires range: hole < heap->count && slot < heap->room;
  @ requires names: heap_names_but(heap->entries, heap->places, heap->room, hole, slot);
  @ requires places: heap_places_but(heap->entries, heap->places, heap->room, hole, slot);
  @ requires ordered: heap_ordered_but(heap->entries, heap->count, hole);
  @ requires bridged: heap_bridged(heap->entries, heap->count, hole);
  @ terminates \true;
  @ assigns heap->entries[0 .. heap->count - 1], heap->places[0 .. heap->room - 1];
  @ ensures names: heap_names(heap->entries, heap->places, heap->room);
  @ ensures places: heap_places(heap->entries, heap->places, heap->room);
  @ ensures ordered: heap_ordered(heap->entries, heap->count);
  @ ensures key: heap_has(heap, slot) && heap_key(heap, slot) == key;
  @ ensures rest: heap_same_but{Pre, Post}(heap->entries, heap->places, heap->room,
  @   heap->count, heap->count, slot);
  @*/
static void settle(const struct ump__heap *heap, uint32_t hole, int64_t key, uint32_t slot)
{
	hole = rise(heap, hole, key) /*@ ghost (slot) */;
	hole = sink(heap, hole, key) /*@ ghost (slot) */;
	heap->entries[hole].key = key;
	heap->entries[hole].slot = slot;
	heap->places[slot] = hole;
}

uint32_t ump__heap_push(struct ump__heap *heap, int64_t key)
{
	uint32_t hole = heap->count;
	uint32_t slot = (uint32_t)heap->entries[hole].slot;

	heap->count++;
	settle(heap, hole, key, slot);
	return slot;
}

void ump__heap_change(struct ump__heap *heap, uint32_t slot, int64_t key)
{
	settle(heap, heap->places[slot], key, slot);
}

void ump__heap_remove(struct ump__heap *heap, uint32_t slot)
{
	uint32_t hole = heap->places[slot];
	uint32_t last = heap->count - 1;
	int64_t key = heap->entries[last].key;
	uint32_t moved = (uint32_t)heap->entries[last].slot;

	heap->count = last;
	if (hole == last)
		return;
	/*@ assert moved: moved != slot && heap->places[moved] == last; */
	/*@ assert ordered: heap_ordered_but(heap->entries, last, hole); */
	/*@ assert bridged: heap_bridged(heap->entries, last, hole); */
	/*@ assert others: \forall integer s; 0 <= s < heap->room && s != moved ==>
	  @   heap->places[s] != last; */
	/* The freed slot changes places with the last entry, which then belongs elsewhere. */
	heap->entries[last].slot = slot;
	heap->places[slot] = last;
	settle(heap, hole, key, moved);
	/*@ assert memory: heap_memory(heap); */
}

uint32_t ump__heap_first(const struct ump__heap *heap)
{
	/*@ ghost
	  @ uint32_t g = 1;
	  @ /@ loop invariant range: 1 <= g <= heap->count;
	  @   @ loop invariant least: \forall integer p; 0 <= p < g ==>
	  @   @   heap->entries[0].key <= heap->entries[p].key;
	  @   @ loop assigns g;
	  @   @ loop variant heap->count - g;
	  @   @/
	  @ while (g < heap->count) {
	  @   /@ assert parent: 2 * ((g - 1) / 2) + 1 <= g <= 2 * ((g - 1) / 2) + 2; @/
	  @   /@ assert above: heap->entries[(g - 1) / 2].key <= heap->entries[g].key; @/
	  @   g++;
	  @ }
	  @*/
	return (uint32_t)heap->entries[0].slot;
}

bool ump__heap_is_valid(const struct ump__heap *heap)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= heap->room;
	  @ loop invariant entries: \forall integer p; 0 <= p < i ==>
	  @   heap->entries[p].slot < heap->room && heap->places[heap->entries[p].slot] == p;
	  @ loop invariant places: \forall integer s; 0 <= s < i ==>
	  @   heap->places[s] < heap->room && heap->entries[heap->places[s]].slot == s;
	  @ loop assigns i;
	  @ loop variant heap->room - i;
	  @*/
	for (i = 0; i < heap->room; i++) {
		uint64_t slot = heap->entries[i].slot;
		uint32_t place = heap->places[i];

		if (slot >= heap->room || heap->places[slot] != i)
			return false;
		if (place >= heap->room || heap->entries[place].slot != i)
			return false;
	}
	/*@ loop invariant range: 1 <= i;
	  @ loop invariant ordered: heap->count > 0 ==>
	  @   i <= heap->count && heap_ordered(heap->entries, i);
	  @ loop assigns i;
	  @ loop variant heap->count - i;
	  @*/
	for (i = 1; i < heap->count; i++) {
		/*@ assert parent: 2 * ((i - 1) / 2) + 1 <= i <= 2 * ((i - 1) / 2) + 2; */
		if (heap->entries[(i - 1) / 2].key > heap->entries[i].key)
			return false;
	}
	return true;
}
