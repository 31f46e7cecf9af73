/* SPDX-License-Identifier: 0BSD */
/* Senders that wait for capacity of a bounded inbox; [bound].  Such a wait is an edge of the
 * wait-for graph. */
#ifndef UMP_CAPACITY_H
#define UMP_CAPACITY_H

#include "channel/channel.h"

/* Acquire a permit of `channel`, which must have a capacity; wait for one until `deadline`.  `own`
 * is the client's claim: if that is queued, the caller is queued directly before it, because a
 * permit is for the client's next message.  UMP_OK; UMP_FULL if the deadline had passed already;
 * UMP_TIMED_OUT after a wait; UMP_DEADLOCK; UMP_SERVER_GONE; or UMP_EMPTY, without a permit, if the
 * claim has been granted one meanwhile. */
int ump__capacity_take(
	struct ump__channel *channel, const struct ump__claim *own, ump_time deadline);

#endif
