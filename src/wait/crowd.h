/* SPDX-License-Identifier: 0BSD */
/*
 * Wait cycles through servers with several workers (channel/crowd.h).  A wait for such a server is
 * one for any of its workers, so a single path of edges does not show that it cannot end: all
 * handlers that can be reached along the edges must be blocked, and the waiter must be among those
 * that are reached.
 */
#ifndef UMP_WAIT_CROWD_H
#define UMP_WAIT_CROWD_H

#include "channel/crowd.h"
#include "wait/wait.h"

#include <stdbool.h>

/* Return whether the workers of `channel` take messages; false for a channel without workers. */
bool ump__crowd_has_begun(const struct ump__channel *channel);

/* Set the edge of the worker whose frame this is; NULL: it has none.  Returns false if `frame` is
 * not that of a worker that has begun. */
bool ump__crowd_put(const struct ump__frame *frame, struct ump__wait *wait);

/* Return whether `wait`, which must be published, cannot end since no handler that it depends on
 * can proceed, and the waiter is one of these.  The caller must have a reference to `server`, which
 * is that of `wait`, and `state` is its state; `wait` itself is only compared with edges.  All
 * edges existed at one moment of the call.  Unless `through` is NULL, one of them must be the wait
 * for the answer with that state.  `marks` is where marks are drawn from. */
bool ump__crowd_closes(struct ump__channel *server, const struct ump__word *state,
	const struct ump__wait *wait, const struct ump__word *through, struct ump__count *marks);

#endif
