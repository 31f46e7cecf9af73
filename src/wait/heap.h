/* SPDX-License-Identifier: 0BSD */
/*
 * A binary heap of times (J. W. J. Williams, "Algorithm 232: Heapsort", 1964), each in a numbered
 * slot, so that its owner can find, change and remove any of them.  Sequential: no atomics, no
 * threads.
 *
 * The owner provides two arrays of `room` elements.  `entries` is a permutation of the slots: the
 * first `count` are the heap, in its order, and the others are the free slots.  `places` is the
 * inverse permutation.  So taking and freeing a slot needs no list besides.  The key lies beside
 * the slot, so that a comparison reads no other memory.
 *
 * The owner may have a structure for each slot: ump__heap_enlarge keeps these and the arrays in one
 * allocation.  A slot is used again, so what is in it gets a number, which contains how often the
 * slot was freed before.
 */
#ifndef UMP_WAIT_HEAP_H
#define UMP_WAIT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most slots of a heap: the numbers of an entry's children must not overflow. */
#define UMP__HEAP_MOST ((uint32_t)1 << 31)

struct ump__heap_entry {
	int64_t key;
	/* Below `room`. */
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

/* Make an empty heap without slots. */
void ump__heap_init(struct ump__heap *heap);

/* Move a heap to larger arrays.  The new slots are free, and follow the old ones in number.  The
 * old arrays are the caller's again. */
void ump__heap_grow(
	struct ump__heap *heap, struct ump__heap_entry *entries, uint32_t *places, uint32_t room);

/* Allocate larger arrays, and with them a structure of `size` bytes, a multiple of 4, for each
 * slot.  `owned` is where these were, or NULL.  Returns where they are: as they were, or zero for a
 * new slot.  NULL: no memory; nothing has changed. */
void *ump__heap_enlarge(struct ump__heap *heap, const void *owned, size_t size);

/* Free what ump__heap_enlarge has allocated. */
void ump__heap_free(struct ump__heap *heap);

/* Return the number of what is in a slot that was freed `generation` times; it is not 0. */
static inline uint64_t ump__heap_number(uint32_t slot, uint32_t generation)
{
	return (uint64_t)generation << 32 | ((uint64_t)slot + 1);
}

/* Return the slot of a number; not that of a heap for some numbers that ump__heap_number does not
 * return. */
static inline uint32_t ump__heap_slot(uint64_t number)
{
	return (uint32_t)number - 1;
}

/* Take a free slot for `key`, and return it. */
uint32_t ump__heap_push(struct ump__heap *heap, int64_t key);

/* Change the key of a slot in use. */
void ump__heap_change(struct ump__heap *heap, uint32_t slot, int64_t key);

/* Free a slot in use. */
void ump__heap_remove(struct ump__heap *heap, uint32_t slot);

/* Return the slot with the least key; one of them, if several are equal. */
uint32_t ump__heap_first(const struct ump__heap *heap);

/* Return whether a slot is in use. */
static inline bool ump__heap_has(const struct ump__heap *heap, uint32_t slot)
{
	return slot < heap->room && heap->places[slot] < heap->count;
}

/* Return the key of a slot in use. */
static inline int64_t ump__heap_key(const struct ump__heap *heap, uint32_t slot)
{
	return heap->entries[heap->places[slot]].key;
}

/* Check the invariant of a heap, at run time. */
bool ump__heap_is_valid(const struct ump__heap *heap);

#endif
