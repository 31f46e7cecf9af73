/* SPDX-License-Identifier: 0BSD */
/*
 * Every atomic access of the library, in one place: this is the page of memory orders.  The shell
 * reaches its words through these functions only.  When compiled they are C11 atomics; when proved
 * they are contracts, since Frama-C gives C11 atomics no meaning.  No other file knows __FRAMAC__.
 *
 * Each order comment names its partner on the other side and what the pair carries.  There are no
 * fences: ThreadSanitizer does not model them.
 */
#ifndef UMP_SYNC_ATOMIC_H
#define UMP_SYNC_ATOMIC_H

#include "core/call.h"
#include "core/counts.h"
#include "core/inbox.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __FRAMAC__
#define UMP__ATOMIC(type) type
#else
#include <stdatomic.h>
#define UMP__ATOMIC(type) _Atomic(type)
#endif

/* A word that a thread can park on: an inbox, or the state of a call. */
struct ump__word {
	UMP__ATOMIC(uintptr_t) value;
};

/* The reference counts of a channel. */
struct ump__counts {
	UMP__ATOMIC(uint64_t) value;
};

/* A number that may be out of date: on which CPU the other side last ran. */
struct ump__hint {
	UMP__ATOMIC(int) value;
};

#ifndef __FRAMAC__

/* ---- Any word ------------------------------------------------------------------------------ */

/* Before the word is shared.  ORDER: none; sharing it (a push, a thread's start) publishes it. */
static inline void ump__word_init(struct ump__word *word, uintptr_t value)
{
	atomic_init(&word->value, value);
}

/* ORDER: relaxed.  For waiting loops, which go on to one of the operations below. */
static inline uintptr_t ump__word_peek(const struct ump__word *word)
{
	return atomic_load_explicit(&word->value, memory_order_relaxed);
}

/* ---- The inbox ----------------------------------------------------------------------------- */

/* ORDER push: release here -> acquire in ump__inbox_word_take and _close.  Carries: the node's
 * fields and the message.  A push on top of another continues its release sequence, so the taker
 * acquires all nodes of the chain at once.  Failure is relaxed: nothing is read by it. */
static inline bool ump__inbox_word_push(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&word->value, seen, next, memory_order_release, memory_order_relaxed);
}

/* ORDER push: acquire here <- release in ump__inbox_word_push.  Carries: nodes and messages. */
static inline uintptr_t ump__inbox_word_take(struct ump__word *word)
{
	return atomic_exchange_explicit(&word->value, UMP__INBOX_EMPTY, memory_order_acquire);
}

/* ORDER: relaxed, to park and to unpark.  No memory goes with it: the push that replaces PARKED
 * carries its node by itself, and sleeping is ordered by the platform's check of the word. */
static inline bool ump__inbox_word_park(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* ORDER push: acquire here <- release in ump__inbox_word_push.  Carries: the leftovers. */
static inline uintptr_t ump__inbox_word_close(struct ump__word *word)
{
	return atomic_exchange_explicit(&word->value, UMP__INBOX_CLOSED, memory_order_acquire);
}

/* ---- The state of a call ------------------------------------------------------------------- */

/* ORDER answer: acquire here <- release in ump__call_word_finish.  Carries: the code and the reply.
 * ORDER abandon: acquire here <- release in ump__call_word_abandon, where the dispatcher finds a
 * queued request given up.  Carries: the waiter's last reads of the call, before it is freed. */
static inline uintptr_t ump__call_word_load(const struct ump__word *word)
{
	return atomic_load_explicit(&word->value, memory_order_acquire);
}

/* ORDER answer: release here -> acquire in ump__call_word_load.  Carries: the code and the reply.
 * ORDER abandon: acquire here <- release in ump__call_word_abandon, if this finds ABANDONED.
 * Carries: the waiter's last reads of the call, before the answerer frees it. */
static inline uintptr_t ump__call_word_finish(struct ump__word *word)
{
	return atomic_exchange_explicit(&word->value, UMP__CALL_DONE, memory_order_acq_rel);
}

/* ORDER: relaxed, to sleep and to rise.  No memory goes with it; an answer found on failure is read
 * again by ump__call_word_load. */
static inline bool ump__call_word_wait(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* ORDER abandon: release here -> acquire in ump__call_word_finish and _load.  Carries: the waiter's
 * last reads of the call.  On failure the answer is read again by ump__call_word_load. */
static inline bool ump__call_word_abandon(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_release, memory_order_relaxed);
}

/* ---- The counts ---------------------------------------------------------------------------- */

/* Before the channel is shared.  ORDER: none, as ump__word_init. */
static inline void ump__counts_init(struct ump__counts *counts)
{
	atomic_init(&counts->value, UMP__COUNTS_FIRST);
}

/* ORDER: relaxed.  Where a compare-exchange loop begins; the exchange checks it. */
static inline uint64_t ump__counts_load(const struct ump__counts *counts)
{
	return atomic_load_explicit(&counts->value, memory_order_relaxed);
}

/* ORDER: relaxed.  Who adds a reference has one (of either kind), and with it all that the channel
 * holds; nothing else is read through the new one. */
static inline bool ump__counts_add(struct ump__counts *counts, uint64_t *seen, uint64_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&counts->value, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* ORDER drop: release here -> acquire in ump__counts_settle.  Carries: all that was done with the
 * reference: pushes, which must lie before the goodbye, and reads of the channel, before it is
 * freed.  Every change of the counts is a read-modify-write, so the last one's acquire covers all
 * earlier drops through the release sequence. */
static inline bool ump__counts_drop(struct ump__counts *counts, uint64_t *seen, uint64_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&counts->value, seen, next, memory_order_release, memory_order_relaxed);
}

/* ORDER drop: acquire here <- release in ump__counts_drop.  For the one who dropped the last
 * strong reference, before the goodbye, and the last of all, before freeing.  Carries: what all
 * others did with theirs.  A load, since a fence would escape ThreadSanitizer. */
static inline void ump__counts_settle(const struct ump__counts *counts)
{
	(void)atomic_load_explicit(&counts->value, memory_order_acquire);
}

/* ---- Hints --------------------------------------------------------------------------------- */

/* Before it is shared.  ORDER: none, as ump__word_init. */
static inline void ump__hint_init(struct ump__hint *hint, int value)
{
	atomic_init(&hint->value, value);
}

/* ORDER: relaxed.  A wrong guess costs time, never correctness. */
static inline int ump__hint_get(const struct ump__hint *hint)
{
	return atomic_load_explicit(&hint->value, memory_order_relaxed);
}

/* ORDER: relaxed, as ump__hint_get. */
static inline void ump__hint_set(struct ump__hint *hint, int value)
{
	atomic_store_explicit(&hint->value, value, memory_order_relaxed);
}

#endif

#endif
