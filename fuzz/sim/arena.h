/* SPDX-License-Identifier: 0BSD */
/*
 * The simulated memory.  Blocks are not used again within one execution, so that a use after free
 * is always seen; only if that is a rarity allowed, and chosen, the one that was freed last.  Each
 * thread allocates from a part of its own: so the addresses, and with them the states, do not
 * depend on the order in which threads allocate.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include "sim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_PART ((size_t)16 * 1024)

void arena_begin(void);

/* `size` bytes at a multiple of `align`.  `counted`: not to be given back is a leak. */
void *arena_alloc(size_t size, size_t align, bool counted);

/* Check that `address` is a live block's beginning, and let it go. */
void arena_free(uintptr_t address);

/* The size of the live block that begins at `address`. */
size_t arena_size(uintptr_t address);

/* The memory itself: a part for each thread. */
extern unsigned char arena_memory[SIM_THREADS][ARENA_PART];

/* Whether an address lies in the arena; if so, that it may be used. */
static inline bool arena_has(uintptr_t address)
{
	return address - (uintptr_t)arena_memory < sizeof arena_memory;
}

void arena_require(uintptr_t address, size_t size);

/* The first leaked block's size and owner; false: there is none. */
bool arena_leak(size_t *size, int *thread);

/* A name for an address, the same on every machine; 0: not in the arena. */
uint64_t arena_name(uintptr_t address);

/* A number for all that lies in memory. */
uint64_t arena_hash(uint64_t hash);

#endif
