/* SPDX-License-Identifier: 0BSD */
/*
 * The two words on which a semaphore (fair_semaphore.h) counts its permits, and which state whether
 * it has a wait queue: the loops that publish the steps (transition functions) of core/permit.h.
 */
#ifndef UMP_PERMITS_H
#define UMP_PERMITS_H

#include "sync/atomic.h"

#include <stdbool.h>
#include <stdint.h>

/* Acquire a permit.  Returns false if none is free or there is a wait queue. */
bool ump__permit_take(struct ump__permits *permits);

/* Release a permit.  Returns false if there is a wait queue; the caller must then hand the permit
 * to its first waiter. */
bool ump__permit_give(struct ump__permits *permits);

/* Begin a wait queue.  Returns false if a permit is free after all.  Requires the lock, and no wait
 * queue. */
bool ump__permit_queue_begin(struct ump__permits *permits);

/* End the wait queue.  Requires the lock, and a wait queue. */
void ump__permit_queue_end(struct ump__permits *permits);

/* Return the number of permits in use. */
uint32_t ump__permits_depth(const struct ump__permits *permits);

/* For a sender that spins: return a snapshot of the number of free permits, which may exceed the
 * capacity (core/permit.h), and in `*has_queue` whether there is a wait queue, which it must
 * join. */
uint64_t ump__permits_left(const struct ump__permits *permits, bool *has_queue);

#endif
