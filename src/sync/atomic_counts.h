/* SPDX-License-Identifier: 0BSD */
/*
 * Atomic accesses to words that count: references, permits, units of an allocator, raisers in a
 * gate, and marks.  Part of sync/atomic.h, which includes this, and whose rules hold here.
 */
#ifndef UMP_SYNC_ATOMIC_COUNTS_H
#define UMP_SYNC_ATOMIC_COUNTS_H

#include "core/counts.h"
#include "core/permit.h"
#include "sync/words.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- References ---------------------------------------------------------------------------- */

/* Call before the channel is shared.  ORDER: none, as ump__word_init. */
static inline void ump__counts_init(struct ump__counts *counts)
{
	atomic_init(&counts->value, UMP__COUNTS_FIRST);
}

/* ORDER: relaxed.  The first value of a compare-exchange loop; the exchange checks it. */
static inline uint64_t ump__counts_load(const struct ump__counts *counts)
{
	return atomic_load_explicit(&counts->value, memory_order_relaxed);
}

/* ORDER: relaxed.  A thread that adds a reference must own one (of either kind), and with it all
 * that the channel holds; nothing else is read through the new one. */
static inline bool ump__counts_add(struct ump__counts *counts, uint64_t *seen, uint64_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&counts->value, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* ORDER drop: release here -> acquire in ump__counts_settle.  Carries: all that was done with the
 * reference: pushes, which must precede the end-of-stream (EOS) marker, and reads of the channel,
 * before it is freed.  Every change of the counts is a read-modify-write, so the last one's acquire
 * covers all earlier drops through the release sequence. */
static inline bool ump__counts_drop(struct ump__counts *counts, uint64_t *seen, uint64_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&counts->value, seen, next, memory_order_release, memory_order_relaxed);
}

/* ORDER drop: acquire here <- release in ump__counts_drop.  For the thread that dropped the last
 * strong reference, before the EOS marker, and for the last of all, before freeing.  Carries: what
 * all others did with theirs.  A load, since a fence would escape ThreadSanitizer.
 * Before freeing every checker shows the need.  Before the EOS marker none does: without it only an
 * execution in which a load takes its value from a later store (C11 allows it, RC11 rules it out)
 * could put a message above the marker.  One load at a server's end is cheaper than relying on
 * that. */
static inline void ump__counts_settle(const struct ump__counts *counts)
{
	(void)atomic_load_explicit(&counts->value, memory_order_acquire);
}

/* ---- Permits ------------------------------------------------------------------------------- */

/* Call before it is shared.  ORDER: none, as ump__word_init. */
static inline void ump__permits_init(struct ump__permits *permits, uint32_t capacity)
{
	atomic_init(&permits->taken, 0);
	atomic_init(&permits->limit, capacity);
	atomic_init(&permits->reach, 0);
	permits->capacity = capacity;
}

/* ORDER permit: acquire here <- release in ump__taken_change.  Carries: the limit up to which
 * others have taken permits, so that their count is not compared with an older limit. */
static inline uint64_t ump__taken_load(const struct ump__permits *permits)
{
	return atomic_load_explicit(&permits->taken, memory_order_acquire);
}

/* ORDER permit: release here -> acquire in ump__taken_load, and here on failure, where other
 * senders were faster.  Carries: the limit that was seen, to senders that compare theirs with this
 * count.  A success acquires only because in C11 it must not be weaker than a failure.  The permit
 * itself carries no memory: the push that it allows carries the message, and a waiter in the wait
 * queue gets an answer of its own. */
static inline bool ump__taken_change(struct ump__permits *permits, uint64_t *seen, uint64_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&permits->taken, seen, next, memory_order_acq_rel, memory_order_acquire);
}

/* ORDER: relaxed.  The count of taken permits bounds how old this can be; and where a wait queue
 * begins or a permit is given back, the exchange checks it. */
static inline uint64_t ump__limit_load(const struct ump__permits *permits)
{
	return atomic_load_explicit(&permits->limit, memory_order_relaxed);
}

