/* SPDX-License-Identifier: 0BSD */
/*
 * A combining server (flat combining; Hendler et al., SPAA 2010) has neither a thread nor an event
 * loop: its callers run it.  A sender that finds it idle becomes the combiner (combiner.h).  It
 * handles its own message and then those of other senders, until none is left; other senders
 * enqueue, as for any server.  So handlers are serial, messages keep their order, and no thread
 * exists.
 *
 * Combining is bounded.  After a budget of messages, the combiner hands off its role to the first
 * blocked caller whose request it dequeues.  The role travels with the answer: the request is
 * completed with UMP__CODE_COMBINER, and its caller, which owns it then, handles it itself and goes
 * on as the combiner.
 *
 * If a second budget of messages brings no blocked caller, and after each further budget, the
 * combiner releases its role: it marks the inbox idle although messages are left.  The next sender
 * becomes the combiner and must handle these first.  If no thread sends for as long as one message
 * took on average, the former combiner reacquires the role.
 */
#ifndef UMP_COMBINING_H
#define UMP_COMBINING_H

#include "call/request.h"

#include <limits.h>
#include <stdbool.h>

/* Completes a request whose caller must take over as the combiner.  No other answer has this
 * code. */
#define UMP__CODE_COMBINER INT_MIN

/* Run the server as its combiner, after this thread has acquired the role, by a push or by a claim,
 * and has pushed a message.  The caller must not hold a lock. */
void ump__combining_run(struct ump_combining *combining);

/* Acquire the combiner role for a request that the caller waits for without a deadline.  Returns
 * true if this thread is the combiner now. */
bool ump__combining_take(struct ump__channel *channel);

/* Make a request to a server whose combiner this thread has just become: run the handler here, and
 * then the server; `*result` is the result for the caller.  Returns false if an earlier combiner
 * has released the role with messages left.  Then nothing was done, and this thread is still the
 * combiner: it must queue the request behind those messages, and run the server. */
bool ump__combining_request(
	struct ump__channel *channel, const void *msg, void *reply, int *result);

/* Return whether the answer to `request` was the combiner role.  If so, this thread has run the
 * server, and the request is waited for as before; it may be answered already.  Only the waiter,
 * which owns the request, may call this. */
bool ump__combining_took_role(struct ump__request *request);

#endif
