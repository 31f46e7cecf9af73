/* SPDX-License-Identifier: 0BSD */
/*
 * Variables of the simulated program that lie neither in the arena nor on a stack: what is static
 * in the library, and the slots of threads.  They are found out as they are written; each execution
 * begins with what they held at first, and they belong to the state.
 */
#ifndef SIM_STATICS_H
#define SIM_STATICS_H

#include <stddef.h>
#include <stdint.h>

/* All hold again what they held at first. */
void statics_begin(void);

/* `size` bytes at `address` are about to be written. */
void statics_note(uintptr_t address, size_t size);

uint64_t statics_hash(uint64_t hash);

#endif
