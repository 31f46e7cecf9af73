/* SPDX-License-Identifier: 0BSD */
/*
 * Variables of the simulated program outside the arena and the stacks: static variables of the
 * library, and the slots of threads.  They are discovered when they are written; each execution
 * begins with their first values, and they belong to the state.  Where they are known beforehand,
 * statics_range names them.
 */
#ifndef SIM_STATICS_H
#define SIM_STATICS_H

#include "machine/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Restore the first value of each. */
void statics_begin(void);

/* `size` bytes at `address` are about to be written. */
void statics_note(uintptr_t address, size_t size);

/* All of these bytes are static variables of the program, whatever writes them.  `restored`: each
 * execution begins with the present values; otherwise they are not the simulator's.  false: too
 * many ranges, or no memory. */
bool statics_range(void *from, size_t size, bool restored);

/* Get the restored ranges, at most `most`; returns their number. */
int statics_ranges(struct arena_root *roots, int most);

uint64_t statics_hash(uint64_t hash);

#endif
