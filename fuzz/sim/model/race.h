/* SPDX-License-Identifier: 0BSD */
/*
 * Data races, by vector clocks: two accesses to the same bytes, at least one of them a write and at
 * least one of them not atomic, with neither ordered before the other.
 *
 * Memory is tracked in units of four bytes, each with a mask of the bytes that were accessed.
 */
#ifndef SIM_RACE_H
#define SIM_RACE_H

#include "machine/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shadow of four bytes of memory. */
struct shadow {
	uint32_t generation;
	/* The number, in views.c, of the atomic word that begins here; -1: none. */
	int16_t location;
	/* The word begins anew with the next store: its stack frame has gone, or a plain write
	 * came. */
	bool fresh;
	/* Threads that have accessed it: one bit each.  `last` is valid only for these. */
	uint8_t touched;
	/* By kind and thread: its last access (a clock, times 16) and the mask of its bytes. */
	uint32_t last[ACCESS_KINDS][8];
};

/* An access by the calling thread.  Fails the execution if it races, or if the memory does not
 * belong to the program any more. */
void race_access(uintptr_t address, size_t size, enum access access, uintptr_t pc);

/* A free counts as a write of the whole block. */
void race_free(uintptr_t address, size_t size, uintptr_t pc);

/* Static variables lie there: a faster table for them.  false: no memory. */
bool race_statics(uintptr_t from, size_t size);

struct shadow *race_shadow(uintptr_t address);

/* Whether a thread other than the calling one has accessed it. */
bool race_shared(const struct shadow *shadow);

/* Whether the calling thread has written it, not atomically, since it was allocated. */
bool race_written(const struct shadow *shadow);

#endif
