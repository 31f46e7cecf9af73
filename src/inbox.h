/* SPDX-License-Identifier: 0BSD */
/*
 * The inbox shared by many senders and one receiver: the loops that publish the steps of
 * core/inbox.h.
 */
#ifndef UMP_INBOX_H
#define UMP_INBOX_H

#include "core/queue.h"
#include "sync/atomic.h"
#include "ump_server.h"

#include <stdbool.h>

/* Put `node` into the inbox and wake the receiver if it sleeps.  false: the inbox is closed, and
 * the node is still the caller's.  Any thread. */
bool ump__inbox_push(struct ump__word *inbox, struct ump__node *node);

/* Move all messages, oldest first, into `batch`, which is empty; wait for one until `deadline`.
 * false: there was none.  `sender_cpu` is where a sender last ran.  The receiver only. */
bool ump__inbox_receive(
	struct ump__word *inbox, struct ump__queue *batch, ump_time deadline, int sender_cpu);

/* Close the inbox for good, and move what is left in it, oldest first, into `rest`.  The receiver
 * only. */
void ump__inbox_close(struct ump__word *inbox, struct ump__queue *rest);

#endif
