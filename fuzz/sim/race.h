/* SPDX-License-Identifier: 0BSD */
/*
 * Data races, by vector clocks: two accesses to the same bytes, at least one of them a write and at
 * least one of them not atomic, with neither ordered before the other.
 *
 * Memory is watched in units of four bytes, each with a mask of the bytes that were accessed.
 */
#ifndef SIM_RACE_H
#define SIM_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum access {
	PLAIN_READ,
	PLAIN_WRITE,
	ATOMIC_READ,
	ATOMIC_WRITE,
	ACCESS_KINDS
};

/* What is known of four bytes of memory. */
struct shadow {
	uint32_t generation;
	/* The atomic word that begins here, by its number in views.c; -1: none. */
	int16_t location;
	/* It begins anew with the next store: its stack frame has gone, or a plain write came. */
	bool fresh;
	/* Which threads have touched it: one bit each.  `last` means something only for these. */
	uint8_t touched;
	/* By kind and thread: when it last did this (a clock, times 16) and to which bytes. */
	uint32_t last[ACCESS_KINDS][8];
};

/* An access by the calling thread.  It fails the execution if it races, or if the memory is not the
 * program's any more. */
void race_access(uintptr_t address, size_t size, enum access access, uintptr_t pc);

/* To free is to write all of it, as far as races go. */
void race_free(uintptr_t address, size_t size, uintptr_t pc);

struct shadow *race_shadow(uintptr_t address);

/* Whether a thread other than the calling one has touched this. */
bool race_shared(const struct shadow *shadow);

/* Whether the calling thread has written this, not atomically, since it was allocated. */
bool race_written(const struct shadow *shadow);

#endif
