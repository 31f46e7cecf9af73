/* SPDX-License-Identifier: 0BSD */
/*
 * The combiner role: the exclusive right to receive from an inbox that has no dispatcher of its
 * own.  An idle inbox reads PARKED, and has no combiner.  The thread that replaces PARKED, by a
 * push or by a claim, acquires the role.  It releases the role by restoring PARKED, or hands it off
 * as the answer to a request (server/combining.c).  All state of the receiver passes to the next
 * combiner through that word, or through that answer.
 */
#ifndef UMP_COMBINER_H
#define UMP_COMBINER_H

#include "core/queue.h"
#include "sync/sync.h"
#include "ump_server.h"

#include <limits.h>
#include <stdbool.h>

/* The message was sent, and the sender has become the combiner: it must run the server before it
 * returns to the application.  The library's own results are never above 0. */
#define UMP__RUN 1

/* Completes a request whose caller must take over as the combiner.  No other answer has this
 * code. */
#define UMP__CODE_COMBINER INT_MIN

struct ump__channel;
struct ump__request;

/* What a sender calls of the combining server once it is the combiner: the wings below call upwards
 * through this table only (server/combining.c).  The caller must not hold a lock. */
struct ump__combining_calls {
	/* Run the server, after this thread has acquired the role, by a push or by a claim, and has
	 * pushed a message. */
	void (*run)(struct ump_combining *combining);
	/* Make a request to a server whose combiner this thread has just become: run the handler
	 * here, and then the server; `*result` is the result for the caller.  Returns false if an
	 * earlier combiner has released the role with messages left.  Then nothing was done, and
	 * this thread is still the combiner: it must queue the request behind those messages, and
	 * run the server. */
	bool (*request)(struct ump__channel *channel, const void *msg, void *reply, int *result);
	/* Handle a request whose answer was UMP__CODE_COMBINER, and then run the server.  The
	 * request is waited for as before; it may be answered already.  Only the waiter, which owns
	 * the request, may call this. */
	void (*take_over)(struct ump__request *request);
};

extern const struct ump__combining_calls ump__combining_calls;

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
