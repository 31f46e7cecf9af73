/* SPDX-License-Identifier: 0BSD */
/* Atomic accesses to any word, the inbox, the state of a call, hints and event counts.  Part of
 * sync/atomic.h, which includes this, and whose rules hold here. */
#ifndef UMP_SYNC_ATOMIC_WORDS_H
#define UMP_SYNC_ATOMIC_WORDS_H

#include "core/call.h"
#include "core/inbox.h"
#include "core/stop.h"
#include "sync/words.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- Any word ------------------------------------------------------------------------------ */

/* Call before the word is shared.  ORDER: none; sharing it (a push, a thread's start) publishes
 * it. */
static inline void ump__word_init(struct ump__word *word, uintptr_t value)
{
	atomic_init(&word->value, value);
}

/* ORDER: relaxed.  For waiting loops, which then perform one of the operations below. */
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

/* ORDER: relaxed, to park and to unpark.  It carries no memory: the push that replaces PARKED
 * carries its node by itself, and sleeping is ordered by the platform's check of the word. */
static inline bool ump__inbox_word_park(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* ORDER push: release here -> acquire in ump__inbox_word_take and _close, as ump__inbox_word_push.
 * ORDER combiner: acquire here <- release in ump__inbox_word_release, if this replaces PARKED.
 * Carries: all that earlier combiners did: the handler's state, and the receiving end's. */
static inline bool ump__inbox_word_push_combiner(
	struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&word->value, seen, next, memory_order_acq_rel, memory_order_relaxed);
}

/* ORDER combiner: acquire here <- release in ump__inbox_word_release.  Carries: what earlier
 * combiners did.  It publishes nothing: the next combiner acquires what ump__inbox_word_release
 * releases. */
static inline bool ump__inbox_word_claim(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_acquire, memory_order_relaxed);
}

/* ORDER combiner: release here -> acquire in ump__inbox_word_push_combiner and
 * ump__inbox_word_claim.  Carries: what this combiner did.  On failure the caller remains the
 * combiner, and must take the nodes by ump__inbox_word_take. */
static inline bool ump__inbox_word_release(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_release, memory_order_relaxed);
}

/* ORDER push: acquire here <- release in ump__inbox_word_push.  Carries: the undelivered
 * messages.
 * ORDER close: release here -> acquire in ump__inbox_word_load.  Carries: the owner's last accesses
 * to cancellable requests, and to those of a handler itself, that are in flight. */
static inline uintptr_t ump__inbox_word_close(struct ump__word *word)
{
	return atomic_exchange_explicit(&word->value, UMP__INBOX_CLOSED, memory_order_acq_rel);
}

/* ORDER close: acquire here <- release in ump__inbox_word_close, if this finds CLOSED.  Carries:
 * the owner's last accesses to a cancellable request, or one of a handler itself, before its
 * answerer frees it. */
static inline uintptr_t ump__inbox_word_load(const struct ump__word *word)
{
	return atomic_load_explicit(&word->value, memory_order_acquire);
}

/* ---- The watches of a server's end ----------------------------------------------------------- */

/* With the lock of the watches held.  ORDER end: acquire here <- release in ump__watches_word_end
 * and _close.  Carries, if this finds CLOSED: what the server did, its callbacks too. */
static inline uintptr_t ump__watches_word_load(const struct ump__word *word)
{
	return atomic_load_explicit(&word->value, memory_order_acquire);
}

/* With the lock held.  ORDER: relaxed.  The lock carries the list; on failure the word is read
 * again by ump__watches_word_load. */
static inline bool ump__watches_word_link(struct ump__word *word, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, next, memory_order_relaxed, memory_order_relaxed);
}

/* With the lock held.  ORDER unlinked: release here -> acquire in ump__watches_word_end.  Carries:
 * the last accesses to the channel by a thread that has no reference to it. */
static inline void ump__watches_word_unlink(struct ump__word *word, uintptr_t next)
{
	atomic_store_explicit(&word->value, next, memory_order_release);
}

/* Close the word if there is no watch; without the lock.  ORDER end: release here -> acquire in
 * ump__watches_word_load.  Carries: what the server did.  ORDER unlinked: acquire here <- release
 * in ump__watches_word_unlink.  Carries: the last accesses to the channel. */
static inline bool ump__watches_word_end(struct ump__word *word, uintptr_t *seen)
{
	return atomic_compare_exchange_strong_explicit(
		&word->value, seen, UMP__INBOX_CLOSED, memory_order_acq_rel, memory_order_relaxed);
}

/* With the lock held.  ORDER end: release here -> acquire in ump__watches_word_load.  Carries: what
 * the server did. */
