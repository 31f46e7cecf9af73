/* SPDX-License-Identifier: 0BSD */
/*
 * Requests of a completion queue that can be given up one by one: at a deadline, or by a number.
 *
 * Such a request has two sides, the owner of the queue and the answerer, and its state
 * (core/call.h) decides between them: the owner abandons it, or the answerer completes it and
 * pushes it to the queue.  Each has a slot of a heap, whose keys are the deadlines.  The slot
 * contains what the owner needs if the answerer has the request.  All of this is allocated for the
 * first such request.
 *
 * Answers of all other requests must not have to ask whether they are of this kind.  So these
 * requests are sent with a front in place of the queue: a completion queue that is closed from the
 * beginning.  An answer that finds its queue closed asks.
 */
#ifndef UMP_CANCELLABLES_H
#define UMP_CANCELLABLES_H

#include "call/completions.h"
#include "call/request.h"
#include "wait/heap.h"

#include <stdbool.h>

struct ump__cancellable {
	/* NULL once it was given up. */
	struct ump__request *request;
	void *tag;
	/* How often the slot was freed: a part of the number. */
	uint32_t generation;
};

struct ump__cancellables {
	/* Must be first: the last reference to it frees all of this.  Each request has one. */
	struct ump_completions front;
	/* The rest is the owner's.  The key of a slot is the deadline of its request; UMP_FOREVER
	 * also once the request is known to be answered; and below 0, in order, if it was
	 * cancelled. */
	struct ump__heap heap;
	struct ump__cancellable *slots;
	int64_t cancelled;
};

/* Reserve a slot with `deadline`, and a reference to the front.  UMP_OK, UMP_NO_MEMORY or
 * UMP_OVERFLOW.  The owner only, as all functions that have no other comment. */
int ump__cancellable_open(ump_completions *completions, ump_time deadline, uint32_t *slot);

/* Undo that: the request was not sent. */
void ump__cancellable_undo(struct ump__cancellables *all, uint32_t slot);

/* Make `request`, which will be sent with a tag, the one of `slot`. */
void ump__cancellable_set(struct ump__cancellables *all, uint32_t slot,
	struct ump__request *request, void *tag, ump_time deadline);

/* Return the number of the request in `slot`. */
uint64_t ump__cancellable_id(const struct ump__cancellables *all, uint32_t slot);

/* Describe the next request that was given up: cancelled, or whose deadline has passed.  Returns
 * false if there is none. */
bool ump__cancellables_next(struct ump__cancellables *all, struct ump_completion *told);

/* An answer has come out of the queue: free its slot, and return its tag. */
void *ump__cancellable_take(struct ump__cancellables *all, const struct ump__request *request);

/* Return the time until which there is nothing to describe; UMP_NOW if there is.  `all` may be
 * NULL. */
ump_time ump__cancellables_due(const struct ump__cancellables *all);

/* Give up everything; the queue must be closed. */
void ump__cancellables_drop(struct ump__cancellables *all);

/* The answerer only: complete `request`, whose code is set, and push it to the queue behind the
 * front.  Returns false if it was given up, or the queue was dropped; then the caller owns it. */
bool ump__cancellable_answer(struct ump_completions *front, struct ump__request *request);

/* The answerer only: whether `request`, which was sent with this front, is still waited for. */
bool ump__cancellable_is_wanted(const struct ump__request *request);

#endif
