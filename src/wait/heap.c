/* SPDX-License-Identifier: 0BSD */
#include "wait/heap.h"

#include "sync/sync.h"

#include <string.h>

/* Slots of the first allocation; each further one doubles them. */
#define FIRST 2

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

	for (i = 0; i < end; i++) {
		entries[i].key = old[i].key;
		entries[i].slot = old[i].slot;
		places[i] = was[i];
	}
	for (; i < room; i++) {
		entries[i].key = 0;
		entries[i].slot = i;
		places[i] = i;
	}
	heap->entries = entries;
	heap->places = places;
	heap->room = room;
}

void *ump__heap_enlarge(struct ump__heap *heap, const void *owned, size_t size)
{
	size_t each = sizeof(struct ump__heap_entry) + sizeof(uint32_t) + size;
	size_t most = SIZE_MAX / each < UMP__HEAP_MOST ? SIZE_MAX / each : UMP__HEAP_MOST;
	uint32_t old = heap->room;
	uint32_t room = old == 0 ? FIRST : 2 * old;
	struct ump__heap_entry *before = heap->entries;
	struct ump__heap_entry *entries;
	unsigned char *made;

	if (old > most / 2)
		return NULL;
	entries = ump__alloc(room * each);
	if (entries == NULL)
		return NULL;
	made = (unsigned char *)(entries + room);
	if (owned != NULL)
		memcpy(made, owned, old * size);
	memset(made + old * size, 0, (room - old) * size);
	ump__heap_grow(heap, entries, (uint32_t *)(void *)(made + room * size), room);
	ump__free(before);
	return made;
}

void ump__heap_free(struct ump__heap *heap)
{
	ump__free(heap->entries);
	ump__heap_init(heap);
}

/* Move the hole up, by moving parents down, until `key` is not before the parent of the hole.
 * Returns the hole, which waits for `slot`. */
static uint32_t rise(const struct ump__heap *heap, uint32_t hole, int64_t key)
{
	struct ump__heap_entry *entries = heap->entries;
	uint32_t *places = heap->places;

	while (hole > 0) {
		uint32_t parent = (hole - 1) / 2;
		uint64_t moved = entries[parent].slot;

		if (entries[parent].key <= key)
			break;
		entries[hole].key = entries[parent].key;
		entries[hole].slot = moved;
		places[moved] = hole;
		hole = parent;
	}
	return hole;
}

/* Move the hole down, by moving children up, until no child of the hole is before `key`.  Returns
 * the hole, which waits for `slot`. */
static uint32_t sink(const struct ump__heap *heap, uint32_t hole, int64_t key)
{
	struct ump__heap_entry *entries = heap->entries;
	uint32_t *places = heap->places;
	uint32_t count = heap->count;

	while (2 * hole + 1 < count) {
		uint32_t child = 2 * hole + 1;
		uint64_t moved;

		if (child + 1 < count && entries[child + 1].key < entries[child].key)
			child++;
		moved = entries[child].slot;
		if (key <= entries[child].key)
			break;
		entries[hole].key = entries[child].key;
		entries[hole].slot = moved;
		places[moved] = hole;
		hole = child;
	}
	return hole;
}

/* Fill the hole with `key` and `slot`, after moving the hole to where these belong. */
static void settle(const struct ump__heap *heap, uint32_t hole, int64_t key, uint32_t slot)
{
	hole = rise(heap, hole, key);
	hole = sink(heap, hole, key);
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
	/* The freed slot changes places with the last entry, which then belongs elsewhere. */
	heap->entries[last].slot = slot;
	heap->places[slot] = last;
	settle(heap, hole, key, moved);
}

uint32_t ump__heap_first(const struct ump__heap *heap)
{
	return (uint32_t)heap->entries[0].slot;
}

bool ump__heap_is_valid(const struct ump__heap *heap)
{
	uint32_t i;

	for (i = 0; i < heap->room; i++) {
		uint64_t slot = heap->entries[i].slot;
		uint32_t place = heap->places[i];

		if (slot >= heap->room || heap->places[slot] != i)
			return false;
		if (place >= heap->room || heap->entries[place].slot != i)
			return false;
	}
	for (i = 1; i < heap->count; i++) {
		if (heap->entries[(i - 1) / 2].key > heap->entries[i].key)
			return false;
	}
	return true;
}
