/* SPDX-License-Identifier: 0BSD */
/*
 * Variables of the simulated program outside the arena and the stacks: static variables of the
 * library, and the slots of threads.  They are discovered when they are written; each execution
 * begins with their first values, and they belong to the state.
 */
#ifndef SIM_STATICS_H
#define SIM_STATICS_H

#include <stddef.h>
#include <stdint.h>

/* Restore the first value of each. */
void statics_begin(void);

/* `size` bytes at `address` are about to be written. */
void statics_note(uintptr_t address, size_t size);

uint64_t statics_hash(uint64_t hash);

#endif
