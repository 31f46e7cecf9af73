/* SPDX-License-Identifier: 0BSD */
#include "wait/pairing.h"

static bool is_before(const struct ump__pairing_entry *one, const struct ump__pairing_entry *other)
{
	return one->key != other->key ? one->key < other->key : one->order < other->order;
}

/* Make one of two heaps a child of the other's root.  Returns the root, without siblings; either
 * may be NULL. */
static struct ump__pairing_entry *meld(
	struct ump__pairing_entry *one, struct ump__pairing_entry *other)
{
	struct ump__pairing_entry *above = one;
	struct ump__pairing_entry *below = other;

	if (one == NULL || other == NULL)
		return one != NULL ? one : other;
	if (is_before(other, one)) {
		above = other;
		below = one;
	}
	below->next = above->child;
	if (below->next != NULL)
		below->next->previous = below;
	below->previous = above;
	above->child = below;
	above->next = NULL;
	return above;
}

/* Meld siblings in two passes: by pairs, and then these from the last to the first. */
static struct ump__pairing_entry *meld_all(struct ump__pairing_entry *first)
{
	struct ump__pairing_entry *pairs = NULL;
	struct ump__pairing_entry *root = NULL;

	while (first != NULL) {
		struct ump__pairing_entry *second = first->next;
		struct ump__pairing_entry *rest = second != NULL ? second->next : NULL;
		struct ump__pairing_entry *pair = meld(first, second);

		pair->next = pairs;
		pairs = pair;
		first = rest;
	}
	while (pairs != NULL) {
		struct ump__pairing_entry *rest = pairs->next;

		pairs->next = NULL;
		root = meld(root, pairs);
		pairs = rest;
	}
	return root;
}

static void set_root(struct ump__pairing *heap, struct ump__pairing_entry *root)
{
	heap->root = root;
	if (root != NULL)
		root->previous = root;
}

void ump__pairing_add(struct ump__pairing *heap, struct ump__pairing_entry *entry, int64_t key)
{
	entry->key = key;
	entry->order = heap->added++;
	entry->child = NULL;
	entry->next = NULL;
	set_root(heap, meld(heap->root, entry));
	heap->count++;
}

void ump__pairing_remove(struct ump__pairing *heap, struct ump__pairing_entry *entry)
{
	struct ump__pairing_entry *children = meld_all(entry->child);

	if (entry == heap->root) {
		set_root(heap, children);
	} else {
		if (entry->previous->child == entry)
			entry->previous->child = entry->next;
		else
			entry->previous->next = entry->next;
		if (entry->next != NULL)
			entry->next->previous = entry->previous;
		set_root(heap, meld(heap->root, children));
	}
	entry->child = NULL;
	entry->next = NULL;
	entry->previous = NULL;
	heap->count--;
}
