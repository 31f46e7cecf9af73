/* SPDX-License-Identifier: 0BSD */
/*
 * Which handler waits for which server, so that a handler that would close a circle is told so
 * instead; [deadlock].  Only waits of handlers are known here: for all other callers beginning a
 * wait costs one look at a thread-local pointer.
 *
 * A wait without deadline is put into a list, under a lock, after looking whether a chain of waits
 * leads from the server that it is for back to the one who waits.  So of those who would close a
 * circle at the same time all but the first come to the lock when the others can be seen.  A wait
 * with a deadline only looks: it ends by itself, so nobody is stuck for its sake.
 *
 * Servers are known by their channels' addresses, which are compared and never followed: a server
 * that has answered may be gone before the waiter has noticed.
 */
#ifndef UMP_WAIT_H
#define UMP_WAIT_H

#include "answer.h"
#include "frame.h"
#include "sync/sync.h"

#include <stdbool.h>

/* One thing to wait for.  It lies on the stack of the one who waits. */
struct ump__wait {
	/* Which server has to act before the wait can end. */
	const struct ump__channel *server;
	/* The state of the answer that ends the wait. */
	const struct ump__word *state;
	/* NULL, or not 0 once that server is not the one who answers any more. */
	const struct ump__hint *kept;
	/* The handlers that wait; NULL: the caller is none. */
	const struct ump__frame *waiter;
	struct ump__wait *next;
	struct ump__wait *previous;
};

/* Look whether waiting would close a circle: then false.  Otherwise the lock is held, if the caller
 * is a handler, until ump__wait_commit; in between it makes sure that there is something to wait
 * for (it sends its request, say). */
bool ump__wait_begin(struct ump__wait *wait, const struct ump__channel *server,
	const struct ump__word *state, const struct ump__hint *kept);

/* `waits_on`: others who look are to find this wait, which has no deadline. */
void ump__wait_commit(struct ump__wait *wait, bool waits_on);

/* The wait is over. */
void ump__wait_end(struct ump__wait *wait);

/* All three around the wait for an answer that `server` owes the caller already.  UMP_OK,
 * UMP_TIMED_OUT, or UMP_DEADLOCK: that server waits for the caller.  `other_cpu` is where the
 * answerer last ran.  The waiter only. */
int ump__wait_answer(struct ump__answer *answer, const struct ump__channel *server,
	const struct ump__hint *kept, ump_time deadline, int other_cpu);

#endif
