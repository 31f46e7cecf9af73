/* SPDX-License-Identifier: 0BSD */
/* C11 atomics by views: which stores a load may return, and what the thread learns from them. */
#ifndef SIM_VIEWS_H
#define SIM_VIEWS_H

#include "machine/machine.h"

#include <stdbool.h>
#include <stdint.h>

void views_begin(void);

/* Perform one atomic operation of the calling thread; the result is the value that was read.
 * `taken`, for a compare-exchange: whether it changed the word. */
uint64_t views_perform(const struct step *step, bool *taken);

/* Read the word for a park: as a relaxed load, which also sees every store that earlier wakers at
 * this word had seen. */
uint64_t views_compare(const struct step *step);

/* The calling thread wakes a sleeper at `address`: see views_compare. */
void views_wake(uintptr_t address);

/* The calling thread's frames below `limit` are gone, with the atomic words in them. */
void views_frame_gone(uintptr_t limit);

/* Whether only the calling thread has used the word of `step` in this exploration, so that no other
 * thread can tell when the step happens.  If another thread uses it later, the exploration begins
 * anew (views_mistaken) with that knowledge. */
bool views_alone(const struct step *step);

/* Whether that has happened since the last call. */
bool views_mistaken(void);

/* Before an exploration: forget which threads use which words. */
void views_explore_anew(void);

/* `size` bytes of memory were freed, with the atomic words in them. */
void views_free(uintptr_t address, size_t size);

/* Hash all that the views allow from here on; and what one view allows. */
uint64_t views_hash(uint64_t hash);
uint64_t views_hash_one(const struct view *view);

#endif
