/* SPDX-License-Identifier: 0BSD */
/*
 * The inbox shared by many senders and one receiver: the loops that publish the steps of
 * core/inbox.h.
 */
#ifndef UMP_INBOX_H
#define UMP_INBOX_H

#include "core/queue.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

/* Put `node` into the inbox and wake the receiver if it sleeps: by its bell, if it has one, or else
 * where it parks.  false: the inbox is closed, and the node is still the caller's.  Any thread. */
bool ump__inbox_push(struct ump__word *inbox, struct ump__node *node, struct ump__bell *bell);

/* Move all messages, oldest first, into `batch`, which is empty; wait for one until `deadline`.
 * false: there was none.  `sender_cpu` is where a sender last ran.  The receiver only. */
bool ump__inbox_receive(
	struct ump__word *inbox, struct ump__queue *batch, ump_time deadline, int sender_cpu);

/* Whether there is a message; if not, wait a little, awake, and look again.  A receiver that rests
 * does not wait.  `side` is how it waits, `sender_cpu` as above.  The receiver only. */
bool ump__inbox_linger(const struct ump__word *inbox, enum ump__side side, int sender_cpu);

/* As ump__inbox_receive, without waiting, also for a receiver that rests.  The receiver only. */
bool ump__inbox_take(struct ump__word *inbox, struct ump__queue *batch);

/* Silence the bell and go to rest: who pushes next will ring.  false: there are messages, and the
 * receiver does not rest; its bell may be silent all the same.  The receiver only. */
bool ump__inbox_rest(struct ump__word *inbox, const struct ump__bell *bell);

/* Whether the inbox is closed; once it is, it stays so. */
bool ump__inbox_is_closed(const struct ump__word *inbox);

/* Close the inbox for good, and move what is left in it, oldest first, into `rest`.  The receiver
 * only. */
void ump__inbox_close(struct ump__word *inbox, struct ump__queue *rest);

#endif
