/* SPDX-License-Identifier: 0BSD */
/*
 * A server that has neither a thread nor an event loop: those who send to it run it.  Whoever
 * finds it at rest has the turn (turn.h), handles its own message and then those of others, until
 * none is left; the others queue, as for any server.  So handlers are serial and messages come in
 * order, and no thread exists.
 *
 * Nobody serves others for long where others come.  After a number of messages, the one who has
 * the turn hands it to the first whose request comes up and whose caller is blocked.  The turn goes
 * with the answer: the request is completed with UMP__CODE_TURN, and its caller, who owns it then,
 * handles it itself and goes on.
 *
 * If nobody is blocked until as many messages more are handled, and after each further number of
 * them, the turn is offered: the inbox is put to rest although messages are left.  Who sends next
 * has the turn then, and handles these first.  If nobody does so for as long as one message took,
 * the one who has offered the turn takes it again.
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

/* Take the turn for a request that is to be waited for, for ever.  true: this thread has it. */
bool ump__inline_take(struct ump__channel *channel);

/* Request something of a server of which this thread has just taken the turn: the handler runs here
 * and now, and then the turn is used; `*result` is what the caller is told.  false: the turn was
 * offered, and other messages come first; nothing was done, and this thread still has the turn. */
bool ump__inline_request(struct ump__channel *channel, const void *msg, void *reply, int *result);

/* Whether the answer to `request` was the turn.  If so, it has been used, and the request is waited
 * for as before, with an answer perhaps.  The waiter only, who owns the request. */
bool ump__inline_took_turn(struct ump__request *request);

#endif
