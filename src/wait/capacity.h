/* SPDX-License-Identifier: 0BSD */
/* Senders that wait for capacity of a bounded inbox; [bound].  The wait of a handler is an edge of
 * the wait-for graph. */
#ifndef UMP_CAPACITY_H
#define UMP_CAPACITY_H

#include "channel/channel.h"

/* Acquire a permit of `channel`, which must have a capacity.  UMP_OK.  UMP_FULL: none is free, and
 * the deadline had passed at the call.  UMP_TIMED_OUT: after a wait.  UMP_DEADLOCK.
 * UMP_SERVER_GONE.  UMP_EMPTY: none was acquired, as the client's reservation in `own` has one.
 * While that is queued, the caller queues directly before it: this message is the client's next. */
int ump__capacity_take(
	struct ump__channel *channel, const struct ump__claim *own, ump_time deadline);

#endif
