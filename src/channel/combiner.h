/* SPDX-License-Identifier: 0BSD */
/*
 * The combiner role: the exclusive right to receive from the inbox of a combining server.  PARKED:
 * there is no combiner; after a release, messages are left in the batch and in `held`.  The thread
 * that replaces PARKED, by a push or by ump__combiner_take, acquires the role.  It releases the
 * role by restoring PARKED, or hands it off as the answer to a request (server/combining.c).  All
 * state of the receiver passes to the next combiner through that word, or through that answer.
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

/* The answer's code that gives a request back to its caller with the combiner role.  The request is
 * not complete.  No other answer has this code. */
#define UMP__CODE_COMBINER INT_MIN

struct ump__channel;
struct ump__request;

/* What a sender calls of the combining server once it is the combiner: the wings below call upwards
 * through this table only (server/combining.c).  The caller must not hold a lock. */
struct ump__combining_calls {
	/* Run the server: this thread has acquired the role, and its message (or the EOS marker)
	 * was pushed.  When this returns, the thread is not the combiner, and the message may still
	 * be queued. */
	void (*run)(struct ump_combining *combining);
	/* Handle a request without queueing it, run the server, and wait for the answer; the caller
	 * must be the combiner.  True: `*result` is the result.  False: an earlier combiner has
	 * left messages; nothing was done.  This thread is still the combiner, and must queue the
	 * request and run the server. */
	bool (*request)(struct ump__channel *channel, const void *msg, void *reply, int *result);
	/* Handle a request whose answer was UMP__CODE_COMBINER, and then run the server.  The
	 * caller must then wait for the answer again; it may be there already.  Only the waiter,
	 * which owns the request, may call this. */
	void (*take_over)(struct ump__request *request);
};

extern const struct ump__combining_calls ump__combining_calls;

/* Push `node` into the inbox.  UMP_OK.  UMP__RUN: there was no combiner, and the caller is it now.
 * UMP_SERVER_GONE: the inbox is closed, and the node still belongs to the caller.  Any thread. */
int ump__combiner_push(struct ump__word *inbox, struct ump__node *node);

/* Acquire the combiner role.  True: there was no combiner, and this thread is the combiner now; it
 * must then handle what an earlier one left.  Any thread but the combiner. */
bool ump__combiner_take(struct ump__word *inbox);

/* Give up the combiner role.  False: the inbox is not empty, and the caller is still the combiner.
 * Messages in the batch and in `held` do not count.  The combiner only, after
 * ump__server_give_back. */
bool ump__combiner_give(struct ump__word *inbox);

#endif
