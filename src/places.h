/* SPDX-License-Identifier: 0BSD */
/*
 * The permits of a bounded inbox, and whether it has a wait queue: the loops that publish the steps
 * (transition functions) of core/room.h.
 */
#ifndef UMP_PLACES_H
#define UMP_PLACES_H

#include "sync/atomic.h"

#include <stdbool.h>
#include <stdint.h>

/* Acquire a permit.  Returns false if none is free or there is a wait queue. */
bool ump__place_take(struct ump__places *places);

/* Release a permit.  Returns false if there is a wait queue; the caller must then hand the permit
 * to its first waiter. */
bool ump__place_give(struct ump__places *places);

/* Begin a wait queue.  Returns false if a permit was released just now.  Requires the lock, and no
 * wait queue. */
bool ump__line_begin(struct ump__places *places);

/* End the wait queue.  Requires the lock, and a wait queue. */
void ump__line_end(struct ump__places *places);

/* Return the number of permits in use. */
uint32_t ump__places_depth(const struct ump__places *places);

/* For a sender that spins: return a snapshot of the number of free permits, and in `*line` whether
 * there is a wait queue, which it must join. */
uint64_t ump__places_left(const struct ump__places *places, bool *line);

#endif
