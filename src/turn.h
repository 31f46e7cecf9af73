/* SPDX-License-Identifier: 0BSD */
/*
 * The turn: the right to be the receiver of an inbox that has no dispatcher of its own.  The
 * inbox at rest says PARKED, and nobody has the turn; whoever replaces that has it, by a push or
 * by a claim, and gives it back by putting PARKED there again.  Everything that the receiver is
 * and knows goes from one to the next through that word.
 */
#ifndef UMP_TURN_H
#define UMP_TURN_H

#include "core/queue.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <stdbool.h>

/* Sent, and the sender has got the turn: it runs the server before it returns to the application.
 * Results of the library are never above 0. */
#define UMP__RUN 1

/* Put `node` into the inbox.  UMP_OK; UMP__RUN: the inbox was at rest, and the caller has the turn;
 * or UMP_SERVER_GONE: it is closed, and the node is still the caller's.  Any thread. */
int ump__turn_push(struct ump__word *inbox, struct ump__node *node);

/* Take the turn, if the inbox is at rest.  Any thread that does not have it. */
bool ump__turn_take(struct ump__word *inbox);

/* Give the turn back.  false: there are messages in the inbox, and the caller still has it.  Who
 * has the turn. */
bool ump__turn_give(struct ump__word *inbox);

#endif
