/* SPDX-License-Identifier: 0BSD */
/*
 * The wait-for graph: which handler waits for which server, so that a handler that would close a
 * circle of waits is told so instead; [deadlock].  Only waits of handlers are edges of it.  For all
 * other callers beginning a wait costs one look at a thread-local pointer.
 *
 * Each server is a vertex.  A wait is published at the vertices of all servers in whose callbacks
 * its thread is, before the walk along the edges begins.  So of those who close a circle together
 * at least the one whose walk comes last to a vertex sees all the others' waits: a walk that came
 * to a vertex before another wait was published there, happens before the walk of that wait.
 *
 * No lock is held for more than one vertex.  A published wait keeps the server that it is for: the
 * caller holds a reference of it until the wait ends.  Under the lock of its vertex the walk takes
 * another one before it goes on.  core/walk.h tells what a walk may conclude.
 */
#ifndef UMP_WAIT_H
#define UMP_WAIT_H

#include "answer.h"
#include "frame.h"
#include "sync/sync.h"

#include <stdbool.h>
#include <stdint.h>

struct ump__channel;

/* One server in the graph. */
struct ump__vertex {
	struct ump__lock lock;
	/* The rest is guarded by it.  The wait in which its handler is blocked, or NULL. */
	struct ump__wait *wait;
	/* A number that a walk has given to this edge, or 0: it was not seen yet. */
	uint64_t mark;
};

/* One thing to wait for.  It belongs to the waiter, and lies on its stack mostly. */
struct ump__wait {
	/* Which server has to act before the wait can end. */
	struct ump__channel *server;
	/* The state of the answer that ends the wait. */
	const struct ump__word *state;
	/* NULL, or not 0 once that server is not the one who answers any more. */
	const struct ump__hint *kept;
	/* The handlers that wait; NULL: it is not published. */
	struct ump__frame *waiter;
	/* The first of these that was blocked in an outer wait already, and that wait; or NULL. */
	struct ump__frame *boundary;
	struct ump__wait *outer;
};

void ump__vertex_init(struct ump__vertex *vertex);
void ump__vertex_end(struct ump__vertex *vertex);

/* Begin to wait for `server`, of which the caller keeps a reference until the wait ends.  false: a
 * circle would be closed, and there is nothing to end.  The wait may be begun before there is
 * something to wait for: before a request is sent, say. */
bool ump__wait_begin(struct ump__wait *wait, struct ump__channel *server,
	const struct ump__word *state, const struct ump__hint *kept);

/* The same for the handlers of `waiter` instead of the calling thread's; not NULL. */
bool ump__wait_begin_for(struct ump__wait *wait, struct ump__frame *waiter,
	struct ump__channel *server, const struct ump__word *state);

/* The wait is over, or nothing came of it.  Before what ends it, its `state`, may be gone. */
void ump__wait_end(struct ump__wait *wait);

/* Both around the wait for an answer that `server` owes the caller already.  UMP_OK, UMP_TIMED_OUT,
 * or UMP_DEADLOCK: that server waits for the caller.  `other_cpu` is where the answerer last ran.
 * The waiter only. */
int ump__wait_answer(struct ump__answer *answer, struct ump__channel *server,
	const struct ump__hint *kept, ump_time deadline, int other_cpu);

#endif
