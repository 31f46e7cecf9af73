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

/* Whether nobody but the calling thread has ever used the word of `step`, in this exploration: so
 * nobody can tell when the step happens.  Should somebody use it later, the exploration begins anew
 * (views_mistaken), and knows it then. */
bool views_alone(const struct step *step);

/* Whether that has happened since the last call. */
bool views_mistaken(void);

/* Before an exploration: nothing is known of who uses what. */
void views_explore_anew(void);

/* `size` bytes of memory were freed, and the atomic words in them. */
void views_free(uintptr_t address, size_t size);

/* A number for all that the views allow from here on; and for what one view allows. */
uint64_t views_hash(uint64_t hash);
uint64_t views_hash_one(const struct view *view);

#endif
