/* SPDX-License-Identifier: 0BSD */
/*
 * The combiner role: the exclusive right to receive from an inbox that has no dispatcher of its
 * own.  An idle inbox reads PARKED, and has no combiner.  The thread that replaces PARKED, by a
 * push or by a claim, acquires the role.  It releases the role by restoring PARKED, or hands it off
 * as the answer to a request (combining.h).  All state of the receiver passes to the next combiner
 * through that word, or through that answer.
 */
#ifndef UMP_COMBINER_H
#define UMP_COMBINER_H

#include "core/queue.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

/* The message was sent, and the sender has become the combiner: it must run the server before it
 * returns to the application.  The library's own results are never above 0. */
#define UMP__RUN 1

/* Push `node` into the inbox.  UMP_OK; UMP__RUN if the inbox was idle and the caller is the
 * combiner now; or UMP_SERVER_GONE if it is closed, and the node still belongs to the caller.  Any
 * thread. */
int ump__combiner_push(struct ump__word *inbox, struct ump__node *node);

/* Acquire the combiner role if the inbox is idle.  Any thread but the combiner. */
bool ump__combiner_take(struct ump__word *inbox);

/* Release the combiner role.  Returns false if the inbox is not empty; then the caller is still the
 * combiner.  Messages that it has dequeued do not count.  The combiner only. */
bool ump__combiner_give(struct ump__word *inbox);

#endif
