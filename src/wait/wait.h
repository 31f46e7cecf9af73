/* SPDX-License-Identifier: 0BSD */
/*
 * The wait-for graph: which handler waits for which server.  A handler that would close a wait
 * cycle gets UMP_DEADLOCK instead; [deadlock].  Only waits of handlers are edges of the graph.  For
 * all other callers, beginning a wait costs one read of a thread-local pointer.
 *
 * Each server is a vertex.  A wait must be published at the vertices of all servers in whose
 * callbacks its thread is, before the walk along the edges begins.  So if several waits close a
 * cycle together, at least one of their walks sees all edges of the cycle: a walk that misses
 * another wait's edge visited that vertex before the edge was published, and so happens before the
 * walk of that wait; the last walk in this order misses none.
 *
 * At most one vertex is locked at a time.  The server of a published wait stays alive: the caller
 * must hold a reference to it until the wait ends; without one it must begin no wait.  The walk
 * takes another reference under the lock of the vertex, before it moves on.  core/walk.h states
 * what a walk may conclude.
 */
#ifndef UMP_WAIT_H
#define UMP_WAIT_H

#include "sync/sync.h"
#include "wait/answer.h"
#include "wait/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct ump__channel;

/* A wait.  It belongs to the waiter, and is mostly on its stack. */
struct ump__wait {
	/* Server that must act before the wait can end. */
	struct ump__channel *server;
	/* State of the answer that ends the wait. */
	const struct ump__word *state;
	/* NULL, or a hint that is not 0 once that server need not be the answerer any more: the
	 * request's context was kept, or init has succeeded. */
	const struct ump__hint *kept;
	/* Frames of the handlers that wait, the innermost first.  NULL: the wait is not published
	 * (no handler waits, there is nothing to wait for, or it has ended). */
	struct ump__frame *waiter;
	/* The first of these frames that was already blocked in an outer wait, and that wait; or
	 * NULL. */
	struct ump__frame *boundary;
	struct ump__wait *outer;
};

/* Return whether `wait` still waits for its server: not if the answer is there, or may come from
 * elsewhere.  The lock must be held that guards its edge. */
bool ump__wait_is_pending(const struct ump__wait *wait);

/* Publish a wait whose `waiter` is not NULL, unless there is nothing to wait for.  Returns false if
 * it would close a cycle; then there is nothing to end. */
bool ump__wait_publish(struct ump__wait *wait);

/* End a wait that was published. */
void ump__wait_withdraw(struct ump__wait *wait);

/* Begin a wait for `server`; the caller must hold a reference to it until the wait ends.  Returns
 * false if the wait would close a cycle; then there is nothing to end.  A wait may begin before
 * there is anything to wait for: before a request is sent, for example. */
static inline bool ump__wait_begin(struct ump__wait *wait, struct ump__channel *server,
	const struct ump__word *state, const struct ump__hint *kept)
{
	*wait = (struct ump__wait){server, state, kept, ump__frame_top(), NULL, NULL};
	return wait->waiter == NULL || ump__wait_publish(wait);
}

/* The same for the frame `waiter` and its outer ones, instead of the calling thread's; it must not
 * be NULL. */
bool ump__wait_begin_for(struct ump__wait *wait, struct ump__frame *waiter,
	struct ump__channel *server, const struct ump__word *state);

/* End a wait, also if its cause failed, such as a request that could not be sent.  Must be called
 * before its `state` may be gone. */
static inline void ump__wait_end(struct ump__wait *wait)
{
	if (wait->waiter != NULL)
		ump__wait_withdraw(wait);
}

/* Return whether the wait of a worker (channel/crowd.h), which lies at `wait` and may end
 * meanwhile, is part of a cycle with the wait for the answer of state `through`.  The caller must
 * have a reference to `server`, which is its server, and `state` is its state. */
bool ump__wait_is_stuck(const struct ump__wait *wait, struct ump__channel *server,
	const struct ump__word *state, const struct ump__word *through);

/* Begin a wait, wait for an answer that `server` owes the caller, and end the wait.  UMP_OK.
 * UMP_TIMED_OUT: the answer is still owed.  UMP_DEADLOCK: the wait would close a cycle; the answer
 * is still owed.  `deadline` must be from ump__deadline_at_call.  `other_cpu` is where the answerer
 * last ran.  The waiter only. */
int ump__wait_answer(struct ump__answer *answer, struct ump__channel *server,
	const struct ump__hint *kept, ump_time deadline, int other_cpu);

#endif
