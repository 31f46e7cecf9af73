/* SPDX-License-Identifier: 0BSD */
/*
 * What the program's threads synchronize through: mutexes, conditions and so on, by their
 * addresses.  Only what they are in is kept here; locks.c says what their functions do with it.
 */
#ifndef SIM_USER_OBJECTS_H
#define SIM_USER_OBJECTS_H

#include "machine/machine.h"

#include <stdbool.h>
#include <stdint.h>

#define NO_OWNER (-1)

struct object {
	uintptr_t address;
	uint32_t generation;
	/* A mutex: the thread that owns it, and how many times.  A lock for reading and writing:
	 * the writer. */
	int owner;
	int count;
	/* A barrier: the threads that it waits for, and how often they have all come. */
	int need;
	int rounds;
	/* A lock for reading: by thread, how many times it has it. */
	uint8_t readers[SIM_THREADS];
	/* What the next to acquire it learns; and what the next writer learns from readers. */
	struct view view;
	struct view readers_view;
};

void objects_begin(void);

/* Find the object at an address, or begin one there. */
struct object *object_at(uintptr_t address);

/* It was initialised or destroyed: it begins anew. */
void object_forget(uintptr_t address);

/* Pass what the calling thread knows on to `view`. */
void object_publish(struct view *view);

/* Sleep until a thread wakes the sleepers at `address`; true: the deadline came first.  `op` is the
 * step that the thread is in. */
bool object_sleep(enum operation op, uintptr_t address, int64_t deadline);

/* Wake all threads that sleep at `address`, or one by choice; return their number. */
unsigned object_wake_all(uintptr_t address);
unsigned object_wake_one(uintptr_t address);

uint64_t objects_hash(uint64_t hash);

#endif
