/* SPDX-License-Identifier: 0BSD */
/*
 * A pairing heap of times (Fredman, Sedgewick, Sleator and Tarjan 1986), whose entries lie in what
 * they belong to: to add one needs no memory, so it cannot fail.  Equal times are in the order in
 * which they were added.  Sequential: no atomics, no threads.
 */
#ifndef UMP_WAIT_PAIRING_H
#define UMP_WAIT_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ump__pairing_entry {
	int64_t key;
	/* Decides between equal keys. */
	uint64_t order;
	/* The first child, the next sibling, and the previous one, or the parent of a first child.
	 * `previous` of the root is the entry itself; of one that is in no heap, NULL. */
	struct ump__pairing_entry *child;
	struct ump__pairing_entry *next;
	struct ump__pairing_entry *previous;
};

/* A heap that is zero is empty. */
struct ump__pairing {
	struct ump__pairing_entry *root;
	uint64_t added;
	size_t count;
};

static inline bool ump__pairing_has(const struct ump__pairing_entry *entry)
{
	return entry->previous != NULL;
}

/* Add an entry that is in no heap. */
void ump__pairing_add(struct ump__pairing *heap, struct ump__pairing_entry *entry, int64_t key);

/* Remove an entry of this heap. */
void ump__pairing_remove(struct ump__pairing *heap, struct ump__pairing_entry *entry);

#endif