/* ORDER: relaxed.  A permit that is given back and a wait queue that begins meet in this one word:
 * either the new waiter finds the permit, or the giver finds the wait queue. */
static inline bool ump__limit_change(struct ump__permits *permits, uint64_t *seen, uint64_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&permits->limit, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* ORDER: relaxed.  A number for monitoring; the push of the message that made the queue this deep
 * carries it to the receiver. */
static inline uint32_t ump__reach_load(const struct ump__permits *permits)
{
	return atomic_load_explicit(&permits->reach, memory_order_relaxed);
}

/* Raise it to `reach`, unless it is higher already.  ORDER: relaxed, as ump__reach_load. */
static inline void ump__reach_raise(struct ump__permits *permits, uint32_t reach)
{
	uint32_t seen = ump__reach_load(permits);

	while (seen < reach && !atomic_compare_exchange_weak_explicit(&permits->reach, &seen, reach,
				       memory_order_relaxed, memory_order_relaxed))
		;
}

/* ---- Slab allocators ----------------------------------------------------------------------- */

/* ORDER allocator: acquire here <- release in ump__allocator_word_set.  Carries: the new
 * allocator's fields. */
static inline uintptr_t ump__allocator_word_load(const struct ump__word *word)
{
	return atomic_load_explicit(&word->value, memory_order_acquire);
}

/* Set the allocator, unless another thread was first.  ORDER allocator: release here -> acquire in
 * ump__allocator_word_load.  Carries: the new allocator's fields.  ORDER allocator: acquire here <-
 * release in ump__allocator_word_set, for a thread that comes second and continues with the first
 * one's allocator. */
static inline bool ump__allocator_word_set(
	struct ump__word *word, uintptr_t *seen, uintptr_t allocator)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, allocator, memory_order_release, memory_order_acquire);
}

/* Call before it is shared.  ORDER: none, as ump__word_init. */
static inline void ump__trylock_init(struct ump__trylock *trylock)
{
	atomic_init(&trylock->value, 0);
}

/* Try to take the lock, for a sender.  false: another thread holds it.
 * ORDER trylock: acquire here <- release in ump__trylock_give and ump__trylock_return.  Carries:
 * what the lock guards, as its last holder left it. */
static inline bool ump__trylock_take(struct ump__trylock *trylock)
{
	return atomic_exchange_explicit(&trylock->value, 1, memory_order_acquire) == 0;
}

/* The same for a receiver, which may come when the senders have gone: false, and that stays to be
 * seen.  ORDER trylock: acquire here <- release in ump__trylock_give and ump__trylock_return.
 * Carries: what the lock guards, as its last holder left it.  ORDER: relaxed if it is not taken. */
static inline bool ump__trylock_take_late(struct ump__trylock *trylock)
{
	uint32_t seen = 0;

	return atomic_compare_exchange_strong_explicit(
		&trylock->value, &seen, 1, memory_order_acquire, memory_order_relaxed);
}

/* Release the lock.  ORDER trylock: release here -> acquire in ump__trylock_take.  Carries: what
 * the lock guards. */
static inline void ump__trylock_give(struct ump__trylock *trylock)
{
	atomic_store_explicit(&trylock->value, 0, memory_order_release);
}

/* Release the lock, as ump__trylock_give, where the senders may end meanwhile.  true: they have,
 * and left what the lock guards to the caller alone: no thread can take the lock any more.
 * ORDER trylock: release here -> acquire in ump__trylock_take and ump__trylock_take_late.
 * ORDER trylock-end: acquire here <- release in ump__trylock_end.  Carries: what the lock guards,
 * as the last sender left it. */
static inline bool ump__trylock_return(struct ump__trylock *trylock)
{
	uint32_t seen = 1;

	return !atomic_compare_exchange_strong_explicit(
		&trylock->value, &seen, 0, memory_order_release, memory_order_acquire);
}

