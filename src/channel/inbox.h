/* SPDX-License-Identifier: 0BSD */
/*
 * The inbox, with many senders and one receiver: the loops that publish the steps of core/inbox.h.
 * It is a Treiber stack, which the receiver drains by an exchange and reverses.
 */
#ifndef UMP_INBOX_H
#define UMP_INBOX_H

#include "core/queue.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

/* Push `node`, and wake the receiver if it sleeps: by its notifier, if it has one, or else where
 * it parks.  Returns false if the inbox is closed; the node still belongs to the caller.  Any
 * thread. */
bool ump__inbox_push(
	struct ump__word *inbox, struct ump__node *node, struct ump__notifier *notifier);

/* Move all messages, oldest first, into `batch`, which must be empty; wait for one until
 * `deadline`.  Returns false if there was none.  `sender_cpu` is where a sender last ran.  The
 * receiver only. */
bool ump__inbox_receive(
	struct ump__word *inbox, struct ump__queue *batch, ump_time deadline, int sender_cpu);

/* Return whether there is a message, perhaps after a brief spin.  An idle receiver does not spin.
 * `side` selects how to spin; `sender_cpu` as above.  The receiver only. */
bool ump__inbox_linger(const struct ump__word *inbox, enum ump__side side, int sender_cpu);

/* As ump__inbox_receive, without waiting; an idle receiver may call it, too.  The receiver only. */
bool ump__inbox_take(struct ump__word *inbox, struct ump__queue *batch);

/* Clear the notifier and become idle: the next push raises it.  Returns false if there are
 * messages; then the receiver is not idle, and the notifier may be clear all the same.  The
 * receiver only. */
bool ump__inbox_idle(struct ump__word *inbox, const struct ump__notifier *notifier);

/* End being idle, if the receiver is: the next push does not raise the notifier.  The receiver
 * only. */
void ump__inbox_unpark(struct ump__word *inbox);

/* Return whether the inbox is closed; it is never opened again. */
bool ump__inbox_is_closed(const struct ump__word *inbox);

/* Close the inbox for good, and move the remaining messages, oldest first, into `rest`.  The
 * receiver only. */
void ump__inbox_close(struct ump__word *inbox, struct ump__queue *rest);

#endif
