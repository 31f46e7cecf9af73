/* SPDX-License-Identifier: 0BSD */
/* C11 atomics by views: which stores a load may return, and what it learns from them. */
#ifndef SIM_VIEWS_H
#define SIM_VIEWS_H

#include "machine.h"

#include <stdbool.h>
#include <stdint.h>

void views_begin(void);

/* How many atomic words there are so far. */
int views_locations(void);

/* Perform one atomic operation of the calling thread; the result is the value that was read.
 * `taken`, for a compare-exchange: whether it changed the word. */
uint64_t views_perform(const struct step *step, bool *taken);

/* What a sleeper-to-be compares the word with: as a relaxed load, except that it sees all that
 * those who woke somebody at this word had seen of it. */
uint64_t views_compare(const struct step *step);

/* The calling thread wakes somebody at `address`: see views_compare. */
void views_wake(uintptr_t address);

/* The calling thread's frames below `limit` are gone, and the atomic words in them. */
void views_frame_gone(uintptr_t limit);

/* `size` bytes of memory were freed, and the atomic words in them. */
void views_free(uintptr_t address, size_t size);

/* A number for all that the views allow from here on. */
uint64_t views_hash(uint64_t hash);

#endif
