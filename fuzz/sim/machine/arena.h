/* SPDX-License-Identifier: 0BSD */
/*
 * The simulated memory.  Blocks are not reused within one execution, so that every use after free
 * is detected; the exception, if that rarity is allowed and chosen, is the block freed last.  Each
 * thread allocates from its own part: addresses, and with them states, do not depend on the order
 * in which threads allocate.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include "machine/sim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef SIM_MEMORY
#define SIM_MEMORY 16
#endif
#define ARENA_PART ((size_t)SIM_MEMORY * 1024)

void arena_begin(void);

/* What has been allocated before the first execution belongs to all of them: each begins with its
 * present contents. */
void arena_keep(void);

/* Allocate `size` bytes at a multiple of `align`.  `counted`: a block that is not freed is a
 * leak. */
void *arena_alloc(size_t size, size_t align, bool counted);

/* Check that `address` is the beginning of a live block, and free the block. */
void arena_free(uintptr_t address);

/* Return the size of the live block that begins at `address`. */
size_t arena_size(uintptr_t address);

/* The memory itself: one part per thread. */
extern unsigned char arena_memory[SIM_THREADS][ARENA_PART];

/* Whether an address lies in the arena; and check that it may be accessed. */
static inline bool arena_has(uintptr_t address)
{
	return address - (uintptr_t)arena_memory < sizeof arena_memory;
}

void arena_require(uintptr_t address, size_t size);

/* Get the size and thread of the first leaked block; false if there is none. */
bool arena_leak(size_t *size, int *thread);

/* Memory in which pointers to blocks are searched for. */
struct arena_root {
	const void *from;
	size_t size;
};

/* The same, but a block is leaked only if no pointer to it lies in the roots, or in a block that is
 * not leaked; and get its address and the position of the code that allocated it. */
bool arena_lost(const struct arena_root *roots, int count, size_t *size, int *thread,
	uintptr_t *address, uintptr_t *pc);

/* Return a name for an address, the same on every machine; 0: not in the arena. */
uint64_t arena_name(uintptr_t address);

/* Hash the contents of the memory. */
uint64_t arena_hash(uint64_t hash);

/* Get the number of the block that may be reused, and return the view of the thread that freed it;
 * NULL: no block may be reused. */
struct view;
const struct view *arena_freed(size_t *number);

#endif
