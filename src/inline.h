/* SPDX-License-Identifier: 0BSD */
/*
 * A server that has neither a thread nor an event loop: those who send to it run it.  Whoever
 * finds it at rest has the turn (turn.h), handles its own message and then those of others, until
 * none is left; the others queue, as for any server.  So handlers are serial and messages come in
 * order, and no thread exists.
 *
 * Nobody serves others for ever: after a number of messages, the one who has the turn hands it to
 * the first whose request comes up and whose caller is blocked.  The turn goes with the answer: the
 * request is completed with UMP__CODE_TURN, and its caller, who owns it then, handles it itself and
 * goes on.
 */
#ifndef UMP_INLINE_H
#define UMP_INLINE_H

#include "request.h"

#include <limits.h>
#include <stdbool.h>

/* What a request is completed with if its caller is to go on; nobody else can give this code. */
#define UMP__CODE_TURN INT_MIN

/* This thread's push has got the turn: use it.  With no lock held. */
void ump__inline_run(struct ump_inline *inlined);

/* Request something of a server that is found at rest, for ever: the handler runs here and now.
 * false: it is not at rest, and nothing was done; else `*result` is what the caller is told. */
bool ump__inline_request(struct ump__channel *channel, const void *msg, void *reply, int *result);

/* Whether the answer to `request` was the turn.  If so, it has been used, and the request is waited
 * for as before, with an answer perhaps.  The waiter only, who owns the request. */
bool ump__inline_took_turn(struct ump__request *request);

#endif
