/* SPDX-License-Identifier: 0BSD */
/* The delayed posts of a raw receiver, which its receive calls return.  Its owner only. */
#ifndef UMP_RAW_DUE_H
#define UMP_RAW_DUE_H

#include "channel/channel.h"

/* Release what the last call has lent.  Then return a delayed post whose call has begun, the next
 * message, or, once the loop has ended, the EOS marker; NULL once the deadline has passed. */
struct ump__message *ump__raw_due_next(ump_server *server, ump_time deadline);

/* Lend a delayed post that this has returned to the owner of the loop, until the next receive call.
 * Returns its value. */
const void *ump__raw_due_lend(ump_server *server, struct ump__message *message);

/* What wakes the receiver for news of delayed posts was dequeued. */
void ump__raw_due_woken(ump_server *server, struct ump__message *message);

/* Whether there is no message in the queue but the EOS marker.  This dequeues what wakes the
 * receiver. */
bool ump__raw_due_was_empty(ump_server *server);

/* The receiver is dropped: release what the last call has lent. */
void ump__raw_due_release(ump_server *server);

/* The same, once its inbox is closed: drop the posts that are pending. */
void ump__raw_due_close(ump_server *server);

#endif