/* There are no senders any more.  false: the holder of the lock must see to what it guards.
 * ORDER trylock: acquire here <- release in ump__trylock_give and ump__trylock_return.
 * ORDER trylock-end: release here -> acquire in ump__trylock_return.  Carries: what the lock
 * guards. */
static inline bool ump__trylock_end(struct ump__trylock *trylock)
{
	return atomic_exchange_explicit(&trylock->value, 2, memory_order_acq_rel) == 0;
}

/* Call before it is shared.  ORDER: none, as ump__word_init. */
static inline void ump__outstanding_init(struct ump__outstanding *outstanding, uint32_t value)
{
	atomic_init(&outstanding->value, value);
}

/* Call only as the sole user.  ORDER: relaxed; the push of the first thing that is counted
 * publishes it. */
static inline void ump__outstanding_set(struct ump__outstanding *outstanding, uint32_t value)
{
	atomic_store_explicit(&outstanding->value, value, memory_order_relaxed);
}

/* Count one thing more.  The caller must be counted itself, so that the count cannot reach zero
 * meanwhile.  ORDER: relaxed; what it counts is published as anything else that is sent. */
static inline void ump__outstanding_up(struct ump__outstanding *outstanding)
{
	(void)atomic_fetch_add_explicit(&outstanding->value, 1, memory_order_relaxed);
}

/* Subtract `count` things that are no longer in use; true: they were the last.
 * ORDER outstanding: release here -> acquire in ump__outstanding_down.  Carries: the last reads of
 * these, before their memory is used again or freed.  ORDER outstanding: acquire here <- release in
 * ump__outstanding_down, for the last caller, which reuses or frees that memory. */
static inline bool ump__outstanding_down(struct ump__outstanding *outstanding, uint32_t count)
{
	return atomic_fetch_sub_explicit(&outstanding->value, count, memory_order_acq_rel) == count;
}

/* ---- The gate of a notifier ---------------------------------------------------------------- */

/* Enter as a raiser; return the word before.  ORDER: relaxed.  What is behind the gate existed
 * before it was shared, and a raiser that finds it shut must not touch that. */
static inline uintptr_t ump__gate_enter(struct ump__word *gate)
{
	return atomic_fetch_add_explicit(&gate->value, UMP__GATE_RAISER, memory_order_relaxed);
}

/* Leave as a raiser; return the word before.  ORDER gate: release here -> acquire in ump__gate_shut
 * and ump__gate_load.  Carries: the raise, before the descriptor is closed. */
static inline uintptr_t ump__gate_leave(struct ump__word *gate)
{
	return atomic_fetch_sub_explicit(&gate->value, UMP__GATE_RAISER, memory_order_release);
}

/* Shut the gate, as its owner, once; return the new word.  ORDER gate: acquire here <- release in
 * ump__gate_leave.  Carries: the raises of all threads that have left.  Every change is a
 * read-modify-write, so the last one's release is not the only one that counts. */
static inline uintptr_t ump__gate_shut(struct ump__word *gate)
{
	return atomic_fetch_or_explicit(&gate->value, UMP__GATE_SHUT, memory_order_acquire) |
	       UMP__GATE_SHUT;
}

/* ORDER gate: acquire here <- release in ump__gate_leave.  Carries: as ump__gate_shut. */
static inline uintptr_t ump__gate_load(const struct ump__word *gate)
{
	return atomic_load_explicit(&gate->value, memory_order_acquire);
}

/* ---- Marks -------------------------------------------------------------------------------- */

/* Return the next mark, from 1 on; marks tell which of two edges of the wait-for graph was seen
 * first.  Any thread.  ORDER marks: release here -> acquire in ump__marks_next.  Carries: what was
 * seen before the mark was drawn, to each thread that draws a later one.  ORDER marks: acquire here
 * <- release in ump__marks_next. */
static inline uint64_t ump__marks_next(struct ump__count *marks)
{
	return atomic_fetch_add_explicit(&marks->value, 1, memory_order_acq_rel) + 1;
}

#endif