static inline uintptr_t ump__watches_word_close(struct ump__word *word)
{
	return atomic_exchange_explicit(&word->value, UMP__INBOX_CLOSED, memory_order_release);
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

/* ORDER: relaxed, to sleep and to unpark.  It carries no memory; an answer found on failure is read
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

/* ---- Hints --------------------------------------------------------------------------------- */

/* Call before it is shared.  ORDER: none, as ump__word_init. */
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

/* ---- The state of a delayed post ------------------------------------------------------------ */

/* ORDER delayed: release here -> acquire in ump__delayed_word_change.  Carries, from a controller:
 * the period that it has set; from the dispatcher: what the handler did with the value, before a
 * cancel drops it, and its last access to the post, before another thread drops the reference of
 * the server's side; and from a thread that finds the message queued: the link that it has put into
 * the list of news.  ORDER delayed: acquire here <- release in ump__delayed_word_change.  Every
 * change is a read-modify-write, so each acquires all earlier ones.  Failure is relaxed: nothing is
 * read by it. */
static inline bool ump__delayed_word_change(
	struct ump__word *state, uintptr_t *seen, uintptr_t next)
{
	return atomic_compare_exchange_weak_explicit(
		&state->value, seen, next, memory_order_acq_rel, memory_order_relaxed);
}

/* ORDER: relaxed.  The change of the state that follows carries it; of two that are set at the same
 * time, any one is in use. */
static inline int64_t ump__period_get(const struct ump__count *period)
{
	return (int64_t)atomic_load_explicit(&period->value, memory_order_relaxed);
}

/* ORDER: relaxed, as ump__period_get. */
static inline void ump__period_set(struct ump__count *period, int64_t value)
{
	atomic_store_explicit(&period->value, (uint64_t)value, memory_order_relaxed);
}

/* ---- Attention ----------------------------------------------------------------------------- */

/* Call before it is shared.  ORDER: none, as ump__word_init. */
static inline void ump__attention_init(struct ump__attention *attention, uint32_t bits)
{
	atomic_init(&attention->value, bits);
}

/* ORDER: relaxed.  The dispatcher may see a stop late, but not later than the marker, whose push
 * (ump__inbox_word_push) carries the bit. */
static inline uint32_t ump__attention_peek(const struct ump__attention *attention)
{
	return atomic_load_explicit(&attention->value, memory_order_relaxed);
}

/* Returns the bits before.  ORDER: relaxed.  It publishes nothing: only the thread that sets the
 * bit writes the record. */
static inline uint32_t ump__attention_claim(struct ump__attention *attention)
{
	return atomic_fetch_or_explicit(
		&attention->value, UMP__ATTENTION_CLAIMED, memory_order_relaxed);
}

/* Returns the bits before.  ORDER stop: release here -> acquire in ump__attention_end.  Carries:
 * the record. */
static inline uint32_t ump__attention_stop(struct ump__attention *attention)
{
	return atomic_fetch_or_explicit(
		&attention->value, UMP__ATTENTION_STOP, memory_order_release);
}

/* Returns the bits before.  ORDER stop: acquire here <- release in ump__attention_stop.  Carries:
 * the record. */
static inline uint32_t ump__attention_end(struct ump__attention *attention)
{
	return atomic_fetch_or_explicit(
		&attention->value, UMP__ATTENTION_ENDED, memory_order_acquire);
}

/* ORDER: relaxed.  Only the dispatcher reads this bit.  It sets the bit itself, or the push of a
 * delayed post's message (ump__inbox_word_push) carries it. */
static inline void ump__attention_time(struct ump__attention *attention)
{
	(void)atomic_fetch_or_explicit(
		&attention->value, UMP__ATTENTION_TIMERS, memory_order_relaxed);
}

/* ---- Counts of events ---------------------------------------------------------------------- */

/* Call before it is shared.  ORDER: none, as ump__word_init. */
static inline void ump__count_init(struct ump__count *count, uint64_t value)
{
	atomic_init(&count->value, value);
}

/* ORDER: relaxed.  Numbers for monitoring; nothing depends on them. */
static inline uint64_t ump__count_get(const struct ump__count *count)
{
	return atomic_load_explicit(&count->value, memory_order_relaxed);
}

/* For a count that only one thread writes.  ORDER: relaxed, as ump__count_get. */
static inline void ump__count_set(struct ump__count *count, uint64_t value)
{
	atomic_store_explicit(&count->value, value, memory_order_relaxed);
}

/* Any thread; `by` may be a number below 0, modulo 2^64.  ORDER: relaxed, as ump__count_get. */
static inline void ump__count_add(struct ump__count *count, uint64_t by)
{
	atomic_fetch_add_explicit(&count->value, by, memory_order_relaxed);
}

/* Raise it to `value`, unless it is higher already; return its value then.  Any thread.
 * ORDER: relaxed, as ump__count_get; no thread that reads it sees it fall. */
static inline uint64_t ump__count_raise(struct ump__count *count, uint64_t value)
{
	uint64_t seen = ump__count_get(count);

	while (seen < value) {
		if (atomic_compare_exchange_weak_explicit(&count->value, &seen, value,
			    memory_order_relaxed, memory_order_relaxed))
			return value;
	}
	return seen;
}

#endif
